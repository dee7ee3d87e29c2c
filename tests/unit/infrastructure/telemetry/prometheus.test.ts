import { describe, expect, test } from '@jest/globals';
import { combineTelemetry, prometheus } from 'annals/telemetry';
import { RecordedTelemetry } from '../../../support/recorded-telemetry.ts';

const size = { name: 'shop.order.size', unit: '{item}', description: 'Items\nin an order.', buckets: [1, 5] };
const orders = { name: 'shop.orders', unit: '{order}', description: 'Orders \\ all.' };
const age = { name: 'shop.age', unit: 's', description: 'How old it is.' };

describe('Measurements for Prometheus', () => {
  test('are counters, histograms and gauges in its text format', async () => {
    const telemetry = prometheus();
    const count = telemetry.counter(orders);
    telemetry.counter(orders)(2, { 'shop.city': 'A"b\\c\nd', empty: undefined });
    count(1, { 'shop.city': 'A"b\\c\nd' });
    count(1);
    const record = telemetry.histogram(size);
    for (const value of [0.5, 1, 5, 6]) record(value, { kind: 'tea' });
    telemetry.observe([age, orders], async () => [
      { instrument: age, value: 3.5, attributes: { '0': true } },
    ]);
    expect(await telemetry.metrics()).toBe(`# HELP shop_orders_total Orders \\\\ all.
# TYPE shop_orders_total counter
shop_orders_total{shop_city="A\\"b\\\\c\\nd"} 3
shop_orders_total 1
# HELP shop_order_size Items\\nin an order.
# TYPE shop_order_size histogram
shop_order_size_bucket{kind="tea",le="1"} 2
shop_order_size_bucket{kind="tea",le="5"} 3
shop_order_size_bucket{kind="tea",le="+Inf"} 4
shop_order_size_sum{kind="tea"} 12.5
shop_order_size_count{kind="tea"} 4
# HELP shop_age_seconds How old it is.
# TYPE shop_age_seconds gauge
shop_age_seconds{_0="true"} 3.5
`);
  });

  test('are told without those that cannot be observed now', async () => {
    const telemetry = prometheus();
    telemetry.counter(orders)(1);
    const end = telemetry.observe([age], () => Promise.reject(new Error('The store is away.')));
    expect(await telemetry.metrics()).toContain('shop_orders_total 1');
    end();
    telemetry.observe([age], async () => [{ instrument: age, value: 1 }])();
    expect(await telemetry.metrics()).not.toContain('shop_age');
  });

  test('go to OpenTelemetry, too, and work is done once inside the spans of both', async () => {
    const recorded = await RecordedTelemetry.start();
    const own = prometheus();
    const both = combineTelemetry(own, recorded.telemetry);
    both.counter(orders)(1);
    both.observe([age], async () => [{ instrument: age, value: 2 }]);
    let runs = 0;
    const trace = await both.trace('order', { kind: 'internal' }, async span => {
      runs++;
      span.set({ 'shop.city': 'Bath' });
      return span.context;
    });
    expect(runs).toBe(1);
    expect(trace).toMatchObject({ traceparent: expect.any(String) });
    expect(recorded.span('order').attributes).toEqual({ 'shop.city': 'Bath' });
    const failed = both.trace('order', { kind: 'internal' }, () => Promise.reject(new TypeError('no')));
    await expect(failed).rejects.toThrow('no');
    expect(await recorded.points('shop.orders')).toMatchObject([{ value: 1 }]);
    expect(await recorded.points('shop.age')).toMatchObject([{ value: 2 }]);
    expect(await own.metrics()).toContain('shop_age_seconds 2');
  });
});
