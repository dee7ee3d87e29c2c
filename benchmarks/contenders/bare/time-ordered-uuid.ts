import { randomBytes } from 'node:crypto';

const randomHex = randomBytes(5).toString('hex');
let count = 0;

/** A uuid that grows with time, so that indexes grow at their end for everybody alike; cheap rather than unguessable. */
export function timeOrderedUuid(): string {
  count = (count + 1) & 0xff_ff_ff;
  const time = Date.now().toString(16).padStart(12, '0');
  const number = count.toString(16).padStart(6, '0');
  const rest = `${number}${randomHex}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(4)}`;
}
