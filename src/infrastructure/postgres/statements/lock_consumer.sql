-- A consumer, which nobody else changes until the transaction ends; beside it the time.
--   $1 text name
select name, to_json(types), to_json(aggregate_types), start_position, read_position, max_attempts,
  open_count, (date_part('epoch', created_at) * 1000)::bigint, (date_part('epoch', clock_timestamp()) * 1000)::bigint
from annals.consumers
where name = $1
for update
