import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import { placeOf } from '../../../application/ports/parked-events.ts';
import type { EventToPark, ParkedEvents } from '../../../application/ports/parked-events.ts';
import type { ShardId } from '../../../application/ports/projection-states.ts';
import type { ReadModelCaseBody, ReadModelsUnderTest } from './read-models-under-test.ts';

const reason = { reason: 'on purpose', by: 'user:ada' };

function failed(key: string, position: number): EventToPark {
  return { key, position, isWhole: false, error: 'RangeError: no', attempts: 3 };
}

function behind(key: string, position: number): EventToPark {
  return { key, position, isWhole: false, error: null, attempts: 0 };
}

/** Events that wait because one of their key failed. */
export const parkedCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'keeps parked events under their keys, in position order'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked =>
      parked.park(shard, [failed('b', 4), failed('a', 2), behind('a', 9), behind('a', 7)]),
    );
    const found = await within(subject, shard, async parked => [
      [...(await parked.countByKey(shard))].sort(),
      [await parked.first(shard, 'a'), await parked.first(shard, 'b'), await parked.first(shard, 'x')],
    ]);
    deepStrictEqual(found, [
      [
        ['a', 3],
        ['b', 1],
      ],
      [{ position: 2, isWhole: false }, { position: 4, isWhole: false }, undefined],
    ]);
  },
  async 'lists for each key the event that failed, and how many wait'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked =>
      parked.park(shard, [failed('b', 4), failed('a', 2), behind('a', 7)]),
    );
    const listed = (await subject.store.listParked(shard)).map(({ parkedAt, ...rest }) => {
      equal(parkedAt instanceof Date, true);
      return rest;
    });
    const first = { shard: 0, error: 'RangeError: no', attempts: 3 };
    deepStrictEqual(listed, [
      { ...first, key: 'a', position: 2, count: 2 },
      { ...first, key: 'b', position: 4, count: 1 },
    ]);
  },
  async 'parks an event once'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked => parked.park(shard, [failed('a', 2)]));
    await within(subject, shard, parked => parked.park(shard, [behind('a', 2), behind('a', 3)]));
    deepStrictEqual(await keysOf(subject, shard), { a: 2 });
    equal((await subject.store.listParked(shard))[0]!.error, 'RangeError: no');
  },
  async 'takes an event out of the queue of its key only'(subject) {
    const shard = await newShard(subject);
    const whole = { isWhole: true, error: 'no keys', attempts: 1 };
    const events = ['a', 'b'].map(key => ({ ...whole, key, position: 2 }));
    await within(subject, shard, parked => parked.park(shard, events));
    await within(subject, shard, parked => parked.remove(shard, 'a', 2));
    deepStrictEqual(await keysOf(subject, shard), { b: 1 });
    const first = await within(subject, shard, parked => parked.first(shard, 'b'));
    deepStrictEqual(first, { position: 2, isWhole: true });
  },
  async 'notes that a parked event failed once more'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked => parked.park(shard, [failed('a', 2)]));
    await within(subject, shard, parked => parked.noteFailure(shard, 'a', 2, 'TypeError: again'));
    const [noted] = await subject.store.listParked(shard);
    deepStrictEqual([noted?.error, noted?.attempts], ['TypeError: again', 4]);
  },
  async 'gives up events of a key up to a position, and says which'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked =>
      parked.park(shard, [failed('a', 2), behind('a', 5), behind('a', 8), failed('b', 3)]),
    );
    const count = await within(subject, shard, parked => parked.discard(shard, 'a', 5, reason));
    equal(count, 2);
    deepStrictEqual(await keysOf(subject, shard), { a: 1, b: 1 });
    deepStrictEqual(await givenUp(subject, shard, [2, 3, 5, 8]), [
      placeOf({ position: 2, key: 'a' }),
      placeOf({ position: 5, key: 'a' }),
    ]);
    deepStrictEqual(await givenUp(subject, shard, [5]), [placeOf({ position: 5, key: 'a' })]);
  },
  async 'takes what was given up in the live build for given up in those beside it, and records that'(
    subject,
  ) {
    const live = await newShard(subject);
    const beside = { ...live, generation: 2 };
    await subject.store.changeStates(({ states }) =>
      states.add({ ...beside, status: 'building', shards: 1, startAt: 0 }, 'documents'),
    );
    const places = (...positions: number[]): string[] =>
      positions.map(position => placeOf({ position, key: 'a' }));
    const giveUp = (at: ShardId, position: number): Promise<void> =>
      within(subject, at, parked => parked.giveUp(at, failed('a', position), reason));
    for (const position of [2, 3]) await giveUp(live, position);
    await giveUp(beside, 4);
    deepStrictEqual(await givenUp(subject, beside, [2, 3, 4]), places(2, 3, 4));
    deepStrictEqual(await givenUp(subject, live, [2, 3, 4]), places(2, 3));
    const inherited = [2, 4].map(position => ({ position, key: 'a' }));
    for (let times = 0; times < 2; times++) {
      await within(subject, beside, parked => parked.inherit(beside, inherited));
    }
    await subject.store.changeStates(({ states }) => states.remove(live));
    deepStrictEqual(await givenUp(subject, beside, [2, 3, 4]), places(2, 4));
  },
  async 'gives up an event that was never parked'(subject) {
    const shard = await newShard(subject);
    await within(subject, shard, parked => parked.giveUp(shard, failed('a', 2), reason));
    deepStrictEqual(await keysOf(subject, shard), {});
    deepStrictEqual(await givenUp(subject, shard, [1, 2]), [placeOf({ position: 2, key: 'a' })]);
  },
  async 'tells by a revision whether what is parked has changed'(subject) {
    const shard = await newShard(subject);
    const changes: ((parked: ParkedEvents) => Promise<unknown>)[] = [
      parked => parked.park(shard, [failed('a', 2), behind('a', 5)]),
      parked => parked.remove(shard, 'a', 2),
      parked => parked.discard(shard, 'a', 5, reason),
    ];
    equal(await revisionOf(subject, shard), 0);
    for (const change of changes) {
      const before = await revisionOf(subject, shard);
      await within(subject, shard, change);
      equal((await revisionOf(subject, shard)) > before, true);
      equal(await revisionOf(subject, shard), await revisionOf(subject, shard));
    }
  },
  async 'keeps parked events of shards and builds apart'(subject) {
    const build = await subject.build('documents', subject.name(), 1, 2);
    const other = await subject.build('documents', build.name, 2, 2);
    await within(subject, { ...build, shard: 1 }, parked =>
      parked.park({ ...build, shard: 1 }, [failed('a', 2)]),
    );
    deepStrictEqual(await keysOf(subject, { ...build, shard: 1 }), { a: 1 });
    deepStrictEqual(await keysOf(subject, { ...build, shard: 0 }), {});
    deepStrictEqual(await keysOf(subject, { ...other, shard: 1 }), {});
    deepStrictEqual(await subject.store.listParked(other), []);
  },
  async 'parks nothing in a transaction that fails, nor in an attempt that does'(subject) {
    const shard = await newShard(subject);
    const failing = within(subject, shard, async parked => {
      await parked.park(shard, [failed('a', 2)]);
      throw new RangeError('on purpose');
    });
    await rejects(failing, RangeError);
    await subject.store.transaction(async transaction => {
      const attempt = transaction.attempt(async () => {
        await transaction.parked.park(shard, [failed('b', 3)]);
        throw new RangeError('on purpose');
      });
      await rejects(attempt, RangeError);
      await transaction.parked.park(shard, [failed('c', 4)]);
    });
    deepStrictEqual(await keysOf(subject, shard), { c: 1 });
  },
};

async function newShard(subject: ReadModelsUnderTest): Promise<ShardId> {
  return { ...(await subject.build()), shard: 0 };
}

/* Whoever changes what is parked has locked the checkpoint. */
function within<T>(
  { store }: ReadModelsUnderTest,
  shard: ShardId,
  work: (parked: ParkedEvents) => Promise<T>,
): Promise<T> {
  return store.transaction(async transaction => {
    await transaction.lockCheckpoint(shard);
    return work(transaction.parked);
  });
}

async function keysOf(subject: ReadModelsUnderTest, shard: ShardId): Promise<Record<string, number>> {
  return Object.fromEntries(await within(subject, shard, parked => parked.countByKey(shard)));
}

async function givenUp(
  subject: ReadModelsUnderTest,
  build: ShardId,
  positions: readonly number[],
): Promise<string[]> {
  return [...(await within(subject, build, parked => parked.givenUp(build, positions)))].sort();
}

async function revisionOf({ store }: ReadModelsUnderTest, shard: ShardId): Promise<number> {
  const checkpoint = await store.transaction(transaction => transaction.lockCheckpoint(shard));
  return checkpoint!.parkedRevision;
}
