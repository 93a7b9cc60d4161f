//! Invoices in the form of a real node: bech32m over compressed data, signed by the payee.

use crate::{
    Amount, Asset, AssetKind, Assets, DecodedInvoice, Network, NodeError, NodeKey, PaymentHash,
    ScriptHashType, Timestamp, TypeScript,
};
use bech32::{ToBase32, Variant};
use ckb_types::packed::{Script, ScriptBuilder};
use ckb_types::prelude::{Builder, Pack, Unpack};
use fiber_types::{
    Attribute, CkbInvoice, CkbScript, Currency, HashAlgorithm, InvoiceData, InvoiceError, InvoiceSignature,
    SIGNATURE_U5_SIZE, construct_invoice_preimage,
};
use secp256k1::{Keypair, Message, SECP256K1};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A longer text is no invoice: the longest description gives about 1 500 characters.
const MAX_TEXT: usize = 4096;
/// `fibd` and the digits of the largest amount.
const MAX_PREFIX: usize = 4 + 39;
/// The separator, and the checksum that ends every bech32 text.
const SEPARATOR_AND_CHECKSUM: usize = 1 + 6;
/// What a real node asks for when the caller names none: 160 minutes.
pub(super) const FINAL_EXPIRY_DELTA_MILLIS: u64 = 160 * 60 * 1000;

/// What a new invoice says.
#[derive(Debug)]
pub(super) struct InvoiceTerms<'a> {
    pub(super) network: Network,
    pub(super) asset: &'a Asset,
    pub(super) amount: Amount,
    pub(super) payment_hash: PaymentHash,
    pub(super) created_at: Timestamp,
    /// Whole seconds count; without it the invoice never ends.
    pub(super) expiry: Option<Duration>,
    /// In milliseconds.
    pub(super) final_expiry_delta: u64,
    /// How the payment hash is made of the preimage, where the invoice says so.
    pub(super) hash_algorithm: Option<HashAlgorithm>,
    pub(super) description: &'a str,
}

impl InvoiceTerms<'_> {
    /// When the invoice runs out, as its readers will compute it.
    pub(super) fn expires_at(&self) -> Timestamp {
        match self.expiry {
            Some(expiry) => self.created_at.plus(Duration::from_secs(expiry.as_secs())),
            None => Timestamp::from_millis(u64::MAX),
        }
    }

    /// The invoice as text, signed by `payee`.
    ///
    /// The official way (`update_signature`) compresses the data again for each of its checks and
    /// recovers the key; here the data is compressed once.
    pub(super) fn encode(&self, payee: &Keypair) -> Result<String, bech32::Error> {
        let (prefix, mut data, _) = bech32::decode(&self.unsigned(payee).to_string())?;
        let Some((signed, body)) = data.split_first_mut() else {
            return Err(bech32::Error::InvalidLength);
        };
        *signed = bech32::u5::try_from_u8(1)?;
        let digest = Sha256::digest(construct_invoice_preimage(prefix.as_bytes(), body));
        let signature =
            SECP256K1.sign_ecdsa_recoverable(&Message::from_digest(digest.into()), &payee.secret_key());
        data.extend(InvoiceSignature(signature).to_base32());
        bech32::encode(&prefix, data, Variant::Bech32m)
    }

    fn unsigned(&self, payee: &Keypair) -> CkbInvoice {
        let mut attrs = Vec::with_capacity(6);
        if !self.description.is_empty() {
            attrs.push(Attribute::Description(self.description.to_owned()));
        }
        attrs.extend(self.expiry.map(Attribute::ExpiryTime));
        attrs.push(Attribute::FinalHtlcMinimumExpiryDelta(self.final_expiry_delta));
        match &self.asset.kind {
            AssetKind::Ckb => {}
            AssetKind::Udt(script) => attrs.push(Attribute::UdtScript(CkbScript(pack_script(script)))),
        }
        attrs.extend(self.hash_algorithm.map(Attribute::HashAlgorithm));
        attrs.push(Attribute::PayeePublicKey(payee.public_key()));
        CkbInvoice {
            currency: match self.network {
                Network::Mainnet => Currency::Fibb,
                Network::Testnet => Currency::Fibt,
                Network::Dev => Currency::Fibd,
            },
            amount: Some(self.amount.units()),
            signature: None,
            data: InvoiceData {
                timestamp: self.created_at.as_millis().into(),
                payment_hash: (*self.payment_hash.as_bytes()).into(),
                attrs,
            },
        }
    }
}

/// Reads the text of anybody's invoice; `assets` gives its asset a name.
///
/// # Errors
/// [`NodeError::InvalidInvoice`] if it is none, or if its signature is missing or wrong.
pub(super) fn decode(encoded: &str, assets: &Assets) -> Result<DecodedInvoice, NodeError> {
    let invalid = |reason: &str| NodeError::InvalidInvoice { reason: reason.to_owned() };
    let invoice = parse(encoded)?;
    let amount = invoice.amount.map(Amount::try_from).transpose();
    let payee = match invoice.payee_pub_key() {
        Some(key) => Some(*key),
        None => invoice.recover_payee_pub_key().ok(),
    };
    Ok(DecodedInvoice {
        payment_hash: payment_hash(&invoice)?,
        network: match invoice.currency {
            Currency::Fibb => Network::Mainnet,
            Currency::Fibt => Network::Testnet,
            Currency::Fibd => Network::Dev,
        },
        asset: match invoice.udt_type_script() {
            None => assets.find_kind(&AssetKind::Ckb),
            Some(script) => {
                unpack_script(script).and_then(|script| assets.find_kind(&AssetKind::Udt(script)))
            }
        }
        .map(|asset| asset.id.clone()),
        amount: amount.map_err(|_| invalid("the amount is out of range"))?,
        expires_at: invoice.expiry_time().map(|expiry| {
            let millis = invoice.data.timestamp.saturating_add(expiry.as_millis());
            Timestamp::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
        }),
        payee: payee.map(|key| NodeKey::new(key.serialize())),
    })
}

/// The parts of anybody's invoice, in the words of a real node where it is none.
pub(super) fn parse(encoded: &str) -> Result<CkbInvoice, NodeError> {
    let invalid = |error: InvoiceError| NodeError::InvalidInvoice { reason: error.to_string() };
    if encoded.len() > MAX_TEXT {
        return Err(NodeError::InvalidInvoice { reason: "too long".to_owned() });
    }
    // The parser takes data of just a signature's length for signed, and panics.
    let prefix = encoded.rfind('1').unwrap_or(0);
    let data = encoded.len().saturating_sub(prefix).saturating_sub(SEPARATOR_AND_CHECKSUM);
    if prefix > MAX_PREFIX || data <= SIGNATURE_U5_SIZE {
        bech32::decode(encoded).map_err(|error| invalid(InvoiceError::Bech32Error(error)))?;
        return Err(invalid(InvoiceError::TooShortDataPart));
    }
    encoded.parse().map_err(invalid)
}

/// Anybody's invoice as JSON, as a real node describes it.
///
/// # Errors
/// [`NodeError::InvalidInvoice`] in the words of a real node.
pub fn describe_invoice(encoded: &str) -> Result<serde_json::Value, NodeError> {
    let invoice = parse(encoded)?;
    let unreadable = |error: serde_json::Error| NodeError::InvalidInvoice { reason: error.to_string() };
    let mut described = serde_json::to_value(&invoice).map_err(unreadable)?;
    let attributes = described.pointer_mut("/data/attrs").and_then(serde_json::Value::as_array_mut);
    // The node shows features by name, its types as bits.
    for (attribute, shown) in invoice.data.attrs.iter().zip(attributes.into_iter().flatten()) {
        if let Attribute::Feature(features) = attribute {
            *shown = serde_json::json!({ "feature": features.enabled_features_names() });
        }
    }
    Ok(described)
}

fn payment_hash(invoice: &CkbInvoice) -> Result<PaymentHash, NodeError> {
    <[u8; 32]>::try_from(invoice.payment_hash().as_ref())
        .map(PaymentHash::new)
        .map_err(|_| NodeError::InvalidInvoice { reason: "the payment hash is not 32 bytes".to_owned() })
}

fn pack_script(script: &TypeScript) -> Script {
    let hash_type: u8 = match script.hash_type {
        ScriptHashType::Data => 0,
        ScriptHashType::Type => 1,
        ScriptHashType::Data1 => 2,
        ScriptHashType::Data2 => 4,
    };
    ScriptBuilder::default()
        .code_hash(script.code_hash.pack())
        .hash_type(hash_type)
        .args(script.args.as_slice().pack())
        .build()
}

fn unpack_script(script: &Script) -> Option<TypeScript> {
    let hash_type = match script.hash_type().as_slice() {
        [0] => ScriptHashType::Data,
        [1] => ScriptHashType::Type,
        [2] => ScriptHashType::Data1,
        [4] => ScriptHashType::Data2,
        _ => return None,
    };
    Some(TypeScript { code_hash: script.code_hash().unpack(), hash_type, args: script.args().unpack() })
}

#[cfg(test)]
#[path = "invoice_tests.rs"]
mod tests;
