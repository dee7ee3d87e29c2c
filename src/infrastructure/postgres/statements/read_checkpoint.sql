-- How far a projection is.
--   $1 text name · $2 int version
select position from annals.checkpoints where name = $1 and version = $2 and shard = 0
