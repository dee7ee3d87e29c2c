import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Product } from './product.ts';

/** Sets the price of a product for orders to come. */
export class ChangePrice extends Command {
  constructor(
    readonly productId: string,
    readonly priceCents: number,
    readonly reason: string,
  ) {
    super();
  }
}

/** Handles `ChangePrice`. */
@Handles(ChangePrice)
export class ChangePriceHandler implements CommandHandler<ChangePrice> {
  constructor(@inject(repositoryOf(Product)) private readonly products: Repository<Product>) {}

  handle({ productId, priceCents, reason }: ChangePrice): Promise<void> {
    return this.products.update(productId, product => product.changePrice(priceCents, reason));
  }
}
