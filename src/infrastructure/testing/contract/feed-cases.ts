import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { FeedFilter, ReadFeedOptions } from '../../../application/ports/event-store.ts';
import { InvalidIdentifier } from '../../../domain/index.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, collect, plain, takeEvents } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const badBounds: readonly ReadFeedOptions[] = [
  ...[-1, 1.5, NaN, Infinity, '3' as unknown as number].flatMap(bound => [
    { afterPosition: bound },
    { toPosition: bound },
    { batchSize: bound },
  ]),
  { batchSize: 0 },
  { batchSize: 10_001 },
  { batchSize: 1e9 },
  ...([{ type: 'account.opened' }, { from: 5 }, { types: null }] as object[]),
];

/** The one order of all events, as readers see it. */
export const feedCases = storeCases({
  'knows the last event at or below a position that is settled, and says nothing of others':
    async subject => {
      const events = await subject.append(subject.stream(), deposits(3));
      for (const { position } of events) equal(await subject.store.lastSettledEvent(position), position);
      equal(await subject.store.lastSettledEvent(0), 0);
      equal(await subject.store.lastSettledEvent(events.at(-1)!.position + 1_000_000), undefined);
      for (const bad of [-1, 1.5, NaN, Infinity, '1' as unknown as number]) {
        await checkRefused(() => subject.store.lastSettledEvent(bad), InvalidQuery, {
          code: 'invalid-query',
        });
      }
    },

  'delivers the events of all streams in position order': async subject => {
    await appendMixed(subject);
    const feed = subject.store.readFeed({ afterPosition: subject.startPosition });
    deepStrictEqual(await collect(feed), subject.ledger);
    await checkPages(subject, {});
  },

  'delivers each event once, whatever the size of its pages': async subject => {
    await appendMixed(subject);
    for (const batchSize of [1, 2, 3, 7, 24, 25, 10_000]) {
      await checkPages(subject, { batchSize });
      const feed = subject.store.readFeed({ afterPosition: subject.startPosition, batchSize });
      deepStrictEqual(await collect(feed), subject.ledger);
    }
  },

  'delivers large events whole and in their place, however many there are': async subject => {
    const large = 'large '.repeat(100_000);
    for (let round = 0; round < 20; round++) {
      await subject.append(subject.stream(`${round % 3}`), [
        deposited(round, { payload: { amount: round, note: large } }),
        deposited(round),
        deposited(round, { metadata: { note: large }, type: 'account.withdrawn' }),
      ]);
    }
    await checkPages(subject, {});
    await checkPages(subject, { batchSize: 4, types: ['account.withdrawn'] });
    const feed = subject.store.readFeed({ afterPosition: subject.startPosition });
    deepStrictEqual(await collect(feed), subject.ledger);
    const subscribed = subject.store.subscribe({ from: subject.startPosition })[Symbol.asyncIterator]();
    deepStrictEqual(await takeEvents(subscribed, subject.ledger.length), subject.ledger);
  },

  'delivers the types and aggregate types that are asked for': async subject => {
    await appendMixed(subject);
    const filters: FeedFilter[] = [
      { types: ['account.deposited'] },
      { types: ['account.deposited', 'account.closed', 'account.unknown'] },
      { types: ['account.unknown'] },
      { types: [] },
      { aggregateTypes: [subject.aggregateType] },
      { aggregateTypes: ['no such type', subject.aggregateType] },
      { aggregateTypes: ['no such type'] },
      { aggregateTypes: [] },
      { types: ['account.closed'], aggregateTypes: [subject.aggregateType] },
      { types: ['account.closed'], aggregateTypes: ['no such type'] },
    ];
    for (const filter of filters) {
      for (const batchSize of [1, 3, 1_000]) await checkPages(subject, { ...filter, batchSize });
    }
  },

  'delivers what is after one position and up to another': async subject => {
    await appendMixed(subject);
    const positions = subject.ledger.map(event => event.position);
    const [first, third, last] = [positions[0]!, positions[2]!, positions.at(-1)!];
    for (const batchSize of [1, 1_000]) {
      await checkPages(subject, { afterPosition: third, batchSize });
      await checkPages(subject, { toPosition: third, batchSize });
      await checkPages(subject, { afterPosition: first, toPosition: third, batchSize });
      await checkPages(subject, { afterPosition: third, toPosition: third, batchSize });
      await checkPages(subject, { afterPosition: third, toPosition: first, batchSize });
      await checkPages(subject, { afterPosition: last, batchSize });
      await checkPages(subject, { toPosition: last + 1_000_000, batchSize });
      await checkPages(subject, { toPosition: last, types: ['account.closed'], batchSize });
    }
  },

  'never moves back from a position beyond its end': async subject => {
    await subject.append(subject.stream(), deposits(1));
    const afterPosition = subject.ledger[0]!.position + 1_000_000;
    const page = await subject.store.readFeedPage({ afterPosition });
    deepStrictEqual(page, { events: [], throughPosition: afterPosition, isLast: true });
    const bounded = await subject.store.readFeedPage({ afterPosition, toPosition: 1 });
    deepStrictEqual(bounded, { events: [], throughPosition: afterPosition, isLast: true });
  },

  'delivers what was appended before it began, however far it had looked before': async subject => {
    for (let round = 0; round < 5; round++) {
      await subject.append(subject.stream(), deposits(10));
      await subject.store.settledPosition();
      await subject.append(subject.stream(), [deposited(11, { type: 'account.closed' }), ...deposits(9)]);
      const options = { afterPosition: subject.startPosition, batchSize: 5 };
      deepStrictEqual(await collect(subject.store.readFeed(options)), subject.ledger);
      const closed = await collect(subject.store.readFeed({ ...options, types: ['account.closed'] }));
      deepStrictEqual(
        closed,
        subject.ledger.filter(event => event.type === 'account.closed'),
      );
    }
  },

  'settles at the last position once nobody is writing': async subject => {
    await appendMixed(subject);
    equal(await subject.store.settledPosition(), subject.ledger.at(-1)!.position);
    await subject.append(subject.stream(), []);
    equal(await subject.store.settledPosition(), subject.ledger.at(-1)!.position);
  },

  'lets a reader leave early, and start again': async subject => {
    await subject.append(subject.stream(), deposits(50));
    for (let round = 0; round < 30; round++) {
      const seen: Recorded[] = [];
      const options = { afterPosition: subject.startPosition, batchSize: 5 };
      for await (const event of subject.store.readFeed(options)) {
        if (seen.push(plain(event)) === 7) break;
      }
      deepStrictEqual(seen, subject.ledger.slice(0, 7));
    }
    await subject.checkStored();
  },

  'stops when its signal is aborted': async subject => {
    await subject.append(subject.stream(), deposits(20));
    const [stop, reason] = [new AbortController(), new Error('enough')];
    const { signal } = stop;
    const seen: Recorded[] = [];
    let caught: unknown;
    try {
      for await (const event of subject.store.readFeed({ afterPosition: subject.startPosition, signal })) {
        if (seen.push(plain(event)) === 3) stop.abort(reason);
      }
    } catch (error) {
      caught = error;
    }
    equal(caught, reason);
    deepStrictEqual(seen, subject.ledger.slice(0, 3));
  },

  'refuses bounds that make no sense': async subject => {
    for (const bounds of badBounds) {
      const facts = { code: 'invalid-query' };
      await checkRefused(() => subject.store.readFeedPage(bounds), InvalidQuery, facts);
      await checkRefused(() => collect(subject.store.readFeed(bounds)), InvalidQuery, facts);
    }
  },

  'refuses types that could not be stored': async subject => {
    const value = 'account.\u0000';
    for (const [field, filter] of [
      ['types', { types: ['account.opened', value] }],
      ['aggregateTypes', { aggregateTypes: [value] }],
    ] as const) {
      const facts = { code: 'invalid-identifier', field, value };
      await checkRefused(() => subject.store.readFeedPage(filter), InvalidIdentifier, facts);
      await checkRefused(() => subject.store.query(filter), InvalidIdentifier, facts);
      await checkRefused(() => subject.store.countByType(filter), InvalidIdentifier, facts);
    }
  },
});

/* 24 events of three types in three streams, taking turns. */
async function appendMixed(subject: StoreUnderTest): Promise<void> {
  for (let round = 0; round < 4; round++) {
    for (const id of ['a', 'b', 'c']) {
      await subject.append(subject.stream(id), [
        deposited(round),
        deposited(round, { type: id === 'c' ? 'account.closed' : 'account.withdrawn' }),
      ]);
    }
  }
}

/* Reads page by page from the start and checks what each page says of itself. */
async function checkPages(subject: StoreUnderTest, options: ReadFeedOptions): Promise<void> {
  const { afterPosition = subject.startPosition, toPosition = Infinity } = options;
  const settled = await subject.store.settledPosition();
  const expected = subject.ledger.filter(event => matches(event, options, afterPosition, toPosition));
  const delivered: Recorded[] = [];
  for (let after = afterPosition, isLast = false; !isLast;) {
    const page = await subject.store.readFeedPage({ ...options, afterPosition: after });
    ok(page.events.length <= (options.batchSize ?? 1_000));
    delivered.push(...page.events.map(plain));
    deepStrictEqual(
      delivered,
      expected.filter(event => event.position <= page.throughPosition),
      JSON.stringify({ options, after }),
    );
    ok(page.isLast || page.throughPosition > after, 'a page that is not the last moves on');
    ({ throughPosition: after, isLast } = page);
    if (isLast) equal(after, Math.max(afterPosition, Math.min(toPosition, settled)));
  }
  deepStrictEqual(delivered, expected);
}

function matches(event: Recorded, filter: FeedFilter, afterPosition: number, toPosition: number): boolean {
  const { types, aggregateTypes } = filter;
  if (event.position <= afterPosition || event.position > toPosition) return false;
  return (types?.includes(event.type) ?? true) && (aggregateTypes?.includes(event.aggregateType) ?? true);
}
