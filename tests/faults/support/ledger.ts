import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What writers were told of their events, apart from the database. */
export interface Ledger {
  /** Commits that were acknowledged. */
  readonly stored: ReadonlySet<string>;
  /** Rolled back or refused: these must never be seen. */
  readonly notStored: ReadonlySet<string>;
}

/**
 * The ledger of one process, in a file.
 *
 * An entry is with the operating system before the writer goes on, so that a process that is killed has
 * noted all that it knew, but for the last commit of each of its writers.
 */
export class LedgerFile implements Disposable {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  noteStored(eventIds: readonly string[]): void {
    if (eventIds.length > 0) writeSync(this.#file, `+ ${eventIds.join(' ')}\n`);
  }

  noteNotStored(eventIds: readonly string[]): void {
    if (eventIds.length > 0) writeSync(this.#file, `- ${eventIds.join(' ')}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Adds up the ledgers of several processes; a last line that was torn by a kill counts as unknown. */
export function readLedgers(paths: readonly string[]): Ledger {
  const stored = new Set<string>();
  const notStored = new Set<string>();
  for (const path of paths) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    for (const line of lines) {
      const [sign, ...ids] = line.split(' ');
      for (const id of ids) (sign === '+' ? stored : notStored).add(id);
    }
  }
  return { stored, notStored };
}
