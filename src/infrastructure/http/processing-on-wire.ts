import type { Consumers, Delivery, DeliveryStatus, Processing } from '../../application/index.ts';
import type { Recorded } from '../../domain/index.ts';
import type { Identity } from './access/identity.ts';
import { toWire } from './event-on-wire.ts';
import type { EventOnWire } from './event-on-wire.ts';

/** What a consumer has made of an event, as JSON on the wire. */
export interface ProcessingOnWire {
  readonly consumer: string;
  /** Whether it is done; null: the consumer does not get it. */
  readonly processed: boolean | null;
  readonly processed_at: string | null;
  readonly processing_status: DeliveryStatus | null;
  /** This and what follows is shown to those who see the events of all users. */
  readonly processing_attempts?: number;
  readonly processing_error?: string | null;
  readonly transaction_id?: string | null;
  readonly report?: Readonly<Record<string, unknown>> | null;
  /** Which operator retried or discarded it, and why. */
  readonly decided_by?: string | null;
  readonly reason?: string | null;
}

/** An event with its lease, as whoever pulls it gets it. */
export interface PulledOnWire extends EventOnWire, ProcessingOnWire {
  readonly lease: string | null;
  readonly leased_until: string;
}

/** Events with what a consumer has made of them, as far as somebody may see that. @throws {UnknownConsumer} */
export async function withProcessing(
  consumers: Consumers,
  consumer: string,
  events: readonly Recorded[],
  { seesAll }: Identity,
): Promise<readonly (EventOnWire & ProcessingOnWire)[]> {
  const told = await consumers.processingOf(consumer, events);
  return events.map((event, index) => ({
    ...toWire(event),
    ...summary(told[index]!),
    // What a consumer reports may name what is nobody else's business.
    ...(seesAll ? details(told[index]!.delivery) : {}),
  }));
}

/** An event as it is handed to a consumer, or as it is once the consumer has answered. */
export function deliveryOnWire(delivery: Delivery): EventOnWire & ProcessingOnWire {
  const { consumer, status, closedAt } = delivery;
  const told = { consumer, status, isProcessed: closedAt !== undefined, delivery };
  return { ...toWire(delivery.event), ...summary(told), ...details(delivery) };
}

/** An event as it is handed to a consumer. */
export function pulledOnWire(delivery: Delivery): PulledOnWire {
  const { lease = null, dueAt } = delivery;
  return { ...deliveryOnWire(delivery), lease, leased_until: dueAt.toISOString() };
}

function summary({ consumer, isProcessed, status, delivery }: Processing): ProcessingOnWire {
  return {
    consumer,
    processed: isProcessed ?? null,
    processed_at: delivery?.closedAt?.toISOString() ?? null,
    processing_status: status ?? null,
  };
}

function details(delivery: Delivery | undefined): Partial<ProcessingOnWire> {
  return {
    processing_attempts: delivery?.attempts ?? 0,
    processing_error: delivery?.error ?? null,
    transaction_id: delivery?.transactionId ?? null,
    report: delivery?.report ?? null,
    decided_by: delivery?.decidedBy ?? null,
    reason: delivery?.reason ?? null,
  };
}
