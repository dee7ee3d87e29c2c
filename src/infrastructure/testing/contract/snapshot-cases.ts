import { deepStrictEqual, equal } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { StreamId } from '../../../domain/index.ts';
import type { EventStore } from '../../../application/ports/event-store.ts';
import type { Snapshot, SnapshotStore } from '../../../application/ports/snapshot-store.ts';

/** What a case needs of a store. */
export interface StoreOfSnapshots {
  readonly events: Pick<EventStore, 'append'>;
  readonly snapshots: SnapshotStore;
}

/* Snapshots of a stream that has events. */
async function streamWithEvents(
  { events }: StoreOfSnapshots,
  aggregateType: string,
  aggregateId = 'a',
): Promise<StreamId> {
  const stream = { aggregateType, aggregateId };
  const happened = { type: 'case.happened', payload: {} };
  await events.append({ stream, expectedVersion: 'none', events: [happened, happened, happened] });
  return stream;
}

function snapshotOf(stream: StreamId, version: number, changes: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ stream, snapshotVersion: 1, version, eventId: randomUUID(), state: `{"at":${version}}` },
    ...{ checksum: `sum of ${version}`, takenAt: new Date(1_767_261_600_123) },
    ...changes,
  };
}

/** What becomes of snapshots: which one is found, which one makes room for which. */
export const snapshotCases: Readonly<
  Record<string, (store: StoreOfSnapshots, name: string) => Promise<void>>
> = {
  async 'gives a snapshot back with every field as it was saved'(store, name) {
    const stream = await streamWithEvents(store, name, `Größe/1 'a' "b" %\\ 😀`);
    const saved = snapshotOf(stream, 3, { checksum: 'Prüfsumme "x"', snapshotVersion: 7 });
    await store.snapshots.save(saved);
    deepStrictEqual(await store.snapshots.find(stream, 7), saved);
  },
  async 'gives the state back to the letter'(store, name) {
    const stream = await streamWithEvents(store, name);
    const states = [
      '{ "b":  1,\n"a": 1.0, "a": 2, "10": [ ] }',
      JSON.stringify({ text: 'Größe 😀 \u2028 " \\ \u0007', 1: [0.1, 1e21, -5, null, true] }),
      '"text"',
      'null',
      JSON.stringify(Array.from({ length: 20_000 }, (_item, index) => ({ index, text: `item ${index}` }))),
    ];
    for (const state of states) {
      await store.snapshots.save(snapshotOf(stream, 1, { state }));
      equal((await store.snapshots.find(stream, 1))?.state, state);
    }
  },
  async 'finds none where none was saved, nor of a stream that does not exist'(store, name) {
    const stream = await streamWithEvents(store, name);
    equal(await store.snapshots.find(stream, 1), undefined);
    equal(await store.snapshots.find({ ...stream, aggregateId: 'nobody' }, 1), undefined);
  },
  async 'keeps the snapshots of each stream and type apart'(store, name) {
    const streams = [
      await streamWithEvents(store, name, 'a'),
      await streamWithEvents(store, name, 'A'),
      await streamWithEvents(store, `${name}-b`, 'a'),
      await streamWithEvents(store, name, 'b/a'),
    ];
    for (const [index, stream] of streams.entries())
      await store.snapshots.save(snapshotOf(stream, index + 1));
    const found = await Promise.all(streams.map(stream => store.snapshots.find(stream, 1)));
    deepStrictEqual(
      found.map(snapshot => [snapshot?.stream, snapshot?.version]),
      streams.map((stream, index) => [stream, index + 1]),
    );
  },
  async 'keeps one snapshot for each version of the shape, side by side'(store, name) {
    const stream = await streamWithEvents(store, name);
    const [old, fresh] = [snapshotOf(stream, 3), snapshotOf(stream, 2, { snapshotVersion: 2 })];
    await store.snapshots.save(old);
    await store.snapshots.save(fresh);
    deepStrictEqual(await store.snapshots.find(stream, 1), old);
    deepStrictEqual(await store.snapshots.find(stream, 2), fresh);
    equal(await store.snapshots.find(stream, 3), undefined);
  },
  async 'finds none that is beyond the version asked for'(store, name) {
    const stream = await streamWithEvents(store, name);
    const saved = snapshotOf(stream, 2);
    await store.snapshots.save(saved);
    equal(await store.snapshots.find(stream, 1, 1), undefined);
    deepStrictEqual(await store.snapshots.find(stream, 1, 2), saved);
    deepStrictEqual(await store.snapshots.find(stream, 1, 3), saved);
  },
  async 'puts a newer snapshot in the place of an older one, and never the other way round'(store, name) {
    const stream = await streamWithEvents(store, name);
    const newer = snapshotOf(stream, 3);
    await store.snapshots.save(snapshotOf(stream, 1));
    await store.snapshots.save(newer);
    await store.snapshots.save(snapshotOf(stream, 2));
    deepStrictEqual(await store.snapshots.find(stream, 1), newer);
  },
  async 'puts a snapshot in the place of one of the same version, which another history may have left'(
    store,
    name,
  ) {
    const stream = await streamWithEvents(store, name);
    const second = snapshotOf(stream, 3, { state: '{"at":"the same"}' });
    await store.snapshots.save(snapshotOf(stream, 3));
    await store.snapshots.save(second);
    deepStrictEqual(await store.snapshots.find(stream, 1), second);
  },
  async 'keeps the newest of snapshots that are saved at the same time'(store, name) {
    const stream = await streamWithEvents(store, name);
    const all = [2, 7, 4, 1, 8, 3, 6, 5].map(version => snapshotOf(stream, version));
    await Promise.all(all.map(snapshot => store.snapshots.save(snapshot)));
    deepStrictEqual(await store.snapshots.find(stream, 1), all[4]);
  },
  async 'takes back nothing from who has found it'(store, name) {
    const stream = await streamWithEvents(store, name);
    const saved = { ...snapshotOf(stream, 1) };
    await store.snapshots.save(saved);
    const found = await store.snapshots.find(stream, 1);
    const kept = { ...found };
    Object.assign(saved, { state: '{}' });
    await store.snapshots.save(snapshotOf(stream, 2));
    deepStrictEqual({ ...found }, kept);
  },
  async 'removes a snapshot, and neither one of another shape nor one that has taken its place'(store, name) {
    const stream = await streamWithEvents(store, name);
    const [old, fresh] = [snapshotOf(stream, 2), snapshotOf(stream, 2, { snapshotVersion: 2 })];
    await store.snapshots.save(old);
    await store.snapshots.save(fresh);
    await store.snapshots.remove({ ...old, eventId: randomUUID() });
    deepStrictEqual(await store.snapshots.find(stream, 1), old);
    await store.snapshots.remove(old);
    await store.snapshots.remove(old);
    equal(await store.snapshots.find(stream, 1), undefined);
    deepStrictEqual(await store.snapshots.find(stream, 2), fresh);
  },
  async 'saves an older snapshot once the newer one is removed'(store, name) {
    const stream = await streamWithEvents(store, name);
    const [newer, older] = [snapshotOf(stream, 3), snapshotOf(stream, 2)];
    await store.snapshots.save(newer);
    await store.snapshots.remove(newer);
    await store.snapshots.save(older);
    deepStrictEqual(await store.snapshots.find(stream, 1), older);
  },
};
