import type pg from 'pg';

const secondsPerEvent = 1;

/** When the first event of `fillLog` was recorded. */
export const startTime = new Date('2026-01-01T00:00:00.000Z');

/** The time of the event at a position, give or take the few seconds by which the writers' clocks differ. */
export function timeAt(position: number): Date {
  return new Date(startTime.getTime() + position * secondsPerEvent * 1000);
}

/*
 * Positions 1 to 1,000 belong to a legacy import that nothing later resembles: whoever reads from the end and hopes
 * to meet it reads everything. Then every tenth event goes to one long stream, the others to 50,000 short ones.
 */
const places = `
  select n, n <= 1000 as is_old,
    case when n <= 1000 then 1 + (n - 1) % 20 when n % 10 = 0 then 21 else 22 + (m - 1) % 49979 end as stream_ref,
    case when n <= 1000 then 1 + (n - 1) / 20 when n % 10 = 0 then k / 10 else 1 + (m - 1) / 49979 end as version,
    abs(hashint8(n)::bigint) as dice, abs(hashint8(n + 1)::bigint) as other_dice
  from (select n, n - 1000 as k, n - 1000 - (n - 1000) / 10 as m from generate_series(1::bigint, $1) n) numbers`;

const events = `
  insert into annals.events (
    position, stream_ref, version, schema_version, event_id, recorded_at, event_type,
    correlation_id, causation_id, user_id, actor, payload, metadata
  )
  select
    n, stream_ref, version, 1, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
    timestamptz '2026-01-01Z' + (n + other_dice % 5) * interval '1 second',
    case
      when is_old then 'account.migrated'
      when n % 10000 = 7 then 'account.closed'
      else 'account.kind_' || (dice % 18)
    end,
    '01900000-0000-7000-9000-' || lpad(to_hex(n / 3), 12, '0'),
    case
      when n % 3 = 0 then '01900000-0000-7000-9000-' || lpad(to_hex(n / 3), 12, '0')
      else '01900000-0000-7000-8000-' || lpad(to_hex(n - 1), 12, '0')
    end,
    case when is_old then 'user-old' when n % 10 < 7 then 'user-' || ((dice % 200) * (other_dice % 200) / 200) end,
    case
      when is_old then 'agent:import'
      when n % 10 < 5 then 'user:user-' || ((dice % 200) * (other_dice % 200) / 200)
      when n % 10 = 7 and n % 1000 = 7 then 'agent:nightly'
      else 'system'
    end,
    '{"amount":12345678,"currency":"EUR","note":"what a payload holds besides, to make rows as wide as real ones"}',
    '{"source":"plans"}'
  from places`;

const streams = `
  insert into annals.streams (stream_ref, aggregate_type, aggregate_id, version, recorded_at)
  overriding system value
  select
    stream_ref,
    case
      when stream_ref <= 20 then 'legacy'
      when stream_ref = 21 then 'counter'
      else (array['account', 'order', 'customer', 'product'])[1 + stream_ref % 4]
    end,
    'id-' || stream_ref, max(version), max(recorded_at)
  from annals.events group by stream_ref`;

/** Fills an empty log with events as skewed as real ones: 20 types, 200 users, 50,000 streams, origins of three. */
export async function fillLog(pool: pg.Pool, count: number): Promise<void> {
  await pool.query(`with places as (${places}) ${events}`, [count]);
  // One writer's clock was an hour behind, another's an hour ahead.
  await pool.query('alter table annals.events disable trigger events_never_change');
  for (const [position, hours] of [
    [700_000, -1],
    [300_000, 1],
  ]) {
    await pool.query(
      `update annals.events set recorded_at = recorded_at + $2 * interval '1 hour' where position = $1`,
      [position, hours],
    );
  }
  await pool.query('alter table annals.events enable trigger events_never_change');
  await pool.query(streams);
  await pool.query(`select setval('annals.event_positions', $1)`, [count]);
  await pool.query('vacuum (analyze) annals.events');
  await pool.query('vacuum (analyze) annals.streams');
}
