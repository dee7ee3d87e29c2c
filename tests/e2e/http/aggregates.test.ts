import { describe, expect, test } from '@jest/globals';
import { Aggregate, AggregateRoot, Event, On } from 'annals';
import { defineModule, memory } from 'annals/di';
import { intercepted } from '../../support/intercepted-store.ts';
import { serve } from './support/serve.ts';

@Event('cart.filled')
class CartFilled {
  constructor(readonly skus: readonly string[]) {}
}

class Line {
  readonly cart: Cart | undefined;
  readonly sku: string;

  constructor(sku: string, cart?: Cart) {
    this.sku = sku;
    this.cart = cart;
  }
}

@Aggregate('cart')
class Cart extends AggregateRoot<CartFilled> {
  readonly lines = new Map<string, Line>();
  readonly byLine = new Map<Line, number>();
  readonly skus = new Set<string>();
  readonly loop: Line[] = [];
  total = 0n;
  at = new Date(0);

  @On(CartFilled)
  protected filled({ skus }: CartFilled) {
    for (const sku of skus) {
      this.lines.set(sku, new Line(sku));
      this.byLine.set(new Line(sku), 1);
      this.skus.add(sku);
      this.total += 9_007_199_254_740_993n;
      if (sku === 'loop') this.loop.push(new Line(sku, this));
    }
  }
}

const modules = [defineModule({ name: 'carts', aggregates: [Cart] })];
const event = (skus: readonly string[]) => ({
  ...{ event_type: 'cart.filled', aggregate_type: 'cart', aggregate_id: 'c-1', payload: { skus } },
});
const path = '/api/v1/events/aggregate/cart/c-1';

describe('The state of an aggregate over HTTP', () => {
  test('has its maps, sets and large numbers', async () => {
    const { post, get } = await serve({}, { modules });
    await post('/events', event(['a', '__proto__']));
    const text = JSON.stringify((await get(`${path}/state`)).body.state);
    // As text: what is named "__proto__" is a field like others.
    expect(text).toBe(
      [
        '{"lines":{"a":{"sku":"a"},"__proto__":{"sku":"__proto__"}}',
        '"byLine":[[{"sku":"a"},1],[{"sku":"__proto__"},1]]',
        '"skus":["a","__proto__"],"loop":[],"total":"18014398509481986","at":"1970-01-01T00:00:00.000Z"}',
      ].join(','),
    );
  });

  test('that leads back to itself is refused, with the place', async () => {
    const { post, get } = await serve({}, { modules });
    await post('/events', event(['loop']));
    expect(await get(`${path}/state`)).toMatchObject({
      ...{ status: 422, body: { code: 'untellable-state' } },
      body: { detail: expect.stringContaining('"loop[0].cart.loop"') },
    });
  });
});

test('The ETag of a history is not newer than its events', async () => {
  let page: Promise<unknown> | undefined;
  const store = intercepted(memory(), {
    events: real => ({
      query: query => {
        const found = real.query(query);
        page = found;
        return found;
      },
      // Somebody appends before the version is read, and after the page if that is being read already.
      streamVersion: async stream => {
        await new Promise(resolve => setImmediate(resolve));
        await page;
        const events = [{ type: 'cart.filled', payload: { skus: ['b'] }, actor: 'system' as const }];
        await real.append({ stream, expectedVersion: 'any', events });
        return real.streamVersion(stream);
      },
    }),
  });
  const { post, get } = await serve({}, { store, modules });
  await post('/events', event(['a']));
  const history = await get(`${path}/history`);
  expect(history.headers.get('etag')).toBe('"2"');
  expect(history.body.events).toHaveLength(2);
});
