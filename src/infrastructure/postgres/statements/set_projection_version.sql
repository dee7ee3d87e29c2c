-- Makes a build one of another version, with its checkpoints and what it has parked or given up, and ends the claims on its shards.
--   $1 text name · $2 int version · $3 int generation · $4 int new version
with unparked as (
  update annals.parked set version = $4 where name = $1 and version = $2 and generation = $3
), given_up as (
  update annals.discarded set version = $4 where name = $1 and version = $2 and generation = $3
), fenced as (
  update annals.checkpoints set version = $4, epoch = epoch + 1
  where name = $1 and version = $2 and generation = $3
)
update annals.projections set version = $4 where name = $1 and version = $2 and generation = $3
