-- Makes a build and its shards.
--   $1 text name · $2 int version · $3 int generation · $4 text status · $5 boolean swaps by itself
--   $6 int events per second at most, or null · $7 int shards · $8 bigint position · $9 boolean allows parked
with added as (
  insert into annals.projections
    (name, version, generation, status, swaps_by_itself, max_events_per_second, allows_parked)
  values ($1, $2, $3, $4, $5, $6, $9)
)
-- What is built beside a live one may have been built and removed before, and must not share an epoch with that.
insert into annals.checkpoints (name, version, generation, shard, position, epoch)
select $1, $2, $3, shard, $8,
  case when $4 = 'live' then 0 else (extract(epoch from clock_timestamp()) * 1000000)::bigint end
from generate_series(0, $7 - 1) shard
