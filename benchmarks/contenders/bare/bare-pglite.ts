import { PGlite } from '@electric-sql/pglite';
import { pgliteFolder } from '../pglite-folder.ts';
import { BareCalls } from './bare-calls.ts';
import { BareGroupCommit } from './bare-group-commit.ts';
import { appendBatch, appendBatchScript, encodeBatch } from './batch-call.ts';
import type { CallAppendBatch } from './batch-call.ts';

// Buffers are sent as they are, whatever the parameter's type.
const asGiven = new Proxy({}, { get: () => (value: unknown) => value });

/** PGlite alone, one function call an append. */
export async function barePgliteCalls(): Promise<BareCalls> {
  const { call, close } = await openPglite();
  return new BareCalls(call, close);
}

/** PGlite with the loop that lets appends share calls. */
export async function barePgliteGroupCommit(): Promise<BareGroupCommit> {
  const { call, close } = await openPglite();
  return new BareGroupCommit(call, close, Infinity);
}

async function openPglite(): Promise<{ call: CallAppendBatch; close: () => Promise<void> }> {
  const folder = await pgliteFolder();
  const database = await PGlite.create(folder.path);
  await database.exec(await appendBatchScript());
  return {
    call: appends => database.query(appendBatch, encodeBatch(appends), { serializers: asGiven }),
    close: async () => {
      await database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
