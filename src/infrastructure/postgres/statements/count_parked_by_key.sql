-- The keys of a projection that have parked events.
--   $1 text name · $2 int version
select key, count(*) from annals.parked where name = $1 and version = $2 group by key
