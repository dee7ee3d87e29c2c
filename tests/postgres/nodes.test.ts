import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { StoreUnavailable } from '../../src/application/ports/event-store-errors.ts';
import type { ReadModelStore, ReadModelTransaction } from '../../src/application/ports/read-model-store.ts';
import type { StoreFactory } from '../../src/application/ports/store.ts';
import { addBuild } from '../support/add-build.ts';
import {
  Account,
  Deposit,
  DepositHandler,
  MoneyDeposited,
  OpenAccount,
  OpenAccountHandler,
} from '../support/bank.ts';
import { lookAt } from '../support/look-at.ts';
import { eventually } from '../support/eventually.ts';
import { sharedStore } from '../../src/infrastructure/testing/stores/shared-store.ts';
import { Gate, instead, intercepted } from '../support/intercepted-store.ts';
import type { Interception } from '../support/intercepted-store.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

class Amounts extends DocumentProjector<{ amounts: number[] }> {
  @On(MoneyDeposited)
  deposited(doc = { amounts: [] as number[] }, { payload }: Recorded<MoneyDeposited>) {
    return { amounts: [...doc.amounts, payload.amount] };
  }
}

@Projector('sharded', { shards: 2 })
class Sharded extends Amounts {}

@Projector('switched')
class Async extends Amounts {}

@Projector('switched', { mode: 'inline' })
class Inline extends Amounts {}

/* No lease ends by itself, however slow the machine is. */
const quick = { beatMs: 20, leaseMs: 3_600_000 };
/* So slow that nothing happens by itself while a test runs. */
const slow = { beatMs: 3_600_000, leaseMs: 7_200_000 };

let server: PostgresStores;
let schemas = 0;

beforeAll(async () => {
  server = await postgresStores();
});

afterAll(() => server.close());

const kinds = [
  { kind: 'memory', openFactory: async () => sharedStore(await memory().open(testServices())) },
  {
    kind: 'PostgreSQL',
    openFactory: async () => postgres(server.url, { schema: `${server.schema}_${++schemas}` }),
  },
];

describe.each(kinds)('nodes on $kind', ({ kind, openFactory }) => {
  let factory: StoreFactory;
  const apps: App[] = [];

  beforeEach(async () => {
    factory = await openFactory();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map(app => app.stop()));
  });

  async function start(
    projectors: readonly Class[],
    { pace = quick, ...interception }: Interception & { pace?: typeof quick } = {},
  ): Promise<App> {
    const handlers = [OpenAccountHandler, DepositHandler];
    const app = await createApp({
      store: intercepted(factory, interception),
      modules: [defineModule({ aggregates: [Account], handlers, projectors })],
      logger: silentLogger,
      projectionPace: pace,
    });
    apps.push(app);
    return app;
  }

  const accounts = Array.from({ length: 8 }, (_value, index) => `acc-${index}`);

  async function depositToAll(app: App, amount: number): Promise<void> {
    for (const id of accounts) {
      if (amount === 1) await app.commands.dispatch(new OpenAccount(id, 'Ada'));
      await app.commands.dispatch(new Deposit(id, amount));
    }
  }

  async function amountsOf(app: App, projector: typeof Amounts): Promise<(number[] | undefined)[]> {
    const documents = accounts.map(async id => app.readModels.of(projector).get(id));
    return (await Promise.all(documents)).map(document => document?.amounts);
  }

  test('a node that could not release what it gave up does so later', async () => {
    let failures = 0;
    const away = (real: ReadModelStore): Partial<ReadModelStore> => ({
      async release(node, shards) {
        if (failures++ === 0) throw new StoreUnavailable('It is away.');
        return real.release(node, shards);
      },
    });
    const first = await start([Sharded], { readModels: away });
    await depositToAll(first, 1);
    const second = await start([Sharded]);
    await eventually('each runs a shard', async () => {
      const [build] = await second.projections.list();
      const owners = build!.shards.map(({ owner }) => owner);
      return !owners.includes(undefined) && new Set(owners).size === 2;
    });
    expect(failures).toBeGreaterThan(1);
    await depositToAll(second, 2);
    await second.projections.catchUp();
    await expect(amountsOf(second, Sharded)).resolves.toEqual(accounts.map(() => [1, 2]));
  });

  test('a node that claims what was changed since it looked gets nothing', async () => {
    await using store = await factory.open(testServices());
    const { readModels } = store;
    const build = await addBuild(readModels, 'changed', { shards: 2 });
    await readModels.beat({ node: 'me', runs: [] }, 60_000);
    const changes: ((transaction: ReadModelTransaction) => Promise<void>)[] = [
      ({ states }) => states.change(build, { isPaused: true }),
      ({ states }) => states.change(build, { writtenBy: 'appends' }),
      ({ states }) => states.setPosition(build, 5),
      ({ states }) => states.reshard(build, 4),
    ];
    for (const change of changes) {
      const seen = await lookAt(readModels);
      await readModels.changeStates(change);
      await expect(readModels.claim('me', seen)).resolves.toEqual([]);
    }
    const now = await lookAt(readModels);
    const claimed = await readModels.claim('me', now);
    expect(claimed).toEqual(now.map(shard => ({ ...shard, epoch: shard.epoch + 1 })));
    await expect(readModels.claim('me', now)).resolves.toEqual([]);
    // Nor does anybody else, as long as it is alive.
    await readModels.beat({ node: 'other', runs: [] }, 60_000);
    await expect(readModels.claim('other', await lookAt(readModels))).resolves.toEqual([]);
  });

  /* The node has looked, and is about to claim what it has seen. */
  function heldClaim(gate: Gate): Interception {
    return {
      readModels: real => ({
        async claim(node, shards) {
          await gate.pass();
          return real.claim(node, shards);
        },
      }),
    };
  }

  test('a node that is about to claim shards when they are divided anew handles nothing twice', async () => {
    const gate = new Gate();
    const starting = start([Sharded], heldClaim(gate));
    await gate.reached;
    const other = await start([Sharded], { pace: slow });
    await other.projections.reshard(Sharded, 4);
    gate.open();
    const late = await starting;
    await depositToAll(other, 1);
    await late.projections.catchUp();
    await depositToAll(late, 2);
    await late.projections.catchUp();
    await expect(amountsOf(other, Sharded)).resolves.toEqual(accounts.map(() => [1, 2]));
  });

  async function ownersOf(app: App): Promise<(string | undefined)[]> {
    const builds = await app.projections.list();
    return builds.flatMap(({ shards }) => shards.map(({ owner }) => owner));
  }

  test('a node that stops hands its shards over at once', async () => {
    const first = await start([Sharded], { pace: slow });
    const second = await start([Sharded], { pace: slow });
    await first.stop();
    const [left] = await eventually('the other runs everything', async () => {
      const owners = await ownersOf(second);
      return owners.every(owner => owner !== undefined && owner === owners[0]) && owners;
    });
    expect(left).toBeDefined();
    await depositToAll(second, 1);
    await second.projections.catchUp({ timeoutMs: 60_000 });
  });

  /* In memory everybody shares one process, and is alive until it leaves. */
  const testWithLeases = kind === 'memory' ? () => undefined : test;

  testWithLeases('a node that dies is replaced when its lease ends, and no earlier', async () => {
    const app = await start([Sharded]);
    await app.projections.pause(Sharded);
    await using store = await factory.open(testServices());
    const leaseMs = 1_000;
    const diedAtMs = performance.now();
    await store.readModels.beat({ node: 'dead', runs: ['sharded@1'] }, leaseMs);
    await expect(store.readModels.claim('dead', await lookAt(store.readModels))).resolves.toHaveLength(2);
    await store.readModels.changeStates(({ states }) =>
      states.change({ name: 'sharded', version: 1, generation: 1 }, { isPaused: false }),
    );
    await eventually('all shards run again', async () => {
      const owners = await ownersOf(app);
      return owners.every(owner => owner !== undefined && owner !== 'dead');
    });
    const tookMs = performance.now() - diedAtMs;
    // Clocks of the server and of this process are read apart.
    expect(tookMs).toBeGreaterThan(leaseMs * 0.9);
    // Within seconds; far more here, because a busy machine is slow.
    expect(tookMs).toBeLessThan(30_000);
  });

  test('a node that is given up in the middle of a batch writes nothing of it', async () => {
    const gate = new Gate();
    let isHeld = false;
    const outcomes: Promise<string | undefined>[] = [];
    const app = await start([Sharded], {
      readModels: real => ({
        async transaction(work) {
          if (!isHeld) return real.transaction(work);
          await gate.pass();
          const attempt = real.transaction(work);
          outcomes.push(
            attempt.then(
              () => 'written',
              (error: unknown) => (error as { code?: string }).code,
            ),
          );
          return attempt;
        },
      }),
    });
    await depositToAll(app, 1);
    await app.projections.catchUp();
    isHeld = true;
    const written = depositToAll(app, 2);
    await gate.reached;
    // Somebody else changes it: the batch that waits belongs to an epoch that has ended.
    await using store = await factory.open(testServices());
    await store.readModels.changeStates(({ states }) =>
      states.change({ name: 'sharded', version: 1, generation: 1 }, { isPaused: true }),
    );
    gate.open();
    await written;
    const codes = await eventually('the batch has ended', async () => {
      return outcomes.length > 0 && Promise.all(outcomes);
    });
    isHeld = false;
    expect(new Set(codes)).toEqual(new Set(['checkpoint-moved']));
    await expect(amountsOf(app, Sharded)).resolves.toEqual(accounts.map(() => [1]));
    await app.projections.resume(Sharded);
    await app.projections.catchUp();
    await expect(amountsOf(app, Sharded)).resolves.toEqual(accounts.map(() => [1, 2]));
  });

  /* The switch has looked who is alive, and goes on when the gate opens. */
  function heldSwitch(gate: Gate): Interception {
    return {
      readModels: real => ({
        changeStates: work =>
          real.changeStates(transaction =>
            work(
              instead(transaction, {
                async lastPosition() {
                  await gate.pass();
                  return transaction.lastPosition();
                },
              }),
            ),
          ),
      }),
    };
  }

  test('a node that joins while others switch to inline keeps nothing from them', async () => {
    const gate = new Gate();
    const joined = new Gate();
    joined.open();
    const first = start([Inline], heldSwitch(gate));
    await gate.reached;
    const second = start([Async], {
      readModels: real => ({
        async beat(node, leaseMs) {
          const view = await real.beat(node, leaseMs);
          await joined.pass();
          return view;
        },
      }),
    });
    await joined.reached;
    gate.open();
    const apps = await Promise.all([first, second]);
    await depositToAll(apps[1], 1);
    await depositToAll(apps[0], 2);
    await apps[1].projections.catchUp();
    await expect(amountsOf(apps[0], Inline)).resolves.toEqual(accounts.map(() => [1, 2]));
  });

  /* In memory everybody shares one process, and is alive until it leaves. */
  testWithLeases(
    'appends do not begin to write a projection while a node that was late with its sign of life may append',
    async () => {
      const gate = new Gate();
      let isAway = false;
      const away = await start([Async], {
        pace: { ...quick, leaseMs: 400 },
        readModels: real => ({
          async beat(node, leaseMs) {
            if (isAway) await gate.pass();
            return real.beat(node, leaseMs);
          },
        }),
      });
      isAway = true;
      await gate.reached;
      const other = await start([Inline]);
      await eventually('the shard is taken over', async () =>
        (await other.projections.list()).every(({ shards }) =>
          shards.every(({ owner }) => owner !== undefined),
        ),
      );
      await depositToAll(away, 1);
      await depositToAll(other, 2);
      await other.projections.catchUp();
      await expect(other.projections.list()).resolves.toMatchObject([{ writtenBy: 'runners' }]);
      await expect(amountsOf(other, Inline)).resolves.toEqual(accounts.map(() => [1, 2]));
      gate.open();
      isAway = false;
      await away.stop();
      await eventually('appends write it', async () =>
        (await other.projections.list()).some(({ writtenBy }) => writtenBy === 'appends'),
      );
      await depositToAll(other, 3);
      await expect(amountsOf(other, Inline)).resolves.toEqual(accounts.map(() => [1, 2, 3]));
    },
  );
});
