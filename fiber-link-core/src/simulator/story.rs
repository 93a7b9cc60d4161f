//! What happened, in words.

use crate::Timestamp;
use std::collections::VecDeque;
use std::fmt::Write as _;

/// What happened, line by line; the oldest lines give way to the newest.
///
/// Nothing is written down in a usual run: a run that ends badly is made once more to hear its story.
#[derive(Debug)]
pub(super) struct Story {
    start: Timestamp,
    keep: usize,
    lines: VecDeque<String>,
}

impl Story {
    pub(super) fn new(start: Timestamp, keep: usize) -> Self {
        Self { start, keep, lines: VecDeque::new() }
    }

    pub(super) fn tell(&mut self, now: Timestamp, line: impl FnOnce() -> String) {
        if self.keep == 0 {
            return;
        }
        if self.lines.len() >= self.keep {
            self.lines.pop_front();
        }
        let mut told = moment(self.start, now);
        let _never_fails = write!(told, "  {}", line());
        self.lines.push_back(told);
    }

    pub(super) fn into_lines(self) -> Vec<String> {
        self.lines.into()
    }
}

/// Such as `2d 07:15:03.250`, from the start on.
pub(super) fn moment(start: Timestamp, now: Timestamp) -> String {
    let millis = now.as_millis().saturating_sub(start.as_millis());
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    format!("{}d {:02}:{:02}:{:02}.{rest:03}", hours / 24, hours % 24, minutes % 60, seconds % 60)
}

/// The first digits of a name are enough to tell it apart in a story.
pub(super) fn short(name: &impl ToString) -> String {
    let name = name.to_string();
    let end = name.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
    name.get(end..).unwrap_or_default().to_owned()
}
