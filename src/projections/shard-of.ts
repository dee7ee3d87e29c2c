/**
 * The shard that handles a key: the same in every process, on every platform, in every release.
 *
 * FNV-1a over the key's UTF-16 code units, low byte first, with MurmurHash3's finalizer, because FNV alone spreads
 * short keys unevenly over small numbers. Public domain, both.
 *
 * @param shards - how many there are, from 1
 * @returns 0 to `shards` - 1
 */
export function shardOf(key: string, shards: number): number {
  if (shards === 1) return 0;
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}
