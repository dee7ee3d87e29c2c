-- Keeps others from changing the builds of a projection until the transaction ends.
--   $1 text name
select pg_advisory_xact_lock(hashtext('annals projection'), hashtext('annals.' || $1))
