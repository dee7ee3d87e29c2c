-- The events at some positions, for inline projections in the transaction that wrote them.
--   $1 bigint[] positions
select
  annals.envelope(
    e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at,
    e.correlation_id, e.causation_id, e.user_id, e.actor, s.aggregate_type, s.aggregate_id
  ),
  e.payload, e.metadata
from annals.events e
join annals.streams s on s.stream_ref = e.stream_ref
where e.position = any ($1::bigint[])
order by e.position
