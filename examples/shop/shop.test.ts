import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Recorded } from 'annals';
import { memory } from 'annals/di';
import type { App } from 'annals/di';
import { Day, openingTime } from './business-day/day.ts';
import { planDay } from './business-day/plan-day.ts';
import { lookAround, runDay } from './business-day/run-day.ts';
import { ShopClock } from './business-day/shop-clock.ts';
import { OrdersPerCustomer } from './orders/orders-per-customer.ts';
import { RevenuePerDay } from './orders/revenue-per-day.ts';
import { Catalog } from './products/catalog.ts';
import { lastRecordedAt, openShop } from './shop.ts';

/** A shop that has worked through some days, and the codes of what it refused on each. */
interface WorkedShop extends AsyncDisposable {
  readonly shop: App;
  readonly codes: readonly (readonly string[])[];
}

async function afterDays(days: number): Promise<WorkedShop> {
  const clock = new ShopClock(new Day(1).at(openingTime));
  const shop = await openShop(memory(), clock);
  const codes: string[][] = [];
  for (let number = 1; number <= days; number++) {
    const day = new Day(number);
    clock.set(day.at(openingTime));
    const refusals = await runDay(shop, planDay(await lookAround(shop, day)), { clock });
    codes.push(refusals.map(refusal => refusal.code).toSorted());
  }
  return { shop, codes, [Symbol.asyncDispose]: () => shop.stop() };
}

/* The rules of the read models a second time, over bare JSON, in the plainest way. */
class Ledger {
  readonly stock: Record<string, number> = {};
  readonly prices: Record<string, number> = {};
  readonly revenue: Record<string, number> = {};
  readonly spent: Record<string, number> = {};
  readonly status: Record<string, string> = {};
  readonly payments: Record<string, number> = {};

  add({ type, aggregateId: id, payload, recordedAt }: Recorded): void {
    const fields = payload as Record<string, never>;
    if (type === 'product.created') {
      this.stock[id] = fields.stock!;
      this.prices[id] = fields.priceCents!;
    }
    if (type === 'product.price_changed') this.prices[id] = fields.newPriceCents!;
    if (type === 'product.stock_updated') this.#moveStock(id, fields.oldStock!, fields.newStock!);
    if (type === 'order.created') this.status[id] = 'created';
    if (type === 'order.status_changed') this.status[id] = fields.newStatus!;
    if (type === 'order.fulfilled') this.status[id] = 'fulfilled';
    if (type === 'order.payment_received') {
      this.status[id] = 'paid';
      this.payments[id] = (this.payments[id] ?? 0) + 1;
      this.#book(fields.customerId!, recordedAt, fields.amountCents!);
    }
    if (type === 'order.payment_refunded') this.#book(fields.customerId!, recordedAt, -fields.amountCents!);
  }

  #moveStock(id: string, oldStock: number, newStock: number): void {
    expect(oldStock).toBe(this.stock[id]);
    expect(newStock).toBeGreaterThanOrEqual(0);
    this.stock[id] = newStock;
  }

  #book(customerId: string, time: Date, cents: number): void {
    const day = time.toISOString().slice(0, 10);
    this.revenue[day] = (this.revenue[day] ?? 0) + cents;
    this.spent[customerId] = (this.spent[customerId] ?? 0) + cents;
  }
}

async function ledgerOf(shop: App): Promise<Ledger> {
  const ledger = new Ledger();
  for await (const event of shop.events.readFeed()) ledger.add(event);
  return ledger;
}

/* Nobody changes the shop once its days are over, so that all can look at the same. */
describe('ten days in the shop', () => {
  const days = 10;
  let worked: WorkedShop;
  let shop: App;
  let ledger: Ledger;

  beforeAll(async () => {
    worked = await afterDays(days);
    ({ shop } = worked);
    ledger = await ledgerOf(shop);
    // Seconds, or minutes on a machine that has ten times its work to do.
  }, 900_000);

  afterAll(async () => worked[Symbol.asyncDispose]());

  test('leave read models that agree with the events', async () => {
    const products = await shop.readModels.of(Catalog).find();
    const customers = await shop.readModels.of(OrdersPerCustomer).find();
    const revenue = await shop.readModels.of(RevenuePerDay).find();
    const orders = customers.flatMap(({ document }) => document.orders);

    expect(Object.fromEntries(products.map(p => [p.id, p.document.stock]))).toEqual(ledger.stock);
    expect(Object.fromEntries(products.map(p => [p.id, p.document.priceCents]))).toEqual(ledger.prices);
    expect(Object.fromEntries(revenue.map(d => [d.id, d.document.revenueCents]))).toEqual(ledger.revenue);
    expect(Object.fromEntries(orders.map(o => [o.orderId, o.status]))).toEqual(ledger.status);
    expect(customers.length).toBeGreaterThan(0);
    for (const { id, document } of customers) expect(document.spentCents).toBe(ledger.spent[id] ?? 0);
  });

  test('take every payment once', () => {
    expect(Object.keys(ledger.payments).length).toBeGreaterThan(450);
    expect(new Set(Object.values(ledger.payments))).toEqual(new Set([1]));
  });

  test('finish every order of one day on the next', () => {
    for (const day of ['2026-01-05', '2026-01-06']) {
      const orders = Object.entries(ledger.status).filter(([id]) => id.startsWith(`order-${day}`));
      expect(orders).toHaveLength(55);
      expect(new Set(orders.map(([, last]) => last))).toEqual(new Set(['fulfilled', 'cancelled']));
    }
  });

  test('refuse exactly the mistakes of the script, on the tenth day as on the first', () => {
    const ofOneDay = [
      ...['email-taken', 'not-enough-stock', 'not-enough-stock', 'order-already-paid', 'order-already-paid'],
      ...['order-not-paid', 'sku-taken', 'unknown-id', 'wrong-order-status'],
    ];
    expect(worked.codes).toEqual(Array.from({ length: days }, () => ofOneDay));
  });

  test('have a revenue each', async () => {
    expect(await shop.readModels.of(RevenuePerDay).count()).toBe(days);
  });

  test('are the same in every run', async () => {
    await using again = await afterDays(2);
    const [history, whole] = [await historyOf(again.shop), await historyOf(shop)];
    expect(history.length).toBeGreaterThan(500);
    const other = history.findIndex((event, index) => event !== whole[index]);
    expect([history[other], whole[other]]).toEqual([undefined, undefined]);
  });
});

async function historyOf(shop: App): Promise<string[]> {
  const events: string[] = [];
  for await (const { type, aggregateId, recordedAt, actor, payload } of shop.events.readFeed()) {
    events.push(JSON.stringify({ type, aggregateId, recordedAt, actor, payload }));
  }
  return events;
}

test('The shop knows when something happened last', async () => {
  await using fresh = await afterDays(0);
  expect(await lastRecordedAt(fresh.shop)).toBeUndefined();
  await using opened = await afterDays(1);
  expect(Day.of((await lastRecordedAt(opened.shop))!).number).toBe(1);
});
