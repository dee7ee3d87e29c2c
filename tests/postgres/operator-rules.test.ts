import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { EventHandler, InvalidProjectorOption, On, Projector } from 'annals';
import type { Class, Recorded } from 'annals';
import { createApp, defineModule, memory, postgres, silentLogger } from 'annals/di';
import type { App } from 'annals/di';
import { MoneyDeposited, bankModule, deposit } from '../support/bank.ts';
import { eventually, patiently } from '../support/eventually.ts';
import { Amounts, poison, resetPoison, swallow } from '../support/poison.ts';
import { postgresStores } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';
import type { StoreFactory } from '../../src/application/ports/store.ts';

const ids = Array.from({ length: 10 }, (_value, index) => `id-${index}`);

@Projector('sharded_reactions', { shards: 2, onFailure: 'stop', attempts: 1 })
class ShardedReactions extends EventHandler {
  @On(MoneyDeposited) deposited({ payload }: Recorded<MoneyDeposited>) {
    swallow(payload.amount);
  }
}

/* Holds the first reaction to account `a` until it is let go. */
const held = { calls: [] as string[], letGo: (): void => undefined, failsAgain: false };

@Projector('busy_reactions', { shards: 2 })
class BusyReactions extends EventHandler {
  @On(MoneyDeposited) async deposited({ aggregateId, payload }: Recorded<MoneyDeposited>) {
    const call = `${aggregateId} ${payload.amount}`;
    const isFirst = !held.calls.includes(call);
    held.calls.push(call);
    if (call !== 'a 1') return;
    if (isFirst) await new Promise<void>(resolve => (held.letGo = resolve));
    else if (held.failsAgain) throw new Error('on purpose');
  }
}

let server: PostgresStores;
let schemas = 0;
const apps: App[] = [];

beforeAll(async () => {
  server = await postgresStores();
});

beforeEach(() => {
  resetPoison();
});

afterEach(async () => {
  await Promise.all(apps.splice(0).map(app => app.stop()));
});

afterAll(async () => {
  for (let schema = 1; schema <= schemas; schema++)
    await server.pool.query(`drop schema if exists ${server.schema}_${schema} cascade`);
  await server.close();
});

const kinds: readonly { kind: string; newStore: () => StoreFactory }[] = [
  { kind: 'memory', newStore: () => memory() },
  {
    kind: 'PostgreSQL',
    newStore: () => postgres(server.url, { schema: `${server.schema}_${++schemas}`, maxConnections: 5 }),
  },
];

/* What the compiler would have refused, and JavaScript does not. */
function unchecked<T>(value: unknown): T {
  return value as T;
}

describe.each(kinds)('an operator on $kind', ({ newStore }) => {
  async function start(...projectors: readonly Class[]): Promise<App> {
    const app = await createApp({
      store: newStore(),
      modules: [bankModule, defineModule({ projectors })],
      logger: silentLogger,
      projectionPace: { beatMs: 20, leaseMs: 2_000 },
    });
    apps.push(app);
    return app;
  }

  async function buildsOf(app: App, projector: string): Promise<readonly string[]> {
    const builds = (await app.projections.list()).filter(({ name }) => name === projector);
    return builds.map(({ generation, status }) => `${generation} ${status}`).sort();
  }

  async function actionsOn(app: App, projector: Class): Promise<readonly string[]> {
    return (await app.projections.history(projector)).map(({ action }) => action);
  }

  test.each([0, -1, 2.5, 65, NaN])('cannot rebuild into %p shards', async shards => {
    const app = await start(Amounts);
    await deposit(app, ['a', 1]);
    await app.projections.catchUp(patiently);
    for (const rebuild of ['rebuild', 'beginRebuild'] as const) {
      const message = `Projector "amounts" was given shards ${shards}. Give a whole number from 1 to 64.`;
      await expect(app.projections[rebuild](Amounts, { shards })).rejects.toMatchObject({
        code: 'invalid-projector-option',
        message,
      });
    }
    await expect(buildsOf(app, 'amounts')).resolves.toEqual(['1 live']);
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1] });
    await expect(actionsOn(app, Amounts)).resolves.toEqual([]);
  });

  test('cannot choose another build than the one that an operation concerns', async () => {
    poison.isOn = false;
    const app = await start(Amounts);
    await deposit(app, ['a', 1]);
    await app.projections.rebuild(Amounts);
    await app.projections.rebuild(Amounts, { swapsByItself: false });
    const { projections } = app;
    const before = await buildsOf(app, 'amounts');
    const [building, kept, live] = (['building', 'kept', 'live'] as const).map(build =>
      unchecked<object>({ build }),
    );
    for (const mistaken of [
      () => projections.drop(Amounts, building),
      () => projections.cancelRebuild(Amounts, kept),
      () => projections.rollBack(Amounts, building),
      () => projections.swap(Amounts, kept),
      () => projections.beginRebuild(Amounts, live),
    ]) {
      await expect(mistaken()).rejects.toThrow(InvalidProjectorOption);
    }
    await expect(projections.drop(Amounts, building)).rejects.toThrow(
      'Projector "amounts" was given build "building". Give no build: this concerns the kept one and no other.',
    );
    await expect(buildsOf(app, 'amounts')).resolves.toEqual(before);
    expect(before).toEqual(['1 kept', '2 live', '3 building']);
  });

  test('ends no pause by a swap or a rollback, and the kept build is fed unless it was paused', async () => {
    const app = await start(Amounts);
    const { projections } = app;
    const stateOf = async (): Promise<readonly string[]> => {
      const builds = (await projections.list()).filter(({ name }) => name === 'amounts');
      return builds
        .map(build => `${build.generation} ${build.status}${build.isPaused ? ' paused' : ''}`)
        .sort();
    };
    const reaches = (status: string, position: number): Promise<boolean> =>
      eventually(`the ${status} build is at ${position}`, async () =>
        (await projections.list()).some(
          build => build.name === 'amounts' && build.status === status && build.position === position,
        ),
      );
    await deposit(app, ['a', 1]);
    await projections.catchUp(patiently);
    await projections.pause(Amounts);
    await deposit(app, ['a', 2]);
    await projections.rebuild(Amounts);
    await expect(stateOf()).resolves.toEqual(['1 kept paused', '2 live paused']);
    await deposit(app, ['a', 3]);
    await projections.rollBack(Amounts);
    await expect(stateOf()).resolves.toEqual(['1 live paused', '2 kept paused']);

    await projections.resume(Amounts, { build: 'kept' });
    await expect(stateOf()).resolves.toEqual(['1 live paused', '2 kept']);
    await projections.pause(Amounts, { build: 'kept' });
    await projections.resume(Amounts);
    await expect(stateOf()).resolves.toEqual(['1 live', '2 kept']);
    await projections.catchUp(patiently);
    await projections.rebuild(Amounts);
    await expect(stateOf()).resolves.toEqual(['1 kept', '3 live']);
    await projections.pause(Amounts);
    await deposit(app, ['a', 4]);
    await reaches('kept', 4);
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 2, 3] });
    await projections.rollBack(Amounts);
    await expect(stateOf()).resolves.toEqual(['1 live paused', '3 kept paused']);
    await expect(app.readModels.of(Amounts).get('a')).resolves.toEqual({ amounts: [1, 2, 3, 4] });
  });

  test('learns that nothing is parked under a key, and nothing is recorded', async () => {
    const app = await start(Amounts);
    await deposit(app, ['a', 13]);
    await app.projections.catchUp(patiently);
    const message = 'No events of projection "amounts" are parked under "b". See which are by parked().';
    for (const mistaken of [
      () => app.projections.discardParked(Amounts, 'b', 'typed twice'),
      () => app.projections.retryParked(Amounts, 'b'),
    ]) {
      await expect(mistaken()).rejects.toMatchObject({ code: 'nothing-parked', key: 'b', message });
    }
    await expect(actionsOn(app, Amounts)).resolves.toEqual([]);
    await expect(app.projections.discardParked(Amounts, 'a', 'typed twice')).resolves.toBe(1);
    await expect(app.projections.retryParked(Amounts)).resolves.toEqual({ handled: 0, failedKeys: [] });
  });

  async function startApart() {
    Object.assign(held, { calls: [], failsAgain: false });
    const app = await start(BusyReactions);
    const statusOf = async () =>
      (await app.projections.list()).find(({ name }) => name === 'busy_reactions')!;
    await deposit(app, ['a', 1, 2], ...ids.map((id): [string, number] => [id, 1]));
    await eventually('one shard is held and the other is through', async () => {
      const positions = (await statusOf()).shards.map(({ position }) => position);
      return held.calls.includes('a 1') && positions.includes(0) && positions.includes(12);
    });
    return { app, statusOf };
  }

  test('divides the keys of an event handler while one shard is behind the other', async () => {
    const { app, statusOf } = await startApart();
    await app.projections.reshard(BusyReactions, 3);
    const { shards, isPaused } = await statusOf();
    expect([shards.map(({ position }) => position), isPaused]).toEqual([[12, 12, 12], false]);
    // What was under way when it was paused has happened twice, as after a crash; nothing else has.
    const once = ids.map(id => `${id} 1`);
    expect([...held.calls].sort()).toEqual(['a 1', 'a 1', 'a 2', ...once].sort());
    expect(held.calls.lastIndexOf('a 1')).toBeLessThan(held.calls.indexOf('a 2'));

    held.letGo();
    await deposit(app, ['a', 3], ['id-0', 3]);
    await app.projections.catchUp(patiently);
    expect(held.calls.slice(13).sort()).toEqual(['a 3', 'id-0 3']);
    await expect(actionsOn(app, BusyReactions)).resolves.toEqual(['reshard']);
  });

  test('is refused where what is between fails, which is parked, and the event handler goes on', async () => {
    const { app, statusOf } = await startApart();
    held.failsAgain = true;
    await expect(app.projections.reshard(BusyReactions, 3)).rejects.toMatchObject({
      code: 'reshard-refused',
    });
    held.letGo();
    await deposit(app, ['id-0', 3]);
    await app.projections.catchUp(patiently);
    expect(held.calls.at(-1)).toBe('id-0 3');
    const { shards, isPaused } = await statusOf();
    expect([shards.length, isPaused]).toEqual([2, false]);
    await expect(app.projections.parked(BusyReactions)).resolves.toMatchObject([
      { key: 'account/a', position: 1, count: 2 },
    ]);
    await expect(actionsOn(app, BusyReactions)).resolves.toEqual([]);
  });

  test('is told what to do where a shard of an event handler has stopped', async () => {
    const app = await start(ShardedReactions);
    // Which shard an account belongs to does not matter: the one with the poison stops, the other goes on.
    await deposit(app, ['a', 13], ...ids.map((id): [string, number] => [id, 1]));
    const stopped = await eventually('one shard has stopped and the other is through', async () => {
      const build = (await app.projections.list()).find(({ name }) => name === 'sharded_reactions')!;
      const positions = build.shards.map(({ position }) => position);
      const isApart = build.condition === 'stopped' && positions.includes(0) && positions.includes(11);
      return isApart && { shard: positions.indexOf(0) };
    });
    await expect(app.projections.reshard(ShardedReactions, 3)).rejects.toMatchObject({
      code: 'reshard-refused',
      message:
        `The shards of projection "sharded_reactions" were not changed: shard ${stopped.shard} has stopped behind ` +
        'position 0. Mend what made it stop, and resume it first.',
    });
    poison.isOn = false;
    await app.projections.resume(ShardedReactions);
    await app.projections.catchUp(patiently);
    await app.projections.reshard(ShardedReactions, 3);
    const [reactions] = (await app.projections.list()).filter(({ name }) => name === 'sharded_reactions');
    expect(reactions?.shards).toHaveLength(3);
  });
});
