-- Consumers: services that pull events and answer for each of them.

create table annals.consumers (
  name text collate "C" primary key,
  -- Null: all.
  types text[],
  aggregate_types text[],
  start_position bigint not null,
  -- Everything up to here has a delivery that is open, or is done, or is not for this consumer.
  read_position bigint not null,
  max_attempts integer not null,
  -- How many of its deliveries are open; counting them would take a pull the longer the more wait.
  open_count bigint not null default 0,
  created_at timestamptz not null default now()
) with (fillfactor = 50);

-- An event on its way to a consumer; closed ones keep what was told of them until they are purged.
create table annals.deliveries (
  consumer text collate "C" not null,
  position bigint not null,
  stream_ref bigint not null,
  status text not null default 'waiting'
    check (status in ('waiting', 'leased', 'retrying', 'parked', 'processed', 'discarded')),
  -- Whether nothing of its stream is open before it.
  is_first boolean not null,
  attempts integer not null default 0,
  lease text,
  due_at timestamptz not null default to_timestamp(0),
  error text,
  transaction_id text,
  report json,
  closed_at timestamptz,
  decided_by text,
  reason text,
  primary key (consumer, position)
) with (fillfactor = 70);

-- All hold what is open only, however much is done; a pull reads no more of the first two than it hands out.
create index deliveries_waiting on annals.deliveries (consumer, position) where is_first and status = 'waiting';
create index deliveries_due on annals.deliveries (consumer, due_at)
  where is_first and status in ('leased', 'retrying');
create index deliveries_open on annals.deliveries (consumer, stream_ref, position) where closed_at is null;
