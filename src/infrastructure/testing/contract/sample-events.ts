import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../../application/ports/event-store.ts';

/** An event whose payload tells it from its neighbours. */
export function deposited(amount: number, rest: Partial<NewEvent> = {}): NewEvent {
  return { type: 'account.deposited', payload: { amount }, ...rest };
}

/** Events with the amounts 1 to `count`. */
export function deposits(count: number): NewEvent[] {
  return Array.from({ length: count }, (_event, index) => deposited(index + 1));
}

/** The same events with ids of their own, so that their append can be repeated. */
export function withIds(events: readonly NewEvent[]): NewEvent[] {
  return events.map(event => ({ ...event, eventId: randomUUID() }));
}
