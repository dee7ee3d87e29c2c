import { RegisterCustomer } from '../customers/register-customer.ts';
import { CancelOrder } from '../orders/cancel-order.ts';
import { FulfilOrder } from '../orders/fulfil-order.ts';
import { PlaceOrder } from '../orders/place-order.ts';
import { ReceivePayment } from '../orders/receive-payment.ts';
import { CreateProduct } from '../products/create-product.ts';
import { person } from './cast.ts';
import type { Day } from './day.ts';
import { clockTime } from './day.ts';
import { byClerk } from './order-story.ts';
import type { Step } from './step.ts';

/** The orders of the day that somebody makes mistakes with. */
export interface MistakenOrders {
  /** Paid before 09:40 and shipped before 14:15. */
  readonly paidOrderId: string;
  /** Placed, but not paid, at `unpaidAt`, in minutes after midnight. */
  readonly unpaidOrderId: string;
  readonly unpaidAt: number;
}

/** What goes wrong during the day: every step breaks a rule and is refused. */
export function mistakes(day: Day, { paidOrderId, unpaidOrderId, unpaidAt }: MistakenOrders): Step[] {
  const { customerId, email } = person(1);
  const newId = (what: string): string => `${what}-${day.isoDate}-refused`;
  const order = (productId: string, quantity: number): PlaceOrder =>
    new PlaceOrder(newId('order'), customerId, [{ productId, quantity }]);
  return [
    byClerk(
      day,
      clockTime('09:20'),
      new CreateProduct(newId('product'), 'TEA-ASSAM', 'Another Assam', 990, 10),
    ),
    byClerk(day, clockTime('09:40'), new ReceivePayment(paidOrderId, 'cash')),
    byClerk(day, clockTime('10:05'), order('tea-mint', 500)),
    byClerk(day, clockTime('10:50'), new RegisterCustomer(newId('customer'), 'A double', email)),
    byClerk(day, unpaidAt, new FulfilOrder(unpaidOrderId)),
    byClerk(day, clockTime('12:30'), order('tea-unicorn', 1)),
    byClerk(day, clockTime('14:15'), new CancelOrder(paidOrderId, 'too late')),
    byClerk(day, clockTime('15:15'), order('honey-lime', 300)),
    byClerk(day, clockTime('17:40'), new ReceivePayment(paidOrderId, 'card')),
  ];
}
