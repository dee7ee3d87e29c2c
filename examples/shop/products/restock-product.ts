import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Product } from './product.ts';

/** Fills up the stock of a product if it is low. */
export class RestockProduct extends Command {
  constructor(readonly productId: string) {
    super();
  }
}

/** Handles `RestockProduct`. */
@Handles(RestockProduct)
export class RestockProductHandler implements CommandHandler<RestockProduct> {
  constructor(@inject(repositoryOf(Product)) private readonly products: Repository<Product>) {}

  handle({ productId }: RestockProduct): Promise<void> {
    return this.products.update(productId, product => product.restock());
  }
}
