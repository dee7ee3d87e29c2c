import type { AppendOptions, NewEvent, StreamAppend } from '../../../src/application/ports/event-store.ts';
import type { StreamId } from '../../../src/domain/index.ts';

/** An append as a client would send it. */
export interface SentAppend {
  readonly appends: readonly StreamAppend[];
  readonly options: AppendOptions;
}

/* How the events of the first write that has any are changed. */
const eventChanges: Readonly<Record<string, (events: readonly NewEvent[]) => readonly NewEvent[]>> = {
  'without last': events => events.slice(0, -1),
  'one more': events => [...events, { type: 'account.added', payload: { amount: 77 } }],
  'one before': events => [{ type: 'account.added', payload: { amount: 77 } }, ...events],
  payload: ([first, ...rest]) => [{ ...first!, payload: { amount: 99 } }, ...rest],
  type: ([first, ...rest]) => [{ ...first!, type: 'account.changed' }, ...rest],
  'schema version': ([first, ...rest]) => [{ ...first!, schemaVersion: 7 }, ...rest],
  order: events => [...events].reverse(),
  'twice the first id': events => events.map(event => ({ ...event, eventId: events[0]!.eventId! })),
  metadata: events => events.map(event => ({ ...event, metadata: { note: 'repeated' } })),
};

/** The same append again, or one that looks like it. */
export function repeatWith(
  change: string,
  { appends, options }: SentAppend,
  otherStream: StreamId,
): SentAppend {
  const index = appends.findIndex(({ events }) => events.length > 0);
  if (index < 0) return { appends, options };
  return { appends: appends.with(index, changeWrite(change, appends[index]!, otherStream)), options };
}

function changeWrite(change: string, append: StreamAppend, otherStream: StreamId): StreamAppend {
  if (change === 'stream') return { ...append, stream: otherStream };
  if (change === 'expected version') return { ...append, expectedVersion: 3 };
  const events = eventChanges[change]?.(append.events) ?? append.events;
  // Keys change hands together with an event only.
  return { ...append, events, uniqueKeys: events.length === 0 ? undefined : append.uniqueKeys };
}
