import type { ConsumerTransaction, Delivery } from '../ports/consumer-store.ts';

/** To whom deliveries are handed. */
export interface HandOut {
  readonly limit: number;
  readonly leaseMs: number;
  /** Unlike that of any other time. */
  readonly lease: string;
}

/** Leases what is due, in position order; what was handed out too often without an answer is parked instead. */
export async function handOut(
  transaction: ConsumerTransaction,
  { limit, leaseMs, lease }: HandOut,
): Promise<readonly Delivery[]> {
  const { consumer, now } = transaction;
  const dueAt = new Date(now.getTime() + leaseMs);
  const leased: Delivery[] = [];
  for (;;) {
    const due = leased.length < limit ? await transaction.due(limit - leased.length) : [];
    if (due.length === 0) return leased;
    const changed = due.map(delivery =>
      isUsedUp(delivery, consumer.maxAttempts)
        ? parkUnanswered(delivery)
        : { ...delivery, status: 'leased' as const, attempts: delivery.attempts + 1, lease, dueAt },
    );
    await transaction.save(changed);
    leased.push(...changed.filter(({ status }) => status === 'leased'));
  }
}

/* Whoever dies of an event cannot say that it failed. */
function isUsedUp({ status, attempts }: Delivery, maxAttempts: number): boolean {
  return status === 'leased' && attempts >= maxAttempts;
}

function parkUnanswered(delivery: Delivery): Delivery {
  const error = `It was handed out ${delivery.attempts} times, the last time without an answer.`;
  return { ...delivery, status: 'parked', error };
}
