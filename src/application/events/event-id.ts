import { createHash } from 'node:crypto';

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether `value` is a uuid of any version, in its usual form. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuidPattern.test(value);
}

/**
 * The event id that belongs to the `index`-th event under an idempotency key: a uuid version 8 from a hash.
 *
 * The same key gives the same ids, so a repetition is found by its ids and needs no table of keys.
 */
export function eventIdFromKey(idempotencyKey: string, index: number): string {
  const bytes = createHash('sha256').update(`${index}:${idempotencyKey}`).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return parts.join('-');
}
