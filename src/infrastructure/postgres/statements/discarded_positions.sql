-- Which of these events somebody gave up, and for which key.
--   $1 text name · $2 int version · $3 int generation · $4 bigint[] positions
select distinct position, key from annals.discarded
where name = $1 and version = $2 and generation = $3 and position = any ($4::bigint[])
