import { deepStrictEqual, equal } from 'node:assert/strict';
import type { Recorded } from '../../../domain/index.ts';
import type { StreamAppend } from '../../../application/ports/event-store.ts';
import { StreamVersionConflict } from '../../../application/ports/event-store-errors.ts';
import { storeCases } from './contract-case.ts';
import { checkRefused, collect } from './expectations.ts';
import { deposited, deposits } from './sample-events.ts';
import type { StoreUnderTest } from './store-under-test.ts';

/** One append to one or several streams. */
export const appendCases = storeCases({
  'numbers the events of a stream from 1, whatever is appended elsewhere': async subject => {
    await subject.append(subject.stream('a'), deposits(2));
    await subject.append(subject.stream('b'), deposits(3));
    await subject.append(subject.stream('a'), deposits(1));
    await subject.checkStored();
  },

  'keeps streams apart that differ in type only, or in case only': async subject => {
    const [small, large] = [subject.stream('acc'), subject.stream('ACC')];
    const otherType = { aggregateType: `${subject.aggregateType}-2`, aggregateId: 'acc' };
    await subject.append(small, deposits(2));
    await subject.append(large, deposits(1));
    await subject.store.append({ stream: otherType, expectedVersion: 'none', events: deposits(1) });
    equal(await subject.store.streamVersion(otherType), 1);
    await subject.checkStored();
  },

  'keeps versions in numeric order beyond 9 and 99': async subject => {
    const stream = subject.stream();
    for (let version = 0; version < 12; version++) {
      await subject.append(stream, [deposited(version)], { expectedVersion: version });
    }
    await subject.append(stream, deposits(85), { expectedVersion: 12 });
    for (let version = 97; version < 103; version++) {
      await subject.append(stream, [deposited(version)], { expectedVersion: version });
    }
    await subject.checkStored();
    const backwards = await collect(subject.store.readStream(stream, { direction: 'backwards' }));
    deepStrictEqual(backwards, [...subject.ledger].reverse());
  },

  'stores 2,500 events in one append': async subject => {
    await subject.append(subject.stream(), deposits(2_500), { expectedVersion: 'none' });
    await subject.checkStored();
  },

  'changes nothing when an append carries no events': async subject => {
    await subject.append(subject.stream('new'), [], { expectedVersion: 'none' });
    await subject.append(subject.stream('new'), []);
    equal(await subject.store.streamVersion(subject.stream('new')), 0);
    await subject.append(subject.stream(), deposits(2));
    await subject.append(subject.stream(), [], { expectedVersion: 2 });
    await subject.append(subject.stream(), [], { expectedVersion: 'exists' });
    await subject.checkStored();
  },

  'checks the expected version of an append without events': async subject => {
    const stream = subject.stream();
    await subject.append(stream, deposits(2));
    await checkRefused(
      () => subject.store.append({ stream, expectedVersion: 1, events: [] }),
      StreamVersionConflict,
      { code: 'stream-version-conflict', stream, expectedVersion: 1, actualVersion: 2 },
    );
    await subject.checkStored();
  },

  'takes an append of no streams for nothing': async subject => {
    deepStrictEqual(await subject.store.appendMany([]), []);
    await subject.checkStored();
  },

  'appends to several streams at once, in the order given': async subject => {
    await subject.append(subject.stream('b'), deposits(1));
    const appends = [
      { stream: subject.stream('c'), expectedVersion: 'none', events: deposits(2) },
      { stream: subject.stream('a'), expectedVersion: 'none', events: [] },
      { stream: subject.stream('b'), expectedVersion: 1, events: deposits(3) },
    ] as const;
    await appendManyAndEnter(subject, appends);
    await subject.checkStored();
  },

  'stores nothing of an append to several streams when one of them has moved on': async subject => {
    const moved = subject.stream('moved');
    await subject.append(moved, deposits(2));
    const appends = [
      { stream: subject.stream('new'), expectedVersion: 'none', events: deposits(2) },
      { stream: moved, expectedVersion: 1, events: deposits(1) },
      { stream: subject.stream('other'), expectedVersion: 'any', events: deposits(1) },
    ] as const;
    await checkRefused(() => subject.store.appendMany(appends), StreamVersionConflict, {
      ...{ code: 'stream-version-conflict', stream: moved, expectedVersion: 1, actualVersion: 2 },
    });
    equal(await subject.store.streamVersion(subject.stream('new')), 0);
    equal(await subject.store.streamVersion(subject.stream('other')), 0);
    await subject.checkStored();
  },

  'appends to one stream in several parts, between those to others': async subject => {
    const [a, b] = [subject.stream('a'), subject.stream('b')];
    await subject.append(b, deposits(1));
    const appends = [
      { stream: a, expectedVersion: 'none', events: deposits(2) },
      { stream: b, expectedVersion: 1, events: deposits(1) },
      { stream: a, expectedVersion: 2, events: deposits(1) },
      { stream: b, expectedVersion: 'exists', events: deposits(2) },
      { stream: a, expectedVersion: 'any', events: deposits(1) },
    ] as const;
    await appendManyAndEnter(subject, appends);
    const positions = subject.ledger.map(event => event.position);
    deepStrictEqual(
      subject.ledger.map(event => event.aggregateId),
      ['b', 'a', 'a', 'b', 'a', 'b', 'b', 'a'],
    );
    deepStrictEqual(
      positions,
      positions.toSorted((first, second) => first - second),
    );
    await subject.checkStored();
  },

  'checks each part of one stream as if those before it were stored': async subject => {
    const stream = subject.stream();
    await subject.append(stream, deposits(1));
    const appends = [
      { stream, expectedVersion: 1, events: deposits(2) },
      { stream: subject.stream('other'), expectedVersion: 'none', events: deposits(1) },
      { stream, expectedVersion: 1, events: deposits(1) },
    ] as const;
    await checkRefused(() => subject.store.appendMany(appends), StreamVersionConflict, {
      ...{ code: 'stream-version-conflict', stream, expectedVersion: 1, actualVersion: 3 },
    });
    equal(await subject.store.streamVersion(stream), 1);
    await subject.append(stream, deposits(1), { expectedVersion: 1 });
    await subject.checkStored();
  },

  'repeats an append to one stream in several parts': async subject => {
    const [a, b] = [subject.stream('a'), subject.stream('b')];
    const appends = [
      { stream: a, expectedVersion: 'any', events: deposits(2) },
      { stream: b, expectedVersion: 'any', events: deposits(1) },
      { stream: a, expectedVersion: 'any', events: deposits(1) },
      { stream: a, expectedVersion: 'any', events: [] },
    ] as const;
    const options = { idempotencyKey: subject.name('parts') };
    const results = await subject.store.appendMany(appends, options);
    for (const [index, { stream, events }] of appends.entries())
      subject.enter(stream, events, results[index]!);
    const repeated = results.map(result => ({ ...result, repeated: true }));
    deepStrictEqual(await subject.store.appendMany(appends, options), repeated);
    await subject.checkStored();
  },

  'stores payloads as they were when append was called': async subject => {
    const payload = { amount: 1, tags: ['first'] };
    const stream = subject.stream();
    const appended = subject.store.append({
      ...{ stream, expectedVersion: 'none', events: [{ type: 'account.deposited', payload }] },
    });
    payload.amount = 2;
    payload.tags.push('second');
    subject.enter(stream, [deposited(1, { payload: { amount: 1, tags: ['first'] } })], await appended);
    await subject.checkStored();
  },

  'never shows a reader what another has done to an event': async subject => {
    const nested = deposited(1, { payload: { lines: [{ price: 5 }] }, metadata: { ip: '::1' } });
    await subject.append(subject.stream(), [nested]);
    for await (const event of subject.store.readStream(subject.stream())) spoil(event);
    for await (const event of subject.store.readFeed({ afterPosition: subject.startPosition })) spoil(event);
    await subject.checkStored();
  },
});

async function appendManyAndEnter(subject: StoreUnderTest, appends: readonly StreamAppend[]): Promise<void> {
  const results = await subject.store.appendMany(appends);
  equal(results.length, appends.length);
  for (const [index, { stream, events }] of appends.entries()) {
    subject.enter(stream, events, results[index]!);
  }
}

function spoil(event: Recorded): void {
  const { payload, metadata } = event as { payload: { lines: { price: number }[] }; metadata: object };
  payload.lines[0]!.price = 6;
  payload.lines.push({ price: 7 });
  event.recordedAt.setTime(0);
  Object.assign(metadata, { ip: 'changed' });
}
