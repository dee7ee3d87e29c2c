import type { ExpectedVersion, StreamId } from '../../domain/index.ts';
import { checkStreamId } from '../../domain/identifiers.ts';
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
  #characters = 0;

  /** Appends of the source that are in it. */
  get count(): number {
    return this.#count;
  }

  get events(): number {
    return this.#events;
  }

  /** Of payloads and metadata, as JSON. */
  get characters(): number {
    return this.#characters;
  }

  /** What to hand to `appendMany`. */
  get appends(): readonly StreamAppend[] {
    return this.#parts.map(({ append, events }) => ({ ...append, events }));
  }

  /**
   * @param characters - of the append, as `charactersOf` tells
   * @throws {InvalidIdentifier} no store would take its stream
   */
  add(append: StreamAppend, characters: number): void {
    // Joined to its neighbour, nobody would look at it any more.
    checkStreamId(append.stream);
    this.#count++;
    this.#events += append.events.length;
    this.#characters += characters;
    const last = this.#parts.at(-1);
    if (last !== undefined && goesOn(last, append)) last.events.push(...append.events);
    else this.#parts.push({ append, events: [...append.events] });
  }
}

/** The characters of the payloads and metadata of an append, as JSON; what is no JSON counts nothing: it is refused later. */
export function charactersOf({ events }: StreamAppend): number {
  let characters = 0;
  for (const { payload, metadata } of events) characters += jsonLength(payload) + jsonLength(metadata);
  return characters;
}

function jsonLength(value: unknown): number {
  try {
    return (JSON.stringify(value) as string | undefined)?.length ?? 0;
  } catch {
    return 0;
  }
}

function isSameStream(left: StreamId, right: StreamId): boolean {
  return left.aggregateType === right.aggregateType && left.aggregateId === right.aggregateId;
}

/* Whether two appends are the same as one; if that cannot be seen, the store will judge them one by one. */
function goesOn({ append, events }: Part, next: StreamAppend): boolean {
  if (!isSameStream(append.stream, next.stream)) return false;
  if (append.uniqueKeys !== undefined || next.uniqueKeys !== undefined) return false;
  if (next.expectedVersion === 'any') return true;
  const start = versionBefore(append.expectedVersion);
  return start !== undefined && next.expectedVersion === start + events.length;
}

function versionBefore(expected: ExpectedVersion): number | undefined {
  if (expected === 'none') return 0;
  return typeof expected === 'number' ? expected : undefined;
}
