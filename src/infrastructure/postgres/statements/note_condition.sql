-- Notes how the runner of a shard is doing.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 bigint epoch · $6 text condition · $7 text error
update annals.checkpoints set condition = $6, error = $7
where name = $1 and version = $2 and generation = $3 and shard = $4 and epoch = $5
