-- Keeps the checkpoints of all builds of a projection from moving until the transaction ends.
--   $1 text name
select position from annals.checkpoints where name = $1 order by version, generation, shard for update
