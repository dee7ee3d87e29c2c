import { eventTypeOf } from '../../../domain/index.ts';
import type { Recorded } from '../../../domain/index.ts';
import { classOf } from '../../../domain/class.ts';
import type { NewEvent } from '../../../application/index.ts';
import type { App } from '../../di/app.ts';

/** An event as some version of the app has stored it. */
export class EventAsStored {
  readonly type: string;
  readonly version: number;
  readonly payload: object;

  constructor(type: string, version: number, payload: object) {
    this.type = type;
    this.version = version;
    this.payload = payload;
  }
}

/**
 * An event as it is stored, in place of an instance of its class: `storedEvent('account.opened', 1, { name: 'Ada' })`.
 *
 * A scenario stores it exactly so, and reads it through the upcasters.
 */
export function storedEvent(type: string, version: number, payload: object): EventAsStored {
  return new EventAsStored(type, version, payload);
}

/** What is appended for an event that a story was given. */
export function asNewEvent(event: object, { serializer }: App): NewEvent {
  if (!(event instanceof EventAsStored)) return serializer.serialize(event);
  const { type, version, payload } = event;
  return { type, schemaVersion: version, payload };
}

/** The type under which it is stored; undefined of a class without a name. */
export function storedTypeOf(event: object): string | undefined {
  return event instanceof EventAsStored ? event.type : eventTypeOf(classOf(event))?.name;
}

/** The stored event that it would be, of no aggregate in particular. */
export function asRecorded({ type, version, payload }: EventAsStored): Recorded {
  return {
    ...{ eventId: '00000000-0000-7000-8000-000000000000', type, schemaVersion: version },
    ...{ aggregateType: type.split('.')[0]!, aggregateId: 'given', version: 1, position: 1 },
    ...{ recordedAt: new Date(0), correlationId: undefined, causationId: undefined, userId: undefined },
    ...{ actor: 'system', metadata: {}, payload },
  };
}

/** The payloads as which upcasters read it today; an instance of a class is what it is. */
export function asReadToday(event: object, { reader }: App): readonly object[] {
  return event instanceof EventAsStored
    ? reader.read(asRecorded(event)).map(({ payload }) => payload)
    : [event];
}
