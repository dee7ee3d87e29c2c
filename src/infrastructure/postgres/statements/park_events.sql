-- Parks events; one that waits under its key already stays as it is.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 text[] keys · $6 bigint[] positions
--   $7 boolean[] whole · $8 text[] errors · $9 int[] attempts
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and generation = $3 and shard = $4
)
insert into annals.parked (name, version, generation, shard, key, position, is_whole, error, attempts)
select $1, $2, $3, $4, * from unnest($5::text[], $6::bigint[], $7::boolean[], $8::text[], $9::int[])
on conflict (name, version, generation, shard, md5(key), position) do nothing
