import { AnnalsError } from '../../domain/index.ts';
import { checkEventType } from '../../domain/identifiers.ts';
import { shown } from '../events/shown.ts';

/** A type of events at one version of its payload's shape. */
export interface EventShape {
  readonly type: string;
  readonly version: number;
}

/** Reads events of one stored shape as the next one, or as another type, or as several events. */
export interface Upcaster extends EventShape {
  /** What it leads to; a list of a split, even if it has one entry. */
  readonly into: EventShape | readonly EventShape[];
  readonly up: (payload: never) => unknown;
}

/** A payload as plain JSON. Nobody waits for a promise of one. */
export type UpcastPayload = object & { readonly then?: never };

/** An upcaster whose event stays one event. */
export interface UpcasterDefinition<Payload extends object> extends EventShape {
  /** Default: the next version of the same type. */
  readonly into?: EventShape;
  /** Gives the new payload for a stored one. */
  readonly up: (payload: Payload) => UpcastPayload;
}

/** A payload for each entry of `Into`; undefined leaves it out. */
export type PartsOf<Into extends readonly EventShape[]> = {
  readonly [Part in keyof Into]: UpcastPayload | undefined;
};

/** An upcaster whose event is read as several. */
export interface SplitDefinition<
  Payload extends object,
  Into extends readonly EventShape[],
> extends EventShape {
  readonly into: Into;
  /** Gives a payload for each entry of `into`, in its order; undefined leaves that one out. */
  readonly up: (payload: Payload) => PartsOf<Into>;
}

/**
 * Says how events that are stored as `type` at `version` are read today; list it in a module's `upcasters`.
 *
 * `up` gets plain JSON and gives plain JSON. It must be pure: the same payload gives the same result, on every day and
 * node, and stays as it is. It knows no classes, so that it need never change once it is written.
 *
 * @throws {InvalidIdentifier} a type is not of the form `aggregate.past_tense_verb`
 * @throws {InvalidUpcaster} a version is no whole number from 1, `into` names nothing, or `up` is no function
 */
// First, because the compiler looks at `up` once, and must know by then that it gives a tuple.
export function upcaster<Payload extends object, const Into extends readonly EventShape[]>(
  definition: SplitDefinition<Payload, Into>,
): Upcaster;
export function upcaster<Payload extends object>(definition: UpcasterDefinition<Payload>): Upcaster;
export function upcaster(definition: {
  readonly type: string;
  readonly version: number;
  readonly into?: EventShape | readonly EventShape[];
  readonly up: (payload: never) => unknown;
}): Upcaster {
  const { type, version } = checkShape(definition, definition);
  const { into = { type, version: version + 1 }, up } = definition;
  if (typeof up !== 'function') {
    throw new InvalidUpcaster(definition, `has ${shown(up)} as up. Give a function of the payload.`);
  }
  if (!isSplit(into)) return Object.freeze({ type, version, into: checkShape(into, definition), up });
  if (into.length === 0) {
    throw new InvalidUpcaster(definition, 'leads to an empty list. Name what it is read as.');
  }
  return Object.freeze({ type, version, into: into.map(shape => checkShape(shape, definition)), up });
}

/** Whether it is a list of what one event is read as. */
export function isSplit(into: Upcaster['into']): into is readonly EventShape[] {
  return Array.isArray(into);
}

/** A shape as messages name it, e.g. `"account.opened" v2`. */
export function shapeName({ type, version }: EventShape): string {
  return `"${type}" v${version}`;
}

function checkShape(shape: EventShape, owner: EventShape): EventShape {
  const { type, version } = Object(shape) as Partial<EventShape>;
  const name = checkEventType(type);
  if (Number.isSafeInteger(version) && version! >= 1) return { type: name, version: version! };
  throw new InvalidUpcaster(
    owner,
    `has the version ${shown(version)} of "${name}". Give a whole number from 1.`,
  );
}

/** An upcaster cannot be meant as it was written. */
export class InvalidUpcaster extends AnnalsError {
  readonly code = 'invalid-upcaster';
  readonly type: string;

  constructor({ type }: EventShape, rule: string) {
    super(`An upcaster of "${type}" ${rule}`);
    this.type = type;
  }
}
