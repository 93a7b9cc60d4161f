//! Users who tip and withdraw, and who ask again with the same key until they get an answer.

use crate::client::{Addresses, Client};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const CLIENTS: u64 = 4;
const CREATORS: u64 = 6;

/// What the server promised, and must have kept in the end.
#[derive(Default)]
pub struct Promises {
    pub tips: Vec<PaidTip>,
    /// The ids of those that were accepted.
    pub withdrawals: Vec<String>,
}

/// A tip whose invoice was paid.
pub struct PaidTip {
    pub invoice: String,
    pub to_user: String,
    pub amount: u128,
}

/// Clients at work.
pub struct Workload {
    stopped: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Promises>>,
}

/// A small source of choices that a seed repeats.
pub struct Random(u64);

impl Promises {
    pub fn users(&self) -> BTreeSet<String> {
        self.tips.iter().map(|tip| tip.to_user.clone()).collect()
    }
}

impl Workload {
    pub fn start(addresses: &Addresses, seed: u64) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let client = |number| {
            let (stopped, addresses) = (stopped.clone(), addresses.clone());
            std::thread::spawn(move || User::new(&addresses, seed, number).work(&stopped))
        };
        Self { clients: (1..=CLIENTS).map(client).collect(), stopped }
    }

    /// Lets every client bring what it began to an answer.
    pub fn finish(self) -> Promises {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Promises::default();
        for client in self.clients {
            let promises = client.join().unwrap();
            all.tips.extend(promises.tips);
            all.withdrawals.extend(promises.withdrawals);
        }
        all
    }
}

struct User {
    client: Client,
    random: Random,
    number: u64,
    requests: u64,
    promises: Promises,
    changes: Vec<Change>,
}

/// What the node will do about the payments of an invoice from some moment on.
struct Change {
    at: Instant,
    invoice: String,
    outcome: &'static str,
}

impl User {
    fn new(addresses: &Addresses, seed: u64, number: u64) -> Self {
        let random = Random::new(seed.wrapping_add(number));
        let (client, promises) = (Client::new(addresses), Promises::default());
        Self { client, random, number, requests: 0, promises, changes: Vec::new() }
    }

    fn work(mut self, stopped: &AtomicBool) -> Promises {
        while !stopped.load(Ordering::Relaxed) {
            if self.random.below(4) == 0 {
                self.withdraw();
            } else {
                self.tip();
            }
            self.change_outcomes();
        }
        self.promises
    }

    fn tip(&mut self) {
        let ckb = 1 + self.random.below(50);
        let to_user = format!("creator-{}", self.random.below(CREATORS));
        let params = json!({
            "postId": "1", "fromUserId": format!("user-{}", self.number), "toUserId": to_user,
            "asset": "CKB", "amount": ckb.to_string(), "idempotencyKey": self.next_key(),
        });
        let created = self.client.until_answered("tip.create", &params).unwrap();
        let invoice = created["invoice"].as_str().unwrap().to_owned();
        // An invoice whose payment got no answer may be paid already: that is an answer too.
        let (status, answer) = self.client.until_simulated("pay", &json!({ "invoice": invoice }));
        let already_paid = answer["error"].as_str().is_some_and(|error| error.contains("paid already"));
        assert!(status == 200 || already_paid, "{status} {answer}");
        self.promises.tips.push(PaidTip { invoice, to_user, amount: u128::from(ckb) * 100_000_000 });
    }

    fn withdraw(&mut self) {
        let ckb = (1 + self.random.below(30)).to_string();
        let user = format!("creator-{}", self.random.below(CREATORS));
        let invoice = self.client.foreign_invoice(&ckb);
        let (outcome, later) = match self.random.below(10) {
            0 => ("failure", None),
            1 => ("failure", Some("success")),
            2 => ("lose_answer_failure", None),
            3 => ("lose_answer_failure", Some("lose_answer")),
            4 | 5 => ("lose_answer", None),
            _ => ("success", None),
        };
        self.set_outcome(&invoice, outcome);
        let params = json!({
            "userId": user, "asset": "CKB", "amount": ckb, "idempotencyKey": self.next_key(),
            "destination": { "kind": "PAYMENT_REQUEST", "paymentRequest": invoice },
        });
        match self.client.until_answered("withdrawal.request", &params) {
            Ok(accepted) => self.promises.withdrawals.push(accepted["id"].as_str().unwrap().to_owned()),
            Err((-32602, message)) => assert_eq!(message, "Insufficient balance for withdrawal"),
            Err(error) => panic!("{error:?}"),
        }
        if let Some(later) = later {
            // By then the first attempts have failed, as a rule.
            let at = Instant::now() + Duration::from_millis(self.random.below(500));
            self.changes.push(Change { at, invoice, outcome: later });
        }
    }

    /// Changes what the node does, where it is time for that.
    fn change_outcomes(&mut self) {
        let (now, changes) = (Instant::now(), std::mem::take(&mut self.changes));
        let (due, rest) = changes.into_iter().partition::<Vec<_>, _>(|change| change.at <= now);
        self.changes = rest;
        for Change { at: _, invoice, outcome } in due {
            self.set_outcome(&invoice, outcome);
        }
    }

    /// What the node does about the next payment of an invoice.
    fn set_outcome(&self, invoice: &str, outcome: &str) {
        let (status, answer) =
            self.client.until_simulated("outcome", &json!({ "invoice": invoice, "outcome": outcome }));
        assert_eq!(status, 200, "{answer}");
    }

    fn next_key(&mut self) -> String {
        self.requests += 1;
        format!("{}-{}", self.number, self.requests)
    }
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `bound` (xorshift64*).
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}
