//! Clients that go away in the middle of what they ask, of what is done for them, and of what they
//! are answered.
//!
//! `FIBER_LINK_DROPS` says how many requests are made (10 000 by default).

use crate::activity::{Activity, Watch, connections_to};
use crate::client::{Addresses, Client, read_answer, read_result, signed_call};
use crate::oracle::each_withdrawal_was_paid_once_or_failed;
use crate::records::Records;
use crate::restarts::until;
use crate::workload::Random;
use crate::world::World;
use crate::{my_turn, number_from_environment, seed};
use fiber_link_postgres_cluster::Cluster;
use fiber_link_store_postgres::PoolSettings;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const REQUESTS: u64 = 10_000;
const VISITORS: u64 = 16;
const CREATOR: &str = "creator";

/// Somebody who asks and mostly does not wait for the answer.
struct Visitor {
    addresses: Addresses,
    random: Random,
    number: u64,
    invoice: String,
    heard: u64,
    /// Internal errors among the answers.
    failed: u64,
    asked: Vec<Asked>,
}

/// A request that does something, and its result if that was heard.
struct Asked {
    method: &'static str,
    params: Value,
    heard: Option<Value>,
}

#[test]
fn clients_that_go_away_leave_nothing_half_done_and_nothing_open() {
    let _turn = my_turn();
    let (requests, seed) = (number_from_environment("FIBER_LINK_DROPS").unwrap_or(REQUESTS), seed());
    let cluster = Cluster::start();
    let mut world = World::on_postgres(&cluster.url());
    let client = Client::new(&world.addresses());
    let invoice = fund(&client);

    let watch = Watch::start(Activity::of(&cluster.url()));
    let began = Instant::now();
    let visitors = (0..VISITORS).map(|number| Visitor::new(&world, seed, number, &invoice)).collect();
    let visitors = all_at_once(visitors, move |visitor| visitor.ask_and_leave(requests / VISITORS));
    println!("{requests} requests took {:?}", began.elapsed());
    let worst = watch.worst();
    assert_eq!(worst.idle_in_transaction, 0, "{worst:?}");
    // A connection that was given up while it was made is one more, until the server is through with it.
    let limit = i64::from(PoolSettings::default().connections) * 2 + i64::try_from(VISITORS).unwrap();
    assert!((1..=limit).contains(&worst.connections), "{worst:?}");
    nothing_is_open(&world, &cluster.url(), client);
    assert_eq!(world.audit(), (true, String::new()), "before anything was asked again");

    every_invoice_is_found(&world);
    something_was_cut_off(&Records::open(&world), &visitors);
    let visitors = all_at_once(visitors, Visitor::ask_again);
    let client = Client::new(&world.addresses());
    until("paid out", Duration::from_secs(180), || (client.balance(CREATOR).reserved == 0).then_some(()));
    let payments = client.payments();
    nothing_is_open(&world, &cluster.url(), client);

    world.stop();
    let records = Records::open(&world);
    let asked =
        |method| visitors.iter().flat_map(|visitor| &visitor.asked).filter(|a| a.method == method).count();
    let (tips, withdrawals) = (records.tips(), records.withdrawals());
    assert_eq!(tips.len(), asked("tip.create") + 1, "a tip for each key, and the one with the funds");
    assert!(tips.iter().all(|tip| tip.invoice().is_some()));
    assert_eq!(world.invoices_made().len(), tips.len(), "an invoice for each tip");
    assert_eq!(withdrawals.len(), asked("withdrawal.request"), "a withdrawal for each key");
    each_withdrawal_was_paid_once_or_failed(&withdrawals, &payments);
    assert_eq!(world.audit(), (true, String::new()));
}

/// Gives the creator more than all will withdraw; the invoice by which that came.
fn fund(client: &Client) -> String {
    let params = json!({ "postId": "1", "fromUserId": "reader", "toUserId": CREATOR, "asset": "CKB",
        "amount": "20000", "idempotencyKey": "the funds" });
    let created = client.until_answered("tip.create", &params).unwrap();
    let invoice = created["invoice"].as_str().unwrap().to_owned();
    assert_eq!(client.until_simulated("pay", &json!({ "invoice": invoice })).0, 200);
    until("funded", Duration::from_secs(30), || (client.tip_state(&invoice) == "SETTLED").then_some(()));
    invoice
}

fn all_at_once(visitors: Vec<Visitor>, act: impl Fn(&mut Visitor) + Copy + Send + 'static) -> Vec<Visitor> {
    let threads = visitors.into_iter().map(|mut visitor| {
        std::thread::spawn(move || {
            act(&mut visitor);
            visitor
        })
    });
    let threads: Vec<_> = threads.collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Once the last client has left, so has everything that was begun for it.
fn nothing_is_open(world: &World, url: &str, client: Client) {
    drop(client);
    let mut activity = Activity::of(url);
    // The servers look for work five times a second: at some moment none does.
    until("at rest", Duration::from_secs(10), || (activity.look().busy == 0).then_some(()));
    for server in world.addresses().servers {
        until("left alone", Duration::from_secs(10), || (connections_to(server) == 0).then_some(()));
    }
}

/// Nobody may have heard of an invoice that was made, and its tip knows it all the same.
fn every_invoice_is_found(world: &World) {
    let records = Records::open(world);
    until("found by the passes", Duration::from_secs(120), || {
        let tips = records.tips();
        let known: BTreeSet<_> = tips.iter().filter_map(|tip| Some(&tip.invoice()?.encoded)).collect();
        world.invoices_made().iter().all(|made| known.contains(made)).then_some(())
    });
}

/// Some requests were dropped before they did anything, others after.
fn something_was_cut_off(records: &Records, visitors: &[Visitor]) {
    for (method, done) in
        [("tip.create", records.tips().len() - 1), ("withdrawal.request", records.withdrawals().len())]
    {
        let asked = visitors.iter().flat_map(|visitor| &visitor.asked).filter(|asked| asked.method == method);
        let (asked, heard) = (asked.clone().count(), asked.filter(|asked| asked.heard.is_some()).count());
        println!("{method}: {asked} asked for, {done} done, {heard} heard of");
        assert!(heard < done && done < asked, "too little was cut off to prove anything");
    }
    let heard: u64 = visitors.iter().map(|visitor| visitor.heard).sum();
    let failed: u64 = visitors.iter().map(|visitor| visitor.failed).sum();
    println!("{heard} requests of all were answered, and {failed} with a failure of the server");
    assert!(failed * 100 <= heard, "more than a busy machine explains");
}

impl Visitor {
    fn new(world: &World, seed: u64, number: u64, invoice: &str) -> Self {
        Self {
            addresses: world.addresses(),
            random: Random::new(seed.wrapping_add(number)),
            number,
            invoice: invoice.to_owned(),
            heard: 0,
            failed: 0,
            asked: Vec::new(),
        }
    }

    fn ask_and_leave(&mut self, times: u64) {
        let client = Client::new(&self.addresses);
        for _ in 0..times {
            let (method, params) = self.choose(&client);
            let server = self.addresses.servers[self.random.below(2) as usize];
            let answer = self.exchange(server, signed_call(server, method, &params).as_bytes());
            let heard = answer.and_then(|answer| match read_result(&answer) {
                Ok(result) => Some(result),
                // On a busy machine the node is late, or now and then a connection of the database.
                Err((-32011, _)) => None,
                Err((-32603, _)) => {
                    self.failed += 1;
                    None
                }
                Err(error) => panic!("{method} {params}: {error:?}"),
            });
            self.heard += u64::from(heard.is_some());
            if params.get("idempotencyKey").is_some() {
                self.asked.push(Asked { method, params, heard });
            }
        }
    }

    fn choose(&mut self, client: &Client) -> (&'static str, Value) {
        let key = format!("{}-{}", self.number, self.asked.len());
        let to = |invoice: &str| json!({ "kind": "PAYMENT_REQUEST", "paymentRequest": invoice });
        match self.random.below(20) {
            0..=7 => {
                let params = json!({ "postId": "1", "fromUserId": "reader", "toUserId": CREATOR, "asset": "CKB",
                    "amount": "1", "idempotencyKey": key });
                ("tip.create", params)
            }
            8..=10 => {
                let params = json!({ "userId": CREATOR, "asset": "CKB", "amount": "1",
                    "destination": to(&client.foreign_invoice("1")), "idempotencyKey": key });
                ("withdrawal.request", params)
            }
            11..=13 => {
                let params = json!({ "userId": CREATOR, "asset": "CKB", "amount": "20000",
                    "destination": to(&self.invoice) });
                ("withdrawal.quote", params)
            }
            14..=15 => ("dashboard.summary", json!({ "userId": CREATOR, "includeAdmin": true })),
            16 => ("tip.settled_feed", json!({})),
            17 => ("event.list", json!({})),
            _ => ("tip.status", json!({ "invoice": self.invoice })),
        }
    }

    /// Sends a request, and leaves at some moment before or after the answer.
    fn exchange(&mut self, server: SocketAddr, request: &[u8]) -> Option<Value> {
        let mut stream = TcpStream::connect(server).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        match self.random.below(4) {
            0 => {
                let part = self.random.below(request.len() as u64) as usize;
                stream.write_all(&request[..part]).unwrap();
                None
            }
            1 => {
                stream.write_all(request).unwrap();
                let longest = [1, 5_000, 50_000][self.random.below(3) as usize];
                std::thread::sleep(Duration::from_micros(self.random.below(longest)));
                None
            }
            2 => {
                stream.write_all(request).unwrap();
                // Every answer is longer.
                let mut part = vec![0; 1 + self.random.below(120) as usize];
                stream.read_exact(&mut part).unwrap();
                None
            }
            _ => {
                stream.write_all(request).unwrap();
                Some(read_answer(&mut BufReader::new(stream)).unwrap().1)
            }
        }
    }

    /// Whatever became of a request: asked again, at each of the servers, it is answered alike.
    fn ask_again(&mut self) {
        let client = Client::new(&self.addresses);
        for asked in &self.asked {
            let answers = [(); 2].map(|()| client.until_answered(asked.method, &asked.params).unwrap());
            assert_eq!(answers[0], answers[1], "{}", asked.params);
            if let Some(heard) = &asked.heard {
                assert_eq!(heard, &answers[0], "{}", asked.params);
            }
        }
    }
}
