-- A snapshot says which event it was taken after, and whether it is whole (docs/adr/0021-snapshots-prove-themselves.md).

-- Nothing has written any yet; whatever is there can be folded again.
delete from annals.snapshots;

alter table annals.snapshots
  -- The event at the version: a snapshot of another history, as after a restored backup, has another one.
  add column event_id uuid not null,
  -- Over all that the snapshot says; whoever changes a row by hand does not change what an aggregate comes back as.
  add column checksum text not null;
