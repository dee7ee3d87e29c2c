import { describe, expect, test } from '@jest/globals';
import { anEvent, appScenario } from 'annals/testing';
import { RegisterCustomer } from '../customers/register-customer.ts';
import { OrderCreated } from '../orders/order-events.ts';
import { PlaceOrder } from '../orders/place-order.ts';
import { shopModules } from '../shop-module.ts';
import { Catalog } from './catalog.ts';
import { CreateProduct } from './create-product.ts';
import { ProductStockUpdated } from './product-events.ts';

const shop = appScenario({ modules: shopModules }).commands(
  new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 12),
  new RegisterCustomer('ada', 'Ada', 'ada@example.org'),
);
const assam = { sku: 'TEA-ASSAM', name: 'Assam', priceCents: 890 };

function placeOrder(quantity: number): PlaceOrder {
  return new PlaceOrder('order-1', 'ada', [{ productId: 'assam', quantity }]);
}

describe('RestockWhenLow', () => {
  test('fills up a product that runs low', () =>
    shop
      .when(placeOrder(3))
      .thenEvents(
        new ProductStockUpdated(12, 9, 'ordered', 'order-1'),
        anEvent(OrderCreated),
        new ProductStockUpdated(9, 40, 'restocked'),
      )
      .and.thenDocuments(Catalog, { assam: { ...assam, stock: 40 } }));

  test('does nothing while there is enough', () =>
    shop.when(placeOrder(2)).thenDocuments(Catalog, { assam: { ...assam, stock: 10 } }));

  test('signs what it does, and names the event that caused it', () =>
    shop.when(placeOrder(3)).thenIncludes(
      anEvent(ProductStockUpdated, { reason: 'ordered' }).recorded({ actor: 'system' }),
      anEvent(ProductStockUpdated, { reason: 'restocked' }).recorded({
        actor: 'agent:stock_keeper',
        causationId: expect.any(String),
        correlationId: expect.any(String),
      }),
    ));
});
