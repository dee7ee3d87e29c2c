import type { Recorded } from 'annals';
import type { App } from 'annals/di';
import { OrderCreated } from '../orders/order-events.ts';
import type { OrderEvent } from '../orders/order-events.ts';
import { Order } from '../orders/order.ts';
import { formatCents, formatTime } from './format.ts';
import { formatTable } from './table.ts';

/** Every event of an order, as it was stored. */
export async function formatHistory(shop: App, orderId: string): Promise<string> {
  const events: Recorded<OrderEvent>[] = [];
  for await (const event of shop.replay.replayEvents(Order, orderId)) events.push(event);
  return formatTable(
    `The history of ${orderId}`,
    [
      { title: 'version', of: event => event.version, align: 'right' },
      { title: 'time', of: event => formatTime(event.recordedAt) },
      { title: 'type', of: event => event.type },
      { title: 'by', of: event => event.actor },
      { title: 'payload', of: event => formatPayload(event.payload), width: 32 },
    ],
    events,
  );
}

/** An order as it was at a moment in the past. */
export async function formatOrderAsOf(shop: App, orderId: string, time: Date): Promise<string> {
  const order = await shop.replay.rebuildAggregate(Order, orderId, { asOf: time });
  const { status, isPaid, totalCents, lines } = order.snapshot;
  const state = `version ${order.version}, ${status}, ${isPaid ? 'paid' : 'not paid'}, ${formatCents(totalCents)}`;
  return formatTable(
    `The same order as it was at ${formatTime(time)}: ${state}`,
    [
      { title: 'SKU', of: line => line.sku },
      { title: 'name', of: line => line.name },
      { title: 'quantity', of: line => line.quantity, align: 'right' },
      { title: 'each', of: line => formatCents(line.unitPriceCents), align: 'right' },
    ],
    lines,
  );
}

/* A line for each product of the order, and one for each other field. */
function formatPayload(payload: OrderEvent): string {
  const products = payload instanceof OrderCreated ? payload.lines : [];
  const fields = Object.entries(payload).filter(([name]) => name !== 'lines');
  return [
    ...products.map(line => `${line.quantity} × ${line.sku}`),
    ...fields.map(([name, value]) => `${name}: ${String(value)}`),
  ].join('\n');
}
