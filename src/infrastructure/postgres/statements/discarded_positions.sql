-- Which of these events somebody gave up in a build or in the live one, and for which key.
--   $1 text name · $2 int version · $3 int generation · $4 bigint[] positions
select distinct d.position, d.key
from (
  select $2::int as version, $3::int as generation
  union
  select version, generation from annals.projections where name = $1 and status = 'live'
) b
join annals.discarded d on d.version = b.version and d.generation = b.generation
where d.name = $1 and d.position = any ($4::bigint[])
