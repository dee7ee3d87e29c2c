import { Aggregate, AggregateRoot, On } from 'annals';
import { InvalidAmount, NotEnoughStock } from './product-errors.ts';
import {
  ProductCreated,
  ProductPriceChanged,
  ProductStockUpdated,
  ProductUpdated,
} from './product-events.ts';
import type { ProductEvent, StockReason } from './product-events.ts';

/** Below so many pieces a product is filled up again … */
export const lowStock = 10;
/** … to so many. */
export const fullStock = 40;

/** Pieces taken out of the store-room, at the price of that moment. */
export interface ReservedPieces {
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

/** A product of the shop: its price, and how many pieces there are. */
@Aggregate('product')
export class Product extends AggregateRoot<ProductEvent> {
  private sku = '';
  private name = '';
  private priceCents = 0;
  private stock = 0;

  /** No two products share a SKU; the store refuses the second one. */
  override uniqueKeys(): readonly string[] {
    return [`sku:${this.sku}`];
  }

  /** Adds the product to the range. */
  create(sku: string, name: string, priceCents: number, stock: number): void {
    requirePositive('price in cents', priceCents);
    requirePositive('stock', stock);
    this.raise(new ProductCreated(sku, name, priceCents, stock));
  }

  /** Gives the product another name. */
  rename(newName: string): void {
    if (newName === this.name) return;
    this.raise(new ProductUpdated(this.name, newName));
  }

  /** Sets the price for orders to come. */
  changePrice(newPriceCents: number, reason: string): void {
    requirePositive('price in cents', newPriceCents);
    if (newPriceCents === this.priceCents) return;
    this.raise(new ProductPriceChanged(this.priceCents, newPriceCents, reason));
  }

  /** Takes pieces out of the store-room for an order. */
  reserve(quantity: number, orderId: string): ReservedPieces {
    requirePositive('quantity', quantity);
    if (quantity > this.stock) throw new NotEnoughStock(this.sku, this.stock, quantity);
    this.changeStock(-quantity, 'ordered', orderId);
    const { id: productId, sku, name, priceCents: unitPriceCents } = this;
    return { productId, sku, name, quantity, unitPriceCents };
  }

  /** Puts the pieces of a cancelled order back. */
  putBack(quantity: number, orderId: string): void {
    this.changeStock(quantity, 'order cancelled', orderId);
  }

  /** Fills the stock up if it is low; asking twice does it once. */
  restock(): void {
    if (this.stock < lowStock) this.changeStock(fullStock - this.stock, 'restocked');
  }

  @On(ProductCreated)
  protected created(event: ProductCreated): void {
    this.sku = event.sku;
    this.name = event.name;
    this.priceCents = event.priceCents;
    this.stock = event.stock;
  }

  @On(ProductUpdated)
  protected updated(event: ProductUpdated): void {
    this.name = event.newName;
  }

  @On(ProductPriceChanged)
  protected priceChanged(event: ProductPriceChanged): void {
    this.priceCents = event.newPriceCents;
  }

  @On(ProductStockUpdated)
  protected stockUpdated(event: ProductStockUpdated): void {
    this.stock = event.newStock;
  }

  private changeStock(pieces: number, reason: StockReason, orderId?: string): void {
    this.raise(new ProductStockUpdated(this.stock, this.stock + pieces, reason, orderId));
  }
}

function requirePositive(what: InvalidAmount['what'], amount: number): void {
  if (!Number.isSafeInteger(amount) || amount <= 0) throw new InvalidAmount(what, amount);
}
