import { eventTypeOf } from '../domain/index.ts';
import type { Class, EventKey, Recorded } from '../domain/index.ts';
import { checkIdentifier } from '../domain/identifiers.ts';
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
      call: (...args) =>
        (projector as Record<string | symbol, (...args: unknown[]) => unknown>)[method]?.(...args),
    };
    for (const name of [type.name, ...type.aliases]) byType.set(name, [...(byType.get(name) ?? []), handler]);
  }
  return byType;
}

/** The keys of an event as a list. @throws {InvalidIdentifier} one of them cannot be a document's id */
export function keyList(keys: string | readonly string[], handler: string): readonly string[] {
  const list = Array.isArray(keys) ? (keys as readonly string[]) : [keys as string];
  for (const key of list) checkIdentifier(`document id for ${handler}`, key, 1024);
  return list;
}

/** Turns stored events into what handlers take. */
export type Deserialize = (event: Recorded) => Recorded<object>;
