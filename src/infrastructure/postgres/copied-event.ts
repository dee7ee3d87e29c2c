import type { Recorded } from '../../domain/index.ts';
import { StoredEvent } from '../../application/events/stored-event.ts';
import type { StoredEventColumns } from '../../application/events/stored-event.ts';
import type { CopiedRow } from './copy-out.ts';
import { IncompleteEvent } from './feed-columns.ts';

/**
 * The select list of rows that `readCopiedEvent` reads, for a query over `events e` and `streams s`.
 *
 * First what has a fixed width and is never null, so that its place in a row is known; then what is asked for most.
 */
export function copiedColumnsWith(payload: string, metadata: string): string {
  return `
  e.position, e.version, e.schema_version, e.event_id, e.recorded_at, ${payload}, e.event_type, s.aggregate_id,
  s.aggregate_type, ${metadata}, e.correlation_id, e.causation_id, e.user_id, e.actor`;
}

// Two bytes for the number of columns, then four for the length of each, which are skipped here.
const positionAt = 6;
const versionAt = positionAt + 8 + 4;
const schemaVersionAt = versionAt + 4 + 4;
const eventIdAt = schemaVersionAt + 2 + 4;
const recordedAtAt = eventIdAt + 16 + 4;
/* Where the first column of varying width begins, with its length. */
const textsAt = recordedAtAt + 8;
const [payloadIndex, typeIndex, aggregateIdIndex, aggregateTypeIndex, metadataIndex] = [0, 1, 2, 3, 4];
const [correlationIdIndex, causationIdIndex, userIdIndex, actorIndex] = [5, 6, 7, 8];

const highWord = 2 ** 32;
const epoch2000Ms = 946_684_800_000;

/** An event of a copied row, or what to complete where its payload was left out. */
export function readCopiedEvent(row: CopiedRow): Recorded | IncompleteEvent {
  const columns = new CopiedColumns(row);
  if (columns.hasPayload) return new StoredEvent(columns);
  return new IncompleteEvent(columns.position, (payloadJson, metadataJson) => {
    const { position, version, schemaVersion, eventId, type, recordedAtMs, aggregateType, aggregateId } =
      columns;
    const { correlationId, causationId, userId, actor } = columns;
    return new StoredEvent({
      ...{ position, version, schemaVersion, eventId, type, recordedAtMs, aggregateType, aggregateId },
      ...{ correlationId, causationId, userId, actor, payloadJson, metadataJson },
    });
  });
}

/* Reads each value when it is asked for: most are not. */
class CopiedColumns implements StoredEventColumns {
  readonly #block: Buffer;
  readonly #at: number;
  #aggregateId: string | undefined;

  constructor({ block, at }: CopiedRow) {
    this.#block = block;
    this.#at = at;
  }

  get hasPayload(): boolean {
    return this.#block.readInt32BE(this.#at + textsAt) >= 0;
  }

  get position(): number {
    return this.#int64(positionAt);
  }

  get version(): number {
    return this.#block.readInt32BE(this.#at + versionAt);
  }

  get schemaVersion(): number {
    return this.#block.readInt16BE(this.#at + schemaVersionAt);
  }

  get eventId(): string {
    const at = this.#at + eventIdAt;
    const hex = this.#block.toString('hex', at, at + 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  get recordedAtMs(): number {
    return Math.round(this.#int64(recordedAtAt) / 1_000) + epoch2000Ms;
  }

  get type(): string {
    return this.#text(typeIndex)!;
  }

  get aggregateId(): string {
    return (this.#aggregateId ??= this.#text(aggregateIdIndex)!);
  }

  get aggregateType(): string {
    return this.#text(aggregateTypeIndex)!;
  }

  get payloadJson(): string {
    return this.#text(payloadIndex)!;
  }

  get metadataJson(): string | null {
    return this.#text(metadataIndex);
  }

  get correlationId(): string | null {
    return this.#text(correlationIdIndex);
  }

  get causationId(): string | null {
    return this.#text(causationIdIndex);
  }

  get userId(): string | null {
    return this.#text(userIdIndex);
  }

  get actor(): string | null {
    return this.#text(actorIndex);
  }

  /* Exact as far as positions and times go. */
  #int64(offset: number): number {
    const at = this.#at + offset;
    return this.#block.readInt32BE(at) * highWord + this.#block.readUInt32BE(at + 4);
  }

  #text(index: number): string | null {
    let at = this.#at + textsAt;
    for (let skipped = 0; skipped < index; skipped++) at += 4 + Math.max(0, this.#block.readInt32BE(at));
    const length = this.#block.readInt32BE(at);
    return length < 0 ? null : this.#block.toString('utf8', at + 4, at + 4 + length);
  }
}
