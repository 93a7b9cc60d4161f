//! Who changed what, and why: written with each change to apps, secrets and switches, and never changed.

use crate::{AppId, Timestamp};
use uuid::Uuid;

/// The most bytes of a reason.
pub const REASON_BYTES: usize = 500;

/// Who acts, as it is kept with what he did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Who it is, such as the account of a command line.
    pub name: String,
    /// From where.
    pub origin: String,
}

/// One change by an operator, to an app, a secret or a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: Operator,
    /// What was done, such as `app.rotate`.
    pub action: String,
    /// The app that it was about; none for the whole hub.
    pub app: Option<AppId>,
    /// What was changed, such as the id of an app or a user.
    pub subject: String,
    /// How it was before, as JSON without secrets; none if there was nothing.
    pub before: Option<String>,
    /// How it is now, as JSON without secrets; none if there is nothing any more.
    pub after: Option<String>,
    /// Why.
    pub reason: String,
}

/// An audit record with its place; numbers rise, with gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberedAuditRecord {
    /// Its place.
    pub number: u64,
    /// The record.
    pub record: AuditRecord,
}

/// Audit records, the newest first. At most [`MAX_ROWS`](crate::MAX_ROWS) at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those of this app.
    pub app: Option<AppId>,
    /// Only those with a smaller number.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: u32,
}

/// A reason that is missing or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// There is none.
    #[error("the reason must not be empty")]
    Empty,
    /// It has more than [`REASON_BYTES`].
    #[error("the reason must have at most {REASON_BYTES} bytes, got {0}")]
    TooLong(usize),
}

/// Why somebody changes something, in his words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Checks and wraps a reason; spaces round it are taken off.
    ///
    /// # Errors
    /// [`ReasonError`] if it is empty or too long.
    pub fn new(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        match text.len() {
            0 => Err(ReasonError::Empty),
            1..=REASON_BYTES => {
                Ok(Self(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()))
            }
            length => Err(ReasonError::TooLong(length)),
        }
    }

    /// Of what a program does by itself.
    pub(crate) fn of_program() -> Self {
        Self("by a program".to_owned())
    }

    /// Of what somebody does to his own account.
    #[cfg(feature = "administrators")]
    pub(crate) fn of_own_account() -> Self {
        Self("his own account".to_owned())
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_words() {
        assert_eq!(Reason::new(" why\nnot ").unwrap().as_str(), "why not");
        assert_eq!(Reason::new(" \n"), Err(ReasonError::Empty));
        assert_eq!(Reason::new(&"x".repeat(501)), Err(ReasonError::TooLong(501)));
    }
}
