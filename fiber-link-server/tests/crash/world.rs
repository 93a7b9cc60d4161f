//! Servers at work, and what they share.

use crate::client::Addresses;
use crate::process::{Process, Program};
use crate::{APP, SECRET};
use std::time::Duration;
use tempfile::TempDir;

pub struct World {
    program: Program,
    store: String,
    pub servers: Vec<Process>,
    /// A node that is no part of a server.
    node: Option<Process>,
    _folder: TempDir,
}

/// What each server is started with: a claim of three seconds, and retries soon after a failure.
const SERVE: [&str; 11] = [
    "serve",
    "--rate-limit",
    "off",
    "--node-timeout",
    "1s",
    "--claim",
    "3s",
    "--withdrawal-retries",
    "2",
    "--withdrawal-retry-wait",
    "200ms",
];

/// How long the right to send a payment lasts in these servers.
pub const CLAIM: Duration = Duration::from_secs(3);

impl World {
    /// One server with a file and a node in itself.
    pub fn on_sqlite() -> Self {
        let (folder, mut program) = begin();
        let store = format!("sqlite:{}", folder.path().join("fiber-link.sqlite").display());
        program.environment.push(("FIBER_LINK_STORE", store.clone()));
        let server = Process::start(&program, "server", &[&SERVE[..], &["--node", "simulated"]].concat());
        Self { program, store, servers: vec![server], node: None, _folder: folder }
    }

    /// Two servers with one database and one node.
    pub fn on_postgres(url: &str) -> Self {
        let (folder, mut program) = begin();
        let node = Process::start(&program, "node", &["node-stub", "--data", "node-data"]);
        program.environment.push(("FIBER_LINK_STORE", url.to_owned()));
        let node_url = format!("http://{}", node.address());
        let arguments = [&SERVE[..], &["--migrate", "--node", &node_url]].concat();
        let server = |name| Process::start(&program, name, &arguments);
        let servers = ["one", "two"].map(server).into();
        Self { program, store: url.to_owned(), servers, node: Some(node), _folder: folder }
    }

    pub fn addresses(&self) -> Addresses {
        let servers: Vec<_> = self.servers.iter().map(Process::address).collect();
        let simulator = self.node.as_ref().map_or(servers[0], Process::address);
        Addresses { servers, simulator }
    }

    /// Does what an operator does after a crash: declares dead whoever is listed and does not run.
    /// What such a one may have sent is taken over by the others.
    pub fn bury_the_dead(&self) {
        let list = self.tool(&["server", "list"]);
        for line in list.lines() {
            let [id, label, _, _, how, _] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
            let runs = self.servers.iter().any(|server| label.ends_with(&format!(":{}", server.id())));
            if !runs && !how.starts_with("declared dead") {
                self.tool(&["server", "declare-dead", id, "--force", "--reason", "it was killed"]);
            }
        }
    }

    /// Ends each server in order and starts it again, one after the other: it leaves to others what
    /// it woke up too late to send.
    pub fn restart_in_turn(&mut self) {
        for server in &mut self.servers {
            server.stop();
            server.restart();
        }
    }

    /// Where the store is, as the servers are told.
    pub fn store(&self) -> &str {
        &self.store
    }

    fn tool(&self, arguments: &[&str]) -> String {
        let output = self.program.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The invoices that the node ever made for us.
    pub fn invoices_made(&self) -> Vec<String> {
        let facts =
            std::fs::read_to_string(self.program.folder.join("node-data/simulated-node.jsonl")).unwrap();
        // What follows the last end of a line is on its way still.
        let (facts, _) = facts.rsplit_once('\n').unwrap_or_default();
        let facts = facts.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        facts.filter_map(|fact| Some(fact["invoice"]["encoded"].as_str()?.to_owned())).collect()
    }

    /// Ends everything as an operator does.
    pub fn stop(&mut self) {
        self.servers.iter_mut().for_each(Process::stop);
        if let Some(node) = &mut self.node {
            node.stop();
        }
    }

    /// Whether `fiber-link audit` is content, and the lines that say what it is not content with.
    pub fn audit(&self) -> (bool, String) {
        let output = self.program.run(&["audit"]);
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        println!("{printed}");
        let findings = if output.status.success() { String::new() } else { printed };
        (output.status.success(), findings)
    }
}

fn begin() -> (TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::new(folder.path());
    let keys = folder.path().join("keys");
    std::fs::write(&keys, format!("tests:{}", "5".repeat(64))).unwrap();
    program.environment.push(("FIBER_LINK_KEY_FILE", keys.display().to_string()));
    program.environment.push(("FIBER_LINK_HMAC_SECRET_MAP", format!("{{\"{APP}\":\"{SECRET}\"}}")));
    (folder, program)
}
