-- Forgets a projection and its checkpoint.
--   $1 text name · $2 int version
with removed as (
  delete from annals.projections where name = $1 and version = $2
)
delete from annals.checkpoints where name = $1 and version = $2
