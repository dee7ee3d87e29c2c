-- Has the shards of a build run again that have stopped; also those that fail, of which one may have stopped unnoted.
--   $1 text name · $2 int version · $3 int generation
update annals.checkpoints set epoch = epoch + 1, condition = 'running', error = null
where name = $1 and version = $2 and generation = $3 and condition <> 'running'
