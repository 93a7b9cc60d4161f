//! A store, servers on it, and the tools of an operator.

use crate::process::http::signed;
use crate::process::{Process, fiber_link};
use fiber_link_core::{Clock, SystemClock};
use fiber_link_postgres_cluster::Cluster;
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

pub(crate) const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"health.ping","params":{}}"#;

/// A store, servers on it, and the tools of an operator.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) store: String,
    pub(crate) node: Option<Process>,
    pub(crate) servers: Vec<Process>,
    /// Where the servers tell their metrics.
    pub(crate) metrics: Vec<SocketAddr>,
    _cluster: Option<Cluster>,
}

impl World {
    pub(crate) fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            store: "sqlite:hub.sqlite".to_owned(),
            node: None,
            servers: vec![],
            metrics: vec![],
            _cluster: None,
        }
    }

    pub(crate) fn on_postgres() -> Self {
        let (folder, cluster) = (tempfile::tempdir().unwrap(), Cluster::start());
        let store = cluster.url();
        let mut world =
            Self { folder, store, node: None, servers: vec![], metrics: vec![], _cluster: Some(cluster) };
        assert!(world.command(&["migrate"]).status().unwrap().success());
        let stub = ["node-stub", "--listen", "127.0.0.1:0", "--data", "node"];
        world.node = Some(Process::start(world.command(&stub)));
        world
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = fiber_link(self.path(), arguments);
        command.env("FIBER_LINK_STORE", &self.store).env("USER", "ann");
        command
    }

    /// Exit code and standard output; what it said is kept with the logs.
    pub(crate) fn run_with(&self, map: Option<&str>, arguments: &[&str]) -> (i32, String) {
        let mut command = self.command(arguments);
        if let Some(map) = map {
            command.env("FIBER_LINK_HMAC_SECRET_MAP", map);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        self.keep(&said);
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let (code, printed) = self.run_with(None, arguments);
        assert_eq!(code, 0, "{arguments:?}: {printed}");
        printed
    }

    pub(crate) fn keep(&self, text: &str) {
        use std::io::Write;
        let path = self.path().join("log");
        File::options().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Servers with these secrets in their environment: one on a file, two on a database.
    pub(crate) fn serve(&mut self, map: Option<&str>) {
        let count = if self.node.is_some() { 2 } else { 1 };
        let node =
            self.node.as_ref().map_or("simulated".to_owned(), |node| format!("http://{}", node.address()));
        for _ in 0..count {
            let arguments = ["serve", "--listen", "127.0.0.1:0", "--node", &node, "--log", "trace"];
            let mut command = self.command(&arguments);
            if let Some(map) = map {
                command.env("FIBER_LINK_HMAC_SECRET_MAP", map);
            }
            let log = File::options().create(true).append(true).open(self.path().join("log")).unwrap();
            command.env("FIBER_LINK_RATE_LIMIT", "off").env("FIBER_LINK_METRICS_LISTEN", "127.0.0.1:0");
            command.stderr(log);
            self.servers.push(Process::start_with_admin(command));
            // Metrics are told before the server says where it listens.
            let log = std::fs::read_to_string(self.path().join("log")).unwrap();
            let told = log.rsplit("metrics are told at http://").next().unwrap();
            self.metrics.push(told.split("/metrics").next().unwrap().parse().unwrap());
        }
    }

    pub(crate) fn stop(&mut self) {
        self.metrics.clear();
        for mut server in self.servers.drain(..) {
            assert!(server.end("-TERM"));
        }
    }

    pub(crate) fn call(&self, server: usize, app: &str, secret: &str, body: &str) -> Value {
        static NONCE: AtomicU64 = AtomicU64::new(0);
        let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
        let now = (SystemClock.now().as_millis() / 1000).to_string();
        self.servers[server].post_rpc(&signed(app, secret, &now, &nonce, body), body.as_bytes()).body
    }

    /// What the rest of the world does to the simulated node.
    pub(crate) fn simulator(&self, path: &str, body: &Value) -> Value {
        let node = self.node.as_ref().unwrap_or(&self.servers[0]);
        let json = "content-type: application/json\r\n";
        let answer = node.exchange("POST", &format!("/simulator/{path}"), json, body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// What the simulated node really paid.
    pub(crate) fn payments(&self) -> Vec<Value> {
        let node = self.node.as_ref().unwrap_or(&self.servers[0]);
        let answer = node.exchange("GET", "/simulator/payments", "", b"");
        answer.body["payments"].as_array().unwrap().clone()
    }

    pub(crate) fn is_let_in(&self, app: &str, secret: &str) -> bool {
        let answers: Vec<_> = (0..self.servers.len()).map(|n| self.call(n, app, secret, PING)).collect();
        let let_in: Vec<_> = answers.iter().map(|answer| answer["result"]["status"] == "ok").collect();
        assert!(let_in.iter().all(|is| *is == let_in[0]), "servers differ: {answers:?}");
        let_in[0]
    }

    /// Whether anything that can be read holds `secret`, but for the file with the key.
    pub(crate) fn shows(&self, secret: &str) -> bool {
        let read =
            |path: std::path::PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mut texts: Vec<String> = Vec::new();
        for entry in std::fs::read_dir(self.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() && entry.file_name() != "keys" {
                texts.push(read(entry.path()));
            }
        }
        texts.push(self.run(&["app", "list"]));
        texts.push(self.run(&["audit-log", "--format", "jsonl"]));
        if self.node.is_some() {
            texts.push(self.dumped());
        }
        let hexadecimal = hex::encode(secret);
        texts.iter().any(|text| text.contains(secret) || text.contains(&hexadecimal))
    }

    pub(crate) fn sql(&self, sql: &'static str) {
        use sqlx::{Connection, PgConnection};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.store).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        });
    }

    /// Everything in the database.
    pub(crate) fn dumped(&self) -> String {
        use sqlx::{Connection, PgConnection, Row};
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.store).await.unwrap();
            let query = "SELECT (SELECT string_agg(body, ' ') FROM fiber_link.documents)
                || (SELECT string_agg(seed, ' ') FROM fiber_link.hub)
                || (SELECT string_agg(concat(before, after), ' ') FROM fiber_link.audit_records)";
            sqlx::query(query).fetch_one(&mut connection).await.unwrap().get(0)
        })
    }
}
