import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Order } from './order.ts';

/** Notes that a paid order is packed. */
export class PackOrder extends Command {
  constructor(readonly orderId: string) {
    super();
  }
}

/** Handles `PackOrder`. */
@Handles(PackOrder)
export class PackOrderHandler implements CommandHandler<PackOrder> {
  constructor(@inject(repositoryOf(Order)) private readonly orders: Repository<Order>) {}

  handle({ orderId }: PackOrder): Promise<void> {
    return this.orders.update(orderId, order => order.pack());
  }
}
