//! Double entry: every entry moves an amount from one account to another, once.

use crate::{Amount, AppId, AssetId, Timestamp, TipId, UserId, WithdrawalId};
use std::fmt;
use std::str::FromStr;

/// A kind of account. Which owner it has follows from the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountKind {
    /// A user's money that may be withdrawn now; never below zero.
    Available,
    /// A user's money that is promised to a withdrawal; never below zero.
    Reserved,
    /// The hub's value in channels.
    Fiber,
    /// Routing fees that the hub bears.
    FeesPaid,
    /// What left or came in that nobody's account can bear: people have to settle it.
    Suspense,
}

impl AccountKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Available, Self::Reserved, Self::Fiber, Self::FeesPaid, Self::Suspense];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Reserved => "reserved",
            Self::Fiber => "fiber",
            Self::FeesPaid => "fees_paid",
            Self::Suspense => "suspense",
        }
    }
}

/// Why an amount moved; the accounts follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A tip was paid: `fiber → available`.
    TipSettled,
    /// A withdrawal was requested: `available → reserved`, amount and highest fee.
    WithdrawalRequested,
    /// A withdrawal left: `reserved → fiber`, amount and the fee that the user bears.
    WithdrawalPaid,
    /// A fee that the hub bears left: `fees_paid → fiber`.
    WithdrawalFeeBorne,
    /// What a withdrawal did not use came back: `reserved → available`.
    WithdrawalReleased,
    /// A withdrawal left after people had released its funds: `suspense → fiber`, amount and fee.
    WithdrawalPaidLate,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::TipSettled,
        Self::WithdrawalRequested,
        Self::WithdrawalPaid,
        Self::WithdrawalFeeBorne,
        Self::WithdrawalReleased,
        Self::WithdrawalPaidLate,
    ];

    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TipSettled => "tip_settled",
            Self::WithdrawalRequested => "withdrawal_requested",
            Self::WithdrawalPaid => "withdrawal_paid",
            Self::WithdrawalFeeBorne => "withdrawal_fee_borne",
            Self::WithdrawalReleased => "withdrawal_released",
            Self::WithdrawalPaidLate => "withdrawal_paid_late",
        }
    }

    /// The account that the amount leaves.
    pub const fn from_account(self) -> AccountKind {
        match self {
            Self::TipSettled => AccountKind::Fiber,
            Self::WithdrawalRequested => AccountKind::Available,
            Self::WithdrawalPaid | Self::WithdrawalReleased => AccountKind::Reserved,
            Self::WithdrawalFeeBorne => AccountKind::FeesPaid,
            Self::WithdrawalPaidLate => AccountKind::Suspense,
        }
    }

    /// The account that the amount goes to.
    pub const fn to_account(self) -> AccountKind {
        match self {
            Self::TipSettled | Self::WithdrawalReleased => AccountKind::Available,
            Self::WithdrawalRequested => AccountKind::Reserved,
            Self::WithdrawalPaid | Self::WithdrawalFeeBorne | Self::WithdrawalPaidLate => AccountKind::Fiber,
        }
    }
}

/// A stored name that is none of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no entry kind")]
pub struct UnknownEntryKind(String);

impl FromStr for EntryKind {
    type Err = UnknownEntryKind;

    fn from_str(text: &str) -> Result<Self, UnknownEntryKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| UnknownEntryKind(text.to_owned()))
    }
}

/// What an entry belongs to. Source and kind together are unique: that is what "once" means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntrySource {
    /// A tip.
    Tip(TipId),
    /// A withdrawal.
    Withdrawal(WithdrawalId),
}

impl fmt::Display for EntrySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tip(id) => write!(f, "tip {id}"),
            Self::Withdrawal(id) => write!(f, "withdrawal {id}"),
        }
    }
}

/// A user's account in one asset: the owner of an `available` and a `reserved` balance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserAccount {
    /// The app that the user belongs to.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The asset.
    pub asset: AssetId,
}

impl fmt::Display for UserAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} in {}", self.app, self.user, self.asset)
    }
}

/// One line of the ledger: written once, never changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it belongs to.
    pub source: EntrySource,
    /// Why the amount moved, and so between which accounts.
    pub kind: EntryKind,
    /// The user on whose behalf it moved; where both accounts are the hub's, the user that caused it.
    pub account: UserAccount,
    /// How much; never zero.
    pub amount: Amount,
    /// When it was decided.
    pub at: Timestamp,
}

/// What a user has in one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// May be withdrawn now.
    pub available: Amount,
    /// Promised to withdrawals.
    pub reserved: Amount,
}

/// A posting would take a balance below zero or above the largest amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance would leave its range")]
pub struct BalanceOutOfRange;

impl Balance {
    /// The balance after an entry of `kind` over `amount`.
    ///
    /// # Errors
    /// [`BalanceOutOfRange`] if a side would go below zero or above [`Amount::MAX`].
    pub fn after(self, kind: EntryKind, amount: Amount) -> Result<Self, BalanceOutOfRange> {
        let side = |account, before: Amount| {
            let less = if kind.from_account() == account { before.checked_sub(amount)? } else { before };
            if kind.to_account() == account { less.checked_add(amount) } else { Some(less) }
        };
        let available = side(AccountKind::Available, self.available).ok_or(BalanceOutOfRange)?;
        let reserved = side(AccountKind::Reserved, self.reserved).ok_or(BalanceOutOfRange)?;
        Ok(Self { available, reserved })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn balance(available: u64, reserved: u64) -> Balance {
        Balance { available: Amount::new(available), reserved: Amount::new(reserved) }
    }

    #[test]
    fn each_kind_moves_what_its_accounts_say() {
        use EntryKind::*;
        let table = [
            (TipSettled, balance(13, 20)),
            (WithdrawalRequested, balance(7, 23)),
            (WithdrawalPaid, balance(10, 17)),
            (WithdrawalFeeBorne, balance(10, 20)),
            (WithdrawalReleased, balance(13, 17)),
            (WithdrawalPaidLate, balance(10, 20)),
        ];
        assert_eq!(table.map(|(kind, _)| kind), EntryKind::ALL);
        for (kind, after) in table {
            assert_eq!(balance(10, 20).after(kind, Amount::new(3)), Ok(after), "{kind:?}");
        }
    }

    #[test]
    fn neither_side_leaves_its_range() {
        let refused = [
            (balance(2, 0), EntryKind::WithdrawalRequested),
            (balance(9, 2), EntryKind::WithdrawalPaid),
            (balance(9, 2), EntryKind::WithdrawalReleased),
            (Balance { available: Amount::MAX, reserved: Amount::ZERO }, EntryKind::TipSettled),
        ];
        for (before, kind) in refused {
            assert_eq!(before.after(kind, Amount::new(3)), Err(BalanceOutOfRange), "{kind:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for kind in EntryKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert!("tip".parse::<EntryKind>().is_err());
        let names = AccountKind::ALL.map(AccountKind::as_str);
        assert_eq!(names, ["available", "reserved", "fiber", "fees_paid", "suspense"], "as stores keep them");
    }

    #[test]
    fn a_finding_names_the_account_and_what_an_entry_belongs_to() {
        let id = uuid::Uuid::from_u128(1);
        let sources =
            [EntrySource::Tip(TipId::from_uuid(id)), EntrySource::Withdrawal(WithdrawalId::from_uuid(id))];
        let texts = sources.map(|source| source.to_string());
        assert_eq!(texts, [format!("tip {id}"), format!("withdrawal {id}")]);
        let account = UserAccount {
            app: AppId::new("forum").unwrap(),
            user: UserId::new("ann").unwrap(),
            asset: AssetId::ckb(),
        };
        assert_eq!(account.to_string(), "forum/ann in CKB");
    }

    proptest! {
        #[test]
        fn any_sequence_conserves_money(steps in prop::collection::vec((0usize..5, 0u64..1000), 0..60)) {
            let mut balance = Balance::default();
            let mut hub = 0i128;
            for (kind, amount) in steps {
                let (kind, amount) = (EntryKind::ALL[kind], Amount::new(amount));
                let Ok(after) = balance.after(kind, amount) else { continue };
                balance = after;
                for (account, sign) in [(kind.from_account(), -1), (kind.to_account(), 1)] {
                    if matches!(account, AccountKind::Fiber | AccountKind::FeesPaid) {
                        hub += sign * i128::try_from(amount.units()).unwrap();
                    }
                }
                let users = i128::try_from(balance.available.units() + balance.reserved.units()).unwrap();
                prop_assert_eq!(users + hub, 0);
            }
        }
    }
}
