-- Sets all checkpoints of a build and ends the claims on its shards.
--   $1 text name · $2 int version · $3 int generation · $4 bigint position
update annals.checkpoints
set position = $4, epoch = epoch + 1, condition = 'running', error = null, moved_at = now()
where name = $1 and version = $2 and generation = $3
