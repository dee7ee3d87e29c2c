import { DomainError } from 'annals';

/** More pieces are wanted than there are: the stock of a product never goes below zero. */
export class NotEnoughStock extends DomainError {
  override readonly code = 'not-enough-stock';

  constructor(
    readonly sku: string,
    readonly stock: number,
    readonly wanted: number,
  ) {
    super(`${wanted} pieces of ${sku} are wanted, but only ${stock} are in stock. Order fewer.`);
  }
}

/** A price or a number of pieces is not a positive whole number. */
export class InvalidAmount extends DomainError {
  override readonly code = 'invalid-amount';

  constructor(
    readonly what: 'price in cents' | 'quantity' | 'stock',
    readonly amount: number,
  ) {
    super(`The ${what} is ${amount}. Give a positive whole number.`);
  }
}

/** Another product has the SKU. */
export class SkuTaken extends DomainError {
  override readonly code = 'sku-taken';

  constructor(readonly sku: string) {
    super(`Another product has the SKU ${sku}. Choose another one.`);
  }
}
