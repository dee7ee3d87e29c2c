import { deepStrictEqual, equal } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { ReadStreamOptions } from '../../../application/ports/event-store.ts';
import { InvalidQuery } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkRefused, collect } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

type Bounds = Omit<ReadStreamOptions, 'direction'>;

const versionBounds: readonly Bounds[] = [
  {},
  { fromVersion: 0 },
  { fromVersion: 4 },
  { toVersion: 4 },
  { fromVersion: 4, toVersion: 7 },
  { fromVersion: 5, toVersion: 5 },
  { fromVersion: 7, toVersion: 4 },
  { toVersion: 0 },
  { fromVersion: 11 },
  { fromVersion: 2 ** 40 },
  { toVersion: 2 ** 40 },
  { limit: 1 },
  { limit: 10 },
  { limit: 1_000_000 },
  { fromVersion: 3, toVersion: 8, limit: 2 },
];

const badBounds: readonly ReadStreamOptions[] = [
  ...[-1, 1.5, NaN, Infinity, '3' as unknown as number].flatMap(bound => [
    { fromVersion: bound },
    { toVersion: bound },
    { limit: bound },
  ]),
  { limit: 0 },
  { since: new Date(NaN) },
  { until: new Date(NaN) },
  { since: new Date(2), until: new Date(1) },
  ...([{ since: '2026-01-01' }, { until: null }, { direction: 'backward' }, { types: [] }] as object[]),
];

/** The events of one stream, within bounds, in both directions. */
export const readStreamCases = storeCases({
  'reads nothing of a stream that does not exist': async subject => {
    await subject.append(subject.stream('a'), deposits(1));
    for (const direction of ['forwards', 'backwards'] as const) {
      deepStrictEqual(await collect(subject.store.readStream(subject.stream('b'), { direction })), []);
    }
  },

  'reads within versions and limits, in both directions': async subject => {
    await subject.append(subject.stream(), deposits(10));
    await subject.append(subject.stream('neighbour'), deposits(10));
    for (const bounds of versionBounds) await checkBothDirections(subject, bounds);
  },

  'reads within times, in both directions': async subject => {
    const times = await appendOverTime(subject, 8);
    await checkBothDirections(subject, { since: new Date('1970-01-01'), until: new Date('9999-01-01') });
    for (const since of times) {
      await checkBothDirections(subject, { since });
      await checkBothDirections(subject, { until: since });
      await checkBothDirections(subject, { since: new Date(since.getTime() + 1), limit: 2 });
      await checkBothDirections(subject, { until: new Date(since.getTime() - 1), limit: 2 });
      for (const until of times.filter(time => time >= since)) {
        await checkBothDirections(subject, { since, until });
        await checkBothDirections(subject, { since, until, fromVersion: 3, toVersion: 6 });
      }
    }
  },

  'reads long streams page by page, in both directions': async subject => {
    await subject.append(subject.stream(), deposits(2_300));
    const long = [{}, { limit: 1_000 }, { limit: 1_001 }, { fromVersion: 990, toVersion: 2_010 }];
    for (const bounds of [...long, { fromVersion: 0 }, { fromVersion: 0, limit: 10 }]) {
      await checkBothDirections(subject, bounds);
    }
  },

  'lets a reader leave early, and start again': async subject => {
    await subject.append(subject.stream(), deposits(2_300));
    for (let round = 0; round < 30; round++) {
      const seen: number[] = [];
      for await (const { version } of subject.store.readStream(subject.stream())) {
        if (seen.push(version) === 3) break;
      }
      deepStrictEqual(seen, [1, 2, 3]);
    }
    await subject.append(subject.stream(), deposits(1), { expectedVersion: 2_300 });
    await subject.checkStored();
  },

  'refuses bounds that make no sense': async subject => {
    await subject.append(subject.stream(), deposits(2));
    for (const bounds of badBounds) {
      await checkRefused(() => collect(subject.store.readStream(subject.stream(), bounds)), InvalidQuery, {
        code: 'invalid-query',
      });
    }
  },

  'gives the version of a stream, and 0 for one that does not exist': async subject => {
    equal(await subject.store.streamVersion(subject.stream()), 0);
    await subject.append(subject.stream(), deposits(3));
    equal(await subject.store.streamVersion(subject.stream()), 3);
    equal(await subject.store.streamVersion(subject.stream('other')), 0);
  },

  'lets no time go back within a stream when the clock does': goesBack(-60_000),
  'lets no time go back within a stream when the clock jumps by years': goesBack(-10 * 365 * 86_400_000),
});

async function checkBothDirections(subject: StoreUnderTest, bounds: Bounds): Promise<void> {
  const stream = subject.stream();
  const all = subject.ledger.filter(event => event.aggregateId === stream.aggregateId);
  const forwards = collect(subject.store.readStream(stream, bounds));
  deepStrictEqual(await forwards, within(all, bounds), `forwards ${JSON.stringify(bounds)}`);
  const backwards = collect(subject.store.readStream(stream, { ...bounds, direction: 'backwards' }));
  deepStrictEqual(await backwards, within([...all].reverse(), bounds), `backwards ${JSON.stringify(bounds)}`);
}

function within(events: readonly Recorded[], bounds: Bounds): Recorded[] {
  const { fromVersion = 1, toVersion = Infinity, since, until, limit = Infinity } = bounds;
  return events
    .filter(event => event.version >= fromVersion && event.version <= toVersion)
    .filter(event => since === undefined || event.recordedAt >= since)
    .filter(event => until === undefined || event.recordedAt <= until)
    .slice(0, limit);
}

/* Some of them at the same time, and other streams in between. */
async function appendOverTime(subject: StoreUnderTest, count: number): Promise<Date[]> {
  for (let index = 0; index < count; index++) {
    await subject.append(subject.stream(), [deposited(index)]);
    await subject.append(subject.stream('neighbour'), [deposited(index)]);
    if (index % 3 !== 0) subject.clock.advance(1 + index * 1_000);
  }
  return [...new Set(subject.ledger.map(event => event.recordedAt.getTime()))].map(time => new Date(time));
}

function goesBack(milliseconds: number): CaseBody {
  return async subject => {
    await subject.append(subject.stream(), deposits(2));
    subject.clock.advance(milliseconds);
    await subject.append(subject.stream(), deposits(2));
    await subject.append(subject.stream('younger'), deposits(1));
    subject.clock.advance(-milliseconds + 1);
    await subject.append(subject.stream(), deposits(1));
    await subject.checkStored();
  };
}
