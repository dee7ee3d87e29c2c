-- Lets other nodes run shards at once.
--   $1 text node · $2 text[] names · $3 int[] versions · $4 int[] generations · $5 int[] shards
with own as (
  -- In the order in which lock_checkpoints locks, so that the two do not wait in a ring.
  select name, version, generation, shard from annals.checkpoints
  join unnest($2::text[], $3::int[], $4::int[], $5::int[]) as s (name, version, generation, shard)
    using (name, version, generation, shard)
  where owner = $1 order by name, version, generation, shard for update of checkpoints
)
update annals.checkpoints c set owner = null from own o
where c.name = o.name and c.version = o.version and c.generation = o.generation and c.shard = o.shard
