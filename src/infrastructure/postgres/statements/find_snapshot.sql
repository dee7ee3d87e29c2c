-- The snapshot of a stream under a version of the state's shape, unless it is beyond a version of the stream.
--   $1 text aggregate id · $2 text aggregate type · $3 int snapshot version · $4 int stream version, or null
select n.version, n.event_id, n.state, n.checksum, (date_part('epoch', n.taken_at) * 1000)::bigint
from annals.streams s
join annals.snapshots n on n.stream_ref = s.stream_ref
where s.aggregate_id = $1 and s.aggregate_type = $2 and n.schema_version = $3
  and ($4::integer is null or n.version <= $4)
