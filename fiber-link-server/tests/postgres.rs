//! The real program on Postgres: migrations, what it refuses, and that it keeps the address to itself.

#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_pass_by_value, reason = "a test may fail")]

use fiber_link_postgres_cluster::{Cluster, Stop};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// A folder, and a database of its own with a password.
struct World {
    folder: tempfile::TempDir,
    cluster: Cluster,
}

const PASSWORD: &str = "canary-password";

impl World {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), cluster: Cluster::start_with_password(PASSWORD) }
    }

    fn url(&self) -> String {
        format!("{}&password={PASSWORD}", self.cluster.url())
    }

    fn command(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
        let keys = self.folder.path().join("keys");
        std::fs::write(&keys, format!("tests:{}", "5".repeat(64))).unwrap();
        command.env_clear().env("FIBER_LINK_STORE", url).env("FIBER_LINK_KEY_FILE", keys);
        command.current_dir(self.folder.path()).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// Its exit code, and everything that it said.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        said(self.command(&self.url(), arguments).output().unwrap())
    }

    fn sql(&self, sql: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.url()).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        });
    }

    fn serve(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(&self.url(), &["serve", "--listen", "127.0.0.1:0", "--log", "trace"]);
        let log = self.folder.path().join("log");
        let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("fiber-link listens on http://"), "{line:?} {}", self.log());
        Server(child)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// A server that is killed when the test ends.
struct Server(Child);

impl Server {
    fn terminate(mut self) -> bool {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
        self.0.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn said(output: Output) -> (i32, String) {
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(!text.contains(PASSWORD), "{text}");
    (output.status.code().unwrap(), text)
}

#[track_caller]
fn assert_says((code, text): (i32, String), expected_code: i32, expected: &str) {
    assert!(code == expected_code && text.contains(expected), "{code} {text}");
}

#[test]
fn a_schema_is_migrated_when_it_is_said_and_refused_when_it_is_of_another_version() {
    let world = World::new();
    let serve = ["serve", "--node", "simulated", "--data", "data", "--listen", "127.0.0.1:0"];
    assert_says(world.run(&["migrate", "--check"]), 1, "is at version 0");
    assert_says(world.run(&["app", "list"]), 2, "`fiber-link migrate`");
    assert_says(world.run(&["migrate"]), 0, "was brought up to date");
    assert_says(world.run(&["migrate", "--check"]), 0, "is up to date");
    assert_says(world.run(&["migrate"]), 0, "is up to date");

    assert_says(world.run(&["app", "create", "forum"]), 0, "app forum is registered");
    assert_says(world.run(&["app", "list"]), 0, "forum\t");
    assert_says(world.run(&["audit"]), 0, "0 findings");

    world.sql("DELETE FROM fiber_link.migrations WHERE version > 1");
    assert_says(world.run(&["migrate", "--check"]), 1, "is at version 1 and this program needs");
    assert_says(world.run(&serve), 2, "bring it up to date with `fiber-link migrate`");
    world.sql("DROP SCHEMA fiber_link CASCADE");
    assert_says(world.run(&["migrate"]), 0, "was brought up to date");
    world.sql("INSERT INTO fiber_link.migrations (version, name) VALUES (99, 'later')");
    world.sql("UPDATE fiber_link.migrations SET version = (SELECT count(*) FROM fiber_link.migrations) WHERE version = 99");
    for arguments in
        [&serve[..], &[&serve[..], &["--migrate"]].concat(), &["migrate"], &["migrate", "--check"]]
    {
        assert_says(world.run(arguments), 2, "start the newer program");
    }

    world.sql("CREATE SCHEMA theirs; CREATE TABLE theirs.tips (id int)");
    assert_says(world.run(&["migrate", "--store-schema", "theirs"]), 2, "name another schema");
    assert!(
        world
            .serve(&["--store-schema", "mine", "--migrate", "--node", "simulated", "--data", "d"])
            .terminate()
    );
    assert_says(world.run(&["migrate", "--check", "--store-schema", "mine"]), 0, "is up to date");
    assert!(!world.log().contains(PASSWORD), "{}", world.log());
}

#[test]
fn a_file_is_migrated_by_opening_it_and_checked_without() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
        command.env_clear().current_dir(folder.path()).args(arguments).args(["--store", "sqlite:hub.sqlite"]);
        said(command.output().unwrap())
    };
    assert_says(run(&["migrate", "--check"]), 1, "there is no store at hub.sqlite");
    assert!(!folder.path().join("hub.sqlite").exists());
    assert_says(run(&["migrate"]), 0, "was brought up to date");
    assert_says(run(&["migrate", "--check"]), 0, "is up to date");
    std::fs::write(folder.path().join("hub.sqlite"), "something else altogether, and long enough to tell")
        .unwrap();
    assert_says(run(&["migrate", "--check"]), 2, "is no database of Fiber Link");
    assert_says(run(&["migrate"]), 2, "is no database of Fiber Link");
}

#[test]
fn servers_share_a_database_and_not_the_folder_of_a_simulated_node() {
    let world = World::new();
    let first = world.serve(&["--migrate", "--node", "simulated", "--data", "first"]);
    let same = ["serve", "--node", "simulated", "--data", "first", "--listen", "127.0.0.1:0"];
    assert_says(world.run(&same), 2, "another server is running on first");
    assert_says(world.run(&["serve", "--node", "simulated"]), 2, "--data (FIBER_LINK_DATA");
    assert_says(world.run(&["audit"]), 0, "0 findings");
    assert!(first.terminate());

    let mut stub = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
    stub.env_clear().args(["node-stub", "--listen", "127.0.0.1:0", "--data", "first"]);
    let mut stub = Server(stub.current_dir(world.folder.path()).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(stub.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let node = line.trim().strip_prefix("the stub node listens on ").unwrap().to_owned();
    let servers = [world.serve(&["--node", &node]), world.serve(&["--node", &node])];
    assert!(servers.into_iter().all(Server::terminate));
    let left: Vec<_> =
        std::fs::read_dir(world.folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(left.len(), 3, "the folder of the stub, the log and the key: {left:?}");
    assert!(!world.log().contains(PASSWORD), "{}", world.log());
}

#[test]
fn a_database_that_does_not_let_us_in_is_told_without_its_address() {
    let world = World::new();
    let cluster = world.cluster.url();
    let refused = |url: &str, expected: &str| {
        std::fs::write(world.folder.path().join("url"), url).unwrap();
        let mut by_environment = world.command(url, &["audit"]);
        let mut by_file = world.command(url, &["audit", "--store-url-file", "url"]);
        by_file.env_remove("FIBER_LINK_STORE");
        for command in [&mut by_environment, &mut by_file] {
            let (code, text) = said(command.output().unwrap());
            assert!(!text.contains("postgres:///") && !text.contains(&cluster), "{text}");
            assert_says((code, text), 2, expected);
        }
    };
    let no_connection = "there is no connection to the database";
    let wrong = format!("{cluster}&password=wrong-{PASSWORD}");
    refused(&wrong, "no connection to the database: error returned from database: password authentication");
    refused(&format!("postgres://ann:{PASSWORD}@127.0.0.1:1/hub"), no_connection);
    refused(&format!("postgres://ann:{PASSWORD}@host:port/hub"), "address of the database is not understood");
    refused(&format!("postgres://ann:{PASSWORD}@host/hub?sslmod=require"), "is not shown, allowed is");
    world.cluster.stop(Stop::Fast);
    refused(&world.url(), no_connection);
}

/// The flags of a process can be seen by everybody on the machine, its environment cannot.
#[test]
fn an_address_in_the_environment_is_not_in_the_list_of_processes() {
    let world = World::new();
    let server = world.serve(&["--migrate", "--node", "simulated", "--data", "d"]);
    let mut flags = String::new();
    let path = format!("/proc/{}/cmdline", server.0.id());
    std::fs::File::open(Path::new(&path)).unwrap().read_to_string(&mut flags).unwrap();
    assert!(flags.contains("serve") && !flags.contains(PASSWORD), "{flags}");
    let help = said(world.command(&world.url(), &["help", "serve"]).output().unwrap());
    assert_says(help, 0, "FIBER_LINK_STORE");
}
