//! A tip, its payment, its credit, and the way out: `cargo run -p fiber-link-examples --example quickstart`.

use fiber_link_core::testing::{FakeNode, ManualClock};
use fiber_link_core::{
    AppId, Asset, Clock, FiberLink, MemoryStore, RequestedDestination, SystemClock, TipRequest,
    WithdrawalRequest,
};
use std::{error::Error, sync::Arc, time::Duration};

#[pollster::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A store, a node and a clock. Real ones fit into the same places.
    let clock = ManualClock::new(SystemClock.now());
    let node = Arc::new(FakeNode::new(clock.clone()));
    let store = Arc::new(MemoryStore::new());
    let link = FiberLink::builder(store, node.clone()).clock(Arc::new(clock.clone())).open().await?;
    let (forum, ckb): (AppId, _) = ("forum".parse()?, Asset::ckb());

    // Ann tips Ben 61 CKB for his post.
    let request = TipRequest {
        post: "42".parse()?,
        from_user: "ann".parse()?,
        to_user: "ben".parse()?,
        asset: ckb.id.clone(),
        amount: ckb.parse("61")?,
        message: Some("Thank you!".into()),
        anonymous: false,
        idempotency_key: Some("ann-42-1".parse()?),
    };
    let tip = link.create_tip(&forum, request).await?;
    println!("pay {}", tip.invoice().ok_or("no invoice")?.encoded);

    // Her wallet pays; the next pass asks the node and credits Ben.
    node.pay_invoice(tip.payment_hash());
    clock.advance(Duration::from_secs(5));
    println!("{:?}", link.settle_due(100).await?);

    // Ben withdraws 60 CKB to an invoice of his own wallet.
    let in_an_hour = clock.now().plus(Duration::from_secs(3600));
    let invoice = node.publish(node.foreign_invoice(ckb.parse("60")?, in_an_hour));
    let request = WithdrawalRequest {
        user: "ben".parse()?,
        asset: ckb.id.clone(),
        amount: ckb.parse("60")?,
        destination: RequestedDestination::PaymentRequest(invoice),
        network_fee: None,
        idempotency_key: Some("ben-1".parse()?),
    };
    link.request_withdrawal(&forum, request).await?;
    println!("{:?}", link.pay_due(100).await?);

    for (asset, balance) in link.summary(&forum, &"ben".parse()?, 10).await?.balances {
        println!("ben has {} {asset}", ckb.format(balance.available));
    }
    Ok(())
}
