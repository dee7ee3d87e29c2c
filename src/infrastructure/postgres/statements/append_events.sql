-- Stores many appends in one call; see migrations/0002_append_events.sql.
--   $1 text[] stream types · $2 text[] stream ids · $3 int[] expected · $4 int[] events · $5 timestamptz[] times
--   $6 int[] event writes · $7 int[] event indexes · $8 uuid[] ids · $9 text[] types · $10 smallint[] schema
--   $11 json[] payloads · $12 json[] metadata · $13 text[] correlation · $14 text[] causation · $15 text[] user
--   $16 text[] actor · $17 json plan
select annals.append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
