//! The settings file: the flags once more, and what is too long for a flag.

use super::{SettingFlags, SettingsError, StoreText, may_hold_a_password, value};
use fiber_link_core::{
    Amount, AppId, Asset, AssetId, AssetKind, Assets, FeeBearer, Policies, ScriptHashType, TypeScript,
    WithdrawalPolicy,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many decimals a CKB has: with any other number each amount would be off by a power of ten.
const CKB_DECIMALS: u8 = 8;

/// A settings file, read but not yet checked.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Contents")]
pub(super) struct SettingsFile {
    pub(super) flags: SettingFlags,
    assets: Option<Vec<AssetTable>>,
    policies: BTreeMap<String, PolicyTable>,
    apps: BTreeMap<String, AppTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    store: Option<StoreText>,
    store_url_file: Option<PathBuf>,
    store_schema: Option<String>,
    store_connections: Option<u32>,
    node: Option<String>,
    node_token_file: Option<PathBuf>,
    node_payment_token_file: Option<PathBuf>,
    node_hints: Option<String>,
    network: Option<String>,
    listen: Option<String>,
    metrics_listen: Option<String>,
    data: Option<String>,
    key_file: Option<PathBuf>,
    admin_listen: Option<String>,
    env_secrets: Option<String>,
    rate_limit: Option<String>,
    invoice_expiry: Option<String>,
    node_timeout: Option<String>,
    claim: Option<String>,
    withdrawal_retries: Option<u32>,
    withdrawal_retry_wait: Option<String>,
    log: Option<String>,
    log_format: Option<String>,
    asset: Option<Vec<AssetTable>>,
    #[serde(default)]
    policy: BTreeMap<String, PolicyTable>,
    #[serde(default)]
    app: BTreeMap<String, AppTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetTable {
    id: String,
    decimals: u8,
    kind: Option<Kind>,
    code_hash: Option<String>,
    hash_type: Option<HashType>,
    args: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Ckb,
    Udt,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum HashType {
    Data,
    Type,
    Data1,
    Data2,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppTable {
    #[serde(default)]
    policy: BTreeMap<String, PolicyTable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyTable {
    allowed: Option<bool>,
    minimum: Option<String>,
    minimum_to_address: Option<String>,
    per_request: Option<String>,
    per_user_daily: Option<String>,
    per_app_daily: Option<String>,
    cooldown: Option<String>,
    fee_millionths: Option<u32>,
    fee_floor: Option<String>,
    fee_bearer: Option<Bearer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Bearer {
    User,
    Hub,
}

impl From<Contents> for SettingsFile {
    fn from(contents: Contents) -> Self {
        let flags = SettingFlags {
            config: None,
            store: contents.store,
            store_url_file: contents.store_url_file,
            store_schema: contents.store_schema,
            store_connections: contents.store_connections.map(|number| number.to_string()),
            node: contents.node,
            node_token_file: contents.node_token_file,
            node_payment_token_file: contents.node_payment_token_file,
            node_hints: contents.node_hints,
            network: contents.network,
            listen: contents.listen,
            metrics_listen: contents.metrics_listen,
            data: contents.data,
            key_file: contents.key_file,
            // It is a person's, and a settings file the machine's.
            token_file: None,
            admin_listen: contents.admin_listen,
            env_secrets: contents.env_secrets,
            rate_limit: contents.rate_limit,
            invoice_expiry: contents.invoice_expiry,
            node_timeout: contents.node_timeout,
            claim: contents.claim,
            withdrawal_retries: contents.withdrawal_retries.map(|number| number.to_string()),
            withdrawal_retry_wait: contents.withdrawal_retry_wait,
            log: contents.log,
            log_format: contents.log_format,
        };
        Self { flags, assets: contents.asset, policies: contents.policy, apps: contents.app }
    }
}

impl SettingsFile {
    pub(super) fn read(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Self::parse(&text).map_err(|message| SettingsError::File { path: path.to_owned(), message })
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            // Its own text repeats the line, and there may be a password in that.
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count().saturating_add(1);
            without_passwords(format!("line {line}: {}", error.message().trim_end()))
        })
    }

    /// The assets, CKB alone where none is listed, and the policies for them.
    pub(super) fn rules(&self) -> Result<(Assets, Policies), String> {
        self.read_rules().map_err(without_passwords)
    }

    fn read_rules(&self) -> Result<(Assets, Policies), String> {
        let assets = match &self.assets {
            None => Assets::default(),
            Some(tables) => {
                let list = tables.iter().map(AssetTable::asset).collect::<Result<Vec<_>, _>>()?;
                Assets::new(list).map_err(|error| format!("[[asset]]: {error}"))?
            }
        };
        let mut policies = Policies::defaults(&assets);
        for (name, table) in &self.policies {
            let place = format!("policy.{name}");
            let asset = known_asset(&assets, name, &place)?;
            policies.set(
                asset.id.clone(),
                table.applied_to(WithdrawalPolicy::default_for(asset), asset, &place)?,
            );
        }
        for (app_name, app) in &self.apps {
            let id =
                AppId::new(app_name.as_str()).map_err(|error| format!("app.{app_name:?}: a name {error}"))?;
            for (name, table) in &app.policy {
                let place = format!("app.{app_name}.policy.{name}");
                let asset = known_asset(&assets, name, &place)?;
                let policy = table.applied_to(policies.of(&id, asset), asset, &place)?;
                policies.set_for_app(id.clone(), asset.id.clone(), policy);
            }
        }
        Ok((assets, policies))
    }
}

/// The message, or no more than its place: an address that stands where it does not belong is not
/// repeated.
fn without_passwords(message: String) -> String {
    if !may_hold_a_password(&message) {
        return message;
    }
    let place = message.split_once(": ").map(|(place, _)| place).filter(|place| !may_hold_a_password(place));
    format!("{}: what was given is not shown", place.unwrap_or("assets and policies"))
}

fn known_asset<'a>(assets: &'a Assets, name: &str, place: &str) -> Result<&'a Asset, String> {
    let known = AssetId::new(name).ok().and_then(|id| assets.find(&id));
    known.ok_or_else(|| {
        let names: Vec<_> = assets.iter().map(|asset| asset.id.as_str()).collect();
        format!("{place}: got asset {name:?}, allowed is one of {}", names.join(", "))
    })
}

impl AssetTable {
    fn asset(&self) -> Result<Asset, String> {
        let id = AssetId::new(self.id.as_str())
            .map_err(|error| format!("asset.id: got {:?}, a name {error}", self.id))?;
        let kind = match (&self.kind, &self.code_hash, &self.hash_type, &self.args) {
            (Some(Kind::Ckb), None, None, None) => AssetKind::Ckb,
            (Some(Kind::Udt) | None, Some(code_hash), Some(hash_type), Some(args)) => {
                AssetKind::Udt(TypeScript {
                    code_hash: self.hex(code_hash, "code_hash").and_then(|bytes| {
                        bytes.try_into().map_err(|_| format!("asset {id}: code_hash must have 32 bytes"))
                    })?,
                    hash_type: match hash_type {
                        HashType::Data => ScriptHashType::Data,
                        HashType::Type => ScriptHashType::Type,
                        HashType::Data1 => ScriptHashType::Data1,
                        HashType::Data2 => ScriptHashType::Data2,
                    },
                    args: self.hex(args, "args")?,
                })
            }
            (Some(Kind::Ckb) | Some(Kind::Udt) | None, ..) => {
                return Err(format!(
                    "asset {id}: allowed is kind = \"ckb\" alone, or a type script with code_hash, hash_type and args"
                ));
            }
        };
        if kind == AssetKind::Ckb && self.decimals != CKB_DECIMALS {
            return Err(format!(
                "asset {id}: decimals: got {}, allowed is {CKB_DECIMALS} for CKB",
                self.decimals
            ));
        }
        Ok(Asset { id, decimals: self.decimals, kind })
    }

    fn hex(&self, text: &str, key: &str) -> Result<Vec<u8>, String> {
        let digits = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
        digits
            .ok_or_else(|| format!("asset {}: {key}: got {text:?}, allowed is hexadecimal after 0x", self.id))
    }
}

impl PolicyTable {
    /// `policy` with what this table says.
    fn applied_to(
        &self,
        mut policy: WithdrawalPolicy,
        asset: &Asset,
        place: &str,
    ) -> Result<WithdrawalPolicy, String> {
        let amounts: [(&str, &Option<String>, &mut Amount); 6] = [
            ("minimum", &self.minimum, &mut policy.minimum),
            ("minimum_to_address", &self.minimum_to_address, &mut policy.minimum_to_address),
            ("per_request", &self.per_request, &mut policy.per_request),
            ("per_user_daily", &self.per_user_daily, &mut policy.per_user_daily),
            ("per_app_daily", &self.per_app_daily, &mut policy.per_app_daily),
            ("fee_floor", &self.fee_floor, &mut policy.fee.floor),
        ];
        for (key, given, amount) in amounts {
            if let Some(text) = given {
                *amount =
                    asset.parse(text).map_err(|error| format!("{place}.{key}: got {text:?}, it {error}"))?;
            }
        }
        if let Some(text) = &self.cooldown {
            let most = Duration::from_secs(30 * 24 * 3600);
            policy.cooldown = value::duration_within(text, Duration::ZERO, most)
                .map_err(|allowed| format!("{place}.cooldown: got {text:?}, allowed is {allowed}"))?;
        }
        if let Some(millionths) = self.fee_millionths {
            if millionths > 1_000_000 {
                return Err(format!(
                    "{place}.fee_millionths: got {millionths}, allowed is a number from 0 to 1000000"
                ));
            }
            policy.fee.millionths = millionths;
        }
        policy.allowed = self.allowed.unwrap_or(policy.allowed);
        policy.fee_bearer = match self.fee_bearer {
            None => policy.fee_bearer,
            Some(Bearer::User) => FeeBearer::User,
            Some(Bearer::Hub) => FeeBearer::Hub,
        };
        Ok(policy)
    }
}
