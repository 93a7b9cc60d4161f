//! What a node says about itself, and the invoices that it makes.

use super::NodeWorld;
use super::ask::*;
use crate::*;
use std::sync::Arc;
use std::time::Duration;

pub async fn info_is_the_same_twice(world: Arc<dyn NodeWorld>) {
    let info = world.node().info().await.unwrap();
    assert_eq!(world.node().info().await.unwrap(), info);
}

pub async fn an_invoice_is_the_one_that_was_asked_for(world: Arc<dyn NodeWorld>) {
    let request = invoice_request(HOUR);
    let hash = request.preimage.payment_hash();
    assert_eq!(invoice_of(&*world, hash).await, None, "nothing is made before it is asked for");
    let invoice = world.node().create_invoice(request).await.unwrap();
    assert_eq!((invoice.payment_hash, &invoice.asset, invoice.amount), (hash, &AssetId::ckb(), AMOUNT));
    assert_about(invoice.expires_at, world.now().plus(HOUR));
    assert_invoice(&*world, &invoice, InvoiceState::Open).await;

    let info = world.node().info().await.unwrap();
    let expected = DecodedInvoice {
        payment_hash: hash,
        network: info.network,
        asset: Some(AssetId::ckb()),
        amount: Some(AMOUNT),
        expires_at: Some(invoice.expires_at),
        payee: Some(info.key),
    };
    assert_eq!(world.node().decode_invoice(&invoice.encoded).await.unwrap(), expected);
}

pub async fn the_same_preimage_again_exists_already_and_the_first_invoice_is_unharmed(
    world: Arc<dyn NodeWorld>,
) {
    let request = invoice_request(HOUR);
    let first = world.node().create_invoice(request.clone()).await.unwrap();
    let other = InvoiceRequest { amount: Amount::new(1), expiry: HOUR * 2, ..request.clone() };
    for again in [request, other] {
        let answer = world.node().create_invoice(again).await;
        assert!(matches!(answer, Err(NodeError::InvoiceExists)), "{answer:?}");
        assert_invoice(&*world, &first, InvoiceState::Open).await;
    }
}

pub async fn a_description_of_639_bytes_is_taken(world: Arc<dyn NodeWorld>) {
    let with_letters_of_four_bytes = format!("{}✓", "🎁".repeat(159));
    for description in ["x".repeat(639), format!("{}x", "é".repeat(319)), with_letters_of_four_bytes] {
        assert_eq!(description.len(), 639);
        let request = InvoiceRequest { description, ..invoice_request(HOUR) };
        let invoice = world.node().create_invoice(request).await.unwrap();
        assert_invoice(&*world, &invoice, InvoiceState::Open).await;
    }
}

pub async fn what_nobody_could_pay_is_refused_and_not_made(world: Arc<dyn NodeWorld>) {
    let good = || invoice_request(HOUR);
    for request in [
        InvoiceRequest { amount: Amount::ZERO, ..good() },
        InvoiceRequest { expiry: Duration::ZERO, ..good() },
        InvoiceRequest { description: "x".repeat(640), ..good() },
        InvoiceRequest { description: "é".repeat(320), ..good() },
    ] {
        assert_refused(&*world, request).await;
    }
}

pub async fn an_invoice_of_an_unknown_asset_is_refused_and_not_made(world: Arc<dyn NodeWorld>) {
    assert_refused(&*world, InvoiceRequest { asset: unknown_token(), ..invoice_request(HOUR) }).await;
}

async fn assert_refused(world: &dyn NodeWorld, request: InvoiceRequest) {
    let hash = request.preimage.payment_hash();
    let answer = world.node().create_invoice(request).await;
    assert!(matches!(answer, Err(NodeError::Refused { .. })), "{answer:?}");
    assert_eq!(invoice_of(world, hash).await, None);
}

pub async fn an_unpaid_invoice_expires_when_its_time_is_over(world: Arc<dyn NodeWorld>) {
    let (short, long) = (create(&*world, SHORT).await, create(&*world, HOUR).await);
    assert_invoice(&*world, &short, InvoiceState::Open).await;
    world.wait(SHORT).await;
    invoice_comes_to(&*world, &short, InvoiceState::Expired).await;
    assert_invoice(&*world, &long, InvoiceState::Open).await;
}

pub async fn an_unknown_asset_has_no_liquidity(world: Arc<dyn NodeWorld>) {
    let nothing = Liquidity { outbound: Amount::ZERO, inbound: Amount::ZERO };
    assert_eq!(world.node().liquidity(&unknown_token()).await.unwrap(), nothing);
}

pub async fn a_token_invoice_has_its_asset(world: Arc<dyn NodeWorld>) {
    let token = world.token();
    let request = InvoiceRequest { asset: token.clone(), ..invoice_request(HOUR) };
    let invoice = world.node().create_invoice(request).await.unwrap();
    assert_eq!((&invoice.asset, invoice.amount), (&token.id, AMOUNT));
    assert_invoice(&*world, &invoice, InvoiceState::Open).await;
    let decoded = world.node().decode_invoice(&invoice.encoded).await.unwrap();
    assert_eq!((decoded.asset, decoded.amount), (Some(token.id), Some(AMOUNT)));
}
