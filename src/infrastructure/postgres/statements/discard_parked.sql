-- Gives up parked events of a key, and records it; returns their positions.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 text key · $6 text reason
--   $7 text who, or null · $8 bigint up to this position
with changed as (
  update annals.checkpoints set parked_revision = parked_revision + 1
  where name = $1 and version = $2 and generation = $3 and shard = $4
), given_up as (
  delete from annals.parked
  where name = $1 and version = $2 and generation = $3 and shard = $4
    and md5(key) = md5($5::text) and key = $5 and position <= $8
  returning key, position, error, attempts
)
insert into annals.discarded (name, version, generation, key, position, error, attempts, reason, discarded_by)
select $1, $2, $3, key, position, error, attempts, $6, $7 from given_up
returning position
