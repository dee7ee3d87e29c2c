-- Keeps appends from writing to an inline projection until the transaction ends.
--   $1 text name
select pg_advisory_xact_lock(hashtext('annals inline'), hashtext('annals.' || $1))
