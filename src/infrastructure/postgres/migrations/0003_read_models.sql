-- Projections: which builds exist, how far they are, who runs them, and what they have set aside.

-- A build of a projection; a rebuild of the same version makes the next generation.
create table annals.projections (
  name text collate "C" not null,
  version integer not null,
  generation integer not null default 1,
  status text not null default 'live' check (status in ('building', 'live', 'kept')),
  written_by text not null default 'runners' check (written_by in ('runners', 'appends')),
  is_paused boolean not null default false,
  swaps_by_itself boolean not null default false,
  allows_parked boolean not null default false,
  held_because text,
  max_events_per_second integer,
  created_at timestamptz not null default now(),
  primary key (name, version, generation)
);

create unique index projections_live on annals.projections (name) where status = 'live';
create unique index projections_building on annals.projections (name) where status = 'building';

-- One row a shard. It moves from the value a batch began with, by whoever knows its epoch.
create table annals.checkpoints (
  name text collate "C" not null,
  version integer not null,
  generation integer not null default 1,
  shard integer not null default 0,
  position bigint not null default 0,
  epoch bigint not null default 0,
  owner text,
  condition text not null default 'running' check (condition in ('running', 'retrying', 'stopped')),
  error text,
  events_per_second real not null default 0,
  parked_revision bigint not null default 0,
  moved_at timestamptz not null default now(),
  primary key (name, version, generation, shard)
) with (fillfactor = 50);

-- Processes that run projections, and which. Whoever does not renew its row in time has lost what it owns.
create table annals.nodes (
  node text collate "C" primary key,
  runs text[] not null,
  alive_until timestamptz not null
) with (fillfactor = 50);

-- What only one may do at a time.
create table annals.leases (
  name text collate "C" primary key,
  owner text not null,
  leased_until timestamptz not null
);

-- A failing event and all later events of its key wait here, in order, each shard's apart.
create table annals.parked (
  name text collate "C" not null,
  version integer not null,
  generation integer not null default 1,
  shard integer not null default 0,
  key text collate "C" not null,
  position bigint not null,
  is_whole boolean not null,
  error text,
  attempts integer not null default 0,
  parked_at timestamptz not null default now()
);

-- By a digest, because a document's id may be longer than an index takes.
create unique index parked_by_key on annals.parked (name, version, generation, shard, md5(key), position);

-- What was given up instead of handled, by an operator or by a projector's policy.
create table annals.discarded (
  name text collate "C" not null,
  version integer not null,
  generation integer not null default 1,
  key text collate "C" not null,
  position bigint not null,
  error text,
  attempts integer not null,
  reason text not null,
  discarded_by text,
  discarded_at timestamptz not null default now()
);

create index discarded_by_position on annals.discarded (name, version, generation, position);

-- Versions that an operator has cancelled or dropped: no node builds them by itself, until somebody asks for a rebuild.
create table annals.given_up_versions (
  name text collate "C" not null,
  version integer not null,
  primary key (name, version)
);

-- What operators did to projections, and what Annals did by itself.
create table annals.operations (
  operation_id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  action text not null,
  name text collate "C" not null,
  version integer not null,
  actor text not null,
  reason text not null,
  details json
);

create index operations_by_projection on annals.operations (name, operation_id);

-- The nodes, also those that have not given a sign of life for a while, and every build with its shards.
create function annals.projection_states() returns json
language sql
as $$
  select json_build_object(
    'nodes', (
      select coalesce(json_agg(json_build_object(
        'node', node, 'runs', runs, 'isAlive', alive_until > clock_timestamp()
      )), '[]')
      from annals.nodes where alive_until > clock_timestamp() - interval '2 minutes'
    ),
    'projections', (
      select coalesce(json_agg(json_build_object(
        'name', p.name, 'version', p.version, 'generation', p.generation, 'status', p.status,
        'writtenBy', p.written_by, 'isPaused', p.is_paused, 'swapsByItself', p.swaps_by_itself,
        'allowsParked', p.allows_parked, 'heldBecause', p.held_because,
        'maxEventsPerSecond', p.max_events_per_second,
        'createdAtMs', round(date_part('epoch', p.created_at) * 1000),
        'shards', (
          select coalesce(json_agg(json_build_object(
            'shard', c.shard, 'position', c.position, 'epoch', c.epoch, 'owner', n.node, 'condition', c.condition,
            'error', c.error, 'eventsPerSecond', c.events_per_second,
            'movedAtMs', round(date_part('epoch', c.moved_at) * 1000)
          ) order by c.shard), '[]')
          from annals.checkpoints c
          left join annals.nodes n on n.node = c.owner and n.alive_until > clock_timestamp()
          where c.name = p.name and c.version = p.version and c.generation = p.generation
        )
      ) order by p.name, p.version, p.generation), '[]')
      from annals.projections p
    )
  )
$$;

-- Says that a node is alive for a while and what it can run; what there is then.
create function annals.beat(beating text, can_run text[], lease_ms integer) returns json
language plpgsql
as $$
begin
  insert into annals.nodes (node, runs, alive_until)
  values (beating, can_run, clock_timestamp() + lease_ms * interval '1 millisecond')
  on conflict (node) do update set runs = excluded.runs, alive_until = excluded.alive_until;
  delete from annals.nodes where node <> beating and alive_until < clock_timestamp() - interval '1 hour';
  return annals.projection_states();
end
$$;

-- Makes a node the runner of shards that are free, or its own already, or whose node is dead. Each claim begins an
-- epoch, and nobody who knows only an earlier one moves the checkpoint any more. Whoever has seen an earlier one does
-- not know what the shard is now: whether it is to run, and which keys are its own.
create function annals.claim_shards(
  claimant text, names text[], versions integer[], generations integer[], numbers integer[], epochs bigint[]
) returns table (name text, version integer, generation integer, shard integer, epoch bigint)
language sql
as $$
  with free as (
    select c.name, c.version, c.generation, c.shard
    from annals.checkpoints c
    join unnest(names, versions, generations, numbers, epochs) as s (name, version, generation, shard, epoch)
      using (name, version, generation, shard, epoch)
    where (
        c.owner is null or c.owner = claimant
        or not exists (select from annals.nodes n where n.node = c.owner and n.alive_until > clock_timestamp())
      )
      and exists (select from annals.nodes n where n.node = claimant and n.alive_until > clock_timestamp())
    -- One that is locked can be had at the next beat; a node that waited for it could not beat meanwhile.
    for update of c skip locked
  )
  update annals.checkpoints c
  set owner = claimant, epoch = c.epoch + 1
  from free f
  where c.name = f.name and c.version = f.version and c.generation = f.generation and c.shard = f.shard
  returning c.name, c.version, c.generation, c.shard, c.epoch
$$;

-- Keeps inline projections and whoever changes them apart until the transaction ends; the builds that appends have
-- to write to. Locked in order of name, so that appends and those who lock only one do not wait in a ring.
--
-- One of which nobody knows what an append will write is locked for one append at a time: positions are drawn after
-- this, and of two appends the one with the higher position must not be the first to write.
create function annals.enter_inline(names text[], alone text[])
returns table (name text, version integer, generation integer)
language plpgsql
as $$
begin
  perform case
    when is_alone then pg_advisory_xact_lock(hashtext('annals inline'), lock_number)
    else pg_advisory_xact_lock_shared(hashtext('annals inline'), lock_number)
  end
  from (
    select hashtext('annals.' || n) as lock_number, bool_or(n = any (alone)) as is_alone
    from unnest(names) n group by 1 order by 1
  ) locks;
  -- In a statement of its own, so that it sees what the one who held the lock has changed.
  return query
    select p.name, p.version, p.generation from annals.projections p
    where p.name = any (names) and p.status = 'live' and p.written_by = 'appends';
end
$$;

-- Keeps appends apart that write the same documents, also such as are not there yet, until the transaction ends. Each
-- document has a lock of its own, which many appends can hold beside each other. One that writes very many takes all
-- of the table at once: the server has room for some thousand locks only. Sorted, so that nobody waits in a ring.
create function annals.lock_documents(table_name text, ids text[]) returns void
language plpgsql
as $$
begin
  if cardinality(ids) > 256 then
    perform pg_advisory_xact_lock(hashtext('annals documents'), hashtext(table_name));
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtext('annals documents'), hashtext(table_name));
  perform pg_advisory_xact_lock(hashtext(table_name), lock_number)
  from (select distinct hashtext(id) as lock_number from unnest(ids) id order by 1) locks;
end
$$;
