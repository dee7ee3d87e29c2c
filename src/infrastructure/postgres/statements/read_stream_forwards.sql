-- Some versions of one stream, oldest first.
--   $1 text aggregate id · $2 text aggregate type · $3 int from version · $4 int to version
select
  annals.envelope(
    e.position, e.version, e.schema_version, e.event_id, e.event_type, e.recorded_at,
    e.correlation_id, e.causation_id, e.user_id, e.actor, null, null
  ),
  e.payload, e.metadata
from annals.streams s
join annals.events e on e.stream_ref = s.stream_ref
where s.aggregate_id = $1 and s.aggregate_type = $2 and e.version between $3 and $4
order by e.version
