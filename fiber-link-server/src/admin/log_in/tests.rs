use super::*;
use crate::rpc::params::Params;
use fiber_link_core::testing::{FakeNode, ManualClock};
use fiber_link_core::{FiberLink, Grant, MOST_LOG_INS, MemoryStore, Operator, Reason};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

const PASSWORD: &str = "correct horse battery";

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn ann() -> Email {
    Email::new("ann@example.org").unwrap()
}

/// With ann as an administrator.
async fn api() -> AdminApi {
    let clock = ManualClock::new(Timestamp::from_seconds(1_760_000_000));
    let node = FakeNode::new(clock.clone());
    let builder = FiberLink::builder(Arc::new(MemoryStore::new()), Arc::new(node));
    let link = builder.clock(Arc::new(clock)).open().await.unwrap();
    let owner = link.administration(Operator { name: "root".to_owned(), origin: "test".to_owned() });
    let hash = PasswordHash::of(&Password::new(PASSWORD).unwrap()).unwrap();
    let why = Reason::new("why not").unwrap();
    owner.create_administrator(ann(), hash, vec![Grant::SuperAdmin], &why).await.unwrap();
    let access = link.access();
    AdminApi { link, access, log_ins: LogIns::default(), environment: crate::secrets::SecretMap::default() }
}

async fn try_to(api: &AdminApi, email: &str, password: &str) -> Result<(), ApiError> {
    let sent = json!({ "email": email, "password": password }).to_string();
    log_in(api, HERE, &mut Params::read(&sent).unwrap()).await.map(drop)
}

#[tokio::test]
async fn what_is_refused_because_too_many_wait_counts_as_no_try() {
    let api = api().await;
    let others = api.log_ins.waiting.try_acquire_many(u32::try_from(MOST_WAITING).unwrap()).unwrap();
    for _ in 0..=MOST_LOG_INS {
        let refused = try_to(&api, "ann@example.org", PASSWORD).await.unwrap_err();
        let busy = "too many are logging in right now";
        assert!(matches!(&refused, ApiError::TooMany(message, _) if message == busy), "{refused:?}");
    }
    drop(others);
    for _ in 0..MOST_LOG_INS {
        api.access.begin_log_in(ann()).await.unwrap();
    }
}

#[test]
fn addresses_of_one_network_are_counted_as_one() {
    let (log_ins, now) = (LogIns::default(), Timestamp::from_seconds(1_760_000_000));
    let network = |net: u16, host: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, net, host, 0, 0, host));
    for host in 0..20 {
        log_ins.count(network(1, host), now).unwrap();
    }
    assert!(log_ins.count(network(1, 99), now).is_err());
    log_ins.count(network(2, 0), now).unwrap();
    for _ in 0..20 {
        log_ins.count(HERE, now).unwrap();
    }
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped().into();
    assert!(log_ins.count(mapped, now).is_err(), "it is the same address");
    log_ins.count(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), now).unwrap();
}

/// What was logged.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_refused_log_in_is_logged_without_what_was_typed() {
    let api = api().await;
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _logs = tracing::subscriber::set_default(subscriber);
    let refused = async || {
        for (email, password) in [
            ("ann@example.org", "typed by mistake"),
            ("nobody@example.org", "typed by mistake"),
            ("typed by mistake", PASSWORD),
        ] {
            try_to(&api, email, password).await.unwrap_err();
        }
    };
    // Tests on other threads may have come here first, where nobody listens: ask anew who does.
    refused().await;
    tracing::callsite::rebuild_interest_cache();
    logged.0.lock().unwrap().clear();
    refused().await;
    let text = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let nobody = Email::new("nobody@example.org").unwrap().administrator();
    for (line, id) in lines.iter().zip([ann().administrator(), nobody]) {
        for part in ["WARN", "127.0.0.1", &id.to_string()] {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
    for typed in ["typed by mistake", "example.org", PASSWORD] {
        assert!(!text.contains(typed), "{text}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_refused_in_the_words_and_after_the_tries_of_a_known_one() {
    let api = api().await;
    let mut told = Vec::new();
    for email in ["ann@example.org", "nobody@example.org"] {
        for _ in 0..MOST_LOG_INS {
            api.access.begin_log_in(Email::new(email).unwrap()).await.unwrap();
        }
        let refused = try_to(&api, email, PASSWORD).await.unwrap_err();
        assert!(matches!(refused, ApiError::TooMany(..)), "{refused:?}");
        told.push(refused);
    }
    assert_eq!(told[0], told[1]);
}
