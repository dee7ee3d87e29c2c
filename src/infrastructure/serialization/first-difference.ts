/** The path of the first place where two values differ, in class, content or order; undefined where none does. */
export function firstDifference(left: unknown, right: unknown, path: string): string | undefined {
  if (Object.is(left, right)) return undefined;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return path;
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return path;
  if (left instanceof Date) return left.getTime() === (right as Date).getTime() ? undefined : path;
  const [entries, others] = [entriesOf(left), entriesOf(right)];
  if (entries.length !== others.length) return path;
  const isOrdered = left instanceof Map || left instanceof Set;
  const byName = new Map(others);
  for (const [index, [name, value]] of entries.entries()) {
    const place = Array.isArray(left) ? `${path}[${String(name)}]` : `${path}.${String(name)}`;
    if (isOrdered ? others[index]![0] !== name : !byName.has(name)) return place;
    const found = firstDifference(value, byName.get(name), place);
    if (found !== undefined) return found;
  }
  return undefined;
}

function entriesOf(value: object): [unknown, unknown][] {
  if (value instanceof Map) return [...value];
  return value instanceof Set ? [...value].map((item, index) => [index, item]) : Object.entries(value);
}
