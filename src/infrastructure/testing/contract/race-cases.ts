import { deepStrictEqual, equal } from 'node:assert/strict';
import type { AppendResult, NewEvent } from '../../../application/ports/event-store.ts';
import { StreamVersionConflict, UniqueKeyTaken } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import type { CaseBody } from './contract-case.ts';
import { checkError } from './expectations.ts';
import { deposited, deposits, withIds } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** Appends that are under way at the same time. */
export const raceCases = storeCases({
  ...Object.fromEntries(
    [2, 8, 32].map(count => [`lets one of ${count} racers create a stream`, raceToCreate(count)]),
  ),

  'lets one of two racers continue a stream, with all its events': async subject => {
    const stream = subject.stream();
    await subject.append(stream, deposits(2));
    const racers = [10, 20].map(base => [deposited(base), deposited(base + 1), deposited(base + 2)]);
    const outcomes = await Promise.allSettled(
      racers.map(events => subject.store.append({ stream, expectedVersion: 2, events })),
    );
    const won = winner(outcomes);
    subject.enter(stream, racers[won.index]!, won.result);
    checkError(losers(outcomes)[0], StreamVersionConflict, {
      ...{ code: 'stream-version-conflict', stream, expectedVersion: 2, actualVersion: 5 },
    });
    await subject.checkStored();
  },

  "stores 50 appends at once that expect 'any', without a hole": async subject => {
    const stream = subject.stream();
    const appends = Array.from({ length: 50 }, (_append, index) => [deposited(index), deposited(-1 - index)]);
    const results = await Promise.all(
      appends.map(events => subject.store.append({ stream, expectedVersion: 'any', events })),
    );
    enterInOrder(subject, appends, results);
    deepStrictEqual(
      subject.ledger.map(event => event.version),
      Array.from({ length: 100 }, (_version, index) => index + 1),
    );
    await subject.checkStored();
  },

  'stores an append once when 8 racers repeat it': async subject => {
    const stream = subject.stream();
    const events = withIds(deposits(3));
    const append = { stream, expectedVersion: 'any', events } as const;
    const results = await Promise.all(Array.from({ length: 8 }, () => subject.store.append(append)));
    const first = results.filter(result => !result.repeated);
    equal(first.length, 1);
    subject.enter(stream, events, first[0]!);
    for (const result of results) deepStrictEqual({ ...result, repeated: false }, first[0]);
    await subject.checkStored();
  },

  'lets one of 8 racers claim a unique key': async subject => {
    const key = subject.name('email:ada@x.org');
    const streams = Array.from({ length: 8 }, (_stream, index) => subject.stream(`racer-${index}`));
    const uniqueKeys = { claim: [key], release: [] };
    const outcomes = await Promise.allSettled(
      streams.map(stream =>
        subject.store.append({ stream, expectedVersion: 'none', events: deposits(2), uniqueKeys }),
      ),
    );
    const won = winner(outcomes);
    const holder = streams[won.index]!;
    subject.enter(holder, deposits(2), won.result);
    const others = streams.filter(stream => stream !== holder);
    for (const [index, error] of losers(outcomes).entries()) {
      checkError(error, UniqueKeyTaken, { code: 'unique-key-taken', key, stream: others[index]!, holder });
    }
    await subject.checkStored();
  },

  'lets appends to the same streams in any order through, without a deadlock': async subject => {
    const [a, b] = [subject.stream('a'), subject.stream('b')];
    const orders = Array.from({ length: 20 }, (_order, index) => (index % 2 === 0 ? [a, b] : [b, a]));
    const results = await Promise.all(
      orders.map(streams =>
        subject.store.appendMany(
          streams.map(stream => ({ stream, expectedVersion: 'any', events: deposits(2) })),
        ),
      ),
    );
    const all = results.flat().sort((left, right) => left.lastPosition - right.lastPosition);
    for (const result of all) subject.enter(result.stream, deposits(2), result);
    await subject.checkStored();
  },
});

function raceToCreate(count: number): CaseBody {
  return async subject => {
    const stream = subject.stream();
    const racers = Array.from({ length: count }, (_racer, index) => [
      deposited(index),
      deposited(-1 - index),
    ]);
    const outcomes = await Promise.allSettled(
      racers.map(events => subject.store.append({ stream, expectedVersion: 'none', events })),
    );
    const won = winner(outcomes);
    subject.enter(stream, racers[won.index]!, won.result);
    equal(losers(outcomes).length, count - 1);
    for (const error of losers(outcomes)) {
      checkError(error, StreamVersionConflict, {
        ...{ code: 'stream-version-conflict', stream, expectedVersion: 'none', actualVersion: 2 },
      });
    }
    await subject.checkStored();
  };
}

function winner(outcomes: readonly PromiseSettledResult<AppendResult>[]): {
  index: number;
  result: AppendResult;
} {
  const won = outcomes.flatMap((outcome, index) =>
    outcome.status === 'fulfilled' ? [{ index, result: outcome.value }] : [],
  );
  if (won.length === 0) throw losers(outcomes)[0];
  equal(won.length, 1);
  return won[0]!;
}

function losers(outcomes: readonly PromiseSettledResult<AppendResult>[]): unknown[] {
  return outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
}

/* In the order in which the store took them. */
function enterInOrder(
  subject: StoreUnderTest,
  appends: readonly (readonly NewEvent[])[],
  results: readonly AppendResult[],
): void {
  const pairs = results.map((result, index) => ({ result, events: appends[index]! }));
  pairs.sort((a, b) => a.result.lastPosition - b.result.lastPosition);
  for (const { result, events } of pairs) subject.enter(result.stream, events, result);
}
