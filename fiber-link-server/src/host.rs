//! What people know this process by.

/// Where Linux keeps the name of the host.
const HOST_NAME: &str = "/proc/sys/kernel/hostname";

/// The host's name and the number of the process.
pub(crate) fn label() -> String {
    let name = std::fs::read_to_string(HOST_NAME).or_else(|_| std::env::var("HOSTNAME"));
    let name = name.unwrap_or_default();
    let name = if name.trim().is_empty() { "unknown host" } else { name.trim() };
    format!("{name}:{}", std::process::id())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_label_names_the_process() {
        let label = super::label();
        let (host, process) = label.rsplit_once(':').unwrap();
        assert_eq!(process, std::process::id().to_string());
        assert!(!host.is_empty());
    }
}
