import type { Command } from 'annals';
import { CancelOrder } from '../orders/cancel-order.ts';
import { FulfilOrder } from '../orders/fulfil-order.ts';
import type { PaymentMethod } from '../orders/order-events.ts';
import type { OrderSummary } from '../orders/orders-per-customer.ts';
import { PackOrder } from '../orders/pack-order.ts';
import { PlaceOrder } from '../orders/place-order.ts';
import type { OrderItem } from '../orders/place-order.ts';
import { ReceivePayment } from '../orders/receive-payment.ts';
import { ShipOrder } from '../orders/ship-order.ts';
import type { Day } from './day.ts';
import { clockTime } from './day.ts';
import type { Random } from './random.ts';
import { clerk } from './step.ts';
import type { Step } from './step.ts';

/** An order before it is placed. */
export interface OrderIdea {
  readonly orderId: string;
  readonly customerId: string;
  readonly items: readonly OrderItem[];
  /** Minutes after midnight. */
  readonly placedAt: number;
}

const methods: readonly PaymentMethod[] = ['card', 'transfer', 'cash'];

/** The order whose history is shown at the end: at noon it is packed, but has not left the shop. */
export function showcaseOrder(day: Day, idea: OrderIdea): Step[] {
  const { orderId } = idea;
  return [
    place(day, idea),
    byCustomer(day, idea, clockTime('09:10'), new ReceivePayment(orderId, 'card')),
    byClerk(day, clockTime('11:25'), new PackOrder(orderId)),
    byClerk(day, clockTime('13:45'), new ShipOrder(orderId)),
    byClerk(day, clockTime('16:30'), new FulfilOrder(orderId)),
  ];
}

/** An order that goes well: paid, packed, shipped and fulfilled, if the day is long enough. */
export function ordinaryOrder(day: Day, idea: OrderIdea, random: Random): Step[] {
  const { orderId } = idea;
  const paidAt = idea.placedAt + random.between(5, 25);
  const packedAt = paidAt + random.between(20, 60);
  const shippedAt = packedAt + random.between(30, 90);
  const fulfilledAt = shippedAt + random.between(60, 180);
  return [
    place(day, idea),
    byCustomer(day, idea, paidAt, new ReceivePayment(orderId, random.oneOf(methods))),
    byClerk(day, packedAt, new PackOrder(orderId)),
    byClerk(day, shippedAt, new ShipOrder(orderId)),
    byClerk(day, fulfilledAt, new FulfilOrder(orderId)),
  ];
}

/** An order that its customer cancels, before or after paying. */
export function cancelledOrder(day: Day, idea: OrderIdea, isPaid: boolean): Step[] {
  const { orderId, placedAt } = idea;
  const payment = byCustomer(day, idea, placedAt + 8, new ReceivePayment(orderId, 'transfer'));
  const cancellation = byCustomer(day, idea, placedAt + 15, new CancelOrder(orderId, 'changed my mind'));
  return [place(day, idea), ...(isPaid ? [payment] : []), cancellation];
}

/** An order that its customer forgets to pay; the next morning the shop cancels it. */
export function forgottenOrder(day: Day, idea: OrderIdea): Step[] {
  return [place(day, idea)];
}

/** What the shop does in the morning for an order of the day before. */
export function leftoverOrder(day: Day, { orderId, status }: OrderSummary, fromMinute: number): Step[] {
  if (status === 'created') return [byClerk(day, fromMinute, new CancelOrder(orderId, 'not paid in time'))];
  const way = [new PackOrder(orderId), new ShipOrder(orderId), new FulfilOrder(orderId)];
  const done = { paid: 0, packed: 1, shipped: 2, fulfilled: 3, cancelled: 3 }[status];
  return way.slice(done).map((command, index) => byClerk(day, fromMinute + index * 45, command));
}

/** A step of the clerk. */
export function byClerk(day: Day, minute: number, command: Command<unknown>): Step {
  return { at: day.at(minute), by: clerk, command };
}

function byCustomer(day: Day, { customerId }: OrderIdea, minute: number, command: Command<unknown>): Step {
  return { at: day.at(minute), by: `user:${customerId}`, command };
}

function place(day: Day, idea: OrderIdea): Step {
  const { orderId, customerId, items, placedAt } = idea;
  return byCustomer(day, idea, placedAt, new PlaceOrder(orderId, customerId, items));
}
