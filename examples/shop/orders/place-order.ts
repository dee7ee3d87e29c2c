import { Command, Handles, repositoryOf } from 'annals';
import type { CommandHandler, Repository } from 'annals';
import { inject } from 'inversify';
import { Customer } from '../customers/customer.ts';
import { Product } from '../products/product.ts';
import type { OrderLine } from './order-events.ts';
import { Order } from './order.ts';

/** So many pieces of a product. */
export interface OrderItem {
  readonly productId: string;
  readonly quantity: number;
}

/** Places an order and reserves its pieces; the result is what it costs, in cents. */
export class PlaceOrder extends Command<number> {
  constructor(
    readonly orderId: string,
    readonly customerId: string,
    readonly items: readonly OrderItem[],
  ) {
    super();
  }
}

/** Handles `PlaceOrder`: what it changes, order and stock of every product, is stored together or not at all. */
@Handles(PlaceOrder)
export class PlaceOrderHandler implements CommandHandler<PlaceOrder> {
  constructor(
    @inject(repositoryOf(Order)) private readonly orders: Repository<Order>,
    @inject(repositoryOf(Product)) private readonly products: Repository<Product>,
    @inject(repositoryOf(Customer)) private readonly customers: Repository<Customer>,
  ) {}

  async handle({ orderId, customerId, items }: PlaceOrder): Promise<number> {
    await this.customers.load(customerId);
    const lines: OrderLine[] = [];
    for (const { productId, quantity } of items) {
      lines.push(await this.products.update(productId, product => product.reserve(quantity, orderId)));
    }
    return this.orders.create(orderId, order => order.place(customerId, lines));
  }
}
