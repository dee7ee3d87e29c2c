-- How much is parked, of each projection that has parked events.
select name, version, count(distinct key), count(*) from annals.parked group by name, version
