import { formatStream } from '../../domain/index.ts';
import type { Recorded } from '../../domain/index.ts';
import type {
  Consumer,
  Delivery,
  NewConsumer,
  OpenDeliveryQuery,
} from '../../application/ports/consumer-store.ts';
import { matches } from './match-events.ts';

/** A consumer in memory with its deliveries. Each change can be undone. */
export class MemoryDeliveries {
  #consumer: Omit<Consumer, 'openCount'>;
  #openCount = 0;
  readonly #byPosition = new Map<number, Delivery>();
  /* The positions of the open deliveries of each aggregate, in order. */
  readonly #open = new Map<string, number[]>();

  constructor(consumer: NewConsumer, createdAt: Date) {
    this.#consumer = { ...consumer, readPosition: consumer.startPosition, createdAt };
  }

  get consumer(): Consumer {
    return { ...this.#consumer, openCount: this.#openCount };
  }

  /** Notes how far the consumer has read; returns what undoes it. */
  moveTo(readPosition: number): () => void {
    const before = this.#consumer;
    this.#consumer = { ...before, readPosition };
    return () => (this.#consumer = before);
  }

  at(positions: readonly number[]): readonly Delivery[] {
    return positions.flatMap(position => this.#byPosition.get(position) ?? []);
  }

  /** All open deliveries, in position order. */
  get open(): readonly Delivery[] {
    return this.at([...this.#open.values()].flat().sort((left, right) => left - right));
  }

  due(now: Date, limit: number): readonly Delivery[] {
    const firsts = this.at([...this.#open.values()].map(([first]) => first!).sort((a, b) => a - b));
    const waiting = firsts.filter(({ status }) => status === 'waiting');
    const again = firsts.filter(({ status, dueAt }) => isHandedOut(status) && dueAt <= now);
    again.sort((left, right) => left.dueAt.getTime() - right.dueAt.getTime());
    return [...again, ...waiting].slice(0, limit).sort((a, b) => a.event.position - b.event.position);
  }

  findOpen({
    filter,
    status,
    order,
    afterPosition,
    toPosition,
    limit,
  }: OpenDeliveryQuery): readonly Delivery[] {
    const found = this.open.filter(
      ({ event, status: is }) =>
        event.position > afterPosition &&
        event.position <= toPosition &&
        (status ?? is) === is &&
        matches(event, filter ?? {}),
    );
    if (order === 'newest') found.reverse();
    return found.slice(0, limit);
  }

  /** Adds a delivery that waits; returns what undoes it. */
  add(event: Recorded): () => void {
    return this.put({
      ...{ consumer: this.#consumer.name, event, status: 'waiting', attempts: 0, dueAt: new Date(0) },
      ...{ lease: undefined, error: undefined, transactionId: undefined, report: undefined },
      ...{ closedAt: undefined, decidedBy: undefined, reason: undefined },
    });
  }

  /** Stores a delivery as it is; returns what undoes it. */
  put(delivery: Delivery): () => void {
    const { position } = delivery.event;
    const before = this.#byPosition.get(position);
    this.#byPosition.set(position, delivery);
    this.#note(delivery, delivery.closedAt === undefined);
    return () => {
      if (before !== undefined) this.put(before);
      else this.#remove(delivery);
    };
  }

  closedBefore(before: Date): readonly Delivery[] {
    return [...this.#byPosition.values()].filter(
      ({ closedAt }) => closedAt !== undefined && closedAt < before,
    );
  }

  /** Forgets deliveries that are closed. */
  forget(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#remove(delivery);
  }

  #remove(delivery: Delivery): void {
    this.#byPosition.delete(delivery.event.position);
    this.#note(delivery, false);
  }

  #note({ event }: Delivery, isOpen: boolean): void {
    const name = formatStream(event);
    const before = this.#open.get(name) ?? [];
    const others = before.filter(position => position !== event.position);
    const positions = isOpen ? [...others, event.position].sort((left, right) => left - right) : others;
    this.#openCount += positions.length - before.length;
    if (positions.length > 0) this.#open.set(name, positions);
    else this.#open.delete(name);
  }
}

function isHandedOut(status: Delivery['status']): boolean {
  return status === 'leased' || status === 'retrying';
}
