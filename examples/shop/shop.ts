import { aggregateTypeOf } from 'annals';
import type { Clock, StoreFactory } from 'annals';
import { createApp } from 'annals/di';
import type { App } from 'annals/di';
import { Customer } from './customers/customer.ts';
import { Order } from './orders/order.ts';
import { Product } from './products/product.ts';
import { shopModules } from './shop-module.ts';

/** Opens the shop on a store; the events carry the time of `clock`. */
export function openShop(store: StoreFactory, clock: Clock): Promise<App> {
  return createApp({ store, modules: shopModules, clock });
}

/** When the last thing happened in the shop; undefined if nothing ever did. */
export async function lastRecordedAt(shop: App): Promise<Date | undefined> {
  const aggregateTypes = [Product, Customer, Order].map(aggregateTypeOf);
  const { events } = await shop.events.query({ aggregateTypes, order: 'newest', limit: 1 });
  return events[0]?.recordedAt;
}
