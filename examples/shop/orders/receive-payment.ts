import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import type { PaymentMethod } from './order-events.ts';
import { Order } from './order.ts';

/** Takes the payment of an order. */
export class ReceivePayment extends Command {
  constructor(
    readonly orderId: string,
    readonly method: PaymentMethod,
  ) {
    super();
  }
}

/** Handles `ReceivePayment`. */
@Handles(ReceivePayment)
export class ReceivePaymentHandler implements CommandHandler<ReceivePayment> {
  constructor(@inject(repositoryOf(Order)) private readonly orders: Repository<Order>) {}

  handle({ orderId, method }: ReceivePayment): Promise<void> {
    return this.orders.update(orderId, order => order.receivePayment(method));
  }
}
