-- Gives up all parked events of a key, and records it; returns their positions.
--   $1 text name · $2 int version · $3 text key · $4 text reason · $5 text who, or null
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and shard = 0
), given_up as (
  delete from annals.parked
  where name = $1 and version = $2 and md5(key) = md5($3::text) and key = $3
  returning key, position, error, attempts
)
insert into annals.discarded (name, version, key, position, error, attempts, reason, discarded_by)
select $1, $2, key, position, error, attempts, $4, $5 from given_up
returning position
