-- The first parked event of a key.
--   $1 text name · $2 int version · $3 text key
select position, is_whole::integer from annals.parked
where name = $1 and version = $2 and md5(key) = md5($3::text) and key = $3
order by position
limit 1
