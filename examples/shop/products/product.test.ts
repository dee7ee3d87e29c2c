import { describe, expect, test } from '@jest/globals';
import { scenarioFor } from 'annals/testing';
import { UnknownId } from '../explain-refusals.ts';
import { writeSide } from '../shop-module.ts';
import { ChangePrice } from './change-price.ts';
import { CreateProduct } from './create-product.ts';
import { InvalidAmount, NotEnoughStock, SkuTaken } from './product-errors.ts';
import {
  ProductCreated,
  ProductPriceChanged,
  ProductStockUpdated,
  ProductUpdated,
} from './product-events.ts';
import { Product } from './product.ts';
import { RenameProduct } from './rename-product.ts';
import { RestockProduct } from './restock-product.ts';

const assam = new ProductCreated('TEA-ASSAM', 'Assam', 890, 12);
const product = scenarioFor(Product, { id: 'assam', modules: [writeSide] });

describe('Product', () => {
  test('enters the range', () =>
    product
      .nothing()
      .when(new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 12))
      .thenEvents(assam));

  test.each([0, -890, 8.9, Number.NaN])('refuses the price %d', price =>
    product
      .nothing()
      .when(new CreateProduct('assam', 'TEA-ASSAM', 'Assam', price, 12))
      .thenFails(InvalidAmount, { what: 'price in cents', amount: price }),
  );

  test('refuses a SKU that another product has', () =>
    product
      .commands(new CreateProduct('old-assam', 'TEA-ASSAM', 'Assam', 890, 12))
      .when(new CreateProduct('assam', 'TEA-ASSAM', 'Assam', 890, 12))
      .thenFails(SkuTaken, { sku: 'TEA-ASSAM' }));

  test('gets another name', () =>
    product
      .events(assam)
      .when(new RenameProduct('assam', 'Assam, fair trade'))
      .thenEvents(new ProductUpdated('Assam', 'Assam, fair trade')));

  test('stays as it is when it gets the name it has', () =>
    product.events(assam).when(new RenameProduct('assam', 'Assam')).thenNothing());

  test('gets another price', () =>
    product
      .events(assam)
      .when(new ChangePrice('assam', 790, 'offer'))
      .thenEvents(new ProductPriceChanged(890, 790, 'offer')));

  test('stays as it is when it gets the price it has', () =>
    product
      .events(assam)
      .when(new ChangePrice('assam', 890, 'offer'))
      .thenNothing());

  test('refuses a change of a product that does not exist', () =>
    product
      .nothing()
      .when(new ChangePrice('assam', 790, 'offer'))
      .thenFails(UnknownId, { what: 'product', id: 'assam' }));
});

describe('the stock of a product', () => {
  test('goes down with an order, to zero if need be', () =>
    product
      .events(assam)
      .when(aggregate => aggregate.reserve(12, 'order-1'))
      .thenEvents(new ProductStockUpdated(12, 0, 'ordered', 'order-1')));

  test('never goes below zero', () =>
    product
      .events(assam)
      .when(aggregate => aggregate.reserve(13, 'order-1'))
      .thenFails(NotEnoughStock, { sku: 'TEA-ASSAM', stock: 12, wanted: 13 }));

  test.each([0, -1, 1.5])('refuses to reserve %d pieces', quantity =>
    product
      .events(assam)
      .when(aggregate => aggregate.reserve(quantity, 'order-1'))
      .thenFails(InvalidAmount, { what: 'quantity', amount: quantity }),
  );

  test('is reserved at the price of the moment', () =>
    product
      .events(assam, new ProductPriceChanged(890, 790, 'offer'))
      .when(aggregate => aggregate.reserve(2, 'order-1'))
      .thenReturns({
        productId: 'assam',
        sku: 'TEA-ASSAM',
        name: 'Assam',
        quantity: 2,
        unitPriceCents: 790,
      }));

  test('goes up again when pieces are put back', () =>
    product
      .events(assam, new ProductStockUpdated(12, 2, 'ordered', 'order-1'))
      .when(aggregate => aggregate.putBack(10, 'order-1'))
      .thenEvents(new ProductStockUpdated(2, 12, 'order cancelled', 'order-1')));

  test('is filled up when it is low', () =>
    product
      .events(assam, new ProductStockUpdated(12, 9, 'ordered', 'order-1'))
      .when(new RestockProduct('assam'))
      .thenEvents(new ProductStockUpdated(9, 40, 'restocked')));

  test('is left alone while there is enough', () =>
    product
      .events(assam, new ProductStockUpdated(12, 10, 'ordered', 'order-1'))
      .when(new RestockProduct('assam'))
      .thenNothing());

  test('comes back from the events', () =>
    product
      .events(assam)
      .when(aggregate => aggregate.reserve(5, 'order-1'))
      .thenState(aggregate => expect(aggregate.uniqueKeys()).toEqual(['sku:TEA-ASSAM'])));
});
