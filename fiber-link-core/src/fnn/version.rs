//! Which versions of the node we know.

use crate::NodeSupport;
use semver::Version;
use std::cmp::Ordering;

/// The oldest version that we know: the recorded answers are its.
const OLDEST: &str = "0.8.0";
/// The newest version that the official wire types describe.
const NEWEST: &str = "0.10.0-rc1";

/// Whether the node's own `version` is one that we know. What cannot be read is not.
pub(crate) fn support(version: &str) -> NodeSupport {
    let within = || {
        let version = Version::parse(version).ok()?;
        let (oldest, newest) = (Version::parse(OLDEST).ok()?, Version::parse(NEWEST).ok()?);
        Some(
            version.cmp_precedence(&oldest) != Ordering::Less
                && version.cmp_precedence(&newest) != Ordering::Greater,
        )
    };
    if within().unwrap_or(false) { NodeSupport::Tested } else { NodeSupport::Untested }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_the_recorded_one_to_the_newest_described_one_are_tested() {
        for tested in ["0.8.0", "0.8.1", "0.9.0-rc1", "0.9.1", "0.9.42", "0.10.0-rc1", "0.10.0-alpha"] {
            assert_eq!(support(tested), NodeSupport::Tested, "{tested}");
        }
        let long = "9".repeat(1000);
        for untested in [
            "0.7.1",
            "0.8.0-rc1",
            "0.10.0-rc2",
            "0.10.0",
            "0.11.0",
            "1.0.0",
            "",
            "0.8",
            "v0.8.0",
            "0.8.0 ",
            &long,
        ] {
            assert_eq!(support(untested), NodeSupport::Untested, "{untested}");
        }
    }
}
