-- Stores many appends in one call; see migrations/0002_append_events.sql for the arrays.
--   $1 text[] stream types · $2 text[] stream ids · $3 timestamptz[] unit times · $4 boolean[] unit probes
--   $5 int[] write units · $6 int[] write streams · $7 int[] write expected · $8 int[] write events
--   $9 int[] event writes · $10 int[] event indexes · $11 uuid[] ids · $12 text[] types · $13 smallint[] schema
--   $14 json[] payloads · $15 json[] metadata · $16 text[] correlation · $17 text[] causation · $18 text[] user
--   $19 text[] actor · $20 int[] key writes · $21 text[] keys · $22 boolean[] claims
--   $23 int[] command units · $24 text[] command ids · $25 text[] fingerprints · $26 json[] results
select statuses, versions, positions, explanations
from annals.append_events(
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26
)
