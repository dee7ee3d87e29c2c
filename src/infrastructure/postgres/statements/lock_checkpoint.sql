-- How far a projection is; nobody else moves it until the transaction ends.
--   $1 text name · $2 int version
select position, parked_revision from annals.checkpoints where name = $1 and version = $2 and shard = 0 for update
