import { deepStrictEqual } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { EventFilter } from '../../../application/ports/event-store.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, plain } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

const startTime = Date.parse('2026-01-01T00:00:00.000Z');
const minute = (count: number): Date => new Date(startTime + count * 60_000);

/* Each alone, and all pairs of them. */
const conditions: readonly EventFilter[] = [
  { types: ['account.withdrawn'] },
  { types: ['account.withdrawn', 'account.deposited'] },
  { types: [] },
  { aggregateTypes: [] },
  { aggregateId: 'b' },
  { aggregateId: 'no such id' },
  { correlationId: 'correlation-1' },
  { causationId: 'causation-2' },
  { userId: 'user-0' },
  { actor: 'system' },
  { actor: 'user:user-1' },
  { since: minute(5) },
  { until: minute(5) },
  { since: minute(3), until: minute(7) },
  { since: minute(4), until: minute(4) },
  { since: minute(100) },
  { userId: "' or 1 = 1 --" },
];

const badFilters: readonly unknown[] = [
  null,
  ...[7, 'account', []],
  ...['2026-01-01', null, 5].flatMap(since => [{ since }, { until: since }]),
  { type: 'account.deposited' },
  { aggregateType: 'account' },
  { types: 'account.deposited' },
  { types: null },
  { since: new Date(NaN) },
  { until: new Date(NaN) },
  { since: minute(2), until: minute(1) },
  { since: new Date(-8.64e15) },
  { until: new Date(8.64e15) },
];

/** Which events a query finds and counts. */
export const queryCases = storeCases({
  'finds and counts by every condition, and by every pair of them': async subject => {
    await appendMixed(subject);
    const pairs = conditions.flatMap(one => conditions.map(other => ({ ...one, ...other })));
    const possible = pairs.filter(({ since, until }) => !since || !until || since <= until);
    for (const condition of [{}, ...conditions, ...possible]) await checkFound(subject, condition);
  },

  'finds by all conditions at once': async subject => {
    await appendMixed(subject);
    const [event] = subject.ledger.filter(({ userId }) => userId === 'user-1');
    const { aggregateId, correlationId, causationId, userId, actor, recordedAt } = event!;
    const rest = { types: [event!.type], since: recordedAt, until: recordedAt };
    await checkFound(subject, { aggregateId, correlationId, causationId, userId, actor, ...rest });
  },

  'refuses filters that make no sense, instead of finding everything': async subject => {
    for (const filter of badFilters as readonly EventFilter[]) {
      const facts = { code: 'invalid-query' };
      await checkRefused(() => subject.store.query(filter), InvalidQuery, facts);
      await checkRefused(() => subject.store.countByType(filter), InvalidQuery, facts);
    }
  },

  "finds by time what was recorded while a writer's clock was wrong": async subject => {
    for (const [index, minutes] of [0, 1, 90, 2, 3, 4, -60, 5, 6].entries()) {
      subject.clock.set(minute(minutes));
      await subject.append(subject.stream(`s${index}`), [deposited(index)]);
    }
    for (const from of [-61, -60, 0, 2, 4, 6, 7, 90, 91]) {
      await checkFound(subject, { since: minute(from) });
      await checkFound(subject, { until: minute(from) });
      await checkFound(subject, { since: minute(from), until: minute(from + 1) });
      await checkFound(subject, { since: minute(from), types: ['account.deposited'], aggregateId: 's6' });
    }
  },

  'finds in a long stream what lies between two times': async subject => {
    for (let index = 0; index < 20; index++) {
      await subject.append(subject.stream('ab'[index % 2]), deposits(1 + (index % 3)));
      subject.clock.advance(60_000);
    }
    for (let from = 0; from < 20; from += 3) {
      await checkFound(subject, { aggregateId: 'a', since: minute(from), until: minute(from + 5) });
    }
  },

  'counts nothing where nothing matches': async subject => {
    deepStrictEqual(await subject.store.countByType({ aggregateTypes: [subject.aggregateType] }), {});
  },
});

/* A dozen events, one a minute, in three streams; no two conditions choose the same ones. */
async function appendMixed(subject: StoreUnderTest): Promise<void> {
  for (let index = 0; index < 12; index++) {
    const user = `user-${index % 2}`;
    const origin = { correlationId: `correlation-${index % 4}`, causationId: `causation-${index % 3}` };
    const type = ['account.deposited', 'account.withdrawn', 'account.closed'][index % 3]!;
    const from = index % 5 === 0 ? {} : ({ ...origin, userId: user, actor: `user:${user}` } as const);
    await subject.append(subject.stream('abc'[Math.floor(index / 2) % 3]), [
      deposited(index, { type, ...from }),
    ]);
    subject.clock.advance(60_000);
  }
}

async function checkFound(subject: StoreUnderTest, condition: EventFilter): Promise<void> {
  const filter = { aggregateTypes: [subject.aggregateType], ...condition };
  const expected = subject.ledger.filter(event => passes(event, filter));
  const message = JSON.stringify(filter);
  for (const order of ['oldest', 'newest'] as const) {
    const page = await subject.store.query({ ...filter, order });
    const found = { events: page.events.map(plain), nextCursor: page.nextCursor };
    const events = order === 'oldest' ? expected : [...expected].reverse();
    deepStrictEqual(found, { events, nextCursor: undefined }, `${order} ${message}`);
  }
  const counts = await subject.store.countByType(filter);
  deepStrictEqual({ ...counts }, countByType(expected), message);
}

function passes(event: Recorded, filter: EventFilter): boolean {
  const { types, aggregateTypes, since, until, ...equal } = filter;
  return (
    (types?.includes(event.type) ?? true) &&
    (aggregateTypes?.includes(event.aggregateType) ?? true) &&
    (since === undefined || event.recordedAt >= since) &&
    (until === undefined || event.recordedAt <= until) &&
    Object.entries(equal).every(([field, value]) => event[field as keyof Recorded] === value)
  );
}

function countByType(events: readonly Recorded[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
}
