//! Which versions of the node we know.

/// Whether the node's own `version` is in the tested range; what cannot be read is not.
pub(crate) fn is_tested(version: &str) -> bool {
    let _ = version;
    false
}
