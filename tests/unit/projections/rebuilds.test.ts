import { describe, expect, test } from '@jest/globals';
import type { Projection } from 'annals';
import type { ProjectionState } from '../../../src/application/ports/projection-states.ts';
import type { Store } from '../../../src/application/ports/store.ts';
import { defaultFailurePolicy } from '../../../src/projections/failure-policy.ts';
import { noProjectionTelemetry } from '../../../src/projections/projection-telemetry.ts';
import { Rebuilds } from '../../../src/projections/rebuilds.ts';
import { ShardRunner } from '../../../src/projections/shard-runner.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import { addBuild } from '../../support/add-build.ts';
import { instead } from '../../support/intercepted-store.ts';
import { memoryStores } from '../../support/stores.ts';

const projection: Projection = {
  ...{ name: 'rows', version: 1, mode: 'async', projectorClass: undefined, tables: {}, types: [] },
  ...{ batchSize: 1, shards: 1, onNewVersion: 'swap', failure: defaultFailurePolicy },
  keysOf: () => [],
  project: async () => undefined,
};

describe('a build that is held back', () => {
  async function building(maxEventsPerSecond?: number): Promise<{ store: Store; rebuilds: Rebuilds }> {
    const store = await memoryStores().open();
    await addBuild(store.readModels, 'rows');
    const rebuilds = new Rebuilds(store, silentLogger, () => projection);
    await rebuilds.begin(projection, { maxEventsPerSecond });
    return { store, rebuilds };
  }

  test('is not as good as built while there is more to do than a second allows', async () => {
    for (const [rate, missing, isReady] of [
      [undefined, 1_000, true],
      [undefined, 1_001, false],
      [10, 10, true],
      [10, 11, false],
      [5_000, 1_001, false],
    ] as const) {
      const { store, rebuilds } = await building(rate);
      await store.readModels.changeStates(async ({ states }) => {
        const { projections } = await states.lock('rows');
        await states.setPosition(
          projections.find(({ status }) => status === 'live')!,
          missing,
        );
      });
      const { projections } = await store.readModels.readStates();
      expect([rate, missing, await rebuilds.isReady(projection, projections)]).toEqual([
        rate,
        missing,
        isReady,
      ]);
    }
  });

  test('is not begun with a rate that makes no sense', async () => {
    for (const rate of [0, -1, 1.5, NaN, Infinity, null, '10']) {
      await expect(building(rate as number)).rejects.toMatchObject({
        ...{ code: 'invalid-query', message: expect.stringContaining(`maxEventsPerSecond is ${rate}`) },
      });
    }
    const { store } = await building(Number.MAX_SAFE_INTEGER);
    const { projections } = await store.readModels.readStates();
    expect(projections.at(-1)).toMatchObject({ status: 'building', maxEventsPerSecond: 2_147_483_647 });
  });

  test('is not compared by a number of rows that there cannot be', async () => {
    const { rebuilds } = await building();
    for (const sample of [-1, 1.5, NaN, 'some']) {
      const refused = { code: 'invalid-query', message: expect.stringContaining(`sample is ${sample}`) };
      await expect(rebuilds.compare(projection, sample as number)).rejects.toMatchObject(refused);
      await expect(rebuilds.swap(projection, { compare: sample as number })).rejects.toMatchObject(refused);
    }
  });

  test('takes no more events at once than a second allows, from the first batch on', async () => {
    const sizes: unknown[] = [];
    const real = await memoryStores().open();
    await addBuild(real.readModels, 'rows');
    const events = instead(real.events, {
      subscribe(options) {
        sizes.push(options?.batchSize);
        return real.events.subscribe(options);
      },
    });
    const shard = { name: 'rows', version: 1, generation: 1, shard: 0, epoch: 0 };
    for (const [batchSize, maxEventsPerSecond] of [
      [3_000, undefined],
      [3_000, 7],
      [5, 7],
    ]) {
      const work = { projection: { ...projection, batchSize: batchSize! }, shard, shards: 1, position: 0 };
      const runner = new ShardRunner(
        { ...work, maxEventsPerSecond },
        { events, readModels: real.readModels },
        { logger: silentLogger, telemetry: noProjectionTelemetry },
      );
      runner.start({ onLost: () => undefined, onStopped: () => undefined });
      await runner.stop();
    }
    expect(sizes).toEqual([3_000, 7, 5]);
  });
});

describe('a build that swaps by itself', () => {
  test('is left alone if an operator has said otherwise since a node looked', async () => {
    const store = await memoryStores().open();
    const { readModels } = store;
    await addBuild(readModels, 'rows');
    const rebuilds = new Rebuilds(store, silentLogger, () => projection);
    await rebuilds.begin(projection, { swapsByItself: false });
    const look = async (): Promise<readonly ProjectionState[]> => (await readModels.readStates()).projections;
    const seen = (await look()).map(build => ({ ...build, swapsByItself: build.status === 'building' }));
    await expect(rebuilds.swapIfReady(projection, seen)).resolves.toBe(false);
    expect((await look()).map(({ status }) => status)).toEqual(['live', 'building']);
  });
});
