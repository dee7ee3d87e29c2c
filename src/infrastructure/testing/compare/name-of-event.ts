import type { Recorded } from '../../../domain/index.ts';
import { classNameOf, show, showFields } from './show.ts';

/** The class of an event, or the type under which it is stored if nobody knows its class. */
export function nameOfEvent({ type, payload }: Recorded<object>): string {
  return classNameOf(payload) ?? type;
}

/** An event on one line. */
export function showEvent(event: Recorded<object>): string {
  return classNameOf(event.payload) === undefined
    ? `${event.type} ${showFields(event.payload)}`
    : show(event.payload);
}
