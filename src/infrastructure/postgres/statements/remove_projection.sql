-- Forgets a build, its checkpoints, and what it has parked or given up.
--   $1 text name · $2 int version · $3 int generation
with removed as (
  delete from annals.projections where name = $1 and version = $2 and generation = $3
), unparked as (
  delete from annals.parked where name = $1 and version = $2 and generation = $3
), forgotten as (
  delete from annals.discarded where name = $1 and version = $2 and generation = $3
)
delete from annals.checkpoints where name = $1 and version = $2 and generation = $3
