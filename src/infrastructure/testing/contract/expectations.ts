import { deepStrictEqual, fail, ok } from 'node:assert/strict';
import type { AnnalsError, Class, Recorded } from '../../../domain/index.ts';

/** All fields of a recorded event as a plain object, so that none escapes a comparison. */
export function plain(event: Recorded): Recorded {
  const { eventId, type, schemaVersion, aggregateType, aggregateId, version, position } = event;
  const { recordedAt, correlationId, causationId, userId, actor, metadata, payload } = event;
  const place = { eventId, type, schemaVersion, aggregateType, aggregateId, version, position };
  return { ...place, recordedAt, correlationId, causationId, userId, actor, metadata, payload };
}

/** Reads to the end; gives every event with all its fields. */
export async function collect(events: AsyncIterable<Recorded>): Promise<Recorded[]> {
  const collected: Recorded[] = [];
  for await (const event of events) collected.push(plain(event));
  return collected;
}

/** The next so many events of a reader that does not end by itself. */
export async function takeEvents(events: AsyncIterator<Recorded>, count: number): Promise<Recorded[]> {
  const taken: Recorded[] = [];
  while (taken.length < count) {
    const next = await events.next();
    if (next.done === true) fail(`The events ended after ${taken.length} of ${count}.`);
    taken.push(plain(next.value));
  }
  return taken;
}

/** Checks that `work` is refused with an error of exactly this class, whose own facts are exactly these. */
export async function checkRefused<E extends AnnalsError>(
  work: () => unknown,
  errorClass: Class<E>,
  facts: Readonly<Record<string, unknown>> & { readonly code: string },
): Promise<void> {
  let error: unknown;
  try {
    const result = await work();
    fail(`Expected ${errorClass.name}, but it went through: ${String(result)}`);
  } catch (thrown) {
    error = thrown;
  }
  checkError(error, errorClass, facts);
}

/** Checks class and facts of an error that was caught already. */
export function checkError<E extends AnnalsError>(
  error: unknown,
  errorClass: Class<E>,
  facts: Readonly<Record<string, unknown>> & { readonly code: string },
): void {
  if (!(error instanceof errorClass)) throw error;
  const own = Object.entries(error).filter(([field]) => field !== 'name' && field !== 'cause');
  deepStrictEqual(Object.fromEntries(own), facts);
  ok(error.message.length > 20, `The message says too little: ${error.message}`);
}
