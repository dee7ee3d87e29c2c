import type { Actor, EventMetadata, Recorded } from '../../domain/index.ts';
import { plainEvent } from './stored-event.ts';

/** What a derived event is, where it differs from the one behind it. */
export interface DerivedShape {
  readonly type: string;
  readonly schemaVersion: number;
}

/** An event that is read as another one: with a payload that is made when first asked for, maybe under another type. */
export class DerivedEvent implements Recorded<object> {
  readonly position: number;
  readonly type: string;
  readonly #shape: DerivedShape;
  readonly #source: Recorded;
  readonly #derive: (source: Recorded) => object;
  #payload: object | undefined;

  /** @param shape - default: that of `source` */
  constructor(source: Recorded, derive: (source: Recorded) => object, shape: DerivedShape = source) {
    this.position = source.position;
    this.type = shape.type;
    this.#shape = shape;
    this.#source = source;
    this.#derive = derive;
  }

  get eventId(): string {
    return this.#source.eventId;
  }

  get schemaVersion(): number {
    return this.#shape.schemaVersion;
  }

  get aggregateType(): string {
    return this.#source.aggregateType;
  }

  get aggregateId(): string {
    return this.#source.aggregateId;
  }

  get version(): number {
    return this.#source.version;
  }

  get recordedAt(): Date {
    return this.#source.recordedAt;
  }

  get correlationId(): string | undefined {
    return this.#source.correlationId;
  }

  get causationId(): string | undefined {
    return this.#source.causationId;
  }

  get userId(): string | undefined {
    return this.#source.userId;
  }

  get actor(): Actor {
    return this.#source.actor;
  }

  get metadata(): EventMetadata {
    return this.#source.metadata;
  }

  get payload(): object {
    return (this.#payload ??= this.#derive(this.#source));
  }

  /** All fields, as those of a stored event. */
  toJSON(): Recorded<object> {
    return plainEvent(this);
  }
}

/** The same event with another payload. Not `{ ...event, payload }`: what an event is asked for is not all its own. */
export function withPayload<Payload extends object>(event: Recorded, payload: Payload): Recorded<Payload> {
  return new DerivedEvent(event, () => payload) as Recorded as Recorded<Payload>;
}
