-- How far the shards of builds are behind the last event, in positions and milliseconds, and how fast the log grows.
--   $1 text[] names · $2 int[] versions · $3 int[] generations
with moment as (
  select clock_timestamp() as now
), wanted as (
  select name, version, generation
  from unnest($1::text[] collate "C", $2::int[], $3::int[]) as w (name, version, generation)
), last_event as (
  select position from annals.events order by position desc limit 1
), recent as (
  -- Since the last thousand events, and since a second at least, so that a burst is no speed.
  select (l.position - e.position) / greatest(1, extract(epoch from (select now from moment) - e.recorded_at)) as speed
  from last_event l, annals.events e
  where e.position > l.position - 1000
  order by e.position
  limit 1
), set_aside as (
  select p.name, p.version, p.generation, count(distinct (p.shard, p.key)) as keys, count(*) as events
  from annals.parked p join wanted using (name, version, generation)
  group by p.name, p.version, p.generation
)
select
  c.name, c.version, c.generation, c.shard, c.position,
  greatest(0, (select position from last_event) - c.position),
  extract(epoch from (select now from moment) - next.recorded_at) * 1000,
  case when next.recorded_at is not null then
    extract(epoch from (select now from moment) - greatest(next.recorded_at, c.moved_at)) * 1000
  end,
  (select speed from recent), set_aside.keys, set_aside.events
from annals.checkpoints c
join wanted using (name, version, generation)
left join lateral (
  select e.recorded_at from annals.events e where e.position > c.position order by e.position limit 1
) next on true
left join set_aside using (name, version, generation)
order by c.name, c.version, c.generation, c.shard
