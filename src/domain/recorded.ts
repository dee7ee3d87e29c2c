/** Who caused an event: a person, a named agent, or the system itself. */
export type Actor = `user:${string}` | `agent:${string}` | 'system';

/** Context that travels with an event and that no rule depends on, e.g. an IP address. Plain JSON. */
export type EventMetadata = Readonly<Record<string, unknown>>;

/**
 * A stored event: the envelope that Annals adds, and the payload.
 *
 * From the event store the payload is plain JSON; handlers get it as the event's class.
 */
export interface Recorded<Payload = unknown> {
  /** Uuid, version 7 when Annals made it. */
  readonly eventId: string;
  /** The name given to `@Event`, e.g. `account.deposited`. */
  readonly type: string;
  /** The version of the payload's shape, from 1. */
  readonly schemaVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** The event's place in its stream: 1..n without holes. */
  readonly version: number;
  /** The event's place in the one global order: a growing safe integer that may skip. */
  readonly position: number;
  /** When it was appended, to the millisecond; it never goes back within one stream. */
  readonly recordedAt: Date;
  /** Groups everything that one request set in motion. */
  readonly correlationId: string | undefined;
  /** The command or event that directly caused this event. */
  readonly causationId: string | undefined;
  readonly userId: string | undefined;
  readonly actor: Actor;
  readonly metadata: EventMetadata;
  readonly payload: Payload;
}
