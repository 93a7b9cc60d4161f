//! A day as a person at a terminal sees it: what he asks, and what he reads.

use crate::administrators::Browser;
use crate::process::http::Answer;
use crate::world::World;
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

/// How an operator works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By the commands of the program.
    Command,
    /// By requests to `/admin/v1`.
    Api,
}

/// Who asks, and what proves it.
pub(crate) enum Who {
    /// Whoever has the store.
    Owner,
    /// The administrator whose token is in this file.
    TokenFile(&'static str),
    /// A browser that is logged in.
    Browser(Browser),
    /// The administrator with this token.
    Token(String),
}

/// What was answered.
pub(crate) struct Said {
    /// What a command printed to standard output, or the body of an answer.
    pub(crate) printed: String,
    pub(crate) body: Value,
}

impl Said {
    /// A field of the body; what a command printed, where there is none.
    pub(crate) fn field(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or(self.printed.trim()).to_owned()
    }
}

/// What happens in a world, written down.
pub(crate) struct Story {
    pub(crate) world: World,
    pub(crate) way: Way,
    text: RefCell<String>,
    /// What is written instead of a secret or an id.
    names: RefCell<Vec<(String, String)>>,
    turn: Cell<usize>,
}

impl Story {
    pub(crate) fn new(world: World, way: Way) -> Self {
        Self { world, way, text: RefCell::default(), names: RefCell::default(), turn: Cell::new(0) }
    }

    /// The server whose turn it is.
    fn turn(&self) -> usize {
        let turn = self.turn.get();
        self.turn.set(turn + 1);
        turn % self.world.servers.len()
    }

    pub(crate) fn write(&self, line: &str) {
        let mut text = self.text.borrow_mut();
        text.push_str(line);
        text.push('\n');
    }

    /// The next thing that happens.
    pub(crate) fn tell(&self, what: &str) {
        self.write(&format!("\n# {what}"));
    }

    /// What stands for `hidden` wherever it was or will be read.
    pub(crate) fn name(&self, hidden: &str, name: &str) {
        assert!(!hidden.is_empty(), "there is no {name}");
        self.names.borrow_mut().push((hidden.to_owned(), name.to_owned()));
    }

    /// A command and what it printed, messages first.
    pub(crate) fn command(&self, who: &Who, arguments: &[&str]) -> Said {
        let mut arguments = arguments.to_vec();
        match who {
            Who::Owner => {}
            Who::TokenFile(file) => arguments.extend(["--token-file", *file]),
            Who::Browser(_) | Who::Token(_) => panic!("a command takes the file with a token"),
        }
        let quoted: Vec<_> = arguments.iter().map(|argument| quoted(argument)).collect();
        let output = self.world.command(&arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (printed, messages) = (text(&output.stdout), text(&output.stderr));
        let code = output.status.code().unwrap();
        let mut told = format!("$ fiber-link {}\n{messages}{printed}", quoted.join(" "));
        if code != 0 {
            told.push_str(&format!("(exit code {code})\n"));
        }
        self.write(told.replace("\r\n", "\n").trim_end());
        Said { printed, body: Value::Null }
    }

    /// A request to the API and its answer.
    pub(crate) fn request(&self, who: &Who, method: &str, path: &str, body: &Value) -> Said {
        let server = self.turn();
        let answer = match who {
            Who::Browser(browser) => self.world.by_browser(browser, server, method, path, body),
            Who::Token(token) => self.world.by_token(token, server, method, path, body),
            Who::Owner | Who::TokenFile(_) => panic!("a request takes a session or a token"),
        };
        self.answered(method, path, body, &answer)
    }

    /// A log-in by a page.
    pub(crate) fn log_in(&self, email: &str, password: &str) -> Who {
        let sent = serde_json::json!({ "email": email, "password": password });
        let answer = self.world.try_to_log_in(self.turn(), email, password);
        self.answered("POST", "/log-in", &sent, &answer);
        let browser = Browser::of(&answer);
        self.name(&browser.csrf, "CSRF-TOKEN");
        Who::Browser(browser)
    }

    fn answered(&self, method: &str, path: &str, sent: &Value, answer: &Answer) -> Said {
        let sent = if method == "GET" { String::new() } else { format!(" {sent}") };
        let shown = match &answer.body {
            Value::Null => format!("\n{}", answer.text.replace("\r\n", "\n").trim_end()),
            body => serde_json::to_string_pretty(body).unwrap(),
        };
        self.write(&format!("> {method} /admin/v1{path}{sent}\n< {} {shown}", answer.status));
        Said { printed: answer.text.clone(), body: answer.body.clone() }
    }

    /// One step by the way that is taken.
    pub(crate) fn step(&self, who: &Who, command: &[&str], request: (&str, &str, Value)) -> Said {
        match self.way {
            Way::Command => self.command(who, command),
            Way::Api => self.request(who, request.0, request.1, &request.2),
        }
    }

    /// A request that the plugin of an app has signed.
    pub(crate) fn rpc(&self, app: &str, secret: &str, method: &str, params: &Value) -> Value {
        let body = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.world.call(self.turn(), app, secret, &body.to_string());
        let shown = if answer["error"].is_null() { &answer["result"] } else { &answer["error"] };
        self.write(&format!("> {app}: POST /rpc {method} {params}\n< {shown}"));
        answer
    }

    /// Asks again and again, without a word, until it is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..400 {
            if is_so() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("{what} did not come:\n{}", self.told());
    }

    /// Everything, with names for what differs from day to day.
    pub(crate) fn told(&self) -> String {
        let mut text = self.text.borrow().trim_start().to_owned();
        for (hidden, name) in self.names.borrow().iter() {
            text = text.replace(hidden, name);
        }
        without_what_differs(&text)
    }

    /// Compares it with the file beside this test.
    pub(crate) fn check(&self, file: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operating").join(file);
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let told = self.told();
        if told != expected {
            let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
            std::fs::write(&kept, &told).unwrap();
            let differences = difference(&expected, &told);
            panic!(
                "{} tells otherwise (+ is what was read now, in {}):\n{differences}",
                path.display(),
                kept.display()
            );
        }
    }
}

/// An argument as it is typed.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_.@:/=".contains(c);
    if argument.chars().all(plain) { argument.to_owned() } else { format!("'{argument}'") }
}

fn without_what_differs(text: &str) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let of_word = |c: char| c.is_ascii_alphanumeric() || ":._-".contains(c);
        let end = rest.find(|c| !of_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let begun = word.trim_start_matches([':', '.']);
        let bare = begun.trim_end_matches([':', '.']);
        clean.push_str(&word[..word.len() - begun.len()]);
        clean.push_str(name_of(bare, clean.ends_with("command line at ")).unwrap_or(bare));
        clean.push_str(&begun[bare.len()..]);
        let mut others = after.char_indices().skip(1).map(|(at, _)| at);
        let next = if after.is_empty() { 0 } else { others.next().unwrap_or(after.len()) };
        clean.push_str(&after[..next]);
        rest = &after[next..];
    }
    clean
}

fn name_of(word: &str, is_host: bool) -> Option<&'static str> {
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let is_time = word.len() == 24 && word.ends_with('Z') && word.as_bytes()[10] == b'T';
    let hexadecimal = |text: &str| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    if is_host {
        Some("HOST")
    } else if is_time {
        Some("TIME")
    } else if word.len() == 36 && word.parse::<uuid::Uuid>().is_ok() {
        Some("ID")
    } else if hexadecimal(word.strip_prefix("0x").unwrap_or(word)) {
        Some("HASH")
    } else if word.len() == 66 && word.starts_with('0') && hexadecimal(&word[2..]) {
        Some("NODE-KEY")
    } else if word.len() == 13 && digits(word) {
        Some("MILLIS")
    } else if word.strip_prefix("127.0.0.1:").is_some_and(digits) {
        Some("ADDRESS")
    } else {
        None
    }
}

/// The lines that differ, with a line before and after.
fn difference(expected: &str, told: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), told.lines().collect());
    // How many lines the rests have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = match old[i] == new[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines: Vec<(char, &str)> = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    let differs = |at: usize| lines.get(at).is_some_and(|(sign, _)| *sign != ' ');
    let near = |at: usize| differs(at) || differs(at + 1) || at.checked_sub(1).is_some_and(differs);
    let shown = lines.iter().enumerate().filter(|(at, _)| near(*at));
    shown.map(|(_, (sign, line))| format!("{sign} {line}\n")).collect()
}

#[test]
fn what_differs_from_day_to_day_gets_a_name_and_nothing_else_does() {
    let text = "at 2026-11-28T07:09:32.127Z: 0199c850-0000-7000-8000-000000000001/1 by ann\tcommand line at vm.x:322\tapp.create, \
                1795849772126 ü 127.0.0.1, http://127.0.0.1:80/x";
    let clean =
        "at TIME: ID/1 by ann\tcommand line at HOST\tapp.create, MILLIS ü 127.0.0.1, http://ADDRESS/x";
    assert_eq!(without_what_differs(text), clean);
}

#[test]
fn a_difference_shows_the_lines_that_differ() {
    assert_eq!(difference("a\nb\nc\nd\ne\n", "a\nb\nx\nd\ne\n"), "  b\n- c\n+ x\n  d\n");
}
