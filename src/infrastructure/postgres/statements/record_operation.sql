-- Records what was done to a projection or a consumer.
--   $1 text action · $2 text name · $3 int version · $4 text actor · $5 text reason · $6 text details as JSON, or null
insert into annals.operations (action, name, version, actor, reason, details) values ($1, $2, $3, $4, $5, $6::json)
