import { eventTypeOf } from '../../domain/index.ts';
import type { Class, EventType } from '../../domain/index.ts';

/** The event types that the modules know, by the names and aliases of their classes. */
export class KnownTypes {
  readonly #byName = new Map<string, EventType>();

  constructor(eventClasses: Iterable<Class>) {
    for (const eventClass of eventClasses) {
      const type = eventTypeOf(eventClass);
      if (type === undefined) continue;
      for (const name of [type.name, ...type.aliases]) this.#byName.set(name, type);
    }
  }

  /** The name of the class that events of this type belong to; the type itself if there is none. */
  nameOf(type: string): string {
    return this.#byName.get(type)?.name ?? type;
  }

  /** The version that the class has now; undefined if there is none. */
  versionOf(type: string): number | undefined {
    return this.#byName.get(type)?.schemaVersion;
  }

  /** Under which types events of this name may be stored. */
  namesOf(name: string): readonly string[] {
    return [name, ...(this.#byName.get(name)?.aliases ?? [])];
  }
}
