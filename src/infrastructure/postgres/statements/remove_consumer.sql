-- Removes a consumer with its deliveries.
--   $1 text name
with gone as (delete from annals.deliveries where consumer = $1)
delete from annals.consumers where name = $1
returning name
