import type { Clock } from '../../application/ports/clock.ts';
import { UnknownConsumer } from '../../application/ports/consumer-errors.ts';
import type {
  Consumer,
  ConsumerStore,
  ConsumerTransaction,
  Delivery,
  NewConsumer,
  OpenDeliveries,
  OpenDeliveryQuery,
} from '../../application/ports/consumer-store.ts';
import type { Operation } from '../../application/ports/operation.ts';
import { MemoryDeliveries } from './memory-deliveries.ts';
import type { MemoryOperations } from './memory-operations.ts';

/** Keeps consumers in memory; changes run one after another. */
export class MemoryConsumerStore implements ConsumerStore {
  readonly #clock: Clock;
  readonly #operations: MemoryOperations;
  readonly #consumers = new Map<string, MemoryDeliveries>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, operations: MemoryOperations) {
    this.#clock = clock;
    this.#operations = operations;
  }

  async add(consumer: NewConsumer, operation?: Operation): Promise<Consumer> {
    const stored = this.#consumers.get(consumer.name);
    if (stored !== undefined) return stored.consumer;
    const deliveries = new MemoryDeliveries(consumer, this.#clock.now());
    this.#consumers.set(consumer.name, deliveries);
    if (operation) this.#operations.record(operation);
    return deliveries.consumer;
  }

  async find(name: string): Promise<Consumer | undefined> {
    return this.#consumers.get(name)?.consumer;
  }

  async list(): Promise<readonly Consumer[]> {
    const consumers = [...this.#consumers.values()].map(({ consumer }) => consumer);
    return consumers.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async remove(name: string, operation: Operation): Promise<boolean> {
    return this.#inOrder(async () => {
      const isRemoved = this.#consumers.delete(name);
      if (isRemoved) this.#operations.record(operation);
      return isRemoved;
    });
  }

  change<T>(
    name: string,
    now: Date | undefined,
    work: (transaction: ConsumerTransaction) => Promise<T>,
  ): Promise<T> {
    return this.#inOrder(async () => {
      const deliveries = this.#consumers.get(name);
      if (deliveries === undefined) throw new UnknownConsumer(name);
      const transaction = new MemoryConsumerTransaction(deliveries, now ?? this.#clock.now());
      try {
        const result = await work(transaction);
        for (const operation of transaction.operations) this.#operations.record(operation);
        return result;
      } catch (error) {
        transaction.undo();
        throw error;
      }
    });
  }

  async deliveriesAt(name: string, positions: readonly number[]): Promise<readonly Delivery[]> {
    return this.#consumers.get(name)?.at(positions) ?? [];
  }

  async findOpen(name: string, query: OpenDeliveryQuery): Promise<readonly Delivery[]> {
    return this.#consumers.get(name)?.findOpen(query) ?? [];
  }

  async countOpen(name: string): Promise<OpenDeliveries> {
    const open = this.#consumers.get(name)?.open ?? [];
    const count = (status: Delivery['status']): number =>
      open.filter(delivery => delivery.status === status).length;
    return {
      ...{ waiting: count('waiting'), leased: count('leased') },
      ...{ retrying: count('retrying'), parked: count('parked') },
      firstPosition: open[0]?.event.position,
    };
  }

  async purge(name: string, before: Date, operationOf: (purged: number) => Operation): Promise<number> {
    return this.#inOrder(async () => {
      const deliveries = this.#consumers.get(name);
      const old = deliveries?.closedBefore(before) ?? [];
      this.#operations.record(operationOf(old.length));
      deliveries?.forget(old);
      return old.length;
    });
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

class MemoryConsumerTransaction implements ConsumerTransaction {
  readonly now: Date;
  readonly #deliveries: MemoryDeliveries;
  readonly #undo: (() => void)[] = [];
  /** What to record when it ends well. */
  readonly operations: Operation[] = [];

  constructor(deliveries: MemoryDeliveries, now: Date) {
    this.#deliveries = deliveries;
    this.now = now;
  }

  get consumer(): Consumer {
    return this.#deliveries.consumer;
  }

  async readOn(readPosition: number, events: Parameters<ConsumerTransaction['readOn']>[1]): Promise<void> {
    this.#undo.push(this.#deliveries.moveTo(readPosition));
    for (const event of events) this.#undo.push(this.#deliveries.add(event));
  }

  async due(limit: number): Promise<readonly Delivery[]> {
    return this.#deliveries.due(this.now, limit);
  }

  async at(positions: readonly number[]): Promise<readonly Delivery[]> {
    return this.#deliveries.at(positions);
  }

  async save(deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) this.#undo.push(this.#deliveries.put(delivery));
  }

  async record(operation: Operation): Promise<void> {
    this.operations.push(operation);
  }

  /** Takes back what was done, the last first. */
  undo(): void {
    for (const undo of this.#undo.reverse()) undo();
  }
}
