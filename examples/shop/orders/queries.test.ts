import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createApp, memory } from 'annals/di';
import type { App } from 'annals/di';
import { RegisterCustomer } from '../customers/register-customer.ts';
import { CreateProduct } from '../products/create-product.ts';
import { shopModules } from '../shop-module.ts';
import { CancelOrder } from './cancel-order.ts';
import { OpenOrders } from './open-orders.ts';
import { OrdersOfCustomer } from './orders-of-customer.ts';
import { OrdersPerCustomer } from './orders-per-customer.ts';
import { PlaceOrder } from './place-order.ts';

describe('the queries of the shop', () => {
  let shop: App;
  beforeEach(async () => {
    shop = await createApp({ store: memory(), modules: shopModules });
    await shop.commands.dispatch(new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 40));
    for (const name of ['ada', 'bob']) {
      await shop.commands.dispatch(new RegisterCustomer(name, name, `${name}@example.org`));
    }
    await order('order-2', 'bob');
    await order('order-1', 'ada');
    await order('order-3', 'ada');
    const cancellation = new CancelOrder('order-3', 'changed my mind');
    await shop.commands.dispatch(cancellation, { waitFor: [OrdersPerCustomer] });
  });
  afterEach(() => shop.stop());

  const order = (orderId: string, customerId: string): Promise<number> =>
    shop.commands.dispatch(new PlaceOrder(orderId, customerId, [{ productId: 'assam', quantity: 1 }]));

  test('OrdersOfCustomer answers with the orders of one customer, cancelled ones too', async () => {
    const orders = await shop.queries.ask(new OrdersOfCustomer('ada'));
    expect(orders.map(({ orderId, status }) => `${orderId} ${status}`)).toEqual([
      'order-1 created',
      'order-3 cancelled',
    ]);
  });

  test('OrdersOfCustomer knows no orders of a stranger', async () => {
    expect(await shop.queries.ask(new OrdersOfCustomer('eve'))).toEqual([]);
  });

  test('OpenOrders answers with the orders of all customers that wait for something', async () => {
    const orders = await shop.queries.ask(new OpenOrders());
    expect(orders.map(({ orderId }) => orderId)).toEqual(['order-1', 'order-2']);
  });
});
