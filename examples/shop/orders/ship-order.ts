import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Order } from './order.ts';

/** Notes that a packed order has left the shop. */
export class ShipOrder extends Command {
  constructor(readonly orderId: string) {
    super();
  }
}

/** Handles `ShipOrder`. */
@Handles(ShipOrder)
export class ShipOrderHandler implements CommandHandler<ShipOrder> {
  constructor(@inject(repositoryOf(Order)) private readonly orders: Repository<Order>) {}

  handle({ orderId }: ShipOrder): Promise<void> {
    return this.orders.update(orderId, order => order.ship());
  }
}
