-- Gives a build other shards, at the position that the present ones have.
--   $1 text name · $2 int version · $3 int generation · $4 int shards
with old as (
  delete from annals.checkpoints where name = $1 and version = $2 and generation = $3
  returning position, epoch, parked_revision
)
insert into annals.checkpoints (name, version, generation, shard, position, epoch, parked_revision)
select $1, $2, $3, shard,
  (select min(position) from old), (select max(epoch) + 1 from old), (select max(parked_revision) + 1 from old)
from generate_series(0, $4 - 1) shard
