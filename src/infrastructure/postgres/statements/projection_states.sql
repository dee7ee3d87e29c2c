-- The nodes that are alive, and every build with its shards, as JSON.
select annals.projection_states()::text
