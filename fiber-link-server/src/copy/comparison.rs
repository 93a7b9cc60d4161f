//! Two sides of a table, row by row.

use fiber_link_core::{Amount, AssetId, MAX_ROWS, RowKey, StoreError, StoredRow, Table};
use fiber_link_store_postgres::Import;
use fiber_link_store_sqlite::Export;
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

/// What is summed up: amounts of one kind in one asset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    /// What these amounts have in common: the state of a record, the kind of an entry, the account.
    pub of: &'static str,
    /// The asset.
    pub asset: AssetId,
}

/// What a table holds on both sides: of the source first, then of the target.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Which table.
    pub table: Table,
    /// How many rows.
    pub rows: [u64; 2],
    /// Sums of amounts, in base units.
    pub sums: BTreeMap<Sum, [u128; 2]>,
    /// The first difference, if there is one. It names a row and holds nothing of it.
    pub difference: Option<String>,
}

impl Comparison {
    pub(super) async fn of(
        table: Table,
        source: &Export,
        target: &Import,
        mut progress: impl FnMut(u64),
    ) -> Result<Self, StoreError> {
        let mut found = Self { table, rows: [0; 2], sums: BTreeMap::new(), difference: None };
        let (mut theirs, mut ours) = (Side::default(), Side::default());
        loop {
            if theirs.needs_more() {
                theirs.add(source.rows(table, &theirs.last, MAX_ROWS)?);
            }
            if ours.needs_more() {
                ours.add(target.rows(table, &ours.last, MAX_ROWS).await?);
            }
            if theirs.rows.is_empty() && ours.rows.is_empty() {
                break;
            }
            let before = found.rows;
            while found.compare_first(&mut theirs, &mut ours, target)? {}
            progress(found.rows[0].saturating_sub(before[0]));
        }
        let counted = [source.count(table)?, target.count(table).await?];
        if counted != found.rows && found.difference.is_none() {
            let [there, here] = counted;
            found.difference =
                Some(format!("{there} rows are counted in the source and {here} in the target"));
        }
        Ok(found)
    }

    /// Takes the first row of either side, or of both if it is the same one. Whether there was enough
    /// to tell.
    fn compare_first(
        &mut self,
        theirs: &mut Side,
        ours: &mut Side,
        target: &Import,
    ) -> Result<bool, StoreError> {
        let order = match (theirs.rows.front(), ours.rows.front()) {
            (Some(there), Some(here)) => there.key().cmp(&here.key()),
            (Some(_), None) if ours.ended => Ordering::Less,
            (None, Some(_)) if theirs.ended => Ordering::Greater,
            (Some(_) | None, None) | (None, Some(_)) => return Ok(false),
        };
        let there = if order.is_le() { theirs.rows.pop_front() } else { None };
        let here = if order.is_ge() { ours.rows.pop_front() } else { None };
        for (side, row) in [&there, &here].into_iter().enumerate() {
            if let Some(row) = row {
                self.count(side, row);
            }
        }
        if self.difference.is_none() {
            self.difference = match (&there, &here) {
                (Some(there), Some(here)) => {
                    let column = target.difference(there, here)?;
                    column.map(|column| format!("{there} differs in {column}"))
                }
                (Some(there), None) => Some(format!("{there} is missing in the target")),
                (None, Some(here)) => Some(format!("{here} is in the target and not in the source")),
                (None, None) => None,
            };
        }
        Ok(true)
    }

    fn count(&mut self, side: usize, row: &StoredRow) {
        if let Some(rows) = self.rows.get_mut(side) {
            *rows = rows.saturating_add(1);
        }
        for (of, asset, amount) in amounts(row) {
            let sums = self.sums.entry(Sum { of, asset: asset.clone() }).or_default();
            if let Some(sum) = sums.get_mut(side) {
                *sum = sum.saturating_add(amount.units());
            }
        }
    }
}

/// Rows of one side that were read and not yet compared.
#[derive(Default)]
struct Side {
    rows: VecDeque<StoredRow>,
    last: RowKey,
    ended: bool,
}

impl Side {
    fn needs_more(&self) -> bool {
        self.rows.is_empty() && !self.ended
    }

    fn add(&mut self, page: Vec<StoredRow>) {
        match page.last() {
            Some(last) => self.last = last.key(),
            None => self.ended = true,
        }
        self.rows.extend(page);
    }
}

/// The amounts of a row that are summed up.
fn amounts(row: &StoredRow) -> Vec<(&'static str, &AssetId, Amount)> {
    match row {
        StoredRow::Tip { tip, .. } => vec![(tip.state().as_str(), &tip.terms().asset, tip.terms().amount)],
        StoredRow::Withdrawal { withdrawal, .. } => {
            let terms = withdrawal.terms();
            vec![(withdrawal.state().as_str(), &terms.asset, terms.amount)]
        }
        StoredRow::Entry(numbered) => {
            let entry = &numbered.entry;
            vec![(entry.kind.as_str(), &entry.account.asset, entry.amount)]
        }
        StoredRow::Balance(account, balance) => vec![
            ("available", &account.asset, balance.available),
            ("reserved", &account.asset, balance.reserved),
        ],
        StoredRow::Hub(_)
        | StoredRow::Document(_)
        | StoredRow::AuditRecord(_)
        | StoredRow::Worker(_)
        | StoredRow::Attempt(_)
        | StoredRow::Limit(..)
        | StoredRow::Idempotency(_)
        | StoredRow::Event(_)
        | StoredRow::NonceMemory(_)
        | StoredRow::Nonce { .. } => Vec::new(),
    }
}
