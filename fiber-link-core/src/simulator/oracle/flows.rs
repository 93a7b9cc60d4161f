//! I1 between the ledger and the node: what was credited came in, and what was paid went out.

use super::invariant::{Broken, Invariant};
use super::{Oracle, Sight};
use crate::simulator::node::Truth;
use crate::{AssetId, EntryKind, EntrySource, TipId, WithdrawalId, WithdrawalState};
use std::collections::BTreeMap;

/// What came in or went out, by the ledger and by what really happened.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    entered: i128,
    happened: i128,
}

impl Oracle {
    /// I1 for one tip or withdrawal.
    pub(super) fn check_flow(&mut self, sight: Sight<'_>, source: EntrySource) -> Result<(), Broken> {
        let Flow { entered, happened } = match source {
            EntrySource::Tip(id) => self.credit_of(sight.truth, id),
            EntrySource::Withdrawal(id) => self.payout_of(sight.truth, id),
        };
        self.checks.check(Invariant::I1, entered == happened, || {
            format!("{source} moved {entered} in the ledger, and {happened} by the node")
        })
    }

    /// I1 for each asset: all credits, and all that was paid and borne.
    pub(super) fn check_flows(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        let mut flows = BTreeMap::<(AssetId, &str), Flow>::new();
        for ((asset, kind), sum) in self.book.sums() {
            let name = match kind {
                EntryKind::TipSettled => "credited",
                EntryKind::WithdrawalPaid | EntryKind::WithdrawalFeeBorne | EntryKind::WithdrawalPaidLate => {
                    "paid out"
                }
                EntryKind::WithdrawalRequested | EntryKind::WithdrawalReleased => continue,
            };
            let flow = flows.entry((asset.clone(), name)).or_default();
            flow.entered = flow.entered.saturating_add(*sum);
        }
        for tip in self.tips.values() {
            let flow = flows.entry((tip.terms().asset.clone(), "credited")).or_default();
            flow.happened = flow.happened.saturating_add(self.credit_of(sight.truth, tip.id()).happened);
        }
        for withdrawal in self.withdrawals.values() {
            let flow = flows.entry((withdrawal.terms().asset.clone(), "paid out")).or_default();
            let happened = self.payout_of(sight.truth, withdrawal.id()).happened;
            flow.happened = flow.happened.saturating_add(happened);
        }
        for ((asset, name), Flow { entered, happened }) in flows {
            self.checks.check(Invariant::I1, entered == happened, || {
                format!("of {asset} {entered} was {name} in the ledger, and {happened} by the node")
            })?;
        }
        Ok(())
    }

    /// What payers sent beyond what was credited, by asset.
    pub(in crate::simulator) fn overpaid(&self, truth: &Truth) -> BTreeMap<AssetId, u128> {
        let mut sums = BTreeMap::<AssetId, u128>::new();
        for tip in self.tips.values().filter(|tip| tip.settled_at().is_some()) {
            let overpaid = truth.received(&tip.payment_hash()).map_or(0, |received| received.overpaid);
            if overpaid > 0 {
                let sum = sums.entry(tip.terms().asset.clone()).or_default();
                *sum = sum.saturating_add(overpaid);
            }
        }
        sums
    }

    /// What a tip that is credited is credited with, and what came in for it, less what was overpaid.
    fn credit_of(&self, truth: &Truth, id: TipId) -> Flow {
        let entered = self.book.sum(EntrySource::Tip(id), EntryKind::TipSettled);
        let settled = self.tips.get(&id).filter(|tip| tip.settled_at().is_some());
        let received = settled.and_then(|tip| truth.received(&tip.payment_hash()));
        let came_in = received.map_or(0, |received| received.total.saturating_sub(received.overpaid));
        Flow { entered, happened: i128::try_from(came_in).unwrap_or(i128::MAX) }
    }

    /// What was paid and borne for a withdrawal that is complete, and what left for it.
    fn payout_of(&self, truth: &Truth, id: WithdrawalId) -> Flow {
        let sum = |kind| self.book.sum(EntrySource::Withdrawal(id), kind);
        let entered = sum(EntryKind::WithdrawalPaid).saturating_add(sum(EntryKind::WithdrawalFeeBorne));
        let entered = entered.saturating_add(sum(EntryKind::WithdrawalPaidLate));
        let complete = self.withdrawals.get(&id).filter(|found| {
            matches!(
                found.state(),
                WithdrawalState::Completed { .. } | WithdrawalState::PaidAfterRelease { .. }
            )
        });
        let sent = complete.and_then(|withdrawal| truth.sent(&withdrawal.payment_hash()));
        Flow { entered, happened: sent.map_or(0, |sent| i128::try_from(sent.total).unwrap_or(i128::MAX)) }
    }
}
