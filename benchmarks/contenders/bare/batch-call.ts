import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import type { ScratchDatabase } from '../../harness/scratch-database.ts';
import type { SampleEvent } from '../../harness/workload.ts';
import { AnnalsLog } from '../annals.ts';
import { integers, jsons, texts, uuids } from './binary-array.ts';
import { timeOrderedUuid } from './time-ordered-uuid.ts';

/** An append as the bare contenders know it. */
export interface BareAppend {
  readonly streamId: string;
  readonly version: number;
  readonly events: readonly SampleEvent[];
}

/** Stores appends in one call. */
export type CallAppendBatch = (appends: readonly BareAppend[]) => Promise<unknown>;

/** The statement that `encodeBatch` makes the parameters for. */
export const appendBatch = 'select bare.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9)';

/** What makes the function `bare.append_batch`, in a database that has the tables of Annals. */
export function appendBatchScript(): Promise<string> {
  return readFile(new URL('append_batch.sql', import.meta.url), 'utf8');
}

/** Makes the tables and indexes of Annals, and the least that fills them. */
export async function makeBareTables(database: ScratchDatabase): Promise<void> {
  const annals = await AnnalsLog.onServer(database.url);
  await annals[Symbol.asyncDispose]();
  await database.run(await appendBatchScript());
}

/** Calls over any free connection of a pool. */
export function callOver(pool: pg.Pool): CallAppendBatch {
  return appends =>
    pool.query({ name: 'append_batch', text: appendBatch, values: encodeBatch(appends), rowMode: 'array' });
}

/** The parameters of `bare.append_batch`, as binary arrays. */
export function encodeBatch(appends: readonly BareAppend[]): Buffer[] {
  const events: SampleEvent[] = [];
  const [numbers, indexes]: [number[], number[]] = [[], []];
  for (const [append, { events: own }] of appends.entries()) {
    for (const [index, event] of own.entries()) {
      events.push(event);
      numbers.push(append + 1);
      indexes.push(index + 1);
    }
  }
  return [
    texts(appends.map(append => append.streamId)),
    integers(appends.map(append => append.version)),
    integers(appends.map(append => append.events.length)),
    integers(numbers),
    integers(indexes),
    uuids(events.map(timeOrderedUuid)),
    texts(events.map(event => event.type)),
    jsons(events.map(event => JSON.stringify(event.payload))),
    jsons(events.map(event => JSON.stringify(event.metadata))),
  ];
}
