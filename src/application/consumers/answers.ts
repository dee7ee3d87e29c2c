import { canonicalJson } from '../events/canonical-json.ts';
import { AlreadyProcessed, LeaseLost, NotHandedOut } from '../ports/consumer-errors.ts';
import type { ConsumerTransaction, Delivery } from '../ports/consumer-store.ts';

/** What a consumer tells of an event that it has handled. */
export interface Report {
  readonly transactionId?: string | undefined;
  readonly report?: Readonly<Record<string, unknown>> | undefined;
}

/** Why a consumer could not handle an event. */
export interface Failure {
  readonly error: string;
  /** Default: a second, doubled with each attempt, five minutes at most. */
  readonly retryAfterMs?: number | undefined;
}

const firstRetryMs = 1_000;
// Somebody who is away for an hour finds little that has to wait longer than this once they are back.
const longestRetryMs = 300_000;

/** The delivery once it is acknowledged; itself if it was, with the same report. */
export function acknowledged(
  delivery: Delivery,
  { transactionId, report }: Report,
  closedAt: Date,
): Delivery {
  if (delivery.status === 'processed' && isSameReport(delivery, { transactionId, report })) return delivery;
  requireOpen(delivery);
  return { ...delivery, status: 'processed', error: undefined, transactionId, report, closedAt };
}

/** The delivery once it has failed; itself if that was told before. */
export function failed(
  delivery: Delivery,
  { error, retryAfterMs }: Failure,
  { consumer, now }: ConsumerTransaction,
): Delivery {
  requireOpen(delivery);
  // Told a second time: what followed from it has happened.
  if (delivery.status !== 'leased') return delivery;
  if (delivery.attempts >= consumer.maxAttempts) return { ...delivery, status: 'parked', error };
  const backoffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** (delivery.attempts - 1));
  return {
    ...delivery,
    status: 'retrying',
    error,
    dueAt: new Date(now.getTime() + (retryAfterMs ?? backoffMs)),
  };
}

/** The delivery with a lease that ends later. @throws {LeaseLost} it is not leased any more */
export function extended(delivery: Delivery, leaseMs: number, now: Date): Delivery {
  if (delivery.status !== 'leased') throw leaseLost(delivery);
  return { ...delivery, dueAt: new Date(now.getTime() + leaseMs) };
}

/**
 * Refuses an answer of whoever holds no lease, or an earlier one. Who names none is taken at their word.
 *
 * @throws {NotHandedOut | LeaseLost}
 */
export function requireLease(delivery: Delivery, lease: string | undefined): void {
  if (lease !== undefined && delivery.lease !== lease) throw leaseLost(delivery);
  if (delivery.status === 'waiting') throw new NotHandedOut(delivery.consumer, delivery.event.eventId);
}

function leaseLost({ consumer, event, status }: Delivery): LeaseLost {
  return new LeaseLost(consumer, event.eventId, status);
}

function requireOpen({ consumer, event, status, closedAt }: Delivery): void {
  if (closedAt !== undefined) throw new AlreadyProcessed(consumer, event.eventId, status);
}

function isSameReport(delivery: Delivery, { transactionId, report }: Report): boolean {
  const stored = canonicalJson([delivery.transactionId ?? null, delivery.report ?? null]);
  return stored === canonicalJson([transactionId ?? null, report ?? null]);
}
