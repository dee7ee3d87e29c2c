import { describe, test } from '@jest/globals';
import { appScenario } from 'annals/testing';
import { RegisterCustomer } from '../customers/register-customer.ts';
import { CreateProduct } from '../products/create-product.ts';
import { shopModules } from '../shop-module.ts';
import { CancelOrder } from './cancel-order.ts';
import { OpenOrders } from './open-orders.ts';
import { OrdersOfCustomer } from './orders-of-customer.ts';
import { PlaceOrder } from './place-order.ts';

const placedAt = '2026-01-05T09:30:00.000Z';
const order = { placedAt, totalCents: 890, status: 'created' } as const;

const shop = appScenario({ modules: shopModules })
  .at(placedAt)
  .commands(
    new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 40),
    new RegisterCustomer('ada', 'Ada', 'ada@example.org'),
    new RegisterCustomer('bob', 'Bob', 'bob@example.org'),
    ...[placeOrder('order-2', 'bob'), placeOrder('order-1', 'ada'), placeOrder('order-3', 'ada')],
  )
  .when(new CancelOrder('order-3', 'changed my mind'));

function placeOrder(orderId: string, customerId: string): PlaceOrder {
  return new PlaceOrder(orderId, customerId, [{ productId: 'assam', quantity: 1 }]);
}

describe('the queries of the shop', () => {
  test('OrdersOfCustomer answers with the orders of one customer, cancelled ones too', () =>
    shop.thenAnswers(new OrdersOfCustomer('ada'), [
      { ...order, orderId: 'order-1' },
      { ...order, orderId: 'order-3', status: 'cancelled' },
    ]));

  test('OrdersOfCustomer knows no orders of a stranger', () =>
    shop.thenAnswers(new OrdersOfCustomer('eve'), []));

  test('OpenOrders answers with the orders of all customers that wait for something', () =>
    shop.thenAnswers(new OpenOrders(), [
      { ...order, orderId: 'order-1' },
      { ...order, orderId: 'order-2' },
    ]));
});
