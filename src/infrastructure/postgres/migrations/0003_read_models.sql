-- Projections: which exist, how far they are, and what they have set aside.

create table annals.projections (
  name text collate "C" not null,
  version integer not null,
  status text not null default 'live' check (status in ('live', 'building', 'kept', 'paused', 'stopped')),
  created_at timestamptz not null default now(),
  primary key (name, version)
);

-- One row a shard. It moves from the value a batch began with, by the owner of the current epoch only.
create table annals.checkpoints (
  name text collate "C" not null,
  version integer not null,
  shard integer not null default 0,
  position bigint not null default 0,
  epoch bigint not null default 0,
  owner text,
  leased_until timestamptz,
  parked_revision bigint not null default 0,
  moved_at timestamptz not null default now(),
  primary key (name, version, shard)
) with (fillfactor = 50);

-- A failing event and all later events of its key wait here, in order.
create table annals.parked (
  name text collate "C" not null,
  version integer not null,
  key text collate "C" not null,
  position bigint not null,
  is_whole boolean not null,
  error text,
  attempts integer not null default 0,
  parked_at timestamptz not null default now()
);

-- By a digest, because a document's id may be longer than an index takes.
create unique index parked_by_key on annals.parked (name, version, md5(key), position);

-- What was given up instead of handled, by an operator or by a projector's policy.
create table annals.discarded (
  name text collate "C" not null,
  version integer not null,
  key text collate "C" not null,
  position bigint not null,
  error text,
  attempts integer not null,
  reason text not null,
  discarded_by text,
  discarded_at timestamptz not null default now()
);
