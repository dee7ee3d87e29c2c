import type { PreparedEvent } from '../../application/events/prepare-append.ts';
import { int2Array, int4Array, jsonArray, textArray, uuidArray } from './binary-arrays.ts';
import type { SqlParameter } from './sql-client.ts';

/** Turns the events of a call into the columns that `append_events` takes, one array each. */
export class AppendColumns {
  readonly #events: PreparedEvent[] = [];
  readonly #writes: number[] = [];
  readonly #indexes: number[] = [];
  #writeCount = 0;

  /** Adds the events of the next write; it may have none. */
  addWrite(events: readonly PreparedEvent[]): void {
    this.#writeCount++;
    for (const [index, event] of events.entries()) {
      this.#events.push(event);
      this.#writes.push(this.#writeCount);
      this.#indexes.push(index + 1);
    }
  }

  /** The parameters, in the order of `append_events`. */
  parameters(): SqlParameter[] {
    const events = this.#events;
    const isFirstSchema = events.every(event => event.schemaVersion === 1);
    return [
      int4Array(this.#writes),
      int4Array(this.#indexes),
      uuidArray(events.map(event => event.eventId)),
      textArray(events.map(event => event.type)),
      // 1 is what a missing column stands for.
      isFirstSchema ? null : int2Array(events.map(event => event.schemaVersion)),
      jsonArray(events.map(event => event.payloadJson)),
      unlessEmpty(jsonArray, events, event => event.metadataJson),
      unlessEmpty(textArray, events, event => event.correlationId),
      unlessEmpty(textArray, events, event => event.causationId),
      unlessEmpty(textArray, events, event => event.userId),
      textArray(events.map(event => event.actor)),
    ];
  }
}

function unlessEmpty(
  array: (values: readonly (string | null)[]) => Buffer,
  events: readonly PreparedEvent[],
  read: (event: PreparedEvent) => string | null,
): SqlParameter {
  return events.every(event => read(event) === null) ? null : array(events.map(read));
}
