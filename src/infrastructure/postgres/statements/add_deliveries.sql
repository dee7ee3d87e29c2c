-- Adds deliveries that wait, of events that were read.
--   $1 text consumer · $2 bigint[] positions
insert into annals.deliveries (consumer, position, stream_ref, is_first)
select $1, e.position, e.stream_ref,
  row_number() over (partition by e.stream_ref order by e.position) = 1
  and not exists (
    select from annals.deliveries o
    where o.consumer = $1 and o.stream_ref = e.stream_ref and o.closed_at is null
  )
from annals.events e
where e.position = any ($2::bigint[])
