import type { Recorded } from '../../domain/index.ts';
import type { EventFilter } from '../../application/ports/event-store.ts';

/** Whether an event passes every condition of a filter. */
export function matches(event: Recorded, filter: EventFilter): boolean {
  const { types, aggregateTypes, since, until } = filter;
  if (types !== undefined && !types.includes(event.type)) return false;
  if (aggregateTypes !== undefined && !aggregateTypes.includes(event.aggregateType)) return false;
  if (since !== undefined && event.recordedAt < since) return false;
  if (until !== undefined && event.recordedAt > until) return false;
  return (
    equalsIfAsked(filter.aggregateId, event.aggregateId) &&
    equalsIfAsked(filter.correlationId, event.correlationId) &&
    equalsIfAsked(filter.causationId, event.causationId) &&
    equalsIfAsked(filter.userId, event.userId) &&
    equalsIfAsked(filter.actor, event.actor)
  );
}

function equalsIfAsked(asked: string | undefined, actual: string | undefined): boolean {
  return asked === undefined || asked === actual;
}
