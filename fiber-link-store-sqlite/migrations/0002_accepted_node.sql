-- Since when the node is the hub's; the node of the first start was always its own.
ALTER TABLE hub ADD COLUMN node_since INTEGER NOT NULL DEFAULT 0;
