//! One pass of a server, as the list of what it heard.
//!
//! A future cannot be copied, but it does the same again when it hears the same: so a pass is kept as
//! its answers, and is made anew from them whenever it goes on.

use crate::sample::{self, OPENED_AT};
use crate::tape::{Answer, Call, Tape};
use fiber_link_core::{Exclusivity, FiberLink, RetryPolicy, Settings, Timestamp};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// What tells two values apart: the digest of how they print.
pub(crate) fn digest_of(value: &impl Debug) -> u64 {
    hash_of(&format!("{value:?}"))
}

pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A value that is shared and known by its digest.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    pub(crate) value: Arc<T>,
    pub(crate) digest: u64,
}

impl<T: Debug> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { digest: digest_of(&value), value: Arc::new(value) }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), digest: self.digest }
    }
}

/// One answer that a pass read.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) call: Shared<Call>,
    pub(crate) answer: Shared<Answer>,
    /// When it was read, by the server's clock.
    pub(crate) at: Timestamp,
}

/// A pass that waits for an answer.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) heard: Vec<Heard>,
    pub(crate) asks: Shared<Call>,
    pub(crate) digest: u64,
}

/// How a pass went on.
#[derive(Clone, Debug)]
enum Outcome {
    Asks {
        call: Shared<Call>,
        /// Whether the time at which it read the last answer makes a difference.
        timed: bool,
    },
    Ended {
        dead: bool,
    },
}

/// Where a server is after an answer.
#[derive(Clone, Debug)]
pub(crate) enum Went {
    /// It asks for something else.
    On(Pass),
    /// The pass is over.
    Ended {
        /// The server learned that it was declared dead: it does nothing any more.
        dead: bool,
    },
}

/// Makes passes go on. Passes that heard the same are made once.
#[derive(Debug)]
pub(crate) struct Passes {
    settings: Settings,
    known: HashMap<u64, Outcome>,
}

impl Passes {
    pub(crate) fn new(exclusivity: Exclusivity, retries: u32) -> Self {
        let retry = RetryPolicy { retries, ..RetryPolicy::default() };
        Self { settings: Settings { exclusivity, retry, ..Settings::default() }, known: HashMap::new() }
    }

    /// The first call of a pass.
    pub(crate) fn begin(&mut self, server: u8) -> Pass {
        match self.go_on(server, Vec::new(), 0, u64::from(server)) {
            Went::On(pass) => pass,
            Went::Ended { .. } => unreachable!("a pass asks for what is due"),
        }
    }

    /// The pass reads `answer` at `at`.
    pub(crate) fn read(&mut self, server: u8, pass: Pass, answer: Shared<Answer>, at: Timestamp) -> Went {
        let Pass { mut heard, asks, digest } = pass;
        let untimed = hash_of(&(digest, asks.digest, answer.digest));
        heard.push(Heard { call: asks, answer, at });
        self.go_on(server, heard, untimed, hash_of(&(untimed, at)))
    }

    fn go_on(&mut self, server: u8, heard: Vec<Heard>, untimed: u64, digest: u64) -> Went {
        let settings = self.settings;
        match self.known.entry(digest).or_insert_with(|| run(settings, server, &heard)) {
            Outcome::Asks { call, timed } => {
                Went::On(Pass { heard, asks: call.clone(), digest: if *timed { digest } else { untimed } })
            }
            Outcome::Ended { dead } => Went::Ended { dead: *dead },
        }
    }
}

/// Runs the real pass up to what it asks after the last answer.
fn run(settings: Settings, server: u8, heard: &[Heard]) -> Outcome {
    let tape = Tape::new(server, OPENED_AT);
    let link = open(settings, &tape);
    assert_eq!(link.worker(), sample::worker(server), "the store knows this server");
    let mut pass = pin!(link.pay_due(1));
    let mut context = Context::from_waker(Waker::noop());
    let mut answers = heard.iter();
    loop {
        if let Poll::Ready(report) = pass.as_mut().poll(&mut context) {
            assert!(answers.next().is_none(), "a pass that heard the same ends at the same place");
            let stopped = report.ok().and_then(|report| report.stopped);
            return Outcome::Ended { dead: stopped == Some(fiber_link_core::Stop::DeclaredDead) };
        }
        let call = tape.asked();
        let Some(next) = answers.next() else {
            return Outcome::Asks { call: Shared::new(call), timed: tape.clock_was_read() };
        };
        assert_eq!(call, *next.call.value, "a pass that heard the same asks the same");
        tape.answer(next.answer.value.as_ref().clone(), next.at);
    }
}

/// A server as it is after its start. It knows nothing of the node yet, so each pass looks.
fn open(settings: Settings, tape: &Tape) -> FiberLink {
    let ports = Arc::new(tape.clone());
    let builder = FiberLink::builder(ports.clone(), ports.clone());
    let mut open = pin!(builder.clock(ports.clone()).ids(ports).settings(settings).open());
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(link) = open.as_mut().poll(&mut context) {
            return link.expect("it starts");
        }
        let answer = match tape.asked() {
            Call::Info => Answer::Nothing,
            Call::Hub => Answer::Hub(sample::hub()),
            Call::Commit(_) => Answer::Committed,
            call => unreachable!("a start asks for no {call:?}"),
        };
        tape.answer(answer, OPENED_AT);
    }
}
