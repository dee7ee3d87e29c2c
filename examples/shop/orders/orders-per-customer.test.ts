import { describe, test } from '@jest/globals';
import { projectionFor } from 'annals/testing';
import { CustomerProfileUpdated, CustomerRegistered } from '../customers/customer-events.ts';
import {
  OrderCreated,
  OrderFulfilled,
  OrderPaymentReceived,
  OrderPaymentRefunded,
  OrderStatusChanged,
} from './order-events.ts';
import { OrdersPerCustomer } from './orders-per-customer.ts';

const placedAt = '2026-01-05T09:30:00.000Z';
const registered = projectionFor(OrdersPerCustomer)
  .at(placedAt)
  .on('ada', new CustomerRegistered('Ada', 'ada@example.org'));
const ada = { name: 'Ada', email: 'ada@example.org' };
const first = { orderId: 'order-1', placedAt, totalCents: 2230, status: 'created' } as const;
const second = { orderId: 'order-2', placedAt, totalCents: 500, status: 'created' } as const;

describe('OrdersPerCustomer', () => {
  test('lists customers without orders', () =>
    registered.thenDocuments({ ada: { ...ada, orders: [], openOrders: 0, spentCents: 0 } }));

  test('follows name and address', () =>
    registered
      .on('ada', new CustomerProfileUpdated('Ada L.', 'ada@example.net', 'ada@example.org'))
      .thenDocuments({
        ada: { name: 'Ada L.', email: 'ada@example.net', orders: [], openOrders: 0, spentCents: 0 },
      }));

  test('keeps the orders of a customer in the order of time, and those of others apart', () =>
    registered
      .on('bob', new CustomerRegistered('Bob', 'bob@example.org'))
      .on('order-1', new OrderCreated('ada', [], 2230))
      .on('order-2', new OrderCreated('ada', [], 500))
      .on('order-3', new OrderCreated('bob', [], 700))
      .thenDocuments({
        ada: { ...ada, orders: [first, second], openOrders: 2, spentCents: 0 },
        bob: {
          name: 'Bob',
          email: 'bob@example.org',
          orders: [{ ...first, orderId: 'order-3', totalCents: 700 }],
          openOrders: 1,
          spentCents: 0,
        },
      }));

  test('follows an order on its way', () =>
    registered
      .on('order-1', new OrderCreated('ada', [], 2230), new OrderPaymentReceived('ada', 2230, 'card'))
      .on('order-1', new OrderStatusChanged('ada', 'paid', 'packed'))
      .on('order-2', new OrderCreated('ada', [], 500))
      .thenDocuments({
        ada: {
          ...ada,
          orders: [{ ...first, status: 'packed' }, second],
          openOrders: 2,
          spentCents: 2230,
        },
      }));

  test('counts a fulfilled order as spent, not as open', () =>
    registered
      .on('order-1', new OrderCreated('ada', [], 2230), new OrderPaymentReceived('ada', 2230, 'card'))
      .on('order-1', new OrderFulfilled('ada'))
      .thenDocuments({
        ada: { ...ada, orders: [{ ...first, status: 'fulfilled' }], openOrders: 0, spentCents: 2230 },
      }));

  test('counts a refunded order as neither', () =>
    registered
      .on('order-1', new OrderCreated('ada', [], 2230), new OrderPaymentReceived('ada', 2230, 'card'))
      .on('order-1', new OrderStatusChanged('ada', 'paid', 'cancelled', 'changed my mind'))
      .on('order-1', new OrderPaymentRefunded('ada', 2230))
      .thenDocuments({
        ada: { ...ada, orders: [{ ...first, status: 'cancelled' }], openOrders: 0, spentCents: 0 },
      }));
});
