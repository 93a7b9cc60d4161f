//! What must be so once faults have ended: everything comes to its end.

use super::invariant::{Broken, Invariant};
use super::{Oracle, Sight};
use crate::simulator::executor::block_on;
use crate::simulator::node::Node;
use crate::simulator::story::short;
use crate::{
    Attempt, AttemptQuery, AttemptState, ChangeSet, Destination, Finding, InvoiceState, PaymentHash,
    PaymentState, PaymentStatus, Timestamp, Tip, TipLookup, TipState, Withdrawal, WithdrawalId,
    WithdrawalLookup, audit,
};
use std::collections::BTreeMap;

/// What is still open, and why that may be so.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Ending {
    /// What has to move on: if it never does, something is lost.
    pub(in crate::simulator) waiting: Vec<(Invariant, String)>,
    /// What may stay open for good, and the reason.
    pub(in crate::simulator) open: BTreeMap<WithdrawalId, &'static str>,
    /// Before this moment nothing can be said about some of what waits.
    pub(in crate::simulator) not_before: Option<Timestamp>,
}

impl Ending {
    /// Whether every tip came to its end.
    pub(in crate::simulator) fn tips_ended(&self) -> bool {
        self.waiting.iter().all(|(invariant, _)| *invariant != Invariant::I10)
    }
}

impl Oracle {
    /// Looks at what has not ended yet.
    pub(in crate::simulator) fn look_at_end(&mut self, sight: Sight<'_>) -> Result<Ending, Broken> {
        let mut ending = Ending::default();
        self.look_at_tips(sight, &mut ending)?;
        self.look_at_withdrawals(sight, &mut ending)?;
        Ok(ending)
    }

    /// I10: what the node calls paid is credited. What it forgot is nobody's to credit.
    fn look_at_tips(&mut self, sight: Sight<'_>, ending: &mut Ending) -> Result<(), Broken> {
        for known in self.tips.values().filter(|tip| tip.settled_at().is_none()) {
            let Some(tip) = block_on(sight.store.find_tip(TipLookup::Id(known.id())))? else { continue };
            ending.waiting.extend(waits(sight, &tip).map(|sentence| (Invariant::I10, sentence)));
        }
        Ok(())
    }

    /// I24: every withdrawal ends, unless the node keeps it open or an operator has to decide.
    fn look_at_withdrawals(&mut self, sight: Sight<'_>, ending: &mut Ending) -> Result<(), Broken> {
        let node = sight.node;
        let hub = block_on(sight.store.find_hub())?;
        let since = hub.map_or(Timestamp::from_millis(0), |hub| hub.node_since);
        let newest = block_on(sight.store.find_attempt(AttemptQuery::NewestSucceeded))?;
        let succeeded = |hash: PaymentHash| {
            let status = node.payment_status(&hash);
            status.is_some_and(|status| matches!(status.state, PaymentState::Succeeded { .. }))
        };
        let forgot =
            newest.is_some_and(|newest| newest.created_at() > since && !succeeded(newest.payment_hash()));
        let open: Vec<WithdrawalId> = self.open.values().flatten().copied().collect();
        for id in open {
            let found = block_on(sight.store.find_withdrawal(WithdrawalLookup::Id(id)))?;
            let Some(withdrawal) = found.filter(|found| !found.state().is_final()) else { continue };
            let attempt = block_on(sight.store.find_attempt(AttemptQuery::LatestOf(id)))?;
            match reason(node, &withdrawal, attempt.as_deref(), since, forgot) {
                Some(reason) => {
                    ending.open.insert(id, reason);
                }
                None => {
                    let state = withdrawal.state().as_str();
                    let sentence = format!("withdrawal {} is {state} for no reason", short(&id));
                    ending.waiting.push((Invariant::I24, sentence));
                    let Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
                    ending.not_before = ending.not_before.max(Some(invoice.expires_at));
                }
            }
        }
        Ok(())
    }

    /// Everything is read once more, and the audit has its say.
    pub(in crate::simulator) fn check_end(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        self.check_everything(sight)?;
        for tip in self.tips.values() {
            let waits = waits(sight, tip);
            self.checks.check(Invariant::I10, waits.is_none(), || waits.unwrap_or_default())?;
        }
        let ending = self.look_at_end(sight)?;
        for (id, withdrawal) in &self.withdrawals {
            let ended = withdrawal.state().is_final() || ending.open.contains_key(id);
            self.checks.check(Invariant::I24, ended, || {
                format!("withdrawal {} is {} at the end", short(id), withdrawal.state().as_str())
            })?;
        }
        let report = block_on(audit(sight.store))?;
        let finding = report.findings.first();
        let broken = finding.map_or(Invariant::I4, invariant_of);
        self.checks.check(broken, finding.is_none(), || {
            finding.map(|finding| format!("the audit found: {finding}")).unwrap_or_default()
        })?;
        self.offer_a_credit_again(sight)
    }

    /// I8: a credit is refused the second time, whatever version a tip has. While versions are kept
    /// nobody offers one twice, so that no history shows whether its key is kept as well.
    fn offer_a_credit_again(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        let Some(credit) = self.book.newest_credit() else { return Ok(()) };
        let again = block_on(sight.store.commit(ChangeSet::new().post(credit.clone())));
        self.checks.check(Invariant::I8, again.is_err(), || {
            format!("a credit of {} was taken a second time", credit.amount)
        })
    }
}

/// Why a tip has not come to its end, if it has not.
fn waits(sight: Sight<'_>, tip: &Tip) -> Option<String> {
    let (node, hash) = (sight.node, tip.payment_hash());
    if tip.settled_at().is_some() {
        return None;
    }
    let state = node.invoice_state(&hash, sight.now);
    if state == Some(InvoiceState::Paid) {
        return Some(format!(
            "tip {} over {} is paid and not credited",
            short(&tip.id()),
            tip.terms().amount
        ));
    } else if node.has_payment_under_way_to(&hash) {
        return Some(format!("the payment of tip {} is held", short(&tip.id())));
    }
    let unmade = state.is_none() && matches!(tip.state(), TipState::Creating);
    unmade.then(|| format!("the node knows no tip {}, and it is not given up", short(&tip.id())))
}

/// Which invariant something that the audit found breaks.
fn invariant_of(finding: &Finding) -> Invariant {
    match finding {
        Finding::Balance { .. } => Invariant::I4,
        Finding::BelowZero { .. } => Invariant::I2,
        Finding::Entries { .. } | Finding::Orphan(_) => Invariant::I12,
        Finding::PaymentHash(_) => Invariant::I8,
        Finding::Attempt { state, .. } if *state == "completed" => Invariant::I20,
        Finding::Attempt { .. } => Invariant::I16,
        Finding::FeeAboveLimit { .. } => Invariant::I15,
        Finding::Unbalanced { .. } => Invariant::I1,
    }
}

/// Why a withdrawal may stay open for good; `None` if there is no reason.
fn reason(
    node: &Node,
    withdrawal: &Withdrawal,
    attempt: Option<&Attempt>,
    node_since: Timestamp,
    forgot: bool,
) -> Option<&'static str> {
    let status = node.payment_status(&withdrawal.payment_hash());
    let state = status.map(|status| &status.state);
    if state == Some(&PaymentState::Pending) && !node.will_end(&withdrawal.payment_hash()) {
        return Some("the node has the payment under way for good");
    }
    if let Some(attempt) = attempt.filter(|attempt| attempt.is_live()) {
        let succeeded = matches!(state, Some(PaymentState::Succeeded { .. }));
        if attempt.created_at() <= node_since && !succeeded {
            return Some("the attempt is one of before the node was accepted");
        }
        if let AttemptState::Sent { session: Some(seen) } = attempt.state()
            && denies(status, *seen)
        {
            return Some("the node had the payment under way and denies it");
        }
    }
    forgot.then_some("the node forgot a payment that it made, and nobody accepted that")
}

/// Whether the node knows nothing of a session that it had under way, or only of one before it.
fn denies(status: Option<&PaymentStatus>, seen: Timestamp) -> bool {
    status
        .is_none_or(|status| matches!(status.state, PaymentState::Failed { .. }) && status.created_at < seen)
}
