-- Notes that a parked event failed once more.
--   $1 text name · $2 int version · $3 text key · $4 bigint position · $5 text error
update annals.parked set attempts = attempts + 1, error = $5
where name = $1 and version = $2 and md5(key) = md5($3::text) and key = $3 and position = $4
