-- How far a shard is; nobody else moves it until the transaction ends.
--   $1 text name · $2 int version · $3 int generation · $4 int shard
select position, epoch, parked_revision from annals.checkpoints
where name = $1 and version = $2 and generation = $3 and shard = $4
for update
