import { afterEach, expect, test } from '@jest/globals';
import type { EventStore, Recorded } from 'annals';
import { appendAs } from '../../../../src/infrastructure/http/access/append-as.ts';
import type { Identity } from '../../../../src/infrastructure/http/access/identity.ts';
import { memoryStores } from '../../../support/stores.ts';

const stores = memoryStores();
afterEach(() => stores.close());

const stream = { aggregateType: 'account', aggregateId: 'a-1' };
const userCount = 8;

/* Everybody has looked whether the stream is there before the first of them writes it. */
function heldUntilAllLooked(store: EventStore): EventStore {
  let looked = 0;
  let release = (): void => undefined;
  const allLooked = new Promise<void>(resolve => (release = resolve));
  async function* readStream(
    ...args: Parameters<EventStore['readStream']>
  ): ReturnType<EventStore['readStream']> {
    const events: Recorded[] = [];
    for await (const event of store.readStream(...args)) events.push(event);
    if (++looked === userCount) release();
    await allLooked;
    yield* events;
  }
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = name === 'readStream' ? readStream : Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

test('Of users who race for a new aggregate one gets it, and the others are refused', async () => {
  const events = await stores.openEvents();
  const held = heldUntilAllLooked(events);
  const append = (userId: string): Promise<unknown> => {
    const identity: Identity = { userId, role: 'writer', seesAll: false, expiresAtMs: undefined };
    const opened = { type: 'account.opened', payload: {}, userId };
    return appendAs(identity, held, [{ stream, expectedVersion: 'any', events: [opened] }], undefined);
  };
  const users = Array.from({ length: userCount }, (_each, index) => `user-${index}`);
  const outcomes = await Promise.allSettled(users.map(append));
  const refusals = outcomes.filter(({ status }) => status === 'rejected');
  expect(refusals).toHaveLength(userCount - 1);
  for (const refusal of refusals) expect(refusal).toMatchObject({ reason: { code: 'forbidden' } });
  expect(await events.streamVersion(stream)).toBe(1);
});
