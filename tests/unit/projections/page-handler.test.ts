import { beforeEach, describe, expect, test } from '@jest/globals';
import { CheckpointMoved } from 'annals';
import type { FeedPage, Projection, Recorded } from 'annals';
import { PageHandler } from '../../../src/projections/page-handler.ts';
import { defaultFailurePolicy } from '../../../src/projections/failure-policy.ts';
import { silentLogger } from '../../../src/infrastructure/system/console-logger.ts';
import type { ReadModelStore } from '../../../src/application/ports/read-model-store.ts';
import { memoryStores } from '../../support/stores.ts';

const reacted: string[] = [];

const reactions: Projection = {
  ...{ name: 'reactions', version: 1, mode: 'async', projectorClass: undefined, tables: {} },
  ...{ types: ['account.opened'], batchSize: 1, failure: defaultFailurePolicy },
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
    await readModels.prepare(reactions, {}, 0);
  });

  test('does not park an event behind a queue that was emptied meanwhile', async () => {
    const failed = { position: 1, isWhole: false, error: 'Error: no', attempts: 3 };
    await readModels.transaction(async ({ parked }) =>
      parked.park(reactions, [{ ...failed, key: 'account/a' }]),
    );
    const handler = new PageHandler(reactions, reactions, readModels, silentLogger);
    const before = (await readModels.claim(reactions, 'me', 1_000))!;
    await handler.react(pageOf('b', 2), { from: 0, isLastAttempt: false }, before);
    await readModels.transaction(async ({ parked }) => parked.remove(reactions, 'account/a', 1));
    const late = handler.react(pageOf('a', 3), { from: 2, isLastAttempt: false }, before);
    await expect(late).rejects.toThrow(CheckpointMoved);
    const now = (await readModels.claim(reactions, 'me', 1_000))!;
    await handler.react(pageOf('a', 3), { from: 2, isLastAttempt: false }, now);
    expect(reacted).toEqual(['b', 'a']);
    await expect(readModels.listParked(reactions)).resolves.toEqual([]);
  });
});
