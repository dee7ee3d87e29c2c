-- The position of the last event that this transaction sees.
select coalesce(max(position), 0) from annals.events
