-- The position up to which the feed is settled; to be read before the events, never in the same statement.
-- Beside it the highest position taken so far: if that is higher, a writer is in the middle of its work.
select annals.settled_position(), last_value - (not is_called)::integer from annals.event_positions
