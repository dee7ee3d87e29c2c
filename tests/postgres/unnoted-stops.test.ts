import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { bankModule, deposit } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { StoppingAmounts, poison, resetPoison } from '../support/poison.ts';
import { postgresStores, randomSchema } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

let stores: PostgresStores;
let schema: string;
let app: App;

beforeAll(async () => {
  stores = await postgresStores({ ownDatabase: true });
});

beforeEach(async () => {
  resetPoison();
  schema = randomSchema();
  app = await createApp({
    store: postgres(stores.url, { schema }),
    modules: [bankModule, defineModule({ projectors: [StoppingAmounts] })],
    logger: silentLogger,
    projectionPace: { beatMs: 20, leaseMs: 2_000 },
  });
  await cutNotes();
  await deposit(app, ['a', 13, 1]);
  await eventually('it was to be noted', hasBeenCut);
});

afterEach(() => app.stop());

afterAll(() => stores.close());

/* From now on the connection is cut whenever a stop is to be noted; a sequence counts on over that. */
async function cutNotes(): Promise<void> {
  await stores.pool.query(`
    create sequence ${schema}.cuts;
    create function ${schema}.cut() returns trigger language plpgsql as $$ begin
      perform nextval('${schema}.cuts');
      perform pg_terminate_backend(pg_backend_pid());
      return new;
    end $$;
    create trigger cut before update on ${schema}.checkpoints
      for each row when (new.condition = 'stopped') execute function ${schema}.cut()`);
}

async function hasBeenCut(): Promise<boolean> {
  const { rows } = await stores.pool.query<{ is_called: boolean }>(`select is_called from ${schema}.cuts`);
  return rows[0]!.is_called;
}

async function conditionOf(name: string): Promise<unknown[]> {
  const found = (await app.projections.list()).find(build => build.name === name);
  return [found?.condition, found?.lastError];
}

async function storedConditions(): Promise<unknown[]> {
  const text = `select condition from ${schema}.checkpoints where name = 'stopping_amounts'`;
  return (await stores.pool.query<unknown[]>({ text, rowMode: 'array' })).rows.flat();
}

describe('a projection that has stopped while this could not be noted', () => {
  test('notes it as soon as that is possible, so that operators see it', async () => {
    await expect(storedConditions()).resolves.toEqual(['retrying']);
    await stores.pool.query(`drop trigger cut on ${schema}.checkpoints`);
    await eventually('it is noted', async () => (await storedConditions())[0] === 'stopped');
    await expect(conditionOf('stopping_amounts')).resolves.toEqual([
      'stopped',
      expect.stringContaining('position 1'),
    ]);
    poison.isOn = false;
    await app.projections.resume(StoppingAmounts);
    await app.projections.catchUp();
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toEqual({ amounts: [13, 1] });
  });

  test('goes on when it is resumed before it is noted', async () => {
    poison.isOn = false;
    await app.projections.resume(StoppingAmounts);
    await app.projections.catchUp();
    await expect(app.readModels.of(StoppingAmounts).get('a')).resolves.toEqual({ amounts: [13, 1] });
    await expect(conditionOf('stopping_amounts')).resolves.toEqual(['running', undefined]);
  });
});
