use super::*;
use fiber_link_core::testing::sample::{self, change_set, forum};
use fiber_link_core::testing::{FakeNode, Fault, FaultyStore};
use fiber_link_core::{
    Amount, AssetId, FiberLink, FiberNode, MemoryStore, NodeError, Op, PaymentHash, Secret, SystemClock,
    TipRequest,
};

struct World {
    metrics: Metrics,
    store: Arc<FaultyStore>,
    counted: Arc<dyn Store>,
    node: FakeNode,
    link: FiberLink,
}

async fn world() -> World {
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::new())));
    let metrics = Metrics::new(store.clone(), Arc::new(SystemClock));
    let node = FakeNode::new(SystemClock);
    let counted: Arc<dyn Store> = Arc::new(CountedStore::new(store.clone(), metrics.clone()));
    let counted_node = Arc::new(CountedNode::new(Arc::new(node.clone()), metrics.clone()));
    let link = FiberLink::builder(counted.clone(), counted_node).open().await.unwrap();
    link.create_app(forum(), Secret::new(*b"secret")).await.unwrap();
    World { metrics, store, counted, node, link }
}

impl World {
    async fn value(&self, key: &str) -> Option<f64> {
        let text = self.metrics.text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("fiber_link_{key} ")));
        line.map(|value| value.parse().unwrap())
    }

    async fn tip(&self) -> PaymentHash {
        let request = TipRequest {
            post: "42".parse().unwrap(),
            from_user: "bob".parse().unwrap(),
            to_user: "alice".parse().unwrap(),
            asset: AssetId::ckb(),
            amount: Amount::new(100),
            message: None,
            anonymous: false,
            idempotency_key: None,
        };
        self.link.create_tip(&forum(), request).await.unwrap().payment_hash()
    }
}

#[tokio::test]
async fn commits_are_counted_by_what_came_of_them() {
    let world = world().await;
    let commit = |op: Op| world.counted.commit(change_set([op]));
    commit(Op::Emit(sample::event(1))).await.unwrap();
    commit(Op::Emit(sample::event(1))).await.unwrap_err();
    commit(Op::Post(sample::reservation(1, 5))).await.unwrap_err();
    world.store.script_commits([Fault::After]);
    commit(Op::Emit(sample::event(2))).await.unwrap_err();
    for (outcome, count) in [("already_exists", 1.0), ("insufficient_funds", 1.0), ("unknown", 1.0)] {
        let key = format!(r#"commits_total{{outcome="{outcome}"}}"#);
        assert_eq!(world.value(&key).await, Some(count), "{outcome}");
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_is_counted() {
    let world = world().await;
    // The store gives way once before it commits.
    let commit = world.counted.commit(change_set([Op::Emit(sample::event(1))]));
    assert!(futures_util::FutureExt::now_or_never(commit).is_none());
    assert_eq!(world.value(r#"commits_total{outcome="dropped"}"#).await, Some(1.0));
}

#[tokio::test]
async fn a_tip_that_is_credited_is_measured_once_from_when_it_was_heard_of() {
    let world = world().await;
    let hash = world.tip().await;
    world.link.hint(hash);
    world.link.settle_due(10).await.unwrap();
    assert_eq!(world.value(r#"settlement_delay_seconds_count{heard="answer"}"#).await, None);
    world.node.pay_invoice(hash);
    for _ in 0..2 {
        world.link.hint(hash);
        world.link.settle_due(10).await.unwrap();
    }
    assert_eq!(world.value(r#"settlement_delay_seconds_count{heard="answer"}"#).await, Some(1.0));
    let other = world.tip().await;
    world.metrics.heard().hint(other);
    world.node.pay_invoice(other);
    world.link.hint(other);
    world.link.settle_due(10).await.unwrap();
    assert_eq!(world.value(r#"settlement_delay_seconds_count{heard="hint"}"#).await, Some(1.0));
}

#[tokio::test]
async fn a_hint_before_the_payment_does_not_make_its_credit_late() {
    let world = world().await;
    let hash = world.tip().await;
    world.metrics.heard().hint(hash);
    world.link.hint(hash);
    world.link.settle_due(10).await.unwrap();
    world.node.pay_invoice(hash);
    world.link.hint(hash);
    world.link.settle_due(10).await.unwrap();
    assert_eq!(world.value(r#"settlement_delay_seconds_count{heard="hint"}"#).await, None);
    assert_eq!(world.value(r#"settlement_delay_seconds_count{heard="answer"}"#).await, Some(1.0));
}

#[test]
fn every_outcome_of_a_node_has_a_name() {
    let cause = || -> Box<dyn std::error::Error + Send + Sync> { "canary".into() };
    let errors = [
        NodeError::Refused { reason: "canary".to_owned() },
        NodeError::InvoiceExists,
        NodeError::InvalidInvoice { reason: "canary".to_owned() },
        NodeError::Unclear(cause()),
        NodeError::NoAnswer(cause()),
    ];
    let names = errors.each_ref().map(node::outcome);
    assert_eq!(names, ["refused", "invoice_exists", "invalid_invoice", "unclear", "no_answer"]);
}

#[tokio::test]
async fn a_store_that_fails_is_a_metric_and_no_error() {
    let world = world().await;
    world.store.script_reads([Fault::Before]);
    let text = world.metrics.text().await.unwrap();
    assert!(text.contains("fiber_link_totals_failures_total 1\n"), "{text}");
    assert!(!text.contains("fiber_link_open_tips"), "there are no totals");
}

#[tokio::test]
async fn calls_of_the_node_are_counted_by_call_and_outcome() {
    let world = world().await;
    let node: Arc<dyn FiberNode> =
        Arc::new(CountedNode::new(Arc::new(world.node.clone()), world.metrics.clone()));
    node.decode_invoice("no invoice").await.unwrap_err();
    node.payment(sample::payment_hash(1)).await.unwrap();
    assert_eq!(
        world.value(r#"node_calls_total{call="decode_invoice",outcome="invalid_invoice"}"#).await,
        Some(1.0)
    );
    assert_eq!(world.value(r#"node_calls_total{call="payment",outcome="ok"}"#).await, Some(1.0));
    assert_eq!(world.value(r#"node_call_duration_seconds_count{call="payment"}"#).await, Some(1.0));
}
