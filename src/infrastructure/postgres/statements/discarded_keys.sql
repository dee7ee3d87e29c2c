-- The keys of which somebody gave up events, in any build of a projection.
--   $1 text name
select distinct key from annals.discarded where name = $1
