import type {
  Consumer,
  Delivery,
  DeliveryStatus,
  OpenDeliveryQuery,
} from '../../application/ports/consumer-store.ts';
import { int4Array, int8Array, textArray, timestamptzArray } from './binary-arrays.ts';
import { EventConditions } from './event-conditions.ts';
import { eventColumns, eventWidth, readEvent } from './event-rows.ts';
import type { SqlParameter, SqlRow } from './sql-client.ts';

const columns = `${eventColumns},
  d.consumer, d.status, d.attempts, d.lease, (date_part('epoch', d.due_at) * 1000)::bigint, d.error,
  d.transaction_id, d.report, (date_part('epoch', d.closed_at) * 1000)::bigint, d.decided_by, d.reason`;
// Looked up one by one; the planner would rather read all events where it knows nothing of the deliveries yet.
const withEvents = `
  cross join lateral (select * from annals.events x where x.position = d.position offset 0) e
  cross join lateral (
    select x.aggregate_type, x.aggregate_id from annals.streams x where x.stream_ref = e.stream_ref offset 0
  ) s`;

/**
 * The deliveries of a consumer ($1) that may be handed out at a time in milliseconds ($2), so many at most ($3).
 *
 * Each part reads an index in its order and stops at the limit, however many there are. What waits is always due.
 */
export const dueDeliveries = `select ${columns}
  from (
    (
      select *, 1 as turn from annals.deliveries
      where consumer = $1 and is_first and status in ('leased', 'retrying')
        and due_at <= to_timestamp($2::double precision / 1000)
      order by due_at limit $3
    )
    union all
    (
      select *, 2 as turn from annals.deliveries
      where consumer = $1 and is_first and status = 'waiting'
      order by position limit $3
    )
    order by turn, due_at, position limit $3
  ) d ${withEvents}
  order by d.position`;

/** The deliveries of a consumer ($1) of the events at these positions ($2). */
export const deliveriesAt = `select ${columns} from annals.deliveries d ${withEvents}
  where d.consumer = $1 and d.position = any ($2::bigint[]) order by d.position`;

/** A query for open deliveries. */
export function findOpenDeliveries(
  name: string,
  query: OpenDeliveryQuery,
): { text: string; parameters: SqlParameter[] } {
  const { filter = {}, status, order, afterPosition, toPosition, limit } = query;
  const conditions = new EventConditions()
    .add('d.consumer = @', name)
    .require('d.closed_at is null')
    .add('d.status = @', status)
    .add('d.position > @', afterPosition)
    .add('d.position <= @', Number.isFinite(toPosition) ? toPosition : undefined)
    .addFilter(filter);
  const direction = order === 'newest' ? 'desc' : 'asc';
  const rest = `order by d.position ${direction} limit ${conditions.parameter(limit)}`;
  return {
    text: `select ${columns} from annals.deliveries d ${withEvents} ${conditions.where} ${rest}`,
    parameters: conditions.parameters,
  };
}

/** A row of a query for deliveries. */
export function readDelivery(row: SqlRow): Delivery {
  const [consumer, status, attempts, lease, dueAtMs, error, transactionId, report, closedAtMs, by, reason] =
    row.slice(eventWidth);
  return {
    consumer: consumer!,
    event: readEvent(row),
    status: status as DeliveryStatus,
    attempts: Number(attempts),
    lease: lease ?? undefined,
    dueAt: new Date(Number(dueAtMs)),
    error: error ?? undefined,
    transactionId: transactionId ?? undefined,
    report: report == null ? undefined : (JSON.parse(report) as Record<string, unknown>),
    closedAt: closedAtMs == null ? undefined : new Date(Number(closedAtMs)),
    decidedBy: by ?? undefined,
    reason: reason ?? undefined,
  };
}

/** The parameters of `save_deliveries` after the first. */
export function deliveryParameters(deliveries: readonly Delivery[]): SqlParameter[] {
  const texts = (read: (delivery: Delivery) => string | undefined): Buffer =>
    textArray(deliveries.map(delivery => read(delivery) ?? null));
  return [
    int8Array(deliveries.map(({ event }) => event.position)),
    texts(({ status }) => status),
    int4Array(deliveries.map(({ attempts }) => attempts)),
    texts(({ lease }) => lease),
    timestamptzArray(deliveries.map(({ dueAt }) => dueAt.getTime())),
    texts(({ error }) => error),
    texts(({ transactionId }) => transactionId),
    texts(({ report }) => report && JSON.stringify(report)),
    texts(({ closedAt }) => closedAt?.toISOString()),
    texts(({ decidedBy }) => decidedBy),
    texts(({ reason }) => reason),
  ];
}

/** A row of `find_consumers` or `lock_consumer`. */
export function readConsumer(row: SqlRow): Consumer {
  const [name, types, aggregateTypes, startPosition, readPosition, maxAttempts, openCount, createdAtMs] = row;
  return {
    name: name!,
    types: readNames(types),
    aggregateTypes: readNames(aggregateTypes),
    startPosition: Number(startPosition),
    readPosition: Number(readPosition),
    maxAttempts: Number(maxAttempts),
    openCount: Number(openCount),
    createdAt: new Date(Number(createdAtMs)),
  };
}

function readNames(json: string | null | undefined): readonly string[] | undefined {
  return json == null ? undefined : (JSON.parse(json) as string[]);
}
