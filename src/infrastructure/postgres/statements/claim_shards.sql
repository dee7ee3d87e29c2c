-- Makes a node the runner of shards; those that it got.
--   $1 text node · $2 text[] names · $3 int[] versions · $4 int[] generations · $5 int[] shards
--   $6 bigint[] epochs in which the node has seen them
select name, version, generation, shard, epoch from annals.claim_shards($1, $2, $3, $4, $5, $6)
