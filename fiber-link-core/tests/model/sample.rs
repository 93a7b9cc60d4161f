//! Who and what there is: one withdrawal that is pending, and one that was paid before.

use crate::tape::worker_id;
use fiber_link_core::testing::sample;
use fiber_link_core::{
    Acceptance, Amount, Attempt, AttemptRecord, AttemptState, ChangeSet, Claim, Destination, Entry,
    EntryKind, EntrySource, Hub, Liquidity, NodeInfo, NodeSupport, Op, PaymentHash,
    PaymentRequestDestination, STOP_BEFORE_EXPIRY, Timestamp, Withdrawal, WithdrawalId, WithdrawalState,
    WithdrawalTerms, Worker, WorkerId,
};
use std::time::Duration;

/// When servers were opened: long ago.
pub(crate) const OPENED_AT: Timestamp = sample::START;

/// The number of the withdrawal that was paid before.
const EARLIER: u64 = 1;

/// The number of the withdrawal that is explored.
const EXPLORED: u64 = 2;

/// How long its invoice lasts when the exploration begins.
const EXPIRY: Duration = Duration::from_secs(300);

/// When the exploration begins.
pub(crate) fn start() -> Timestamp {
    OPENED_AT.plus(Duration::from_secs(1_000))
}

/// When the invoice runs out.
pub(crate) fn expires_at() -> Timestamp {
    start().plus(EXPIRY)
}

/// When nothing is begun any more.
pub(crate) fn last_start() -> Timestamp {
    expires_at().minus(STOP_BEFORE_EXPIRY)
}

/// The withdrawal that is explored.
pub(crate) fn explored() -> WithdrawalId {
    sample::withdrawal_id(EXPLORED)
}

/// The hash of its payment.
pub(crate) fn payment_hash() -> PaymentHash {
    sample::payment_hash(EXPLORED)
}

/// The hash of the payment that was made before.
pub(crate) fn earlier_hash() -> PaymentHash {
    sample::payment_hash(EARLIER)
}

/// The id of a server.
pub(crate) fn worker(server: u8) -> WorkerId {
    worker_id(server, OPENED_AT)
}

pub(crate) fn hub() -> Hub {
    Hub { node_since: Timestamp::from_millis(0), ..sample::hub() }
}

pub(crate) fn node_info() -> NodeInfo {
    let Hub { node: key, network, .. } = hub();
    NodeInfo { key, network, version: "0.8.0".into(), support: NodeSupport::Tested, unlisted: Vec::new() }
}

pub(crate) fn liquidity() -> Liquidity {
    Liquidity { outbound: Amount::new(1_000), inbound: Amount::ZERO }
}

/// What the store was written at first, with `servers` on its list.
pub(crate) fn first_commits(servers: u8) -> Vec<ChangeSet> {
    let account = sample::account("alice");
    let post = |source, kind, amount| {
        let amount = Amount::new(amount);
        Op::Post(Entry { source, kind, account: account.clone(), amount, at: OPENED_AT })
    };
    let (tip, earlier) = (sample::tip_id(1), EntrySource::Withdrawal(sample::withdrawal_id(EARLIER)));
    let paid_at = OPENED_AT.plus(Duration::from_secs(10));
    let succeeded = AttemptState::Succeeded { fee: Amount::new(1), at: paid_at };
    let mut ops = vec![
        Op::CreateHub(hub()),
        Op::CreateTip { tip: settled_tip(), due: None },
        post(EntrySource::Tip(tip), EntryKind::TipSettled, 1_000),
        Op::CreateWithdrawal { withdrawal: earlier_withdrawal(paid_at), due: None },
        Op::CreateAttempt(Attempt::restore(AttemptRecord {
            claim: Claim { worker: sample::worker_id(99), until: paid_at },
            ..sample::attempt_record(EARLIER, EARLIER, succeeded)
        })),
        post(earlier, EntryKind::WithdrawalRequested, 11),
        Op::Post(Entry { at: paid_at, ..sample::entry(earlier, EntryKind::WithdrawalPaid, 11) }),
        Op::CreateWithdrawal { withdrawal: requested(), due: None },
        Op::Post(Entry { at: start(), ..sample::reservation(EXPLORED, 11) }),
    ];
    ops.extend((0..servers).map(|server| {
        let label = format!("server {server}");
        Op::CreateWorker(Worker::new(worker(server), &label, OPENED_AT))
    }));
    ops.into_iter().map(|op| sample::change_set([op])).collect()
}

fn settled_tip() -> fiber_link_core::Tip {
    let terms = fiber_link_core::TipTerms { amount: Amount::new(1_000), ..sample::tip_terms() };
    let tip = sample::tip_with(1, terms, fiber_link_core::TipState::Creating);
    let invoice = sample::invoice_of(&tip);
    sample::tip_in(&tip, fiber_link_core::TipState::Settled { invoice, at: OPENED_AT })
}

fn earlier_withdrawal(paid_at: Timestamp) -> Withdrawal {
    let state = WithdrawalState::Completed { fee: Amount::new(1), at: paid_at };
    Withdrawal::restore(
        sample::withdrawal_id(EARLIER),
        sample::withdrawal_terms(EARLIER),
        OPENED_AT,
        paid_at,
        1,
        state,
    )
}

fn requested() -> Withdrawal {
    let destination = Destination::PaymentRequest(PaymentRequestDestination {
        encoded: "the invoice".into(),
        payment_hash: payment_hash(),
        expires_at: expires_at(),
    });
    let accepted_as = Acceptance::Pending;
    let terms = WithdrawalTerms { destination, accepted_as, ..sample::withdrawal_terms(EXPLORED) };
    Withdrawal::request(explored(), terms, start())
}
