import { describe, expect, test } from '@jest/globals';
import type { Projection, Recorded } from 'annals';
import { defaultFailurePolicy } from '../../../src/projections/failure-policy.ts';
import { InlineProjector } from '../../../src/projections/inline-projector.ts';
import { addBuild } from '../../support/add-build.ts';
import { memoryStores } from '../../support/stores.ts';

describe('inline projections', () => {
  test('are written in one order on every node, so that appends do not wait for each other in a ring', async () => {
    const { readModels } = await memoryStores().open();
    const called: string[] = [];
    const projection = (name: string): Projection => ({
      ...{ name, version: 1, mode: 'inline', projectorClass: undefined, tables: {}, batchSize: 1, shards: 1 },
      ...{ types: ['account.opened'], onNewVersion: 'swap', failure: defaultFailurePolicy },
      keysOf: () => [],
      project: async () => void called.push(name),
    });
    const [first, second] = ['a', 'b'].map(projection) as [Projection, Projection];
    for (const { name } of [first, second]) {
      const build = await addBuild(readModels, name);
      await readModels.changeStates(({ states }) => states.change(build, { writtenBy: 'appends' }));
    }
    for (const listed of [
      [first, second],
      [second, first],
    ]) {
      await readModels.transaction(async transaction => {
        const opened = { type: 'account.opened', aggregateId: 'a' } as Recorded;
        const project = await new InlineProjector(listed).enter([opened], transaction);
        await project?.([opened]);
      });
    }
    expect(called).toEqual(['a', 'b', 'a', 'b']);
  });
});
