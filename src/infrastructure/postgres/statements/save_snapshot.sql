-- Saves a snapshot of a stream, unless a newer one is there.
--   $1 text aggregate id · $2 text aggregate type · $3 int snapshot version · $4 int stream version · $5 uuid event id
--   $6 json state · $7 text checksum · $8 double milliseconds since 1970 when it was taken
insert into annals.snapshots (stream_ref, schema_version, version, event_id, state, checksum, taken_at)
select s.stream_ref, $3::integer, $4::integer, $5::uuid, $6::json, $7, to_timestamp($8::double precision / 1000)
from annals.streams s
where s.aggregate_id = $1 and s.aggregate_type = $2
on conflict (stream_ref, schema_version) do update
set version = excluded.version, event_id = excluded.event_id, state = excluded.state,
  checksum = excluded.checksum, taken_at = excluded.taken_at
where snapshots.version <= excluded.version
