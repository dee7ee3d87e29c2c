import { DomainError } from 'annals';
import type { App } from 'annals/di';
import { OpenOrders } from '../orders/open-orders.ts';
import { OrdersPerCustomer } from '../orders/orders-per-customer.ts';
import { Catalog } from '../products/catalog.ts';
import { RestockWhenLow } from '../products/restock-when-low.ts';
import type { Day } from './day.ts';
import type { Morning } from './plan-day.ts';
import type { ShopClock } from './shop-clock.ts';
import type { Step } from './step.ts';

/** How a day is run. */
export interface RunOptions {
  readonly clock: ShopClock;
  /** Ends the day after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each step. */
  readonly onStep?: ((step: Step) => void) | undefined;
}

/** Looks around before the shop opens. */
export async function lookAround(shop: App, day: Day): Promise<Morning> {
  await shop.projections.catchUp();
  const products = await shop.readModels.of(Catalog).find({ limit: 10_000 });
  const customerCount = await shop.readModels.of(OrdersPerCustomer).count();
  const openOrders = await shop.queries.ask(new OpenOrders());
  return { day, productIds: new Set(products.map(({ id }) => id)), customerCount, openOrders };
}

/** Dispatches the commands of a day one by one; returns what was refused. */
export async function runDay(shop: App, steps: readonly Step[], options: RunOptions): Promise<DomainError[]> {
  const refusals: DomainError[] = [];
  for (const step of steps) {
    options.signal?.throwIfAborted();
    options.clock.set(step.at);
    const refusal = await runStep(shop, step);
    if (refusal !== undefined) refusals.push(refusal);
    options.onStep?.(step);
  }
  await shop.projections.catchUp();
  return refusals;
}

async function runStep(shop: App, { command, by }: Step): Promise<DomainError | undefined> {
  try {
    // Waiting for the reaction keeps the script the same on every run: new pieces are there before the next order.
    await shop.commands.dispatch(command, { actor: by, waitFor: [RestockWhenLow] });
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
