-- Records that an event is given up before it was parked.
--   $1 text name · $2 int version · $3 int generation · $4 text key · $5 bigint position · $6 text error
--   $7 text reason · $8 text who, or null
insert into annals.discarded (name, version, generation, key, position, error, attempts, reason, discarded_by)
values ($1, $2, $3, $4, $5, $6, 0, $7, $8)
