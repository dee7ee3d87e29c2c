-- Sets the checkpoint of a projection to that of what was built in its place, and forgets its parked events.
--   $1 text live name · $2 int version · $3 text built name
with unparked as (
  delete from annals.parked where name = $1 and version = $2
)
update annals.checkpoints live
set position = built.position, parked_revision = live.parked_revision + 1, moved_at = now()
from annals.checkpoints built
where live.name = $1 and live.version = $2 and live.shard = 0
  and built.name = $3 and built.version = $2 and built.shard = 0
