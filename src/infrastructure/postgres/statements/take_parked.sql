-- Gives a projection the parked events of what was built in its place.
--   $1 text live name · $2 int version · $3 text built name
update annals.parked set name = $1 where name = $3 and version = $2
