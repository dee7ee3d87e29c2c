import type { Class, Recorded } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import type { Difference } from './differences.ts';
import { differences, subsetDifferences } from './differences.ts';
import { isMatcher, show, showFields } from './show.ts';

/** Fields of an event that must have these values; those not named do not matter. */
export type FieldsOf<Event> = { readonly [Field in keyof Event]?: unknown };

/** Parts of the envelope that must have these values. */
export type EnvelopeFields = FieldsOf<Omit<Recorded, 'payload'>>;

/** An event as it is expected: the event itself, or what it must be like. */
export type ExpectedEvent<Event extends object> = Event | EventPattern<Event>;

/** What a pattern says of an event: its fields, or a sentence about it. */
export interface Said {
  readonly fields?: object;
  readonly claim?: string;
}

interface Parts {
  readonly eventClass: Class;
  readonly text: string;
  /** What is expected of its fields, for people. */
  readonly said: Said;
  readonly payloadDifferences: (payload: object) => Difference[];
  readonly envelope?: EnvelopeFields;
}

/** What an event must be like; made by `anEvent` and `eventThat`. */
export class EventPattern<Event extends object> {
  /** Only for the compiler, which refuses events that are not the aggregate's. */
  declare readonly '~event': Event;
  readonly #parts: Parts;

  /** @internal use `anEvent` or `eventThat` */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The class that the event must have. */
  get eventClass(): Class {
    return this.#parts.eventClass;
  }

  /** The pattern on one line. */
  get text(): string {
    const { text, envelope } = this.#parts;
    return envelope === undefined ? text : `${text} recorded ${showFields(envelope)}`;
  }

  /** @internal what is expected, in parts, for stories */
  get said(): Said & { readonly envelope?: EnvelopeFields | undefined } {
    return { ...this.#parts.said, envelope: this.#parts.envelope };
  }

  /** It must be recorded with these parts of the envelope, e.g. `{ userId: 'ada' }`. */
  recorded(envelope: EnvelopeFields): EventPattern<Event> {
    return new EventPattern({ ...this.#parts, envelope: { ...this.#parts.envelope, ...envelope } });
  }

  /** Where an event of this class is not like the pattern. */
  differences(event: Recorded<object>): Difference[] {
    const { payloadDifferences, envelope = {} } = this.#parts;
    return [...payloadDifferences(event.payload), ...subsetDifferences(envelope, envelopeOf(event))];
  }
}

/**
 * An event as `thenEvents` may expect it: of this class with these fields, or exactly this one.
 *
 *     .thenEvents(anEvent(MoneyDeposited, { amount: 30 }), anEvent(new NoteAdded('x')).recorded({ userId: 'ada' }))
 */
export function anEvent<Event extends object>(
  eventClass: Class<Event>,
  fields?: { readonly [Field in keyof Event]?: unknown },
): EventPattern<Event>;
export function anEvent<Event extends object>(event: Event): EventPattern<Event>;
export function anEvent(subject: object, fields: object = {}): EventPattern<object> {
  if (typeof subject !== 'function') return exactly(subject);
  const eventClass = subject as Class;
  const isAny = Object.keys(fields).length === 0;
  return new EventPattern({
    eventClass,
    text: isAny ? eventClass.name : `${eventClass.name} with ${showFields(fields)}`,
    said: { fields },
    payloadDifferences: payload => subsetDifferences(fields, payload),
  });
}

/** An event of a class that `accepts` says yes to; `claim` says in a failure what it was to be. */
export function eventThat<Event extends object>(
  eventClass: Class<Event>,
  claim: string,
  accepts: (event: Event) => boolean,
): EventPattern<Event> {
  return new EventPattern({
    eventClass,
    text: `${eventClass.name} that ${claim}`,
    said: { claim },
    payloadDifferences: payload =>
      accepts(payload as Event) ? [] : [{ path: '', expected: new Claim(claim), actual: payload }],
  });
}

/** The pattern of what somebody expects. */
export function patternOf(expected: ExpectedEvent<object>): EventPattern<object> {
  if (expected instanceof EventPattern) return expected;
  return isMatcher(expected) ? matchedBy(expected) : exactly(expected);
}

function exactly(event: object): EventPattern<object> {
  return new EventPattern({
    eventClass: classOf(event),
    text: show(event),
    said: { fields: event },
    payloadDifferences: payload => differences(event, payload),
  });
}

/* A matcher in place of a whole event says nothing of its class. */
function matchedBy(matcher: object): EventPattern<object> {
  return new EventPattern({
    eventClass: Object,
    text: show(matcher),
    said: {},
    payloadDifferences: payload => differences(matcher, payload),
  });
}

/* Shown as it was written, where a value would stand. */
class Claim {
  readonly #claim: string;

  constructor(claim: string) {
    this.#claim = claim;
  }

  asymmetricMatch(): boolean {
    return false;
  }

  toAsymmetricMatcher(): string {
    return this.#claim;
  }
}

function envelopeOf(event: Recorded<object>): Omit<Recorded, 'payload'> {
  const { eventId, type, schemaVersion, aggregateType, aggregateId, version, position } = event;
  const { recordedAt, correlationId, causationId, userId, actor, metadata } = event;
  const place = { eventId, type, schemaVersion, aggregateType, aggregateId, version, position };
  return { ...place, recordedAt, correlationId, causationId, userId, actor, metadata };
}
