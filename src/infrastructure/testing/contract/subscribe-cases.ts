import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { FeedFilter, FeedPage, SubscribeOptions } from '../../../application/ports/event-store.ts';
import { InvalidIdentifier } from '../../../domain/index.ts';
import { InvalidQuery, StoreUnavailable } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, collect, plain, takeEvents } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const badOptions: readonly SubscribeOptions[] = [
  ...[-1, 1.5, NaN, Infinity, '3', '', 'begin', null, {}, 2 ** 53].map(
    from => ({ from }) as SubscribeOptions,
  ),
  ...[0, -1, 1.5, NaN, 10_001, '3'].map(batchSize => ({ batchSize }) as SubscribeOptions),
  { types: 'account.opened' as unknown as string[] },
  { aggregateTypes: [3 as unknown as string] },
  ...([{ type: 'account.opened' }, { afterPosition: 3 }] as object[]),
];

/** The one order of all events, as it comes. */
export const subscribeCases = storeCases({
  'delivers what is stored, then what comes, in position order': async subject => {
    await appendSome(subject);
    const events = iterate(subject, { from: subject.startPosition });
    deepStrictEqual(await takeEvents(events, subject.ledger.length), subject.ledger);
    for (let round = 0; round < 3; round++) {
      const before = subject.ledger.length;
      const next = takeEvents(events, 6);
      await appendSome(subject);
      deepStrictEqual(await next, subject.ledger.slice(before));
    }
    await events.return?.();
  },

  'delivers what was appended while nobody asked': async subject => {
    const events = iterate(subject, { from: subject.startPosition });
    for (let round = 0; round < 3; round++) {
      const before = subject.ledger.length;
      await appendSome(subject);
      await appendSome(subject);
      deepStrictEqual(await takeEvents(events, 12), subject.ledger.slice(before));
    }
    await events.return?.();
  },

  'delivers each event once, whatever the size of its pages, while others append': async subject => {
    await appendSome(subject);
    const reads = [1, 2, 3, 7, 1_000].map(batchSize =>
      takeEvents(iterate(subject, { from: subject.startPosition, batchSize }), 60),
    );
    for (let round = 0; round < 9; round++) await appendSome(subject);
    for (const read of reads) deepStrictEqual(await read, subject.ledger);
  },

  'begins at the start, after a position, or at the end': async subject => {
    await appendSome(subject);
    const third = subject.ledger[2]!.position;
    const own: FeedFilter = { aggregateTypes: [subject.aggregateType] };
    for (const from of [undefined, 'start', 0] as const) {
      deepStrictEqual(await takeEvents(iterate(subject, { from, ...own }), 6), subject.ledger);
    }
    deepStrictEqual(await takeEvents(iterate(subject, { from: third }), 3), subject.ledger.slice(3));
    const fromEnd = subject.store.subscribe({ from: await subject.store.settledPosition() });
    await appendSome(subject);
    deepStrictEqual(await takeEvents(fromEnd[Symbol.asyncIterator](), 6), subject.ledger.slice(6));
  },

  'begins at what is settled when its loop begins, if told to begin at the end': async subject => {
    await appendSome(subject);
    const leave = new AbortController();
    const pages = subject.store.subscribe({ from: 'end', signal: leave.signal }).pages();
    const seen = pages[Symbol.asyncIterator]().next();
    const progress = { isSeen: false };
    void seen.then(() => (progress.isSeen = true));
    // When it has begun is not told, so events come until it has seen one.
    while (!progress.isSeen) await subject.append(subject.stream(), deposits(1));
    const { value } = (await seen) as { value: FeedPage };
    ok(value.events.length > 0);
    const positions = subject.ledger.slice(6).map(event => event.position);
    ok(
      value.events.every(event => positions.includes(event.position)),
      'nothing is older than the loop',
    );
    leave.abort();
  },

  'waits for a position that is not there yet': async subject => {
    await appendSome(subject);
    const after = subject.ledger.at(-1)!.position + 3;
    const waiting = takeEvents(iterate(subject, { from: after }), 1);
    const others = takeEvents(iterate(subject, { from: subject.startPosition }), 12);
    await appendSome(subject);
    deepStrictEqual(await others, subject.ledger);
    while (subject.ledger.at(-1)!.position <= after) await appendSome(subject);
    await appendSome(subject);
    deepStrictEqual(await waiting, [subject.ledger.find(event => event.position > after)]);
  },

  'delivers the types and aggregate types that are asked for': async subject => {
    await appendSome(subject);
    const filters: FeedFilter[] = [
      { types: ['account.closed'] },
      { types: ['account.closed', 'account.unknown'], aggregateTypes: [subject.aggregateType] },
      { aggregateTypes: ['no such type', subject.aggregateType] },
    ];
    const readers = filters.map(filter => ({
      matches: (event: Recorded) => filter.types?.includes(event.type) ?? true,
      events: iterate(subject, { ...filter, from: subject.startPosition }),
    }));
    for (let round = 0; round < 3; round++) {
      const news = subject.ledger.slice(-6);
      for (const { events, matches } of readers) {
        const expected = news.filter(matches);
        deepStrictEqual(await takeEvents(events, expected.length), expected);
      }
      await appendSome(subject);
    }
    for (const { events } of readers) await events.return?.();
  },

  'moves on page by page even where no event matches': async subject => {
    const leave = new AbortController();
    const options = { from: subject.startPosition, types: ['account.unknown'], signal: leave.signal };
    let position = subject.startPosition;
    await appendSome(subject);
    for await (const { events, throughPosition } of subject.store.subscribe(options).pages()) {
      deepStrictEqual(events, []);
      ok(throughPosition > position, 'a page moves on');
      position = throughPosition;
      if (position < subject.ledger.at(-1)!.position) continue;
      equal(position, subject.ledger.at(-1)!.position);
      if (subject.ledger.length < 18) await appendSome(subject);
      else leave.abort();
    }
    equal(subject.ledger.length, 18);
  },

  'gives pages that leave nothing out and no larger than asked for': async subject => {
    await appendSome(subject);
    for (const batchSize of [1, 4, 1_000]) {
      const seen: Recorded[] = [];
      for await (const page of subject.store.subscribe({ from: subject.startPosition, batchSize }).pages()) {
        ok(page.events.length <= batchSize);
        seen.push(...page.events.map(plain));
        const through = subject.ledger.filter(event => event.position <= page.throughPosition);
        deepStrictEqual(seen, through);
        if (seen.length === subject.ledger.length) break;
      }
    }
  },

  'gives each reader events of its own': async subject => {
    const options = { from: subject.startPosition };
    const readers = [iterate(subject, options), iterate(subject, options)];
    const reads = readers.map(async reader => (await reader.next()).value as Recorded<{ amount: number }>);
    await subject.append(subject.stream(), deposits(1));
    const [first, second] = await Promise.all(reads);
    first!.payload.amount = 666;
    equal(second!.payload.amount, 1);
    for (const reader of readers) await reader.return?.();
  },

  'begins anew with each loop': async subject => {
    await appendSome(subject);
    const subscription = subject.store.subscribe({ from: subject.startPosition });
    for (let round = 0; round < 3; round++) {
      deepStrictEqual(await takeEvents(subscription[Symbol.asyncIterator](), 6), subject.ledger);
    }
  },

  'ends without an error when its signal is aborted, wherever it is': async subject => {
    await appendSome(subject);
    const before = new AbortController();
    before.abort();
    deepStrictEqual(await collect(subject.store.subscribe({ signal: before.signal })), []);

    const within = new AbortController();
    const seen: Recorded[] = [];
    const options = { from: subject.startPosition, signal: within.signal };
    for await (const event of subject.store.subscribe(options)) {
      if (seen.push(plain(event)) === 2) within.abort();
    }
    deepStrictEqual(seen, subject.ledger.slice(0, 2));

    const waiting = new AbortController();
    const from = subject.ledger.at(-1)!.position;
    const collected = collect(subject.store.subscribe({ from, signal: waiting.signal }));
    setImmediate(() => waiting.abort());
    deepStrictEqual(await collected, []);
  },

  'can be left while it waits': async subject => {
    await appendSome(subject);
    for (let round = 0; round < 20; round++) {
      const events = iterate(subject, { from: subject.ledger.at(-1)!.position });
      const next = events.next();
      if (round % 2 === 0) await new Promise(resolve => setImmediate(resolve));
      deepStrictEqual(await events.return?.(), { done: true, value: undefined });
      deepStrictEqual(await next, { done: true, value: undefined });
      deepStrictEqual(await events.next(), { done: true, value: undefined });
    }
    await subject.checkStored();
  },

  'refuses options that make no sense, at once': async subject => {
    for (const options of badOptions) {
      await checkRefused(() => subject.store.subscribe(options), InvalidQuery, { code: 'invalid-query' });
    }
    const value = 'account.\u0000';
    await checkRefused(() => subject.store.subscribe({ types: [value] }), InvalidIdentifier, {
      ...{ code: 'invalid-identifier', field: 'types', value },
    });
  },

  'tells every loop when the store is closed': async subject => {
    await appendSome(subject);
    const reads = Array.from({ length: 3 }, () => {
      return collect(subject.store.subscribe({ from: subject.ledger.at(-1)!.position }));
    });
    const refused = reads.map(read =>
      checkRefused(() => read, StoreUnavailable, { code: 'store-unavailable' }),
    );
    await new Promise(resolve => setImmediate(resolve));
    await subject.store[Symbol.asyncDispose]();
    await Promise.all(refused);
  },
});

/* 6 events of three types in three streams. */
async function appendSome(subject: StoreUnderTest): Promise<void> {
  for (const id of ['a', 'b', 'c']) {
    const type = id === 'c' ? 'account.closed' : 'account.withdrawn';
    await subject.append(subject.stream(id), [deposited(1), deposited(2, { type })]);
  }
}

function iterate(subject: StoreUnderTest, options: SubscribeOptions): AsyncIterator<Recorded> {
  return subject.store.subscribe(options)[Symbol.asyncIterator]();
}
