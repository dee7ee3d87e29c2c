import { randomBytes } from 'node:crypto';
import type { Recorded } from '../../../domain/index.ts';
import { Consumers } from '../../../application/consumers/consumers.ts';
import type { PullOptions } from '../../../application/consumers/consumers.ts';
import type { ConsumerStore, Delivery } from '../../../application/ports/consumer-store.ts';
import type { EventStore } from '../../../application/ports/event-store.ts';
import type { ReadModelStore } from '../../../application/ports/read-model-store.ts';
import { VirtualClock } from '../virtual-clock.ts';

/** What a case needs of a store. */
export interface StoreOfConsumers {
  readonly events: EventStore;
  readonly consumers: ConsumerStore;
  /** Which list what operators did to consumers. */
  readonly readModels: Pick<ReadModelStore, 'listOperations'>;
}

/** A consumer and aggregates that no other case uses. */
export class ConsumersUnderTest {
  readonly store: StoreOfConsumers;
  readonly clock = new VirtualClock();
  readonly consumers: Consumers;
  readonly aggregateType = `case-${randomBytes(8).toString('hex')}`;
  readonly name = `of-${this.aggregateType}`;

  constructor(store: StoreOfConsumers) {
    this.store = store;
    this.consumers = this.node();
  }

  /** The consumers as another process sees them. */
  node(maxOpen?: number): Consumers {
    const { events, consumers: store, readModels } = this.store;
    return new Consumers({ events, store, readModels, clock: this.clock, maxOpen });
  }

  /** Appends so many events to an aggregate. */
  async append(aggregateId: string, count = 1, type = 'case.happened'): Promise<void> {
    const stream = { aggregateType: this.aggregateType, aggregateId };
    const events = Array.from({ length: count }, () => ({ type, payload: {} }));
    await this.store.events.append({ stream, expectedVersion: 'any', events });
  }

  /** Pulls the events of the case. */
  pull(options: PullOptions = {}, consumers = this.consumers): Promise<readonly Delivery[]> {
    return consumers.pull(this.name, { aggregateTypes: [this.aggregateType], ...options });
  }

  /** Pulls, and gives the events that came by their labels. */
  async pullLabels(options?: PullOptions, consumers?: Consumers): Promise<readonly string[]> {
    return labelsOf(await this.pull(options, consumers));
  }

  /** Pulls the one event that is there. */
  async pullOne(options?: PullOptions): Promise<Delivery> {
    const [delivery, ...others] = await this.pull(options);
    if (delivery === undefined || others.length > 0) throw new RangeError('There is not exactly one event.');
    return delivery;
  }

  /** Pulls, fails and lets the time of the next try come, until nothing comes any more. */
  async failUntilParked(error = 'on purpose'): Promise<void> {
    for (;;) {
      const deliveries = await this.pull();
      if (deliveries.length === 0) return;
      for (const { event, lease } of deliveries) {
        await this.consumers.fail(this.name, event.eventId, { lease, error });
      }
      this.clock.advance(3_600_000);
    }
  }

  /** Acknowledges what was handed out. */
  async acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    for (const { event, lease } of deliveries) {
      await this.consumers.acknowledge(this.name, event.eventId, { lease });
    }
  }

  /** Pulls and acknowledges until nothing comes any more; the events in the order in which they came. */
  async drain(options?: PullOptions): Promise<readonly string[]> {
    const labels: string[] = [];
    for (;;) {
      const deliveries = await this.pull(options);
      if (deliveries.length === 0) return labels;
      labels.push(...labelsOf(deliveries));
      await this.acknowledge(deliveries);
    }
  }

  async eventOf(aggregateId: string, version = 1): Promise<Recorded> {
    const stream = { aggregateType: this.aggregateType, aggregateId };
    for await (const event of this.store.events.readStream(stream, { fromVersion: version })) return event;
    throw new RangeError(`There is no ${aggregateId}${version}.`);
  }
}

/** Names events by aggregate and version: `a1`, `a2`, `b1`. */
export function labelsOf(deliveries: readonly { readonly event: Recorded }[]): readonly string[] {
  return deliveries.map(({ event }) => `${event.aggregateId}${event.version}`);
}

/** What a case does with consumers. */
export type ConsumerCaseBody = (subject: ConsumersUnderTest) => Promise<void>;
