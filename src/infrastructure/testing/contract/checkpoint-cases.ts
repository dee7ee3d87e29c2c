import { deepStrictEqual, equal, rejects } from 'node:assert/strict';
import { CheckpointMoved } from '../../../application/ports/read-model-errors.ts';
import type { ClaimedShard, ProjectionId } from '../../../application/ports/projection-states.ts';
import type { ReadModelCaseBody, ReadModelsUnderTest } from './read-models-under-test.ts';

const leaseMs = 60_000;

/** Who runs a shard, and how its checkpoint moves. */
export const checkpointCases: Readonly<Record<string, ReadModelCaseBody>> = {
  async 'gives a shard to one node, and to another once it is released'(subject) {
    const build = await subject.build();
    const [one, other] = [subject.name(), subject.name()];
    const shard = { ...build, shard: 0 };
    const first = await claimAs(subject, one, build);
    equal(first?.shard, 0);
    equal(await claimAs(subject, other, build), undefined);
    await subject.store.release(one, [shard]);
    const second = await claimAs(subject, other, build);
    equal(second !== undefined && second.epoch > first.epoch, true);
    await subject.store.leave(one);
    await subject.store.leave(other);
  },
  async 'moves a checkpoint with what was written, or neither'(subject) {
    const build = await subject.build();
    const shard = await claimed(subject, build);
    const move = { from: 0, to: 5, eventsPerSecond: 0 };
    const change = { id: 'a', json: '{}', version: 1, position: 5 };
    const failing = subject.store.transaction(async transaction => {
      await transaction.saveDocuments(build, [change]);
      await transaction.moveCheckpoint(shard, move);
      throw new RangeError('on purpose');
    });
    await rejects(failing, RangeError);
    equal(await subject.store.readCheckpoint(build), 0);
    await subject.store.transaction(async transaction => {
      await transaction.saveDocuments(build, [change]);
      await transaction.moveCheckpoint(shard, move);
    });
    equal(await subject.store.readCheckpoint(build), 5);
    deepStrictEqual(await subject.documents(build), { a: {} });
  },
  async 'says that a build which appends write is never behind'(subject) {
    const build = await subject.build();
    equal(await subject.store.readCheckpoint(build), 0);
    await subject.store.changeStates(({ states }) => states.change(build, { writtenBy: 'appends' }));
    equal(await subject.store.readCheckpoint(build), Infinity);
    await subject.store.changeStates(({ states }) => states.change(build, { writtenBy: 'runners' }));
    equal(await subject.store.readCheckpoint(build), 0);
  },
  async 'moves a checkpoint only from where it is'(subject) {
    const build = await subject.build();
    const shard = await claimed(subject, build);
    await subject.store.moveCheckpoint(shard, { from: 0, to: 5, eventsPerSecond: 0 });
    const again = (): Promise<void> =>
      subject.store.moveCheckpoint(shard, { from: 0, to: 9, eventsPerSecond: 0 });
    await rejects(again, CheckpointMoved);
    equal(await subject.store.readCheckpoint(build), 5);
  },
  async 'lets nobody move a checkpoint whose epoch has ended'(subject) {
    const build = await subject.build();
    const [one, other] = [subject.name(), subject.name()];
    const before = await claimAs(subject, one, build);
    await subject.store.release(one, [{ ...build, shard: 0 }]);
    await claimAs(subject, other, build);
    const late = subject.store.transaction(async transaction => {
      await transaction.saveDocuments(build, [{ id: 'a', json: '{}', version: 1, position: 5 }]);
      await transaction.moveCheckpoint(before!, { from: 0, to: 5, eventsPerSecond: 0 });
    });
    await rejects(late, CheckpointMoved);
    deepStrictEqual(await subject.documents(build), {});
    await subject.store.leave(one);
    await subject.store.leave(other);
  },
  async 'gives a lease to one owner at a time'(subject) {
    const lease = subject.name();
    equal(await subject.store.takeLease(lease, 'one', leaseMs), true);
    equal(await subject.store.takeLease(lease, 'other', leaseMs), false);
    equal(await subject.store.takeLease(lease, 'one', leaseMs), true);
    await subject.store.endLease(lease, 'other');
    equal(await subject.store.takeLease(lease, 'other', leaseMs), false);
    await subject.store.endLease(lease, 'one');
    equal(await subject.store.takeLease(lease, 'other', leaseMs), true);
    await subject.store.endLease(lease, 'other');
  },
};

async function claimed(subject: ReadModelsUnderTest, build: ProjectionId): Promise<ClaimedShard> {
  return (await claimAs(subject, subject.name(), build))!;
}

async function claimAs(
  subject: ReadModelsUnderTest,
  node: string,
  build: ProjectionId,
): Promise<ClaimedShard | undefined> {
  await subject.store.beat({ node, runs: [] }, leaseMs);
  const epoch = await epochOf(subject, build);
  const [shard] = await subject.store.claim(node, [{ ...build, shard: 0, epoch }]);
  return shard;
}

async function epochOf({ store }: ReadModelsUnderTest, build: ProjectionId): Promise<number> {
  const { projections } = await store.readStates();
  const { name, version, generation } = build;
  const found = projections.find(
    other => other.name === name && other.version === version && other.generation === generation,
  );
  return found!.shards[0]!.epoch;
}
