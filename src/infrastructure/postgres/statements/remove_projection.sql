-- Forgets a projection, its checkpoint and its parked events.
--   $1 text name · $2 int version
with removed as (
  delete from annals.projections where name = $1 and version = $2
), unparked as (
  delete from annals.parked where name = $1 and version = $2
)
delete from annals.checkpoints where name = $1 and version = $2
