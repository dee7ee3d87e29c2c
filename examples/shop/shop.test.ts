import { describe, expect, test } from '@jest/globals';
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

/* Works through some days; `check` sees the shop before it closes for good. */
async function afterDays(days: number, check: (shop: App, codes: string[]) => Promise<void>): Promise<void> {
  const clock = new ShopClock(new Day(1).at(openingTime));
  const shop = await openShop(memory(), clock);
  const codes: string[] = [];
  try {
    for (let number = 1; number <= days; number++) {
      const day = new Day(number);
      clock.set(day.at(openingTime));
      const refusals = await runDay(shop, planDay(await lookAround(shop, day)), { clock });
      codes.push(...refusals.map(refusal => refusal.code));
    }
    await check(shop, codes);
  } finally {
    await shop.stop();
  }
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

describe('two days in the shop', () => {
  test('leave read models that agree with the events', () =>
    afterDays(2, async shop => {
      const ledger = await ledgerOf(shop);
      const products = await shop.readModels.of(Catalog).find();
      const customers = await shop.readModels.of(OrdersPerCustomer).find();
      const days = await shop.readModels.of(RevenuePerDay).find();
      const orders = customers.flatMap(({ document }) => document.orders);

      expect(Object.fromEntries(products.map(p => [p.id, p.document.stock]))).toEqual(ledger.stock);
      expect(Object.fromEntries(products.map(p => [p.id, p.document.priceCents]))).toEqual(ledger.prices);
      expect(Object.fromEntries(days.map(d => [d.id, d.document.revenueCents]))).toEqual(ledger.revenue);
      expect(Object.fromEntries(orders.map(o => [o.orderId, o.status]))).toEqual(ledger.status);
      for (const { id, document } of customers) expect(document.spentCents).toBe(ledger.spent[id] ?? 0);
    }));

  test('take every payment once', () =>
    afterDays(2, async shop => {
      const { payments } = await ledgerOf(shop);
      expect(Object.keys(payments).length).toBeGreaterThan(90);
      expect(new Set(Object.values(payments))).toEqual(new Set([1]));
    }));

  test('finish every order of the first day on the second', () =>
    afterDays(2, async shop => {
      const { status } = await ledgerOf(shop);
      const ofFirstDay = Object.entries(status).filter(([id]) => id.startsWith('order-2026-01-05'));
      expect(ofFirstDay).toHaveLength(55);
      expect(new Set(ofFirstDay.map(([, last]) => last))).toEqual(new Set(['fulfilled', 'cancelled']));
    }));

  test('refuse exactly the mistakes of the script', () =>
    afterDays(2, async (_shop, codes) => {
      const ofOneDay = [
        ...[
          'email-taken',
          'not-enough-stock',
          'not-enough-stock',
          'order-already-paid',
          'order-already-paid',
        ],
        ...['order-not-paid', 'sku-taken', 'unknown-id', 'wrong-order-status'],
      ];
      expect(codes.toSorted()).toEqual([...ofOneDay, ...ofOneDay].toSorted());
    }));

  test('are the same in every run', async () => {
    const histories: string[] = [];
    const remember = async (shop: App): Promise<void> => {
      const events: unknown[] = [];
      for await (const { type, aggregateId, recordedAt, actor, payload } of shop.events.readFeed()) {
        events.push({ type, aggregateId, recordedAt, actor, payload });
      }
      histories.push(JSON.stringify(events));
    };
    await afterDays(2, remember);
    await afterDays(2, remember);
    expect(histories[0]).toBe(histories[1]);
  });
});

describe('the shop', () => {
  test('knows when something happened last', async () => {
    const shop = await openShop(memory(), new ShopClock(new Day(1).at(openingTime)));
    try {
      expect(await lastRecordedAt(shop)).toBeUndefined();
    } finally {
      await shop.stop();
    }
    await afterDays(1, async opened => {
      expect(Day.of((await lastRecordedAt(opened))!).number).toBe(1);
    });
  });

  test('opens on the tenth day as on the first', () =>
    afterDays(10, async (shop, codes) => {
      expect(codes).toHaveLength(90);
      expect(await shop.readModels.of(RevenuePerDay).count()).toBe(10);
    }));
});
