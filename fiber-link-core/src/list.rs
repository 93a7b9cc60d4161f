//! Lists that people look through: what may be asked for, and how a page is put together.
//!
//! A store finds rows by what it has an index for. What else a filter says is looked at here, row by
//! row, and no page looks at more than [`SCANNED_ROWS`]: it may be short, and says where to go on.

use crate::{
    AppId, AssetId, AuditRecord, EntriesOf, EntrySource, MAX_ROWS, NumberedEntry, PostId, Timestamp, Tip,
    TipId, TipPhase, TipsOf, UserAccount, UserId, Withdrawal, WithdrawalId, WithdrawalsOf,
};
use std::time::Duration;
use uuid::Uuid;

/// The most rows that are looked at for one page.
pub const SCANNED_ROWS: u32 = 10_000;

/// How far the time in an id may be from when its record was made.
const OF_IDS: Duration = Duration::from_secs(1);

/// How far the clocks of servers may be apart, so that a row stands before an older one. Where one was
/// more wrong than that, a list of a time may leave rows out.
const OF_CLOCKS: Duration = Duration::from_secs(600);

/// Some rows of a list, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T, C> {
    /// The rows.
    pub rows: Vec<T>,
    /// What the next page comes before; nothing after the last one. A page may be short, or empty, and
    /// not be the last.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of `limit` rows, of a list that was asked for one row more.
    pub(crate) fn cut(mut rows: Vec<T>, limit: u32, place: impl FnOnce(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(place);
        Self { rows, next }
    }
}

/// A span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Only what is not older.
    pub from: Option<Timestamp>,
    /// Only what is older.
    pub until: Option<Timestamp>,
}

/// Which tips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TipFilter {
    /// Those of this app; of all apps without one.
    pub app: Option<AppId>,
    /// Those in this phase.
    pub phase: Option<TipPhase>,
    /// Those in the state of this stored name.
    pub state: Option<&'static str>,
    /// Those of this user.
    pub user: Option<TipUser>,
    /// Those for this post.
    pub post: Option<PostId>,
    /// Those in this asset.
    pub asset: Option<AssetId>,
    /// Those created in this time.
    pub created: Span,
}

/// A user of a tip, by his side of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TipUser {
    /// Who gave it.
    Payer(UserId),
    /// Who gets it.
    Payee(UserId),
    /// Either of them.
    Either(UserId),
}

/// Which withdrawals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WithdrawalFilter {
    /// Those of this app; of all apps without one.
    pub app: Option<AppId>,
    /// Those in the state of this stored name.
    pub state: Option<&'static str>,
    /// Those of this user.
    pub user: Option<UserId>,
    /// Those in this asset.
    pub asset: Option<AssetId>,
    /// Those requested in this time.
    pub created: Span,
}

/// Which entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Those of this app; of all apps without one.
    pub app: Option<AppId>,
    /// Those of this user.
    pub user: Option<UserId>,
    /// Those in this asset.
    pub asset: Option<AssetId>,
    /// Those of this tip or withdrawal.
    pub source: Option<EntrySource>,
    /// Those of this time.
    pub at: Span,
}

/// Which audit records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those about this app.
    pub app: Option<AppId>,
    /// Those of the operator of this name.
    pub operator: Option<String>,
    /// Those of this action, such as `app.rotate`.
    pub action: Option<String>,
    /// Those about this subject.
    pub subject: Option<String>,
    /// Those of this time.
    pub at: Span,
}

/// What a row is to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A part of it.
    Wanted,
    /// No part of it.
    Unwanted,
    /// No part of it, and no later row is one.
    Beyond,
}

impl Span {
    /// Whether `at` is in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    /// What a row of this time is, in a list of which rows may be out of order by so much.
    fn look(&self, at: Timestamp, wanted: bool, out_of_order: Duration) -> Look {
        if self.from.is_some_and(|from| at < from.minus(out_of_order)) {
            Look::Beyond
        } else if wanted && self.contains(at) {
            Look::Wanted
        } else {
            Look::Unwanted
        }
    }

    /// The smallest id that is made too late, where ids begin with the time.
    fn end(&self) -> Option<Uuid> {
        let millis = self.until?.plus(OF_IDS).as_millis();
        Some(Uuid::from_u128(u128::from(millis.min((1 << 48) - 1)) << 80))
    }
}

fn fits<T: PartialEq>(filter: Option<&T>, value: &T) -> bool {
    filter.is_none_or(|wanted| wanted == value)
}

impl TipFilter {
    /// By which index its tips are found.
    pub(crate) fn lead(&self) -> TipsOf {
        let Some(app) = self.app.clone() else { return TipsOf::Hub };
        let phase = self.phase.or_else(|| self.state.and_then(crate::TipState::phase_of));
        match (&self.user, &self.post) {
            (Some(TipUser::Payer(user)), _) => TipsOf::Payer { app, user: user.clone() },
            (Some(TipUser::Payee(user)), _) => TipsOf::Payee { app, user: user.clone(), phase },
            (Some(TipUser::Either(user)), _) => TipsOf::Party { app, user: user.clone() },
            (None, Some(post)) => TipsOf::Post { app, post: post.clone(), phase },
            (None, None) => TipsOf::App { app, phase },
        }
    }

    /// Where a page begins that comes before `before`.
    pub(crate) fn begin(&self, before: Option<TipId>) -> Option<TipId> {
        let end = self.created.end().map(TipId::from_uuid);
        before.into_iter().chain(end).min()
    }

    pub(crate) fn look(&self, tip: &Tip) -> Look {
        let terms = tip.terms();
        let of_user = match &self.user {
            None => true,
            Some(TipUser::Payer(user)) => terms.from_user == *user,
            Some(TipUser::Payee(user)) => terms.to_user == *user,
            Some(TipUser::Either(user)) => terms.from_user == *user || terms.to_user == *user,
        };
        let wanted = of_user
            && fits(self.app.as_ref(), &terms.app)
            && fits(self.phase.as_ref(), &tip.state().phase())
            && fits(self.state.as_ref(), &tip.state().as_str())
            && fits(self.post.as_ref(), &terms.post)
            && fits(self.asset.as_ref(), &terms.asset);
        self.created.look(tip.created_at(), wanted, OF_IDS)
    }
}

impl WithdrawalFilter {
    pub(crate) fn lead(&self) -> WithdrawalsOf {
        match (self.app.clone(), self.user.clone()) {
            (None, _) => WithdrawalsOf::Hub,
            (Some(app), Some(user)) => WithdrawalsOf::User { app, user },
            (Some(app), None) => WithdrawalsOf::App { app, state: self.state },
        }
    }

    pub(crate) fn begin(&self, before: Option<WithdrawalId>) -> Option<WithdrawalId> {
        let end = self.created.end().map(WithdrawalId::from_uuid);
        before.into_iter().chain(end).min()
    }

    pub(crate) fn look(&self, withdrawal: &Withdrawal) -> Look {
        let terms = withdrawal.terms();
        let wanted = fits(self.app.as_ref(), &terms.app)
            && fits(self.user.as_ref(), &terms.user)
            && fits(self.state.as_ref(), &withdrawal.state().as_str())
            && fits(self.asset.as_ref(), &terms.asset);
        self.created.look(withdrawal.created_at(), wanted, OF_IDS)
    }
}

impl EntryFilter {
    /// By which index its entries are found, but for those of one user in all assets.
    pub(crate) fn lead(&self) -> EntriesOf {
        match (self.app.clone(), self.user.clone(), self.asset.clone()) {
            (None, _, _) => EntriesOf::Hub,
            (Some(app), Some(user), Some(asset)) => EntriesOf::Account(UserAccount { app, user, asset }),
            (Some(app), _, _) => EntriesOf::App(app),
        }
    }

    pub(crate) fn look(&self, NumberedEntry { entry, .. }: &NumberedEntry) -> Look {
        let wanted = fits(self.app.as_ref(), &entry.account.app)
            && fits(self.user.as_ref(), &entry.account.user)
            && fits(self.asset.as_ref(), &entry.account.asset)
            && fits(self.source.as_ref(), &entry.source);
        self.at.look(entry.at, wanted, OF_CLOCKS)
    }
}

impl AuditFilter {
    pub(crate) fn look(&self, record: &AuditRecord) -> Look {
        let wanted = (self.app.is_none() || record.app == self.app)
            && fits(self.operator.as_ref(), &record.operator.name)
            && fits(self.action.as_ref(), &record.action)
            && fits(self.subject.as_ref(), &record.subject);
        self.at.look(record.at, wanted, OF_CLOCKS)
    }
}

/// Puts a page together from what is read, piece by piece.
#[derive(Debug)]
pub(crate) struct Walk<T, C> {
    limit: usize,
    rows: Vec<T>,
    before: Option<C>,
    /// How many rows the next piece has.
    piece: u32,
    /// How many rows may still be looked at.
    left: u32,
    ended: bool,
}

impl<T, C: Copy> Walk<T, C> {
    /// Towards a page of at most `limit` rows before `before`.
    pub(crate) fn new(before: Option<C>, limit: u32) -> Self {
        let piece = limit.clamp(1, MAX_ROWS);
        let limit = usize::try_from(piece).unwrap_or(usize::MAX);
        Self { limit, rows: Vec::new(), before, piece, left: SCANNED_ROWS, ended: false }
    }

    /// What to read next: how many rows, and before which; nothing once the page is done.
    pub(crate) fn next_piece(&self) -> Option<(Option<C>, u32)> {
        let done = self.ended || self.left == 0 || self.rows.len() >= self.limit;
        (!done).then_some((self.before, self.piece))
    }

    /// Looks at what was read.
    pub(crate) fn take(&mut self, read: Vec<T>, look: impl Fn(&T) -> Look, cursor: impl Fn(&T) -> C) {
        let count = u32::try_from(read.len()).unwrap_or(u32::MAX);
        let was_last = count < self.piece;
        for row in read {
            if self.rows.len() >= self.limit {
                return;
            }
            self.before = Some(cursor(&row));
            match look(&row) {
                Look::Wanted => self.rows.push(row),
                Look::Unwanted => {}
                Look::Beyond => {
                    self.ended = true;
                    return;
                }
            }
        }
        self.ended = was_last;
        self.left = self.left.saturating_sub(count);
        self.piece = self.piece.saturating_mul(2).min(MAX_ROWS);
    }

    /// The page.
    pub(crate) fn page(self) -> Page<T, C> {
        Page { rows: self.rows, next: if self.ended { None } else { self.before } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All pages of the numbers below `count` of which a filter wants some.
    fn pages(count: u32, limit: u32, wanted: impl Fn(u32) -> bool, from: u32) -> Vec<Vec<u32>> {
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let mut walk = Walk::<u32, u32>::new(before, limit);
            let mut looked_at = 0;
            while let Some((before, piece)) = walk.next_piece() {
                let read: Vec<_> = (0..before.unwrap_or(count)).rev().take(piece as usize).collect();
                looked_at += read.len();
                let look = |n: &u32| match n {
                    n if *n < from => Look::Beyond,
                    n if wanted(*n) => Look::Wanted,
                    _ => Look::Unwanted,
                };
                walk.take(read, look, |n| *n);
            }
            assert!(looked_at <= (SCANNED_ROWS + MAX_ROWS) as usize);
            let page = walk.page();
            assert!(page.rows.len() <= limit.clamp(1, MAX_ROWS) as usize);
            pages.push(page.rows);
            before = page.next;
            if before.is_none() {
                return pages;
            }
        }
    }

    proptest! {
        #[test]
        fn pages_together_are_the_list(count in 0u32..30_000, limit in 0u32..1_500, every in 1u32..9_000, from in 0u32..100) {
            let seen = pages(count, limit, |n| n % every == 0, from).concat();
            let expected: Vec<_> = (from..count.max(from)).rev().filter(|n| n % every == 0).collect();
            prop_assert_eq!(seen, expected);
        }
    }

    #[test]
    fn a_page_is_cut_short_where_nothing_is_found_and_says_where_to_go_on() {
        let pages = pages(25_000, 50, |n| n == 3, 0);
        assert_eq!(pages.len(), 3);
        assert_eq!(pages.concat(), [3]);
    }

    #[test]
    fn a_span_begins_with_its_first_moment_and_ends_before_its_last() {
        let [one, two, three] = [1, 2, 3].map(Timestamp::from_millis);
        let span = Span { from: Some(one), until: Some(three) };
        assert!(span.contains(one) && span.contains(two) && !span.contains(three));
        assert!(!span.contains(Timestamp::from_millis(0)) && Span::default().contains(two));
    }
}
