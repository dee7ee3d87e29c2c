import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector, TableProjector } from 'annals';
import type { Class, Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import type { StreamAppend } from '../../src/application/ports/event-store.ts';
import {
  Account,
  AccountOpened,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  OpenAccount,
  OpenAccountHandler,
} from '../support/bank.ts';
import { eventually, patiently } from '../support/eventually.ts';
import { appendOn } from '../faults/support/raw-append.ts';
import { poison, resetPoison, swallow } from '../support/poison.ts';
import { Gate } from '../support/intercepted-store.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

const quick = { beatMs: 20, leaseMs: 2_000 };

let server: PostgresStores;
let schema: string;
let schemas = 0;
const apps: App[] = [];

beforeAll(async () => {
  server = await postgresStores();
});

afterAll(() => server.close());

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

function newSchema(): void {
  schema = `${server.schema}_${++schemas}`;
}

async function start(...projectors: readonly Class[]): Promise<App> {
  const handlers = [OpenAccountHandler, DepositHandler];
  const app = await createApp({
    store: postgres(server.url, { schema, maxConnections: 6 }),
    modules: [defineModule({ aggregates: [Account], events: [AccountOpened], handlers, projectors })],
    logger: silentLogger,
    projectionPace: quick,
  });
  apps.push(app);
  return app;
}

async function deposit(app: App, accountId: string, ...amounts: number[]): Promise<void> {
  for (const amount of amounts) await app.commands.dispatch(new Deposit(accountId, amount));
}

async function open(app: App, ...ids: string[]): Promise<void> {
  for (const id of ids) await app.commands.dispatch(new OpenAccount(id, 'Ada'));
}

async function rows<Row>(sql: string): Promise<Row[]> {
  return (await server.pool.query(sql.replaceAll('annals.', `${schema}.`))).rows as Row[];
}

class AmountRows extends TableProjector {
  /** The next deposit waits here, within its transaction. */
  static gate: Gate | undefined;
  readonly tables = { rows: 'account text not null, amount integer not null' };

  @On(MoneyDeposited)
  async deposited({ aggregateId, payload }: Recorded<MoneyDeposited>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('rows')} values ($1, $2)`, [aggregateId, payload.amount]);
    const { gate } = AmountRows;
    AmountRows.gate = undefined;
    await gate?.pass();
  }
}

@Projector('amounts')
class AsyncAmounts extends AmountRows {}

@Projector('amounts', { mode: 'inline' })
class InlineAmounts extends AmountRows {}

@Projector('amounts', { mode: 'inline', version: 2, onNewVersion: 'build' })
class AmountsAndOpenings extends AmountRows {
  @On(AccountOpened)
  async opened({ aggregateId }: Recorded<AccountOpened>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('rows')} values ($1, 0)`, [aggregateId]);
  }
}

const amountsNow = async (): Promise<number[]> =>
  (await rows<{ amount: number }>('select amount from annals.amounts_rows order by amount')).map(
    ({ amount }) => amount,
  );

describe('the hand-over of an inline projection', () => {
  async function someoneWaitsForLock(): Promise<void> {
    await eventually('somebody waits for a lock', async () => {
      const found = await rows(
        `select from pg_locks where not granted and locktype = 'advisory' and classid::int = hashtext('annals inline')`,
      );
      return found.length > 0;
    });
  }

  for (const look of ['compare', 'swap'] as const) {
    test(`misses no append that is under way during a ${look}`, async () => {
      newSchema();
      const app = await start(InlineAmounts);
      await open(app, 'a', 'b');
      await deposit(app, 'a', 1);
      await app.projections.rebuild(InlineAmounts, { swapsByItself: false });

      AmountRows.gate = new Gate();
      const { gate } = AmountRows;
      const slow = deposit(app, 'a', 2);
      await gate.reached;
      // Its position is higher, and it is committed; deposits themselves follow each other.
      const second = await start(InlineAmounts);
      await open(second, 'c');
      const looked = app.projections[look](InlineAmounts);
      await Promise.race([looked, someoneWaitsForLock()]);
      gate.open();
      await slow;
      // Before a swap rows are only counted, while they come.
      if (look === 'swap') await looked;
      else await expect(looked).resolves.toMatchObject({ isSame: true });
      if (look === 'compare') await app.projections.swap(InlineAmounts);
      await deposit(second, 'b', 3);
      await expect(amountsNow()).resolves.toEqual([1, 2, 3]);
    });
  }

  test('misses no event of a type that only the new version handles', async () => {
    newSchema();
    const old = await start(InlineAmounts);
    await open(old, 'a');
    await deposit(old, 'a', 1);
    const app = await start(AmountsAndOpenings);
    await eventually('it is built', () =>
      app.projections.compare(AmountsAndOpenings).then(
        () => true,
        () => false,
      ),
    );

    const client = await server.pool.connect();
    await client.query('begin');
    const stream = { aggregateType: 'account', aggregateId: 'b' };
    const opened = { type: 'account.opened', payload: { owner: 'Bea' } };
    await appendOn(client, schema, [{ stream, expectedVersion: 'none', events: [opened] }]);
    await deposit(old, 'a', 2);
    await app.projections.swap(AmountsAndOpenings);
    await client.query('commit');
    client.release();
    await app.projections.catchUp(patiently);
    await expect(amountsNow()).resolves.toEqual([0, 0, 1, 2]);
  });
});

@Projector('sharded_amounts', { shards: 2 })
class ShardedAmounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { amounts: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

describe('a switch to inline', () => {
  test('waits for appends of nodes that are taken for dead', async () => {
    newSchema();
    const before = await start(AsyncAmounts);
    await before.stop();
    const client = await server.pool.connect();
    await client.query('begin');
    await appendOn(client, schema, [depositOf('a', 1)]);
    const other = await server.pool.connect();
    await appendOn(other, schema, [depositOf('b', 2)]);
    other.release();

    const starting = start(InlineAmounts);
    const isTrying = eventually('it tries to switch', async () => {
      const locks = await rows(
        `select from pg_locks where granted and mode = 'ExclusiveLock' and locktype = 'advisory'
           and classid::int = hashtext('annals inline') and objid::int = hashtext('annals.amounts')`,
      );
      return locks.length > 0;
    });
    await Promise.race([starting, isTrying]);
    await client.query('commit');
    client.release();
    await starting;
    await expect(amountsNow()).resolves.toEqual([1, 2]);
  });

  function depositOf(aggregateId: string, amount: number): StreamAppend {
    const stream = { aggregateType: 'account', aggregateId };
    return { stream, expectedVersion: 'none', events: [{ type: 'account.deposited', payload: { amount } }] };
  }
});

describe('a reset', () => {
  test('is refused where one shard of several would handle events twice', async () => {
    newSchema();
    const app = await start(ShardedAmounts);
    // One account in each shard.
    await open(app, 'a', 'b');
    await app.projections.catchUp(patiently);
    await app.projections.pause(ShardedAmounts);
    const [shards] = await rows<{ position: string }>(
      `update annals.checkpoints set position = position + 3 where name = 'sharded_amounts' and shard = 1
       returning position`,
    );
    await deposit(app, 'a', 1, 2, 3);
    const ahead = Number(shards!.position);
    await expect(app.projections.reset(ShardedAmounts, ahead - 1)).rejects.toMatchObject({
      code: 'reset-refused',
    });
    await app.projections.reset(ShardedAmounts, ahead);
  });
});

@Projector('sums', { attempts: 1 })
class Sums extends DocumentProjector<{ sums: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { sums: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
    return { sums: [...doc.sums, payload.amount] };
  }
}

@Projector('sums', { version: 2, attempts: 1, shards: 2 })
class NewSums extends DocumentProjector<{ sums: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { sums: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
    return { sums: [...doc.sums, -payload.amount] };
  }
}

describe('a node with the code of another version', () => {
  test('never writes the rows of the one that serves, whatever it is asked for', async () => {
    newSchema();
    resetPoison();
    const old = await start(Sums);
    await open(old, 'a');
    await deposit(old, 'a', 1, 13, 2);
    await old.projections.catchUp(patiently);
    const app = await start(NewSums);
    await eventually('both have the poison', async () => {
      const parked = await rows('select from annals.parked');
      return parked.length === 4;
    });
    await app.projections.swap(NewSums, { allowsParked: true }).catch(() => undefined);
    await old.projections.drop(Sums);

    poison.isOn = false;
    const refusal = { code: 'other-version-serves' };
    await expect(old.projections.retryParked(Sums)).rejects.toMatchObject(refusal);
    await expect(old.projections.reshard(Sums, 3)).rejects.toMatchObject(refusal);
    await expect(old.projections.skip(Sums, 3, 'why not')).rejects.toMatchObject(refusal);
    await app.projections.retryParked(NewSums);
    await expect(app.readModels.of(NewSums).get('a')).resolves.toEqual({ sums: [-1, -13, -2] });
  });
});

@Projector('two_tables')
class TwoTables extends TableProjector {
  readonly tables = { first: 'account text', second: 'account text' };
  @On(AccountOpened) async opened({ aggregateId }: Recorded<AccountOpened>, tx: TableTransaction) {
    for (const table of ['first', 'second'])
      await tx.query(`insert into ${tx.table(table)} values ($1)`, [aggregateId]);
  }
}

@Projector('two_tables', { version: 2, onNewVersion: 'build' })
class OtherTables extends TableProjector {
  readonly tables = { second: 'account text', third: 'account text' };
  @On(AccountOpened) async opened({ aggregateId }: Recorded<AccountOpened>, tx: TableTransaction) {
    for (const table of ['second', 'third'])
      await tx.query(`insert into ${tx.table(table)} values ('new ' || $1)`, [aggregateId]);
  }
}

describe('the views of a projection', () => {
  const views = async (): Promise<string[]> =>
    (
      await rows<{ name: string }>(
        `select table_name as name from information_schema.views
         where table_schema || '.' = 'annals.' and table_name like 'two_tables%' order by 1`,
      )
    ).map(({ name }) => name);

  test('follow swap and rollback to the tables of the build that serves, whichever node is asked', async () => {
    newSchema();
    const old = await start(TwoTables);
    await open(old, 'a');
    await old.projections.catchUp(patiently);
    await expect(views()).resolves.toEqual(['two_tables_first', 'two_tables_second']);
    const app = await start(OtherTables);
    await eventually('it is built', () =>
      app.projections.compare(OtherTables).then(
        () => true,
        () => false,
      ),
    );
    const different = { second: { liveRows: 1, builtRows: 1, different: 2 } };
    await expect(app.projections.compare(OtherTables, 'all')).resolves.toMatchObject({ tables: different });
    await expect(old.projections.swap(TwoTables)).resolves.toMatchObject({
      tables: { second: { liveRows: 1, builtRows: 1 } },
    });
    await expect(views()).resolves.toEqual(['two_tables_second', 'two_tables_third']);
    await app.projections.rollBack(OtherTables);
    await expect(views()).resolves.toEqual(['two_tables_first', 'two_tables_second']);
    await expect(rows('select account from annals.two_tables_second')).resolves.toEqual([{ account: 'a' }]);
    await app.projections.rollBack(OtherTables);
    await old.stop();
    await app.projections.drop(OtherTables);
    await expect(views()).resolves.toEqual(['two_tables_second', 'two_tables_third']);
  });
});

@Projector('two_tables', { version: 2 })
class ReorderedTables extends TableProjector {
  readonly tables = { first: 'owner text, account text' };
  @On(AccountOpened) async opened({ aggregateId, payload }: Recorded<AccountOpened>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('first')} values ($1, $2)`, [payload.owner, aggregateId]);
  }
}

describe('a new version', () => {
  for (const view of ['first', 'second'] as const) {
    const change = view === 'first' ? 'other columns than' : 'no table for';
    test(`with ${change} what a team's view shows waits until that is gone, and says so`, async () => {
      newSchema();
      const old = await start(TwoTables);
      await open(old, 'a');
      await old.projections.catchUp(patiently);
      await rows(`create view annals.report as select account from annals.two_tables_${view}`);
      const app = await start(ReorderedTables);
      const held = await eventually('it is held', async () =>
        (await app.projections.list()).find(({ heldBecause }) => heldBecause !== undefined),
      );
      expect(held).toMatchObject({ version: 2, status: 'building', swapsByItself: false });
      expect(held.heldBecause).toContain(`${schema}.report depends on ${schema}.two_tables_${view}`);
      await expect(app.projections.swap(ReorderedTables)).rejects.toMatchObject({
        ...{ code: 'build-in-use', relation: `${schema}.two_tables_${view}`, views: [`${schema}.report`] },
      });
      await expect(rows('select account from annals.report')).resolves.toEqual([{ account: 'a' }]);
      await rows('drop view annals.report');
      await app.projections.swap(ReorderedTables);
      await expect(rows('select * from annals.two_tables_first')).resolves.toEqual([
        { account: 'a', owner: 'Ada' },
      ]);
      const actions = (await app.projections.history(ReorderedTables)).map(({ action }) => action);
      expect(actions).toEqual(['swap', 'hold', 'rebuild']);
    });
  }

  test('keeps the table of the old one as long as a view is built on it', async () => {
    newSchema();
    const app = await start(TwoTables);
    await open(app, 'a');
    await app.projections.catchUp(patiently);
    await rows('create view annals.report as select account from annals.two_tables_v1_first');
    await app.projections.rebuild(TwoTables);
    await expect(app.projections.drop(TwoTables)).rejects.toMatchObject({ code: 'build-in-use' });
    await rows('drop view annals.report');
    await app.projections.drop(TwoTables);
  });

  test('needs no second connection while it holds one', async () => {
    newSchema();
    const old = await start(TwoTables);
    await old.stop();
    await using app = await createApp({
      store: postgres(server.url, { schema, maxConnections: 1, connectTimeoutMs: 5_000 }),
      modules: [defineModule({ events: [AccountOpened], projectors: [OtherTables] })],
      logger: silentLogger,
      projectionPace: quick,
    });
    await expect(app.projections.list()).resolves.toMatchObject([{ status: 'live' }, { status: 'building' }]);
  });
});
