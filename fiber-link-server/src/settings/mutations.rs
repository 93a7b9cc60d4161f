//! Broken, hostile and merely strange settings: none panics, what is taken is what the contract allows,
//! what is refused is named, and no password comes back.

#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails")]

mod contract;

use super::*;
use crate::cases::cases;
use contract::{SETTINGS, Setting};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::str::FromStr;

/// What no message may show: it stands in for a password.
const CANARY: &str = "canary";

fn load(flags: SettingFlags, file: &str) -> Result<Settings, String> {
    let file = SettingsFile::parse(file)?;
    let (assets, policies) = file.rules()?;
    Settings::check(&flags.or(file.flags), assets, policies, None).map_err(|error| error.to_string())
}

/// Text that is nearly the value of something.
fn nearly() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[-+ ]?0{0,3}[0-9]{1,7}(ms|s|m|h|d|S|sec|)?",
        2 => "\\+?[0-9]{1,8}/\\+?[0-9]{0,6}(ms|s|m|h|d)?",
        2 => "(pg_|_)?[a-z0-9_A-Z-]{0,70}",
        2 => select(vec!["mainnet", "testnet", "dev", "human", "json", "off", "auto", "simulated", "", " dev", "Dev",
            "information_schema", "127.0.0.1:8080", "[::1]:0", "127.0.0.1:65536", "18446744073709551616s", "99999999999999999999"])
            .prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => ".{0,20}",
    ]
}

/// Addresses with a password in them.
const ADDRESSES: [&str; 6] = [
    "postgres://ann:canary@host:5432/hub?sslmode=verify-full",
    "postgresql://host/hub?user=ann&password=canary",
    "http://ann:canary@node:8227",
    "https://node:8227/canary?key=canary",
    "canary@host",
    "postgres://ann:canary@host",
];

/// A file in which everything is right.
const FILE: &str = r#"store = "sqlite:hub.sqlite"
store_schema = "hub"
store_connections = 16
node = "http://127.0.0.1:8227"
node_token_file = "token"
node_hints = "auto"
network = "testnet"
listen = "127.0.0.1:8080"
metrics_listen = "127.0.0.1:9090"
data = "hub-data"
rate_limit = "300/60s"
invoice_expiry = "1h"
node_timeout = "10s"
claim = "30s"
withdrawal_retries = 3
withdrawal_retry_wait = "60s"
log = "warn,fiber_link_core=debug"
log_format = "json"

[[asset]]
id = "CKB"
decimals = 8
kind = "ckb"

[[asset]]
id = "USDI"
decimals = 6
code_hash = "0x0101010101010101010101010101010101010101010101010101010101010101"
hash_type = "type"
args = "0xab"

[policy.USDI]
allowed = true
minimum = "0.5"
per_request = "2.5"
cooldown = "30s"
fee_millionths = 10000
fee_bearer = "hub"

[app.forum.policy.USDI]
per_user_daily = "7"
"#;

/// One way to spoil a file.
#[derive(Clone, Debug)]
enum Spoil {
    /// A value becomes another; with quotes or without.
    Value {
        line: Index,
        with: String,
    },
    /// A key becomes another.
    Key {
        line: Index,
        with: String,
    },
    /// A line comes twice, or not at all.
    Times {
        line: Index,
        times: usize,
    },
    Bytes {
        at: Index,
        cut: usize,
        with: String,
    },
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let address = || select(ADDRESSES.to_vec()).prop_map(str::to_owned);
    let value = prop_oneof![
        4 => address().prop_map(|text| format!("{text:?}")),
        1 => address().prop_map(|text| format!("[{text:?}]")),
        1 => address().prop_map(|text| format!("{{ url = {text:?} }}")),
        1 => address().prop_map(|text| format!("'''{text}")),
        1 => address().prop_map(|text| format!("\"{text}\\q\"")),
        1 => address(),
        3 => nearly().prop_map(|text| format!("{text:?}")),
        2 => nearly(),
        1 => select(vec!["1e999", "-0", "0x7fffffffffffffff", "nan", "1979-05-27", "true", "[]", "{}"]).prop_map(str::to_owned),
        1 => (1_usize..300).prop_map(|depth| "[".repeat(depth)),
        1 => (1_usize..300).prop_map(|depth| format!("{}1{}", "{ a = ".repeat(depth), " }".repeat(depth))),
    ];
    let key = prop_oneof![
        2 => select(vec!["store", "node", "log", "claim", "url", "\"\"", "asset", "a.b.c", "[x]", "[[asset]]", "[policy.CKB]"])
            .prop_map(str::to_owned),
        1 => (1_usize..300).prop_map(|depth| vec!["a"; depth].join(".")),
        1 => "\\PC{0,9}",
    ];
    let text = select(vec![
        "\"", "'", "\\", "\n", "\r", "\u{0}", "=", "[", "]", "{", "}", "#", ",", "\u{feff}", "é",
    ]);
    prop_oneof![
        4 => (any::<Index>(), value).prop_map(|(line, with)| Spoil::Value { line, with }),
        1 => (any::<Index>(), key).prop_map(|(line, with)| Spoil::Key { line, with }),
        1 => (any::<Index>(), select(vec![0, 2])).prop_map(|(line, times)| Spoil::Times { line, times }),
        2 => (any::<Index>(), 0_usize..3, text)
            .prop_map(|(at, cut, with)| Spoil::Bytes { at, cut, with: with.to_owned() }),
    ]
}

fn spoiled(text: &str, spoil: &Spoil) -> String {
    let mut lines: Vec<_> = text.split('\n').map(str::to_owned).collect();
    match spoil {
        Spoil::Value { line, with } => {
            let line = &mut lines[line.index(text.split('\n').count())];
            if let Some((key, _)) = line.clone().split_once(" = ") {
                *line = format!("{key} = {with}");
            }
        }
        Spoil::Key { line, with } => {
            let line = &mut lines[line.index(text.split('\n').count())];
            *line = line.split_once(" = ").map_or(with.clone(), |(_, value)| format!("{with} = {value}"));
        }
        Spoil::Times { line, times } => {
            let at = line.index(lines.len());
            let line = lines[at].clone();
            lines.splice(at..=at, vec![line; *times]);
        }
        Spoil::Bytes { at, cut, with } => {
            let mut chars: Vec<_> = text.chars().collect();
            let at = at.index(chars.len() + 1);
            chars.splice(at..chars.len().min(at + cut), with.chars());
            return chars.into_iter().collect();
        }
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn a_value_is_taken_exactly_if_it_is_allowed_and_else_its_setting_is_named(
        setting in 0..SETTINGS.len(), text in nearly(),
    ) {
        let Setting { flag, set, allows } = &SETTINGS[setting];
        let mut flags = SettingFlags::default();
        set(&mut flags, text.clone());
        match load(flags, "") {
            Ok(_) => prop_assert!(allows(&text), "{} took {:?}", flag, text),
            Err(message) => {
                prop_assert!(!allows(&text), "{}", message);
                let names = format!("--{flag} (FIBER_LINK_{}", flag.replace('-', "_").to_uppercase());
                prop_assert!(message.starts_with(&names), "{}", message);
                let shown = if may_hold_a_password(&text) { "[not shown]" } else { &text };
                prop_assert!(message.contains(&format!("got {shown:?}, allowed is ")), "{}", message);
            }
        }
    }

    #[test]
    fn an_address_that_was_given_for_something_else_is_not_repeated(
        setting in 0..SETTINGS.len(), address in select(ADDRESSES.to_vec()), before in "[ -~]{0,3}",
    ) {
        let mut flags = SettingFlags::default();
        (SETTINGS[setting].set)(&mut flags, format!("{before}{address}"));
        let message = load(flags, "").err().unwrap_or_default();
        prop_assert!(!message.contains(CANARY), "{}", message);
    }

    #[test]
    fn a_node_is_taken_without_a_password_or_refused_without_showing_it(
        text in prop_oneof![
            "(http|https|ws|wss|ftp|HTTP|)(://|:|//|)(ann(:canary)?@)?(node|127\\.0\\.0\\.1|\\[::1\\]|é)(:[0-9]{0,6})?(/canary)?(\\?key=canary)?",
            "(simulated|auto|off| )?\\PC{0,9}",
        ],
        hints: bool,
    ) {
        let mut flags = SettingFlags::default();
        *(if hints { &mut flags.node_hints } else { &mut flags.node }) = Some(text.clone());
        match load(flags, "") {
            Ok(settings) => {
                prop_assert!(!text.contains('@') , "{}", text);
                let shown = format!("{settings:?}");
                prop_assert!(!shown.contains(CANARY), "{}", shown);
            }
            Err(message) => {
                prop_assert!(message.starts_with(if hints { "--node-hints (" } else { "--node (" }), "{}", message);
                // What looks like no address at all is shown.
                prop_assert!(!may_hold_a_password(&text) || !message.contains(CANARY), "{}", message);
            }
        }
    }

    #[test]
    fn an_address_of_a_database_means_to_the_driver_what_it_says(
        scheme in select(vec!["postgres://", "postgresql://", "postgres:", "POSTGRES://"]),
        user in select(vec!["", "ann@", "ann:canary@", "ann:1#canary@", "ann:1?canary@", "ann:1/canary@", "ann:%23@"]),
        host in "(host|127\\.0\\.0\\.1|\\[::1\\]|)(:[0-9]{1,5})?(/hub)?",
        parameters in vec(select(vec![
            "sslmode=verify-full", "sslmode=disable", "SSLMODE=verify-full", "ssl-mode=verify-full", "sslmod=verify-full", "sslmode",
            "%73slmode=disable", "ssl\tmode=disable", "application_name=x", "user=ann", "password=canary", "", "dbname=x", "statement-cache-capacity=0",
        ]), 0..4),
        noise in prop::option::weighted(0.3, (any::<Index>(), select(vec!["#", "?", "&", "/", "@", "\t", "\n", " ", "%", ";", "\\", "é"]))),
    ) {
        let mut text = format!("{scheme}{user}{host}");
        if !parameters.is_empty() {
            text += &format!("?{}", parameters.join("&"));
        }
        if let Some((at, noise)) = noise {
            text.insert_str(at.index(text.len() + 1), noise);
        }
        let mut flags = SettingFlags { store: Some(StoreText::from(text.clone())), ..SettingFlags::default() };
        flags.store_schema = Some("hub".to_owned());
        match load(flags, "") {
            Ok(settings) => {
                let shown = format!("{settings:?}");
                prop_assert!(!shown.contains(CANARY), "{}", shown);
                let StorePlace::Postgres(place) = settings.needed_store().unwrap() else { panic!("{text}") };
                prop_assert_eq!(place.url.expose(), &text);
                let modes = text.matches("sslmode=").count();
                // What the text says once, and last of all, is what holds.
                if let Ok(options) = PgConnectOptions::from_str(&text) && modes == 1 && text.ends_with("sslmode=verify-full") {
                    prop_assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull), "{}", text);
                }
            }
            Err(message) => {
                prop_assert!(message.starts_with("--store (FIBER_LINK_STORE, "), "{}", message);
                prop_assert!(!message.contains(CANARY), "{}", message);
            }
        }
    }

    #[test]
    fn a_file_is_taken_or_its_place_is_named_and_no_password_comes_back(spoils in vec(spoil(), 0..4)) {
        let text = spoils.iter().fold(FILE.to_owned(), |text, spoil| spoiled(&text, spoil));
        match load(SettingFlags::default(), &text) {
            Ok(settings) => {
                let shown = format!("{:?}", settings.store);
                prop_assert!(!shown.contains(CANARY), "{}", shown);
            }
            Err(message) => {
                prop_assert!(!message.contains(CANARY), "{}", message);
                let places = ["line ", "--", "asset", "[[asset]]", "policy.", "app."];
                prop_assert!(places.iter().any(|place| message.starts_with(place)), "{}", message);
            }
        }
    }

    #[test]
    fn no_text_is_a_file_that_harms(text in "(\\PC|[\\[\\]{}=\"'.,#\\\\\n0-9a-z_-]){0,120}") {
        if let Err(message) = SettingsFile::parse(&text) {
            let (line, _) = message.strip_prefix("line ").unwrap().split_once(": ").unwrap();
            prop_assert!((1..=text.split('\n').count()).contains(&line.parse().unwrap()), "{}", message);
        }
    }

    #[test]
    fn a_map_of_secrets_is_taken_or_refused_without_its_secrets(
        entries in vec(("[a-z ]{0,3}|\\PC{0,4}|x{250,260}", "canary[a-z]{0,3}|"), 0..4),
        at in any::<Index>(),
        noise in prop::option::of(select(vec!["{", "}", "\"", ",", ":", "[", "1", "\\", "\u{0}", "null"])),
    ) {
        let apps: std::collections::BTreeSet<_> = entries.iter().map(|(app, _)| app).collect();
        let right = apps.len() == entries.len()
            && entries.iter().all(|(app, secret)| fiber_link_core::AppId::new(app.as_str()).is_ok() && !secret.is_empty());
        let map: Vec<_> = entries.iter().map(|(app, secret)| format!("{}:{}", serde_json::json!(app), serde_json::json!(secret))).collect();
        let mut text = format!("{{{}}}", map.join(","));
        if let Some(noise) = noise {
            let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            text.insert_str(places[at.index(places.len())], noise);
        }
        match SecretMap::parse(&text) {
            Ok(map) => {
                prop_assert!(right || noise.is_some());
                let shown = format!("{map:?}");
                prop_assert!(noise.is_some() || !shown.contains(CANARY), "{}", shown);
            }
            Err(message) => {
                prop_assert!(!right || noise.is_some(), "{}", message);
                prop_assert!(!message.contains(CANARY), "{}", message);
            }
        }
    }
}

#[test]
fn a_long_text_is_refused_or_taken_wherever_it_stands() {
    for piece in ["9", "a", "/", "[", "=", ",", "a=b,", "{", "é", "\\", "[a]\n", "\"", "#", " "] {
        let long = piece.repeat(100_000 / piece.len());
        for Setting { set, .. } in &SETTINGS {
            let mut flags = SettingFlags::default();
            set(&mut flags, long.clone());
            let _ = load(flags, "");
        }
        for set in [
            |flags: &mut SettingFlags, text: String| flags.node = Some(text),
            |flags: &mut SettingFlags, text: String| flags.node_hints = Some(text),
            |flags: &mut SettingFlags, text: String| flags.store = Some(StoreText::from(text)),
        ] {
            for prefix in ["", "http://", "postgres://host?"] {
                let mut flags = SettingFlags::default();
                set(&mut flags, format!("{prefix}{long}"));
                let _ = load(flags, "");
            }
        }
        assert!(SecretMap::parse(&long).is_err());
        for prefix in ["", "a", "a=", "store = \"", "log = '"] {
            let _ = load(SettingFlags::default(), &format!("{prefix}{long}"));
        }
    }
}
