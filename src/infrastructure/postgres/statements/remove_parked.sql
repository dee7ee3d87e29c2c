-- Takes an event out of the queue of its key.
--   $1 text name · $2 int version · $3 text key · $4 bigint position
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and shard = 0
)
delete from annals.parked
where name = $1 and version = $2 and md5(key) = md5($3::text) and key = $3 and position = $4
