-- Removes the snapshot of a stream that was taken after an event.
--   $1 text aggregate id · $2 text aggregate type · $3 int snapshot version · $4 uuid event id
delete from annals.snapshots n
using annals.streams s
where s.aggregate_id = $1 and s.aggregate_type = $2
  and n.stream_ref = s.stream_ref and n.schema_version = $3 and n.event_id = $4::uuid
