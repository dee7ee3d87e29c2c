import { beforeEach, describe, expect, test } from '@jest/globals';
import { CheckpointMoved } from 'annals';
import type { FeedPage, Projection, Recorded } from 'annals';
import { PageHandler } from '../../../src/projections/page-handler.ts';
import { defaultFailurePolicy } from '../../../src/projections/failure-policy.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import type { ReadModelStore } from '../../../src/application/ports/read-model-store.ts';
import { memoryStores } from '../../support/stores.ts';

const reacted: string[] = [];

const build = { name: 'reactions', version: 1, generation: 1 };

const reactions: Projection = {
  ...{ name: 'reactions', version: 1, mode: 'async', projectorClass: undefined, tables: {} },
  ...{
    types: ['account.opened'],
    batchSize: 1,
    shards: 1,
    onNewVersion: 'swap',
    failure: defaultFailurePolicy,
  },
  keysOf: event => [`account/${event.aggregateId}`],
  react: async events => void reacted.push(...events.map(event => event.aggregateId)),
  project: async () => undefined,
};

function pageOf(aggregateId: string, position: number): FeedPage {
  const event = { aggregateType: 'account', aggregateId, position, type: 'account.opened' };
  return { events: [event as Recorded], throughPosition: position, isLast: true };
}

describe('the handler of pages of a reaction', () => {
  let readModels: ReadModelStore;

  beforeEach(async () => {
    reacted.length = 0;
    ({ readModels } = await memoryStores().open());
    await readModels.transaction(({ states }) =>
      states.add({ ...build, status: 'live', shards: 1, startAt: 0 }, {}),
    );
    await readModels.beat({ node: 'me', runs: [] }, 1_000);
  });

  test('does not park an event behind a queue that was emptied meanwhile', async () => {
    const failed = { position: 1, isWhole: false, error: 'Error: no', attempts: 3 };
    const [shard] = await readModels.claim('me', [{ ...build, shard: 0, epoch: 0 }]);
    const options = { from: 0, isLastAttempt: false, eventsPerSecond: 0 };
    await readModels.transaction(async ({ parked }) =>
      parked.park(shard!, [{ ...failed, key: 'account/a' }]),
    );
    const gate = { pass: (): void => undefined, isReached: (): void => undefined };
    const isReached = new Promise<void>(resolve => (gate.isReached = resolve));
    const emptied = new Promise<void>(resolve => (gate.pass = resolve));
    const late: ReadModelStore = Object.assign(Object.create(readModels) as ReadModelStore, {
      transaction: slowSecond(readModels, gate.isReached, emptied),
    });
    const work = { projection: reactions, shard: shard!, shards: 1 };
    const handled = new PageHandler(work, late, silentLogger).react(pageOf('a', 3), options);
    await isReached;
    await readModels.transaction(async ({ parked }) => parked.remove(shard!, 'account/a', 1));
    gate.pass();
    await expect(handled).rejects.toThrow(CheckpointMoved);
    expect(reacted).toEqual([]);
    await new PageHandler(work, readModels, silentLogger).react(pageOf('a', 3), options);
    expect(reacted).toEqual(['a']);
    await expect(readModels.listParked(build)).resolves.toEqual([]);
  });

  test('does not react under an epoch that has ended', async () => {
    const [shard] = await readModels.claim('me', [{ ...build, shard: 0, epoch: 0 }]);
    await readModels.claim('me', [shard!]);
    const work = { projection: reactions, shard: shard!, shards: 1 };
    const options = { from: 0, isLastAttempt: false, eventsPerSecond: 0 };
    const outdated = new PageHandler(work, readModels, silentLogger).react(pageOf('a', 3), options);
    await expect(outdated).rejects.toMatchObject({ code: 'checkpoint-moved', isClaimedAnew: true });
    expect(reacted).toEqual([]);
  });
});

/* The first transaction reads which keys are parked; the second has to wait. */
function slowSecond(
  readModels: ReadModelStore,
  reached: () => void,
  mayPass: Promise<void>,
): ReadModelStore['transaction'] {
  let count = 0;
  return async work => {
    if (++count === 2) {
      reached();
      await mayPass;
    }
    return readModels.transaction(work);
  };
}
