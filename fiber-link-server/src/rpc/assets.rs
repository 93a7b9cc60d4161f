//! `asset.list`: what an app may be tipped and pay out, and within which bounds.

use super::error::RpcError;
use super::params::Params;
use fiber_link_core::{AppId, Asset, FiberLink, Policy, StoreError};
use futures_util::future::try_join_all;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct AssetList {
    assets: Vec<AssetObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AssetObject {
    asset: String,
    decimals: u8,
    tips: bool,
    tip_minimum: Option<String>,
    tip_maximum: Option<String>,
    withdrawals: bool,
    withdrawal_minimum: Option<String>,
    withdrawal_maximum: Option<String>,
}

pub(super) async fn list(link: &FiberLink, app: &AppId, params: &str) -> Result<AssetList, RpcError> {
    Params::read(params)?;
    let objects = link
        .assets()
        .iter()
        .map(|asset| async move { Ok::<_, StoreError>(object(asset, &link.policy(app, asset).await?)) });
    let assets = try_join_all(objects).await.map_err(|error| RpcError::internal(&error))?;
    Ok(AssetList { assets })
}

/// A bound that every amount keeps is none.
fn object(asset: &Asset, policy: &Policy) -> AssetObject {
    let (tips, withdrawals) = (&policy.tips, &policy.withdrawals);
    let whole = |amount| asset.format(amount);
    AssetObject {
        asset: asset.id.to_string(),
        decimals: asset.decimals,
        tips: tips.allowed,
        tip_minimum: (tips.minimum.units() > 1).then(|| whole(tips.minimum)),
        tip_maximum: tips.maximum.map(whole),
        withdrawals: withdrawals.allowed,
        withdrawal_minimum: (withdrawals.minimum.units() > 1).then(|| whole(withdrawals.minimum)),
        withdrawal_maximum: Some(whole(withdrawals.per_request)),
    }
}
