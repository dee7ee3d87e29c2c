import { AnnalsError, formatStream } from '../../domain/index.ts';
import type { ExpectedVersion, StreamId } from '../../domain/index.ts';

/** Another writer was first: the stream is not at the version that the append expected. */
export class StreamVersionConflict extends AnnalsError {
  readonly code = 'stream-version-conflict';
  readonly stream: StreamId;
  readonly expectedVersion: ExpectedVersion;
  readonly actualVersion: number;

  constructor(stream: StreamId, expectedVersion: ExpectedVersion, actualVersion: number) {
    super(
      `Stream "${formatStream(stream)}" ${describeActual(actualVersion)}, ` +
        `but the append expected ${describeExpected(expectedVersion)}. ` +
        'Reload the aggregate and decide again.',
    );
    this.stream = stream;
    this.expectedVersion = expectedVersion;
    this.actualVersion = actualVersion;
  }
}

function describeActual(version: number): string {
  return version === 0 ? 'does not exist' : `is at version ${version}`;
}

function describeExpected(expected: ExpectedVersion): string {
  if (expected === 'none' || expected === 0) return 'it not to exist';
  if (expected === 'exists') return 'it to exist';
  return typeof expected === 'number' ? `version ${expected}` : 'any version';
}

/** Event ids of an append are stored already, but not as this append would have stored them. */
export class EventIdConflict extends AnnalsError {
  readonly code = 'event-id-conflict';
  readonly stream: StreamId;
  /** The first id in question. */
  readonly eventId: string;

  constructor(stream: StreamId, eventId: string) {
    super(
      `The append to stream "${formatStream(stream)}" carries event id ${eventId}, which is already stored ` +
        'with another content, stream, order or neighbours. Nothing was appended. ' +
        'Repeat an append with exactly the same events, or use new ids.',
    );
    this.stream = stream;
    this.eventId = eventId;
  }
}

/** Another aggregate holds a unique key. */
export class UniqueKeyTaken extends AnnalsError {
  readonly code = 'unique-key-taken';
  readonly key: string;
  /** The stream that wanted it. */
  readonly stream: StreamId;
  readonly holder: StreamId;

  constructor(key: string, stream: StreamId, holder: StreamId) {
    super(
      `Stream "${formatStream(stream)}" claims the unique key "${key}", ` +
        `which "${formatStream(holder)}" holds. Nothing was appended. Choose another value.`,
    );
    this.key = key;
    this.stream = stream;
    this.holder = holder;
  }
}

/** A command under this id ran while this one was running; the append was refused. */
export class CommandAlreadyStored extends AnnalsError {
  readonly code = 'command-already-stored';
  readonly commandId: string;

  constructor(commandId: string) {
    super(
      `The command ${commandId} has already run, so its events were not appended a second time. ` +
        'Read its result with findCommand().',
    );
    this.commandId = commandId;
  }
}

/** An append is malformed: a version, id, size or combination that no store could take. */
export class InvalidAppend extends AnnalsError {
  readonly code = 'invalid-append';
}

/** A query or read is malformed: a limit, range or cursor makes no sense. */
export class InvalidQuery extends AnnalsError {
  readonly code = 'invalid-query';
}

/** A payload or metadata holds a value that JSON would change, lose or refuse; nothing was stored. */
export class UnserializableValue extends AnnalsError {
  readonly code = 'unserializable-value';
  readonly eventType: string;
  /** Where it is, e.g. `payload.lines[2].price`. */
  readonly path: string;

  constructor(eventType: string, path: string, problem: string, options?: ErrorOptions) {
    super(`${eventType}: ${path} ${problem}`, options);
    this.eventType = eventType;
    this.path = path;
  }
}

/** The store cannot be reached, or was closed. The message of a failed append says whether it may be stored. */
export class StoreUnavailable extends AnnalsError {
  readonly code = 'store-unavailable';

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} Check that the database runs and can be reached, then try again.`, options);
  }
}
