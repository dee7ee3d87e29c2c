import type { Recorded } from '../../domain/index.ts';
import { StoredEvent } from '../events/stored-event.ts';

/** The event as one more reader gets it: what one does to its payload, no other sees. */
export function forReader(event: Recorded): Recorded {
  return event instanceof StoredEvent ? event.copy() : event;
}
