import { describe, test } from '@jest/globals';
import { scenarioFor } from 'annals/testing';
import { CustomerRegistered } from '../customers/customer-events.ts';
import { Customer } from '../customers/customer.ts';
import { UnknownId } from '../explain-refusals.ts';
import { NotEnoughStock } from '../products/product-errors.ts';
import { ProductCreated, ProductStockUpdated } from '../products/product-events.ts';
import { Product } from '../products/product.ts';
import { writeSide } from '../shop-module.ts';
import { CancelOrder } from './cancel-order.ts';
import { OrderIsEmpty } from './order-errors.ts';
import { OrderCreated, OrderStatusChanged } from './order-events.ts';
import { Order } from './order.ts';
import { PlaceOrder } from './place-order.ts';

const shop = scenarioFor(Order, { id: 'order-1', modules: [writeSide] })
  .stream(Customer, 'ada', new CustomerRegistered('Ada', 'ada@example.org'))
  .stream(Product, 'assam', new ProductCreated('TEA-ASSAM', 'Assam', 890, 40))
  .stream(Product, 'mint', new ProductCreated('TEA-MINT', 'Mint', 450, 5));

const lines = [
  { productId: 'assam', sku: 'TEA-ASSAM', name: 'Assam', quantity: 2, unitPriceCents: 890 },
  { productId: 'mint', sku: 'TEA-MINT', name: 'Mint', quantity: 1, unitPriceCents: 450 },
];
const items = [
  { productId: 'assam', quantity: 2 },
  { productId: 'mint', quantity: 1 },
];

describe('PlaceOrder', () => {
  test('creates the order and reserves the pieces of every line, together', () =>
    shop
      .when(new PlaceOrder('order-1', 'ada', items))
      .thenEvents(
        new ProductStockUpdated(40, 38, 'ordered', 'order-1'),
        new ProductStockUpdated(5, 4, 'ordered', 'order-1'),
        new OrderCreated('ada', lines, 2230),
      ));

  test('returns what the order costs', () =>
    shop.when(new PlaceOrder('order-1', 'ada', items)).thenReturns(2230));

  test('reserves nothing at all if one line wants more than there is', () =>
    shop
      .when(new PlaceOrder('order-1', 'ada', [items[0]!, { productId: 'mint', quantity: 6 }]))
      .thenFails(NotEnoughStock, { sku: 'TEA-MINT', stock: 5, wanted: 6 }));

  test('adds up lines of the same product', () =>
    shop
      .when(
        new PlaceOrder(
          'order-1',
          'ada',
          [3, 3].map(quantity => ({ productId: 'mint', quantity })),
        ),
      )
      .thenFails(NotEnoughStock, { sku: 'TEA-MINT', stock: 2, wanted: 3 }));

  test('refuses an unknown product', () =>
    shop
      .when(new PlaceOrder('order-1', 'ada', [{ productId: 'unicorn', quantity: 1 }]))
      .thenFails(UnknownId, { what: 'product', id: 'unicorn' }));

  test('refuses an unknown customer', () =>
    shop.when(new PlaceOrder('order-1', 'eve', items)).thenFails(UnknownId, { what: 'customer', id: 'eve' }));

  test('refuses an order of nothing', () =>
    shop.when(new PlaceOrder('order-1', 'ada', [])).thenFails(OrderIsEmpty));
});

describe('CancelOrder', () => {
  test('puts the pieces of every line back', () =>
    shop
      .commands(new PlaceOrder('order-1', 'ada', items))
      .when(new CancelOrder('order-1', 'changed my mind'))
      .thenEvents(
        new OrderStatusChanged('ada', 'created', 'cancelled', 'changed my mind'),
        new ProductStockUpdated(38, 40, 'order cancelled', 'order-1'),
        new ProductStockUpdated(4, 5, 'order cancelled', 'order-1'),
      ));

  test('refuses an unknown order', () =>
    shop.when(new CancelOrder('order-9', 'why not')).thenFails(UnknownId, { what: 'order', id: 'order-9' }));
});
