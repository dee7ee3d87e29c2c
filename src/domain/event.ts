import type { Class } from './class.ts';
import { classOf } from './class.ts';
import { metadataKey } from './class-metadata.ts';
import { AnnalsError } from './annals-error.ts';
import { checkEventType } from './identifiers.ts';

/** What `@Event` says of a payload class. */
export interface EventType {
  readonly name: string;
  readonly schemaVersion: number;
  readonly aliases: readonly string[];
}

/** Options of `@Event`. */
export interface EventOptions {
  /** The version of the payload's shape, from 1; default 1. */
  readonly version?: number;
  /** Names under which older events of this class are stored. */
  readonly aliases?: readonly string[];
}

// PostgreSQL keeps it as a smallint.
const maxVersion = 32_767;

const eventKey = metadataKey<EventType>('event');

/**
 * Names the events whose payload is this class: `@Event('account.opened')`.
 *
 * The name is stored and must outlive the class's own name. It is not inherited by subclasses.
 *
 * @throws {InvalidIdentifier} the name is not of the form `aggregate.past_tense_verb`
 * @throws {InvalidEventVersion} the version is no whole number from 1 to 32,767
 */
export function Event(name: string, options: EventOptions = {}): (eventClass: Class) => void {
  const type: EventType = {
    name: checkEventType(name),
    schemaVersion: checkVersion(name, options.version ?? 1),
    aliases: (options.aliases ?? []).map(checkEventType),
  };
  return eventClass => eventKey.write(eventClass, type);
}

/** What `@Event` said of `eventClass`; undefined if it is not decorated. */
export function eventTypeOf(eventClass: Class): EventType | undefined {
  return eventKey.read(eventClass);
}

/** The type of an event instance. @throws {EventNotNamed} its class has no `@Event` */
export function requireEventType(event: object): EventType {
  const type = eventTypeOf(classOf(event));
  if (type === undefined) throw new EventNotNamed(classOf(event).name);
  return type;
}

function checkVersion(name: string, version: number): number {
  if (Number.isInteger(version) && version >= 1 && version <= maxVersion) return version;
  throw new InvalidEventVersion(name, version);
}

/** `@Event` was given a version that no event can be stored with. */
export class InvalidEventVersion extends AnnalsError {
  readonly code = 'invalid-event-version';
  readonly type: string;
  readonly version: unknown;

  constructor(type: string, version: unknown) {
    super(
      `@Event('${type}') has the version ${String(version)}. Give a whole number from 1 to ${maxVersion}.`,
    );
    this.type = type;
    this.version = version;
  }
}

/** An object was used as an event, but its class has no `@Event` name to be stored under. */
export class EventNotNamed extends AnnalsError {
  readonly code = 'event-not-named';
  readonly className: string;

  constructor(className: string) {
    super(
      `${className} was used as an event but has no name. ` +
        `Decorate the class: @Event('aggregate.past_tense_verb') class ${className}.`,
    );
    this.className = className;
  }
}
