-- Parks events; one that waits under its key already stays as it is.
--   $1 text name · $2 int version · $3 text[] keys · $4 bigint[] positions · $5 boolean[] whole
--   $6 text[] errors · $7 int[] attempts
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and shard = 0
)
insert into annals.parked (name, version, key, position, is_whole, error, attempts)
select $1, $2, * from unnest($3::text[], $4::bigint[], $5::boolean[], $6::text[], $7::int[])
on conflict (name, version, md5(key), position) do nothing
