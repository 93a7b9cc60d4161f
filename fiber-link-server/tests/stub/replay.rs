//! What was recorded of real nodes, asked of the stub once more.

use crate::client::{JSON, Reply, exchange};
use crate::shape::differences;
use crate::world::World;
use fiber_link_core::simulated::Outcome;
use fiber_link_core::{Amount, AssetId, Liquidity, PaymentHash};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// One recorded exchange.
#[derive(Deserialize)]
struct Exchange {
    node: Option<String>,
    method: Option<String>,
    #[serde(default)]
    note: String,
    request: Option<String>,
    http_status: Option<u16>,
    response: Option<Value>,
}

/// What is not replayed: the method, what its note or its request holds, and why.
const NOT_REPLAYED: [(&str, &str, &str); 27] = [
    ("new_invoice", "allow_mpp", "the stub makes invoices of one part; nobody asks it for others"),
    ("new_invoice", "allow_trampoline_routing", "nobody asks the stub for it"),
    ("new_invoice", "fallback_address", "nobody asks the stub for it"),
    ("new_invoice", "amount u128 max", "amounts end at 2^127-1 in Fiber Link"),
    ("new_invoice", "hash_type case", "fnn lists 128 hash types, the stub the four that there are"),
    ("send_payment", "without invoice", "the stub pays invoices alone"),
    ("send_payment", "keysend 2 hops", "the stub pays invoices alone"),
    ("send_payment", "custom_records key too large", "the stub pays invoices alone"),
    ("send_payment", "invalid pubkey", "the stub pays invoices alone"),
    ("send_payment", "UDT keysend", "the stub pays invoices alone"),
    ("send_payment", "trampoline", "there are no hops to be chosen"),
    ("send_payment", "MPP invoice", "made with allow_mpp"),
    ("send_payment", "F", "a payment without invoice"),
    ("get_payment", "keysend", "of a payment that is not replayed"),
    ("get_payment", "unknown hash at payee", "of a payment that is not replayed"),
    ("get_payment", "trampoline", "of a payment that is not replayed"),
    ("get_payment", "mpp", "of a payment that is not replayed"),
    ("get_payment", "F t+", "of a payment that is not replayed"),
    ("get_invoice", "mpp", "of a payment that is not replayed"),
    ("settle_invoice", "again at once", "a real node settles after it answered, the stub before"),
    ("cancel_invoice", "cancel C immediately", "a real node settles after it answered, the stub before"),
    (
        "send_payment",
        "same invoice again at once",
        "a payment of the stub ends at once; see 04 for one that is held",
    ),
    ("list_channels", "no channels yet", "the stub has a channel for each asset"),
    ("list_channels", "pending list", "channels of the stub are always ready"),
    ("list_channels", "new channel state", "channels of the stub are always ready"),
    ("list_channels", "acceptor view", "the stub accepts no channels"),
    ("list_channels", "pending_tlcs", "the stub shows no payments in its channels"),
];

/// Methods of a real node that the stub does without.
const NOT_SERVED: [&str; 13] = [
    "list_peers",
    "connect_peer",
    "disconnect_peer",
    "open_channel",
    "accept_channel",
    "abandon_channel",
    "shutdown_channel",
    "update_channel",
    "graph_nodes",
    "graph_channels",
    "build_router",
    "get_transaction",
    "(no method)",
];

/// A hash of no payment, after which others came in the recorded list.
const NO_PAYMENT: &str = "0xb7767504e5def5c367d8c0bc0095323072e6616e9a36f394baca45820f8ea22c";

/// Time passes before these.
const LATER: [(&str, u64); 4] = [
    ("ERROR expired invoice", 2),
    ("2s invoice t+2", 3),
    ("D expired", 3),
    ("D: settle after invoice expiry", 7),
];

fn transcript(name: &str) -> Vec<Exchange> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fiber-link-core/tests/fnn/transcripts");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Replay {
    world: World,
    /// What was recorded, and what stands in its place here.
    names: Vec<(String, String)>,
    /// Where the last list ended, as recorded and here: lists are sorted by hashes, which differ.
    cursor: Option<(String, String)>,
    replayed: usize,
    wrong: Vec<String>,
}

impl Replay {
    fn new() -> Self {
        // Whatever hashes are drawn here, they come after this one.
        let names = vec![(NO_PAYMENT.to_owned(), format!("0x{}", "0".repeat(64)))];
        Self { world: World::new(), names, cursor: None, replayed: 0, wrong: Vec::new() }
    }

    fn of(name: &str, replayed: usize) {
        let mut replay = Self::new();
        for exchange in transcript(name) {
            replay.take(&exchange);
        }
        assert!(replay.wrong.is_empty(), "{name}:\n{}", replay.wrong.join("\n"));
        assert_eq!(replay.replayed, replayed, "{name}: so many are to be replayed");
    }

    fn take(&mut self, exchange: &Exchange) {
        let method = exchange.method.as_deref().unwrap_or("(no method)");
        let body = exchange.request.as_deref().unwrap_or_default();
        let left_out = |(of, part, _): &(&str, &str, &str)| {
            *of == method && (is_note(&exchange.note, part) || part.len() > 1 && body.contains(part))
        };
        if NOT_SERVED.contains(&method) || NOT_REPLAYED.iter().any(left_out) {
            return;
        }
        let (Some(node), Some(body)) = (&exchange.node, &exchange.request) else { return };
        let Some(peer) = self.world.peers.get(node.as_str()) else { return };
        let address = peer.address();
        if let Some((_, seconds)) = LATER.iter().find(|(note, _)| exchange.note.starts_with(note)) {
            self.world.clock.advance(Duration::from_secs(*seconds));
        }
        let names = self.cursor.iter().filter(|_| body.contains("\"after\"")).chain(&self.names);
        let body = names.fold(body.clone(), |body, (recorded, ours)| body.replace(recorded, ours));
        self.before(node, method, &exchange.note, &body);
        let authorization = authorization(&exchange.note);
        let headers: Vec<_> =
            [JSON].into_iter().chain(authorization.map(|text| ("authorization", text))).collect();
        let reply = crate::client::exchange(address, "POST", "/", &headers, body.as_bytes()).unwrap();
        self.compare(exchange, &reply);
        self.after(method, &body, exchange, &reply);
    }

    /// What the rest of the world does before a request.
    fn before(&mut self, node: &str, method: &str, note: &str, body: &str) {
        if method == "send_payment" {
            let outbound = if note.contains("capacity") {
                489_899_900_000
            } else if note.contains("reverse direction node3->node1 50 CKB") {
                400_000_001
            } else {
                u64::MAX
            };
            let liquidity = Liquidity { outbound: Amount::new(outbound), inbound: Amount::ZERO };
            self.world.peers[node].node.set_liquidity(AssetId::ckb(), liquidity);
            let refused =
                note.contains("ERROR") || note.contains("capacity") || note.contains("max_fee_amount 0");
            if !refused && !body.contains("dry_run") {
                for hash in self.hashes(body) {
                    self.world.route(node, hash);
                }
            }
        }
    }

    /// The hashes of the invoices that `body` names.
    fn hashes(&self, body: &str) -> Vec<PaymentHash> {
        let peers = self.world.peers.values();
        let named = peers.flat_map(|peer| {
            let known = self.names.iter().filter(|(_, ours)| body.contains(ours.as_str()));
            let described = known.filter_map(|(_, ours)| {
                let invoice = fiber_link_core::simulated::describe_invoice(ours).ok()?;
                invoice["data"]["payment_hash"].as_str()?.parse::<PaymentHash>().ok()
            });
            described.filter(|hash| peer.node.own_invoice(*hash).unwrap().is_some()).collect::<Vec<_>>()
        });
        named.collect()
    }

    fn after(&mut self, method: &str, body: &str, exchange: &Exchange, reply: &Reply) {
        let ours = reply.json();
        let (Some(recorded), Some(ours)) =
            (exchange.response.as_ref().and_then(|response| response.get("result")), ours.get("result"))
        else {
            return;
        };
        if method == "new_invoice" {
            for pointer in ["/invoice_address", "/invoice/data/payment_hash"] {
                let text = |value: &Value| value.pointer(pointer).unwrap().as_str().unwrap().to_owned();
                self.names.push((text(recorded), text(ours)));
            }
            let hash = ours["invoice"]["data"]["payment_hash"].as_str().unwrap().parse().unwrap();
            if body.contains("\"payment_hash\"") {
                self.world.held_invoices.insert(hash);
            }
        }
        if let (Some(recorded), Some(ours)) = (recorded["last_cursor"].as_str(), ours["last_cursor"].as_str())
        {
            self.cursor = Some((recorded.to_owned(), ours.to_owned()));
        }
        let hash = || {
            let body: Value = serde_json::from_str(body).unwrap();
            body["params"][0]["payment_hash"].as_str().unwrap().parse().unwrap()
        };
        match method {
            "settle_invoice" => self.world.end(hash(), Outcome::Success),
            "cancel_invoice" => self.world.end(hash(), Outcome::Failure),
            _ => {}
        }
    }

    fn compare(&mut self, exchange: &Exchange, reply: &Reply) {
        self.replayed += 1;
        let mut recorded = exchange.response.clone().unwrap();
        let ours = reply.json();
        let moves = exchange.note.contains("status change") || exchange.note.contains("payer");
        let moves =
            moves || exchange.note.contains("right after settle") || exchange.note.starts_with("E: 8 s");
        if let Some(recorded) = recorded.get_mut("result")
            && let Some(ours) = ours.get("result")
        {
            // Here a payment takes no time, and fails for a reason of its own.
            let passing = ["Created", "Inflight", "Open", "Received"];
            let status = |value: &Value| value["status"].as_str().unwrap_or_default().to_owned();
            if moves && passing.contains(&status(recorded).as_str()) {
                recorded["status"] = ours["status"].clone();
            }
            if recorded.get("failed_error").is_some() && status(ours) == "Failed" && moves {
                recorded["failed_error"] = ours["failed_error"].clone();
            }
        }
        let mut wrong = differences(&recorded, &ours);
        if Some(reply.status) != exchange.http_status {
            wrong.push(format!("HTTP {:?} was recorded, {} came", exchange.http_status, reply.status));
        }
        let method = exchange.method.as_deref().unwrap_or_default();
        let wrong = wrong.iter().map(|line| format!("{method}, {}: {line}", exchange.note));
        self.wrong.extend(wrong);
    }
}

fn is_note(note: &str, part: &str) -> bool {
    if part.len() == 1 { note == part } else { note.contains(part) }
}

/// The recorded tokens are not shown; their notes say which it was.
fn authorization(note: &str) -> Option<&'static str> {
    let tokens = [
        ("garbage token", "Bearer garbage"),
        ("without the Bearer prefix", "full"),
        ("lower-case bearer", "bearer full"),
        ("basic auth", "Basic full"),
        ("signed by another key", "Bearer other"),
        ("expired token", "Bearer expired"),
        ("future expiry", "Bearer full"),
        ("full token", "Bearer full"),
        ("read-only token", "Bearer read"),
        ("write-only token", "Bearer write"),
        ("write does not imply read", "Bearer write"),
    ];
    tokens.into_iter().find(|(part, _)| note.contains(part)).map(|(_, header)| header)
}

#[test]
fn nodes_and_their_empty_lists_are_as_recorded() {
    Replay::of("01_node_peer_channel.jsonl", 9);
}

#[test]
fn invoices_are_as_recorded() {
    Replay::of("02_invoices.jsonl", 65);
}

#[test]
fn payments_are_as_recorded() {
    Replay::of("03_payments.jsonl", 99);
}

#[test]
fn hold_invoices_are_as_recorded() {
    Replay::of("04_hold_invoices.jsonl", 56);
}

#[test]
fn what_subscribers_saw_was_asked_for_as_recorded() {
    Replay::of("06_pubsub_actions.jsonl", 22);
}

#[test]
fn tokens_on_the_chain_are_as_recorded() {
    Replay::of("07_udt.jsonl", 19);
}

#[test]
fn rights_are_as_recorded() {
    Replay::of("10_auth_biscuit.jsonl", 19);
}

#[test]
fn errors_of_the_protocol_are_as_recorded() {
    let mut replay = Replay::new();
    let address = replay.world.address();
    let mut left_out = 0;
    for recorded in transcript("05_protocol_errors.jsonl") {
        let not_served = NOT_SERVED.iter().any(|method| recorded.method.as_deref() == Some(method));
        // The batch asks for the peers; the body of 11 MiB has a test of its own.
        if not_served || recorded.note == "batch" || recorded.response.is_none() {
            left_out += 1;
            continue;
        }
        let note = recorded.note.as_str();
        let (verb, path) = match note {
            "HTTP GET" => ("GET", "/"),
            "other URL path" => ("POST", "/some/other/path"),
            _ => ("POST", "/"),
        };
        let headers: &[_] = match note {
            "wrong content type" => &[("content-type", "text/plain")],
            "no content type" => &[],
            "content type with charset" => &[("content-type", "application/json; charset=utf-8")],
            _ => &[JSON],
        };
        let body = recorded.request.clone().unwrap();
        let reply = exchange(address, verb, path, headers, body.as_bytes()).unwrap();
        replay.compare(&recorded, &reply);
    }
    assert!(replay.wrong.is_empty(), "{}", replay.wrong.join("\n"));
    assert_eq!((replay.replayed, left_out), (25, 8));
}
