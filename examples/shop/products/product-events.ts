import { Event } from 'annals';

/** Why the stock of a product changed. */
export type StockReason = 'ordered' | 'order cancelled' | 'restocked';

/** A product entered the range. */
@Event('product.created')
export class ProductCreated {
  constructor(
    readonly sku: string,
    readonly name: string,
    readonly priceCents: number,
    readonly stock: number,
  ) {}
}

/** A product got another name. */
@Event('product.updated')
export class ProductUpdated {
  constructor(
    readonly oldName: string,
    readonly newName: string,
  ) {}
}

/** A product got another price; orders placed before keep theirs. */
@Event('product.price_changed')
export class ProductPriceChanged {
  constructor(
    readonly oldPriceCents: number,
    readonly newPriceCents: number,
    readonly reason: string,
  ) {}
}

/** Pieces left or entered the store-room; `orderId` is set where an order was the reason. */
@Event('product.stock_updated')
export class ProductStockUpdated {
  constructor(
    readonly oldStock: number,
    readonly newStock: number,
    readonly reason: StockReason,
    readonly orderId?: string,
  ) {}
}

/** Everything that can happen to a product. */
export type ProductEvent = ProductCreated | ProductUpdated | ProductPriceChanged | ProductStockUpdated;
