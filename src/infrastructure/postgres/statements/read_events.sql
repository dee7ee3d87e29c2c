-- Committed events of some types, for a transaction that holds off all writers of those types.
--   $1 bigint after position · $2 text[] types · $3 int rows
select
  annals.envelope(
    e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at,
    e.correlation_id, e.causation_id, e.user_id, e.actor, s.aggregate_type, s.aggregate_id
  ),
  e.payload, e.metadata
from annals.events e
join annals.streams s on s.stream_ref = e.stream_ref
where e.position > $1 and e.event_type = any ($2::text[])
order by e.position
limit $3
