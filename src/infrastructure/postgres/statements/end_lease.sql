-- Lets others do it.
--   $1 text name · $2 text owner
delete from annals.leases where name = $1 and owner = $2
