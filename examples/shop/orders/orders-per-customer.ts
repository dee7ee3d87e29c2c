import { DocumentProjector, On, Projector } from 'annals';
import type { Recorded } from 'annals';
import { CustomerProfileUpdated, CustomerRegistered } from '../customers/customer-events.ts';
import {
  OrderCreated,
  OrderFulfilled,
  OrderPaymentReceived,
  OrderPaymentRefunded,
  OrderStatusChanged,
} from './order-events.ts';
import type { OrderStatus } from './order-events.ts';

/** An order as its customer's list shows it. */
export interface OrderSummary {
  readonly orderId: string;
  readonly placedAt: string;
  readonly totalCents: number;
  readonly status: OrderStatus;
}

/** A customer with all orders, oldest first; its id is the customer's. */
export interface CustomerOrders {
  readonly name: string;
  readonly email: string;
  readonly orders: readonly OrderSummary[];
  readonly openOrders: number;
  readonly spentCents: number;
}

/* An order's events belong to the order's id; the key takes them to the customer's document instead. */
const customerOf = (event: Recorded<{ readonly customerId: string }>): string => event.payload.customerId;

/** The orders of each customer. */
@Projector('orders_per_customer')
export class OrdersPerCustomer extends DocumentProjector<CustomerOrders> {
  @On(CustomerRegistered)
  registered(_none: undefined, { payload }: Recorded<CustomerRegistered>): CustomerOrders {
    return { name: payload.name, email: payload.email, orders: [], openOrders: 0, spentCents: 0 };
  }

  @On(CustomerProfileUpdated)
  profileUpdated(customer: CustomerOrders, { payload }: Recorded<CustomerProfileUpdated>): CustomerOrders {
    return { ...customer, name: payload.name, email: payload.email };
  }

  @On(OrderCreated, customerOf)
  created(customer: CustomerOrders, event: Recorded<OrderCreated>): CustomerOrders {
    const { aggregateId: orderId, recordedAt, payload } = event;
    const placedAt = recordedAt.toISOString();
    const order: OrderSummary = { orderId, placedAt, totalCents: payload.totalCents, status: 'created' };
    return withOrders(customer, [...customer.orders, order]);
  }

  @On(OrderPaymentReceived, customerOf)
  paid(customer: CustomerOrders, event: Recorded<OrderPaymentReceived>): CustomerOrders {
    const spentCents = customer.spentCents + event.payload.amountCents;
    return withStatus({ ...customer, spentCents }, event, 'paid');
  }

  @On(OrderPaymentRefunded, customerOf)
  refunded(customer: CustomerOrders, event: Recorded<OrderPaymentRefunded>): CustomerOrders {
    return { ...customer, spentCents: customer.spentCents - event.payload.amountCents };
  }

  @On(OrderStatusChanged, customerOf)
  statusChanged(customer: CustomerOrders, event: Recorded<OrderStatusChanged>): CustomerOrders {
    return withStatus(customer, event, event.payload.newStatus);
  }

  @On(OrderFulfilled, customerOf)
  fulfilled(customer: CustomerOrders, event: Recorded<OrderFulfilled>): CustomerOrders {
    return withStatus(customer, event, 'fulfilled');
  }
}

/** Whether an order still waits for something. */
export function isOpen({ status }: OrderSummary): boolean {
  return status !== 'fulfilled' && status !== 'cancelled';
}

function withStatus(customer: CustomerOrders, event: Recorded, status: OrderStatus): CustomerOrders {
  const orders = customer.orders.map(order =>
    order.orderId === event.aggregateId ? { ...order, status } : order,
  );
  return withOrders(customer, orders);
}

function withOrders(customer: CustomerOrders, orders: readonly OrderSummary[]): CustomerOrders {
  return { ...customer, orders, openOrders: orders.filter(isOpen).length };
}
