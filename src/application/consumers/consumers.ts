import { randomUUID } from 'node:crypto';
import type { Recorded } from '../../domain/index.ts';
import { checkIdentifier } from '../../domain/identifiers.ts';
import { checkBound, checkFields, checkLimit, checkTime } from '../events/check-query.ts';
import { toJsonText } from '../events/json-text.ts';
import type { Clock } from '../ports/clock.ts';
import { NotHandedOut, NotParked, UnknownConsumer } from '../ports/consumer-errors.ts';
import type {
  Consumer,
  ConsumerStore,
  ConsumerTransaction,
  Delivery,
  OpenDeliveries,
} from '../ports/consumer-store.ts';
import type { EventPage, EventStore } from '../ports/event-store.ts';
import type { Operation, RecordedOperation } from '../ports/operation.ts';
import type { ReadModelStore } from '../ports/read-model-store.ts';
import { acknowledged, extended, failed, requireLease } from './answers.ts';
import type { Failure, Report } from './answers.ts';
import { checkWho, requireReason } from '../who-and-why.ts';
import type { Who } from '../who-and-why.ts';
import { consumerOperation, operationName } from './consumer-operation.ts';
import {
  checkConsumerName,
  checkConsumerOptions,
  checkFailure,
  checkLease,
  checkRetryAfter,
  checkSameOptions,
  defaultConsumer,
  defaultMaxAttempts,
  getsTheSame,
} from './consumer-options.ts';
import type { ConsumerOptions } from './consumer-options.ts';
import { findByProcessing } from './find-by-processing.ts';
import type { ProcessingQuery } from './find-by-processing.ts';
import { handOut } from './hand-out.ts';
import { processingOf } from './processing.ts';
import type { Processing } from './processing.ts';

/** What consumers need. */
export interface ConsumerServices {
  readonly events: EventStore;
  readonly store: ConsumerStore;
  /** Where what operators did is read. */
  readonly readModels: Pick<ReadModelStore, 'listOperations'>;
  /** What leases are measured by; default: the store's own time, which all nodes share. */
  readonly clock?: Clock | undefined;
  /** Deliveries of a consumer that are open at most; default 100,000. */
  readonly maxOpen?: number | undefined;
}

/** Options of a pull. */
export interface PullOptions extends ConsumerOptions {
  /** 1 to 10,000; default 100. */
  readonly limit?: number | undefined;
  /** For how long nobody else gets the events, a second to a day; default 60 s. */
  readonly leaseMs?: number | undefined;
}

type Sought = ConsumerOptions & { readonly limit: number; readonly leaseMs: number };

/** Who answers for an event. */
export interface Answer {
  /** The lease under which it was handed out; without it whoever answers is taken at their word. */
  readonly lease?: string | undefined;
}

/** Options of making a consumer. */
export interface OpenOptions extends ConsumerOptions, Who {}

/** A consumer, and how far it is. */
export interface ConsumerState extends Consumer {
  readonly open: OpenDeliveries;
  /** Everything up to here is done. */
  readonly checkpoint: number;
  /** Whether it reads nothing new until some of what is open is done. */
  readonly isFull: boolean;
}

const defaultLeaseMs = 60_000;
const defaultMaxOpen = 100_000;
// What one pull reads at most, so that one with little to hand out ends soon; the next one goes on from there.
const pagesAPull = 10;
const reportLimits = { maxBytes: 65_536, maxDepth: 20 };

/**
 * Hands events out to consumers of other processes, which pull them and answer for each.
 *
 * Each consumer gets every event of its kind, those of one aggregate in order and one at a time: the next one comes
 * when the one before is done. An event is leased to whoever pulled it, and to nobody else before the lease ends. What
 * fails comes again, later each time, and is parked in the end, with all later events of its aggregate behind it.
 *
 * At least once: whoever is too late with its answer may find that somebody else was handed the event.
 */
export class Consumers {
  readonly #events: EventStore;
  readonly #store: ConsumerStore;
  readonly #readModels: ConsumerServices['readModels'];
  readonly #clock: Clock | undefined;
  readonly #maxOpen: number;

  constructor({ events, store, readModels, clock, maxOpen = defaultMaxOpen }: ConsumerServices) {
    this.#events = events;
    this.#store = store;
    this.#readModels = readModels;
    this.#clock = clock;
    this.#maxOpen = maxOpen;
  }

  /**
   * The consumer of this name, made with these options if it is new; that it was made is recorded.
   *
   * @throws {ConsumerDiffers} it was made with others; where it began does not count
   */
  async open(name: string, options: OpenOptions = {}): Promise<Consumer> {
    checkConsumerOptions(options, ['actor', 'reason']);
    checkWho(options);
    return this.#open(name, options, consumerOperation('make', name, options));
  }

  async #open(name: string, options: ConsumerOptions, operation?: Operation): Promise<Consumer> {
    checkConsumerName(name);
    const consumer = (await this.#store.find(name)) ?? (await this.#make(name, options, operation));
    checkSameOptions(consumer, options);
    return consumer;
  }

  async #make(name: string, options: ConsumerOptions, operation?: Operation): Promise<Consumer> {
    const { from, types, aggregateTypes, maxAttempts = defaultMaxAttempts } = options;
    const startPosition = from === 'end' ? await this.#events.settledPosition() : 0;
    const consumer = { name, types, aggregateTypes, startPosition, maxAttempts };
    const details = {
      types: types ?? null,
      aggregateTypes: aggregateTypes ?? null,
      startPosition,
      maxAttempts,
    };
    return this.#store.add(consumer, operation && { ...operation, details });
  }

  /**
   * Leases the next events to the caller, in position order; the first pull under a name makes the consumer.
   *
   * Fewer than `limit` do not mean that there are no more: each aggregate has one event at a time under way.
   *
   * @throws {ConsumerDiffers | InvalidQuery}
   * @throws {UnknownConsumer} it was removed meanwhile
   */
  async pull(name: string, options: PullOptions = {}): Promise<readonly Delivery[]> {
    checkConsumerOptions(options, ['limit', 'leaseMs']);
    const { limit = 100, leaseMs = defaultLeaseMs, ...consumerOptions } = options;
    checkLimit('limit', limit);
    checkLease(leaseMs);
    await this.#open(name, consumerOptions);
    const leased: Delivery[] = [];
    try {
      for await (const deliveries of this.#handOut(name, { ...consumerOptions, limit, leaseMs })) {
        leased.push(...deliveries);
      }
    } catch (error) {
      // What is leased would come to nobody until the lease ends. If the failure lasts, the next pull tells of it.
      if (leased.length === 0) throw error;
    }
    return leased.sort((left, right) => left.event.position - right.event.position);
  }

  /* Leases what there is, reads on, leases what that has brought, and so on. */
  async *#handOut(name: string, options: Sought): AsyncIterable<readonly Delivery[]> {
    const { limit, leaseMs } = options;
    const lease = randomUUID();
    for (let [pages, rest] = [0, limit]; ; pages++) {
      const leased = await this.#change(name, async transaction => {
        // It may have been removed and made anew since: then its events are not those that were asked for.
        checkSameOptions(transaction.consumer, options);
        return handOut(transaction, { limit: rest, leaseMs, lease });
      });
      yield leased;
      rest -= leased.length;
      if (rest === 0 || pages === pagesAPull || !(await this.#readOn(name, limit))) return;
    }
  }

  /* Reads a page of what is settled; whether there may be something to hand out now that was not there before. */
  async #readOn(name: string, batchSize: number): Promise<boolean> {
    const consumer = await this.#store.find(name);
    if (consumer === undefined) throw new UnknownConsumer(name);
    const { readPosition: afterPosition, types, aggregateTypes } = consumer;
    if (this.#isFull(consumer)) return false;
    const page = await this.#events.readFeedPage({ afterPosition, types, aggregateTypes, batchSize });
    if (page.throughPosition === afterPosition) return false;
    await this.#change(name, async transaction => {
      const { consumer: current } = transaction;
      // Somebody else has read the same page, or has made the consumer anew, for other events.
      if (current.readPosition !== afterPosition || !getsTheSame(current, consumer)) return;
      await transaction.readOn(page.throughPosition, page.events);
    });
    return page.events.length > 0 || !page.isLast;
  }

  /**
   * Ends a lease: the event is handled. Repeated with the same report it changes nothing.
   *
   * @throws {LeaseLost} the event was handed out again since
   * @throws {AlreadyProcessed} it is done, with another report
   * @throws {NotHandedOut | UnknownConsumer | UnserializableValue | InvalidQuery | InvalidIdentifier}
   */
  async acknowledge(name: string, eventId: string, answer: Answer & Report = {}): Promise<Delivery> {
    checkFields('acknowledgement', answer, ['lease', 'transactionId', 'report']);
    const { lease, transactionId, report } = answer;
    if (transactionId !== undefined) checkIdentifier('transactionId', transactionId, 255);
    if (report !== undefined) toJsonText(report, `The report of consumer "${name}"`, 'report', reportLimits);
    return this.#answer(name, eventId, lease, (delivery, { now }) =>
      acknowledged(delivery, { transactionId, report }, now),
    );
  }

  /**
   * Ends a lease: the event could not be handled. It comes again later, or is parked. Repeated it changes nothing.
   *
   * @throws {LeaseLost} the event was handed out again since
   * @throws {AlreadyProcessed} it is done
   * @throws {NotHandedOut | UnknownConsumer | InvalidQuery}
   */
  async fail(name: string, eventId: string, failure: Answer & Failure): Promise<Delivery> {
    checkFields('failure', failure, ['lease', 'error', 'retryAfterMs']);
    const { lease, retryAfterMs } = failure;
    if (retryAfterMs !== undefined) checkRetryAfter(retryAfterMs);
    const error = checkFailure(failure.error);
    return this.#answer(name, eventId, lease, (delivery, transaction) =>
      failed(delivery, { error, retryAfterMs }, transaction),
    );
  }

  /** Has a lease end later, for work that takes long. @throws {LeaseLost | NotHandedOut | UnknownConsumer} */
  async extend(name: string, eventId: string, answer: Answer & { leaseMs: number }): Promise<Delivery> {
    checkFields('extension', answer, ['lease', 'leaseMs']);
    const { lease, leaseMs } = answer;
    checkLease(leaseMs);
    return this.#answer(name, eventId, lease, (delivery, { now }) => extended(delivery, leaseMs, now));
  }

  async #answer(
    name: string,
    eventId: string,
    lease: string | undefined,
    decide: (delivery: Delivery, transaction: ConsumerTransaction) => Delivery,
  ): Promise<Delivery> {
    const event = await this.#events.get(eventId);
    return this.#change(name, async transaction => {
      const [delivery] = await transaction.at(event === undefined ? [] : [event.position]);
      if (delivery === undefined) throw new NotHandedOut(name, eventId);
      requireLease(delivery, lease);
      const decided = decide(delivery, transaction);
      if (decided !== delivery) await transaction.save([decided]);
      return decided;
    });
  }

  /** Has a parked event tried again, as if it was new; those behind it follow in order. @throws {NotParked} */
  retry(name: string, eventId: string, who: Who = {}): Promise<Delivery> {
    const dueAt = new Date(0);
    return this.#decide(name, eventId, { ...who, action: 'retry' }, delivery => ({
      ...{ ...delivery, status: 'waiting', attempts: 0, lease: undefined, dueAt },
    }));
  }

  /** Gives a parked event up; those behind it go on. It needs a reason. @throws {NotParked | InvalidIdentifier} */
  async discard(name: string, eventId: string, who: Who & { readonly reason: string }): Promise<Delivery> {
    requireReason(who);
    return this.#decide(name, eventId, { ...who, action: 'discard' }, (delivery, closedAt) => ({
      ...{ ...delivery, status: 'discarded', closedAt },
    }));
  }

  async #decide(
    name: string,
    eventId: string,
    who: Who & { readonly action: 'retry' | 'discard' },
    decide: (delivery: Delivery, now: Date) => Delivery,
  ): Promise<Delivery> {
    checkWho(who);
    const { actor = 'system', reason, action } = who;
    const event = await this.#events.get(eventId);
    return this.#change(name, async transaction => {
      const [delivery] = await transaction.at(event === undefined ? [] : [event.position]);
      if (delivery?.status !== 'parked') throw new NotParked(name, eventId);
      const decided = { ...decide(delivery, transaction.now), decidedBy: actor, reason };
      await transaction.save([decided]);
      const details = { eventId, position: delivery.event.position };
      await transaction.record({ ...consumerOperation(action, name, who), details });
      return decided;
    });
  }

  /** What is parked, the oldest first; behind each wait the later events of its aggregate. */
  async parked(name: string, limit = 100): Promise<readonly Delivery[]> {
    await this.#get(name);
    const everywhere = { afterPosition: 0, toPosition: Infinity, order: 'oldest' } as const;
    return this.#store.findOpen(name, {
      ...{ ...everywhere, status: 'parked' },
      limit: checkLimit('limit', limit),
    });
  }

  /** What a consumer has made of each of these events. @throws {UnknownConsumer} */
  async processingOf(name: string, events: readonly Recorded[]): Promise<readonly Processing[]> {
    const consumer = await this.#get(name);
    const deliveries = await this.#store.deliveriesAt(
      name,
      events.map(({ position }) => position),
    );
    const byPosition = new Map(deliveries.map(delivery => [delivery.event.position, delivery]));
    return events.map(event => processingOf(consumer, event, byPosition.get(event.position)));
  }

  /** The events that a consumer has processed, or has yet to process. @throws {UnknownConsumer | InvalidQuery} */
  async find(name: string, query: ProcessingQuery): Promise<EventPage> {
    const consumer = await this.#get(name);
    return findByProcessing({ events: this.#events, store: this.#store, consumer }, query);
  }

  /** How far a consumer is. @throws {UnknownConsumer} */
  async state(name: string): Promise<ConsumerState> {
    const consumer = await this.#store.find(checkConsumerName(name));
    if (consumer === undefined) throw new UnknownConsumer(name);
    return this.#stateOf(consumer);
  }

  /** All consumers, in order of name. */
  async list(): Promise<readonly ConsumerState[]> {
    const consumers = await this.#store.list();
    return Promise.all(consumers.map(consumer => this.#stateOf(consumer)));
  }

  /** Removes a consumer with all that it was told and has told; its history stays. @throws {UnknownConsumer} */
  async remove(name: string, who: Who = {}): Promise<void> {
    checkWho(who);
    const operation = consumerOperation('remove', checkConsumerName(name), who);
    if (!(await this.#store.remove(name, operation))) throw new UnknownConsumer(name);
  }

  /**
   * Forgets what was told of events that were done before a time; they stay done. Returns how many.
   *
   * @throws {UnknownConsumer | InvalidQuery}
   */
  async purge(name: string, before: Date, who: Who = {}): Promise<number> {
    checkWho(who);
    await this.#get(name);
    checkTime('before', before);
    const operation = consumerOperation('purge', name, who);
    return this.#store.purge(name, before, purged => ({
      ...{ ...operation, details: { before: before.toISOString(), purged } },
    }));
  }

  /** What operators did to a consumer, also to one that is gone; the latest first. @param limit - default 100 */
  async history(name: string, limit = 100): Promise<readonly RecordedOperation[]> {
    const operations = operationName(checkConsumerName(name));
    return this.#readModels.listOperations(operations, checkBound('limit', limit, 1));
  }

  async #stateOf(consumer: Consumer): Promise<ConsumerState> {
    const open = await this.#store.countOpen(consumer.name);
    const { firstPosition = consumer.readPosition + 1 } = open;
    return { ...consumer, open, checkpoint: firstPosition - 1, isFull: this.#isFull(consumer) };
  }

  #isFull({ openCount }: Consumer): boolean {
    return openCount >= this.#maxOpen;
  }

  /* Who asks for the default one before anybody has pulled asks for one that has everything before it. */
  async #get(name: string): Promise<Consumer> {
    const consumer = await this.#store.find(checkConsumerName(name));
    if (consumer !== undefined) return consumer;
    if (name !== defaultConsumer) throw new UnknownConsumer(name);
    const [createdAt, maxAttempts] = [new Date(0), defaultMaxAttempts];
    return { name, startPosition: 0, readPosition: 0, openCount: 0, createdAt, maxAttempts };
  }

  #change<T>(name: string, work: (transaction: ConsumerTransaction) => Promise<T>): Promise<T> {
    return this.#store.change(checkConsumerName(name), this.#clock?.now(), work);
  }
}
