//! The simulated node, as its users see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::needless_pass_by_value,
    clippy::wildcard_enum_match_arm,
    reason = "tests"
)]

use fiber_link_core::simulated::{
    OpenSimulatedNodeError, Outcome, SimulatedNode, SimulatedNodeOptions, SimulatedPayment, SimulatorError,
};
use fiber_link_core::{
    Amount, Asset, AssetId, AssetKind, Assets, Clock, FiberNode, Invoice, InvoiceRequest, InvoiceState,
    Liquidity, Network, NodeError, PaymentHash, PaymentRequest, PaymentState, PaymentStatus, Preimage,
    ScriptHashType, Timestamp, TypeScript,
};
use futures_util::{FutureExt, StreamExt};
use pollster::FutureExt as _;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const START: u64 = 1_760_000_000_000;
const HOUR: Duration = Duration::from_secs(3600);

struct TestClock(AtomicU64);

impl TestClock {
    fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

fn token() -> Asset {
    let script = TypeScript { code_hash: [3; 32], hash_type: ScriptHashType::Type, args: vec![1, 2, 3] };
    Asset { id: AssetId::new("USDI").unwrap(), decimals: 6, kind: AssetKind::Udt(script) }
}

fn open_with(
    path: Option<&Path>,
    network: Network,
) -> Result<(SimulatedNode, Arc<TestClock>), OpenSimulatedNodeError> {
    let clock = Arc::new(TestClock(AtomicU64::new(START)));
    let node = SimulatedNode::open(SimulatedNodeOptions {
        path: path.map(Path::to_owned),
        network,
        assets: Assets::new([Asset::ckb(), token()]).unwrap(),
        clock: clock.clone(),
    })?;
    Ok((node, clock))
}

fn in_memory() -> (SimulatedNode, Arc<TestClock>) {
    open_with(None, Network::Dev).unwrap()
}

fn open(path: &Path) -> SimulatedNode {
    open_with(Some(path), Network::Dev).unwrap().0
}

fn preimage(n: u32) -> Preimage {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    Preimage::new(bytes)
}

fn invoice_request(n: u32) -> InvoiceRequest {
    InvoiceRequest {
        asset: Asset::ckb(),
        amount: Amount::new(6_100_000_000),
        preimage: preimage(n),
        expiry: HOUR,
        description: "tip".to_owned(),
    }
}

fn create(node: &SimulatedNode, n: u32) -> Invoice {
    node.create_invoice(invoice_request(n)).block_on().unwrap()
}

fn state(node: &SimulatedNode, invoice: &Invoice) -> InvoiceState {
    let status = node.invoices(&[invoice.payment_hash]).block_on().unwrap().remove(0).unwrap();
    assert_eq!(status.invoice, *invoice);
    status.state
}

/// A request to pay `encoded` as it asks, with plenty for the fee.
fn payment_request(node: &SimulatedNode, encoded: &str) -> PaymentRequest {
    let invoice = node.decode_invoice(encoded).block_on().unwrap();
    PaymentRequest {
        encoded: encoded.to_owned(),
        payment_hash: invoice.payment_hash,
        amount: invoice.amount.unwrap(),
        fee_limit: Amount::new(1_000_000_000),
    }
}

fn foreign(node: &SimulatedNode, amount: u64) -> PaymentRequest {
    let encoded = node.foreign_invoice(&AssetId::ckb(), Amount::new(amount), HOUR).unwrap();
    payment_request(node, &encoded)
}

fn send(node: &SimulatedNode, request: &PaymentRequest) -> Result<PaymentStatus, NodeError> {
    node.send_payment(request.clone()).block_on()
}

fn payment(node: &SimulatedNode, hash: PaymentHash) -> Option<PaymentState> {
    node.payment(hash).block_on().unwrap().map(|status| status.state)
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, NodeError>) -> String {
    match answer.unwrap_err() {
        NodeError::Refused { reason } => reason,
        other => panic!("not refused: {other:?}"),
    }
}

fn assert_no_answer<T: std::fmt::Debug>(answer: Result<T, NodeError>) {
    assert!(matches!(answer, Err(NodeError::NoAnswer(_))), "{answer:?}");
}

#[test]
fn mainnet_is_refused() {
    assert!(matches!(open_with(None, Network::Mainnet), Err(OpenSimulatedNodeError::Mainnet)));
}

#[test]
fn an_invoice_decodes_to_what_was_asked() {
    for (network, prefix) in [(Network::Dev, "fibd61000000001"), (Network::Testnet, "fibt61000000001")] {
        let (node, _) = open_with(None, network).unwrap();
        for asset in [Asset::ckb(), token()] {
            let n = u32::from(asset.decimals);
            let request = InvoiceRequest { asset: asset.clone(), ..invoice_request(n) };
            let invoice = node.create_invoice(request).block_on().unwrap();
            assert!(invoice.encoded.starts_with(prefix), "{}", invoice.encoded);
            assert_eq!(invoice.payment_hash, preimage(n).payment_hash());
            assert_eq!(invoice.expires_at, Timestamp::from_millis(START).plus(HOUR));

            let read = node.decode_invoice(&invoice.encoded).block_on().unwrap();
            assert_eq!(read.payment_hash, invoice.payment_hash);
            assert_eq!(read.network, network);
            assert_eq!(read.asset, Some(asset.id));
            assert_eq!(read.amount, Some(invoice.amount));
            assert_eq!(read.expires_at, Some(invoice.expires_at));
            assert_eq!(read.payee, Some(node.info().block_on().unwrap().key));
        }
    }
}

#[test]
fn invoices_that_a_hub_must_never_make_are_refused_and_leave_nothing() {
    let (node, _) = in_memory();
    let unknown = Asset { id: AssetId::new("DOGE").unwrap(), ..token() };
    for request in [
        InvoiceRequest { amount: Amount::ZERO, ..invoice_request(1) },
        InvoiceRequest { expiry: Duration::from_millis(999), ..invoice_request(1) },
        InvoiceRequest { description: "é".repeat(320), ..invoice_request(1) },
        InvoiceRequest { asset: unknown, ..invoice_request(1) },
    ] {
        refusal(node.create_invoice(request).block_on());
    }
    assert_eq!(node.invoices(&[preimage(1).payment_hash()]).block_on().unwrap(), [None]);
    create(&node, 1);
    let again = node.create_invoice(invoice_request(1)).block_on();
    assert!(matches!(again, Err(NodeError::InvoiceExists)));
}

#[test]
fn many_callers_with_one_preimage_get_one_invoice() {
    let (node, _) = in_memory();
    let answers = std::thread::scope(|scope| {
        let callers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| node.create_invoice(invoice_request(1)).block_on())).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect::<Vec<_>>()
    });
    let exists = answers.iter().filter(|answer| matches!(answer, Err(NodeError::InvoiceExists))).count();
    assert_eq!(exists, 7);
    let made = answers.into_iter().find_map(Result::ok).unwrap();
    assert_eq!(state(&node, &made), InvoiceState::Open);
}

#[test]
fn what_can_happen_to_an_invoice_depends_on_where_it_stands() {
    use InvoiceState::{Cancelled, Expired, Open, Paid, Received};
    type Happening = fn(&SimulatedNode, &str) -> Result<(), SimulatorError>;
    let nothing: Happening = |_, _| Ok(());
    let pay: Happening = |node, text| node.pay(text, false);
    let pay_late: Happening = |node, text| node.pay(text, true);
    let hold: Happening = SimulatedNode::hold;
    let cancel: Happening = SimulatedNode::cancel;
    let expire: Happening = SimulatedNode::expire;
    let table = [
        // What happened first, where it led, and where pay, late pay, hold, cancel, expire lead then.
        (nothing, Open, [Some(Paid), Some(Paid), Some(Received), Some(Cancelled), Some(Expired)]),
        (hold, Received, [Some(Paid), Some(Paid), None, Some(Cancelled), None]),
        (pay, Paid, [None; 5]),
        (cancel, Cancelled, [None, Some(Paid), None, None, None]),
        (expire, Expired, [None, Some(Paid), None, Some(Cancelled), Some(Expired)]),
    ];
    for (first, from, targets) in table {
        for (n, (second, target)) in
            [pay, pay_late, hold, cancel, expire].into_iter().zip(targets).enumerate()
        {
            let (node, _) = in_memory();
            let invoice = create(&node, 1);
            first(&node, &invoice.encoded).unwrap();
            assert_eq!(state(&node, &invoice), from);
            match (second(&node, &invoice.encoded), target) {
                (Ok(()), Some(to)) => assert_eq!(state(&node, &invoice), to),
                (Err(SimulatorError::WrongState(told)), None) => {
                    assert_eq!((told, state(&node, &invoice)), (from, from));
                }
                (answer, target) => panic!("{from:?}, {n}: {answer:?}, expected {target:?}"),
            }
        }
    }
}

#[test]
fn an_open_invoice_expires_by_the_clock_and_a_held_one_does_not() {
    let (node, clock) = in_memory();
    let (open, held) = (create(&node, 1), create(&node, 2));
    node.hold(&held.encoded).unwrap();
    clock.advance(HOUR);
    assert_eq!(state(&node, &open), InvoiceState::Open);
    clock.advance(Duration::from_millis(1));
    assert_eq!(state(&node, &open), InvoiceState::Expired);
    assert_eq!(state(&node, &held), InvoiceState::Received);
    let too_late = node.pay(&open.encoded, false);
    assert!(matches!(too_late, Err(SimulatorError::WrongState(InvoiceState::Expired))));
    node.pay(&open.encoded, true).unwrap();
    node.pay(&held.encoded.to_uppercase(), false).unwrap();
    assert_eq!((state(&node, &open), state(&node, &held)), (InvoiceState::Paid, InvoiceState::Paid));
}

#[test]
fn the_simulator_refuses_what_is_not_an_invoice_of_this_node() {
    let (node, _) = in_memory();
    let (other, _) = in_memory();
    let of_same_hash = create(&other, 1).encoded;
    let own = create(&node, 1).encoded;
    for text in [&of_same_hash, &foreign(&node, 5).encoded] {
        assert!(matches!(node.pay(text, true), Err(SimulatorError::UnknownInvoice)));
    }
    assert!(matches!(node.pay("hello", false), Err(SimulatorError::InvalidInvoice { .. })));
    assert!(matches!(node.set_outcome(&own, Outcome::Failure), Err(SimulatorError::OwnInvoice)));
    let doge = AssetId::new("DOGE").unwrap();
    let unknown = node.foreign_invoice(&doge, Amount::new(1), HOUR);
    assert!(matches!(unknown, Err(SimulatorError::UnknownAsset(_))));
    let free = node.foreign_invoice(&AssetId::ckb(), Amount::ZERO, HOUR);
    assert!(matches!(free, Err(SimulatorError::InvalidTerms)));
}

#[test]
fn a_payment_is_pending_in_the_answer_and_then_succeeds_with_its_fee() {
    let (node, _) = in_memory();
    for (amount, fee) in [(1, 1), (1000, 1), (1001, 2), (100_000_000, 100_000)] {
        let request = foreign(&node, amount);
        assert_eq!(payment(&node, request.payment_hash), None);
        let answer = send(&node, &request).unwrap();
        assert_eq!(answer.state, PaymentState::Pending);
        let status = node.payment(request.payment_hash).block_on().unwrap().unwrap();
        assert_eq!(status.created_at, answer.created_at);
        assert_eq!(status.state, PaymentState::Succeeded { fee: Amount::new(fee) });
        assert!(refusal(send(&node, &request)).contains("already exists"));
    }
    let times: Vec<_> = node.payments().into_iter().map(|payment| payment.times_paid).collect();
    assert_eq!(times, [1; 4]);
}

#[test]
fn tokens_and_invoices_of_other_nodes_are_paid_too() {
    let (node, _) = in_memory();
    let (other, _) = in_memory();
    let theirs = create(&other, 1);
    let token = node.foreign_invoice(&token().id, Amount::new(5), HOUR).unwrap();
    for encoded in [&token, &theirs.encoded] {
        let request = payment_request(&node, encoded);
        send(&node, &request).unwrap();
        let paid = payment(&node, request.payment_hash);
        assert!(matches!(paid, Some(PaymentState::Succeeded { .. })), "{paid:?}");
    }
    let expected = SimulatedPayment {
        payment_hash: theirs.payment_hash,
        amount: theirs.amount,
        fee: Amount::new(6_100_000),
        times_paid: 1,
    };
    assert!(node.payments().contains(&expected));
}

#[test]
fn what_does_not_fit_the_invoice_is_refused_without_a_trace() {
    let (node, clock) = in_memory();
    let (testnet, _) = open_with(None, Network::Testnet).unwrap();
    let good = foreign(&node, 1000);
    let elsewhere = foreign(&testnet, 1000);
    let other_amount = PaymentRequest { amount: Amount::new(1001), ..good.clone() };
    let other_hash = PaymentRequest { payment_hash: PaymentHash::new([0; 32]), ..good.clone() };
    for request in [&elsewhere, &other_amount, &other_hash] {
        assert!(refusal(send(&node, request)).contains("Failed to validate payment request"));
    }
    let garbage = PaymentRequest { encoded: "fibd1garbage".to_owned(), ..good.clone() };
    assert!(matches!(send(&node, &garbage), Err(NodeError::InvalidInvoice { .. })));
    clock.advance(HOUR + Duration::from_millis(1));
    assert!(refusal(send(&node, &good)).contains("invoice is expired"));
    for hash in [good.payment_hash, elsewhere.payment_hash, other_hash.payment_hash] {
        assert_eq!(payment(&node, hash), None);
    }
}

#[test]
fn what_finds_no_way_is_refused_with_a_failed_session_and_can_be_sent_again() {
    let (node, _) = in_memory();
    let own = payment_request(&node, &create(&node, 1).encoded);
    assert!(refusal(send(&node, &own)).contains("can not pay to self"));

    let low = PaymentRequest { fee_limit: Amount::new(9), ..foreign(&node, 10_000) };
    assert!(refusal(send(&node, &low)).contains("no path found"));

    let large = foreign(&node, 10_000);
    let liquidity = Liquidity { outbound: Amount::new(10_009), inbound: Amount::ZERO };
    node.set_liquidity(AssetId::ckb(), liquidity);
    assert_eq!(node.liquidity(&Asset::ckb()).block_on().unwrap(), liquidity);
    assert!(refusal(send(&node, &large)).contains("Insufficient balance"));

    let without_tokens = SimulatedNode::open(SimulatedNodeOptions {
        clock: Arc::new(TestClock(AtomicU64::new(START))),
        ..SimulatedNodeOptions::default()
    })
    .unwrap();
    let token = payment_request(&node, &node.foreign_invoice(&token().id, Amount::new(5), HOUR).unwrap());
    assert!(refusal(send(&without_tokens, &token)).contains("Insufficient balance"));

    for (node, request) in [(&node, &own), (&node, &low), (&node, &large), (&without_tokens, &token)] {
        assert!(matches!(payment(node, request.payment_hash), Some(PaymentState::Failed { .. })));
    }
    assert_eq!(node.payments(), []);

    let before = node.payment(low.payment_hash).block_on().unwrap().unwrap().created_at;
    let enough = PaymentRequest { fee_limit: Amount::new(10), ..low };
    node.set_liquidity(AssetId::ckb(), Liquidity { outbound: Amount::new(10_010), ..liquidity });
    assert!(send(&node, &enough).unwrap().created_at > before);
    let paid = payment(&node, enough.payment_hash);
    assert_eq!(paid, Some(PaymentState::Succeeded { fee: Amount::new(10) }));
}

#[test]
fn every_session_has_a_later_time_also_when_the_clock_stands_still() {
    let (node, _) = in_memory();
    let request = foreign(&node, 1000);
    node.set_outcome(&request.encoded, Outcome::Failure).unwrap();
    let times: Vec<_> = (0..3).map(|_| send(&node, &request).unwrap().created_at).collect();
    assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    assert_eq!(node.payments(), []);
}

#[test]
fn a_hanging_payment_ends_by_the_next_outcome() {
    for (outcome, succeeds) in [
        (Outcome::Success, true),
        (Outcome::LoseAnswer, true),
        (Outcome::Failure, false),
        (Outcome::LoseAnswerFailure, false),
    ] {
        let (node, clock) = in_memory();
        let request = foreign(&node, 1000);
        node.set_outcome(&request.encoded, Outcome::Hang).unwrap();
        send(&node, &request).unwrap();
        clock.advance(HOUR / 2);
        node.set_outcome(&request.encoded, Outcome::LoseRequest).unwrap();
        assert_eq!(payment(&node, request.payment_hash), Some(PaymentState::Pending));
        node.set_outcome(&request.encoded, Outcome::Hang).unwrap();
        assert!(refusal(send(&node, &request)).contains("already exists"));
        assert_eq!(node.payments(), []);

        node.set_outcome(&request.encoded, outcome).unwrap();
        match payment(&node, request.payment_hash).unwrap() {
            PaymentState::Succeeded { .. } => assert!(succeeds),
            PaymentState::Failed { .. } => assert!(!succeeds),
            PaymentState::Pending => panic!("still pending after {outcome}"),
        }
        assert_eq!(node.payments().len(), usize::from(succeeds));
        node.set_outcome(&request.encoded, Outcome::Success).unwrap();
        assert_eq!(node.payments().len(), usize::from(succeeds), "an ended payment is not touched");
    }
}

#[test]
fn a_lost_answer_says_nothing_about_what_was_done() {
    let (node, _) = in_memory();
    let lose = |outcome| {
        let request = foreign(&node, 1000);
        node.set_outcome(&request.encoded, outcome).unwrap();
        assert_no_answer(send(&node, &request));
        request.payment_hash
    };
    let paid = lose(Outcome::LoseAnswer);
    assert!(matches!(payment(&node, paid), Some(PaymentState::Succeeded { .. })));
    let failed = lose(Outcome::LoseAnswerFailure);
    assert!(matches!(payment(&node, failed), Some(PaymentState::Failed { .. })));
    assert_eq!(payment(&node, lose(Outcome::LoseRequest)), None);
    let hashes: Vec<_> = node.payments().into_iter().map(|payment| payment.payment_hash).collect();
    assert_eq!(hashes, [paid]);
}

#[test]
fn outcomes_have_names() {
    for outcome in Outcome::ALL {
        assert_eq!(outcome.to_string().parse(), Ok(outcome));
    }
    assert!("lose".parse::<Outcome>().is_err());
}

#[test]
fn a_node_that_is_down_answers_nothing_and_does_nothing() {
    let (node, _) = in_memory();
    let (invoice, request) = (create(&node, 1), foreign(&node, 1000));
    let mut hints = node.hints();
    node.set_down(true);
    assert_no_answer(node.info().block_on());
    assert_no_answer(node.create_invoice(invoice_request(2)).block_on());
    assert_no_answer(node.invoices(&[invoice.payment_hash]).block_on());
    assert_no_answer(node.decode_invoice(&invoice.encoded).block_on());
    assert_no_answer(send(&node, &request));
    assert_no_answer(node.payment(request.payment_hash).block_on());
    assert_no_answer(node.liquidity(&Asset::ckb()).block_on());
    node.pay(&invoice.encoded, false).unwrap();
    node.set_down(false);
    assert_eq!(hints.next().now_or_never(), None);
    assert_eq!(state(&node, &invoice), InvoiceState::Paid);
    assert_eq!(node.invoices(&[preimage(2).payment_hash()]).block_on().unwrap(), [None]);
    assert_eq!(payment(&node, request.payment_hash), None);
}

#[test]
fn questions_are_counted() {
    let (node, _) = in_memory();
    let hash = create(&node, 1).payment_hash;
    node.invoices(&[hash, hash, hash]).block_on().unwrap();
    node.invoices(&[]).block_on().unwrap();
    node.payment(hash).block_on().unwrap();
    let questions = node.questions();
    assert_eq!((questions.create_invoice, questions.invoices, questions.invoice_hashes), (1, 2, 3));
    assert_eq!((questions.payment, questions.send_payment, questions.info), (1, 0, 0));
}

#[test]
fn every_subscriber_hears_of_changes_and_a_slow_one_only_misses_some() {
    let (node, _) = in_memory();
    let (mut first, mut second) = (node.hints(), node.hints());
    drop(node.hints());
    let invoice = create(&node, 1);
    node.hold(&invoice.encoded).unwrap();
    node.pay(&invoice.encoded, false).unwrap();
    for hints in [&mut first, &mut second] {
        for _ in 0..2 {
            let hint = hints.next().now_or_never().unwrap().unwrap();
            assert_eq!(hint.payment_hash, invoice.payment_hash);
        }
        assert_eq!(hints.next().now_or_never(), None);
    }
    drop(second);
    let expired = create(&node, 2).encoded;
    for _ in 0..1500 {
        node.expire(&expired).unwrap();
    }
    let heard = std::iter::from_fn(|| first.next().now_or_never().flatten()).count();
    assert!((1000..1500).contains(&heard), "{heard}");
    node.pay(&expired, true).unwrap();
    assert!(first.next().now_or_never().flatten().is_some());
}

#[test]
fn everything_survives_a_crash_and_the_keys_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    let node = open(&path);
    let invoices: Vec<_> = (0..5).map(|n| create(&node, n)).collect();
    node.pay(&invoices[1].encoded, false).unwrap();
    node.hold(&invoices[2].encoded).unwrap();
    node.cancel(&invoices[3].encoded).unwrap();
    node.expire(&invoices[4].encoded).unwrap();
    let [paid, failed, hanging, lost] = [1, 2, 3, 4].map(|amount| foreign(&node, amount));
    send(&node, &paid).unwrap();
    node.set_outcome(&failed.encoded, Outcome::Failure).unwrap();
    send(&node, &failed).unwrap();
    node.set_outcome(&hanging.encoded, Outcome::Hang).unwrap();
    let hanging_since = send(&node, &hanging).unwrap().created_at;
    node.set_outcome(&lost.encoded, Outcome::LoseAnswer).unwrap();
    let (key, payments) = (node.info().block_on().unwrap().key, node.payments());
    drop(node);
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"{\"invoice\":{\"hash\":\"12").unwrap();

    for _ in 0..2 {
        let node = open(&path);
        assert_eq!(node.info().block_on().unwrap().key, key);
        use InvoiceState::{Cancelled, Expired, Open, Paid, Received};
        let states: Vec<_> = invoices.iter().map(|invoice| state(&node, invoice)).collect();
        assert_eq!(states, [Open, Paid, Received, Cancelled, Expired]);
        assert_eq!(node.payments(), payments);
        assert!(matches!(payment(&node, failed.payment_hash), Some(PaymentState::Failed { .. })));
        assert_eq!(payment(&node, hanging.payment_hash), Some(PaymentState::Pending));
        assert!(refusal(send(&node, &paid)).contains("already exists"));
        let again = node.create_invoice(invoice_request(0)).block_on();
        assert!(matches!(again, Err(NodeError::InvoiceExists)));
    }

    let node = open(&path);
    assert_no_answer(send(&node, &lost));
    let status = node.payment(lost.payment_hash).block_on().unwrap().unwrap();
    assert!(status.created_at > hanging_since);
    node.set_outcome(&hanging.encoded, Outcome::Success).unwrap();
    let payments = node.payments();
    assert_eq!(payments.len(), 3);
    drop(node);
    let node = open(&path);
    assert_eq!(node.payments(), payments);
    let payee = |encoded: &str| node.decode_invoice(encoded).block_on().unwrap().payee;
    assert_eq!(payee(&foreign(&node, 9).encoded), payee(&paid.encoded));
}

#[test]
fn a_file_opens_wherever_its_last_line_was_cut() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    let node = open(&path);
    let (first, second) = (create(&node, 1), create(&node, 2));
    drop(node);
    let whole = std::fs::read(&path).unwrap();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for length in last_line..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let node = open(&path);
        assert_eq!(state(&node, &first), InvoiceState::Open);
        assert_eq!(node.invoices(&[second.payment_hash]).block_on().unwrap(), [None]);
        assert_eq!(create(&node, 2).payment_hash, second.payment_hash);
    }
    let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for length in 0..=first_line {
        std::fs::write(&path, &whole[..length]).unwrap();
        create(&open(&path), 1);
    }
}

#[test]
fn a_damaged_line_another_network_and_another_file_are_clear_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    let node = open(&path);
    (1..=2).for_each(|n| drop(create(&node, n)));
    drop(node);
    let error = |network| open_with(Some(&path), network).err().unwrap();
    assert!(error(Network::Testnet).to_string().ends_with("is on dev, not on testnet"));

    let whole = std::fs::read_to_string(&path).unwrap();
    let second_line = whole.find('\n').unwrap() + 1;
    let damaged = whole.replacen("\"invoice\"", "\"involce\"", 1) + "{\"mark\":";
    std::fs::write(&path, &damaged).unwrap();
    let told = error(Network::Dev).to_string();
    assert!(told.ends_with(&format!("is damaged at byte {second_line}")), "{told}");

    let letter = "dear bank, please find enclosed";
    std::fs::write(&path, letter).unwrap();
    assert!(matches!(error(Network::Dev), OpenSimulatedNodeError::File { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[test]
fn ten_thousand_invoices_are_told_apart_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    let node = open(&path);
    let invoices: Vec<_> = (0..10_000).map(|n| create(&node, n)).collect();
    for invoice in invoices.iter().step_by(100) {
        node.pay(&invoice.encoded, false).unwrap();
    }
    let hashes: Vec<_> = invoices.iter().map(|invoice| invoice.payment_hash).collect();
    for node in [node, open(&path)] {
        let found = node.invoices(&hashes).block_on().unwrap();
        assert_eq!(found.len(), invoices.len());
        for (n, (found, invoice)) in found.into_iter().zip(&invoices).enumerate() {
            let expected = if n % 100 == 0 { InvoiceState::Paid } else { InvoiceState::Open };
            let found = found.unwrap();
            assert_eq!((&found.invoice, found.state), (invoice, expected));
        }
    }
}

#[test]
fn printing_a_node_shows_no_secret_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    let node = open(&path);
    let file = std::fs::read_to_string(&path).unwrap();
    let secret = file.split("\"key\":\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(secret.len(), 64);
    assert!(!format!("{node:?}").contains(secret));
}

#[test]
fn a_node_that_comes_back_with_an_older_state_or_forgets_has_paid_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.jsonl");
    for at in [None, Some(path.as_path())] {
        let (node, _) = open_with(at, Network::Dev).unwrap();
        let kept = create(&node, 1);
        let paid = foreign(&node, 10_000);
        let snapshot = node.snapshot();
        let lost = create(&node, 2);
        node.pay(&kept.encoded, false).unwrap();
        send(&node, &paid).unwrap();
        let truth = node.payments();
        assert_eq!(truth.len(), 1);

        node.go_back(snapshot).unwrap();
        assert_eq!(state(&node, &kept), InvoiceState::Open);
        assert_eq!(node.own_invoice(lost.payment_hash).unwrap(), None);
        assert_eq!(payment(&node, paid.payment_hash), None);
        assert_eq!(node.payments(), truth);

        send(&node, &paid).unwrap();
        node.forget_payment(paid.payment_hash).unwrap();
        assert_eq!(payment(&node, paid.payment_hash), None);
        assert_eq!(node.payments()[0].times_paid, 2, "sent again, and both times paid");
        let middle = fiber_link_core::simulated::Snapshot::from_number(snapshot.number() - 1);
        assert!(node.go_back(middle).is_err(), "no line begins there");
        assert_eq!(state(&node, &kept), InvoiceState::Open, "and nothing was lost");
    }
    let node = open(&path);
    assert_eq!(node.payments()[0].times_paid, 2, "also after a restart");
}
