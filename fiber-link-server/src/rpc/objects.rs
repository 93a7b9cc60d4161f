//! What answers say of a tip and of a withdrawal, wherever one stands in them.

use super::{tips, wire_state};
use crate::rows::Course;
use crate::wire_time;
use fiber_link_core::{
    Amount, Destination, FeeBearer, FiberLink, Tip, Withdrawal, WithdrawalState, WithdrawalTerms,
};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TipObject {
    tip_id: String,
    post_id: String,
    from_user_id: String,
    to_user_id: String,
    asset: String,
    amount: String,
    message: Option<String>,
    anonymous: bool,
    state: &'static str,
    exact_state: String,
    invoice: Option<String>,
    payment_hash: String,
    created_at: String,
    settled_at: Option<String>,
    expires_at: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithdrawalObject {
    id: String,
    user_id: String,
    asset: String,
    amount: String,
    state: String,
    network_fee_limit: String,
    network_fee: Option<String>,
    destination: DestinationObject,
    created_at: String,
    updated_at: String,
    next_retry_at: Option<String>,
    reason: Option<String>,
}

/// As a request names it.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum DestinationObject {
    PaymentRequest { payment_request: String },
}

pub(super) fn tip(link: &FiberLink, tip: &Tip) -> TipObject {
    let (terms, invoice) = (tip.terms(), tip.invoice());
    TipObject {
        tip_id: tip.id().to_string(),
        post_id: terms.post.to_string(),
        from_user_id: terms.from_user.to_string(),
        to_user_id: terms.to_user.to_string(),
        asset: terms.asset.to_string(),
        amount: tips::whole_units(link, tip),
        message: terms.message.clone(),
        anonymous: terms.anonymous,
        state: wire_state(tip.state().phase()),
        exact_state: tip.state().as_str().to_ascii_uppercase(),
        invoice: invoice.map(|invoice| invoice.encoded.clone()),
        payment_hash: tip.payment_hash().to_string(),
        created_at: wire_time::format(tip.created_at()),
        settled_at: tip.settled_at().map(wire_time::format),
        expires_at: invoice.map(|invoice| wire_time::format(invoice.expires_at)),
    }
}

pub(super) fn withdrawal(link: &FiberLink, withdrawal: &Withdrawal) -> WithdrawalObject {
    let (terms, course) = (withdrawal.terms(), Course::of(withdrawal));
    let whole = |amount| super::whole_units(link.assets(), &terms.asset, amount);
    let borne = |fee| borne_by_user(terms, fee);
    // The hub bears what is paid after the funds returned.
    let paid_late = matches!(withdrawal.state(), WithdrawalState::PaidAfterRelease { .. });
    let Destination::PaymentRequest(invoice) = &terms.destination;
    WithdrawalObject {
        id: withdrawal.id().to_string(),
        user_id: terms.user.to_string(),
        asset: terms.asset.to_string(),
        amount: whole(terms.amount),
        state: withdrawal.state().as_str().to_ascii_uppercase(),
        network_fee_limit: whole(borne(terms.fee_limit)),
        network_fee: course.fee.map(|fee| if paid_late { Amount::ZERO } else { fee }).map(borne).map(whole),
        destination: DestinationObject::PaymentRequest { payment_request: invoice.encoded.clone() },
        created_at: wire_time::format(withdrawal.created_at()),
        updated_at: wire_time::format(withdrawal.updated_at()),
        next_retry_at: course.next_retry_at.map(wire_time::format),
        reason: course.reason.map(str::to_owned),
    }
}

/// What the user bears of a fee, as the quote said.
pub(super) const fn borne_by_user(terms: &WithdrawalTerms, fee: Amount) -> Amount {
    match terms.fee_bearer {
        FeeBearer::User => fee,
        FeeBearer::Hub => Amount::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fiber_link_core::testing::FakeNode;
    use fiber_link_core::{
        Acceptance, AssetId, AttemptId, MemoryStore, PaymentHash, PaymentRequestDestination, SystemClock,
        Timestamp, WithdrawalId,
    };
    use std::sync::Arc;
    use std::time::Duration;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_fee_is_shown_as_far_as_the_user_bears_it() {
        let builder = FiberLink::builder(Arc::new(MemoryStore::new()), Arc::new(FakeNode::new(SystemClock)));
        let (link, now) = (builder.open().await.unwrap(), Timestamp::from_seconds(1_760_000_000));
        let requested = |fee_bearer| {
            let invoice = PaymentRequestDestination {
                encoded: "fibd1".to_owned(),
                payment_hash: PaymentHash::new([7; 32]),
                expires_at: now.plus(Duration::from_secs(3600)),
            };
            let terms = WithdrawalTerms {
                app: "forum".parse().unwrap(),
                user: "9".parse().unwrap(),
                asset: AssetId::ckb(),
                amount: Amount::new(500_000_000),
                fee_limit: Amount::new(10_000_000),
                fee_bearer,
                accepted_as: Acceptance::Pending,
                destination: Destination::PaymentRequest(invoice),
            };
            let requested = Withdrawal::request(WithdrawalId::from_uuid(Uuid::nil()), terms, now);
            requested.start(AttemptId::from_uuid(Uuid::nil()), now).unwrap()
        };
        let fee = Amount::new(7_000_000);
        let paid = |bearer| requested(bearer).complete(fee, now).unwrap();
        let paid_late = |bearer| {
            requested(bearer).release(now).and_then(|released| released.paid_late(fee, now)).unwrap()
        };
        for (shown, limit, paid) in [
            (paid(FeeBearer::User), "0.1", "0.07"),
            (paid(FeeBearer::Hub), "0", "0"),
            (paid_late(FeeBearer::User), "0.1", "0"),
        ] {
            let shown = withdrawal(&link, &shown);
            assert_eq!((shown.network_fee_limit.as_str(), shown.network_fee.as_deref()), (limit, Some(paid)));
        }
    }
}
