import { formatStream } from '../../domain/index.ts';
import type { ExpectedVersion } from '../../domain/index.ts';
import type { NewEvent, StreamAppend } from '../ports/event-store.ts';

interface Part {
  readonly append: StreamAppend;
  readonly events: NewEvent[];
}

/** Appends that are stored together, in their order; neighbours to one stream are joined. */
export class ImportChunk {
  readonly #parts: Part[] = [];
  #count = 0;
  #events = 0;

  /** Appends of the source that are in it. */
  get count(): number {
    return this.#count;
  }

  get events(): number {
    return this.#events;
  }

  /** What to hand to `appendMany`. */
  get appends(): readonly StreamAppend[] {
    return this.#parts.map(({ append, events }) => ({ ...append, events }));
  }

  add(append: StreamAppend): void {
    this.#count++;
    this.#events += append.events.length;
    const last = this.#parts.at(-1);
    if (last !== undefined && goesOn(last, append)) last.events.push(...append.events);
    else this.#parts.push({ append, events: [...append.events] });
  }
}

/* Whether two appends are the same as one; if that cannot be seen, the store will judge them one by one. */
function goesOn({ append, events }: Part, next: StreamAppend): boolean {
  if (formatStream(append.stream) !== formatStream(next.stream)) return false;
  if (append.uniqueKeys !== undefined || next.uniqueKeys !== undefined) return false;
  if (next.expectedVersion === 'any') return true;
  const start = versionBefore(append.expectedVersion);
  return start !== undefined && next.expectedVersion === start + events.length;
}

function versionBefore(expected: ExpectedVersion): number | undefined {
  if (expected === 'none') return 0;
  return typeof expected === 'number' ? expected : undefined;
}
