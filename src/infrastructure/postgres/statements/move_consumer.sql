-- Notes how far a consumer has read, and adds deliveries that wait, of the events that it has found.
--   $1 text consumer · $2 bigint position · $3 bigint[] positions of the events
with added as (
  insert into annals.deliveries (consumer, position, stream_ref, is_first)
  select $1, e.position, e.stream_ref,
    row_number() over (partition by e.stream_ref order by e.position) = 1
    and not exists (
      select from annals.deliveries o
      where o.consumer = $1 and o.stream_ref = e.stream_ref and o.closed_at is null
    )
  from annals.events e
  where e.position = any ($3::bigint[])
  returning 1
)
update annals.consumers
set read_position = $2, open_count = open_count + (select count(*) from added)
where name = $1
