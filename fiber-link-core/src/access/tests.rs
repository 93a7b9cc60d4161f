use super::*;
use crate::testing::ManualClock;
use crate::{
    Administration, AdministratorError, AppId, Denied, Grant, MemoryStore, Password, SESSION_RESTS, Secret,
    Timestamp, TokenAccess, TokenScope,
};
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";

struct Hub {
    store: Arc<MemoryStore>,
    clock: Arc<ManualClock>,
    access: Access,
    owner: Administration,
}

fn forum() -> AppId {
    AppId::new("forum").unwrap()
}

fn ann() -> Email {
    Email::new("ann@example.org").unwrap()
}

fn why() -> Reason {
    Reason::new("why not").unwrap()
}

fn hash(password: &str) -> PasswordHash {
    PasswordHash::of(&Password::new(password).unwrap()).unwrap()
}

impl Hub {
    /// With ann as an administrator of the forum.
    async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::new(Timestamp::from_seconds(1_760_000_000)));
        let keyring = Keyring::parse(&format!("k:{}", hex::encode([7; 32]))).unwrap();
        let access = Access::new(store.clone()).clock(clock.clone()).keyring(keyring.clone());
        let operator = Operator { name: "root".to_owned(), origin: "command line".to_owned() };
        let owner = Administration::new(store.clone(), operator).clock(clock.clone()).keyring(keyring);
        owner.create_app(forum(), "Forum", &Secret::new(*b"secret of the forum"), &why()).await.unwrap();
        let grants = vec![Grant::CommunityAdmin(forum())];
        owner.create_administrator(ann(), hash(PASSWORD), grants, &why()).await.unwrap();
        Self { store, clock, access, owner }
    }

    async fn try_to_log_in(&self, password: &str, code: Option<&str>) -> Result<Credential, LogInError> {
        let tried = self.access.begin_log_in(ann()).await?;
        let proved = tried.prove(password).map_err(|WrongPassword| LogInError::Wrong)?;
        Ok(self.access.log_in(&proved, code, "127.0.0.1").await?.0)
    }

    async fn acting(&self, credential: &Credential) -> Administration {
        let authority = self.access.find_authority(credential, "127.0.0.1").await.unwrap().unwrap();
        self.owner.clone().acting_as(authority)
    }

    async fn is_let_in(&self, credential: &Credential) -> bool {
        self.access.find_authority(credential, "127.0.0.1").await.unwrap().is_some()
    }
}

#[pollster::test]
async fn whoever_knows_the_password_gets_a_session_until_he_leaves() {
    let hub = Hub::new().await;
    assert!(matches!(hub.try_to_log_in("correct horse batterY", None).await, Err(LogInError::Wrong)));
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let authority = hub.access.find_authority(&session, "127.0.0.1").await.unwrap().unwrap();
    assert_eq!(authority.operator().name, "ann@example.org");
    assert_eq!(authority.operator().origin, "session from 127.0.0.1");
    assert_eq!(authority.administrator(), Some(ann().administrator()));
    hub.access.log_out(&session, "127.0.0.1").await.unwrap();
    assert!(!hub.is_let_in(&session).await);
    hub.access.log_out(&session, "127.0.0.1").await.unwrap();
}

#[pollster::test]
async fn a_session_that_rests_is_over_and_one_that_is_used_is_not() {
    let hub = Hub::new().await;
    let (used, rests) =
        (hub.try_to_log_in(PASSWORD, None).await.unwrap(), hub.try_to_log_in(PASSWORD, None).await.unwrap());
    for _ in 0..2 {
        hub.clock.advance(SESSION_RESTS / 2);
        assert!(hub.is_let_in(&used).await);
    }
    assert!(!hub.is_let_in(&rests).await);
}

#[pollster::test]
async fn nobody_is_told_whether_an_address_is_known() {
    let hub = Hub::new().await;
    let tried = hub.access.begin_log_in(Email::new("bob@example.org").unwrap()).await.unwrap();
    assert_eq!(tried.prove(PASSWORD).unwrap_err(), WrongPassword);
}

#[pollster::test]
async fn tries_are_counted_before_the_password_is_looked_at() {
    let hub = Hub::new().await;
    for _ in 0..crate::MOST_LOG_INS {
        hub.access.begin_log_in(ann()).await.unwrap();
    }
    let refused = hub.try_to_log_in(PASSWORD, None).await;
    assert!(
        matches!(refused, Err(LogInError::TooMany(TooManyLogIns { wait })) if wait == crate::LOG_IN_WINDOW)
    );
    hub.clock.advance(crate::LOG_IN_WINDOW);
    assert!(hub.try_to_log_in(PASSWORD, None).await.is_ok());
}

#[pollster::test]
async fn what_was_proved_is_good_for_the_password_of_then_alone() {
    let hub = Hub::new().await;
    let proved = hub.access.begin_log_in(ann()).await.unwrap().prove(PASSWORD).unwrap();
    hub.owner.reset_administrator(&ann(), hash("another password"), &why()).await.unwrap();
    assert!(matches!(hub.access.log_in(&proved, None, "127.0.0.1").await, Err(LogInError::Wrong)));
}

#[pollster::test]
async fn a_reset_ends_sessions_tokens_and_codes() {
    let hub = Hub::new().await;
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let scope = TokenScope { access: TokenAccess::Change, app: None };
    let lasts = Duration::from_secs(3600);
    let (token, _) = hub.acting(&session).await.create_token("script", scope, lasts).await.unwrap();
    assert!(hub.is_let_in(&session).await && hub.is_let_in(&token).await);
    hub.owner.reset_administrator(&ann(), hash("another password"), &why()).await.unwrap();
    assert!(!hub.is_let_in(&session).await && !hub.is_let_in(&token).await);
    assert!(matches!(hub.try_to_log_in(PASSWORD, None).await, Err(LogInError::Wrong)));
    assert!(hub.try_to_log_in("another password", None).await.is_ok());
}

#[pollster::test]
async fn a_token_ends_by_itself_and_looks_after_no_account() {
    let hub = Hub::new().await;
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let scope = TokenScope { access: TokenAccess::Change, app: Some(forum()) };
    let lasts = Duration::from_secs(3600);
    let created = hub.acting(&session).await.create_token("script", scope.clone(), lasts).await;
    let (token, _) = created.unwrap();
    let by_token = hub.acting(&token).await;
    let denied = by_token.create_token("more", scope, lasts).await;
    assert!(matches!(denied, Err(AdministratorError::Denied(Denied::NotAllowed(Action::CreateToken)))));
    by_token.pause_app(&forum(), &[crate::Activity::Tips], &why()).await.unwrap();
    hub.clock.advance(lasts);
    assert!(!hub.is_let_in(&token).await);
}

#[pollster::test]
async fn a_role_that_is_taken_back_is_gone_at_once() {
    let hub = Hub::new().await;
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    assert_eq!(hub.acting(&session).await.apps(None, 10).await.unwrap().len(), 1);
    hub.owner.revoke_role(&ann(), &Grant::CommunityAdmin(forum()), &why()).await.unwrap();
    let acting = hub.acting(&session).await;
    assert!(acting.apps(None, 10).await.unwrap().is_empty());
    assert!(acting.find_app(&forum()).await.unwrap().is_none());
    let hidden = acting.pause_app(&forum(), &[crate::Activity::Tips], &why()).await;
    assert!(matches!(hidden, Err(crate::ChangeError::NoSuchApp(app)) if app == forum()));
}

#[pollster::test]
async fn nobody_makes_a_token_for_another_but_the_command_line() {
    let hub = Hub::new().await;
    hub.owner.grant_role(&ann(), Grant::SuperAdmin, &why()).await.unwrap();
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let scope = TokenScope { access: TokenAccess::Change, app: None };
    let lasts = Duration::from_secs(3600);
    let acting = hub.acting(&session).await;
    let denied = acting.create_token_for(&ann(), "mine", scope.clone(), lasts, &why()).await;
    assert!(matches!(denied, Err(AdministratorError::Denied(Denied::NotAllowed(Action::CreateTokenFor)))));
    let (token, _) = hub.owner.create_token_for(&ann(), "given", scope, lasts, &why()).await.unwrap();
    assert!(hub.is_let_in(&token).await);
}

#[pollster::test]
async fn a_grant_is_for_an_app_that_is_there_and_a_person_is_there_once() {
    let hub = Hub::new().await;
    let other = AppId::new("other").unwrap();
    let refused = hub.owner.grant_role(&ann(), Grant::AppAuditor(other.clone()), &why()).await;
    assert!(matches!(refused, Err(AdministratorError::NoSuchApp(app)) if app == other));
    let twice = hub.owner.create_administrator(ann(), hash(PASSWORD), vec![], &why()).await;
    assert!(matches!(twice, Err(AdministratorError::Exists(email)) if email == ann()));
    let missing = hub.owner.revoke_role(&ann(), &Grant::SuperAdmin, &why()).await;
    assert!(matches!(missing, Err(AdministratorError::NoSuchGrant(_, Grant::SuperAdmin))));
}

#[pollster::test]
async fn what_is_done_to_accounts_is_recorded_without_a_secret() {
    let hub = Hub::new().await;
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let acting = hub.acting(&session).await;
    let scope = TokenScope { access: TokenAccess::Read, app: None };
    let (token, account) = acting.create_token("script", scope, Duration::from_secs(60)).await.unwrap();
    let address = acting.offer_codes().await.unwrap();
    acting.retire_token(account.tokens[0].number).await.unwrap();
    hub.access.log_out(&session, "127.0.0.1").await.unwrap();
    let query = crate::AuditQuery { app: None, before: None, limit: 100 };
    let records = hub.store.audit_records(query).await.unwrap();
    let actions: Vec<_> = records.iter().rev().map(|numbered| numbered.record.action.as_str()).collect();
    let expected = [
        "app.create",
        "admin.create",
        "admin.log_in",
        "me.token",
        "me.codes",
        "me.retire_token",
        "admin.log_out",
    ];
    assert_eq!(actions, expected);
    let text = format!("{records:?}");
    let (_, secret) = address.split_once("secret=").unwrap();
    let secret = secret.split('&').next().unwrap();
    let bare = |credential: &Credential| credential.expose()[36..].to_owned();
    for kept in [PASSWORD, "argon2", secret, &bare(&session), &bare(&token), &token.digest().to_text()] {
        assert!(!text.contains(kept), "{kept} in {text}");
    }
}

#[pollster::test]
async fn codes_are_sealed_anew_with_the_other_secrets() {
    let hub = Hub::new().await;
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    hub.acting(&session).await.offer_codes().await.unwrap();
    let both = format!("new:{}\nk:{}", hex::encode([9; 32]), hex::encode([7; 32]));
    let owner = hub.owner.clone().keyring(Keyring::parse(&both).unwrap());
    assert_eq!(resealed(&owner).await, (1, 1));
    assert_eq!(resealed(&owner).await, (1, 0));
    let only_new = Keyring::parse(&format!("new:{}", hex::encode([9; 32]))).unwrap();
    let confirmed = hub.acting(&session).await.keyring(only_new).confirm_codes("000000").await;
    assert!(matches!(confirmed, Err(AdministratorError::Wrong("code"))), "it was read: {confirmed:?}");
}

async fn resealed(owner: &Administration) -> (usize, usize) {
    let done = owner.reseal_codes(&why()).await.unwrap();
    (done.secrets, done.resealed)
}

#[pollster::test]
async fn nobody_resets_his_own_account_with_a_session_or_a_token() {
    let hub = Hub::new().await;
    hub.owner.grant_role(&ann(), Grant::SuperAdmin, &why()).await.unwrap();
    let session = hub.try_to_log_in(PASSWORD, None).await.unwrap();
    let own = hub.acting(&session).await.reset_administrator(&ann(), hash("another password"), &why()).await;
    let denied = Denied::NotAllowed(Action::ResetAdministrator);
    assert!(matches!(own, Err(AdministratorError::Denied(is)) if is == denied), "{own:?}");
}

#[pollster::test]
async fn a_right_password_forgets_the_tries_before_it() {
    let hub = Hub::new().await;
    for _ in 0..3 * crate::MOST_LOG_INS {
        let proved = hub.access.begin_log_in(ann()).await.unwrap().prove(PASSWORD).unwrap();
        hub.access.end_log_in(&proved).await.unwrap();
    }
    assert!(hub.try_to_log_in(PASSWORD, None).await.is_ok());
}
