//! The real program, as a process that is killed when the test ends.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod http;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A command that listens.
pub struct Process {
    child: Child,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    said: String,
}

/// The key that secrets are sealed with.
pub const KEY: &str = "tests:5555555555555555555555555555555555555555555555555555555555555555";

/// The file with that key.
pub fn key_file(folder: &Path) -> PathBuf {
    let path = folder.join("keys");
    std::fs::write(&path, KEY).unwrap();
    path
}

/// The program in `folder`, with nothing from the environment but the places of its store and its key.
pub fn fiber_link(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
    command.env_clear().env("FIBER_LINK_STORE", "sqlite:hub.sqlite").current_dir(folder).args(arguments);
    command.env("FIBER_LINK_KEY_FILE", key_file(folder));
    command
}

impl Process {
    /// Starts it and reads where it listens.
    pub fn start(command: Command) -> Self {
        Self::start_and_read(command, false)
    }

    /// Starts one that serves administrators too.
    pub fn start_with_admin(mut command: Command) -> Self {
        command.env("FIBER_LINK_ADMIN_LISTEN", "127.0.0.1:0");
        Self::start_and_read(command, true)
    }

    fn start_and_read(mut command: Command, with_admin: bool) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let mut address = |before: &str| {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            said.push_str(&line);
            let address = line.trim().split_once(before).map(|(_, address)| address.parse());
            let Some(Ok(address)) = address else {
                child.kill().ok();
                panic!("no address in {line:?}: {:?}", child.wait());
            };
            address
        };
        let listens = address(" listens on http://");
        let admin = with_admin.then(|| address(" serves administrators on http://"));
        Self { child, address: listens, admin, said }
    }

    /// Where it serves administrators.
    pub fn admin(&self) -> SocketAddr {
        self.admin.unwrap()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it said when it began to listen.
    pub fn said(&self) -> &str {
        &self.said
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself; its exit code.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Ends it with a signal; whether it ended well.
    pub fn end(&mut self, signal: &str) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
