-- Lets one do what only one may do at a time, for a while, or prolongs that; no row if somebody else is at it.
--   $1 text name · $2 text owner · $3 int milliseconds
insert into annals.leases as l (name, owner, leased_until)
values ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
on conflict (name) do update set owner = excluded.owner, leased_until = excluded.leased_until
where l.owner = excluded.owner or l.leased_until < clock_timestamp()
returning owner
