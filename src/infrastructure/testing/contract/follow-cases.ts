import { deepStrictEqual } from 'node:assert/strict';
import { InvalidIdentifier } from '../../../domain/index.ts';
import type { Recorded } from '../../../domain/index.ts';
import { InvalidQuery, StoreUnavailable } from '../../../application/ports/event-store-errors.ts';
import type { FollowOptions } from '../../../application/ports/event-store.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, collect, takeEvents } from './expectations.ts';
import { deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** One stream, as it grows. */
export const followCases = storeCases({
  'follows a stream: what exists, then what comes, in version order': async subject => {
    await subject.append(subject.stream(), deposits(3));
    const events = follow(subject);
    deepStrictEqual(await takeEvents(events, 3), subject.ledger);
    for (let round = 0; round < 3; round++) {
      const next = takeEvents(events, 4);
      await subject.append(subject.stream('other'), deposits(2));
      const first = await subject.append(subject.stream(), deposits(2));
      const second = await subject.append(subject.stream(), deposits(2));
      deepStrictEqual(await next, [...first, ...second]);
    }
    await events.return?.();
  },

  'follows a stream that does not exist yet': async subject => {
    const events = follow(subject);
    const first = takeEvents(events, 1);
    await subject.append(subject.stream('other'), deposits(1));
    deepStrictEqual(await subject.append(subject.stream(), deposits(1)), await first);
    await events.return?.();
  },

  'follows a stream from a version on, even one that is yet to come': async subject => {
    await subject.append(subject.stream(), deposits(3));
    for (const fromVersion of [0, 1, 3, 4, 6]) {
      const read = takeEvents(follow(subject, { fromVersion }), 1);
      const wanted = Math.max(1, fromVersion);
      while (subject.ledger.length < wanted) await subject.append(subject.stream(), deposits(1));
      deepStrictEqual(await read, [subject.ledger[wanted - 1]]);
    }
  },

  'follows a stream that has more than a page': async subject => {
    await subject.append(subject.stream(), deposits(1_500));
    const events = follow(subject);
    deepStrictEqual(await takeEvents(events, 1_500), subject.ledger);
    const next = takeEvents(events, 1_200);
    await subject.append(subject.stream(), deposits(1_200));
    deepStrictEqual(await next, subject.ledger.slice(1_500));
    await events.return?.();
  },

  'goes on where it was when its reader was slow': async subject => {
    const events = follow(subject);
    const first = takeEvents(events, 1);
    await subject.append(subject.stream(), deposits(1));
    deepStrictEqual(await first, subject.ledger);
    // Others make the tail go on until it holds no more what comes next here.
    const other = subject.store.subscribe({ from: subject.startPosition })[Symbol.asyncIterator]();
    for (let round = 0; round < 6; round++) {
      await subject.append(subject.stream('other'), deposits(1_000));
      await subject.append(subject.stream(), deposits(1));
      await takeEvents(other, 1_000);
    }
    const own = subject.ledger.filter(event => event.aggregateId === 'a');
    deepStrictEqual(await takeEvents(events, 6), own.slice(1));
    await other.return?.();
    await events.return?.();
  },

  'stops following without an error when its signal is aborted': async subject => {
    await subject.append(subject.stream(), deposits(3));
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const event of subject.store.follow(subject.stream(), { signal: stop.signal })) {
      if (seen.push(event.version) === 2) stop.abort();
    }
    deepStrictEqual(seen, [1, 2]);

    const waiting = new AbortController();
    const options = { fromVersion: 4, signal: waiting.signal };
    const collected = collect(subject.store.follow(subject.stream(), options));
    setImmediate(() => waiting.abort());
    deepStrictEqual(await collected, []);
  },

  'refuses to follow what cannot be': async subject => {
    for (const fromVersion of [-1, 1.5, NaN, Infinity, '3' as unknown as number]) {
      const work = (): unknown => subject.store.follow(subject.stream(), { fromVersion });
      await checkRefused(work, InvalidQuery, { code: 'invalid-query' });
    }
    const stream = { ...subject.stream(), aggregateId: '' };
    await checkRefused(() => subject.store.follow(stream), InvalidIdentifier, {
      ...{ code: 'invalid-identifier', field: 'aggregateId', value: '' },
    });
  },

  'tells those who follow a stream when the store is closed': async subject => {
    const collected = collect(subject.store.follow(subject.stream()));
    const refused = checkRefused(() => collected, StoreUnavailable, { code: 'store-unavailable' });
    await new Promise(resolve => setImmediate(resolve));
    await subject.store[Symbol.asyncDispose]();
    await refused;
  },
});

function follow(subject: StoreUnderTest, options?: FollowOptions): AsyncIterator<Recorded> {
  return subject.store.follow(subject.stream(), options)[Symbol.asyncIterator]();
}
