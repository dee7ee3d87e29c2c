import { describe, test } from '@jest/globals';
import { projectionFor } from 'annals/testing';
import { OrderPaymentReceived, OrderPaymentRefunded } from './order-events.ts';
import { RevenuePerDay } from './revenue-per-day.ts';

describe('RevenuePerDay', () => {
  test('adds up the payments of a day and takes refunds off', () =>
    projectionFor(RevenuePerDay)
      .at('2026-01-05T08:30:00Z')
      .on('order-1', new OrderPaymentReceived('ada', 2230, 'card'))
      .on('order-2', new OrderPaymentReceived('bob', 500, 'cash'))
      .on('order-1', new OrderPaymentRefunded('ada', 2230))
      .thenDocuments({ '2026-01-05': { payments: 2, refunds: 1, revenueCents: 500 } }));

  test('books a refund on the day on which it is paid back', () =>
    projectionFor(RevenuePerDay)
      .at('2026-01-05T23:59:59.999Z')
      .on('order-1', new OrderPaymentReceived('ada', 2230, 'card'))
      .at('2026-01-06T00:00:00Z')
      .on('order-1', new OrderPaymentRefunded('ada', 2230))
      .thenDocuments({
        '2026-01-05': { payments: 1, refunds: 0, revenueCents: 2230 },
        '2026-01-06': { payments: 0, refunds: 1, revenueCents: -2230 },
      }));
});
