import type { Actor, EventMetadata, Recorded } from '../../domain/index.ts';

/** A recorded event whose payload becomes an instance of its class when first asked for. */
export class DeserializedEvent implements Recorded<object> {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly position: number;
  readonly #stored: Recorded;
  readonly #toInstance: ((payload: object) => object) | undefined;
  #payload: object | undefined;

  /** @param toInstance - undefined for a type that no class is known for: the payload stays plain */
  constructor(stored: Recorded, toInstance: ((payload: object) => object) | undefined) {
    this.eventId = stored.eventId;
    this.type = stored.type;
    this.schemaVersion = stored.schemaVersion;
    this.aggregateType = stored.aggregateType;
    this.aggregateId = stored.aggregateId;
    this.version = stored.version;
    this.position = stored.position;
    this.#stored = stored;
    this.#toInstance = toInstance;
  }

  get recordedAt(): Date {
    return this.#stored.recordedAt;
  }

  get correlationId(): string | undefined {
    return this.#stored.correlationId;
  }

  get causationId(): string | undefined {
    return this.#stored.causationId;
  }

  get userId(): string | undefined {
    return this.#stored.userId;
  }

  get actor(): Actor {
    return this.#stored.actor;
  }

  get metadata(): EventMetadata {
    return this.#stored.metadata;
  }

  get payload(): object {
    if (this.#payload === undefined) {
      const plain = this.#stored.payload as object;
      this.#payload = this.#toInstance === undefined ? plain : this.#toInstance(plain);
    }
    return this.#payload;
  }
}
