-- How far builds are behind the last event, each by its slowest shard: positions and milliseconds.
--   $1 text[] names · $2 int[] versions · $3 int[] generations
with wanted as (
  select name, version, generation
  from unnest($1::text[] collate "C", $2::int[], $3::int[]) as w (name, version, generation)
), slowest as (
  select distinct on (c.name, c.version, c.generation) c.name, c.version, c.generation, c.position, c.moved_at
  from annals.checkpoints c join wanted using (name, version, generation)
  order by c.name, c.version, c.generation, c.position
), last_event as (
  select position from annals.events order by position desc limit 1
), set_aside as (
  select p.name, p.version, p.generation, count(distinct (p.shard, p.key)) as keys, count(*) as events
  from annals.parked p join wanted using (name, version, generation)
  group by p.name, p.version, p.generation
)
select
  s.name, s.version, s.generation, s.position,
  greatest(0, (select position from last_event) - s.position),
  extract(epoch from clock_timestamp() - next.recorded_at) * 1000,
  extract(epoch from clock_timestamp() - greatest(next.recorded_at, s.moved_at)) * 1000,
  set_aside.keys, set_aside.events
from slowest s
left join lateral (
  select e.recorded_at from annals.events e where e.position > s.position order by e.position limit 1
) next on true
left join set_aside using (name, version, generation)
