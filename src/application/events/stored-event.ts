import type { Actor, EventMetadata, Recorded } from '../../domain/index.ts';

/** The columns of a stored event as an adapter has them: JSON and time still unparsed. */
export interface StoredEventColumns {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly position: number;
  /** Milliseconds since 1970. */
  readonly recordedAtMs: number;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly userId: string | null;
  readonly actor: string | null;
  readonly payloadJson: string;
  readonly metadataJson: string | null;
}

const noMetadata: EventMetadata = Object.freeze({});

/** A stored event that reads of its columns what it is asked for; nobody needs all of them. */
export class StoredEvent implements Recorded {
  readonly position: number;
  readonly type: string;
  readonly #columns: StoredEventColumns;
  #payload: unknown;

  constructor(columns: StoredEventColumns) {
    this.position = columns.position;
    this.type = columns.type;
    this.#columns = columns;
  }

  get eventId(): string {
    return this.#columns.eventId;
  }

  get schemaVersion(): number {
    return this.#columns.schemaVersion;
  }

  get aggregateType(): string {
    return this.#columns.aggregateType;
  }

  get aggregateId(): string {
    return this.#columns.aggregateId;
  }

  get version(): number {
    return this.#columns.version;
  }

  get recordedAt(): Date {
    return new Date(this.#columns.recordedAtMs);
  }

  get correlationId(): string | undefined {
    return this.#columns.correlationId ?? undefined;
  }

  get causationId(): string | undefined {
    return this.#columns.causationId ?? undefined;
  }

  get userId(): string | undefined {
    return this.#columns.userId ?? undefined;
  }

  get actor(): Actor {
    return (this.#columns.actor ?? 'system') as Actor;
  }

  get metadata(): EventMetadata {
    const json = this.#columns.metadataJson;
    return json === null ? noMetadata : (JSON.parse(json) as EventMetadata);
  }

  get payload(): unknown {
    this.#payload ??= JSON.parse(this.#columns.payloadJson) as unknown;
    return this.#payload;
  }

  /** How many characters of JSON it holds. */
  get jsonLength(): number {
    return this.#columns.payloadJson.length + (this.#columns.metadataJson?.length ?? 0);
  }

  /** The same event with a payload of its own. */
  copy(): StoredEvent {
    return new StoredEvent(this.#columns);
  }

  /** All fields, for printing and comparing; getters of a class would be left out. */
  toJSON(): Recorded {
    return plainEvent(this);
  }
}

/** The fields of an event as those of a plain object, which can be spread and cloned. */
export function plainEvent<Payload>(event: Recorded<Payload>): Recorded<Payload> {
  const { eventId, type, schemaVersion, aggregateType, aggregateId, version, position } = event;
  const { recordedAt, correlationId, causationId, userId, actor, metadata, payload } = event;
  const place = { eventId, type, schemaVersion, aggregateType, aggregateId, version, position };
  return { ...place, recordedAt, correlationId, causationId, userId, actor, metadata, payload };
}
