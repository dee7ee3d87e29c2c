import { formatStream } from '../../domain/index.ts';
import type { Logger } from '../ports/logger.ts';
import type { Snapshot, SnapshotStore } from '../ports/snapshot-store.ts';

// At 1 MiB a state, the limit, this is all the memory that a store which does not answer can cost.
const maxWaiting = 100;

interface Task {
  readonly run: () => Promise<void>;
  readonly snapshot: Snapshot;
}

/**
 * Saves snapshots behind the commands, one after another.
 *
 * Of each stream only the newest waits. Beyond a hundred streams snapshots are dropped: a later one will do. Failures
 * are logged, the first of a row of them.
 */
export class SnapshotQueue {
  readonly #store: SnapshotStore;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Task>();
  #running: Promise<void> | undefined;
  #isFailing = false;
  #hasDropped = false;

  constructor(store: SnapshotStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Has a snapshot saved; returns at once. */
  save(snapshot: Snapshot): void {
    this.#add(keyOf(snapshot), { snapshot, run: () => this.#store.save(snapshot) });
  }

  /** Has a snapshot removed; returns at once. */
  remove(snapshot: Snapshot): void {
    this.#add(`remove ${keyOf(snapshot)}`, { snapshot, run: () => this.#store.remove(snapshot) });
  }

  /** Waits until everything is saved or has failed. */
  async flush(): Promise<void> {
    await this.#running;
  }

  #add(key: string, task: Task): void {
    if (this.#waiting.size >= maxWaiting && !this.#waiting.has(key)) return this.#drop(task.snapshot);
    this.#waiting.set(key, task);
    this.#running ??= this.#runAll();
  }

  #drop({ stream }: Snapshot): void {
    if (!this.#hasDropped) {
      const message = `A snapshot was dropped, because ${maxWaiting} wait to be saved. Later ones will be taken again.`;
      this.#logger.warn(message, { stream: formatStream(stream) });
    }
    this.#hasDropped = true;
  }

  async #runAll(): Promise<void> {
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      const [key, task] = next;
      this.#waiting.delete(key);
      await this.#run(task);
    }
    this.#hasDropped = false;
    this.#running = undefined;
  }

  async #run({ run, snapshot: { stream, version } }: Task): Promise<void> {
    try {
      await run();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        const message = 'A snapshot could not be saved. Loads fold more events until one can.';
        this.#logger.warn(message, { stream: formatStream(stream), version, error });
      }
      this.#isFailing = true;
    }
  }
}

function keyOf({ stream, snapshotVersion }: Snapshot): string {
  return `${snapshotVersion} ${formatStream(stream)}`;
}
