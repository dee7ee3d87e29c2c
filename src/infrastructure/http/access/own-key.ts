import { createHash } from 'node:crypto';
import type { Identity } from './identity.ts';

// As long as the store takes it, for a command as for events.
const longestKey = 255;

/**
 * The key under which something is stored for whoever sends it: keys of different users are different keys, so that
 * nobody finds out about, or stands in for, those of another.
 */
export function ownKey(key: string, { userId }: Identity): string {
  if (userId === undefined) return key;
  const own = `${userId.length}:${userId}:${key}`;
  return own.length <= longestKey ? own : createHash('sha256').update(own).digest('hex');
}
