-- The newest success is the one that began last: what a restored node forgot first.
DROP INDEX {schema}.attempts_succeeded;
CREATE INDEX attempts_succeeded ON {schema}.attempts (id) WHERE state = 'succeeded';
