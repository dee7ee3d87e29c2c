-- Keeps other appends from writing these documents until the transaction ends.
--   $1 text table · $2 text[] ids
select annals.lock_documents($1, $2)
