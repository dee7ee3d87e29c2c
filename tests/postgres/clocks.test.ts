import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { DocumentProjector, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { createApp, defineModule, postgres, silentLogger } from 'annals/di';
import type { ReadModelStore } from '../../src/application/ports/read-model-store.ts';
import { resetClock, shiftClock } from '../faults/support/shifted-clock.ts';
import { addBuild } from '../support/add-build.ts';
import { Account, AccountOpened, OpenAccount, OpenAccountHandler } from '../support/bank.ts';
import { lookAt } from '../support/look-at.ts';
import { postgresStores, testServices } from '../support/stores.ts';
import type { PostgresStores } from '../support/stores.ts';

@Projector('owners')
class Owners extends DocumentProjector<{ owner: string }> {
  @On(AccountOpened) opened(_doc: unknown, { payload }: Recorded<AccountOpened>) {
    return { owner: payload.owner };
  }
}

const daysMs = 10 * 24 * 3_600_000;
const leaseMs = 120_000;

let server: PostgresStores;
let schemas = 0;

beforeAll(async () => {
  server = await postgresStores();
});

afterEach(() => resetClock());

afterAll(() => server.close());

async function withBuild<T>(work: (readModels: ReadModelStore) => Promise<T>): Promise<T> {
  const factory = postgres(server.url, { schema: `${server.schema}_${++schemas}` });
  await using store = await factory.open(testServices());
  await addBuild(store.readModels, 'ticking');
  return await work(store.readModels);
}

describe('a node whose clock is wrong', () => {
  for (const [name, shiftMs] of [
    ['days ahead', daysMs],
    ['days behind', -daysMs],
  ] as const) {
    test(`by ${name} takes nobody's shard, and nobody takes its own`, () =>
      withBuild(async readModels => {
        await readModels.beat({ node: 'right', runs: [] }, leaseMs);
        const [own] = await readModels.claim('right', await lookAt(readModels));
        shiftClock(shiftMs);
        const view = await readModels.beat({ node: 'wrong', runs: [] }, leaseMs);
        expect(view.nodes.map(({ isAlive }) => isAlive)).toEqual([true, true]);
        expect(view.projections[0]!.shards[0]!.owner).toBe('right');
        await expect(readModels.claim('wrong', await lookAt(readModels))).resolves.toEqual([]);

        await readModels.release('right', [own!]);
        await expect(readModels.claim('wrong', await lookAt(readModels))).resolves.toHaveLength(1);
        await expect(readModels.takeLease('alone', 'wrong', leaseMs)).resolves.toBe(true);
        resetClock();
        const seen = await readModels.beat({ node: 'right', runs: [] }, leaseMs);
        expect(seen.projections[0]!.shards[0]!.owner).toBe('wrong');
        await expect(readModels.claim('right', await lookAt(readModels))).resolves.toEqual([]);
        await expect(readModels.takeLease('alone', 'right', leaseMs)).resolves.toBe(false);
      }));
  }

  test('goes on to project while it jumps', async () => {
    await using app = await createApp({
      store: postgres(server.url, { schema: `${server.schema}_${++schemas}` }),
      modules: [
        defineModule({
          aggregates: [Account],
          events: [AccountOpened],
          handlers: [OpenAccountHandler],
          projectors: [Owners],
        }),
      ],
      logger: silentLogger,
      projectionPace: { beatMs: 20, leaseMs },
    });
    for (const [index, shiftMs] of [daysMs, -daysMs, 0].entries()) {
      shiftClock(shiftMs);
      await app.commands.dispatch(new OpenAccount(`a-${index}`, 'Ada'), { waitFor: [Owners] });
    }
    await expect(app.readModels.of(Owners).count()).resolves.toBe(3);
  });
});

describe('a shard whose epoch went back, because the server was put back to an older state', () => {
  test('is claimed anew', async () => {
    const schema = `${server.schema}_${++schemas}`;
    await using app = await createApp({
      store: postgres(server.url, { schema }),
      modules: [
        defineModule({
          aggregates: [Account],
          events: [AccountOpened],
          handlers: [OpenAccountHandler],
          projectors: [Owners],
        }),
      ],
      logger: silentLogger,
      projectionPace: { beatMs: 20, leaseMs },
    });
    await app.commands.dispatch(new OpenAccount('a', 'Ada'), { waitFor: [Owners] });
    await server.pool.query(`update ${schema}.checkpoints set epoch = 0`);
    await app.commands.dispatch(new OpenAccount('b', 'Bea'), { waitFor: [Owners] });
    await expect(app.readModels.of(Owners).count()).resolves.toBe(2);
  });
});
