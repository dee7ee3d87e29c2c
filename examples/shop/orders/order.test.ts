import { describe, expect, test } from '@jest/globals';
import { scenarioFor } from 'annals/testing';
import { writeSide } from '../shop-module.ts';
import { FulfilOrder } from './fulfil-order.ts';
import { OrderAlreadyPaid, OrderIsEmpty, OrderNotPaid, WrongOrderStatus } from './order-errors.ts';
import {
  OrderCreated,
  OrderFulfilled,
  OrderPaymentReceived,
  OrderPaymentRefunded,
  OrderStatusChanged,
} from './order-events.ts';
import { Order } from './order.ts';
import { PackOrder } from './pack-order.ts';
import { ReceivePayment } from './receive-payment.ts';
import { ShipOrder } from './ship-order.ts';

const lines = [
  { productId: 'assam', sku: 'TEA-ASSAM', name: 'Assam', quantity: 2, unitPriceCents: 890 },
  { productId: 'mint', sku: 'TEA-MINT', name: 'Mint', quantity: 1, unitPriceCents: 450 },
];
const created = new OrderCreated('ada', lines, 2230);
const paid = new OrderPaymentReceived('ada', 2230, 'card');
const packed = new OrderStatusChanged('ada', 'paid', 'packed');
const shipped = new OrderStatusChanged('ada', 'packed', 'shipped');
const fulfilled = new OrderFulfilled('ada');
const cancelled = new OrderStatusChanged('ada', 'created', 'cancelled', 'changed my mind');

const order = scenarioFor(Order, { id: 'order-1', modules: [writeSide] });

describe('Order', () => {
  test('costs what its lines cost', () =>
    order
      .nothing()
      .when(aggregate => aggregate.place('ada', lines))
      .thenReturns(2230));

  test('refuses to be without lines', () =>
    order
      .nothing()
      .when(aggregate => aggregate.place('ada', []))
      .thenFails(OrderIsEmpty, { orderId: 'order-1' }));

  test('is paid in full', () =>
    order.events(created).when(new ReceivePayment('order-1', 'card')).thenEvents(paid));

  test('is packed once it is paid', () =>
    order.events(created, paid).when(new PackOrder('order-1')).thenEvents(packed));

  test('is shipped once it is packed', () =>
    order.events(created, paid, packed).when(new ShipOrder('order-1')).thenEvents(shipped));

  test('is fulfilled once it is shipped', () =>
    order.events(created, paid, packed, shipped).when(new FulfilOrder('order-1')).thenEvents(fulfilled));

  test('shows what its events made of it', () =>
    order
      .events(created, paid, packed)
      .when(new ShipOrder('order-1'))
      .thenState(aggregate =>
        expect(aggregate.snapshot).toEqual({
          customerId: 'ada',
          status: 'shipped',
          isPaid: true,
          totalCents: 2230,
          lines,
        }),
      ));
});

describe('an order refuses', () => {
  test('a second payment', () =>
    order
      .events(created, paid)
      .when(new ReceivePayment('order-1', 'cash'))
      .thenFails(OrderAlreadyPaid, { orderId: 'order-1' }));

  test('a second payment even when it is fulfilled', () =>
    order
      .events(created, paid, packed, shipped, fulfilled)
      .when(new ReceivePayment('order-1', 'cash'))
      .thenFails(OrderAlreadyPaid));

  test('to be paid once it is cancelled', () =>
    order
      .events(created, cancelled)
      .when(new ReceivePayment('order-1', 'cash'))
      .thenFails(WrongOrderStatus, { status: 'cancelled', allowed: ['created'] }));

  test.each([
    ['packed', new PackOrder('order-1')],
    ['shipped', new ShipOrder('order-1')],
    ['fulfilled', new FulfilOrder('order-1')],
  ])('to be %s before it is paid', (_what, command) =>
    order.events(created).when(command).thenFails(OrderNotPaid, { orderId: 'order-1' }),
  );

  test('to be packed twice', () =>
    order
      .events(created, paid, packed)
      .when(new PackOrder('order-1'))
      .thenFails(WrongOrderStatus, { status: 'packed', allowed: ['paid'] }));

  test('to be fulfilled before it is shipped', () =>
    order
      .events(created, paid, packed)
      .when(new FulfilOrder('order-1'))
      .thenFails(WrongOrderStatus, { status: 'packed', allowed: ['shipped'] }));

  test('to be fulfilled twice', () =>
    order
      .events(created, paid, packed, shipped, fulfilled)
      .when(new FulfilOrder('order-1'))
      .thenFails(WrongOrderStatus, { status: 'fulfilled' }));

  test('to be cancelled once it is packed', () =>
    order
      .events(created, paid, packed)
      .when(aggregate => aggregate.cancel('too late'))
      .thenFails(WrongOrderStatus, { status: 'packed', allowed: ['created', 'paid'] }));
});

describe('a cancelled order', () => {
  test('costs nothing if it was not paid', () =>
    order
      .events(created)
      .when(aggregate => aggregate.cancel('changed my mind'))
      .thenEvents(cancelled));

  test('is paid back if it was paid', () =>
    order
      .events(created, paid)
      .when(aggregate => aggregate.cancel('changed my mind'))
      .thenEvents(
        new OrderStatusChanged('ada', 'paid', 'cancelled', 'changed my mind'),
        new OrderPaymentRefunded('ada', 2230),
      ));

  test('is not paid back twice', () =>
    order
      .events(created, paid)
      .when(aggregate => aggregate.cancel('changed my mind'))
      .thenState(aggregate => expect(aggregate.snapshot.isPaid).toBe(false))
      .and.when(aggregate => aggregate.cancel('once more'))
      .thenFails(WrongOrderStatus, { status: 'cancelled' }));
});
