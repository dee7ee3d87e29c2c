import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Product } from './product.ts';

/** Gives a product another name. */
export class RenameProduct extends Command {
  constructor(
    readonly productId: string,
    readonly name: string,
  ) {
    super();
  }
}

/** Handles `RenameProduct`. */
@Handles(RenameProduct)
export class RenameProductHandler implements CommandHandler<RenameProduct> {
  constructor(@inject(repositoryOf(Product)) private readonly products: Repository<Product>) {}

  handle({ productId, name }: RenameProduct): Promise<void> {
    return this.products.update(productId, product => product.rename(name));
  }
}
