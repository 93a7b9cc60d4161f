//! What must be so once faults have ended: everything comes to its end.

use super::invariant::{Broken, Invariant};
use super::{Oracle, Sight};
use crate::simulator::executor::block_on;
use crate::simulator::node::Node;
use crate::simulator::story::short;
use crate::{
    Attempt, AttemptQuery, AttemptState, ChangeSet, Destination, InvoiceState, PaymentState, Timestamp,
    TipLookup, TipState, Withdrawal, WithdrawalId, WithdrawalLookup, audit,
};
use std::collections::BTreeMap;

/// What is still open, and why that may be so.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Ending {
    /// What has to move on: if it never does, something is lost.
    pub(in crate::simulator) waiting: Vec<(Invariant, String)>,
    /// What may stay open for good, by the reason.
    pub(in crate::simulator) open: BTreeMap<&'static str, u64>,
    /// Before this moment nothing can be said about some of what waits.
    pub(in crate::simulator) not_before: Option<Timestamp>,
}

impl Oracle {
    /// Looks at what has not ended yet.
    pub(in crate::simulator) fn look_at_end(
        &mut self,
        sight: Sight<'_>,
        node: &Node,
    ) -> Result<Ending, Broken> {
        let mut ending = Ending::default();
        self.look_at_tips(sight, node, &mut ending)?;
        self.look_at_withdrawals(sight, node, &mut ending)?;
        Ok(ending)
    }

    /// I10: what the node calls paid is credited. What it forgot is nobody's to credit.
    fn look_at_tips(&mut self, sight: Sight<'_>, node: &Node, ending: &mut Ending) -> Result<(), Broken> {
        let open: Vec<_> =
            self.tips.values().filter(|tip| tip.settled_at().is_none()).map(|tip| tip.id()).collect();
        for id in open {
            let Some(tip) = block_on(sight.store.find_tip(TipLookup::Id(id)))? else { continue };
            let state = node.invoice_state(&tip.payment_hash(), sight.now);
            let settled = tip.settled_at().is_some();
            if state == Some(InvoiceState::Paid) && !settled {
                let amount = tip.terms().amount;
                let sentence = format!("tip {} over {amount} is paid and not credited", short(&id));
                ending.waiting.push((Invariant::I10, sentence));
            } else if node.has_payment_under_way_to(&tip.payment_hash()) {
                ending.waiting.push((Invariant::I10, format!("the payment of tip {} is held", short(&id))));
            } else if state.is_none() && matches!(tip.state(), TipState::Creating) {
                let sentence = format!("the node knows no tip {}, and it is not given up", short(&id));
                ending.waiting.push((Invariant::I10, sentence));
            } else {
                self.checks.check(Invariant::I10, true, String::new)?;
            }
        }
        Ok(())
    }

    /// I24: every withdrawal ends, unless the node keeps it open or an operator has to decide.
    fn look_at_withdrawals(
        &mut self,
        sight: Sight<'_>,
        node: &Node,
        ending: &mut Ending,
    ) -> Result<(), Broken> {
        let hub = block_on(sight.store.find_hub())?;
        let since = hub.map_or(Timestamp::from_millis(0), |hub| hub.node_since);
        let newest = block_on(sight.store.find_attempt(AttemptQuery::NewestSucceeded))?;
        let forgot = newest.is_some_and(|newest| {
            newest.created_at() > since && node.payment_state(&newest.payment_hash()).is_none()
        });
        let open: Vec<WithdrawalId> = self.open.values().flatten().copied().collect();
        for id in open {
            let found = block_on(sight.store.find_withdrawal(WithdrawalLookup::Id(id)))?;
            let Some(withdrawal) = found.filter(|found| !found.state().is_final()) else { continue };
            let attempt = block_on(sight.store.find_attempt(AttemptQuery::LatestOf(id)))?;
            match reason(node, &withdrawal, attempt.as_deref(), since, forgot) {
                Some(reason) => {
                    let count = ending.open.entry(reason).or_default();
                    *count = count.saturating_add(1);
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

    /// Everything is read once more, and the store's own audit has its say.
    pub(in crate::simulator) fn check_end(&mut self, sight: Sight<'_>) -> Result<(), Broken> {
        self.check_everything(sight)?;
        // Whatever waited without a reason would have kept the end from coming.
        let ended = self.withdrawals.values().filter(|withdrawal| withdrawal.state().is_final()).count();
        for _ in 0..ended {
            self.checks.check(Invariant::I24, true, String::new)?;
        }
        let report = block_on(audit(sight.store))?;
        let finding = report.findings.first();
        self.checks.check(Invariant::I1, finding.is_none(), || {
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

/// Why a withdrawal may stay open for good; `None` if there is no reason.
fn reason(
    node: &Node,
    withdrawal: &Withdrawal,
    attempt: Option<&Attempt>,
    node_since: Timestamp,
    forgot: bool,
) -> Option<&'static str> {
    let state = node.payment_state(&withdrawal.payment_hash());
    if state == Some(&PaymentState::Pending) && !node.will_end(&withdrawal.payment_hash()) {
        return Some("the node has the payment under way for good");
    }
    if let Some(attempt) = attempt.filter(|attempt| attempt.is_live()) {
        let succeeded = matches!(state, Some(PaymentState::Succeeded { .. }));
        if attempt.created_at() <= node_since && !succeeded {
            return Some("the attempt is one of before the node was accepted");
        }
        let seen = matches!(attempt.state(), AttemptState::Sent { session: Some(_) });
        if seen && matches!(state, None | Some(PaymentState::Failed { .. })) {
            return Some("the node had the payment under way and denies it");
        }
    }
    forgot.then_some("the node forgot a payment that it made, and nobody accepted that")
}
