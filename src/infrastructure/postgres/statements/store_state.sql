-- Whether the server takes writes, and the numbers of the migrations that this schema has seen.
select current_setting('transaction_read_only'), (select string_agg(number::text, ',') from annals.migrations)
