-- Notes that a parked event failed once more.
--   $1 text name · $2 int version · $3 int generation · $4 int shard · $5 text key · $6 bigint position · $7 text error
update annals.parked set attempts = attempts + 1, error = $7
where name = $1 and version = $2 and generation = $3 and shard = $4
  and md5(key) = md5($5::text) and key = $5 and position = $6
