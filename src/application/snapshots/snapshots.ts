import { formatStream } from '../../domain/index.ts';
import type { AggregateClass, AggregateRoot, LastSnapshot, StreamId } from '../../domain/index.ts';
import { snapshotOptionsOf } from '../../domain/aggregate.ts';
import { createAggregate, markStored } from '../../domain/aggregate-root.ts';
import type { Class } from '../../domain/index.ts';
import { classOf } from '../../domain/class.ts';
import { defaultSnapshotPolicy } from '../../domain/snapshot-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { SnapshotSerializer } from '../ports/snapshot-serializer.ts';
import type { Snapshot, SnapshotStore } from '../ports/snapshot-store.ts';
import { checksumOf } from './snapshot-checksum.ts';
import { SnapshotQueue } from './snapshot-queue.ts';
import { SnapshotStart } from './snapshot-start.ts';
import { UnfitSnapshot } from './unfit-snapshot.ts';

/** An aggregate whose events were just stored. */
export interface StoredChange {
  readonly stream: StreamId;
  readonly aggregate: AggregateRoot;
  readonly events: readonly object[];
  readonly lastEventId: string;
}

/** What snapshots are made with. */
export interface SnapshotServices {
  readonly store: SnapshotStore;
  readonly serializer: SnapshotSerializer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps states of aggregates and finds them again.
 *
 * Whatever is wrong with a snapshot or their store is logged and costs time, and never changes or fails anything else.
 */
export class Snapshots {
  readonly #services: SnapshotServices;
  readonly #queue: SnapshotQueue;
  readonly #last = new WeakMap<AggregateRoot, LastSnapshot>();
  readonly #refusedClasses = new WeakSet<Class>();
  #isFailing = false;

  constructor(services: SnapshotServices) {
    this.#services = services;
    this.#queue = new SnapshotQueue(services.store, services.logger);
  }

  /** Whether a class asked for snapshots. */
  areKept(aggregateClass: Class): boolean {
    return snapshotOptionsOf(aggregateClass) !== undefined;
  }

  /** Where a fold up to a version may begin; undefined: with the first event. */
  async newest<A extends AggregateRoot>(
    aggregateClass: AggregateClass<A>,
    stream: StreamId,
    atMost: number | undefined,
  ): Promise<SnapshotStart<A> | undefined> {
    const { version } = snapshotOptionsOf(aggregateClass)!;
    const snapshot = await this.#find(stream, version, atMost);
    if (snapshot === undefined) return undefined;
    const aggregate = createAggregate(aggregateClass, stream.aggregateId);
    const refuse = (problem: string, cause?: unknown): void => this.#refuse(snapshot, problem, cause);
    try {
      if (checksumOf(snapshot) !== snapshot.checksum) {
        throw new UnfitSnapshot(stream.aggregateType, 'is not as it was saved.');
      }
      this.#services.serializer.restore(aggregate, snapshot.state);
      markStored(aggregate, snapshot.version);
    } catch (error) {
      refuse('cannot be read.', error);
      return undefined;
    }
    this.#last.set(aggregate, { version: snapshot.version, takenAt: snapshot.takenAt });
    return new SnapshotStart(aggregate, snapshot, refuse);
  }

  /** Keeps the state of an aggregate if its policy says so; saves it behind the command. */
  afterStored({ stream, aggregate, events, lastEventId }: StoredChange): void {
    const aggregateClass = classOf(aggregate);
    const options = snapshotOptionsOf(aggregateClass);
    if (options === undefined) return;
    try {
      const { version } = aggregate;
      const takenAt = this.#services.clock.now();
      const facts = { version, events, last: this.#last.get(aggregate), now: takenAt };
      if (!(options.when ?? defaultSnapshotPolicy)(facts)) return;
      // As text, now: the next command may change the aggregate before the snapshot is saved.
      const state = this.#services.serializer.serialize(aggregate);
      const content = { stream, snapshotVersion: options.version, version, eventId: lastEventId, state };
      this.#queue.save({ ...content, checksum: checksumOf(content), takenAt });
      this.#last.set(aggregate, { version, takenAt });
    } catch (error) {
      this.#warnOnceOf(aggregateClass, stream, error);
    }
  }

  /** Waits until everything is saved or has failed. */
  async flush(): Promise<void> {
    await this.#queue.flush();
  }

  async #find(stream: StreamId, version: number, atMost: number | undefined): Promise<Snapshot | undefined> {
    try {
      const snapshot = await this.#services.store.find(stream, version, atMost);
      this.#isFailing = false;
      return snapshot;
    } catch (error) {
      if (!this.#isFailing) {
        const message = 'Snapshots cannot be read. All events are folded until they can.';
        this.#services.logger.warn(message, { stream: formatStream(stream), error });
      }
      this.#isFailing = true;
      return undefined;
    }
  }

  /* Removed, it is found and told of once, and is not in the way of one that is older and right. */
  #refuse(snapshot: Snapshot, problem: string, error: unknown): void {
    const { stream, snapshotVersion, version } = snapshot;
    const message = `A snapshot ${problem} It is removed, and all events are folded.`;
    const facts = { stream: formatStream(stream), snapshotVersion, version };
    this.#services.logger.warn(message, error === undefined ? facts : { ...facts, error });
    this.#queue.remove(snapshot);
  }

  #warnOnceOf(aggregateClass: Class, stream: StreamId, error: unknown): void {
    if (this.#refusedClasses.has(aggregateClass)) return;
    this.#refusedClasses.add(aggregateClass);
    const message = `No snapshot of ${aggregateClass.name} could be taken. It is told this once for the class.`;
    this.#services.logger.warn(message, { stream: formatStream(stream), error });
  }
}
