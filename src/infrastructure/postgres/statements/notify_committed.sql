-- Tells other processes that something was committed. The commit of the notification itself need not be flushed.
--   $1 text channel · $2 text position
select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)
