//! The real binary, started, killed, paused and started again on one folder and one port.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Process {
    name: String,
    program: Program,
    address: SocketAddr,
    arguments: Vec<String>,
    child: Option<Child>,
}

/// The binary, and what all of its runs find.
#[derive(Clone)]
pub struct Program {
    pub folder: PathBuf,
    pub environment: Vec<(&'static str, String)>,
}

impl Process {
    /// Starts it on a free port of its own; its log is named after it.
    pub fn start(program: &Program, name: &str, arguments: &[&str]) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        arguments.extend(["--listen".to_owned(), address.to_string()]);
        let (name, program) = (name.to_owned(), program.clone());
        let mut process = Self { name, program, address, arguments, child: None };
        process.restart();
        process
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of the process, which runs.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn restart(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.log_path()).unwrap();
        let mut command = self.program.command();
        command.args(&self.arguments).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("{} ended with {status}:\n{}", self.name, self.log());
            }
            assert!(Instant::now() < deadline, "{} does not listen:\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Stops it in the middle of whatever it does.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        self.signal("-TERM");
        let ended = self.child.take().unwrap().wait().unwrap();
        assert!(ended.success(), "{}", self.log());
    }

    fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    fn log_path(&self) -> PathBuf {
        self.program.folder.join(&self.name)
    }

    /// The end of what it logged.
    fn log(&self) -> String {
        let lines = BufReader::new(std::fs::File::open(self.log_path()).unwrap()).lines();
        let lines: Vec<_> = lines.map_while(Result::ok).collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
            eprintln!("the log of {} ended with:\n{}", self.name, self.log());
        }
    }
}

impl Program {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), environment: Vec::new() }
    }

    /// A command that runs to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).output().unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        command.current_dir(&self.folder).envs(environment).stdin(Stdio::null());
        command
    }
}
