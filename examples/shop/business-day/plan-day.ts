import { RegisterCustomer } from '../customers/register-customer.ts';
import { UpdateProfile } from '../customers/update-profile.ts';
import type { OrderSummary } from '../orders/orders-per-customer.ts';
import type { OrderItem } from '../orders/place-order.ts';
import { ChangePrice } from '../products/change-price.ts';
import { CreateProduct } from '../products/create-product.ts';
import { RenameProduct } from '../products/rename-product.ts';
import { person, range } from './cast.ts';
import type { Day } from './day.ts';
import { clockTime, closingTime, openingTime } from './day.ts';
import { mistakes } from './mistakes.ts';
import {
  byClerk,
  cancelledOrder,
  forgottenOrder,
  leftoverOrder,
  ordinaryOrder,
  showcaseOrder,
} from './order-story.ts';
import type { OrderIdea } from './order-story.ts';
import { Random } from './random.ts';
import type { Step } from './step.ts';

/** What the shop knows when it opens in the morning. */
export interface Morning {
  readonly day: Day;
  /** Products that are in the catalog. */
  readonly productIds: ReadonlySet<string>;
  readonly customerCount: number;
  /** Orders that wait for something. */
  readonly openOrders: readonly OrderSummary[];
}

const ordersPerDay = 55;
const customersOnFirstDay = 20;
const customersPerDay = 3;
/* Numbers of the orders that do not go well. */
const forgotten = 24;
const cancelledUnpaid = [7, 19, 31, 43];
const cancelledPaid = [13, 37];
const showcaseItems: readonly OrderItem[] = [
  { productId: 'tea-assam', quantity: 2 },
  { productId: 'pot-glass', quantity: 1 },
  { productId: 'cup-blue', quantity: 4 },
];

/** The id of the order whose history is shown at the end. */
export function showcaseOrderId(day: Day): string {
  return orderId(day, 1);
}

/** Everything that will be done on a day, in the order of time; the same morning gives the same day. */
export function planDay(morning: Morning): Step[] {
  const { day, customerCount } = morning;
  const customers = customerCount + newCustomers(morning);
  const ideas = inventOrders(day, customers, new Random(day.number));
  const steps = [
    ...openShop(morning),
    ...changeRange(day),
    ...changeProfile(day, customers),
    ...ideas.flatMap((idea, index) => orderSteps(day, idea, index + 1)),
    ...mistakes(day, {
      paidOrderId: showcaseOrderId(day),
      unpaidOrderId: orderId(day, forgotten),
      unpaidAt: ideas[forgotten - 1]!.placedAt + 3,
    }),
  ];
  return steps.filter(({ at }) => at <= day.at(closingTime)).sort((a, b) => a.at.getTime() - b.at.getTime());
}

function orderSteps(day: Day, idea: OrderIdea, number: number): Step[] {
  if (number === 1) return showcaseOrder(day, { ...idea, items: showcaseItems });
  if (number === forgotten) return forgottenOrder(day, idea);
  if (cancelledUnpaid.includes(number)) return cancelledOrder(day, idea, false);
  if (cancelledPaid.includes(number)) return cancelledOrder(day, idea, true);
  return ordinaryOrder(day, idea, new Random(day.number * 1_000 + number));
}

function openShop(morning: Morning): Step[] {
  const { day, productIds, customerCount, openOrders } = morning;
  const missing = range.filter(({ productId }) => !productIds.has(productId));
  const products = missing.map(
    ({ productId, sku, name, priceCents, stock }) =>
      new CreateProduct(productId, sku, name, priceCents, stock),
  );
  const customers = Array.from({ length: newCustomers(morning) }, (_none, index) => {
    const { customerId, name, email } = person(customerCount + index + 1);
    return new RegisterCustomer(customerId, name, email);
  });
  return [
    ...[...products, ...customers].map(command => byClerk(day, openingTime, command)),
    ...openOrders.flatMap((order, index) => leftoverOrder(day, order, openingTime + 5 + index)),
  ];
}

function newCustomers({ customerCount }: Morning): number {
  return Math.max(customersPerDay, customersOnFirstDay - customerCount);
}

function changeRange(day: Day): Step[] {
  const random = new Random(-day.number);
  const [cheaper, dearer, renamed] = [random.oneOf(range), random.oneOf(range), random.oneOf(range)];
  const discount = new ChangePrice(
    cheaper.productId,
    Math.round(cheaper.priceCents * 0.9),
    'offer of the day',
  );
  const increase = new ChangePrice(dearer.productId, Math.round(dearer.priceCents * 1.05), 'supplier price');
  return [
    byClerk(day, clockTime('10:00'), discount),
    byClerk(day, clockTime('13:00'), increase),
    byClerk(day, clockTime('15:00'), new RenameProduct(renamed.productId, `${renamed.name} (fair trade)`)),
  ];
}

function changeProfile(day: Day, customers: number): Step[] {
  const { customerId, name, email } = person(2 + (day.number % (customers - 1)));
  const command = new UpdateProfile(customerId, name, email.replace('example.org', 'example.net'));
  return [{ at: day.at(clockTime('11:45')), by: `user:${customerId}`, command }];
}

function inventOrders(day: Day, customers: number, random: Random): OrderIdea[] {
  return Array.from({ length: ordersPerDay }, (_none, index) => ({
    orderId: orderId(day, index + 1),
    customerId: person(random.between(1, customers)).customerId,
    items: inventItems(random),
    placedAt: clockTime('08:45') + index * 10 + (index === 0 ? 0 : random.between(0, 9)),
  }));
}

function inventItems(random: Random): OrderItem[] {
  const productIds = Array.from({ length: random.between(1, 3) }, () => random.oneOf(range).productId);
  return [...new Set(productIds)].map(productId => ({ productId, quantity: random.between(1, 3) }));
}

function orderId(day: Day, number: number): string {
  return `order-${day.isoDate}-${String(number).padStart(3, '0')}`;
}
