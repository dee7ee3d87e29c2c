-- Rules for those who connect to the database directly, to read (docs/how-to/let-readers-connect.md).

-- The user that a database role stands for. A role cannot choose to be another one, while settings can be set by
-- whoever is connected.
create table annals.readers (
  role_name name primary key,
  user_id text collate "C" not null
);

-- Lets the members of a role read events, and nothing else: those of the user that annals.readers says they are. A
-- member that it does not name sees nothing.
--
-- To be called by the owner of the tables, whom the rules do not concern; nor do they concern roles that have rights
-- of their own and are no members, as those of staff. Calling it again renews the rules; other roles keep theirs.
--
-- The rule for a role has the role's name, of which nothing is cut off. The one for everybody has a name that no role
-- can have.
create function annals.restrict_readers(reader_role name) returns void
language plpgsql
as $$
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
$$;
