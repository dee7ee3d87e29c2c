import type { Actor, EventMetadata, Recorded } from '../../domain/index.ts';
import type { EventShape } from './upcaster.ts';

/** A stored event under the shape that it is read as; its payload is upcast when first asked for. */
export class UpcastEvent implements Recorded<object> {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly position: number;
  readonly #stored: Recorded;
  readonly #upcast: () => object;
  #payload: object | undefined;

  constructor(stored: Recorded, { type, version }: EventShape, upcast: () => object) {
    this.eventId = stored.eventId;
    this.type = type;
    this.schemaVersion = version;
    this.aggregateType = stored.aggregateType;
    this.aggregateId = stored.aggregateId;
    this.version = stored.version;
    this.position = stored.position;
    this.#stored = stored;
    this.#upcast = upcast;
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
    return (this.#payload ??= this.#upcast());
  }
}
