-- Records of a build what was given up in the live one, unless it was given up in the build itself.
--   $1 text name · $2 int version · $3 int generation · $4 bigint[] positions · $5 text[] keys, one for each position
insert into annals.discarded
  (name, version, generation, key, position, error, attempts, reason, discarded_by, discarded_at)
select $1, $2, $3, d.key, d.position, d.error, d.attempts, d.reason, d.discarded_by, d.discarded_at
from annals.projections p
join annals.discarded d on d.name = p.name and d.version = p.version and d.generation = p.generation
join unnest($4::bigint[], $5::text[]) as e (position, key) on e.position = d.position and e.key = d.key
where p.name = $1 and p.status = 'live' and not exists (
  select from annals.discarded o
  where o.name = $1 and o.version = $2 and o.generation = $3 and o.position = d.position and o.key = d.key
)
