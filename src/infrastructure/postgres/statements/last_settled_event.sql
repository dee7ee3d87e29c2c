-- The last event at or below a position once nothing can appear there any more; null until then.
--   $1 bigint position
select annals.last_settled_event($1)
