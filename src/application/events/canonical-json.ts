/** Text that is equal for equal content: the order of an object's keys does not matter, maps and sets count. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) => canonical(field));
}

function canonical(field: unknown): unknown {
  if (typeof field === 'bigint') return { bigint: String(field) };
  if (typeof field === 'number' && !Number.isFinite(field)) return { number: String(field) };
  if (field instanceof Map) return { map: [...field] };
  if (field instanceof Set) return { set: [...field] };
  return isRecord(field) ? sortKeys(field) : field;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortKeys(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
