import { Event } from 'annals';

/** How far an order has come. */
export type OrderStatus = 'created' | 'paid' | 'packed' | 'shipped' | 'fulfilled' | 'cancelled';

/** How an order was paid. */
export type PaymentMethod = 'card' | 'transfer' | 'cash';

/** One product of an order, as it was when the order was placed. */
export interface OrderLine {
  readonly productId: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

/*
 * Every event of an order names its customer, so that a reader needs no other event to make sense of it.
 */

/** A customer placed an order, and its pieces were reserved. */
@Event('order.created')
export class OrderCreated {
  constructor(
    readonly customerId: string,
    readonly lines: readonly OrderLine[],
    readonly totalCents: number,
  ) {}
}

/** A customer paid an order in full. */
@Event('order.payment_received')
export class OrderPaymentReceived {
  constructor(
    readonly customerId: string,
    readonly amountCents: number,
    readonly method: PaymentMethod,
  ) {}
}

/** A customer got the money for a cancelled order back. */
@Event('order.payment_refunded')
export class OrderPaymentRefunded {
  constructor(
    readonly customerId: string,
    readonly amountCents: number,
  ) {}
}

/** An order was packed, shipped or cancelled. */
@Event('order.status_changed')
export class OrderStatusChanged {
  constructor(
    readonly customerId: string,
    readonly oldStatus: OrderStatus,
    readonly newStatus: OrderStatus,
    readonly reason?: string,
  ) {}
}

/** An order has reached its customer. */
@Event('order.fulfilled')
export class OrderFulfilled {
  constructor(readonly customerId: string) {}
}

/** Everything that can happen to an order. */
export type OrderEvent =
  OrderCreated | OrderPaymentReceived | OrderPaymentRefunded | OrderStatusChanged | OrderFulfilled;
