//! `list_channels`.

use super::script::ScriptView;
use super::{malformed, read, result_of};
use crate::fnn::envelope::Reply;
use crate::fnn::field::{Bytes, Number, for_each};
use crate::id::one_line;
use crate::{
    Amount, Asset, AssetKind, Liquidity, NodeError, PaymentHash, PendingTlc, Timestamp, TlcDirection,
};
use serde::Deserialize;
use serde_json::value::RawValue;

const METHOD: &str = "list_channels";

/// The most parts of one payment that are read: it goes in one, and comes in few.
const MOST_TLCS: usize = 100;

/// The most bytes of a status that are kept.
const STATUS_BYTES: usize = 100;

#[derive(Deserialize)]
struct View<'a> {
    #[serde(borrow)]
    channels: &'a RawValue,
}

#[derive(Deserialize)]
struct Channel<'a> {
    #[serde(borrow)]
    funding_udt_type_script: Option<ScriptView<'a>>,
    #[serde(borrow)]
    state: State<'a>,
    enabled: bool,
    #[serde(default)]
    is_one_way: bool,
    #[serde(default)]
    is_acceptor: bool,
    local_balance: Number,
    remote_balance: Number,
    offered_tlc_balance: Number,
    received_tlc_balance: Number,
}

#[derive(Deserialize)]
struct State<'a> {
    state_name: &'a str,
}

impl Channel<'_> {
    fn carries(&self, asset: &Asset) -> bool {
        match (&asset.kind, &self.funding_udt_type_script) {
            (AssetKind::Ckb, None) => true,
            (AssetKind::Udt(script), Some(funding)) => funding.is(script),
            (AssetKind::Ckb, Some(_)) | (AssetKind::Udt(_), None) => false,
        }
    }

    fn is_usable(&self) -> bool {
        self.enabled && self.state.state_name == "ChannelReady"
    }

    /// The reserve is no part of the balances. What is promised to payments under way still is: it
    /// may come back, and until then it carries nothing. A one-way channel carries from the one who
    /// opened it only.
    fn liquidity(&self) -> (u128, u128) {
        let sends = !self.is_one_way || !self.is_acceptor;
        let receives = !self.is_one_way || self.is_acceptor;
        let free = |balance: Number, promised: Number| balance.0.saturating_sub(promised.0);
        (
            if sends { free(self.local_balance, self.offered_tlc_balance) } else { 0 },
            if receives { free(self.remote_balance, self.received_tlc_balance) } else { 0 },
        )
    }
}

#[derive(Deserialize)]
struct WithTlcs<'a> {
    channel_id: Bytes<32>,
    #[serde(borrow)]
    pending_tlcs: &'a RawValue,
}

#[derive(Deserialize)]
struct Tlc<'a> {
    payment_hash: Bytes<32>,
    amount: Number,
    expiry: Number,
    #[serde(borrow)]
    status: TlcStatus<'a>,
}

#[derive(Deserialize)]
enum TlcStatus<'a> {
    Outbound(#[serde(borrow)] &'a str),
    Inbound(#[serde(borrow)] &'a str),
}

impl Tlc<'_> {
    fn pending(&self, channel: &WithTlcs<'_>) -> Option<PendingTlc> {
        let (direction, status) = match self.status {
            TlcStatus::Outbound(status) => (TlcDirection::Offered, status),
            TlcStatus::Inbound(status) => (TlcDirection::Received, status),
        };
        Some(PendingTlc {
            channel: format!("0x{}", hex::encode(channel.channel_id.0)),
            direction,
            amount: Amount::try_from(self.amount.0).ok()?,
            expires_at: Timestamp::from_millis(self.expiry.as_u64()?),
            status: one_line(status, STATUS_BYTES),
        })
    }
}

/// What the channels hold of one payment.
///
/// # Errors
/// [`NodeError`] if a channel says it in a form that we do not know: that one holds nothing is to be
/// believed only of an answer that was read whole.
pub(crate) fn pending_tlcs(reply: Reply, hash: PaymentHash) -> Result<Vec<PendingTlc>, NodeError> {
    let result = result_of(METHOD, reply)?;
    let view: View<'_> = read(METHOD, &result)?;
    let (mut found, mut unread) = (Vec::new(), false);
    let whole = for_each(view.channels, |channel: &RawValue| {
        let Ok(channel) = serde_json::from_str::<WithTlcs<'_>>(channel.get()) else {
            unread = true;
            return;
        };
        let read = for_each(channel.pending_tlcs, |tlc: &RawValue| {
            let Ok(tlc) = serde_json::from_str::<Tlc<'_>>(tlc.get()) else {
                unread = true;
                return;
            };
            if tlc.payment_hash.0 == *hash.as_bytes() {
                match tlc.pending(&channel) {
                    Some(pending) if found.len() < MOST_TLCS => found.push(pending),
                    Some(_) | None => unread = true,
                }
            }
        });
        unread |= read.is_err();
    });
    if whole.is_err() || unread { Err(malformed(METHOD)) } else { Ok(found) }
}

/// What the usable channels of `asset` can carry. A sum above [`Amount::MAX`] is that.
///
/// # Errors
/// [`NodeError`] if that was not told. A channel in a form that we do not know is left out.
pub(crate) fn liquidity(reply: Reply, asset: &Asset) -> Result<Liquidity, NodeError> {
    let result = result_of(METHOD, reply)?;
    let view: View<'_> = read(METHOD, &result)?;
    let (mut outbound, mut inbound) = (0_u128, 0_u128);
    for_each(view.channels, |channel: &RawValue| {
        let Ok(channel) = serde_json::from_str::<Channel<'_>>(channel.get()) else { return };
        if channel.is_usable() && channel.carries(asset) {
            let (sendable, receivable) = channel.liquidity();
            outbound = outbound.saturating_add(sendable);
            inbound = inbound.saturating_add(receivable);
        }
    })
    .map_err(|_| malformed(METHOD))?;
    let amount = |units: u128| Amount::try_from(units).unwrap_or(Amount::MAX);
    Ok(Liquidity { outbound: amount(outbound), inbound: amount(inbound) })
}
