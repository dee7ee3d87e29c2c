import { eventTypeOf } from '../domain/index.ts';
import type { Class, EventKey } from '../domain/index.ts';
import { InvalidIdentifier, checkIdentifier } from '../domain/identifiers.ts';
import { handlersOf } from '../domain/on.ts';

/** A method of a projector instance, for one event class. */
export interface ProjectorHandler {
  readonly name: string;
  readonly key: EventKey<unknown> | undefined;
  call(...args: unknown[]): unknown;
}

/** The handlers of a projector instance by event type, old names included. */
export function projectorHandlers(projector: object, projectorClass: Class): Map<string, ProjectorHandler[]> {
  const byType = new Map<string, ProjectorHandler[]>();
  for (const { eventClass, method, key } of handlersOf(projectorClass)) {
    const type = eventTypeOf(eventClass);
    if (type === undefined) continue;
    const handler: ProjectorHandler = {
      name: String(method),
      key: key as EventKey<unknown> | undefined,
      call: methodOf(projector, method),
    };
    for (const name of [type.name, ...type.aliases]) byType.set(name, [...(byType.get(name) ?? []), handler]);
  }
  return byType;
}

/** The keys of an event as a list. @throws {InvalidIdentifier} one of them cannot be a document's id */
export function keyList(keys: string | readonly string[], handler: string): readonly string[] {
  const list = Array.isArray(keys) ? (keys as readonly string[]) : [keys as string];
  for (const key of list as readonly unknown[]) {
    // A pattern alone would take undefined for a text.
    if (typeof key !== 'string') throw new InvalidIdentifier('document id', key, noText(handler));
    if (!plainKey.test(key)) checkIdentifier(`document id for ${handler}`, key, 1024);
  }
  return list;
}

function noText(handler: string): string {
  return `is what the key function of ${handler} returned, and no text. Return a text, or a list of texts.`;
}

// Most keys are such, and what is wrong with another need only be told then.
const plainKey = /^[\x21-\x7e][\x20-\x7e]{0,1023}$/;

function methodOf(projector: object, method: string | symbol): (...args: unknown[]) => unknown {
  return (projector as Record<string | symbol, (...args: unknown[]) => unknown>)[method]!.bind(projector);
}
