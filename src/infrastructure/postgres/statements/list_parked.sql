-- The first parked event of each key, with the number of those that wait.
--   $1 text name · $2 int version
select key, position, error, attempts, (date_part('epoch', parked_at) * 1000)::bigint, waiting
from (
  select distinct on (key) *, count(*) over (partition by key) as waiting
  from annals.parked
  where name = $1 and version = $2
  order by key, position
) firsts
order by position, key
