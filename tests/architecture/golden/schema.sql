-- table checkpoints with (fillfactor=50)
  name text collate "C" not null
  version integer not null
  generation integer not null default 1
  shard integer not null default 0
  position bigint not null default 0
  epoch bigint not null default 0
  owner text
  condition text not null default 'running'::text
  error text
  events_per_second real not null default 0
  parked_revision bigint not null default 0
  moved_at timestamp with time zone not null default now()

-- table commands
  command_id text collate "C" not null
  fingerprint text collate "C" not null
  result json
  last_position bigint not null
  recorded_at timestamp with time zone not null

-- table consumers with (fillfactor=50)
  name text collate "C" not null
  types text[]
  aggregate_types text[]
  start_position bigint not null
  read_position bigint not null
  max_attempts integer not null
  open_count bigint not null default 0
  created_at timestamp with time zone not null default now()

-- table deadlines
  deadline_id uuid not null
  process text collate "C" not null
  process_id text collate "C" not null
  name text not null
  body json
  due_at timestamp with time zone not null
  fired_at timestamp with time zone

-- table deliveries with (fillfactor=70)
  consumer text collate "C" not null
  position bigint not null
  stream_ref bigint not null
  status text not null default 'waiting'::text
  is_first boolean not null
  attempts integer not null default 0
  lease text
  due_at timestamp with time zone not null default to_timestamp((0)::double precision)
  error text
  transaction_id text
  report json
  closed_at timestamp with time zone
  decided_by text
  reason text

-- table discarded
  name text collate "C" not null
  version integer not null
  generation integer not null default 1
  key text collate "C" not null
  position bigint not null
  error text
  attempts integer not null
  reason text not null
  discarded_by text
  discarded_at timestamp with time zone not null default now()

-- table event_types
  event_type text collate "C" not null
  schema_version smallint not null
  description text
  schema json
  example json
  registered_at timestamp with time zone not null default now()

-- table events
  position bigint not null
  stream_ref bigint not null
  version integer not null
  schema_version smallint not null
  event_id uuid not null
  recorded_at timestamp with time zone not null
  event_type text collate "C" not null
  correlation_id text collate "C"
  causation_id text collate "C"
  user_id text collate "C"
  actor text collate "C" not null
  payload json not null
  metadata json

-- table given_up_versions
  name text collate "C" not null
  version integer not null

-- table leases
  name text collate "C" not null
  owner text not null
  leased_until timestamp with time zone not null

-- table migrations
  number integer not null
  name text not null
  applied_at timestamp with time zone not null default now()

-- table nodes with (fillfactor=50)
  node text collate "C" not null
  runs text[] not null
  alive_until timestamp with time zone not null

-- table operations
  operation_id bigint not null generated always as identity
  at timestamp with time zone not null default clock_timestamp()
  action text not null
  name text collate "C" not null
  version integer not null
  actor text not null
  reason text not null
  details json

-- table outbox
  message_id uuid not null
  kind text not null
  body json not null
  created_at timestamp with time zone not null default now()
  sent_at timestamp with time zone

-- table parked
  name text collate "C" not null
  version integer not null
  generation integer not null default 1
  shard integer not null default 0
  key text collate "C" not null
  position bigint not null
  is_whole boolean not null
  error text
  attempts integer not null default 0
  parked_at timestamp with time zone not null default now()

-- table projections
  name text collate "C" not null
  version integer not null
  generation integer not null default 1
  status text not null default 'live'::text
  written_by text not null default 'runners'::text
  is_paused boolean not null default false
  swaps_by_itself boolean not null default false
  allows_parked boolean not null default false
  held_because text
  max_events_per_second integer
  created_at timestamp with time zone not null default now()

-- table readers
  role_name name collate "C" not null
  user_id text collate "C" not null

-- table snapshots
  stream_ref bigint not null
  schema_version integer not null
  version integer not null
  state json not null
  taken_at timestamp with time zone not null default now()
  event_id uuid not null
  checksum text not null

-- table streams with (fillfactor=70)
  stream_ref bigint not null default nextval('annals.stream_refs'::regclass)
  aggregate_type text collate "C" not null
  aggregate_id text collate "C" not null
  version integer not null
  recorded_at timestamp with time zone not null

-- table subject_keys
  subject text collate "C" not null
  key bytea
  created_at timestamp with time zone not null default now()
  forgotten_at timestamp with time zone

-- table unique_keys
  key text collate "C" not null
  stream_ref bigint not null

-- constraints of checkpoints
  checkpoints_condition_check: CHECK ((condition = ANY (ARRAY['running'::text, 'retrying'::text, 'stopped'::text])))
  checkpoints_pkey: PRIMARY KEY (name, version, generation, shard)

-- constraints of commands
  commands_pkey: PRIMARY KEY (command_id)

-- constraints of consumers
  consumers_pkey: PRIMARY KEY (name)

-- constraints of deadlines
  deadlines_pkey: PRIMARY KEY (deadline_id)

-- constraints of deliveries
  deliveries_pkey: PRIMARY KEY (consumer, "position")
  deliveries_status_check: CHECK ((status = ANY (ARRAY['waiting'::text, 'leased'::text, 'retrying'::text, 'parked'::text, 'processed'::text, 'discarded'::text])))

-- constraints of event_types
  event_types_pkey: PRIMARY KEY (event_type, schema_version)

-- constraints of events
  events_pkey: PRIMARY KEY ("position")

-- constraints of given_up_versions
  given_up_versions_pkey: PRIMARY KEY (name, version)

-- constraints of leases
  leases_pkey: PRIMARY KEY (name)

-- constraints of migrations
  migrations_pkey: PRIMARY KEY (number)

-- constraints of nodes
  nodes_pkey: PRIMARY KEY (node)

-- constraints of operations
  operations_pkey: PRIMARY KEY (operation_id)

-- constraints of outbox
  outbox_pkey: PRIMARY KEY (message_id)

-- constraints of projections
  projections_pkey: PRIMARY KEY (name, version, generation)
  projections_status_check: CHECK ((status = ANY (ARRAY['building'::text, 'live'::text, 'kept'::text])))
  projections_written_by_check: CHECK ((written_by = ANY (ARRAY['runners'::text, 'appends'::text])))

-- constraints of readers
  readers_pkey: PRIMARY KEY (role_name)

-- constraints of snapshots
  snapshots_pkey: PRIMARY KEY (stream_ref, schema_version)

-- constraints of streams
  streams_pkey: PRIMARY KEY (stream_ref)

-- constraints of subject_keys
  subject_keys_pkey: PRIMARY KEY (subject)

-- constraints of unique_keys
  unique_keys_pkey: PRIMARY KEY (key)

-- indexes of checkpoints
  CREATE UNIQUE INDEX checkpoints_pkey ON annals.checkpoints USING btree (name, version, generation, shard)

-- indexes of commands
  CREATE UNIQUE INDEX commands_pkey ON annals.commands USING btree (command_id)

-- indexes of consumers
  CREATE UNIQUE INDEX consumers_pkey ON annals.consumers USING btree (name)

-- indexes of deadlines
  CREATE INDEX deadlines_due ON annals.deadlines USING btree (due_at) WHERE (fired_at IS NULL)
  CREATE UNIQUE INDEX deadlines_pkey ON annals.deadlines USING btree (deadline_id)

-- indexes of deliveries
  CREATE INDEX deliveries_due ON annals.deliveries USING btree (consumer, due_at) WHERE (is_first AND (status = ANY (ARRAY['leased'::text, 'retrying'::text])))
  CREATE INDEX deliveries_open ON annals.deliveries USING btree (consumer, stream_ref, "position") WHERE (closed_at IS NULL)
  CREATE UNIQUE INDEX deliveries_pkey ON annals.deliveries USING btree (consumer, "position")
  CREATE INDEX deliveries_waiting ON annals.deliveries USING btree (consumer, "position") WHERE (is_first AND (status = 'waiting'::text))

-- indexes of discarded
  CREATE INDEX discarded_by_position ON annals.discarded USING btree (name, version, generation, "position")

-- indexes of event_types
  CREATE UNIQUE INDEX event_types_pkey ON annals.event_types USING btree (event_type, schema_version)

-- indexes of events
  CREATE INDEX events_by_actor ON annals.events USING btree (actor, "position") WHERE ((actor <> 'system'::text) AND (actor IS DISTINCT FROM ('user:'::text || user_id)))
  CREATE INDEX events_by_causation ON annals.events USING btree (causation_id, "position") WHERE (causation_id IS NOT NULL)
  CREATE INDEX events_by_correlation ON annals.events USING btree (correlation_id, "position") WHERE (correlation_id IS NOT NULL)
  CREATE UNIQUE INDEX events_by_id ON annals.events USING btree (event_id)
  CREATE UNIQUE INDEX events_by_stream ON annals.events USING btree (stream_ref, version)
  CREATE INDEX events_by_time ON annals.events USING brin ("position", recorded_at) WITH (autosummarize='on')
  CREATE INDEX events_by_type ON annals.events USING btree (event_type, "position")
  CREATE INDEX events_by_user ON annals.events USING btree (user_id, "position") WHERE (user_id IS NOT NULL)
  CREATE UNIQUE INDEX events_pkey ON annals.events USING btree ("position")

-- indexes of given_up_versions
  CREATE UNIQUE INDEX given_up_versions_pkey ON annals.given_up_versions USING btree (name, version)

-- indexes of leases
  CREATE UNIQUE INDEX leases_pkey ON annals.leases USING btree (name)

-- indexes of migrations
  CREATE UNIQUE INDEX migrations_pkey ON annals.migrations USING btree (number)

-- indexes of nodes
  CREATE UNIQUE INDEX nodes_pkey ON annals.nodes USING btree (node)

-- indexes of operations
  CREATE INDEX operations_by_projection ON annals.operations USING btree (name, operation_id)
  CREATE UNIQUE INDEX operations_pkey ON annals.operations USING btree (operation_id)

-- indexes of outbox
  CREATE UNIQUE INDEX outbox_pkey ON annals.outbox USING btree (message_id)
  CREATE INDEX outbox_to_send ON annals.outbox USING btree (created_at) WHERE (sent_at IS NULL)

-- indexes of parked
  CREATE UNIQUE INDEX parked_by_key ON annals.parked USING btree (name, version, generation, shard, md5(key), "position")

-- indexes of projections
  CREATE UNIQUE INDEX projections_building ON annals.projections USING btree (name) WHERE (status = 'building'::text)
  CREATE UNIQUE INDEX projections_live ON annals.projections USING btree (name) WHERE (status = 'live'::text)
  CREATE UNIQUE INDEX projections_pkey ON annals.projections USING btree (name, version, generation)

-- indexes of readers
  CREATE UNIQUE INDEX readers_pkey ON annals.readers USING btree (role_name)

-- indexes of snapshots
  CREATE UNIQUE INDEX snapshots_pkey ON annals.snapshots USING btree (stream_ref, schema_version)

-- indexes of streams
  CREATE UNIQUE INDEX streams_by_id ON annals.streams USING btree (aggregate_id, aggregate_type)
  CREATE INDEX streams_by_type ON annals.streams USING btree (aggregate_type)
  CREATE UNIQUE INDEX streams_pkey ON annals.streams USING btree (stream_ref)

-- indexes of subject_keys
  CREATE UNIQUE INDEX subject_keys_pkey ON annals.subject_keys USING btree (subject)

-- indexes of unique_keys
  CREATE UNIQUE INDEX unique_keys_pkey ON annals.unique_keys USING btree (key)

-- sequences
  event_positions as bigint start 1 increment 1 cache 1
  operations_operation_id_seq as bigint start 1 increment 1 cache 1
  stream_refs as bigint start 1 increment 1 cache 1

-- triggers of events
  CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()
  CREATE TRIGGER events_never_change BEFORE DELETE OR UPDATE ON annals.events FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()

-- triggers of operations
  CREATE TRIGGER operations_are_never_truncated BEFORE TRUNCATE ON annals.operations FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_forgery()
  CREATE TRIGGER operations_never_change BEFORE DELETE OR UPDATE ON annals.operations FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_forgery()

-- triggers of streams
  CREATE TRIGGER streams_are_never_removed BEFORE DELETE ON annals.streams FOR EACH ROW WHEN ((old.version > 0)) EXECUTE FUNCTION annals.refuse_change()
  CREATE TRIGGER streams_are_never_truncated BEFORE TRUNCATE ON annals.streams FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()
  CREATE TRIGGER streams_keep_their_names BEFORE UPDATE OF stream_ref, aggregate_type, aggregate_id ON annals.streams FOR EACH STATEMENT EXECUTE FUNCTION annals.refuse_change()

-- function append_events
  CREATE OR REPLACE FUNCTION annals.append_events(s_type text[], s_id text[], s_expected integer[], s_events integer[], s_recorded_at timestamp with time zone[], e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[], e_metadata json[], e_correlation text[], e_causation text[], e_user text[], e_actor text[], plan json)
   RETURNS json
   LANGUAGE plpgsql
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_hashjoin TO 'off'
   SET enable_mergejoin TO 'off'
   SET jit TO 'off'
  AS $function$
  declare
    tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
    positions bigint[];
    versions integer[];
    statuses smallint[];
    explanations json;
    -- Of the streams that this call adds; of all streams; and of each write.
    added bigint[];
    streams_added integer;
    locked record;
    refs bigint[];
    starts integer[];
    times timestamptz[];
    decided record;
    announced boolean;
  begin
    if plan is not null then
      perform annals.lock_names(plan);
    end if;

    -- A new stream is inserted with the version that it has if nothing is refused; decide_appends puts it right.
    if 0 = any (s_expected) or -1 = any (s_expected) then
      -- In a loop, here and below: for few numbers a query costs more than all of them.
      for n in 1 .. cardinality(s_id) loop
        added := added || nextval('annals.stream_refs');
      end loop;
      insert into annals.streams (stream_ref, aggregate_type, aggregate_id, version, recorded_at)
      select s.ref, s.type, s.id, s.events, s.recorded_at
      from (
        select
          unnest(added) as ref, unnest(s_type) as type, unnest(s_id) as id, unnest(s_expected) as expected,
          unnest(s_events) as events, unnest(s_recorded_at) as recorded_at
      ) s
      where s.expected in (0, -1) and s.events > 0
      on conflict (aggregate_id, aggregate_type) do nothing;
      get diagnostics streams_added = row_count;
    end if;

    if plan is null and streams_added = cardinality(s_id) then
      refs := added;
      starts := array_fill(0, array[cardinality(s_id)]);
      times := s_recorded_at;
      versions := s_events;
    else
      select
        array_agg(x.stream_ref) as refs,
        array_agg(coalesce(x.version, 0)) as versions,
        array_agg(coalesce(x.recorded_at, '-infinity')) as times,
        array_agg(coalesce(x.version, 0) + s.events) as next_versions,
        array_agg(greatest(x.recorded_at, s.recorded_at)) as next_times,
        bool_and(
          case s.expected
            when -1 then x.stream_ref is not null or s.events = 0
            when -2 then coalesce(x.version, 0) > 0
            else coalesce(x.version, 0) = s.expected
          end
        ) as fits
      into locked
      from (
        select
          unnest(added) as ref, unnest(s_type) as type, unnest(s_id) as id, unnest(s_expected) as expected,
          unnest(s_events) as events, unnest(s_recorded_at) as recorded_at
      ) s
      left join lateral (
        select
          y.stream_ref,
          case when y.stream_ref = s.ref then 0 else y.version end as version,
          case when y.stream_ref = s.ref then '-infinity' else y.recorded_at end as recorded_at
        from annals.streams y
        where y.aggregate_id = s.id and y.aggregate_type = s.type
        for no key update
      ) x on true;

      if plan is null and locked.fits then
        refs := locked.refs;
        starts := locked.versions;
        times := locked.next_times;
        versions := locked.next_versions;
        update annals.streams x
        set version = s.version, recorded_at = s.recorded_at
        from (select unnest(refs) as ref, unnest(versions) as version, unnest(times) as recorded_at) s
        where x.stream_ref = s.ref and x.version <> s.version;
      else
        select * into decided
        from annals.decide_appends(
          s_expected, s_events, s_recorded_at, locked.refs, locked.versions, locked.times,
          e_write, e_index, e_id, e_type, e_schema, e_payload, plan
        );
        refs := decided.refs;
        starts := decided.starts;
        times := decided.times;
        versions := decided.versions;
        statuses := decided.statuses;
        explanations := decided.explanations;
      end if;
    end if;

    if cardinality(e_id) > 0 and (statuses is null or 0 = any (statuses)) then
      announced := pg_advisory_xact_lock_shared(
        (tag << 48) | coalesce(pg_sequence_last_value('annals.event_positions'), 0)
      ) is not null;

      -- One for each event, in order; those of refused units are left out, and their positions skipped.
      for n in 1 .. cardinality(e_id) loop
        positions := positions || nextval('annals.event_positions');
      end loop;
      insert into annals.events (
        position, stream_ref, version, schema_version, event_id, recorded_at, event_type,
        correlation_id, causation_id, user_id, actor, payload, metadata
      )
      select
        e.position, refs[e.write], starts[e.write] + e.index, coalesce(e.schema, 1), e.id, times[e.write], e.type,
        e.correlation, e.causation, e.user_id, e.actor, e.payload, e.metadata
      from (
        select
          unnest(positions) as position, unnest(e_write) as write, unnest(e_index) as index, unnest(e_id) as id,
          unnest(e_type) as type, unnest(e_schema) as schema, unnest(e_payload) as payload,
          unnest(e_metadata) as metadata, unnest(e_correlation) as correlation, unnest(e_causation) as causation,
          unnest(e_user) as user_id, unnest(e_actor) as actor
      ) e
      where starts[e.write] is not null;
    end if;

    if plan is not null then
      perform annals.record_commands(plan, decided.statuses, decided.last_events, positions);
    end if;
    return json_build_array(positions, versions, statuses, explanations);
  end
  $function$

-- function beat
  CREATE OR REPLACE FUNCTION annals.beat(beating text, can_run text[], lease_ms integer)
   RETURNS json
   LANGUAGE plpgsql
  AS $function$
  begin
    insert into annals.nodes (node, runs, alive_until)
    values (beating, can_run, clock_timestamp() + lease_ms * interval '1 millisecond')
    on conflict (node) do update set runs = excluded.runs, alive_until = excluded.alive_until;
    delete from annals.nodes where node <> beating and alive_until < clock_timestamp() - interval '1 hour';
    return annals.projection_states();
  end
  $function$

-- function change_unique_keys
  CREATE OR REPLACE FUNCTION annals.change_unique_keys(refs bigint[], k_write integer[], k_name text[], k_claim boolean[], OUT refusal json)
   RETURNS json
   LANGUAGE plpgsql
  AS $function$
  begin
    select json_build_object('write', k.write, 'key', k.name, 'type', s.aggregate_type, 'id', s.aggregate_id)
    into refusal
    from unnest(k_write, k_name, k_claim) as k (write, name, claim)
    join annals.unique_keys held on held.key = k.name and held.stream_ref <> refs[k.write]
    join annals.streams s on s.stream_ref = held.stream_ref
    where k.claim
      and not exists (
        select from unnest(k_write, k_name, k_claim) as r (write, name, claim)
        where not r.claim and r.name = k.name and refs[r.write] = held.stream_ref
      )
    limit 1;
    if refusal is not null then
      return;
    end if;

    -- Two streams of one unit may want the same key.
    if (select count(*) > count(distinct name) from unnest(k_name, k_claim) as k (name, claim) where claim) then
      select json_build_object('write', k.write, 'key', k.name, 'type', s.aggregate_type, 'id', s.aggregate_id)
      into refusal
      from unnest(k_write, k_name, k_claim) as earlier (write, name, claim)
      join unnest(k_write, k_name, k_claim) as k (write, name, claim)
        on k.name = earlier.name and k.write > earlier.write and refs[k.write] <> refs[earlier.write]
      join annals.streams s on s.stream_ref = refs[earlier.write]
      where earlier.claim and k.claim
      limit 1;
    end if;
    if refusal is not null then
      return;
    end if;

    delete from annals.unique_keys held
    using unnest(k_write, k_name, k_claim) as k (write, name, claim)
    where not k.claim and held.key = k.name and held.stream_ref = refs[k.write];

    insert into annals.unique_keys (key, stream_ref)
    select k.name, refs[k.write]
    from unnest(k_write, k_name, k_claim) as k (write, name, claim)
    where k.claim
    on conflict do nothing;
  end
  $function$

-- function claim_shards
  CREATE OR REPLACE FUNCTION annals.claim_shards(claimant text, names text[], versions integer[], generations integer[], numbers integer[], epochs bigint[])
   RETURNS TABLE(name text, version integer, generation integer, shard integer, epoch bigint)
   LANGUAGE sql
  AS $function$
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
  $function$

-- function decide_appends
  CREATE OR REPLACE FUNCTION annals.decide_appends(s_expected integer[], s_events integer[], s_recorded_at timestamp with time zone[], s_refs bigint[], s_versions integer[], s_times timestamp with time zone[], e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[], plan json, OUT refs bigint[], OUT starts integer[], OUT times timestamp with time zone[], OUT versions integer[], OUT statuses smallint[], OUT explanations json, OUT last_events integer[])
   RETURNS record
   LANGUAGE plpgsql
  AS $function$
  declare
    units record;
    writes record;
    keys record;
    commands record;
    repetition record;
    first_write integer;
    last_write integer := 0;
    first_event integer;
    last_event integer := 0;
    first_key integer;
    last_key integer := 0;
    first_command integer;
    last_command integer := 0;
    -- Of the commands of one id: whether one is stored, told by the number of the first.
    has_run boolean[];
    stream integer;
    refused integer;
    ran integer;
    details json[];
    -- Two units of one call with the same ids are rare, and a look for them costs the more the larger the call is.
    has_twins constant boolean := cardinality(e_id) > (select count(distinct id) from unnest(e_id) id);
  begin
    if plan is null then
      select s_recorded_at as times, array_agg(false) as probes, array_agg(null::uuid) as ids_behind
      into units
      from unnest(s_refs);
      select array_agg(n) as units, array_agg(n) as streams, s_expected as expected, s_events as events
      into writes
      from generate_subscripts(s_refs, 1) n;
    else
      select
        array_agg((u->>0)::timestamptz) as times, array_agg((u->>1)::boolean) as probes,
        array_agg((u->>2)::uuid) as ids_behind
      into units
      from json_array_elements(plan->'units') u;
      select
        array_agg((w->>0)::integer) as units, array_agg((w->>1)::integer) as streams,
        array_agg((w->>2)::integer) as expected, array_agg((w->>3)::integer) as events
      into writes
      from json_array_elements(plan->'writes') w;
    end if;
    select
      array_agg((k->>0)::integer) as writes, array_agg(k->>1) as names, array_agg((k->>2)::boolean) as claims
    into keys
    from json_array_elements(plan->'keys') k;
    select array_agg(c.unit) as units, array_agg(c.id) as ids, array_agg(c.first) as firsts,
      array_agg(exists (select from annals.commands x where x.command_id = c.id)) as ran
    into commands
    from (
      select (c->>0)::integer as unit, c->>1 as id, min(n) over (partition by c->>1) as first, n
      from json_array_elements(plan->'commands') with ordinality as c (c, n)
      order by n
    ) c;

    refs := array(select s_refs[s] from unnest(writes.streams) s);
    starts := array_fill(null::integer, array[cardinality(refs)]);
    times := array_fill(null::timestamptz, array[cardinality(refs)]);
    versions := array_fill(0, array[cardinality(refs)]);
    statuses := array_fill(0::smallint, array[cardinality(units.probes)]);
    details := array_fill(null::json, array[cardinality(units.probes)]);
    has_run := commands.ran;

    for unit in 1 .. cardinality(units.probes) loop
      first_write := last_write + 1;
      first_event := last_event + 1;
      first_key := last_key + 1;
      first_command := last_command + 1;
      refused := null;
      while last_write < cardinality(refs) and writes.units[last_write + 1] = unit loop
        last_write := last_write + 1;
        last_event := last_event + writes.events[last_write];
        stream := writes.streams[last_write];
        versions[last_write] := s_versions[stream];
        s_versions[stream] := s_versions[stream] + writes.events[last_write];
        if refused is null and not (
          case writes.expected[last_write]
            when -1 then true
            when -2 then versions[last_write] > 0
            else versions[last_write] = writes.expected[last_write]
          end
        ) then
          refused := last_write;
        end if;
      end loop;
      while keys.writes[last_key + 1] <= last_write loop
        last_key := last_key + 1;
      end loop;
      while commands.units[last_command + 1] = unit loop
        last_command := last_command + 1;
      end loop;

      <<decision>>
      begin
        if (units.probes[unit] or refused is not null) and last_event >= first_event then
          -- An earlier unit of this call is about to store one of these ids, and cannot be compared with yet.
          if has_twins and exists (
            select from unnest(e_id[1:first_event - 1], e_write[1:first_event - 1]) as earlier (id, write)
            where earlier.id = any (e_id[first_event:last_event]) and starts[earlier.write] is not null
          ) then
            statuses[unit] := 6;
            exit decision;
          end if;
          select * into repetition
          from annals.find_repetition(
            refs, e_write[first_event:last_event], e_index[first_event:last_event], e_id[first_event:last_event],
            e_type[first_event:last_event], e_schema[first_event:last_event], e_payload[first_event:last_event]
          );
          if repetition.is_complete and exists (select from annals.events x where x.event_id = units.ids_behind[unit]) then
            statuses[unit] := 3;
            details[unit] := to_json(e_id[first_event]);
            exit decision;
          elsif repetition.is_complete then
            statuses[unit] := 2;
            details[unit] := to_json(repetition.positions);
            for w in first_write .. last_write loop
              versions[w] := coalesce(repetition.last_versions[w], versions[w]);
            end loop;
            exit decision;
          elsif repetition.taken_id is not null then
            statuses[unit] := 3;
            details[unit] := to_json(repetition.taken_id);
            exit decision;
          end if;
        end if;

        ran := null;
        for c in first_command .. last_command loop
          if commands.ran[c] or has_run[commands.firsts[c]] then
            ran := c;
          end if;
        end loop;
        if ran is not null then
          statuses[unit] := 5;
          details[unit] := to_json(commands.ids[ran]);
          exit decision;
        end if;

        if refused is not null then
          statuses[unit] := 1;
          details[unit] := to_json(refused);
          exit decision;
        end if;

        if last_key >= first_key then
          details[unit] := annals.change_unique_keys(
            refs, keys.writes[first_key:last_key], keys.names[first_key:last_key], keys.claims[first_key:last_key]
          );
          if details[unit] is not null then
            statuses[unit] := 4;
            exit decision;
          end if;
        end if;
      end;

      if statuses[unit] <> 0 then
        for w in first_write .. last_write loop
          stream := writes.streams[w];
          s_versions[stream] := s_versions[stream] - writes.events[w];
        end loop;
        for w in first_write .. last_write loop
          if statuses[unit] = 2 and writes.events[w] = 0 then
            versions[w] := s_versions[writes.streams[w]];
          end if;
        end loop;
        continue;
      end if;

      if last_event >= first_event then
        last_events[unit] := last_event;
      end if;
      for c in first_command .. last_command loop
        has_run[commands.firsts[c]] := true;
      end loop;
      for w in first_write .. last_write loop
        if refs[w] is null and writes.events[w] > 0 then
          raise exception 'A stream was added by another transaction that this one cannot see.'
            using errcode = 'serialization_failure';
        end if;
        stream := writes.streams[w];
        starts[w] := versions[w];
        versions[w] := starts[w] + writes.events[w];
        if writes.events[w] > 0 then
          s_times[stream] := greatest(s_times[stream], units.times[unit]);
        end if;
        times[w] := s_times[stream];
      end loop;
    end loop;

    update annals.streams x
    set version = s.version, recorded_at = s.recorded_at
    from (select unnest(s_refs) as ref, unnest(s_versions) as version, unnest(s_times) as recorded_at) s
    where x.stream_ref = s.ref and (x.version, x.recorded_at) <> (s.version, s.recorded_at);
    -- A stream that got no event does not exist.
    if 0 = any (s_versions) then
      delete from annals.streams where stream_ref = any (s_refs) and version = 0;
    end if;

    if 0 <> any (statuses) then
      explanations := to_json(details);
    end if;
  end
  $function$

-- function enter_inline
  CREATE OR REPLACE FUNCTION annals.enter_inline(names text[], alone text[])
   RETURNS TABLE(name text, version integer, generation integer)
   LANGUAGE plpgsql
  AS $function$
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
  $function$

-- function envelope
  CREATE OR REPLACE FUNCTION annals.envelope("position" bigint, version integer, schema_version smallint, event_id uuid, event_type text, recorded_at timestamp with time zone, correlation_id text, causation_id text, user_id text, actor text, aggregate_type text, aggregate_id text)
   RETURNS text
   LANGUAGE sql
   STABLE PARALLEL SAFE
  AS $function$
    select concat_ws(
      e'\x1f', "position", version, schema_version, event_id, event_type,
      (date_part('epoch', recorded_at) * 1000)::bigint,
      coalesce(correlation_id, ''), coalesce(causation_id, ''), coalesce(user_id, ''), actor,
      aggregate_type, aggregate_id
    )
  $function$

-- function find_repetition
  CREATE OR REPLACE FUNCTION annals.find_repetition(refs bigint[], e_write integer[], e_index integer[], e_id uuid[], e_type text[], e_schema smallint[], e_payload json[], OUT is_complete boolean, OUT taken_id uuid, OUT positions bigint[], OUT last_versions integer[])
   RETURNS record
   LANGUAGE plpgsql
  AS $function$
  declare
    stored record;
  begin
    is_complete := true;
    positions := '{}';
    last_versions := '{}';
    for e in 1 .. cardinality(e_id) loop
      select x.position, x.stream_ref, x.version, x.event_type, x.schema_version, x.payload::text as payload
      into stored
      from annals.events x where x.event_id = e_id[e];
      if stored.position is not null then
        taken_id := coalesce(taken_id, e_id[e]);
      end if;
      is_complete := is_complete and coalesce(
        stored.stream_ref = refs[e_write[e]]
        and (e_index[e] = 1 or stored.version = last_versions[e_write[e]] + 1)
        and stored.event_type = e_type[e] and stored.schema_version = coalesce(e_schema[e], 1)
        and stored.payload = e_payload[e]::text, false);
      positions[e] := stored.position;
      last_versions[e_write[e]] := stored.version;
    end loop;
    if is_complete then
      taken_id := null;
    end if;
  end
  $function$

-- function first_position_from
  CREATE OR REPLACE FUNCTION annals.first_position_from(moment timestamp with time zone, inclusive boolean)
   RETURNS bigint
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_indexscan TO 'on'
   SET jit TO 'off'
  AS $function$
  declare
    low bigint := 1;
    high bigint := (select coalesce(max(e.position), 0) + 1 from annals.events e);
    middle bigint;
    place bigint;
    found_time timestamptz;
  begin
    while low < high loop
      middle := (low + high) / 2;
      select e.position, e.recorded_at into place, found_time
      from annals.events e where e.position >= middle order by e.position limit 1;
      if found_time > moment or (inclusive and found_time = moment) then
        high := middle;
      else
        low := place + 1;
      end if;
    end loop;
    return low;
  end
  $function$

-- function last_settled_event
  CREATE OR REPLACE FUNCTION annals.last_settled_event(at_most bigint)
   RETURNS bigint
   LANGUAGE plpgsql
  AS $function$
  declare
    tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
    high bigint;
    bound bigint;
  begin
    select last_value - (not is_called)::integer into high from annals.event_positions;
    select min(((classid::bigint & 65535) << 32) | objid::bigint) into bound
    from pg_locks
    where locktype = 'advisory' and mode = 'ShareLock' and objsubid = 1 and classid::bigint >> 16 = tag
      and database = (select oid from pg_database where datname = current_database());
    if at_most > least(high, bound) then
      return null;
    end if;
    return coalesce((select max(e.position) from annals.events e where e.position <= at_most), 0);
  end
  $function$

-- function lock_documents
  CREATE OR REPLACE FUNCTION annals.lock_documents(table_name text, ids text[])
   RETURNS void
   LANGUAGE plpgsql
  AS $function$
  begin
    if cardinality(ids) > 256 then
      perform pg_advisory_xact_lock(hashtext('annals documents'), hashtext(table_name));
      return;
    end if;
    perform pg_advisory_xact_lock_shared(hashtext('annals documents'), hashtext(table_name));
    perform pg_advisory_xact_lock(hashtext(table_name), lock_number)
    from (select distinct hashtext(id) as lock_number from unnest(ids) id order by 1) locks;
  end
  $function$

-- function lock_names
  CREATE OR REPLACE FUNCTION annals.lock_names(plan json)
   RETURNS void
   LANGUAGE plpgsql
  AS $function$
  declare
    tag constant integer := 'annals.events'::regclass::oid::integer & 32767;
    hashes integer[];
  begin
    hashes := array(
      select distinct hashtext(n.name)
      from (
        select k->>1 as name from json_array_elements(plan->'keys') k
        union all
        select c->>1 from json_array_elements(plan->'commands') c
      ) n
      order by 1
    );
    if cardinality(hashes) > 200 then
      perform pg_advisory_xact_lock(tag + 32768, 0);
    elsif cardinality(hashes) > 0 then
      perform pg_advisory_xact_lock_shared(tag + 32768, 0);
      perform pg_advisory_xact_lock(tag, name) from unnest(hashes) name;
    end if;
  end
  $function$

-- function positions_between
  CREATE OR REPLACE FUNCTION annals.positions_between(since timestamp with time zone, until timestamp with time zone, OUT first_position bigint, OUT last_position bigint)
   RETURNS record
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET enable_indexscan TO 'off'
   SET max_parallel_workers_per_gather TO '0'
   SET jit TO 'off'
  AS $function$
  begin
    if since is not null then
      first_position := annals.first_position_from(since, true);
      select coalesce(min(e.position + 0), first_position) into first_position
      from annals.events e where e.position < first_position and e.recorded_at >= since;
    end if;
    if until is not null then
      last_position := annals.first_position_from(until, false) - 1;
      select coalesce(max(e.position + 0), last_position) into last_position
      from annals.events e where e.position > last_position and e.recorded_at <= until;
    end if;
  end
  $function$

-- function projection_states
  CREATE OR REPLACE FUNCTION annals.projection_states()
   RETURNS json
   LANGUAGE sql
  AS $function$
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
  $function$

-- function purge_operations
  CREATE OR REPLACE FUNCTION annals.purge_operations(before timestamp with time zone, purged_by text, why text)
   RETURNS bigint
   LANGUAGE plpgsql
   SECURITY DEFINER
   SET search_path TO 'pg_catalog', 'pg_temp'
  AS $function$
  declare
    operations bigint;
  begin
    if coalesce(btrim(purged_by), '') = '' or coalesce(btrim(why), '') = '' then
      raise exception 'A purge needs to know by whom, and why.' using errcode = 'invalid_parameter_value';
    end if;
    perform set_config('annals.is_purging', 'on', true);
    delete from annals.operations o where o.at < before;
    get diagnostics operations = row_count;
    perform set_config('annals.is_purging', 'off', true);
    insert into annals.operations (action, name, version, actor, reason, details)
    values ('purge', '*', 0, purged_by, why, json_build_object('before', before, 'operations', operations));
    return operations;
  end
  $function$

-- function record_commands
  CREATE OR REPLACE FUNCTION annals.record_commands(plan json, statuses smallint[], last_events integer[], positions bigint[])
   RETURNS void
   LANGUAGE plpgsql
  AS $function$
  declare
    times timestamptz[];
  begin
    if coalesce(json_array_length(plan->'commands'), 0) = 0 then
      return;
    end if;
    times := array(select (u->>0)::timestamptz from json_array_elements(plan->'units') u);
    insert into annals.commands (command_id, fingerprint, result, last_position, recorded_at)
    select c.id, c.fingerprint, c.result, coalesce(positions[last_events[c.unit]], 0), times[c.unit]
    from (
      select (c->>0)::integer as unit, c->>1 as id, c->>2 as fingerprint, (c->>3)::json as result
      from json_array_elements(plan->'commands') c
    ) c
    where statuses[c.unit] = 0;
  end
  $function$

-- function refuse_change
  CREATE OR REPLACE FUNCTION annals.refuse_change()
   RETURNS trigger
   LANGUAGE plpgsql
  AS $function$
  begin
    raise exception 'Events are never changed: % on %.% was refused.', tg_op, tg_table_schema, tg_table_name
      using errcode = 'restrict_violation',
            hint = 'Append an event that corrects the earlier one.';
  end
  $function$

-- function refuse_forgery
  CREATE OR REPLACE FUNCTION annals.refuse_forgery()
   RETURNS trigger
   LANGUAGE plpgsql
   SET search_path TO 'pg_catalog', 'pg_temp'
  AS $function$
  begin
    if tg_op = 'DELETE' and current_setting('annals.is_purging', true) = 'on'
      and current_user = (select pg_get_userbyid(c.relowner) from pg_class c where c.oid = tg_relid)
    then
      return null;
    end if;
    raise exception 'What was done is never changed: % on %.% was refused.', tg_op, tg_table_schema, tg_table_name
      using errcode = 'restrict_violation', hint = 'annals.purge_operations removes what is old.';
  end
  $function$

-- function restrict_readers
  CREATE OR REPLACE FUNCTION annals.restrict_readers(reader_role name)
   RETURNS void
   LANGUAGE plpgsql
  AS $function$
  declare
    part text;
  begin
    if not exists (select from pg_roles r where r.rolname = reader_role) then
      raise exception 'There is no role "%".', reader_role
        using errcode = 'undefined_object', hint = 'Create it first: create role ' || quote_ident(reader_role) || ' nologin';
    end if;
    execute format('grant usage on schema %I to %I', split_part('annals.', '.', 1), reader_role);
    execute format('grant select on annals.events, annals.readers to %I', reader_role);
    -- Version and time would tell of events that are somebody else's.
    execute format('grant select (stream_ref, aggregate_type, aggregate_id) on annals.streams to %I', reader_role);
    foreach part in array array['events', 'streams', 'readers'] loop
      execute format('alter table annals.%I enable row level security', part);
      execute format('drop policy if exists %I on annals.%I', reader_role, part);
      execute format('drop policy if exists public on annals.%I', part);
      -- Rights decide, but for readers, whose rule comes on top of it.
      execute format('create policy public on annals.%I using (true)', part);
    end loop;
    execute format(
      'create policy %1$I on annals.readers as restrictive to %1$I using (role_name = current_user)', reader_role
    );
    -- In a subquery, so that it is asked once a statement and not once a row, and an index can be used.
    execute format($policy$
      create policy %1$I on annals.events as restrictive to %1$I using (
        user_id = (select r.user_id from annals.readers r where r.role_name = current_user)
      )$policy$, reader_role);
    -- Events are seen here as everywhere, so these are the streams that have events of theirs.
    execute format($policy$
      create policy %1$I on annals.streams as restrictive to %1$I using (
        exists (select from annals.events e where e.stream_ref = streams.stream_ref)
      )$policy$, reader_role);
  end
  $function$

-- function settled_position
  CREATE OR REPLACE FUNCTION annals.settled_position()
   RETURNS bigint
   LANGUAGE plpgsql
  AS $function$
  declare
    tag constant bigint := 'annals.events'::regclass::oid::bigint & 32767;
    high bigint;
    bound bigint;
    settled bigint;
  begin
    select last_value - (not is_called)::integer into high from annals.event_positions;
    select min(((classid::bigint & 65535) << 32) | objid::bigint) into bound
    from pg_locks
    where locktype = 'advisory' and mode = 'ShareLock' and objsubid = 1 and classid::bigint >> 16 = tag
      and database = (select oid from pg_database where datname = current_database());
    select position into settled from annals.events where position <= least(high, bound) order by position desc limit 1;
    return coalesce(settled, 0);
  end
  $function$

-- function sort_key
  CREATE OR REPLACE FUNCTION annals.sort_key(value jsonb)
   RETURNS bytea
   LANGUAGE sql
   IMMUTABLE PARALLEL SAFE
  AS $function$
    select convert_to(case jsonb_typeof(value)
      when 'string' then '1' || left(value #>> '{}', 500)
      when 'number' then '2' || annals.sortable_number(value::numeric)
      when 'boolean' then '3' || (value #>> '{}')
      when 'array' then '4'
      when 'object' then '4'
      else '5'
    end, 'UTF8')
  $function$

-- function sortable_number
  CREATE OR REPLACE FUNCTION annals.sortable_number(value numeric)
   RETURNS text
   LANGUAGE sql
   IMMUTABLE PARALLEL SAFE
  AS $function$
    select case when x.bits < '8' then '1' || x.bits
      else '0' || translate(x.bits, '0123456789abcdef', 'fedcba9876543210') end
    from (select encode(float8send(least(greatest(value, -1.7e308), 1.7e308)::double precision), 'hex') collate "C" as bits) x
  $function$

-- function version_at
  CREATE OR REPLACE FUNCTION annals.version_at(of_stream bigint, at_position bigint)
   RETURNS integer
   LANGUAGE plpgsql
   STABLE
   SET plan_cache_mode TO 'force_generic_plan'
   SET enable_seqscan TO 'off'
   SET jit TO 'off'
  AS $function$
  declare
    low integer := 0;
    high integer := (select s.version from annals.streams s where s.stream_ref = of_stream);
    middle integer;
    place bigint;
  begin
    while low < high loop
      middle := (low + high + 1) / 2;
      select e.position into place from annals.events e where e.stream_ref = of_stream and e.version = middle;
      if place <= at_position then
        low := middle;
      else
        high := middle - 1;
      end if;
    end loop;
    return low;
  end
  $function$
