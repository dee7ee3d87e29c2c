-- The consumer of a name, or all of them.
--   $1 text name, or null
select name, to_json(types), to_json(aggregate_types), start_position, read_position, max_attempts,
  open_count, (date_part('epoch', created_at) * 1000)::bigint
from annals.consumers
where $1::text is null or name = $1
order by name
