import type { Ledger } from './ledger.ts';

/** An event as the table holds it, or as a reader has seen it. */
export interface SeenEvent {
  readonly position: number;
  readonly eventId: string;
  readonly stream: string;
  readonly version: number;
  readonly type: string;
}

/** What one reader has seen, from the position after which it began. */
export interface Reading {
  readonly name: string;
  readonly afterPosition: number;
  readonly types: readonly string[] | undefined;
  readonly events: readonly SeenEvent[];
}

const examples = 3;

/** What a run has broken, in sentences with counts; empty if every promise was kept. */
export function findViolations(
  stored: readonly SeenEvent[],
  ledger: Ledger,
  readings: readonly Reading[],
): string[] {
  return [
    ...violationsOfStorage(stored, ledger),
    ...violationsOfStreams(stored),
    ...readings.flatMap(reading => violationsOfReading(stored, reading)),
  ];
}

function violationsOfStorage(stored: readonly SeenEvent[], ledger: Ledger): string[] {
  const ids = new Set(stored.map(event => event.eventId));
  const lost = [...ledger.stored].filter(id => !ids.has(id));
  const ghosts = [...ledger.notStored].filter(id => ids.has(id));
  return [
    ...sentence('acknowledged events are not stored', lost),
    ...sentence('events that were rolled back or refused are stored', ghosts),
    ...(ids.size === stored.length ? [] : [`${stored.length - ids.size} events are stored twice`]),
  ];
}

function violationsOfStreams(stored: readonly SeenEvent[]): string[] {
  const versions = new Map<string, number>();
  const wrong: string[] = [];
  for (const { stream, version, position } of stored) {
    const expected = (versions.get(stream) ?? 0) + 1;
    if (version !== expected) wrong.push(`${stream}@${version} at position ${position}, not ${expected}`);
    versions.set(stream, version);
  }
  return sentence('stored events are not the next version of their stream', wrong);
}

function violationsOfReading(stored: readonly SeenEvent[], reading: Reading): string[] {
  const { name, afterPosition, types, events } = reading;
  const due = stored.filter(
    ({ position, type }) => position > afterPosition && (types === undefined || types.includes(type)),
  );
  const times = new Map<string, number>();
  for (const { eventId } of events) times.set(eventId, (times.get(eventId) ?? 0) + 1);
  const dueIds = new Set(due.map(event => event.eventId));
  const lost = due.filter(event => !times.has(event.eventId)).map(show);
  const doubled = [...times].filter(([, count]) => count > 1).map(([id]) => id);
  const undue = [...times.keys()].filter(id => !dueIds.has(id));
  const turned = events.filter(({ position }, index) => position <= (events[index - 1]?.position ?? -1));
  const changed = events.filter((event, index) => index < due.length && show(event) !== show(due[index]!));
  const isComplete = lost.length + doubled.length + undue.length + turned.length === 0;
  return [
    ...sentence(`events were lost by ${name} (after ${afterPosition}), of ${due.length}:`, lost),
    ...sentence(`events were doubled for ${name}`, doubled),
    ...sentence(`events were seen by ${name} that are not due`, undue),
    ...sentence(`events came to ${name} out of order`, turned.map(show)),
    ...(isComplete ? sentence(`events looked different to ${name}`, changed.map(show)) : []),
  ];
}

function show({ stream, version, position, eventId, type }: SeenEvent): string {
  return `${stream}@${version} ${type} at ${position} (${eventId})`;
}

function sentence(what: string, which: readonly string[]): string[] {
  if (which.length === 0) return [];
  return [`${which.length} ${what}, e.g. ${which.slice(0, examples).join(', ')}`];
}
