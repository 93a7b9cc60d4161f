//! How many cases a property is tried with.

use proptest::test_runner::Config;

/// As many as `PROPTEST_CASES` says, and `usual` where it says nothing.
pub(crate) fn cases(usual: u32) -> Config {
    let config = Config::default();
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { Config { cases: usual, ..config } }
}
