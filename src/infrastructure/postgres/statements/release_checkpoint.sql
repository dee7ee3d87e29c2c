-- Lets other nodes run a projection at once.
--   $1 text name · $2 int version · $3 text owner
update annals.checkpoints set leased_until = null, owner = null
where name = $1 and version = $2 and shard = 0 and owner = $3
