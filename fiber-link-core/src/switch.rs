//! Switches: what is stopped until somebody lets it go on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Activity {
    /// New tips. What is paid is credited all the same.
    Tips,
    /// New withdrawals, and payments that were not begun. What was sent is followed to its end.
    Withdrawals,
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tips => "tips",
            Self::Withdrawals => "withdrawals",
        })
    }
}

/// Which activities are stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switches {
    /// Whether new tips are.
    pub tips_paused: bool,
    /// Whether withdrawals are.
    pub withdrawals_paused: bool,
}

impl Switches {
    /// In one or two words, for people.
    pub const fn as_str(self) -> &'static str {
        match (self.tips_paused, self.withdrawals_paused) {
            (false, false) => "active",
            (true, false) => "tips paused",
            (false, true) => "withdrawals paused",
            (true, true) => "paused",
        }
    }

    /// Whether `activity` is stopped.
    pub const fn pauses(self, activity: Activity) -> bool {
        match activity {
            Activity::Tips => self.tips_paused,
            Activity::Withdrawals => self.withdrawals_paused,
        }
    }

    /// With `activity` stopped or let go on.
    #[must_use]
    pub const fn with(self, activity: Activity, paused: bool) -> Self {
        match activity {
            Activity::Tips => Self { tips_paused: paused, ..self },
            Activity::Withdrawals => Self { withdrawals_paused: paused, ..self },
        }
    }
}

impl Switches {
    /// With each of `activities` stopped or let go on.
    #[must_use]
    pub fn with_all(self, activities: &[Activity], paused: bool) -> Self {
        activities.iter().fold(self, |switches, activity| switches.with(*activity, paused))
    }
}

/// Whose switch stops something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PausedScope {
    /// That of the whole hub.
    Hub,
    /// That of the app, or the app is closed.
    App,
    /// That of a user.
    User,
}

impl PausedScope {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::App => "app",
            Self::User => "user",
        }
    }
}

/// What was asked for is stopped. The message is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub struct Paused {
    /// What is stopped.
    pub activity: Activity,
    /// By whose switch.
    pub scope: PausedScope,
}

impl Paused {
    fn message(&self) -> String {
        let activity = match self.activity {
            Activity::Tips => "Tips",
            Activity::Withdrawals => "Withdrawals",
        };
        match self.scope {
            PausedScope::Hub => format!("{activity} are paused"),
            PausedScope::App => format!("{activity} are paused in this app"),
            PausedScope::User => format!("{activity} of this user are paused"),
        }
    }
}
