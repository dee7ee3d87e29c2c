import { DocumentProjector, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import {
  ProductCreated,
  ProductPriceChanged,
  ProductStockUpdated,
  ProductUpdated,
} from './product-events.ts';

/** A product as the catalog shows it; its id is the product's. */
export interface CatalogEntry {
  readonly sku: string;
  readonly name: string;
  readonly priceCents: number;
  readonly stock: number;
}

/** The products with price and stock. */
@Projector('catalog')
export class Catalog extends DocumentProjector<CatalogEntry> {
  @On(ProductCreated)
  created(_none: undefined, { payload }: Recorded<ProductCreated>): CatalogEntry {
    const { sku, name, priceCents, stock } = payload;
    return { sku, name, priceCents, stock };
  }

  @On(ProductUpdated)
  updated(entry: CatalogEntry, { payload }: Recorded<ProductUpdated>): CatalogEntry {
    return { ...entry, name: payload.newName };
  }

  @On(ProductPriceChanged)
  priceChanged(entry: CatalogEntry, { payload }: Recorded<ProductPriceChanged>): CatalogEntry {
    return { ...entry, priceCents: payload.newPriceCents };
  }

  @On(ProductStockUpdated)
  stockUpdated(entry: CatalogEntry, { payload }: Recorded<ProductStockUpdated>): CatalogEntry {
    return { ...entry, stock: payload.newStock };
  }
}
