import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Product } from '../products/product.ts';
import { Order } from './order.ts';

/** Cancels an order, pays back what was paid, and puts its pieces back on the shelf. */
export class CancelOrder extends Command {
  constructor(
    readonly orderId: string,
    readonly reason: string,
  ) {
    super();
  }
}

/** Handles `CancelOrder`. */
@Handles(CancelOrder)
export class CancelOrderHandler implements CommandHandler<CancelOrder> {
  constructor(
    @inject(repositoryOf(Order)) private readonly orders: Repository<Order>,
    @inject(repositoryOf(Product)) private readonly products: Repository<Product>,
  ) {}

  async handle({ orderId, reason }: CancelOrder): Promise<void> {
    const lines = await this.orders.update(orderId, order => order.cancel(reason));
    for (const { productId, quantity } of lines) {
      await this.products.update(productId, product => product.putBack(quantity, orderId));
    }
  }
}
