use super::*;
use crate::{AuditQuery, MemoryStore};

fn administration(store: &Arc<MemoryStore>) -> Administration {
    let operator = Operator { name: "ann".to_owned(), origin: "test".to_owned() };
    Administration::new(store.clone(), operator)
}

fn forum() -> AppId {
    AppId::new("forum").unwrap()
}

fn why() -> Reason {
    Reason::new("why not").unwrap()
}

fn keyring(id: &str, byte: u8) -> Keyring {
    Keyring::parse(&format!("{id}:{}", hex::encode([byte; 32]))).unwrap()
}

async fn records(store: &MemoryStore) -> Vec<AuditRecord> {
    let query = AuditQuery { app: None, before: None, limit: 100 };
    store.audit_records(query).await.unwrap().into_iter().rev().map(|numbered| numbered.record).collect()
}

#[pollster::test]
async fn every_change_is_recorded_with_who_and_why_and_without_secrets() {
    let store = Arc::new(MemoryStore::new());
    let admin = administration(&store);
    admin.create_app(forum(), "Forum", &Secret::new(*b"canary one"), &why()).await.unwrap();
    admin
        .rotate_secret(&forum(), &Secret::new(*b"canary two"), Timestamp::from_millis(u64::MAX / 2), &why())
        .await
        .unwrap();
    admin.retire_secret(&forum(), 1, &why()).await.unwrap();
    admin.pause_app(&forum(), &[Activity::Tips], &why()).await.unwrap();
    admin.close_app(&forum(), &why()).await.unwrap();
    admin.switch_hub(&[Activity::Withdrawals], true, &why()).await.unwrap();
    let user = UserId::new("bob").unwrap();
    admin.switch_user(&forum(), &user, &[Activity::Tips, Activity::Withdrawals], true, &why()).await.unwrap();
    admin
        .switch_user(&forum(), &user, &[Activity::Tips, Activity::Withdrawals], false, &why())
        .await
        .unwrap();
    let records = records(&store).await;
    let actions: Vec<_> = records.iter().map(|record| record.action.as_str()).collect();
    assert_eq!(
        actions,
        [
            "app.create",
            "app.rotate",
            "app.retire_secret",
            "app.pause",
            "app.close",
            "hub.pause",
            "user.pause",
            "user.resume",
        ]
    );
    for record in &records {
        assert_eq!((record.operator.name.as_str(), record.reason.as_str()), ("ann", "why not"));
        let text = format!("{record:?}");
        assert!(!text.contains(&hex::encode("canary")) && !text.contains("canary"), "{text}");
    }
    assert_eq!(records[5].after.as_deref(), Some(r#"{"tips_paused":false,"withdrawals_paused":true}"#));
    assert_eq!(admin.find_app(&forum()).await.unwrap().unwrap().paused_users, 0);
}

#[pollster::test]
async fn a_refused_change_leaves_no_record() {
    let store = Arc::new(MemoryStore::new());
    let admin = administration(&store);
    admin.create_app(forum(), "", &Secret::new(*b"one"), &why()).await.unwrap();
    let twice = admin.create_app(forum(), "", &Secret::new(*b"two"), &why()).await;
    assert!(matches!(twice, Err(CreateAppError::Exists(_))));
    assert!(matches!(admin.retire_secret(&forum(), 1, &why()).await, Err(ChangeError::Secrets(_))));
    let other = AppId::new("other").unwrap();
    assert!(matches!(admin.close_app(&other, &why()).await, Err(ChangeError::NoSuchApp(_))));
    assert_eq!(records(&store).await.len(), 1);
}

#[pollster::test]
async fn secrets_are_sealed_anew_with_the_current_key() {
    let store = Arc::new(MemoryStore::new());
    let old = administration(&store);
    old.create_app(forum(), "", &Secret::new(*b"canary"), &why()).await.unwrap();
    let hub = Hub {
        seed: crate::SealedSecret::Plain(Secret::new(*b"seed")),
        node: crate::NodeKey::new([2; 33]),
        node_since: Timestamp::from_millis(0),
        network: crate::Network::Dev,
    };
    assert!(matches!(old.reseal(&why()).await, Err(ChangeError::NoHub)));
    store.commit(ChangeSet::new().with(Op::CreateHub(hub))).await.unwrap();
    assert_eq!(old.reseal(&why()).await.unwrap(), Resealed { secrets: 2, resealed: 0 });

    let sealing = old.clone().keyring(keyring("new", 1));
    assert_eq!(sealing.reseal(&why()).await.unwrap(), Resealed { secrets: 2, resealed: 2 });
    assert_eq!(sealing.reseal(&why()).await.unwrap(), Resealed { secrets: 2, resealed: 0 });
    let app = sealing.find_app(&forum()).await.unwrap().unwrap();
    let purpose = Purpose::AppSecret { app: &forum(), number: 1 };
    assert_eq!(keyring("new", 1).open(&app.secrets[0].sealed, purpose).unwrap().expose(), b"canary");
    let seed = store.find_hub().await.unwrap().unwrap().seed;
    assert_eq!(keyring("new", 1).open(&seed, Purpose::Seed).unwrap().expose(), b"seed");
    let missing = old.keyring(keyring("other", 2)).reseal(&why()).await;
    assert!(matches!(missing, Err(ChangeError::Sealed { .. })));
    let lost = administration(&store).keyring(keyring("other", 2));
    let rotated =
        lost.rotate_secret(&forum(), &Secret::new(*b"two"), Timestamp::from_millis(9), &why()).await;
    assert!(matches!(rotated, Err(ChangeError::OtherKeys(_))), "servers could not read it");
    let unsealed =
        administration(&store).create_app("wiki".parse().unwrap(), "", &Secret::new(*b"x"), &why()).await;
    assert!(
        matches!(unsealed, Err(CreateAppError::OtherKeys(_))),
        "nothing is kept unsealed beside what is sealed"
    );
}
