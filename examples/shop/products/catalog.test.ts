import { describe, test } from '@jest/globals';
import { projectionFor } from 'annals/testing';
import { Catalog } from './catalog.ts';
import {
  ProductCreated,
  ProductPriceChanged,
  ProductStockUpdated,
  ProductUpdated,
} from './product-events.ts';

describe('Catalog', () => {
  test('lists every product as it was created', () =>
    projectionFor(Catalog)
      .on('assam', new ProductCreated('TEA-ASSAM', 'Assam', 890, 40))
      .on('mint', new ProductCreated('TEA-MINT', 'Mint', 450, 30))
      .thenDocuments({
        assam: { sku: 'TEA-ASSAM', name: 'Assam', priceCents: 890, stock: 40 },
        mint: { sku: 'TEA-MINT', name: 'Mint', priceCents: 450, stock: 30 },
      }));

  test('shows the latest name, price and stock', () =>
    projectionFor(Catalog)
      .on('assam', new ProductCreated('TEA-ASSAM', 'Assam', 890, 40))
      .on('assam', new ProductUpdated('Assam', 'Assam, fair trade'))
      .on('assam', new ProductPriceChanged(890, 790, 'offer'))
      .on('assam', new ProductStockUpdated(40, 38, 'ordered', 'order-1'))
      .thenDocuments({
        assam: { sku: 'TEA-ASSAM', name: 'Assam, fair trade', priceCents: 790, stock: 38 },
      }));
});
