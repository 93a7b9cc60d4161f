use super::*;
use fiber_link_core::{Amount, AppId, AssetId, FeeBearer};

fn load(flags: SettingFlags, file: &str) -> Result<Settings, String> {
    let file = SettingsFile::parse(file)?;
    let (assets, policies) = file.rules()?;
    Settings::check(&flags.or(file.flags), assets, policies, None).map_err(|error| error.to_string())
}

fn flags(change: impl FnOnce(&mut SettingFlags)) -> SettingFlags {
    let mut flags = SettingFlags::default();
    change(&mut flags);
    flags
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file = "listen = \"127.0.0.1:1\"\nrate_limit = \"off\"\nwithdrawal_retries = 0";
    let settings = load(flags(|f| f.listen = Some("127.0.0.1:2".into())), file).unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert_eq!(settings.rate_limit, None);
    assert_eq!(settings.retry, RetryPolicy { retries: 0, ..RetryPolicy::default() });
    assert_eq!(settings.network, Network::Dev);
    assert_eq!(settings.invoice_expiry, Duration::from_secs(3600));
}

#[test]
fn the_data_folder_follows_from_the_store() {
    let settings = load(SettingFlags::default(), "store = \"sqlite:/var/lib/hub.sqlite\"").unwrap();
    assert_eq!(settings.needed_store().unwrap(), &StorePlace::Sqlite("/var/lib/hub.sqlite".into()));
    assert_eq!(settings.needed_data().unwrap(), Path::new("/var/lib/hub.sqlite-data"));
    let settings = load(SettingFlags::default(), "store = \"sqlite:a\"\ndata = \"b\"").unwrap();
    assert_eq!(settings.needed_data().unwrap(), Path::new("b"));
}

#[test]
fn what_is_needed_and_was_not_said_is_named() {
    let settings = load(SettingFlags::default(), "").unwrap();
    assert_eq!(
        settings.needed_store().unwrap_err().to_string(),
        format!("--store (FIBER_LINK_STORE, store in fiber-link.toml) is needed: {}", store::STORES)
    );
    assert!(settings.needed_node().unwrap_err().to_string().contains("`simulated`"));
    assert!(settings.needed_data().unwrap_err().to_string().contains("FIBER_LINK_DATA"));
}

#[test]
fn a_wrong_value_names_its_setting_itself_and_what_is_allowed() {
    let table = [
        ("store_schema", "Fiber", "up to 63 lower-case letters"),
        ("node", "fnn", "`simulated`, or the address of a node"),
        ("node", "127.0.0.1:8227", "`simulated`, or the address of a node"),
        ("node_hints", "on", "`auto`, `off`, or an address"),
        ("network", "Mainnet", "`mainnet`, `testnet` or `dev`"),
        ("listen", "localhost", "an IP address and a port"),
        ("data", "", "the path of a folder"),
        ("rate_limit", "300", "`off`, or a number of requests"),
        ("rate_limit", "0/60s", "`off`, or a number of requests"),
        ("rate_limit", "1/0s", "`off`, or a number of requests"),
        ("invoice_expiry", "1y", "a time such as"),
        ("invoice_expiry", "8d", "from 60s to 604800s"),
        ("invoice_expiry", "s", "a time such as"),
        ("node_timeout", "99999999999999999999s", "a time such as"),
        ("withdrawal_retry_wait", "-1s", "a time such as"),
        ("log", "fiber_link=loud", "a level"),
        ("log_format", "xml", "`human` or `json`"),
    ];
    for (key, value, allowed) in table {
        let message = load(SettingFlags::default(), &format!("{key} = {value:?}")).unwrap_err();
        let flag = key.replace('_', "-");
        let names = format!("--{flag} (FIBER_LINK_{}, {key} in fiber-link.toml)", key.to_uppercase());
        assert!(message.starts_with(&format!("{names}: got {value:?}, allowed is ")), "{message}");
        assert!(message.contains(allowed), "{message}");
    }
    let message = load(flags(|f| f.withdrawal_retries = Some("11".into())), "").unwrap_err();
    assert!(message.contains("--withdrawal-retries") && message.contains("from 0 to 10"), "{message}");
}

#[test]
fn a_store_is_a_file_or_a_database_and_never_shown() {
    let place = |text: &str| load(flags(|f| f.store = Some(text.to_owned().into())), "");
    for wrong in [
        "postgres:canary",
        "sqlite:",
        "sqlite::memory:",
        "mysql://canary@host",
        "canary",
        "postgres://ann:canary@host/hub?sslmod=verify-full",
        "postgres://ann:1?canary@host/hub",
        "postgresql://host?application_name=canary",
        "postgres://ann:1#canary@host/hub?sslmode=verify-full",
        "postgres://host/hub#?sslmode=verify-full",
        "sqlite:file::memory:",
        "sqlite:file:hub.sqlite?nolock=1",
    ] {
        let message = place(wrong).unwrap_err();
        let names = "--store (FIBER_LINK_STORE, store in fiber-link.toml): what was given is not shown";
        assert!(message.starts_with(names) && message.contains("`sqlite:PATH`"), "{message}");
        assert!(!message.contains("canary"), "{message}");
    }
    let file = "store_schema = \"shop_tips\"\nstore_connections = 40";
    for url in ["postgres://ann:canary@host:1/hub?sslmode=verify-full&sslrootcert=/x", "postgresql:///hub"] {
        let flags = flags(|f| f.store = Some(url.to_owned().into()));
        assert!(!format!("{flags:?}").contains("canary"));
        let settings = load(flags, file).unwrap();
        assert!(!format!("{settings:?}").contains("canary"));
        let StorePlace::Postgres(place) = settings.needed_store().unwrap() else { panic!("{url}") };
        assert_eq!((place.url.expose(), place.schema.name(), place.pool.connections), (url, "shop_tips", 40));
        assert!(settings.data.is_none(), "nothing of it stands beside a database");
    }
    for wrong in ["0", "1001", "many"] {
        let message = load(
            flags(|f| {
                f.store = Some("sqlite:x".to_owned().into());
                f.store_connections = Some(wrong.into());
            }),
            "",
        );
        assert!(message.unwrap_err().contains("from 1 to 1000"), "{wrong}");
    }
}

#[test]
fn a_store_may_be_named_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    std::fs::write(&path, "postgres://ann:canary@host/hub\n").unwrap();
    let named = flags(|f| f.store_url_file = Some(path.clone()));
    let settings = load(named.clone(), "store = \"sqlite:other\"").unwrap();
    let StorePlace::Postgres(place) = settings.needed_store().unwrap() else { panic!("the flag wins") };
    assert_eq!(place.url.expose(), "postgres://ann:canary@host/hub");
    let both = SettingFlags { store: Some("sqlite:x".to_owned().into()), ..named.clone() };
    assert!(load(both, "").unwrap_err().contains("one of the two"));
    std::fs::write(&path, "canary").unwrap();
    let message = load(named.clone(), "").unwrap_err();
    assert!(message.starts_with("--store-url-file") && !message.contains("canary"), "{message}");
    let mistaken = flags(|f| f.store_url_file = Some("postgres://ann:canary@host/hub".into()));
    let message = load(mistaken, "").unwrap_err();
    assert!(message.starts_with("--store-url-file") && !message.contains("canary"), "{message}");
    std::fs::remove_file(path).unwrap();
    assert!(load(named, "").unwrap_err().starts_with("cannot read the address of the store from "));
}

#[test]
fn a_mistake_in_the_file_is_told_without_its_line() {
    let message =
        SettingsFile::parse("log = \"info\"\nstore = \"postgres://ann:canary@host\" x").unwrap_err();
    assert!(message.starts_with("line 2: ") && !message.contains("canary"), "{message}");
    let message = SettingsFile::parse("[store]\nurl = \"canary\"").unwrap_err();
    assert!(message.starts_with("line 1: ") && !message.contains("canary"), "{message}");
}

#[test]
fn a_claim_lasts_three_node_timeouts_or_longer() {
    let claim = |file: &str| load(SettingFlags::default(), file).map(|settings| settings.claim.as_secs());
    assert_eq!(claim(""), Ok(30));
    assert_eq!(claim("node_timeout = \"1s\""), Ok(30));
    assert_eq!(claim("node_timeout = \"20s\""), Ok(60));
    assert_eq!(claim("node_timeout = \"1s\"\nclaim = \"3s\""), Ok(3));
    assert_eq!(claim("node_timeout = \"1s\"\nclaim = \"1m\""), Ok(60));
    let message = claim("node_timeout = \"1s\"\nclaim = \"2999ms\"").unwrap_err();
    assert!(message.contains("--claim") && message.contains("from 3s"), "{message}");
    assert!(claim("claim = \"2h\"").is_err());
}

#[test]
fn a_node_is_an_address_or_the_simulated_one() {
    let node = |text: &str| load(flags(|f| f.node = Some(text.into())), "").map(|settings| settings.node);
    assert_eq!(node("simulated"), Ok(Some(NodeKind::Simulated)));
    let url = "http://127.0.0.1:8227";
    assert_eq!(node(url), Ok(Some(NodeKind::Fnn(url.parse().unwrap()))));
    let hints = |text: &str| {
        load(flags(|f| f.node_hints = Some(text.into())), "").map(|settings| settings.node_hints)
    };
    assert!(matches!(hints("off"), Ok(Hints::Off)));
    assert!(matches!(hints("ws://127.0.0.1:8227"), Ok(Hints::Url(_))));
    assert!(matches!(load(SettingFlags::default(), "").unwrap().node_hints, Hints::Auto));
}

#[test]
fn a_password_in_an_address_is_refused_and_not_repeated() {
    for key in ["node", "node_hints"] {
        let message =
            load(SettingFlags::default(), &format!("{key} = \"http://ann:canary@node\"")).unwrap_err();
        assert!(message.contains("got \"[not shown]\"") && !message.contains("canary"), "{message}");
    }
}

#[test]
fn an_address_that_stands_where_it_does_not_belong_is_not_repeated() {
    for address in
        ["postgres://ann:canary@host/hub", "postgres://host/hub?password=canary", "https://node/canary"]
    {
        for (file, place) in [
            (format!("network = {address:?}"), "--network"),
            (format!("store_connections = {address:?}"), "line 1: "),
            (format!("[policy.CKB]\nminimum = {address:?}"), "policy.CKB.minimum: "),
            (format!("[policy.{address:?}]"), "assets and policies: "),
            (format!("[[asset]]\nid = {address:?}\ndecimals = 6"), "assets and policies: "),
        ] {
            let message = load(SettingFlags::default(), &file).unwrap_err();
            assert!(message.starts_with(place) && !message.contains("canary"), "{message}");
        }
    }
}

#[test]
fn a_number_has_no_sign() {
    for file in ["rate_limit = \"+300/60s\"", "rate_limit = \"300/+60s\"", "invoice_expiry = \"+1h\""] {
        assert!(load(SettingFlags::default(), file).unwrap_err().contains("allowed is"), "{file}");
    }
    let connections = flags(|f| f.store_connections = Some("+16".into()));
    assert!(load(connections, "").unwrap_err().contains("from 1 to 1000"));
    let retries = flags(|f| f.withdrawal_retries = Some("+3".into()));
    assert!(load(retries, "").unwrap_err().contains("from 0 to 10"));
}

#[test]
fn a_token_for_invoices_comes_with_or_without_one_for_payments() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path)
    };
    let (good, bad, missing) =
        (file("good", "token\n"), file("bad", "can ary"), Some(folder.path().join("no")));
    let read = |invoices: &Option<PathBuf>, payments: &Option<PathBuf>| {
        let (invoices, payments) = (invoices.clone(), payments.clone());
        NodeTokenFiles { invoices, payments }.read().map_err(|error| error.to_string())
    };
    assert!(matches!(read(&None, &None), Ok(Access::Open)));
    assert!(matches!(read(&good, &None), Ok(Access::Invoices(_))));
    assert!(matches!(read(&good, &good), Ok(Access::InvoicesAndPayments { .. })));
    assert!(read(&None, &good).unwrap_err().contains("--node-token-file"));
    assert!(read(&good, &missing).unwrap_err().contains("cannot read the token file"));
    let refused = read(&bad, &None).unwrap_err();
    assert!(refused.ends_with("bad") && !refused.contains("can ary"), "{refused}");
}

#[test]
fn times_are_read_with_their_unit() {
    for (text, millis) in [("250ms", 250), ("30s", 30_000), ("15m", 900_000), ("2h", 7_200_000)] {
        let settings = load(flags(|f| f.withdrawal_retry_wait = Some(text.into())), "").unwrap();
        assert_eq!(settings.retry.base, Duration::from_millis(millis), "{text}");
    }
}

#[test]
fn an_unknown_key_is_named() {
    for (file, key) in [
        ("stroe = \"x\"", "stroe"),
        ("[policy.CKB]\nper_day = \"1\"", "per_day"),
        ("[[asset]]\nid = \"CKB\"\ndecimals = 8\nname = \"x\"", "name"),
        ("[app.forum]\nsecret = \"x\"", "secret"),
    ] {
        let message = load(SettingFlags::default(), file).unwrap_err();
        assert!(message.contains(&format!("unknown field `{key}`")), "{message}");
    }
}

const USDI: &str = r#"
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
"#;

#[test]
fn assets_and_policies_live_in_the_file() {
    let file = format!(
        "{USDI}\n[policy.USDI]\nper_request = \"2.5\"\ncooldown = \"30s\"\nfee_bearer = \"hub\"\n\
         [app.forum.policy.USDI]\nallowed = false"
    );
    let settings = load(SettingFlags::default(), &file).unwrap();
    let usdi = settings.assets.find(&AssetId::new("USDI").unwrap()).unwrap();
    let policy = settings.policies.of(&AppId::new("other").unwrap(), usdi);
    assert_eq!(policy.per_request, Amount::new(2_500_000));
    assert_eq!((policy.cooldown, policy.fee_bearer), (Duration::from_secs(30), FeeBearer::Hub));
    let forum = settings.policies.of(&AppId::new("forum").unwrap(), usdi);
    assert!(!forum.allowed && policy.allowed);
    assert_eq!(forum.per_request, policy.per_request, "an exception begins with the policy of all");
}

#[test]
fn wrong_rules_name_their_place() {
    let table = [
        ("[policy.DOGE]\nallowed = true", "policy.DOGE: got asset \"DOGE\", allowed is one of CKB"),
        (
            "[policy.CKB]\nminimum = \"1.123456789\"",
            "policy.CKB.minimum: got \"1.123456789\", it must have at most 8",
        ),
        ("[policy.CKB]\ncooldown = \"1\"", "policy.CKB.cooldown: got \"1\", allowed is a time"),
        ("[policy.CKB]\nfee_millionths = 1000001", "policy.CKB.fee_millionths: got 1000001"),
        ("[app.\"two words\".policy.CKB]\nallowed = true", "app.\"two words\": a name must be visible ASCII"),
        ("[[asset]]\nid = \"X\"\ndecimals = 8", "asset X: allowed is kind = \"ckb\" alone, or a type script"),
        (
            "[[asset]]\nid = \"X\"\ndecimals = 6\nkind = \"ckb\"",
            "asset X: decimals: got 6, allowed is 8 for CKB",
        ),
        (
            "[[asset]]\nid = \"X\"\ndecimals = 39\ncode_hash = \"0x0101010101010101010101010101010101010101010101010101010101010101\"\n\
             hash_type = \"type\"\nargs = \"0x\"",
            "asset X has 39 decimals; at most 38 are possible",
        ),
        ("withdrawal_retries = \"3\"", "invalid type: string \"3\", expected u32"),
    ];
    for (file, expected) in table {
        let message = load(SettingFlags::default(), file).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_wrong_map_of_secrets_is_not_shown() {
    for text in ["canary", "{\"a\":{\"canary\":1}}", "{\"a\":\"\"}", "{\"two words\":\"canary-canary\"}"] {
        let checked =
            Settings::check(&SettingFlags::default(), Assets::default(), Policies::default(), Some(text));
        let message = checked.unwrap_err().to_string();
        assert!(message.starts_with("FIBER_LINK_HMAC_SECRET_MAP: "), "{message}");
        assert!(!message.contains("canary"), "{message}");
    }
    let text = "{\"a\":\"canary-canary-canary\"}";
    let settings =
        Settings::check(&SettingFlags::default(), Assets::default(), Policies::default(), Some(text));
    assert!(!format!("{:?}", settings.unwrap()).contains("canary"));
}
