import type { App } from 'annals/di';
import { OrdersPerCustomer } from '../orders/orders-per-customer.ts';
import { RevenuePerDay } from '../orders/revenue-per-day.ts';
import { Catalog } from '../products/catalog.ts';
import { formatCents } from './format.ts';
import { formatTable } from './table.ts';

const customersShown = 8;
const daysShown = 7;

/** The catalog, by SKU. */
export async function formatCatalog(shop: App): Promise<string> {
  const products = await shop.readModels.of(Catalog).find({ orderBy: { field: 'sku' }, limit: 10_000 });
  return formatTable(
    'Catalog',
    [
      { title: 'SKU', of: ({ document }) => document.sku },
      { title: 'name', of: ({ document }) => document.name },
      { title: 'price', of: ({ document }) => formatCents(document.priceCents), align: 'right' },
      { title: 'stock', of: ({ document }) => document.stock, align: 'right' },
    ],
    products,
  );
}

/** The customers who spent most. */
export async function formatCustomers(shop: App): Promise<string> {
  const readModel = shop.readModels.of(OrdersPerCustomer);
  const orderBy = { field: 'spentCents', direction: 'desc' } as const;
  const customers = await readModel.find({ orderBy, limit: customersShown });
  return formatTable(
    `Orders per customer: the best ${customers.length} of ${await readModel.count()} customers`,
    [
      { title: 'name', of: ({ document }) => document.name },
      { title: 'e-mail', of: ({ document }) => document.email },
      { title: 'orders', of: ({ document }) => document.orders.length, align: 'right' },
      { title: 'open', of: ({ document }) => document.openOrders, align: 'right' },
      { title: 'last order', of: ({ document }) => document.orders.at(-1)?.orderId ?? '' },
      { title: 'spent', of: ({ document }) => formatCents(document.spentCents), align: 'right' },
    ],
    customers,
  );
}

/** What the last days brought in. */
export async function formatRevenue(shop: App): Promise<string> {
  const readModel = shop.readModels.of(RevenuePerDay);
  const days = await readModel.find({ orderBy: { direction: 'desc' }, limit: daysShown });
  return formatTable(
    'Revenue per day',
    [
      { title: 'day', of: ({ id }) => id },
      { title: 'payments', of: ({ document }) => document.payments, align: 'right' },
      { title: 'refunds', of: ({ document }) => document.refunds, align: 'right' },
      { title: 'revenue', of: ({ document }) => formatCents(document.revenueCents), align: 'right' },
    ],
    [...days].reverse(),
  );
}
