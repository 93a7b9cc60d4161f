//! The real binary, started, killed and started again on one folder and one port.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Server {
    folder: PathBuf,
    address: SocketAddr,
    secret_map: String,
    child: Option<Child>,
}

impl Server {
    pub fn start(folder: &Path, app: &str, secret: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let secret_map = format!("{{\"{app}\":\"{secret}\"}}");
        let mut server = Self { folder: folder.to_owned(), address, secret_map, child: None };
        server.restart();
        server
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn restart(&mut self) {
        let mut command = self.command();
        command.args([
            "serve",
            "--node",
            "simulated",
            "--rate-limit",
            "off",
            "--node-timeout",
            "1s",
            "--claim",
            "3s",
        ]);
        command.args(["--withdrawal-retries", "0", "--listen", &self.address.to_string()]);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(Instant::now() < deadline, "the server does not listen:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends the server as an operator does.
    pub fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        let terminated = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(terminated.success());
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    /// Whether `fiber-link audit` is content, and the lines that say what it is not content with.
    pub fn audit(&self) -> (bool, String) {
        let output = self.command().arg("audit").stdout(Stdio::piped()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        println!("{printed}");
        let findings = if output.status.success() { String::new() } else { printed };
        (output.status.success(), findings)
    }

    fn command(&self) -> Command {
        let log = std::fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
        command
            .current_dir(&self.folder)
            .env("FIBER_LINK_STORE", format!("sqlite:{}", self.folder.join("fiber-link.sqlite").display()))
            .env("FIBER_LINK_HMAC_SECRET_MAP", &self.secret_map)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        command
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The end of what the server logged.
    fn log(&self) -> String {
        let lines = BufReader::new(std::fs::File::open(self.log_path()).unwrap()).lines();
        let lines: Vec<_> = lines.map_while(Result::ok).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
            eprintln!("the server's log ended with:\n{}", self.log());
        }
    }
}
