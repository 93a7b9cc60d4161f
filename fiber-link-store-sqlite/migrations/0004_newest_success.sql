-- The newest success is the one that began last: what a restored node forgot first.
DROP INDEX attempts_by_end;
CREATE INDEX attempts_succeeded ON attempts (id) WHERE state = 'succeeded';
