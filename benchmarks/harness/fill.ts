import type { EventLog } from '../contenders/event-log.ts';
import { sampleEvents } from './workload.ts';

/** How many events a log gets before anything is measured. */
export interface Filling {
  readonly streams: number;
  readonly eventsPerStream: number;
  /** Default 16. */
  readonly writers?: number;
}

// Every store takes a hundred at once without trouble.
const eventsPerAppend = 100;

/** Appends to the streams `0`, `1`, … until each has as many events as it should. */
export async function fill(log: EventLog, filling: Filling): Promise<void> {
  const { streams, eventsPerStream, writers = 16 } = filling;
  const waiting = Array.from({ length: streams }, (_value, stream) => stream);
  const fillNext = async (): Promise<void> => {
    for (let stream = waiting.pop(); stream !== undefined; stream = waiting.pop()) {
      await fillStream(log, stream, eventsPerStream);
    }
  };
  await Promise.all(Array.from({ length: writers }, fillNext));
}

async function fillStream(log: EventLog, stream: number, events: number): Promise<void> {
  for (let version = 0; version < events; version += eventsPerAppend) {
    const count = Math.min(eventsPerAppend, events - version);
    await log.append(String(stream), version, sampleEvents(count, stream * events + version));
  }
}
