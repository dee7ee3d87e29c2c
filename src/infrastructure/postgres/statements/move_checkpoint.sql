-- Moves a checkpoint, but only from where the batch began.
--   $1 text name · $2 int version · $3 bigint from · $4 bigint to
update annals.checkpoints set position = $4, moved_at = now()
where name = $1 and version = $2 and shard = 0 and position = $3
returning position
