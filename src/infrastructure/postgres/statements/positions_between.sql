-- The positions between which all events recorded in a time range lie.
--   $1 timestamptz since, or null · $2 timestamptz until, or null
select first_position, last_position from annals.positions_between($1, $2)
