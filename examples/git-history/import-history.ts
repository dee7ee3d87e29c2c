import { StreamVersionConflict } from 'annals';
import type { App } from 'annals/di';
import { appendOf } from './chunk-append.ts';
import { chunksOf } from './chunk.ts';
import type { Chunk } from './chunk.ts';
import { partsOf } from './commit-part.ts';
import { HistoryDiverged, ImportOvertaken } from './errors.ts';
import { isAncestor, tipOf } from './git.ts';
import { readLog } from './git-log.ts';
import { loadProgress } from './load-progress.ts';
import type { ImportState } from './import-progress.ts';

/** What to import, and how. */
export interface ImportOptions {
  readonly repository: string;
  /** Default: what HEAD points to. */
  readonly branch?: string | undefined;
  /** Events of one append, roughly: whole commits up to this; default 5,000. */
  readonly chunkEvents?: number | undefined;
  /** File events of one append at most, for commits that are larger than a chunk; default 20,000. */
  readonly appendLimit?: number | undefined;
  /** Ends the import after the append under way; the next one goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Called when it is known what to import, and after each append. */
  readonly onProgress?: ((state: ImportState, tip: string) => void) | undefined;
}

/** What an import did. */
export interface ImportResult {
  readonly before: ImportState;
  readonly after: ImportState;
}

// Large enough that a transaction's own costs do not count, small enough that little is repeated after a crash.
const defaultChunkEvents = 5_000;
// An append takes 50,000 events; half of it keeps the transaction and the memory that it needs small.
const defaultAppendLimit = 20_000;

/**
 * Imports what the store does not hold yet of a branch's first-parent line.
 *
 * The next chunk is read from git and prepared while the one before is being stored.
 *
 * @throws {HistoryDiverged} the branch does not continue the stored history
 * @throws {ImportOvertaken} another import writes to the same store
 * @throws {GitFailed} git ended with an error
 */
export async function importHistory(app: App, options: ImportOptions): Promise<ImportResult> {
  const { repository, branch, signal, onProgress } = options;
  const tip = await tipOf(repository, branch);
  const { state: before, version } = await loadProgress(app);
  onProgress?.(before, tip);
  const { lastCommit } = before;
  if (lastCommit === tip) return { before, after: before };
  const continues = lastCommit === null || (await isAncestor(repository, lastCommit, tip));
  if (!continues) throw new HistoryDiverged(lastCommit, repository, branch ?? 'HEAD');
  const writer = new ChunkWriter(app, version, state => onProgress?.(state, tip));
  try {
    for await (const chunk of chunksToImport(tip, before, options)) {
      await writer.stored();
      signal?.throwIfAborted();
      writer.write(chunk);
    }
  } finally {
    await writer.stored();
  }
  return { before, after: writer.state ?? before };
}

function chunksToImport(tip: string, state: ImportState, options: ImportOptions): AsyncIterable<Chunk> {
  const { repository, branch = 'HEAD' } = options;
  const { chunkEvents = defaultChunkEvents, appendLimit = defaultAppendLimit } = options;
  const commits = readLog(repository, tip, state.lastCommit);
  const parts = partsOf(commits, { repository, branch }, state, appendLimit);
  return chunksOf(parts, state, chunkEvents);
}

/* Stores chunks one after another, each while the caller makes the next. */
class ChunkWriter {
  state: ImportState | undefined;
  readonly #app: App;
  readonly #onStored: (state: ImportState) => void;
  #importVersion: number;
  #underWay: Promise<void> = Promise.resolve();

  constructor(app: App, importVersion: number, onStored: (state: ImportState) => void) {
    this.#app = app;
    this.#importVersion = importVersion;
    this.#onStored = onStored;
  }

  /** Begins to store a chunk; the one before must be stored. */
  write(chunk: Chunk): void {
    this.#underWay = this.#store(chunk);
    // Its failure is told by `stored`, which may be called later than it happens.
    this.#underWay.catch(() => undefined);
  }

  /** Waits until the last chunk is stored. */
  stored(): Promise<void> {
    return this.#underWay;
  }

  async #store(chunk: Chunk): Promise<void> {
    const { events, serializer } = this.#app;
    try {
      await events.appendMany(appendOf(chunk, this.#importVersion, serializer));
    } catch (cause) {
      if (!(cause instanceof StreamVersionConflict)) throw cause;
      throw new ImportOvertaken(chunk.before.commits, { cause });
    }
    this.#importVersion++;
    this.state = chunk.after;
    this.#onStored(chunk.after);
  }
}
