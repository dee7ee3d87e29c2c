import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Order } from './order.ts';

/** Notes that a shipped order has reached its customer. */
export class FulfilOrder extends Command {
  constructor(readonly orderId: string) {
    super();
  }
}

/** Handles `FulfilOrder`. */
@Handles(FulfilOrder)
export class FulfilOrderHandler implements CommandHandler<FulfilOrder> {
  constructor(@inject(repositoryOf(Order)) private readonly orders: Repository<Order>) {}

  handle({ orderId }: FulfilOrder): Promise<void> {
    return this.orders.update(orderId, order => order.fulfil());
  }
}
