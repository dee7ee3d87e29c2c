import { DomainError } from 'annals';
import type { OrderStatus } from './order-events.ts';

/** An order is without lines. */
export class OrderIsEmpty extends DomainError {
  override readonly code = 'order-is-empty';

  constructor(readonly orderId: string) {
    super(`Order ${orderId} has no lines. Add at least one product.`);
  }
}

/** An order is paid once and no more. */
export class OrderAlreadyPaid extends DomainError {
  override readonly code = 'order-already-paid';

  constructor(readonly orderId: string) {
    super(`Order ${orderId} is paid already. Keep the money.`);
  }
}

/** Nothing leaves the shop before it is paid. */
export class OrderNotPaid extends DomainError {
  override readonly code = 'order-not-paid';

  constructor(readonly orderId: string) {
    super(`Order ${orderId} is not paid. Take the payment first.`);
  }
}

/** An order has come too far, or not far enough, for what was asked. */
export class WrongOrderStatus extends DomainError {
  override readonly code = 'wrong-order-status';

  constructor(
    readonly orderId: string,
    readonly status: OrderStatus,
    readonly allowed: readonly OrderStatus[],
  ) {
    super(`Order ${orderId} is ${status}, and this can be done only while it is ${allowed.join(' or ')}.`);
  }
}
