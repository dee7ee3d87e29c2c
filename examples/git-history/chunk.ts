import type { CommitPart } from './commit-part.ts';
import type { ImportState } from './import-progress.ts';

/** What is stored by one append. */
export interface Chunk {
  readonly parts: readonly CommitPart[];
  /** How far the import is before this chunk. */
  readonly before: ImportState;
  /** How far the import is once it is stored. */
  readonly after: ImportState;
}

/**
 * Gathers commits, or parts of large ones, into chunks.
 *
 * @param state - how far the import is
 * @param limit - a chunk ends before it would have more events, but has at least one part
 */
export async function* chunksOf(
  parts: AsyncIterable<CommitPart>,
  state: ImportState,
  limit: number,
): AsyncIterable<Chunk> {
  let before = state;
  let gathered: CommitPart[] = [];
  let events = 0;
  for await (const part of parts) {
    const size = part.changes.length + 1;
    if (gathered.length > 0 && events + size > limit) {
      const chunk = newChunk(gathered, before);
      yield chunk;
      before = chunk.after;
      [gathered, events] = [[], 0];
    }
    gathered.push(part);
    events += size;
  }
  if (gathered.length > 0) yield newChunk(gathered, before);
}

function newChunk(parts: readonly CommitPart[], before: ImportState): Chunk {
  const fileEvents = parts.reduce((sum, part) => sum + part.changes.length, before.fileEvents);
  const whole = parts.filter(part => part.isLast);
  const last = parts.at(-1)!;
  const after: ImportState = {
    lastCommit: whole.at(-1)?.commit.hash ?? before.lastCommit,
    commits: before.commits + whole.length,
    fileEvents,
    unfinished: last.isLast ? null : { commit: last.commit.hash, fileEvents: last.changesThrough },
  };
  return { parts, before, after };
}
