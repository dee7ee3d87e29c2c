import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, ProjectionWaitTimeout, Projector } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import pg from 'pg';
import { appendOn } from '../faults/support/raw-append.ts';
import { MoneyDeposited, bankModule } from '../support/bank.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

interface Count {
  readonly n: number;
}

class Counting extends DocumentProjector<Count> {
  @On(MoneyDeposited, () => 'all') deposited(doc: Count = { n: 0 }) {
    return { n: doc.n + 1 };
  }
}

@Projector('live_count', { mode: 'live' })
class LiveCount extends Counting {}

@Projector('stored_count')
class StoredCount extends Counting {}

const modules = [bankModule, defineModule({ projectors: [LiveCount, StoredCount] })];
const deposit = (aggregateId: string) => ({
  stream: { aggregateType: 'account', aggregateId },
  expectedVersion: 'any' as const,
  events: [{ type: 'account.deposited', payload: { amount: 1 } }],
});

let stores: PostgresStores;
let schema: string;
let app: App;
let writer: pg.Client;
/** The position of what was appended while a writer with a lower one is open. */
let position: number;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
});

afterAll(async () => stores.close());

/* One event; one that a writer holds open; one behind it. */
async function withOpenWriter(work: () => Promise<void>): Promise<void> {
  schema = randomSchema();
  app = await createApp({ store: postgres(stores.url, { schema }), modules, logger: silentLogger });
  writer = new pg.Client({ connectionString: stores.url });
  await writer.connect();
  try {
    await app.events.append(deposit('before'));
    await writer.query('begin');
    await appendOn(writer, schema, [deposit('open')]);
    position = (await app.events.append(deposit('behind'))).lastPosition;
    await work();
  } finally {
    await writer.end();
    await app.stop();
  }
}

describe('while a writer with a lower position is open', () => {
  test('a live read model is not said to be as new as what was appended behind it', () =>
    withOpenWriter(async () => {
      const live = app.readModels.of(LiveCount);
      const atLeast = { position };
      const soon = { atLeast, timeoutMs: 1 };
      await expect(live.get('all', soon)).rejects.toMatchObject({
        ...{ code: 'projection-wait-timeout', projection: 'live_count', position: 3, reached: 1 },
        cause: { message: expect.stringContaining('has not ended') },
      });
      await expect(live.getStored('all', soon)).rejects.toThrow(ProjectionWaitTimeout);
      const waitedFor = app.projections.waitFor(LiveCount, position, { timeoutMs: 1 });
      await expect(waitedFor).rejects.toThrow(ProjectionWaitTimeout);

      const read = live.get('all', { atLeast });
      await writer.query('commit');
      await expect(read).resolves.toEqual({ n: 3 });
    }));

  test('the past is not told before it can no longer change', () =>
    withOpenWriter(async () => {
      for (const projector of [LiveCount, StoredCount]) {
        const past = app.readModels.of(projector).asOf('all', { position }, { timeoutMs: 1 });
        await expect(past).rejects.toMatchObject({
          code: 'projection-wait-timeout',
          position: 3,
          reached: 1,
        });
        await expect(app.readModels.of(projector).asOf('all', { position: 1 })).resolves.toEqual({ n: 1 });
      }
      const past = [LiveCount, StoredCount].map(each => app.readModels.of(each).asOf('all', { position }));
      await writer.query('commit');
      await expect(Promise.all(past)).resolves.toEqual([{ n: 3 }, { n: 3 }]);
    }));

  test('no document is found or counted that is said to be as new as what was appended behind it', () =>
    withOpenWriter(async () => {
      const stored = app.readModels.of(StoredCount);
      const soon = { atLeast: { position }, timeoutMs: 1 };
      await expect(stored.find({}, soon)).rejects.toThrow(ProjectionWaitTimeout);
      await expect(stored.count({}, soon)).rejects.toThrow(ProjectionWaitTimeout);
      const found = stored.find({ where: { n: 3 } }, { atLeast: { position } });
      await writer.query('commit');
      await expect(found).resolves.toEqual([{ id: 'all', document: { n: 3 } }]);
    }));

  test('both go on when it rolls back, also where its position is the one that is asked for', () =>
    withOpenWriter(async () => {
      const { get, asOf } = reads();
      const [live, past, lost] = [get(position), asOf(position), asOf(2)];
      await writer.query('rollback');
      await expect(Promise.all([live, past, lost])).resolves.toEqual([{ n: 2 }, { n: 2 }, { n: 1 }]);
    }));

  test('a wait is left by its signal', () =>
    withOpenWriter(async () => {
      const leave = new AbortController();
      const past = app.readModels.of(LiveCount).asOf('all', { position }, { signal: leave.signal });
      leave.abort(new Error('enough'));
      await expect(past).rejects.toThrow('enough');
    }));
});

function reads() {
  const live = app.readModels.of(LiveCount);
  return {
    get: (atLeast: number) => live.get('all', { atLeast: { position: atLeast } }),
    asOf: (at: number) => live.asOf('all', { position: at }),
  };
}
