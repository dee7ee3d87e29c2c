-- Makes the next open delivery the first one of its stream, where those before it were closed.
--   $1 text consumer · $2 bigint[] positions of what was closed
update annals.deliveries d
set is_first = true
from (
  select distinct c.stream_ref from annals.deliveries c where c.consumer = $1 and c.position = any ($2::bigint[])
) s
cross join lateral (
  select o.position from annals.deliveries o
  where o.consumer = $1 and o.stream_ref = s.stream_ref and o.closed_at is null
  order by o.position
  limit 1
) n
where d.consumer = $1 and d.position = n.position and not d.is_first
