-- Changes a build and ends the claims on its shards.
--   $1 text name · $2 int version · $3 int generation · $4 text status · $5 text written by · $6 boolean paused
--   $7 boolean swaps by itself · $8 int events per second at most, or null · $9 text why it is held, or null
with fenced as (
  update annals.checkpoints set epoch = epoch + 1 where name = $1 and version = $2 and generation = $3
)
update annals.projections
set status = $4, written_by = $5, is_paused = $6, swaps_by_itself = $7, max_events_per_second = $8,
  held_because = $9
where name = $1 and version = $2 and generation = $3
