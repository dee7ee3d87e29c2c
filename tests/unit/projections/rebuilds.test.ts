import { describe, expect, test } from '@jest/globals';
import type { Projection } from 'annals';
import type { ProjectionState } from '../../../src/application/ports/projection-states.ts';
import { defaultFailurePolicy } from '../../../src/projections/failure-policy.ts';
import { Rebuilds } from '../../../src/projections/rebuilds.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import { addBuild } from '../../support/add-build.ts';
import { memoryStores } from '../../support/stores.ts';

const projection: Projection = {
  ...{ name: 'rows', version: 1, mode: 'async', projectorClass: undefined, tables: {}, types: [] },
  ...{ batchSize: 1, shards: 1, onNewVersion: 'swap', failure: defaultFailurePolicy },
  keysOf: () => [],
  project: async () => undefined,
};

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
