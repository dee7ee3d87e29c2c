-- Stores deliveries as they are now, and counts those that are open.
--   $1 text consumer · $2 bigint[] positions · $3 text[] status · $4 int[] attempts · $5 text[] leases
--   $6 timestamptz[] due · $7 text[] errors · $8 text[] transaction ids · $9 text[] reports as JSON
--   $10 text[] closed, as ISO 8601 · $11 text[] decided by · $12 text[] reasons
with now_is as (
  select * from unnest(
    $2::bigint[], $3::text[], $4::int[], $5::text[], $6::timestamptz[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[]
  ) as n (
    position, status, attempts, lease, due_at, error, transaction_id, report, closed_at, decided_by, reason
  )
),
saved as (
  update annals.deliveries d
  set status = n.status, attempts = n.attempts, lease = n.lease, due_at = n.due_at, error = n.error,
    transaction_id = n.transaction_id, report = n.report::json, closed_at = n.closed_at::timestamptz,
    decided_by = n.decided_by, reason = n.reason
  from now_is n
  where d.consumer = $1 and d.position = n.position
),
-- Reads them as they were before the update above.
closed as (
  select count(*) as count
  from annals.deliveries d
  where d.consumer = $1 and d.closed_at is null
    and d.position in (select n.position from now_is n where n.closed_at is not null)
)
update annals.consumers c
set open_count = c.open_count - closed.count
from closed
where c.name = $1 and closed.count > 0
