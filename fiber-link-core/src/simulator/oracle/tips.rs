//! What the oracle holds against tips, their credits and their events.

use super::{Oracle, Sight};
use crate::simulator::executor::block_on;
use crate::simulator::oracle::invariant::{Broken, Invariant};
use crate::simulator::story::short;
use crate::{
    AppId, Entry, EntryKind, EntrySource, EventKind, EventQuery, InvoiceRequest, MAX_ROWS, NumberedEntry,
    Tip, TipId, TipLookup, TipState,
};

impl Oracle {
    /// A tip was written: it is what it was, and credited exactly if it is settled.
    pub(super) fn check_tip(&mut self, sight: Sight<'_>, id: TipId) -> Result<(), Broken> {
        let found = block_on(sight.store.find_tip(TipLookup::Id(id)))?;
        let known = self.tips.get(&id);
        self.checks.check(Invariant::I14, found.is_some() || known.is_none(), || {
            format!("tip {} is gone", short(&id))
        })?;
        let Some(tip) = found else { return Ok(()) };
        if let Some(known) = known {
            let same = known.terms() == tip.terms() && known.payment_hash() == tip.payment_hash();
            self.checks.check(Invariant::I14, same, || {
                format!("tip {} was agreed as {:?} and is {:?} now", short(&id), known.terms(), tip.terms())
            })?;
        } else {
            self.check_new_tip(&tip)?;
        }
        let ended = match tip.state() {
            TipState::Expired { .. } | TipState::Cancelled { .. } => Some(tip.state().as_str()),
            TipState::Creating
            | TipState::Abandoned { .. }
            | TipState::Unpaid { .. }
            | TipState::Settled { .. } => None,
        };
        let said = ended.is_none_or(|end| sight.truth.said_ended(tip.payment_hash(), end));
        self.checks.check(Invariant::I11, said, || {
            format!("tip {} is {}, but the node never said so", short(&id), tip.state().as_str())
        })?;
        self.check_credit(sight, &tip)?;
        self.tips.insert(id, tip);
        Ok(())
    }

    fn check_new_tip(&mut self, tip: &Tip) -> Result<(), Broken> {
        let place = (tip.terms().app.clone(), tip.terms().post.clone());
        if self.once.contains(&place) {
            let twin = self.tips.values().find(|known| {
                (&known.terms().app, &known.terms().post) == (&tip.terms().app, &tip.terms().post)
            });
            self.checks.check(Invariant::I25, twin.is_none(), || {
                let twin = twin.map(|twin| short(&twin.id())).unwrap_or_default();
                format!("one request with one key made the tips {twin} and {}", short(&tip.id()))
            })?;
        }
        let (id, hash) = (tip.id(), tip.payment_hash());
        let other = self.tip_of.insert(hash, id).filter(|other| *other != id);
        self.checks.check(Invariant::I8, other.is_none(), || format!("two tips have the payment hash {hash}"))
    }

    fn check_credit(&mut self, sight: Sight<'_>, tip: &Tip) -> Result<(), Broken> {
        let (id, hash) = (tip.id(), tip.payment_hash());
        let entries = self.book.of(EntrySource::Tip(id));
        self.checks.check(Invariant::I8, entries.len() <= 1, || {
            format!("tip {} was credited {} times", short(&id), entries.len())
        })?;
        let settled = tip.settled_at().is_some();
        let events = self.told.get(&EventKind::TipSettled(id)).copied().unwrap_or_default();
        let whole = (entries.len(), events) == if settled { (1, 1) } else { (0, 0) };
        self.checks.check(Invariant::I12, whole, || {
            let state = tip.state().as_str();
            format!("tip {} is {state} with {} credits and {events} events", short(&id), entries.len())
        })?;
        if let [NumberedEntry { entry, .. }] = entries {
            let terms = tip.terms();
            let account = &entry.account;
            let to_whom =
                account.app == terms.app && account.user == terms.to_user && account.asset == terms.asset;
            let right = to_whom && entry.amount == terms.amount && entry.kind == EntryKind::TipSettled;
            self.checks.check(Invariant::I5, right, || {
                format!(
                    "tip {} over {} was credited as {} of {account}",
                    short(&id),
                    terms.amount,
                    entry.amount
                )
            })?;
            let proven = sight.truth.said_paid(&hash) && sight.truth.received(&hash).is_some();
            self.checks.check(Invariant::I9, proven, || {
                format!("tip {} was credited, but nobody was told that {hash} was paid", short(&id))
            })?;
        }
        Ok(())
    }

    /// A credit belongs to a tip that is there, and is the first of its payment hash.
    pub(super) fn check_new_entry(&mut self, sight: Sight<'_>, entry: &Entry) -> Result<(), Broken> {
        match entry.source {
            EntrySource::Tip(id) => {
                self.check_tip(sight, id)?;
                let known = self.tips.get(&id).map(|tip| tip.payment_hash());
                self.checks.check(Invariant::I12, known.is_some(), || {
                    format!("a credit of {} belongs to no tip", entry.amount)
                })?;
                let longest =
                    known.and_then(|hash| sight.truth.received(&hash)).map(|r| sight.now.since(r.first_at));
                self.longest_to_credit = self.longest_to_credit.max(longest);
                self.credits = self.credits.saturating_add(1);
                Ok(())
            }
            EntrySource::Withdrawal(id) => {
                self.check_withdrawal(sight, id)?;
                let known = self.withdrawals.contains_key(&id);
                self.checks.check(Invariant::I16, known, || {
                    format!("an entry {} belongs to no withdrawal", entry.kind.as_str())
                })
            }
        }
    }

    /// Reads the events of an app that are new: I29.
    pub(super) fn read_events(&mut self, sight: Sight<'_>, app: &AppId) -> Result<Vec<EventKind>, Broken> {
        let mut news = Vec::new();
        loop {
            let after = self.events_of.get(app).copied().unwrap_or_default();
            let query = EventQuery { app: app.clone(), after, limit: MAX_ROWS };
            let page = block_on(sight.store.events(query))?;
            if page.is_empty() {
                return Ok(news);
            }
            for found in page {
                let last = self.events_of.entry(app.clone()).or_default();
                let expected = last.saturating_add(1);
                self.checks.check(Invariant::I29, found.number == expected, || {
                    format!("after event {last} of {app} comes {}", found.number)
                })?;
                *last = expected;
                let count = self.told.entry(found.event.kind).or_default();
                *count = count.saturating_add(1);
                news.push(found.event.kind);
            }
        }
    }

    /// I13 and I5: the node is about to make an invoice that can be paid.
    pub(in crate::simulator) fn before_invoice(
        &mut self,
        sight: Sight<'_>,
        request: &InvoiceRequest,
    ) -> Result<(), Broken> {
        let hash = request.preimage.payment_hash();
        let stored = block_on(sight.store.find_tip(TipLookup::PaymentHash(hash)))?;
        self.checks.check(Invariant::I13, stored.is_some(), || {
            format!("the node makes an invoice for {hash}, of which the store knows no tip")
        })?;
        let Some(tip) = stored else { return Ok(()) };
        let terms = tip.terms();
        let asked = request.amount == terms.amount && request.asset.id == terms.asset;
        self.checks.check(Invariant::I5, asked, || {
            format!(
                "tip {} is over {} of {}, but its invoice is to ask {} of {}",
                short(&tip.id()),
                terms.amount,
                terms.asset,
                request.amount,
                request.asset.id
            )
        })
    }
}
