import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Snapshot } from 'annals';
import { checksumOf } from '../../../src/application/snapshots/snapshot-checksum.ts';
import { Gate } from '../../support/intercepted-store.ts';
import { Book, Shelf, stream } from '../../support/shelf.ts';

let shelf: Shelf;

beforeEach(async () => {
  shelf = await Shelf.open();
});

afterEach(() => shelf.close());

describe('A snapshot that is of no use', () => {
  const reasons: readonly [string, (snapshot: Snapshot) => Snapshot, string][] = [
    [
      'was edited',
      snapshot => ({ ...snapshot, state: '{"state":{"lines":["x"],"isClosed":true}}' }),
      'cannot be read.',
    ],
    ['is cut off', snapshot => signed({ ...snapshot, state: '{"state":{"lin' }), 'cannot be read.'],
    [
      'is of another stream',
      snapshot => ({
        ...snapshot,
        checksum: checksumOf({ ...snapshot, stream: { ...stream, aggregateId: 'b-2' } }),
      }),
      'cannot be read.',
    ],
    [
      'lacks a field',
      snapshot => signed({ ...snapshot, state: '{"state":{"lines":[]}}' }),
      'cannot be read.',
    ],
    [
      'is of another history',
      snapshot => signed({ ...snapshot, eventId: '01890000-0000-7000-8000-000000000001' }),
      'is of another history: another event stands at its version.',
    ],
    [
      'is beyond the stream',
      snapshot => signed({ ...snapshot, version: 400 }),
      'is of a version that the stream does not have.',
    ],
    [
      'fails at the next event',
      snapshot => signed({ ...snapshot, state: '{"state":{"lines":7,"isClosed":false}}' }),
      'is a state to which a later event could not be applied.',
    ],
  ];

  function signed(snapshot: Snapshot): Snapshot {
    return { ...snapshot, checksum: checksumOf(snapshot) };
  }

  for (const [what, breakIt, problem] of reasons) {
    test(`because it ${what} is told of once and removed, and the events are folded`, async () => {
      await shelf.write('a', 'b', 'c', 'd');
      await shelf.write('e');
      await shelf.store.snapshots.save(breakIt((await shelf.kept())!));
      const app = await shelf.start();
      for (let load = 1; load <= 2; load++) {
        const book = await app.replay.rebuildAggregate(Book, 'b-1');
        expect([book.version, book.lines, book.isClosed]).toEqual([5, ['a', 'b', 'c', 'd', 'e'], false]);
        await new Promise(setImmediate);
      }
      expect(shelf.warnings.map(([message, { stream: of }]) => [message, of])).toEqual([
        [`A snapshot ${problem} It is removed, and all events are folded.`, 'book/b-1'],
      ]);
      await app.stop();
      expect(await shelf.kept()).toBeUndefined();
      await shelf.write('f');
      expect((await shelf.kept())?.version).toBe(6);
    });
  }

  test('because the store fails is told of once until it works again, and the events are folded', async () => {
    await shelf.write('a', 'b', 'c', 'd');
    let isAway = true;
    const away = async (): Promise<undefined> => {
      if (isAway) throw new Error('away');
      return undefined;
    };
    const app = await shelf.start({ snapshots: { find: away, save: away } });
    const books = app.repository(Book);
    const load = async (): Promise<unknown> => (await app.replay.rebuildAggregate(Book, 'b-1')).lines.length;
    expect([await load(), await load()]).toEqual([4, 4]);
    for (let turn = 1; turn <= 3; turn++) {
      await books.update('b-1', book => book.note('x', 'y', 'z'));
      await new Promise(setImmediate);
    }
    isAway = false;
    expect(await load()).toBe(13);
    isAway = true;
    expect(await load()).toBe(13);
    const read = 'Snapshots cannot be read. All events are folded until they can.';
    const saved = 'A snapshot could not be saved. Loads fold more events until one can.';
    expect(shelf.warnings.map(([message]) => message)).toEqual([read, saved, read]);
  });
});

describe('Snapshots that wait to be saved', () => {
  test('are bounded; of each stream the latest is saved', async () => {
    const gate = new Gate();
    const saved: string[] = [];
    const save = async ({ stream: { aggregateId }, version }: Snapshot): Promise<void> => {
      await gate.pass();
      saved.push(`${aggregateId} ${version}`);
    };
    const app = await shelf.start({ snapshots: { save } });
    const books = app.repository(Book);
    for (let id = 0; id < 103; id++) await books.create(`b-${id}`, book => book.note('a', 'b', 'c'));
    for (const id of [0, 1, 102]) await books.update(`b-${id}`, book => book.note('d', 'e', 'f'));
    gate.open();
    await app.stop();
    // The first is under way, a hundred wait, and the last two find no room, nor does the first one again.
    const ids = Array.from({ length: 101 }, (_item, id) => (id === 1 ? 'b-1 6' : `b-${id} 3`));
    expect(saved).toEqual(ids);
    expect(shelf.warnings).toEqual([
      [
        'A snapshot was dropped, because 100 wait to be saved. Later ones will be taken again.',
        { stream: 'book/b-101' },
      ],
    ]);
  });
});
