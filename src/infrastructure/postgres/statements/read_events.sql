-- Committed events of some types, for a transaction that holds off all writers of those types.
--   $1 bigint after position · $2 text[] types · $3 int rows
select
  e.position, e.version, e.schema_version, e.event_id, e.event_type,
  (date_part('epoch', e.recorded_at) * 1000)::bigint,
  e.correlation_id, e.causation_id, e.user_id, e.actor, e.payload, e.metadata,
  s.aggregate_type, s.aggregate_id
from annals.events e
join annals.streams s on s.stream_ref = e.stream_ref
where e.position > $1 and e.event_type = any ($2::text[])
order by e.position
limit $3
