import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import type { StoreFactory } from '../../src/application/ports/store.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { MoneyDeposited, bankModule } from '../support/bank.ts';
import { postgresStores, randomSchema, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('sums')
class Sums extends DocumentProjector<{ sum: number }> {
  @On(MoneyDeposited) deposited(doc = { sum: 0 }, { payload }: Recorded<MoneyDeposited>) {
    return { sum: doc.sum + payload.amount };
  }
}

@Projector('sums', { version: 2, onNewVersion: 'build' })
class NewSums extends Sums {}

const ada = { actor: 'user:ada', reason: 'wrong' } as const;

let server: PostgresStores;
let schema: string;
let factory: StoreFactory;

beforeAll(async () => {
  server = await postgresStores({ ownDatabase: true });
});

afterAll(() => server.close());

async function within<T>(projector: Class, work: (app: App) => Promise<T>): Promise<T> {
  const modules = [bankModule, defineModule({ projectors: [projector] })];
  const app = await createApp({ store: factory, modules, logger: silentLogger });
  try {
    return await work(app);
  } finally {
    await app.stop();
  }
}

const versions = async (app: App): Promise<unknown[]> =>
  (await app.projections.list())
    .filter(({ name }) => name === 'sums')
    .map(({ version, status }) => `${version} ${status}`);

/* More than anybody would read to find out about something else. */
async function fillHistory(): Promise<void> {
  await within(Sums, async app => {
    for (let times = 0; times < 60; times++) {
      await app.projections.pause(Sums);
      await app.projections.resume(Sums);
    }
  });
}

const kinds = [
  { kind: 'memory', openFactory: async () => sharedStore(await memory().open(testServices())) },
  { kind: 'PostgreSQL', openFactory: async () => postgres(server.url, { schema }) },
];

describe.each(kinds)('a version that was given up, on $kind', ({ openFactory }) => {
  beforeEach(async () => {
    schema = randomSchema();
    factory = await openFactory();
    await within(Sums, async app => expect(await versions(app)).toEqual(['1 live']));
  });

  afterEach(async () => {
    await within(NewSums, async app => expect(await versions(app)).toEqual(['1 live']));
  });

  test('does not come back however much is done since', async () => {
    await within(NewSums, async app => {
      expect(await versions(app)).toEqual(['1 live', '2 building']);
      await app.projections.cancelRebuild(NewSums, ada);
    });
    await fillHistory();
  });

  test('can be asked for, and given up again', async () => {
    await within(NewSums, app => app.projections.cancelRebuild(NewSums, ada));
    await within(NewSums, async app => {
      await app.projections.beginRebuild(NewSums, { swapsByItself: false });
      expect(await versions(app)).toEqual(['1 live', '2 building']);
    });
    await within(NewSums, async app => {
      expect(await versions(app)).toEqual(['1 live', '2 building']);
      await app.projections.swap(NewSums, { compare: 'none' });
      await app.projections.rollBack(NewSums);
      await app.projections.drop(NewSums, ada);
    });
  });
});

describe('a version that was given up', () => {
  test('does not come back when the history is purged', async () => {
    schema = randomSchema();
    factory = postgres(server.url, { schema });
    await within(Sums, versions);
    await within(NewSums, app => app.projections.cancelRebuild(NewSums, ada));
    const purge = `select ${schema}.purge_operations(clock_timestamp(), 'user:olga', 'housekeeping')`;
    await server.pool.query(purge);
    await within(NewSums, async app => expect(await versions(app)).toEqual(['1 live']));
  });

  test('is not one of which only another generation was dropped', async () => {
    schema = randomSchema();
    factory = postgres(server.url, { schema });
    await within(Sums, async app => {
      await app.projections.rebuild(Sums);
      await app.projections.drop(Sums, ada);
    });
    const { rows } = await server.pool.query(`select * from ${schema}.given_up_versions`);
    expect(rows).toEqual([]);
  });
});
