-- Makes one node the runner of a projection for a while; no row if another one is.
--   $1 text name · $2 int version · $3 text owner · $4 int milliseconds
update annals.checkpoints
set
  owner = $3,
  leased_until = clock_timestamp() + $4 * interval '1 millisecond',
  epoch = epoch + (owner is distinct from $3)::integer
where name = $1 and version = $2 and shard = 0
  and (owner is null or owner = $3 or leased_until is null or leased_until < clock_timestamp())
returning position, parked_revision
