-- The position up to which the feed is settled; to be read before the events, never in the same statement.
select annals.settled_position()
