import { DocumentProjector, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { OrderPaymentReceived, OrderPaymentRefunded } from './order-events.ts';

/** What a day brought in; its id is the day, e.g. `2026-01-05`. */
export interface DayRevenue {
  readonly payments: number;
  readonly refunds: number;
  readonly revenueCents: number;
}

const nothingYet: DayRevenue = { payments: 0, refunds: 0, revenueCents: 0 };

/**
 * The revenue of each day, UTC.
 *
 * `inline`: it is written in the transaction that stores the payment, so it is never behind, not even by a cent.
 */
@Projector('revenue_per_day', { mode: 'inline' })
export class RevenuePerDay extends DocumentProjector<DayRevenue> {
  override key(event: Recorded): string {
    return event.recordedAt.toISOString().slice(0, 'yyyy-mm-dd'.length);
  }

  @On(OrderPaymentReceived)
  received(day: DayRevenue = nothingYet, { payload }: Recorded<OrderPaymentReceived>): DayRevenue {
    return { ...day, payments: day.payments + 1, revenueCents: day.revenueCents + payload.amountCents };
  }

  @On(OrderPaymentRefunded)
  refunded(day: DayRevenue = nothingYet, { payload }: Recorded<OrderPaymentRefunded>): DayRevenue {
    return { ...day, refunds: day.refunds + 1, revenueCents: day.revenueCents - payload.amountCents };
  }
}
