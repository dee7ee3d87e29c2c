-- How far a build is: as far as its last shard.
--   $1 text name · $2 int version · $3 int generation
select coalesce(min(position), 0) from annals.checkpoints where name = $1 and version = $2 and generation = $3
