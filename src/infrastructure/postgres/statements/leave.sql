-- Takes a node out, with all that it owns.
--   $1 text node
with own as (
  -- In the order in which lock_checkpoints locks, so that the two do not wait in a ring.
  select name, version, generation, shard from annals.checkpoints
  where owner = $1 order by name, version, generation, shard for update
), released as (
  update annals.checkpoints c set owner = null from own o
  where c.name = o.name and c.version = o.version and c.generation = o.generation and c.shard = o.shard
)
delete from annals.nodes where node = $1
