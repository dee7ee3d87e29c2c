import { AnnalsError } from '../../domain/index.ts';
import type { Recorded } from '../../domain/index.ts';
import { shapeName } from './upcaster.ts';
import type { EventShape } from './upcaster.ts';

/** An upcaster could not read a stored event; the event itself is as it was. */
export class UnableToUpcast extends AnnalsError {
  readonly code = 'unable-to-upcast';
  readonly eventId: string;
  /** The type under which the event is stored. */
  readonly type: string;
  /** The version under which it is stored. */
  readonly schemaVersion: number;
  /** The upcaster that failed. */
  readonly step: EventShape;
  readonly position: number;

  constructor(stored: Recorded, { type, version }: EventShape, problem: string, options?: ErrorOptions) {
    const { eventId, schemaVersion, position } = stored;
    const event = `${eventId} at position ${position}, stored as ${shapeName({ type: stored.type, version: schemaVersion })}`;
    super(
      `Event ${event}, cannot be read: the upcaster of ${shapeName({ type, version })} ${problem} ` +
        'Make it take every payload that is stored, and retry what is parked.',
      options,
    );
    this.eventId = eventId;
    this.type = stored.type;
    this.schemaVersion = schemaVersion;
    this.step = { type, version };
    this.position = position;
  }
}
