import { defineModule } from 'annals/di';
import { Customer } from './customers/customer.ts';
import { RegisterCustomerHandler } from './customers/register-customer.ts';
import { UpdateProfileHandler } from './customers/update-profile.ts';
import { explainRefusals } from './explain-refusals.ts';
import { CancelOrderHandler } from './orders/cancel-order.ts';
import { FulfilOrderHandler } from './orders/fulfil-order.ts';
import { OpenOrdersHandler } from './orders/open-orders.ts';
import { Order } from './orders/order.ts';
import { OrdersOfCustomerHandler } from './orders/orders-of-customer.ts';
import { OrdersPerCustomer } from './orders/orders-per-customer.ts';
import { PackOrderHandler } from './orders/pack-order.ts';
import { PlaceOrderHandler } from './orders/place-order.ts';
import { ReceivePaymentHandler } from './orders/receive-payment.ts';
import { RevenuePerDay } from './orders/revenue-per-day.ts';
import { ShipOrderHandler } from './orders/ship-order.ts';
import { Catalog } from './products/catalog.ts';
import { ChangePriceHandler } from './products/change-price.ts';
import { CreateProductHandler } from './products/create-product.ts';
import { Product } from './products/product.ts';
import { RenameProductHandler } from './products/rename-product.ts';
import { RestockProductHandler } from './products/restock-product.ts';
import { RestockWhenLow } from './products/restock-when-low.ts';

/** The write side: what may happen in the shop. */
export const writeSide = defineModule({
  name: 'shop: write side',
  aggregates: [Product, Customer, Order],
  handlers: [
    ...[CreateProductHandler, RenameProductHandler, ChangePriceHandler, RestockProductHandler],
    ...[RegisterCustomerHandler, UpdateProfileHandler],
    ...[PlaceOrderHandler, ReceivePaymentHandler, PackOrderHandler, ShipOrderHandler],
    ...[FulfilOrderHandler, CancelOrderHandler],
  ],
  middleware: [explainRefusals],
});

/** The read side: what is made of it, and who reacts to it. */
export const readSide = defineModule({
  name: 'shop: read side',
  projectors: [Catalog, OrdersPerCustomer, RevenuePerDay, RestockWhenLow],
  handlers: [OrdersOfCustomerHandler, OpenOrdersHandler],
});

/** Everything the shop consists of. */
export const shopModules = [writeSide, readSide];
