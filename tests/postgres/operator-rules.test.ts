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

    await projections.resume(Amounts);
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

  test('is told what to do where the shards of an event handler are apart', async () => {
    const app = await start(ShardedReactions);
    // Which shard an account belongs to does not matter: the one with the poison stops, the other goes on.
    await deposit(app, ['a', 13], ...ids.map((id): [string, number] => [id, 1]));
    const [behind, ahead] = await eventually('one shard has stopped and the other is through', async () => {
      const build = (await app.projections.list()).find(({ name }) => name === 'sharded_reactions')!;
      const positions = build.shards.map(({ position }) => position);
      const isApart = build.condition === 'stopped' && positions.includes(0) && positions.includes(11);
      return isApart && positions;
    });
    await expect(app.projections.reshard(ShardedReactions, 3)).rejects.toMatchObject({
      code: 'reshard-refused',
      message:
        `The shards of projection "sharded_reactions" were not changed: they are at positions ${behind}, ${ahead}, ` +
        'and what is between has yet to be reacted to. ' +
        'Resume it if it is paused, and try again when no events have come for a moment.',
    });
    poison.isOn = false;
    await app.projections.resume(ShardedReactions);
    await app.projections.catchUp(patiently);
    await app.projections.reshard(ShardedReactions, 3);
    const [reactions] = (await app.projections.list()).filter(({ name }) => name === 'sharded_reactions');
    expect(reactions?.shards).toHaveLength(3);
  });
});
