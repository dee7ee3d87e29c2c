-- The first parked event of each key, with the number of those that wait.
--   $1 text name · $2 int version · $3 int generation
select shard, key, position, error, attempts, (date_part('epoch', parked_at) * 1000)::bigint, waiting
from (
  select distinct on (shard, key) *, count(*) over (partition by shard, key) as waiting
  from annals.parked
  where name = $1 and version = $2 and generation = $3
  order by shard, key, position
) firsts
order by position, key, shard
