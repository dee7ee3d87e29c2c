-- Takes an event out of the queue of its key.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 text key · $6 bigint position
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and generation = $3 and shard = $4
)
delete from annals.parked
where name = $1 and version = $2 and generation = $3 and shard = $4
  and md5(key) = md5($5::text) and key = $5 and position = $6
