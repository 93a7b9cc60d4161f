//! What fnn's methods take, in its names and with its complaints.

use super::envelope::RpcError;
use super::hex::{CkbBytes, CkbHash, HexBytes32, HexNumber};
use fiber_link_core::simulated::HashAlgorithm;
use fiber_link_core::{AssetKind, Network, ScriptHashType, TypeScript};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The network of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Currency {
    Fibb,
    Fibt,
    Fibd,
}

impl Currency {
    pub(super) fn of(network: Network) -> Self {
        match network {
            Network::Mainnet => Self::Fibb,
            Network::Testnet => Self::Fibt,
            Network::Dev => Self::Fibd,
        }
    }
}

/// A type script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Script {
    code_hash: CkbHash,
    hash_type: HashType,
    args: CkbBytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HashType {
    Data,
    Type,
    Data1,
    Data2,
}

impl Script {
    pub(super) fn of(script: &TypeScript) -> Self {
        let hash_type = match script.hash_type {
            ScriptHashType::Data => HashType::Data,
            ScriptHashType::Type => HashType::Type,
            ScriptHashType::Data1 => HashType::Data1,
            ScriptHashType::Data2 => HashType::Data2,
        };
        let (code_hash, args) = (CkbHash(script.code_hash), CkbBytes(script.args.clone()));
        Self { code_hash, hash_type, args }
    }

    pub(super) fn kind(&self) -> AssetKind {
        let hash_type = match self.hash_type {
            HashType::Data => ScriptHashType::Data,
            HashType::Type => ScriptHashType::Type,
            HashType::Data1 => ScriptHashType::Data1,
            HashType::Data2 => ScriptHashType::Data2,
        };
        AssetKind::Udt(TypeScript { code_hash: self.code_hash.0, hash_type, args: self.args.0.clone() })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NewInvoiceParams {
    pub(super) amount: HexNumber<u128>,
    pub(super) description: Option<String>,
    pub(super) currency: Currency,
    pub(super) payment_preimage: Option<HexBytes32>,
    pub(super) payment_hash: Option<HexBytes32>,
    pub(super) expiry: Option<HexNumber<u64>>,
    pub(super) fallback_address: Option<String>,
    pub(super) final_expiry_delta: Option<HexNumber<u64>>,
    pub(super) udt_type_script: Option<Script>,
    pub(super) hash_algorithm: Option<HashAlgorithm>,
    pub(super) allow_mpp: Option<bool>,
    pub(super) allow_trampoline_routing: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InvoiceParams {
    pub(super) payment_hash: HexBytes32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ParseInvoiceParams {
    pub(super) invoice: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SettleInvoiceParams {
    pub(super) payment_hash: HexBytes32,
    pub(super) payment_preimage: HexBytes32,
}

/// What the stub has no use for is kept as it came, to be echoed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendPaymentCommandParams {
    pub(super) target_pubkey: Option<String>,
    pub(super) amount: Option<HexNumber<u128>>,
    pub(super) payment_hash: Option<HexBytes32>,
    final_tlc_expiry_delta: Option<HexNumber<u64>>,
    tlc_expiry_limit: Option<HexNumber<u64>>,
    pub(super) invoice: Option<String>,
    timeout: Option<HexNumber<u64>>,
    pub(super) max_fee_amount: Option<HexNumber<u128>>,
    pub(super) max_fee_rate: Option<HexNumber<u64>>,
    max_parts: Option<HexNumber<u64>>,
    trampoline_hops: Option<Value>,
    pub(super) keysend: Option<bool>,
    pub(super) udt_type_script: Option<Script>,
    allow_self_payment: Option<bool>,
    custom_records: Option<Value>,
    hop_hints: Option<Value>,
    pub(super) dry_run: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GetPaymentCommandParams {
    pub(super) payment_hash: HexBytes32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ListPaymentsParams {
    pub(super) status: Option<PaymentStatusName>,
    pub(super) limit: Option<HexNumber<u64>>,
    pub(super) after: Option<HexBytes32>,
}

/// Where a payment stands, as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum PaymentStatusName {
    Created,
    Inflight,
    Success,
    Failed,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ListChannelsParams {
    pub(super) pubkey: Option<String>,
    pub(super) include_closed: Option<bool>,
    pub(super) only_pending: Option<bool>,
}

/// The one object of `params`. By name it is looked for under the name of fnn's own argument.
pub(super) fn read<T: DeserializeOwned>(params: Option<&RawValue>) -> Result<T, RpcError> {
    let text = params.map_or("", RawValue::get).trim_start();
    let invalid = |error: serde_json::Error| RpcError::invalid_params(error.to_string());
    if text.starts_with('{') {
        #[derive(Deserialize)]
        struct ByName<T> {
            #[serde(alias = "payment_hash")]
            params: T,
        }
        return serde_json::from_str::<ByName<T>>(text).map(|named| named.params).map_err(invalid);
    }
    // fnn counts columns from after the bracket.
    let list = text.strip_prefix('[').unwrap_or(text);
    let more = !list.trim_start().is_empty() && !list.trim_start().starts_with(']');
    let mut values = serde_json::Deserializer::from_str(list).into_iter::<T>();
    match values.next() {
        Some(value) if more => value.map_err(invalid),
        Some(_) | None => Err(RpcError::invalid_params("No more params")),
    }
}
