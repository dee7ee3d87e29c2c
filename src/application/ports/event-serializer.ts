import type { Class, Recorded } from '../../domain/index.ts';

/** An event instance as the store takes it. */
export interface SerializedEvent {
  readonly type: string;
  readonly schemaVersion: number;
  /** Plain JSON, or an instance whose own fields are plain JSON. */
  readonly payload: object;
}

/** Turns event instances into what the store keeps, and back. */
export interface EventSerializer {
  /**
   * @throws {EventNotNamed} the instance's class has no `@Event`
   * @throws {UnserializableValue} a field holds what JSON cannot carry back
   */
  serialize(event: object): SerializedEvent;

  /** The class that handles events stored as `type`, by name or alias; undefined if none is known. */
  classFor(type: string): Class | undefined;

  /** The same event with its payload as an instance of its class, read when first asked for. */
  deserialize(event: Recorded): Recorded<object>;
}
