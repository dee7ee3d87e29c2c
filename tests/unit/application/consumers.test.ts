import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConsumerDiffers, Consumers, InvalidQuery, StoreUnavailable } from 'annals';
import type { EventStore } from 'annals';
import { memory, silentLogger } from 'annals/di';
import { VirtualClock } from 'annals/testing';
import type { Store } from '../../../src/application/ports/store.ts';
import { uuidV7Generator } from '../../../src/infrastructure/system/uuid-v7-generator.ts';
import { Gate, instead } from '../../support/intercepted-store.ts';

describe('Consumers', () => {
  const clock = new VirtualClock();
  let store: Store;
  let consumers: Consumers;

  /* Consumers that read the feed in another way. */
  const consumersReading = (readFeedPage: EventStore['readFeedPage']): Consumers => {
    const { consumers: kept, readModels } = store;
    return new Consumers({ events: instead(store.events, { readFeedPage }), store: kept, readModels, clock });
  };

  beforeEach(async () => {
    store = await memory().open({ clock, ids: uuidV7Generator, logger: silentLogger });
    consumers = consumersReading(options => store.events.readFeedPage(options));
    for (const aggregateId of ['1', '2', '3']) {
      for (const aggregateType of ['x', 'y']) {
        const events = [{ type: `${aggregateType}.happened`, payload: {} }];
        await store.events.append({ stream: { aggregateType, aggregateId }, expectedVersion: 0, events });
      }
    }
  });

  afterEach(async () => store[Symbol.asyncDispose]());

  /* Begins a pull, and has the consumer removed and made anew when its page has been read. */
  const pullWhileMadeAnew = async (
    pull: (slow: Consumers) => Promise<unknown>,
    types: readonly string[],
  ): Promise<{ readonly pulled: Promise<unknown> }> => {
    const gate = new Gate();
    const slow = consumersReading(async options => {
      const page = await store.events.readFeedPage(options);
      await gate.pass();
      return page;
    });
    const pulled = pull(slow);
    await gate.reached;
    await consumers.remove('c');
    await consumers.open('c', { types });
    gate.open();
    return { pulled: pulled.catch((error: unknown) => error) };
  };

  test('gives a consumer that was made anew everything, whoever still pulls for the old one', async () => {
    const { pulled } = await pullWhileMadeAnew(
      slow => slow.pull('c', { types: ['x.happened'] }),
      ['y.happened'],
    );
    await expect(pulled).resolves.toBeInstanceOf(ConsumerDiffers);
    const events = (await consumers.pull('c')).map(({ event }) => event);
    expect(events.map(({ type, aggregateId }) => [type, aggregateId])).toEqual([
      ['y.happened', '1'],
      ['y.happened', '2'],
      ['y.happened', '3'],
    ]);
  });

  test('reads nothing of the old consumer for the one that was made anew', async () => {
    await consumers.open('c', { types: ['x.happened'] });
    const { pulled } = await pullWhileMadeAnew(slow => slow.pull('c'), ['y.happened']);
    // Who names no types takes what the consumer of the name gets, whichever that is by now.
    await expect(pulled).resolves.toMatchObject(
      ['1', '2', '3'].map(aggregateId => ({ event: { aggregateId, type: 'y.happened' } })),
    );
  });

  test('hands out what it has leased, even if it cannot read on', async () => {
    let calls = 0;
    const failing = consumersReading(async options => {
      if (++calls > 1) throw new StoreUnavailable('It went away.');
      return store.events.readFeedPage(options);
    });
    const types = ['x.happened'];
    await expect(failing.pull('c', { types })).resolves.toMatchObject(
      ['1', '2', '3'].map(aggregateId => ({ status: 'leased', event: { aggregateId } })),
    );
    await expect(failing.pull('c', { types })).rejects.toThrow(StoreUnavailable);
  });

  test('refuses options that it does not know, and makes nothing', async () => {
    const misspelt = { type: ['x.happened'] } as object;
    for (const refused of [consumers.pull('c', misspelt), consumers.open('c', misspelt)]) {
      await expect(refused).rejects.toThrow(InvalidQuery);
      await expect(refused).rejects.toThrow('has no "type". Give any of from, types,');
    }
    await expect(consumers.pull('c', null as never)).rejects.toThrow(InvalidQuery);
    await expect(consumers.list()).resolves.toEqual([]);
  });

  test('refuses answers that make no sense by a promise, and changes nothing', async () => {
    const [{ event, lease } = {}] = await consumers.pull('c', { limit: 1 });
    const { eventId } = event!;
    const answers = [
      () => consumers.fail('c', eventId, { lease, error: new Error('no text') as never }),
      () => consumers.fail('c', eventId, undefined as never),
      () => consumers.fail('c', eventId, { lease, error: 'x', retryAfterMs: -1 }),
      () => consumers.fail('c', eventId, { leese: lease, error: 'x' } as never),
      () => consumers.extend('c', eventId, { lease, leaseMs: 0 }),
      () => consumers.acknowledge('c', eventId, { lese: lease } as never),
    ];
    for (const answer of answers) {
      const refused = answer();
      await expect(refused).rejects.toThrow(InvalidQuery);
    }
    await expect(consumers.fail('c', eventId, { error: new Error('no text') as never })).rejects.toThrow(
      'The error of a failure is Error: no text',
    );
    await expect(consumers.acknowledge('c', eventId, { transactionId: '' })).rejects.toMatchObject({
      ...{ code: 'invalid-identifier', field: 'transactionId', value: '' },
    });
    await expect(consumers.processingOf('c', [event!])).resolves.toMatchObject([{ status: 'leased' }]);
  });
});
