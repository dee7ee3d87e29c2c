import { formatStream } from '../../domain/index.ts';
import type { ExpectedVersion } from '../../domain/index.ts';
import { checkEventType, checkIdentifier, checkStreamId } from '../../domain/identifiers.ts';
import type { StreamId } from '../../domain/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { AppendOptions, CommandRecord, NewEvent, StreamAppend } from '../ports/event-store.ts';
import { EventIdConflict, InvalidAppend } from '../ports/event-store-errors.ts';
import type { IdGenerator } from '../ports/id-generator.ts';
import { checkCommandId } from './check-query.ts';
import { defaultJsonLimits, toJsonText } from './json-text.ts';
import type { JsonLimits } from './json-text.ts';
import { eventIdFromKey, isUuid } from './event-id.ts';
import { shown } from './shown.ts';

/** An event that is checked and in the form in which it will be stored. */
export interface PreparedEvent {
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly payloadJson: string;
  readonly metadataJson: string | null;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly userId: string | null;
  readonly actor: string;
}

/** The checked part of an append that concerns one stream. */
export interface PreparedWrite {
  readonly stream: StreamId;
  readonly expectedVersion: ExpectedVersion;
  readonly events: readonly PreparedEvent[];
  readonly claim: readonly string[];
  readonly release: readonly string[];
}

/** A command record with its result as JSON text; null: it returned nothing. */
export interface PreparedCommand {
  readonly commandId: string;
  readonly fingerprint: string;
  readonly resultJson: string | null;
}

/** A checked append: one unit that is stored whole or not at all. */
export interface PreparedAppend {
  readonly writes: readonly PreparedWrite[];
  readonly commands: readonly PreparedCommand[];
  readonly recordedAtMs: number;
  /** Whether the caller chose ids, so that they may be stored already. */
  readonly mayRepeat: boolean;
  /**
   * The id that one more event under the idempotency key would have, or null without one: where it is stored, the key
   * was used for more events than these.
   */
  readonly idBehind: string | null;
}

/** What a store needs to prepare appends. */
export interface AppendPreparation {
  readonly clock: Clock;
  readonly ids: IdGenerator;
  readonly limits?: JsonLimits;
}

// An append is one decision; tens of thousands of events in one transaction would hold up everybody else.
const maxEventsPerAppend = 50_000;
// PostgreSQL's integer holds the version.
const maxVersion = 2_147_483_647;
const maxKeyLength = 500;
// PostgreSQL takes less than 1 GiB in one message; long before that everybody else waits.
const maxBytesPerAppend = 256 * 1024 * 1024;

/** Checks an append completely, before anything is sent; what it returns can be stored as it is. */
export function prepareAppend(
  appends: readonly StreamAppend[],
  options: AppendOptions,
  preparation: AppendPreparation,
): PreparedAppend {
  checkAppends(appends);
  const idempotencyKey = checkOptional('idempotencyKey', options.idempotencyKey);
  const prepare = new EventPreparation(idempotencyKey, preparation);
  const writes = appends.map(append => prepareWrite(append, prepare));
  checkTotalSize(writes);
  if (prepare.mayRepeat) checkIdsOnce(writes);
  return {
    writes,
    commands: prepareCommands(options.commands ?? []),
    recordedAtMs: preparation.clock.now().getTime(),
    mayRepeat: prepare.mayRepeat,
    idBehind: prepare.idBehind,
  };
}

/** Refuses what is no list of appends with their streams and events, or too many events. @throws {InvalidAppend} */
export function checkAppends(appends: readonly StreamAppend[]): void {
  const given: unknown = appends;
  if (!Array.isArray(given)) throw new InvalidAppend(`The appends are ${shown(given)}. Give a list.`);
  let events = 0;
  for (const append of appends) {
    requireObject('append', append);
    requireObject('stream of an append', append.stream);
    if (!Array.isArray(append.events))
      throw new InvalidAppend('The events of an append are no list. Give a list.');
    events += append.events.length;
  }
  if (events > maxEventsPerAppend) {
    throw new InvalidAppend(
      `One append carries ${events} events, and ${maxEventsPerAppend} is the limit. Split it into several.`,
    );
  }
}

function requireObject(what: string, value: unknown): void {
  if (typeof value === 'object' && value !== null) return;
  throw new InvalidAppend(`The ${what} is ${shown(value)}. Give an object.`);
}

function prepareWrite(append: StreamAppend, prepare: EventPreparation): PreparedWrite {
  checkKeyChanges(append);
  return {
    stream: checkStreamId(append.stream),
    expectedVersion: checkExpectedVersion(append.stream, append.expectedVersion),
    // Copied, so that a hole in the list is met too.
    events: [...append.events].map(event => prepare.event(append.stream, event)),
    claim: checkKeys(append.uniqueKeys?.claim ?? []),
    release: checkKeys(append.uniqueKeys?.release ?? []),
  };
}

/* A stream without events does not exist, and what does not exist can hold no key. */
function checkKeyChanges({ stream, events, uniqueKeys }: StreamAppend): void {
  if (uniqueKeys === undefined) return;
  requireObject('uniqueKeys of an append', uniqueKeys);
  for (const change of ['claim', 'release'] as const) {
    if (Array.isArray(uniqueKeys[change])) continue;
    throw new InvalidAppend(
      `The unique keys to ${change} of the append to stream "${formatStream(stream)}" are ${shown(uniqueKeys[change])}. ` +
        'Give a list of texts; an empty one for none.',
    );
  }
  const changes = uniqueKeys.claim.length + uniqueKeys.release.length;
  if (changes === 0 || events.length > 0) return;
  throw new InvalidAppend(
    `The append to stream "${formatStream(stream)}" changes unique keys without an event. ` +
      'Append the event that is the reason for the change.',
  );
}

/** Refuses an expected version that no stream can have. */
export function checkExpectedVersion(stream: StreamId, expected: unknown): ExpectedVersion {
  if (expected === 'none' || expected === 'exists' || expected === 'any') return expected;
  const fits = typeof expected === 'number' && Number.isInteger(expected);
  if (fits && expected >= 0 && expected <= maxVersion) return expected;
  throw new InvalidAppend(
    `The append to stream "${formatStream(stream)}" expects version ${shown(expected)}. ` +
      `Give a whole number from 0 to ${maxVersion}, 'none', 'exists' or 'any'.`,
  );
}

function checkKeys(keys: readonly string[]): readonly string[] {
  if (keys.length === 0) return keys;
  return [...new Set(keys)].map(key => checkIdentifier('unique key', key, maxKeyLength));
}

/* Checked here, because in the database it would fail everybody whose append shares the call. */
function checkIdsOnce(writes: readonly PreparedWrite[]): void {
  const seen = new Map<string, StreamId>();
  for (const { stream, events } of writes) {
    for (const { eventId } of events) {
      const first = seen.get(eventId);
      if (first !== undefined) throw new EventIdConflict(first, eventId);
      seen.set(eventId, stream);
    }
  }
}

function checkTotalSize(writes: readonly PreparedWrite[]): void {
  let bytes = 0;
  for (const { events } of writes) {
    for (const { payloadJson, metadataJson } of events)
      bytes += payloadJson.length + (metadataJson?.length ?? 0);
  }
  if (bytes <= maxBytesPerAppend) return;
  throw new InvalidAppend(
    `One append carries ${bytes} characters of payload and metadata, and ${maxBytesPerAppend} is the limit. Split it into several.`,
  );
}

function prepareCommands(commands: readonly CommandRecord[]): readonly PreparedCommand[] {
  if (commands.length === 0) return [];
  const ids = commands.map(command => command.commandId);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return commands.map(prepareCommand);
  throw new InvalidAppend(`The command ${twice} is recorded twice in one append. Record it once.`);
}

function prepareCommand(command: CommandRecord): PreparedCommand {
  const { commandId, fingerprint, result } = command;
  checkCommandId(commandId);
  // Wrapped, because a result need not be an object.
  const text = result === undefined ? null : toJsonText({ result }, `command ${commandId}`, 'command');
  return { commandId, fingerprint, resultJson: text };
}

/** The result of a stored command, as `prepareCommand` wrote it. */
export function readCommandResult(resultJson: string | null): unknown {
  return resultJson === null ? undefined : (JSON.parse(resultJson) as { result: unknown }).result;
}

class EventPreparation {
  mayRepeat: boolean;
  readonly #idempotencyKey: string | null;
  readonly #preparation: AppendPreparation;
  readonly #limits: JsonLimits;
  #count = 0;

  constructor(idempotencyKey: string | null, preparation: AppendPreparation) {
    this.#idempotencyKey = idempotencyKey;
    this.#preparation = preparation;
    this.#limits = preparation.limits ?? defaultJsonLimits;
    this.mayRepeat = idempotencyKey !== null;
  }

  /** See `PreparedAppend.idBehind`; to be asked for when all events are prepared. */
  get idBehind(): string | null {
    return this.#idempotencyKey === null ? null : eventIdFromKey(this.#idempotencyKey, this.#count);
  }

  event(stream: StreamId, event: NewEvent): PreparedEvent {
    requireObject('event', event);
    const type = checkEventType(event.type);
    const { metadata } = event;
    return {
      eventId: this.#eventId(stream, event),
      type,
      schemaVersion: checkSchemaVersion(type, event.schemaVersion ?? 1),
      payloadJson: toJsonText(event.payload, type, 'payload', this.#limits),
      metadataJson:
        metadata && !isEmpty(metadata) ? toJsonText(metadata, type, 'metadata', this.#limits) : null,
      correlationId: checkOptional('correlationId', event.correlationId),
      causationId: checkOptional('causationId', event.causationId),
      userId: checkOptional('userId', event.userId),
      actor: checkIdentifier('actor', event.actor ?? 'system', 255),
    };
  }

  #eventId(stream: StreamId, event: NewEvent): string {
    const index = this.#count++;
    if (event.eventId === undefined) {
      if (this.#idempotencyKey === null) return this.#preparation.ids.next();
      return eventIdFromKey(this.#idempotencyKey, index);
    }
    this.mayRepeat = true;
    if (isUuid(event.eventId)) return event.eventId.toLowerCase();
    throw new InvalidAppend(
      `An event for stream "${formatStream(stream)}" has the id ${shown(event.eventId)}. Give a uuid.`,
    );
  }
}

/* A map has no fields either, but leaving it out would lose what it holds. */
function isEmpty(metadata: object): boolean {
  for (const _key in metadata) return false;
  return Object.getPrototypeOf(metadata) === Object.prototype;
}

function checkSchemaVersion(type: string, version: number): number {
  if (Number.isInteger(version) && version >= 1 && version <= 32_767) return version;
  throw new InvalidAppend(
    `An event "${type}" has schema version ${shown(version)}. Give a whole number from 1 to 32767.`,
  );
}

function checkOptional(field: string, value: string | undefined): string | null {
  return value === undefined ? null : checkIdentifier(field, value, 255);
}
