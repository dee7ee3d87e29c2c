import { Handles, Query, ReadModels } from 'annals';
import type { QueryHandler } from 'annals';
import { inject } from 'inversify';
import { OrdersPerCustomer } from './orders-per-customer.ts';
import type { OrderSummary } from './orders-per-customer.ts';

/** Which orders has a customer placed? Oldest first; none for somebody unknown. */
export class OrdersOfCustomer extends Query<readonly OrderSummary[]> {
  constructor(readonly customerId: string) {
    super();
  }
}

/** Answers `OrdersOfCustomer`. */
@Handles(OrdersOfCustomer)
export class OrdersOfCustomerHandler implements QueryHandler<OrdersOfCustomer> {
  constructor(@inject(ReadModels) private readonly readModels: ReadModels) {}

  async handle({ customerId }: OrdersOfCustomer): Promise<readonly OrderSummary[]> {
    const customer = await this.readModels.of(OrdersPerCustomer).get(customerId);
    return customer?.orders ?? [];
  }
}
