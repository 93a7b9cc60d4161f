//! Moves everything that an SQLite store keeps into a Postgres schema, and compares the two.

mod comparison;

pub use comparison::{Comparison, Sum};

use fiber_link_core::{MAX_ROWS, RowKey, Store, StoreError, Table};
use fiber_link_store_postgres::Import;
use fiber_link_store_sqlite::Export;

/// A copy of a store. Dropping it at any point leaves something that another one goes on with.
#[derive(Debug)]
pub struct Copy {
    source: Export,
    target: Import,
    /// Tables that are not known to be complete, the next one last.
    left: Vec<Table>,
    /// The last row of the next table that is there, once it was looked for.
    last: Option<RowKey>,
}

/// Rows of a table that were copied in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Of which table.
    pub table: Table,
    /// How many.
    pub rows: u64,
}

impl Copy {
    /// Copies `source` to `target`, from where `target` stands.
    pub fn new(source: Export, target: Import) -> Self {
        let left = Table::ALL.into_iter().rev().collect();
        Self { source, target, left, last: None }
    }

    /// How many rows there are, and how many of them are there already.
    ///
    /// # Errors
    /// [`StoreError`] if one of the two stores failed.
    pub async fn progress(&self) -> Result<(u64, u64), StoreError> {
        let (mut all, mut there) = (0_u64, 0_u64);
        for table in Table::ALL {
            all = all.saturating_add(self.source.count(table)?);
            if table != Table::NonceMemory {
                there = there.saturating_add(self.target.count(table).await?);
            }
        }
        Ok((all, there))
    }

    /// Copies the next rows, a bounded number of them; nothing if all are there.
    ///
    /// # Errors
    /// [`StoreError`] if one of the two stores failed.
    ///
    /// # Cancellation
    /// Dropping the future leaves the rows of this step, or none of them.
    pub async fn step(&mut self) -> Result<Option<Copied>, StoreError> {
        while let Some(&table) = self.left.last() {
            let last = match self.last.take() {
                Some(last) => last,
                None => self.target.last(table).await?,
            };
            let rows = self.source.rows(table, &last, MAX_ROWS)?;
            let Some(end) = rows.last() else {
                self.left.pop();
                continue;
            };
            self.target.insert(table, &rows).await?;
            self.last = Some(end.key());
            return Ok(Some(Copied { table, rows: rows.len().try_into().unwrap_or(u64::MAX) }));
        }
        Ok(None)
    }

    /// Compares both sides of a table row by row, and sums them up. `progress` hears of every few rows.
    ///
    /// # Errors
    /// [`StoreError`] if one of the two stores failed, or a row of it is invalid.
    pub async fn compare(&self, table: Table, progress: impl FnMut(u64)) -> Result<Comparison, StoreError> {
        Comparison::of(table, &self.source, &self.target, progress).await
    }

    /// Tells the target how large its tables are, so that it plans well.
    ///
    /// # Errors
    /// [`StoreError`] if it failed.
    pub async fn analyze(&self) -> Result<(), StoreError> {
        self.target.analyze().await
    }

    /// The target, to look at.
    pub fn target(&self) -> &dyn Store {
        self.target.store()
    }

    /// Lets servers work on the target. Everything was copied and compared before.
    ///
    /// # Errors
    /// [`StoreError`] if it failed; it may then be done, or can be done again.
    pub async fn finish(self) -> Result<(), StoreError> {
        self.target.finish().await
    }
}
