import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createApp, memory } from 'annals/di';
import type { App } from 'annals/di';
import { RegisterCustomer } from '../customers/register-customer.ts';
import { PlaceOrder } from '../orders/place-order.ts';
import { shopModules } from '../shop-module.ts';
import { Catalog } from './catalog.ts';
import { CreateProduct } from './create-product.ts';
import { RestockWhenLow } from './restock-when-low.ts';

describe('RestockWhenLow', () => {
  let shop: App;
  beforeEach(async () => {
    shop = await createApp({ store: memory(), modules: shopModules });
    await shop.commands.dispatch(new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 12));
    await shop.commands.dispatch(new RegisterCustomer('ada', 'Ada', 'ada@example.org'));
  });
  afterEach(() => shop.stop());

  const order = async (orderId: string, quantity: number): Promise<number | undefined> => {
    const items = [{ productId: 'assam', quantity }];
    await shop.commands.dispatch(new PlaceOrder(orderId, 'ada', items), { waitFor: [RestockWhenLow] });
    await shop.projections.catchUp();
    return (await shop.readModels.of(Catalog).get('assam'))?.stock;
  };

  test('fills up a product that runs low', async () => {
    expect(await order('order-1', 3)).toBe(40);
  });

  test('does nothing while there is enough', async () => {
    expect(await order('order-1', 2)).toBe(10);
  });

  test('signs what it does, and names the event that caused it', async () => {
    await order('order-1', 3);
    const { events } = await shop.events.query({ types: ['product.stock_updated'] });
    const [ordered, restocked] = events;
    expect(restocked).toMatchObject({
      actor: 'agent:stock_keeper',
      causationId: ordered!.eventId,
      correlationId: ordered!.correlationId,
      payload: { oldStock: 9, newStock: 40, reason: 'restocked' },
    });
  });
});
