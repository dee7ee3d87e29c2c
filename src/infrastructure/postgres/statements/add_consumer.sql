-- Makes a consumer that begins after a position, unless there is one of this name; a row if it is made.
--   $1 text name · $2 text[] types, or null · $3 text[] aggregate types, or null · $4 bigint start · $5 int attempts
insert into annals.consumers (name, types, aggregate_types, start_position, read_position, max_attempts)
values ($1, $2, $3, $4, $4, $5)
on conflict (name) do nothing
returning name
