//! What the oracle holds against withdrawals, their attempts, and what left for them.

use super::book::signed;
use super::{Limits, Oracle, Sender, Sight};
use crate::simulator::executor::block_on;
use crate::simulator::node::Truth;
use crate::simulator::oracle::invariant::{Broken, Invariant};
use crate::simulator::story::short;
use crate::{
    Attempt, AttemptQuery, AttemptState, EntryKind, EntrySource, EventKind, FeeBearer, NEVER_SENT_AFTER,
    PaymentHash, PaymentRequest, Timestamp, UserAccount, Withdrawal, WithdrawalId, WithdrawalLookup,
    WithdrawalState,
};
use std::time::Duration;

/// Clocks of servers differ by less.
const CLOCKS_DIFFER: Duration = Duration::from_secs(10);

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Oracle {
    /// A withdrawal was written: it and its latest attempt fit together, and to what the node did.
    pub(super) fn check_withdrawal(&mut self, sight: Sight<'_>, id: WithdrawalId) -> Result<(), Broken> {
        let found = block_on(sight.store.find_withdrawal(WithdrawalLookup::Id(id)))?;
        let known = self.withdrawals.get(&id);
        self.checks.check(Invariant::I14, found.is_some() || known.is_none(), || {
            format!("withdrawal {} is gone", short(&id))
        })?;
        let Some(withdrawal) = found else { return Ok(()) };
        match known {
            Some(known) => self.checks.check(Invariant::I14, known.terms() == withdrawal.terms(), || {
                format!("withdrawal {} was agreed as {:?}", short(&id), known.terms())
            })?,
            None => {
                self.check_new_withdrawal(sight.now, &withdrawal)?;
                self.check_new_review(&withdrawal)?;
            }
        }
        self.check_reviewed(&withdrawal)?;
        let attempt = block_on(sight.store.find_attempt(AttemptQuery::LatestOf(id)))?;
        self.check_succession(id, attempt.as_deref())?;
        if let Some(attempt) = &attempt {
            self.check_attempt(sight, &withdrawal, attempt)?;
        }
        self.check_standing(&withdrawal, attempt.as_deref())?;
        self.check_ends(sight.truth, &withdrawal, attempt.as_deref())?;
        if let Some(attempt) = attempt {
            self.attempts.insert(id, attempt);
        }
        let account = withdrawal.account();
        self.withdrawals.insert(id, withdrawal);
        self.open.entry(account.clone()).or_default().insert(id);
        self.check_reservation(sight, &account)
    }

    fn check_new_withdrawal(&mut self, now: Timestamp, withdrawal: &Withdrawal) -> Result<(), Broken> {
        let (id, hash) = (withdrawal.id(), withdrawal.payment_hash());
        let of_hash = self.by_hash.entry(hash).or_default();
        of_hash.push(id);
        let holders = of_hash.iter().filter(|other| {
            let other = if **other == id {
                Some(withdrawal)
            } else {
                self.withdrawals.get(other).map(|other| &**other)
            };
            other.is_some_and(|other| other.held_payment_hash().is_some())
        });
        self.checks.check(Invariant::I18, holders.count() <= 1, || {
            format!("two withdrawals hold the payment hash {hash}")
        })?;
        let terms = withdrawal.terms();
        let of_app = |limits: &&Limits| (&limits.app, &limits.asset) == (&terms.app, &terms.asset);
        let Some(Limits { user: per_user, whole: per_app, .. }) = self.limits.iter().find(of_app) else {
            return Ok(());
        };
        let recent = self.withdrawals.values().filter(|other| {
            let (of, failed) = (other.terms(), matches!(other.state(), WithdrawalState::Failed { .. }));
            (&of.app, &of.asset) == (&terms.app, &terms.asset)
                && !failed
                && now.since(other.created_at()).saturating_add(CLOCKS_DIFFER) < DAY
        });
        let (mut of_user, mut of_app) = (terms.amount.units(), terms.amount.units());
        for other in recent {
            let amount = other.terms().amount.units();
            of_app = of_app.saturating_add(amount);
            if other.terms().user == terms.user {
                of_user = of_user.saturating_add(amount);
            }
        }
        self.checks.check(Invariant::I23, of_user <= per_user.units() && of_app <= per_app.units(), || {
            format!("within a day {} asked for {of_user}, and {} for {of_app}", terms.user, terms.app)
        })
    }

    /// I18: a new attempt follows only one that is dead, and none is forgotten.
    fn check_succession(&mut self, id: WithdrawalId, latest: Option<&Attempt>) -> Result<(), Broken> {
        let Some(known) = self.attempts.get(&id) else { return Ok(()) };
        self.checks.check(Invariant::I14, latest.is_some(), || {
            format!("attempt {} of withdrawal {} is gone", short(&known.id()), short(&id))
        })?;
        let followed = latest.is_some_and(|latest| latest.id() != known.id());
        let dead = matches!(known.state(), AttemptState::Failed { .. });
        self.checks.check(Invariant::I18, !followed || dead, || {
            let state = known.state().as_str();
            format!("attempt {} is {state}, and withdrawal {} has another", short(&known.id()), short(&id))
        })
    }

    /// I16: a withdrawal that failed, or is tried again, has no attempt that may still pay.
    fn check_standing(&mut self, withdrawal: &Withdrawal, latest: Option<&Attempt>) -> Result<(), Broken> {
        let failed = || latest.is_some_and(|latest| matches!(latest.state(), AttemptState::Failed { .. }));
        let fits = match withdrawal.state() {
            WithdrawalState::Failed { .. } => latest.is_none() || failed(),
            WithdrawalState::RetryPending { .. } => failed(),
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::Completed { .. }
            | WithdrawalState::Released { .. }
            | WithdrawalState::PaidAfterRelease { .. } => return Ok(()),
        };
        self.checks.check(Invariant::I16, fits, || {
            let (name, state) = (short(&withdrawal.id()), withdrawal.state().as_str());
            let attempt = latest.map(|latest| latest.state().as_str());
            format!("withdrawal {name} is {state}, but its latest attempt is {attempt:?}")
        })
    }

    /// I16: a dead attempt is proven dead, by what the node said of this very attempt, or by the time.
    fn check_attempt(
        &mut self,
        sight: Sight<'_>,
        withdrawal: &Withdrawal,
        attempt: &Attempt,
    ) -> Result<(), Broken> {
        let (id, hash) = (attempt.id(), attempt.payment_hash());
        let AttemptState::Failed { session, .. } = attempt.state() else { return Ok(()) };
        if !self.dead.insert(id) {
            return Ok(());
        }
        let proven = match session {
            // A failure of an attempt before proves nothing about this one.
            Some(session) => self.proofs.insert((hash, *session)) && sight.truth.said_failed(hash, *session),
            None => {
                let crate::Destination::PaymentRequest(invoice) = &withdrawal.terms().destination;
                sight.now.plus(CLOCKS_DIFFER) > invoice.expires_at.plus(NEVER_SENT_AFTER)
            }
        };
        self.checks.check(Invariant::I16, proven, || {
            format!("attempt {} counts as failed, but nothing proves it", short(&id))
        })?;
        self.checks.check(Invariant::I16, !sight.truth.is_in_flight(&hash), || {
            format!("attempt {} counts as failed while its payment is on its way", short(&id))
        })
    }

    /// The entries and the event of a withdrawal follow from its state and from what really left.
    fn check_ends(
        &mut self,
        truth: &Truth,
        withdrawal: &Withdrawal,
        attempt: Option<&Attempt>,
    ) -> Result<(), Broken> {
        let (id, hash) = (withdrawal.id(), withdrawal.payment_hash());
        let sum = |kind| self.book.sum(EntrySource::Withdrawal(id), kind);
        let [requested, paid, borne, released] = [
            EntryKind::WithdrawalRequested,
            EntryKind::WithdrawalPaid,
            EntryKind::WithdrawalFeeBorne,
            EntryKind::WithdrawalReleased,
        ]
        .map(sum);
        let reserved = reserved(withdrawal);
        let told = |kind| self.told.get(&kind).copied().unwrap_or_default();
        let events = (told(EventKind::WithdrawalCompleted(id)), told(EventKind::WithdrawalFailed(id)));
        let name = short(&id);
        self.checks.check(Invariant::I16, requested == reserved, || {
            format!("withdrawal {name} needs {reserved}, but {requested} was reserved for it")
        })?;
        match withdrawal.state() {
            WithdrawalState::Completed { fee, .. } => {
                let amount = signed(withdrawal.terms().amount);
                let of_user = match withdrawal.terms().fee_bearer {
                    FeeBearer::User => signed(*fee),
                    FeeBearer::Hub => 0,
                };
                let right = paid == amount.saturating_add(of_user)
                    && released == reserved.saturating_sub(paid)
                    && borne == signed(*fee).saturating_sub(of_user);
                self.checks.check(Invariant::I5, right, || {
                    format!("withdrawal {name} over {amount} was paid as {paid}, {borne} and {released} back")
                })?;
                let sent = truth.sent(&hash).is_some_and(|sent| sent.fee == *fee);
                let succeeded = matches!(attempt.map(Attempt::state), Some(AttemptState::Succeeded { .. }));
                self.checks.check(Invariant::I20, sent && succeeded, || {
                    format!("withdrawal {name} is complete, but the node did not pay it so")
                })?;
                self.checks.check(Invariant::I12, events == (1, 0), || {
                    format!("withdrawal {name} is complete with {events:?} events of (completion, failure)")
                })
            }
            WithdrawalState::Failed { .. } => {
                self.checks.check(Invariant::I16, (paid, borne, released) == (0, 0, reserved), || {
                    format!(
                        "withdrawal {name} failed, but {released} of {reserved} came back and {paid} left"
                    )
                })?;
                // One that was rejected gives its invoice free, and another may have been paid for it.
                let others = self.by_hash.get(&hash).into_iter().flatten().filter(|other| **other != id);
                let another = withdrawal.held_payment_hash().is_none()
                    && others
                        .filter_map(|other| self.withdrawals.get(other))
                        .any(|other| other.attempts() > 0);
                self.checks.check(Invariant::I16, another || truth.sent(&hash).is_none(), || {
                    format!("withdrawal {name} failed and its funds came back, but it was paid")
                })?;
                self.checks.check(Invariant::I12, events == (0, 1), || {
                    format!("withdrawal {name} failed with {events:?} events of (completion, failure)")
                })
            }
            // Nobody in the simulator releases: what two people may do is no proof.
            WithdrawalState::Released { .. } | WithdrawalState::PaidAfterRelease { .. } => {
                self.checks.check(Invariant::I16, false, || {
                    format!("withdrawal {name} was released, and nobody asked for that")
                })
            }
            WithdrawalState::AwaitingReview
            | WithdrawalState::LiquidityPending
            | WithdrawalState::Pending
            | WithdrawalState::Processing { .. }
            | WithdrawalState::RetryPending { .. } => {
                self.checks.check(Invariant::I16, (paid, borne, released) == (0, 0, 0), || {
                    let state = withdrawal.state().as_str();
                    format!("withdrawal {name} is {state}, but {released} came back and {paid} left")
                })?;
                self.checks.check(Invariant::I12, events == (0, 0), || {
                    format!("withdrawal {name} has ended by its events alone")
                })
            }
        }
    }

    /// I16: what an account has reserved is what its open withdrawals need, no less and no more.
    fn check_reservation(&mut self, sight: Sight<'_>, account: &UserAccount) -> Result<(), Broken> {
        let stored = signed(block_on(sight.store.balance(account))?.reserved);
        let mut needed = 0i128;
        if let Some(open) = self.open.get_mut(account) {
            let withdrawals = &self.withdrawals;
            open.retain(|id| withdrawals.get(id).is_some_and(|known| !known.state().is_final()));
            let known = open.iter().filter_map(|id| withdrawals.get(id));
            needed = known.fold(0i128, |sum, known| sum.saturating_add(reserved(known)));
        }
        self.checks.check(Invariant::I16, stored == needed, || {
            format!("{account} has {stored} reserved, but its open withdrawals need {needed}")
        })
    }

    /// A server is about to send a request to pay: I5, I15, I17, I18 and I32.
    pub(in crate::simulator) fn before_send(
        &mut self,
        sight: Sight<'_>,
        sender: Sender,
        request: &PaymentRequest,
    ) -> Result<(), Broken> {
        let hash = request.payment_hash;
        self.checks.check(Invariant::I32, sender.pays, || {
            format!("a request to pay {hash} leaves from a server that was told to pay nothing")
        })?;
        let withdrawal = block_on(sight.store.find_withdrawal(WithdrawalLookup::HeldPaymentHash(hash)))?;
        self.checks.check(Invariant::I17, withdrawal.is_some(), || {
            format!("a request to pay {hash} leaves, for which no withdrawal is stored")
        })?;
        let Some(withdrawal) = withdrawal else { return Ok(()) };
        self.check_sent_after_review(withdrawal.id())?;
        let (name, terms) = (short(&withdrawal.id()), withdrawal.terms());
        let agreed = request.amount == terms.amount && request.fee_limit <= terms.fee_limit;
        self.checks.check(Invariant::I15, agreed, || {
            format!("withdrawal {name} is over {}, but {} leaves for it", terms.amount, request.amount)
        })?;
        // Whatever the request says: the node pays what the invoice asks.
        let asked = sight.node.decode(&request.encoded).ok();
        let right = asked.as_ref().is_some_and(|asked| {
            (asked.asset.as_ref(), asked.amount) == (Some(&terms.asset), Some(terms.amount))
                && asked.payment_hash == hash
        });
        self.checks.check(Invariant::I5, right, || {
            let (amount, asset) = (terms.amount, &terms.asset);
            format!("withdrawal {name} is over {amount} of {asset}, but the invoice to pay is {asked:?}")
        })?;
        let attempt = block_on(sight.store.find_attempt(AttemptQuery::LatestOf(withdrawal.id())))?;
        let live = attempt.filter(|attempt| attempt.is_live() && attempt.payment_hash() == hash);
        self.checks.check(Invariant::I17, live.is_some(), || {
            format!("a request to pay withdrawal {name} leaves, but no attempt of it is stored as sent")
        })?;
        let Some(attempt) = live else { return Ok(()) };
        let claim = attempt.claim();
        let holds = Some(claim.worker) == sender.worker && sender.clock < claim.until;
        self.checks.check(Invariant::I32, holds, || {
            format!("a request to pay withdrawal {name} leaves from a server that has no claim to send it")
        })?;
        let sends = self.sends.entry(attempt.id()).or_default();
        *sends = sends.saturating_add(1);
        let (sends, claims) = (*sends, attempt.to_record().claims);
        self.checks.check(Invariant::I18, sends <= claims, || {
            format!("request {sends} leaves for attempt {} with {claims} claims", short(&attempt.id()))
        })
    }

    /// The node paid somebody: I15, I16 and I18.
    pub(in crate::simulator) fn after_payment(
        &mut self,
        sight: Sight<'_>,
        hash: PaymentHash,
    ) -> Result<(), Broken> {
        let sent = sight.truth.sent(&hash).copied().unwrap_or_default();
        self.checks
            .check(Invariant::I18, sent.times == 1, || format!("{hash} was paid {} times", sent.times))?;
        let ids = self.by_hash.get(&hash).cloned().unwrap_or_default();
        let known: Vec<_> = ids.iter().filter_map(|id| self.withdrawals.get(id)).collect();
        let holder = known.iter().find(|known| known.held_payment_hash().is_some());
        let limit = holder.map_or(0, |holder| {
            let terms = holder.terms();
            terms.amount.units().saturating_add(terms.fee_limit.units())
        });
        self.checks.check(Invariant::I15, sent.total <= limit, || {
            format!("{} left for {hash}, for which at most {limit} may leave", sent.total)
        })?;
        let failed = known.iter().find(|known| matches!(known.state(), WithdrawalState::Failed { .. }));
        let released =
            failed.filter(|failed| failed.held_payment_hash().is_some()).map(|known| short(&known.id()));
        self.checks.check(Invariant::I16, released.is_none(), || {
            let name = released.clone().unwrap_or_default();
            format!("withdrawal {name} is paid after it failed and its funds came back")
        })
    }
}

/// What is reserved for a withdrawal, by the oracle's own sum.
fn reserved(withdrawal: &Withdrawal) -> i128 {
    let terms = withdrawal.terms();
    match terms.fee_bearer {
        FeeBearer::User => signed(terms.amount).saturating_add(signed(terms.fee_limit)),
        FeeBearer::Hub => signed(terms.amount),
    }
}
