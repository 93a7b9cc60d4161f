//! `list_channels`.

use super::script::ScriptView;
use super::{malformed, read, result_of};
use crate::fnn::envelope::Reply;
use crate::fnn::field::{Number, for_each};
use crate::{Amount, Asset, AssetKind, Liquidity, NodeError};
use serde::Deserialize;
use serde_json::value::RawValue;

const METHOD: &str = "list_channels";

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
