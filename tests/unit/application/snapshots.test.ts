import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Aggregate, DomainError, afterEvent, anyOf, everyEvents, everyMs } from 'annals';
import type { Snapshot } from 'annals';
import { checksumOf } from '../../../src/application/snapshots/snapshot-checksum.ts';
import { Gate } from '../../support/intercepted-store.ts';
import { Book, BooksClosed, Leaflet, Shelf, counter, stream } from '../../support/shelf.ts';

let shelf: Shelf;

beforeEach(async () => {
  shelf = await Shelf.open();
});

afterEach(() => shelf.close());

describe('A snapshot', () => {
  test('is saved with the state after the events that were stored', async () => {
    await shelf.write('a', 'b');
    expect(await shelf.kept()).toBeUndefined();
    await shelf.write('c', 'd');
    const last = [];
    for await (const { eventId } of shelf.store.events.readStream(stream, { fromVersion: 4 }))
      last.push(eventId);
    const content = { stream, snapshotVersion: 1, version: 4, eventId: last[0]! };
    const state = '{"state":{"lines":["a","b","c","d"],"isClosed":false}}';
    const checksum = checksumOf({ ...content, state });
    expect(await shelf.kept()).toEqual({ ...content, state, checksum, takenAt: shelf.clock.now() });
    await shelf.write('e');
    expect((await shelf.kept())?.version).toBe(4);
    await shelf.write('f');
    expect((await shelf.kept())?.version).toBe(6);
    expect(shelf.warnings).toEqual([]);
  });

  test('is where a load begins: it reads the event of the snapshot and those behind it', async () => {
    await shelf.write('a', 'b', 'c', 'd');
    await shelf.write('e');
    const app = await shelf.start();
    const book = await app.replay.rebuildAggregate(Book, 'b-1');
    expect([book.version, book.lines, book.pendingEvents]).toEqual([5, ['a', 'b', 'c', 'd', 'e'], []]);
    expect(shelf.asked).toEqual(['find book 1 at most undefined', 'read book from 4']);
  });

  test('is left alone by a load up to a version before it', async () => {
    await shelf.write('a', 'b', 'c', 'd');
    const app = await shelf.start();
    const book = await app.replay.rebuildAggregate(Book, 'b-1', { toVersion: 3 });
    expect(book.lines).toEqual(['a', 'b', 'c']);
    expect(shelf.asked).toEqual(['find book 1 at most 3', 'read book from 1']);
    expect(await shelf.kept()).toBeDefined();
  });

  test('is left alone by a load as of a time before it, and stays', async () => {
    await shelf.write('a', 'b');
    shelf.clock.advance(1_000);
    await shelf.write('c', 'd');
    const app = await shelf.start();
    const asOf = (ms: number): Date => new Date(shelf.clock.now().getTime() + ms);
    const [before, after] = [
      await app.replay.rebuildAggregate(Book, 'b-1', { asOf: asOf(-1) }),
      await app.replay.rebuildAggregate(Book, 'b-1', { asOf: asOf(0) }),
    ];
    expect([before.lines, after.lines]).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c', 'd'],
    ]);
    await app.stop();
    expect(await shelf.kept()).toBeDefined();
    expect(shelf.warnings).toEqual([]);
  });

  test('costs an aggregate nothing that has none, and refuses the same bounds', async () => {
    const app = await shelf.start();
    await app.repository(Leaflet).create('l-1', leaflet => leaflet.note('a'));
    await app.replay.rebuildAggregate(Leaflet, 'l-1');
    expect(shelf.asked).toEqual(['read leaflet from 1']);
    for (const toVersion of [-1, 1.5, '3' as unknown as number]) {
      await expect(app.replay.rebuildAggregate(Book, 'b-1', { toVersion })).rejects.toMatchObject({
        code: 'invalid-query',
      });
    }
    const asOf = new Date(NaN);
    await expect(app.replay.rebuildAggregate(Book, 'b-1', { asOf })).rejects.toMatchObject({
      code: 'invalid-query',
    });
    await expect(app.replay.rebuildAggregate(Book, '')).rejects.toMatchObject({ code: 'invalid-identifier' });
    expect(shelf.warnings).toEqual([]);
  });

  test('keeps the state of a decider', async () => {
    const app = await shelf.start();
    await app.repository(counter).create('c-1', aggregate => aggregate.decide(3));
    await app.stop();
    const saved = await shelf.store.snapshots.find({ aggregateType: 'counter', aggregateId: 'c-1' }, 4);
    expect([saved?.version, saved?.state]).toEqual([3, '{"state":{"count":3}}']);
    const found = await (await shelf.start()).replay.rebuildAggregate(counter, 'c-1');
    expect([found.state, shelf.asked.at(-1)]).toEqual([{ count: 3 }, 'read counter from 3']);
  });

  test('follows a policy of events and time, which knows of the snapshot that was loaded', async () => {
    const when = anyOf(afterEvent(BooksClosed), everyMs(60_000));
    @Aggregate('book', { snapshots: { version: 1, when } })
    class DailyBook extends Book {}
    const app = await shelf.start({ aggregates: [DailyBook] });
    const books = app.repository(DailyBook);
    const versions: unknown[] = [];
    const step = async (change: (book: DailyBook) => void): Promise<void> => {
      await books.update('b-1', change);
      await new Promise(setImmediate);
      versions.push((await shelf.kept())?.version);
    };
    await books.create('b-1', book => book.note('a'));
    await step(book => book.note('b'));
    shelf.clock.advance(59_999);
    await step(book => book.note('c'));
    await step(book => book.close());
    shelf.clock.advance(59_999);
    await step(book => book.note('d'));
    shelf.clock.advance(1);
    await step(book => book.note('e'));
    expect(versions).toEqual([1, 1, 4, 4, 6]);
  });

  test('says what was folded when it was taken, however the next command goes on', async () => {
    const gate = new Gate();
    const saved: Snapshot[] = [];
    const save = async (snapshot: Snapshot): Promise<void> => {
      await gate.pass();
      saved.push(snapshot);
    };
    const app = await shelf.start({ snapshots: { save }, cachedAggregates: 10 });
    await app.repository(Book).create('b-1', book => book.note('a', 'b', 'c'));
    await app.repository(Book).update('b-1', book => book.note('d'));
    await gate.reached;
    let isStopped = false;
    const stopped = app.stop().then(() => (isStopped = true));
    await new Promise(setImmediate);
    expect([isStopped, saved]).toEqual([false, []]);
    gate.open();
    await stopped;
    expect(saved.map(({ version, state }) => [version, state])).toEqual([
      [3, '{"state":{"lines":["a","b","c"],"isClosed":false}}'],
    ]);
  });
});

describe('No snapshot is taken', () => {
  test('of a command that was refused, failed, or lost its race', async () => {
    await shelf.write('a', 'b');
    const app = await shelf.start();
    const books = app.repository(Book);
    const refused = books.update('b-1', book => {
      book.note('c');
      throw new DomainError('no');
    });
    await expect(refused).rejects.toThrow('no');
    const expected = books.update('b-1', book => book.note('c'), { expectedVersion: 7 });
    await expect(expected).rejects.toMatchObject({ code: 'stream-version-conflict' });
    await app.stop();
    expect(await shelf.kept()).toBeUndefined();

    let isFirst = true;
    const racing = await shelf.start();
    await racing.repository(Book).update('b-1', async book => {
      book.note('mine');
      if (!isFirst) return;
      isFirst = false;
      const event = { type: 'book.noted', payload: { text: 'theirs' } };
      await shelf.store.events.append({ stream, expectedVersion: 2, events: [event] });
    });
    await racing.stop();
    // The append of the other one reached 3, and is nobody's command here.
    expect(await shelf.kept()).toBeUndefined();
    expect((await (await shelf.start()).replay.rebuildAggregate(Book, 'b-1')).lines).toEqual([
      ...['a', 'b', 'theirs', 'mine'],
    ]);
  });

  test('of a repetition, behind which the stream may have moved on', async () => {
    const app = await shelf.start({
      events: {
        appendMany: async (...args) =>
          (await shelf.store.events.appendMany(...args)).map(result => ({ ...result, repeated: true })),
      },
    });
    await app.repository(Book).create('b-1', book => book.note('a', 'b', 'c'));
    await app.stop();
    expect(await shelf.kept()).toBeUndefined();
  });

  test('of a state that an event has half changed, whose error somebody caught', async () => {
    const app = await shelf.start();
    await app.repository(Book).create('b-1', book => {
      expect(() => book.tear()).toThrow('while applying Torn');
      book.note('a', 'b', 'c');
    });
    await app.stop();
    expect(await shelf.kept()).toBeUndefined();
  });

  test('of a state that JSON cannot carry, and it is told once for the class', async () => {
    @Aggregate('book', { snapshots: { version: 1, when: everyEvents(1) } })
    class Dated extends Book {
      openedAt = new Date();
    }
    const app = await shelf.start({ aggregates: [Dated] });
    await app.repository(Dated).create('b-1', book => book.note('a'));
    await app.repository(Dated).update('b-1', book => book.note('b'));
    await app.stop();
    expect(await shelf.kept()).toBeUndefined();
    expect(shelf.warnings).toMatchObject([
      [
        'No snapshot of Dated could be taken. It is told this once for the class.',
        { stream: 'book/b-1', error: { code: 'unserializable-value', path: 'snapshot.state.openedAt' } },
      ],
    ]);
  });

  test('where the policy throws, and the command succeeds', async () => {
    const when = (): boolean => {
      throw new Error('no policy');
    };
    @Aggregate('book', { snapshots: { version: 1, when } })
    class Odd extends Book {}
    const app = await shelf.start({ aggregates: [Odd] });
    await app.repository(Odd).create('b-1', book => book.note('a'));
    await app.stop();
    expect(shelf.warnings).toMatchObject([[expect.any(String), { error: { message: 'no policy' } }]]);
  });
});
