//! What is paid: CKB, or a token (UDT) on it.

use crate::{Amount, AssetId};
use std::collections::BTreeMap;

/// One asset that this hub accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its name on the wire and in the ledger, such as `CKB`.
    pub id: AssetId,
    /// How many decimals a whole unit has: 8 for CKB.
    pub decimals: u8,
    /// What it is on the chain.
    pub kind: AssetKind,
}

/// What an asset is on the chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssetKind {
    /// CKB itself.
    Ckb,
    /// A user-defined token, told apart by its type script.
    Udt(TypeScript),
}

/// The type script of a user-defined token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeScript {
    /// Hash of the code that governs the token.
    pub code_hash: [u8; 32],
    /// How `code_hash` finds the code.
    pub hash_type: ScriptHashType,
    /// What tells tokens of the same code apart.
    pub args: Vec<u8>,
}

/// How a script's code is found (RFC 0022 of CKB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScriptHashType {
    /// By the hash of the code cell's data, version 0 of the VM.
    Data,
    /// By the hash of the code cell's type script.
    Type,
    /// By the hash of the code cell's data, version 1 of the VM.
    Data1,
    /// By the hash of the code cell's data, version 2 of the VM.
    Data2,
}

/// Why a decimal amount was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseAmountError {
    /// The text is not of the form `digits[.digits]`.
    #[error("must be a decimal number such as \"1.5\"")]
    NotDecimal,
    /// The asset cannot express so small a part.
    #[error("must have at most {allowed} decimals for {asset}, got {got}")]
    TooManyDecimals {
        /// The asset.
        asset: AssetId,
        /// How many it has.
        allowed: u8,
        /// How many came.
        got: usize,
    },
    /// The amount is above [`Amount::MAX`] base units.
    #[error("is above the largest amount of {asset}")]
    OutOfRange {
        /// The asset.
        asset: AssetId,
    },
}

impl Asset {
    /// CKB, counted in shannon: 8 decimals.
    pub fn ckb() -> Self {
        Self { id: AssetId::ckb(), decimals: 8, kind: AssetKind::Ckb }
    }

    /// Reads whole units: `"1.5"` CKB is 150 000 000 shannon.
    ///
    /// # Errors
    /// [`ParseAmountError`]; too many decimals are an error and never rounded.
    pub fn parse(&self, text: &str) -> Result<Amount, ParseAmountError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(ParseAmountError::NotDecimal),
            None => (text, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
            return Err(ParseAmountError::NotDecimal);
        }
        let allowed = usize::from(self.decimals);
        if fraction.len() > allowed {
            let got = fraction.len();
            return Err(ParseAmountError::TooManyDecimals {
                asset: self.id.clone(),
                allowed: self.decimals,
                got,
            });
        }
        let out_of_range = || ParseAmountError::OutOfRange { asset: self.id.clone() };
        let significant = whole.trim_start_matches('0');
        if significant.len() > 39 {
            return Err(out_of_range());
        }
        let digits = format!("0{significant}{fraction:0<allowed$}");
        digits.parse().map_err(|_| out_of_range())
    }

    /// Writes whole units without trailing zeros: 150 000 000 shannon are `"1.5"`.
    pub fn format(&self, amount: Amount) -> String {
        let decimals = usize::from(self.decimals);
        let digits = format!("{:0>width$}", amount.units(), width = decimals.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

impl AssetId {
    /// `CKB`.
    pub fn ckb() -> Self {
        #[allow(clippy::expect_used, reason = "a constant that a test covers")]
        Self::new("CKB").expect("CKB is a name")
    }
}

/// The assets that this hub accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets(BTreeMap<AssetId, Asset>);

/// Why a list of assets was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetsError {
    /// Two assets have the same name.
    #[error("asset {0} is listed twice")]
    DuplicateId(AssetId),
    /// Two assets are the same thing on the chain.
    #[error("asset {0} is the same on the chain as another")]
    DuplicateKind(AssetId),
    /// More decimals than a u128 can hold.
    #[error("asset {id} has {decimals} decimals; at most 38 are possible")]
    TooManyDecimals {
        /// The asset.
        id: AssetId,
        /// What it was given.
        decimals: u8,
    },
}

impl Assets {
    /// Checks and keeps a list of assets.
    ///
    /// # Errors
    /// [`AssetsError`] if two are alike or one has impossible decimals.
    pub fn new(list: impl IntoIterator<Item = Asset>) -> Result<Self, AssetsError> {
        let mut by_id = BTreeMap::<AssetId, Asset>::new();
        for asset in list {
            if asset.decimals > 38 {
                return Err(AssetsError::TooManyDecimals { id: asset.id, decimals: asset.decimals });
            }
            if by_id.values().any(|known| known.kind == asset.kind && known.id != asset.id) {
                return Err(AssetsError::DuplicateKind(asset.id));
            }
            if let Some(twin) = by_id.insert(asset.id.clone(), asset) {
                return Err(AssetsError::DuplicateId(twin.id));
            }
        }
        Ok(Self(by_id))
    }

    /// The asset of this name.
    pub fn find(&self, id: &AssetId) -> Option<&Asset> {
        self.0.get(id)
    }

    /// The asset that is `kind` on the chain.
    pub fn find_kind(&self, kind: &AssetKind) -> Option<&Asset> {
        self.0.values().find(|asset| asset.kind == *kind)
    }

    /// All assets, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Asset> {
        self.0.values()
    }
}

/// CKB alone.
impl Default for Assets {
    fn default() -> Self {
        Self(BTreeMap::from([(AssetId::ckb(), Asset::ckb())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn asset(decimals: u8) -> Asset {
        Asset { decimals, ..Asset::ckb() }
    }

    #[test]
    fn whole_units_become_base_units() {
        let ckb = Asset::ckb();
        for (text, units) in
            [("61", 6_100_000_000), ("1.5", 150_000_000), ("0.00000001", 1), ("007", 700_000_000)]
        {
            assert_eq!(ckb.parse(text), Ok(Amount::new(units)), "{text}");
        }
        assert_eq!(ckb.format(Amount::new(6_100_000_000)), "61");
        assert_eq!(ckb.format(Amount::new(150_000_000)), "1.5");
        assert_eq!(ckb.format(Amount::ZERO), "0");
        assert_eq!(asset(0).format(Amount::new(100)), "100");
        assert_eq!(asset(0).parse(&Amount::MAX.to_string()), Ok(Amount::MAX), "39 digits");
    }

    #[test]
    fn malformed_amounts_are_refused_and_never_rounded() {
        let ckb = Asset::ckb();
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1 ", "٣", "0x10", "1.2.3", "NaN"] {
            assert_eq!(ckb.parse(bad), Err(ParseAmountError::NotDecimal), "{bad:?}");
        }
        assert!(matches!(ckb.parse("0.000000001"), Err(ParseAmountError::TooManyDecimals { got: 9, .. })));
        assert!(matches!(ckb.parse("1.500000000"), Err(ParseAmountError::TooManyDecimals { got: 9, .. })));
        assert!(matches!(ckb.parse(&"9".repeat(39)), Err(ParseAmountError::OutOfRange { .. })));
        assert!(matches!(ckb.parse(&"9".repeat(100_000)), Err(ParseAmountError::OutOfRange { .. })));
        assert_eq!(ckb.parse(&format!("{}1", "0".repeat(100_000))), Ok(Amount::new(100_000_000)));
    }

    #[test]
    fn a_registry_refuses_twins() {
        let twin = Asset { id: AssetId::new("CKB2").unwrap(), ..Asset::ckb() };
        assert!(matches!(Assets::new([Asset::ckb(), twin]), Err(AssetsError::DuplicateKind(_))));
        assert!(matches!(Assets::new([Asset::ckb(), Asset::ckb()]), Err(AssetsError::DuplicateId(_))));
        assert!(matches!(Assets::new([asset(39)]), Err(AssetsError::TooManyDecimals { .. })));
    }

    #[test]
    fn an_asset_is_found_by_its_name_and_by_what_it_is() {
        let script = |args| TypeScript { code_hash: [1; 32], hash_type: ScriptHashType::Type, args };
        let token =
            Asset { id: AssetId::new("TOKEN").unwrap(), decimals: 6, kind: AssetKind::Udt(script(vec![1])) };
        let assets = Assets::new([token.clone(), Asset::ckb()]).unwrap();
        assert_eq!(assets.iter().collect::<Vec<_>>(), [&Asset::ckb(), &token]);
        for asset in [Asset::ckb(), token] {
            assert_eq!(assets.find(&asset.id), Some(&asset));
            assert_eq!(assets.find_kind(&asset.kind), Some(&asset));
        }
        assert_eq!(assets.find(&AssetId::new("OTHER").unwrap()), None);
        assert_eq!(assets.find_kind(&AssetKind::Udt(script(vec![2]))), None);
    }

    proptest! {
        #[test]
        fn parsing_undoes_formatting(units in 0..=Amount::MAX.units(), decimals in 0u8..=38) {
            let (asset, amount) = (asset(decimals), Amount::try_from(units).unwrap());
            prop_assert_eq!(asset.parse(&asset.format(amount)), Ok(amount));
        }

        #[test]
        fn a_text_is_an_amount_exactly_if_it_is_digits_with_few_enough_decimals(text in nearly_an_amount(), decimals in 0u8..=38) {
            let asset = asset(decimals);
            let parsed = asset.parse(&text);
            prop_assert_eq!(parsed.as_ref().ok().map(|amount| amount.units()), by_hand(&text, decimals));
            if let Ok(amount) = parsed {
                let written = asset.format(amount);
                prop_assert_eq!(asset.parse(&written), Ok(amount));
                prop_assert!(written == "0" || !written.starts_with("00"), "{}", written);
                prop_assert!(!written.contains('.') || !written.ends_with('0'), "{}", written);
            }
            // The stored form knows no decimals.
            let stored = text.parse::<Amount>().ok().map(Amount::units);
            prop_assert_eq!(stored, by_hand(&text, 0).filter(|_| !text.contains('.')));
        }
    }

    fn nearly_an_amount() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => "[0-9]{0,4}(\\.[0-9]{0,10})?",
            3 => "0{0,60}[0-9]{30,41}(\\.[0-9]{0,40})?",
            2 => "[0-9]{1,20}\\.[0-9]{0,45}",
            1 => "1701411834604692317316873037158841057[0-9]{2}(\\.0{0,3})?",
            2 => "[-+ 0-9eE._,x٣\u{0}]{0,8}",
            1 => ".{0,60}",
        ]
    }

    /// Base units, digit by digit.
    fn by_hand(text: &str, decimals: u8) -> Option<u128> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let has_point = text.contains('.');
        if whole.is_empty() || fraction.is_empty() || has_point && fraction.len() > decimals.into() {
            return None;
        }
        let fraction = if has_point { fraction } else { "" };
        let zeros = std::iter::repeat_n('0', usize::from(decimals) - fraction.len());
        let mut units = 0u128;
        for digit in whole.chars().chain(fraction.chars()).chain(zeros) {
            units = units.checked_mul(10)?.checked_add(digit.to_digit(10)?.into())?;
        }
        (units <= Amount::MAX.units()).then_some(units)
    }
}
