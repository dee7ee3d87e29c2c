import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Product } from './product.ts';

/** Adds a product to the range. */
export class CreateProduct extends Command {
  constructor(
    readonly productId: string,
    readonly sku: string,
    readonly name: string,
    readonly priceCents: number,
    readonly stock: number,
  ) {
    super();
  }
}

/** Handles `CreateProduct`. */
@Handles(CreateProduct)
export class CreateProductHandler implements CommandHandler<CreateProduct> {
  constructor(@inject(repositoryOf(Product)) private readonly products: Repository<Product>) {}

  handle({ productId, sku, name, priceCents, stock }: CreateProduct): Promise<void> {
    return this.products.create(productId, product => product.create(sku, name, priceCents, stock));
  }
}
