import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { On, Projector, TableProjector } from 'annals';
import type { Class, Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { eventually } from '../support/eventually.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('orders')
class Orders extends TableProjector {
  readonly tables: Readonly<Record<string, string>> = { by_day: 'amount int' };

  @On(MoneyDeposited) async deposited({ payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.upsert(Object.keys(this.tables)[0]!, [{ amount: payload.amount }]);
  }
}

@Projector('orders_by')
class OrdersBy extends Orders {
  override readonly tables = { day: 'amount int' };
}

@Projector('orders', { version: 2 })
class NewOrders extends Orders {}

describe('Two projectors whose tables would be seen under one name', () => {
  let server: PostgresStores;
  let schema: string;
  let schemas = 0;
  const apps: App[] = [];

  beforeAll(async () => {
    server = await postgresStores();
  });

  beforeEach(() => {
    schema = `${server.schema}_${++schemas}`;
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.stop()));
    await server.pool.query(`drop schema if exists ${schema} cascade`);
  });

  afterAll(() => server.close());

  async function start(...projectors: readonly Class[]): Promise<App> {
    const store = postgres(server.url, { schema });
    const modules = [bankModule, defineModule({ projectors })];
    const app = await createApp({ store, modules, logger: silentLogger });
    apps.push(app);
    return app;
  }

  async function shown(): Promise<unknown[]> {
    return (await server.pool.query(`select amount from ${schema}.orders_by_day`)).rows;
  }

  test('are refused when an app lists both', async () => {
    await expect(start(Orders, OrdersBy)).rejects.toMatchObject({
      code: 'view-taken',
      view: 'orders_by_day',
      projection: 'orders_by',
      message:
        'Projection "orders_by" would show one of its tables as "orders_by_day", which shows table "by_day" of ' +
        'projection "orders". Nothing was changed. Rename the projector or its table.',
    });
  });

  test('are refused when another app has the other, whose view stays', async () => {
    const app = await start(Orders);
    await deposit(app, ['a', 5]);
    await app.projections.catchUp();
    await expect(start(OrdersBy)).rejects.toMatchObject({
      code: 'view-taken',
      view: `${schema}.orders_by_day`,
      projection: 'orders_by',
      message:
        `Projection "orders_by" would show one of its tables as "${schema}.orders_by_day", which shows ` +
        '"orders_v1_by_day". Nothing was changed. Rename the projector or its table.',
    });
    expect(await shown()).toEqual([{ amount: 5 }]);
  });

  test('are no two where they are versions of one', async () => {
    const old = await start(Orders);
    await deposit(old, ['a', 5]);
    // What the old build has reached, the new one reaches before it takes its place.
    await old.projections.catchUp();
    await old.stop();
    const app = await start(NewOrders);
    await eventually('the new version is live', async () =>
      (await app.projections.list()).some(({ version, status }) => version === 2 && status === 'live'),
    );
    expect(await shown()).toEqual([{ amount: 5 }]);
  });
});
