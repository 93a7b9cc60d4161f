//! The columns of a row, each of which may be invalid: that is an error that names it, never a panic.

use crate::error::backend;
use crate::time::Time;
use fiber_link_core::{Amount, PaymentHash, StoreError, Timestamp, Version};
use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Column, Decode, Row, Type};
use std::fmt::Display;
use std::str::FromStr;
use uuid::Uuid;

/// Reads a row's columns one after the other.
pub(crate) struct Fields<'r> {
    table: &'static str,
    row: &'r PgRow,
    next: usize,
}

pub(crate) type Read<T> = Result<T, StoreError>;

impl<'r> Fields<'r> {
    pub(crate) fn of(table: &'static str, row: &'r PgRow) -> Self {
        Self { table, row, next: 0 }
    }

    /// The next column, which may be empty.
    pub(crate) fn optional<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> Read<Option<T>> {
        let value = self.row.try_get(self.next);
        self.next = self.next.saturating_add(1);
        value.map_err(|error| {
            if let sqlx::Error::ColumnDecode { source, .. } = error {
                self.corrupt(source)
            } else {
                backend(error)
            }
        })
    }

    pub(crate) fn value<T: Decode<'r, Postgres> + Type<Postgres>>(&mut self) -> Read<T> {
        self.optional()?.ok_or_else(|| self.corrupt("nothing"))
    }

    /// The column that was read last does not say what it should.
    pub(crate) fn corrupt(&self, problem: impl Display) -> StoreError {
        let last = self.next.saturating_sub(1);
        let column = self.row.columns().get(last).map_or("?", |column| column.name());
        StoreError::Corrupt { table: self.table, reason: format!("{column}: {problem}") }
    }

    pub(crate) fn text(&mut self) -> Read<&'r str> {
        self.value()
    }

    /// One of the names that there are.
    pub(crate) fn name_among(&mut self, names: &[&'static str]) -> Read<&'static str> {
        let text = self.text()?;
        let known = names.iter().find(|name| **name == text).copied();
        known.ok_or_else(|| self.corrupt(format_args!("{text:?} is none of its names")))
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self) -> Read<T> {
        self.text()?.parse().map_err(|error| self.corrupt(error))
    }

    pub(crate) fn optional_parsed<T: FromStr<Err: Display>>(&mut self) -> Read<Option<T>> {
        let text: Option<&str> = self.optional()?;
        text.map(str::parse).transpose().map_err(|error| self.corrupt(error))
    }

    /// Texts that are each one parsed value; none where there is no array.
    pub(crate) fn parsed_array<T: FromStr<Err: Display>>(&mut self) -> Read<Vec<T>> {
        let texts: Vec<String> = self.optional()?.unwrap_or_default();
        let parsed = texts.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        parsed.map_err(|error| self.corrupt(error))
    }

    pub(crate) fn optional_amount(&mut self) -> Read<Option<Amount>> {
        let text: Option<&str> = self.optional()?;
        text.map(str::parse).transpose().map_err(|error| self.corrupt(error))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes: &[u8] = self.value()?;
        bytes.try_into().map_err(|_| self.corrupt(format_args!("{} bytes instead of {N}", bytes.len())))
    }

    pub(crate) fn id<T>(&mut self, of: impl FnOnce(Uuid) -> T) -> Read<T> {
        self.value().map(of)
    }

    pub(crate) fn number<T: TryFrom<i64>>(&mut self) -> Read<T> {
        let number: i64 = self.value()?;
        T::try_from(number).map_err(|_| self.corrupt(format_args!("{number} is out of range")))
    }

    pub(crate) fn optional_number<T: TryFrom<i64>>(&mut self) -> Read<Option<T>> {
        let number: Option<i64> = self.optional()?;
        let fits =
            |number| T::try_from(number).map_err(|_| self.corrupt(format_args!("{number} is out of range")));
        number.map(fits).transpose()
    }

    pub(crate) fn flag(&mut self) -> Read<bool> {
        self.value()
    }

    pub(crate) fn time(&mut self) -> Read<Timestamp> {
        self.value::<Time>().map(Timestamp::from)
    }

    pub(crate) fn optional_time(&mut self) -> Read<Option<Timestamp>> {
        Ok(self.optional::<Time>()?.map(Timestamp::from))
    }

    pub(crate) fn amount(&mut self) -> Read<Amount> {
        self.parsed()
    }

    pub(crate) fn payment_hash(&mut self) -> Read<PaymentHash> {
        self.bytes().map(PaymentHash::new)
    }

    pub(crate) fn version(&mut self) -> Read<Version> {
        self.number().map(Version::from_u64)
    }
}
