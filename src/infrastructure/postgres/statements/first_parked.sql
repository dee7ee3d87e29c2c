-- The first parked event of a key.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 text key
select position, is_whole::integer from annals.parked
where name = $1 and version = $2 and generation = $3 and shard = $4 and md5(key) = md5($5::text) and key = $5
order by position
limit 1
