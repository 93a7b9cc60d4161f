//! What the contract allows each setting to be, written once more.

use crate::settings::SettingFlags;

/// A setting by its flag, and what its words have to be.
pub(super) struct Setting {
    pub(super) flag: &'static str,
    pub(super) set: fn(&mut SettingFlags, String),
    pub(super) allows: fn(&str) -> bool,
}

pub(super) const SETTINGS: [Setting; 13] = [
    Setting {
        flag: "store-schema",
        set: |flags, text| flags.store_schema = Some(text),
        allows: |text| {
            let plain = |c: char| c == '_' || c.is_ascii_lowercase() || c.is_ascii_digit();
            (1..=63).contains(&text.len())
                && text.chars().all(plain)
                && !text.starts_with(|c: char| c.is_ascii_digit())
                && !text.starts_with("pg_")
                && text != "information_schema"
        },
    },
    Setting {
        flag: "store-connections",
        set: |flags, text| flags.store_connections = Some(text),
        allows: |text| whole(text, 1_000).is_some_and(|number| number >= 1),
    },
    Setting {
        flag: "network",
        set: |flags, text| flags.network = Some(text),
        allows: |text| ["mainnet", "testnet", "dev"].contains(&text),
    },
    Setting {
        flag: "listen",
        set: |flags, text| flags.listen = Some(text),
        allows: |text| text.parse::<std::net::SocketAddr>().is_ok(),
    },
    Setting {
        flag: "metrics-listen",
        set: |flags, text| flags.metrics_listen = Some(text),
        allows: |text| text.parse::<std::net::SocketAddr>().is_ok(),
    },
    Setting { flag: "data", set: |flags, text| flags.data = Some(text), allows: |text| !text.is_empty() },
    Setting {
        flag: "rate-limit",
        set: |flags, text| flags.rate_limit = Some(text),
        allows: |text| {
            let window = |text| time(text).is_some_and(|millis| (1_000..=86_400_000).contains(&millis));
            let requests = |text| whole(text, 1_000_000).is_some_and(|number| number >= 1);
            text == "off" || text.split_once('/').is_some_and(|(n, t)| requests(n) && window(t))
        },
    },
    Setting {
        flag: "invoice-expiry",
        set: |flags, text| flags.invoice_expiry = Some(text),
        allows: |text| time(text).is_some_and(|millis| (60_000..=604_800_000).contains(&millis)),
    },
    Setting {
        flag: "node-timeout",
        set: |flags, text| flags.node_timeout = Some(text),
        allows: |text| time(text).is_some_and(|millis| (100..=300_000).contains(&millis)),
    },
    Setting {
        flag: "claim",
        set: |flags, text| flags.claim = Some(text),
        allows: |text| time(text).is_some_and(|millis| (30_000..=3_600_000).contains(&millis)),
    },
    Setting {
        flag: "withdrawal-retries",
        set: |flags, text| flags.withdrawal_retries = Some(text),
        allows: |text| whole(text, 10).is_some(),
    },
    Setting {
        flag: "withdrawal-retry-wait",
        set: |flags, text| flags.withdrawal_retry_wait = Some(text),
        allows: |text| time(text).is_some_and(|millis| (1..=86_400_000).contains(&millis)),
    },
    Setting {
        flag: "log-format",
        set: |flags, text| flags.log_format = Some(text),
        allows: |text| ["human", "json"].contains(&text),
    },
];

fn whole(text: &str, most: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

/// Milliseconds.
fn time(text: &str) -> Option<u64> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let of_unit =
        |(unit, millis): (&str, u64)| whole(text.strip_suffix(unit)?, u64::MAX)?.checked_mul(millis);
    units.into_iter().find_map(of_unit)
}
