//! Reading the invoices of anybody.

use super::ask::*;
use super::{NodeWorld, Oddity};
use crate::*;
use std::sync::Arc;

async fn read(world: &dyn NodeWorld, encoded: &str) -> DecodedInvoice {
    world.node().decode_invoice(encoded).await.unwrap()
}

async fn assert_not_read(world: &dyn NodeWorld, text: &str) {
    let answer = world.node().decode_invoice(text).await;
    assert!(matches!(answer, Err(NodeError::InvalidInvoice { .. })), "{text:.60}: {answer:?}");
}

pub async fn an_invoice_is_read_in_upper_case_too(world: Arc<dyn NodeWorld>) {
    let encoded = create(&*world, HOUR).await.encoded;
    assert_eq!(read(&*world, &encoded.to_uppercase()).await, read(&*world, &encoded).await);
}

pub async fn an_expired_invoice_is_still_read(world: Arc<dyn NodeWorld>) {
    let invoice = create(&*world, SHORT).await;
    let before = read(&*world, &invoice.encoded).await;
    world.wait(SHORT).await;
    invoice_comes_to(&*world, &invoice, InvoiceState::Expired).await;
    assert_eq!(read(&*world, &invoice.encoded).await, before);
}

pub async fn a_changed_character_is_noticed(world: Arc<dyn NodeWorld>) {
    let encoded = create(&*world, HOUR).await.encoded;
    let length = encoded.len();
    for at in [0, 5, length / 3, length / 2, length - 10, length - 1] {
        // Both are letters of bech32.
        let other = if &encoded[at..=at] == "q" { "p" } else { "q" };
        let mut changed = encoded.clone();
        changed.replace_range(at..=at, other);
        assert_not_read(&*world, &changed).await;
    }
    assert_not_read(&*world, &encoded[..length - 1]).await;
    assert_not_read(&*world, &format!("{encoded}q")).await;
}

/// Nothing of these is an invoice.
pub(super) fn no_invoices() -> Vec<String> {
    let garbage =
        ["", "1", "hello", "fibd", "fibd1", "fibd1000000001", "{}", "\"", "null", "\0", "✓", "lnbc1"];
    garbage.into_iter().map(str::to_owned).chain(["1".repeat(4_096), "fibd1".repeat(2_000)]).collect()
}

pub async fn what_is_no_invoice_is_not_read(world: Arc<dyn NodeWorld>) {
    for text in no_invoices() {
        assert_not_read(&*world, &text).await;
    }
}

/// A network that the node is not on.
pub(super) async fn other_network(world: &dyn NodeWorld) -> Network {
    match world.node().info().await.unwrap().network {
        Network::Mainnet | Network::Dev => Network::Testnet,
        Network::Testnet => Network::Dev,
    }
}

pub async fn an_invoice_of_another_network_is_read_as_such(world: Arc<dyn NodeWorld>) {
    let other = other_network(&*world).await;
    assert_eq!(read(&*world, &world.odd_invoice(Oddity::Network(other))).await.network, other);
}

pub async fn an_invoice_of_an_unknown_asset_is_read_as_such(world: Arc<dyn NodeWorld>) {
    assert_eq!(read(&*world, &world.odd_invoice(Oddity::Asset)).await.asset, None);
}

pub async fn an_invoice_without_amount_is_read_as_such(world: Arc<dyn NodeWorld>) {
    assert_eq!(read(&*world, &world.odd_invoice(Oddity::NoAmount)).await.amount, None);
}

pub async fn an_invoice_without_expiry_is_read_as_such(world: Arc<dyn NodeWorld>) {
    assert_eq!(read(&*world, &world.odd_invoice(Oddity::NoExpiry)).await.expires_at, None);
}
