import type { Recorded } from '../../domain/index.ts';
import type { EventFilter, FeedFilter } from './event-store.ts';
import type { Operation } from './operation.ts';

/** A consumer that is to be made. */
export interface NewConsumer extends FeedFilter {
  readonly name: string;
  /** It gets what comes after this position. */
  readonly startPosition: number;
  /** How often an event is handed out before it is parked. */
  readonly maxAttempts: number;
}

/** A consumer as it is stored. */
export interface Consumer extends NewConsumer {
  /** Everything up to here was read: it has a delivery that is open, or it is done, or the consumer does not get it. */
  readonly readPosition: number;
  /** How many of its deliveries are open. */
  readonly openCount: number;
  readonly createdAt: Date;
}

/**
 * Where a delivery is. The first four are open, the last two are closed.
 *
 * - `waiting`: it was not handed out, or an operator has it tried anew; leaves by being handed out
 * - `leased`: somebody works on it; leaves by an acknowledgement or a failure, or is handed out again after the lease
 * - `retrying`: it failed, and is handed out again later
 * - `parked`: it failed too often; leaves by an operator's retry or discard, or by an acknowledgement
 * - `processed`: it was acknowledged
 * - `discarded`: an operator gave it up
 *
 * While one is open, no later one of its aggregate is handed out.
 */
export type DeliveryStatus = 'waiting' | 'leased' | 'retrying' | 'parked' | 'processed' | 'discarded';

/** One event on its way to one consumer. */
export interface Delivery {
  readonly consumer: string;
  readonly event: Recorded;
  readonly status: DeliveryStatus;
  /** How often it was handed out. */
  readonly attempts: number;
  /** Tells the last time that it was handed out from all others; undefined: it never was. */
  readonly lease: string | undefined;
  /** When it may be handed out again. */
  readonly dueAt: Date;
  /** Why it failed the last time. */
  readonly error: string | undefined;
  /** The transaction in which the consumer handled it, as the consumer calls it. */
  readonly transactionId: string | undefined;
  /** What else the consumer told of it; plain JSON. */
  readonly report: Readonly<Record<string, unknown>> | undefined;
  /** When it was processed or discarded. */
  readonly closedAt: Date | undefined;
  /** Which operator retried or discarded it last: `user:{id}`, `agent:{name}` or `system`. */
  readonly decidedBy: string | undefined;
  readonly reason: string | undefined;
}

/** How many deliveries of a consumer are open, by their status, and where the first of them is. */
export interface OpenDeliveries {
  readonly waiting: number;
  readonly leased: number;
  readonly retrying: number;
  readonly parked: number;
  /** Undefined: none is open. */
  readonly firstPosition: number | undefined;
}

/** Which open deliveries to find. */
export interface OpenDeliveryQuery {
  readonly filter?: EventFilter | undefined;
  readonly status?: DeliveryStatus | undefined;
  readonly order: 'oldest' | 'newest';
  /** Exclusive. */
  readonly afterPosition: number;
  /** Inclusive. */
  readonly toPosition: number;
  readonly limit: number;
}

/** One consumer and its deliveries, while nobody else changes them. */
export interface ConsumerTransaction {
  readonly consumer: Consumer;
  readonly now: Date;
  /** Moves the read position, and adds deliveries of the events that were read, in position order. */
  readOn(position: number, events: readonly Recorded[]): Promise<void>;
  /**
   * What may be handed out now, in position order: of each aggregate the first open delivery, unless it is parked or
   * due later. Where there are more than the limit, what was handed out before comes first, what has been due for
   * longest before all; then what waits, by position.
   */
  due(limit: number): Promise<readonly Delivery[]>;
  /** The deliveries of the events at these positions, as far as there are any. */
  at(positions: readonly number[]): Promise<readonly Delivery[]>;
  /** Stores deliveries as they are now. */
  save(deliveries: readonly Delivery[]): Promise<void>;
  /** Records what an operator does in this transaction. */
  record(operation: Operation): Promise<void>;
}

/**
 * Keeps consumers and their deliveries; every adapter passes `consumerContract`.
 *
 * What it keeps open is bounded by who reads on; closed deliveries stay, with what was told of them, until `purge`.
 *
 * An operation is recorded with what it tells of or not at all, and stays when the consumer is removed: the read models
 * of the store list it.
 */
export interface ConsumerStore {
  /**
   * Makes a consumer, which begins at its start, unless there is one of this name; the one that is stored then.
   *
   * @param operation - recorded if it is made
   */
  add(consumer: NewConsumer, operation?: Operation): Promise<Consumer>;
  find(name: string): Promise<Consumer | undefined>;
  /** In order of name. */
  list(): Promise<readonly Consumer[]>;
  /** Removes a consumer with its deliveries; whether there was one. @param operation - recorded if there was */
  remove(name: string, operation: Operation): Promise<boolean>;
  /**
   * Does something with a consumer, all or nothing, and one after another: who comes later sees what was done before.
   *
   * @param now - what counts as the time; undefined: the store's own, which all nodes share
   * @throws {UnknownConsumer}
   */
  change<T>(
    name: string,
    now: Date | undefined,
    work: (transaction: ConsumerTransaction) => Promise<T>,
  ): Promise<T>;
  /** The deliveries of the events at these positions, as far as there are any. */
  deliveriesAt(name: string, positions: readonly number[]): Promise<readonly Delivery[]>;
  findOpen(name: string, query: OpenDeliveryQuery): Promise<readonly Delivery[]>;
  countOpen(name: string): Promise<OpenDeliveries>;
  /**
   * Forgets deliveries that were closed before a time; returns how many.
   *
   * @param operationOf - what to record, by how many were forgotten
   */
  purge(name: string, before: Date, operationOf: (purged: number) => Operation): Promise<number>;
}
