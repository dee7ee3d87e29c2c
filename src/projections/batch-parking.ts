import { formatStream } from '../domain/index.ts';
import { placeOf } from '../application/ports/parked-events.ts';
import type { EventToPark, Place } from '../application/ports/parked-events.ts';
import type { Logger } from '../application/ports/logger.ts';
import type { ShardId } from '../application/ports/projection-states.ts';
import type { ReadModelTransaction } from '../application/ports/read-model-store.ts';
import type { Delivery } from './delivery.ts';
import { errorText } from './error-text.ts';
import type { Projection } from './projection.ts';
import { ProjectionStopped, TooManyParked } from './projection-errors.ts';

/** What a batch sets aside: events that failed, and events that wait behind such. */
export class BatchParking {
  readonly #projection: Projection;
  readonly #target: ShardId;
  readonly #givenUp: ReadonlySet<string>;
  readonly #parkedBefore: number;
  readonly #parkedKeys: Set<string>;
  readonly #setAside = new Map<string, EventToPark>();
  readonly #skippedKeys = new Set<string>();
  /* What failed and was given up before. */
  readonly #excused: Place[] = [];
  #firstError: unknown;

  /**
   * @param countByKey - the keys that have parked events already
   * @param givenUp - events and keys that somebody gave up, here or in the live build: they hold up nothing
   */
  constructor(
    projection: Projection,
    target: ShardId,
    countByKey: ReadonlyMap<string, number>,
    givenUp: ReadonlySet<string> = new Set(),
  ) {
    this.#givenUp = givenUp;
    this.#projection = projection;
    this.#target = target;
    this.#parkedKeys = new Set(countByKey.keys());
    this.#parkedBefore = [...countByKey.values()].reduce((sum, count) => sum + count, 0);
  }

  get isEmpty(): boolean {
    return this.#setAside.size === 0;
  }

  /** Those whose key is free; the others are put at the end of the queues they belong to. */
  passable(deliveries: readonly Delivery[]): readonly Delivery[] {
    return deliveries.filter(delivery => {
      if (!this.#isBlocked(delivery)) return true;
      const { key, isWhole, event } = delivery;
      // What follows of the key waits too, also where only the aggregate of this event holds it up.
      this.#parkedKeys.add(key);
      this.#add({ key, position: event.position, isWhole, error: null, attempts: 0 });
      return false;
    });
  }

  /**
   * Sets a failed event aside, as the projector's policy says.
   *
   * @throws {ProjectionStopped} the policy is to stop
   */
  fail({ event: { position }, key, isWhole }: Delivery, error: unknown): void {
    const { mode, failure } = this.#projection;
    // What is read of an inline projection must be complete.
    const onFailure = mode === 'inline' ? 'stop' : failure.onFailure;
    const { attempts } = failure;
    if (this.#givenUp.has(placeOf({ position, key }))) return void this.#excused.push({ position, key });
    if (onFailure === 'stop') throw new ProjectionStopped(this.#projection.name, position, key, error);
    this.#firstError ??= error;
    (onFailure === 'park' ? this.#parkedKeys : this.#skippedKeys).add(key);
    this.#add({ key, position, isWhole, error: errorText(error), attempts });
  }

  /** Stores what was set aside. @throws {TooManyParked} it is more than the projector allows */
  async store({ parked }: ReadModelTransaction): Promise<void> {
    if (this.#excused.length > 0) await parked.inherit(this.#target, this.#excused);
    if (this.isEmpty) return;
    const events = [...this.#setAside.values()];
    const { name, failure } = this.#projection;
    const staying = events.filter(event => !this.#skippedKeys.has(event.key)).length;
    if (staying > 0 && this.#parkedBefore + staying > failure.maxParked) {
      throw new TooManyParked(name, failure.maxParked, this.#firstError);
    }
    await parked.park(this.#target, events);
    const reason = { reason: "skipped by the projector's policy", by: null };
    for (const key of this.#skippedKeys) await parked.discard(this.#target, key, Infinity, reason);
  }

  /** Says in the log what failed, once it is stored; what only waits is no news. */
  report(logger: Logger): void {
    const failed = [...this.#setAside.values()].filter(event => event.error !== null);
    const [first] = failed;
    if (first === undefined) return;
    const done = this.#skippedKeys.size > 0 ? 'skipped' : 'parked';
    const { name, version } = this.#target;
    logger.error(`Projection "${name}" v${version} ${done} events that failed.`, {
      failed: failed.length,
      firstKey: first.key,
      firstPosition: first.position,
      error: this.#firstError,
    });
  }

  /* An event whose keys nobody could tell holds up all of its aggregate, whatever their keys. */
  #isBlocked({ event, key }: Delivery): boolean {
    return this.#parkedKeys.has(key) || this.#parkedKeys.has(formatStream(event));
  }

  #add(event: EventToPark): void {
    const place = `${event.position} ${event.key}`;
    const known = this.#setAside.get(place);
    const merged = known === undefined ? event : { ...known, isWhole: known.isWhole || event.isWhole };
    this.#setAside.set(place, merged);
  }
}
