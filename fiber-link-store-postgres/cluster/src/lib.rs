//! A throw-away Postgres server for tests, from the binaries that are installed.
//!
//! It listens on a Unix socket in a folder of its own and, where it speaks TLS, on a free port of
//! 127.0.0.1. A shell beside it waits
//! for the end of the test process, however that comes, then stops the server and removes the folder.
//! The server runs with its own settings, so what is committed is synced; only `initdb` skips that.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that finds no Postgres fails"
)]

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::fs::Permissions;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where tests find another server, instead of one of their own.
pub const URL_VARIABLE: &str = "FIBER_LINK_TEST_DATABASE_URL";

/// The URL of a database that all tests of this process share: the one that [`URL_VARIABLE`] names,
/// or that of a server which ends with the process.
///
/// # Panics
/// If there is no Postgres.
pub fn shared_url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    static SERVER: OnceLock<Cluster> = OnceLock::new();
    URL.get_or_init(|| {
        std::env::var(URL_VARIABLE).unwrap_or_else(|_| SERVER.get_or_init(Cluster::start).url())
    })
}

/// Drops a schema of the shared database with all that is in it, if it is there: the end of a test.
/// Where that fails, it says so and goes on.
pub fn drop_schema(name: &str) {
    let drop_schema = format!("SET lock_timeout = '5s'; DROP SCHEMA IF EXISTS \"{name}\" CASCADE");
    // A thread of its own: that of the test is busy with its runtime, or about to end.
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(shared_url()).await.map_err(io::Error::other)?;
            let dropped = sqlx::raw_sql(AssertSqlSafe(drop_schema)).execute(&mut connection).await;
            dropped.map(drop).map_err(io::Error::other)
        })
    });
    if !matches!(thread.join(), Ok(Ok(()))) {
        eprintln!("the schema {name} stays behind");
    }
}

const SYNCED: &str = "-c fsync=on";

/// No test stops the machine, so nothing is lost, and no test waits for a disk that others keep busy.
const SYNCED_NEVER: &str = "-c fsync=off";

/// A server of its own, which ends with this value.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    binaries: PathBuf,
    user: Option<User>,
    /// Where it speaks TLS, and nothing else.
    tls_port: Option<u16>,
    /// Whether it writes to the disk what it says is written.
    sync: &'static str,
    /// Waits at the other end of a pipe for our end.
    watcher: Child,
}

/// A process of a server that was stopped where it stood; it goes on when this ends.
#[derive(Debug)]
pub struct Paused<'c> {
    _cluster: &'c Cluster,
    process: i64,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        // It may have been killed meanwhile.
        let _ = signal("-CONT", self.process);
    }
}

fn signal(signal: &str, process: i64) -> Result<(), String> {
    let sent = Command::new("kill").args([signal, &process.to_string()]).output();
    let sent = sent.map_err(|error| error.to_string())?;
    if sent.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&sent.stderr).into_owned()) }
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Its clients are cut off, and it writes down what it has.
    Fast,
    /// As if it had crashed.
    Immediate,
}

/// Whom the server runs as where we are root, for whom it refuses to.
#[derive(Clone, Copy, Debug)]
struct User {
    id: u32,
    group: u32,
}

impl Cluster {
    /// Starts a server with an empty database.
    ///
    /// # Panics
    /// If there is no Postgres, or it does not start.
    pub fn start() -> Self {
        Self::begin(SYNCED_NEVER, None, None)
    }

    /// Starts a server that writes to the disk what it says is written, for those who measure.
    ///
    /// # Panics
    /// If there is no Postgres, or it does not start.
    pub fn start_synced() -> Self {
        Self::begin(SYNCED, None, None)
    }

    /// Starts a server that speaks TLS, and nothing else, with this certificate and its key, in PEM.
    ///
    /// # Panics
    /// If there is no Postgres, or it does not start.
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        Self::begin(SYNCED_NEVER, None, Some((certificate, key)))
    }

    /// Starts a server that lets its user in with `password` alone.
    ///
    /// # Panics
    /// If there is no Postgres, or it does not start.
    pub fn start_with_password(password: &str) -> Self {
        Self::begin(SYNCED_NEVER, Some(password), None)
    }

    fn begin(sync: &'static str, password: Option<&str>, tls: Option<(&str, &str)>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // The path of a socket is short. A process of the same number may have left a folder behind.
        let folders = (0..100).map(|_| {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            Path::new("/tmp").join(format!("fiber-link-postgres-{}-{count}", std::process::id()))
        });
        let made = { folders }.find(|folder| std::fs::create_dir(folder).is_ok());
        let folder = made.expect("a folder for the server");
        let (binaries, user) = (binaries(), unprivileged_user());
        if let Some(user) = user {
            chown(&folder, Some(user.id), Some(user.group)).expect("a folder that the server owns");
        }
        let watcher = watch(&folder, &binaries, user);
        let mut cluster = Self { folder, binaries, user, tls_port: None, sync, watcher };
        let data = cluster.data();
        let mut arguments = vec!["-D", &data, "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"];
        if let Some(password) = password {
            std::fs::write(cluster.folder.join("password"), password).expect("a file for the password");
            arguments.extend(["-A", "scram-sha-256", "--pwfile", "password"]);
        } else {
            arguments.extend(["-A", "trust"]);
        }
        cluster.run("initdb", &arguments);
        if let Some((certificate, key)) = tls {
            cluster.give("server.crt", certificate);
            cluster.give("server.key", key);
            cluster.give("pg_hba.conf", "hostssl all all 127.0.0.1/32 trust\n");
            let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
            cluster.tls_port = Some(free.expect("a free port").port());
        }
        cluster.start_again();
        cluster
    }

    /// Puts a file that the server alone may read into its data.
    fn give(&self, name: &str, text: &str) {
        let path = self.folder.join("data").join(name);
        std::fs::write(&path, text).expect("a file of the server");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("a file for it alone");
        if let Some(user) = self.user {
            chown(&path, Some(user.id), Some(user.group)).expect("a file that the server owns");
        }
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        if let Some(port) = self.tls_port {
            return format!("postgres://postgres@127.0.0.1:{port}/postgres");
        }
        format!("postgres:///postgres?user=postgres&host={}", self.folder.display())
    }

    /// Stops the server; its data stays.
    ///
    /// # Panics
    /// If it does not stop.
    pub fn stop(&self, how: Stop) {
        let mode = match how {
            Stop::Fast => "fast",
            Stop::Immediate => "immediate",
        };
        self.run("pg_ctl", &["-D", &self.data(), "-m", mode, "-w", "stop"]);
    }

    /// Starts the server after a stop.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&self) {
        let folder = self.folder.display();
        let address = match self.tls_port {
            Some(port) => format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on"),
            None => "-c listen_addresses=".to_owned(),
        };
        let settings =
            format!("{address} -c unix_socket_directories={folder} -c max_connections=400 {}", self.sync);
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-o", &settings, "-w", "start"]);
    }

    /// What the server has written down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Stops one of its processes where it stands, until the end of what this answers: it holds its
    /// connection and says nothing any more.
    ///
    /// # Panics
    /// If there is no such process.
    pub fn pause(&self, process: i64) -> Paused<'_> {
        signal("-STOP", process).expect("a process of the server");
        Paused { _cluster: self, process }
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = as_user(Command::new(self.binaries.join(program)), self.user);
        // Its output would be inherited by the server, and then never end.
        command.args(arguments).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().expect("a program of Postgres");
        assert!(status.success(), "{program} {arguments:?}: {status}\n{}", self.log());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // It says nothing, and a folder that stays behind is no reason to fail.
        let _ = self.watcher.wait();
    }
}

/// Starts the shell that cleans up when its input ends.
fn watch(folder: &Path, binaries: &Path, user: Option<User>) -> Child {
    let script = r#"trap "" INT TERM HUP; cat >/dev/null
        "$2/pg_ctl" -D "$1/data" -m immediate -w stop; cd /; rm -rf "$1""#;
    let mut shell = as_user(Command::new("sh"), user);
    shell.args(["-c", script, "sh"]).arg(folder).arg(binaries).current_dir("/").process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().expect("a shell")
}

fn as_user(mut command: Command, user: Option<User>) -> Command {
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    command
}

/// Where `initdb` and `pg_ctl` are: on the path, or where Debian puts them, the newest first.
fn binaries() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").exists());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists());
    let newest = newest.max_by_key(version).map(|path| path.join("bin"));
    on_path
        .or(newest)
        .unwrap_or_else(|| panic!("Postgres is missing: install it, or name a database in {URL_VARIABLE}"))
}

fn unprivileged_user() -> Option<User> {
    let owner = std::fs::metadata("/proc/self").expect("a Linux").uid();
    if owner != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("users");
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (found, _, id, group) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            (found == name).then_some(User { id: id.parse().ok()?, group: group.parse().ok()? })
        })
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("a user without rights"))
}
