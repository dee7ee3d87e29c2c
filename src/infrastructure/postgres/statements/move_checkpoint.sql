-- Moves a checkpoint, but only from where the batch began, and in the epoch in which it began.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 bigint epoch
--   $6 bigint from · $7 bigint to · $8 real events per second
update annals.checkpoints
set position = $7, events_per_second = $8, moved_at = now(), condition = 'running', error = null
where name = $1 and version = $2 and generation = $3 and shard = $4 and epoch = $5 and position = $6
returning position
