import { Aggregate, AggregateRoot, On } from 'annals';
import { OrderAlreadyPaid, OrderIsEmpty, OrderNotPaid, WrongOrderStatus } from './order-errors.ts';
import {
  OrderCreated,
  OrderFulfilled,
  OrderPaymentReceived,
  OrderPaymentRefunded,
  OrderStatusChanged,
} from './order-events.ts';
import type { OrderEvent, OrderLine, OrderStatus, PaymentMethod } from './order-events.ts';

/** What an order is like at one moment. */
export interface OrderSnapshot {
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly isPaid: boolean;
  readonly totalCents: number;
  readonly lines: readonly OrderLine[];
}

/**
 * An order on its way: created → paid → packed → shipped → fulfilled.
 *
 * It can be cancelled while it is created or paid.
 */
@Aggregate('order')
export class Order extends AggregateRoot<OrderEvent> {
  private customerId = '';
  private status: OrderStatus = 'created';
  private isPaid = false;
  private totalCents = 0;
  private lines: readonly OrderLine[] = [];

  /** What the order is like now. */
  get snapshot(): OrderSnapshot {
    const { customerId, status, isPaid, totalCents, lines } = this;
    return { customerId, status, isPaid, totalCents, lines };
  }

  /** Places the order; returns what it costs. */
  place(customerId: string, lines: readonly OrderLine[]): number {
    if (lines.length === 0) throw new OrderIsEmpty(this.id);
    const totalCents = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceCents, 0);
    this.raise(new OrderCreated(customerId, lines, totalCents));
    return totalCents;
  }

  /** Takes the payment of the whole order. */
  receivePayment(method: PaymentMethod): void {
    if (this.isPaid) throw new OrderAlreadyPaid(this.id);
    this.requireStatus('created');
    this.raise(new OrderPaymentReceived(this.customerId, this.totalCents, method));
  }

  /** Notes that the order is packed. */
  pack(): void {
    this.requirePayment();
    this.requireStatus('paid');
    this.changeStatus('packed');
  }

  /** Notes that the order has left the shop. */
  ship(): void {
    this.requirePayment();
    this.requireStatus('packed');
    this.changeStatus('shipped');
  }

  /** Notes that the order has arrived. */
  fulfil(): void {
    this.requirePayment();
    this.requireStatus('shipped');
    this.raise(new OrderFulfilled(this.customerId));
  }

  /** Cancels the order and pays back what was paid; returns the lines to put back on the shelf. */
  cancel(reason: string): readonly OrderLine[] {
    this.requireStatus('created', 'paid');
    this.changeStatus('cancelled', reason);
    if (this.isPaid) this.raise(new OrderPaymentRefunded(this.customerId, this.totalCents));
    return this.lines;
  }

  @On(OrderCreated)
  protected created(event: OrderCreated): void {
    this.customerId = event.customerId;
    this.lines = event.lines;
    this.totalCents = event.totalCents;
  }

  @On(OrderPaymentReceived)
  protected paymentReceived(): void {
    this.isPaid = true;
    this.status = 'paid';
  }

  @On(OrderPaymentRefunded)
  protected paymentRefunded(): void {
    this.isPaid = false;
  }

  @On(OrderStatusChanged)
  protected statusChanged(event: OrderStatusChanged): void {
    this.status = event.newStatus;
  }

  @On(OrderFulfilled)
  protected fulfilled(): void {
    this.status = 'fulfilled';
  }

  private changeStatus(newStatus: OrderStatus, reason?: string): void {
    this.raise(new OrderStatusChanged(this.customerId, this.status, newStatus, reason));
  }

  private requirePayment(): void {
    if (!this.isPaid) throw new OrderNotPaid(this.id);
  }

  private requireStatus(...allowed: readonly OrderStatus[]): void {
    if (!allowed.includes(this.status)) throw new WrongOrderStatus(this.id, this.status, allowed);
  }
}
