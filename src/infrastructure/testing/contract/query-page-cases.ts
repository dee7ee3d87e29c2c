import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { EventQuery } from '../../../application/ports/event-store.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, plain } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** A query's result, a page at a time. */
export const queryPageCases = storeCases({
  'ends at a position, in either order': async subject => {
    const events = await subject.append(subject.stream(), deposits(10));
    for (const [index, { position: toPosition }] of events.entries()) {
      const upTo = subject.ledger.slice(0, index + 1);
      deepStrictEqual((await readPages(subject, { toPosition, limit: 3 })).flat(), upTo);
      const newest = await readPages(subject, { toPosition, limit: 3, order: 'newest', aggregateId: 'a' });
      deepStrictEqual(newest.flat(), [...upTo].reverse());
    }
    for (const toPosition of [-1, 1.5, NaN, '3' as unknown as number])
      await checkInvalid(subject, { toPosition });
  },

  'pages through a result, oldest and newest first': async subject => {
    await subject.append(subject.stream(), deposits(10));
    for (const order of ['oldest', 'newest'] as const) {
      for (const limit of [1, 3, 5, 10, 11, 10_000]) {
        const pages = await readPages(subject, { order, limit });
        const expected = order === 'oldest' ? subject.ledger : [...subject.ledger].reverse();
        deepStrictEqual(pages.flat(), expected);
        equal(pages.length, Math.max(1, Math.ceil(10 / limit)));
      }
    }
  },

  'gives pages of 100 unless asked otherwise': async subject => {
    await subject.append(subject.stream(), deposits(250));
    const pages = await readPages(subject, {});
    deepStrictEqual(
      pages.map(page => page.length),
      [100, 100, 50],
    );
    deepStrictEqual(pages.flat(), subject.ledger);
  },

  'shows what is appended while paging at the end, oldest first': async subject => {
    await subject.append(subject.stream(), deposits(4));
    const filter = { aggregateTypes: [subject.aggregateType], limit: 3 };
    const first = await subject.store.query(filter);
    await subject.append(subject.stream('b'), [deposited(5)]);
    const second = await subject.store.query({ ...filter, cursor: first.nextCursor });
    deepStrictEqual([...first.events, ...second.events].map(plain), subject.ledger);
    equal(second.nextCursor, undefined);
  },

  'shows nothing twice while paging newest first, whatever is appended': async subject => {
    await subject.append(subject.stream(), deposits(4));
    const before = [...subject.ledger].reverse();
    const filter = { aggregateTypes: [subject.aggregateType], limit: 3, order: 'newest' } as const;
    const first = await subject.store.query(filter);
    await subject.append(subject.stream('b'), [deposited(5)]);
    const second = await subject.store.query({ ...filter, cursor: first.nextCursor });
    deepStrictEqual([...first.events, ...second.events].map(plain), before);
    equal(second.nextCursor, undefined);
  },

  'lets the size of pages change from page to page': async subject => {
    await subject.append(subject.stream(), deposits(10));
    const filter = { aggregateTypes: [subject.aggregateType] };
    const first = await subject.store.query({ ...filter, limit: 2 });
    const second = await subject.store.query({ ...filter, limit: 8, cursor: first.nextCursor });
    deepStrictEqual([...first.events, ...second.events].map(plain), subject.ledger);
    equal(second.nextCursor, undefined);
  },

  'refuses limits from 0 down, beyond 10,000, and those that are no whole number': async subject => {
    for (const limit of [0, -1, 1.5, NaN, Infinity, 10_001, 1e9, '10' as unknown as number]) {
      await checkInvalid(subject, { limit });
    }
  },

  'refuses orders that there are not, and what only other reads take': async subject => {
    for (const query of [
      { order: 'newst' },
      { order: null },
      { offset: 10 },
      { afterPosition: 3 },
      { toPosition: '3' },
    ]) {
      await checkInvalid(subject, query as unknown as EventQuery);
    }
  },

  'refuses cursors that it did not make': async subject => {
    await subject.append(subject.stream(), deposits(10));
    const filter = { aggregateTypes: [subject.aggregateType], limit: 3 };
    const { nextCursor } = await subject.store.query(filter);
    const cursor = nextCursor!;
    const forged = ['', 'x', '0', '-1', `${cursor}0`, `0${cursor}`, cursor.toUpperCase(), `${cursor};--`];
    const spoilt = [cursor.slice(0, -1), cursor.slice(1), cursor.replace(/\d/, digit => `${digit}1`)];
    const noText = [5, null, {}] as unknown as string[];
    for (const bad of [...forged, ...spoilt, ...noText])
      await checkInvalid(subject, { ...filter, cursor: bad });
  },

  'refuses the cursor of another query': async subject => {
    await subject.append(subject.stream(), deposits(10));
    const filter = { aggregateTypes: [subject.aggregateType], limit: 3 };
    const { nextCursor: cursor } = await subject.store.query(filter);
    ok(cursor !== undefined);
    await checkInvalid(subject, { ...filter, cursor, order: 'newest' });
    await checkInvalid(subject, { ...filter, cursor, types: ['account.deposited'] });
    await checkInvalid(subject, { ...filter, cursor, until: new Date() });
    await checkInvalid(subject, { cursor });
  },
});

async function readPages(subject: StoreUnderTest, query: EventQuery): Promise<Recorded[][]> {
  const filter = { aggregateTypes: [subject.aggregateType], ...query };
  const pages: Recorded[][] = [];
  let cursor: string | undefined;
  do {
    const page = await subject.store.query({ ...filter, cursor });
    pages.push(page.events.map(plain));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

async function checkInvalid(subject: StoreUnderTest, query: EventQuery): Promise<void> {
  await checkRefused(() => subject.store.query(query), InvalidQuery, { code: 'invalid-query' });
}
