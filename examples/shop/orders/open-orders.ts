import { Handles, Query, ReadModels } from 'annals';
import type { QueryHandler } from 'annals';
import { inject } from 'inversify';
import { OrdersPerCustomer, isOpen } from './orders-per-customer.ts';
import type { OrderSummary } from './orders-per-customer.ts';

/** Which orders still wait for something? Oldest first. */
export class OpenOrders extends Query<readonly OrderSummary[]> {}

/** Answers `OpenOrders`. */
@Handles(OpenOrders)
export class OpenOrdersHandler implements QueryHandler<OpenOrders> {
  constructor(@inject(ReadModels) private readonly readModels: ReadModels) {}

  async handle(): Promise<readonly OrderSummary[]> {
    const where = { openOrders: { greaterThan: 0 } };
    const customers = await this.readModels.of(OrdersPerCustomer).find({ where, limit: 10_000 });
    const open = customers.flatMap(({ document }) => document.orders.filter(isOpen));
    return open.sort((a, b) => a.orderId.localeCompare(b.orderId));
  }
}
