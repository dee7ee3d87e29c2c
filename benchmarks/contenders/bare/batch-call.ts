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

/** Makes the tables and indexes of Annals, and the least that fills them. */
export async function makeBareTables(database: ScratchDatabase): Promise<void> {
  const annals = await AnnalsLog.onServer(database.url);
  await annals[Symbol.asyncDispose]();
  await database.run(await readFile(new URL('append_batch.sql', import.meta.url), 'utf8'));
}

/** Stores appends in one call, over any free connection. */
export async function callAppendBatch(pool: pg.Pool, appends: readonly BareAppend[]): Promise<void> {
  await pool.query({
    name: 'append_batch',
    text: 'select bare.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    values: encode(appends),
    rowMode: 'array',
  });
}

function encode(appends: readonly BareAppend[]): Buffer[] {
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
