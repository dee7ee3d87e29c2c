import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, Event, EventHandler, On, Projector, TableProjector } from 'annals';
import type { Recorded, TableTransaction } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import { TransactionRolledBack } from 'annals/postgres';
import type { App, ModuleDefinition } from 'annals/di';
import {
  Account,
  AccountOpened,
  Balances,
  MoneyDeposited,
  OpenAccount,
  bankModule,
} from '../support/bank.ts';
import type { StoreFactory } from '../../src/application/ports/store.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('openings', { mode: 'inline' })
class Openings extends DocumentProjector<{ count: number }> {
  @On(AccountOpened, event => event.payload.owner)
  opened(doc = { count: 0 }, _event: Recorded<AccountOpened>) {
    return { count: doc.count + 1 };
  }
}

@Projector('owners', { mode: 'inline' })
class UniqueOwners extends TableProjector {
  readonly tables = { owners: 'name text primary key' };
  @On(AccountOpened) async opened({ payload }: Recorded<AccountOpened>, tx: TableTransaction) {
    await tx.query(`insert into ${tx.table('owners')} values ($1)`, [payload.owner]).catch(() => undefined);
  }
}

@Event('bag.packed')
class BagPacked {
  constructor(readonly items: string[]) {}
}

/* In order of their names, each after one that spoils what it was given. */
abstract class Bags extends DocumentProjector<{ items: string[] }> {
  @On(BagPacked) packed(_doc: unknown, { payload }: Recorded<BagPacked>) {
    const items = [...payload.items];
    payload.items.push('a stone');
    return { items };
  }
}

@Projector('bags_first', { mode: 'inline' })
class FirstBags extends Bags {}

@Projector('bags_next', { mode: 'inline' })
class NextBags extends Bags {}

const reactions: string[] = [];

@Projector('mailer')
class Mailer extends EventHandler {
  @On(AccountOpened) async opened(event: Recorded<AccountOpened>) {
    await new Promise(resolve => setImmediate(resolve));
    reactions.push(event.aggregateId);
  }
}

describe('projections on PostgreSQL', () => {
  let stores: PostgresStores;
  const apps: App[] = [];

  beforeAll(async () => {
    stores = await postgresStores();
  });

  afterAll(async () => {
    await Promise.all(apps.map(app => app.stop()));
    await stores.close();
  });

  async function start(schema: string, module: ModuleDefinition, other?: StoreFactory): Promise<App> {
    const app = await createApp({
      store: other ?? postgres(stores.url, { schema: `${stores.schema}_${schema}`, maxConnections: 8 }),
      modules: [bankModule, defineModule(module)],
      logger: silentLogger,
    });
    apps.push(app);
    return app;
  }

  async function open(app: App, prefix: string, count: number, owner = 'Ada'): Promise<void> {
    const ids = Array.from({ length: count }, (_value, index) => `${prefix}-${index}`);
    await Promise.all(ids.map(async id => app.commands.dispatch(new OpenAccount(id, owner))));
  }

  test('an inline document that many appends share loses no update', async () => {
    const [first, second] = [
      await start('shared', { projectors: [Openings] }),
      await start('shared', { projectors: [Openings] }),
    ];
    await Promise.all([open(first, 'a', 40), open(second, 'b', 40)]);
    await expect(first.readModels.of(Openings).get('Ada')).resolves.toEqual({ count: 80 });
  });

  test.each(['memory', 'PostgreSQL'])(
    'what an inline projector does to a payload, the next does not see: %s',
    async kind => {
      const store = kind === 'memory' ? memory() : undefined;
      const app = await start('bags', { events: [BagPacked], projectors: [FirstBags, NextBags] }, store);
      await app.events.append({
        stream: { aggregateType: 'bag', aggregateId: 'b' },
        expectedVersion: 'none',
        events: [{ type: 'bag.packed', payload: { items: ['tea'] } }],
      });
      await expect(app.readModels.of(FirstBags).get('b')).resolves.toEqual({ items: ['tea'] });
      await expect(app.readModels.of(NextBags).get('b')).resolves.toEqual({ items: ['tea'] });
    },
  );

  test('an append whose inline projector swallowed a failed statement is not acknowledged', async () => {
    const app = await start('swallowed', { projectors: [UniqueOwners] });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'));
    const second = app.commands.dispatch(new OpenAccount('b', 'Ada'));
    await expect(second).rejects.toThrow(TransactionRolledBack);
    await expect(app.events.streamVersion({ aggregateType: 'account', aggregateId: 'b' })).resolves.toBe(0);
  });

  test('two nodes react to each event once', async () => {
    const [first, second] = [
      await start('react', { projectors: [Mailer] }),
      await start('react', { projectors: [Mailer] }),
    ];
    await Promise.all([open(first, 'a', 20), open(second, 'b', 20)]);
    await first.projections.catchUp();
    expect(reactions).toHaveLength(40);
    expect(new Set(reactions).size).toBe(40);
  });

  test('nodes that start together build a new inline projection once, from all that was there', async () => {
    const before = await start('together', {});
    await open(before, 'a', 25);
    const nodes = await Promise.all(
      Array.from({ length: 4 }, async () => start('together', { projectors: [Openings] })),
    );
    // As long as a node runs whose appends do not write it, it is fed like an async one.
    await open(before, 'c', 5);
    await nodes[1]!.projections.catchUp();
    await before.stop();
    await open(nodes[0]!, 'b', 5);
    await nodes[1]!.projections.catchUp();
    await expect(nodes[1]!.readModels.of(Openings).get('Ada')).resolves.toEqual({ count: 35 });
  });

  test('a rebuild while others append inline loses and doubles nothing', async () => {
    const app = await start('rebuild', { projectors: [Openings] });
    await open(app, 'a', 30);
    await Promise.all([app.projections.rebuild(Openings), open(app, 'b', 30)]);
    await expect(app.readModels.of(Openings).get('Ada')).resolves.toEqual({ count: 60 });
  });

  test('stopping under load answers everybody and keeps what it acknowledged', async () => {
    const app = await start('stop', {});
    const opened = Array.from({ length: 60 }, async (_value, index) =>
      app.repository(Account).create(`s-${index}`, account => account.open('Ada')),
    );
    const stopped = app.stop();
    const outcomes = await Promise.allSettled(opened);
    await stopped;
    const again = await start('stop', {});
    const kept = await again.events.countByType({ types: ['account.opened'] });
    const acknowledged = outcomes.filter(outcome => outcome.status === 'fulfilled').length;
    expect(kept['account.opened'] ?? 0).toBe(acknowledged);
  });

  test('documents are found by their fields like in memory', async () => {
    const app = await start('find', {});
    for (const [id, amount] of [
      ['a', 5],
      ['b', 30],
      ['c', 7],
    ] as const) {
      await app.repository(Account).create(id, account => account.deposit(amount));
    }
    await app.projections.catchUp();
    const balances = app.readModels.of(Balances);
    const ids = async (query: Parameters<typeof balances.find>[0]): Promise<string[]> =>
      (await balances.find(query)).map(({ id }) => id);
    await expect(ids({ where: { balance: { atLeast: 7 } } })).resolves.toEqual(['b', 'c']);
    await expect(ids({ where: { balance: { in: [5, 30] } } })).resolves.toEqual(['a', 'b']);
    await expect(ids({ orderBy: { field: 'balance', direction: 'desc' }, limit: 2 })).resolves.toEqual([
      'b',
      'c',
    ]);
    await expect(balances.count({ balance: 5 })).resolves.toBe(1);
    for (const where of [{ balance: undefined }, { balance: {} }, { balance: { bigger: 1 } }, { "x'": 1 }]) {
      await expect(balances.find({ where: where as never })).rejects.toMatchObject({ code: 'invalid-query' });
    }
    expect(new MoneyDeposited(1).amount).toBe(1);
  });
});
