//! What connections to the database and to the servers do, as Postgres and the kernel tell it.

use sqlx::{Connection, PgConnection, Row};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Looks at a database from outside.
pub struct Activity {
    runtime: Runtime,
    connection: PgConnection,
}

/// The connections of all servers at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    pub connections: i64,
    /// Those that run a statement, or have a transaction open.
    pub busy: i64,
    /// Those that have a transaction open and do nothing in it.
    pub idle_in_transaction: i64,
}

/// Looks again and again, and keeps the worst of what it saw.
pub struct Watch {
    over: Arc<AtomicBool>,
    worst: JoinHandle<Look>,
}

impl Activity {
    pub fn of(url: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(PgConnection::connect(url)).unwrap();
        Self { runtime, connection }
    }

    pub fn look(&mut self) -> Look {
        let look = sqlx::query(
            "SELECT count(*), count(*) FILTER (WHERE state <> 'idle'),
                count(*) FILTER (WHERE state LIKE 'idle in transaction%')
            FROM pg_stat_activity WHERE application_name = 'fiber-link'",
        );
        let row = self.runtime.block_on(look.fetch_one(&mut self.connection)).unwrap();
        Look { connections: row.get(0), busy: row.get(1), idle_in_transaction: row.get(2) }
    }
}

impl Watch {
    pub fn start(mut activity: Activity) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ended = over.clone();
        let worst = std::thread::spawn(move || {
            let mut worst = Look::default();
            while !ended.load(Ordering::Relaxed) {
                let look = activity.look();
                worst = Look {
                    connections: worst.connections.max(look.connections),
                    busy: worst.busy.max(look.busy),
                    idle_in_transaction: worst.idle_in_transaction.max(look.idle_in_transaction),
                };
                std::thread::sleep(Duration::from_millis(10));
            }
            worst
        });
        Self { over, worst }
    }

    pub fn worst(self) -> Look {
        self.over.store(true, Ordering::Relaxed);
        self.worst.join().unwrap()
    }
}

/// How many connections a server has that nobody closed, or that it did not close after its client.
pub fn connections_to(server: SocketAddr) -> usize {
    const ESTABLISHED: &str = "01";
    const CLOSE_WAIT: &str = "08";
    let port = format!(":{:04X}", server.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let lines = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|line| line[1].ends_with(&port) && [ESTABLISHED, CLOSE_WAIT].contains(&line[3])).count()
}
