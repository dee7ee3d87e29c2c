-- How far a build is: as far as its last shard; null where appends write it, which is never behind.
-- Who writes it is read with the positions: another process may just have taken it from the appends.
--   $1 text name · $2 int version · $3 int generation
select case
  when 'appends' = (
    select p.written_by from annals.projections p where p.name = $1 and p.version = $2 and p.generation = $3
  ) then null
  else coalesce(min(c.position), 0)
end
from annals.checkpoints c where c.name = $1 and c.version = $2 and c.generation = $3
