-- The keys of a shard that have parked events.
--   $1 text name · $2 int version · $3 int generation · $4 int shard
select key, count(*) from annals.parked
where name = $1 and version = $2 and generation = $3 and shard = $4
group by key
