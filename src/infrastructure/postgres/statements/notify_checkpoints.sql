-- Tells other processes who waits for which checkpoint, and which was reached. Its commit need not be flushed.
--   $1 text channel · $2 text[] what is told
select set_config('synchronous_commit', 'off', true), pg_notify($1, told) from unnest($2::text[]) as told
