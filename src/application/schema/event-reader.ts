import type { Recorded } from '../../domain/index.ts';
import { DerivedEvent } from '../events/derived-event.ts';
import type { EventSerializer } from '../ports/event-serializer.ts';
import { ownPayload, runSplit, runSteps } from './run-upcaster.ts';
import type { EventShape } from './upcaster.ts';
import type { UpcastPath, Upcasters } from './upcasters.ts';

/**
 * Reads stored events as the events of today: through the upcasters, and as instances of their classes.
 *
 * Aggregates, projectors and reactions see nothing else. What the store itself gives is what is stored.
 */
export class EventReader {
  readonly #serializer: EventSerializer;
  readonly #upcasters: Upcasters;
  readonly #places = new WeakMap<Recorded, string>();

  constructor(serializer: EventSerializer, upcasters: Upcasters) {
    this.#serializer = serializer;
    this.#upcasters = upcasters;
  }

  /**
   * What a stored event is today: itself, or under another type, or several events, or none.
   *
   * All of them have its id, version and position. A payload is upcast when it is first asked for, and fails then; only a
   * split needs it at once.
   *
   * @throws {UnableToUpcast} the upcaster that splits it failed, or one before it
   */
  read(stored: Recorded): readonly Recorded<object>[] {
    const path = this.#upcasters.pathOf(stored.type, stored.schemaVersion);
    if (path === undefined) return [this.#serializer.deserialize(stored)];
    if (path.split !== undefined) return this.#partsOf(stored, path, ownPayload(stored), '');
    return [this.#upcast(stored, path, () => ownPayload(stored))];
  }

  /** The types to ask the store for, to get every event that may be read as one of `types`. */
  storedTypes(types: Iterable<string>): readonly string[] {
    return this.#upcasters.storedTypes(types);
  }

  /** What all events of a type are read as, where that is something else; undefined if some are read as it. */
  successorsOf(type: string): readonly string[] | undefined {
    return this.#upcasters.successorsOf(type);
  }

  /**
   * Which part of a stored event an event is that `read` gave, e.g. `2`, or `2.1` if that was split again; undefined if it
   * is all of it. Parts that are left out count, so that it stays the same whatever the payload says.
   */
  partOf(event: Recorded): string | undefined {
    return this.#places.get(event);
  }

  #partsOf(stored: Recorded, path: UpcastPath, payload: object, place: string): readonly Recorded<object>[] {
    const split = path.split!;
    const parts = runSplit(stored, split, runSteps(stored, path.steps, payload));
    return parts.flatMap((part, index) =>
      part === undefined ? [] : this.#part(stored, split.into[index]!, part, `${place}${index + 1}`),
    );
  }

  #part(stored: Recorded, shape: EventShape, payload: object, place: string): readonly Recorded<object>[] {
    const path = this.#upcasters.pathOf(shape.type, shape.version) ?? endAt(shape);
    if (path.split !== undefined) return this.#partsOf(stored, path, payload, `${place}.`);
    const event = this.#upcast(stored, path, () => payload);
    this.#places.set(event, place);
    return [event];
  }

  #upcast(stored: Recorded, { steps, end }: UpcastPath, payload: () => object): Recorded<object> {
    return this.#serializer.deserialize(
      new DerivedEvent(stored, () => runSteps(stored, steps, payload()), {
        type: end.type,
        schemaVersion: end.version,
      }),
    );
  }
}

function endAt(end: EventShape): UpcastPath {
  return { steps: [], end, split: undefined };
}
