use super::*;
use crate::{AppId, TokenAccess, Version};
use crate::{Stored, secret::random_bytes};

const NOW: Timestamp = Timestamp::from_seconds(1_760_000_000);

fn ann() -> Administrator {
    let email = Email::new("Ann@Example.org").unwrap();
    Administrator::new(email, PasswordHash::from_stored("$hash"), vec![Grant::SuperAdmin], NOW)
}

fn session() -> Credential {
    Credential::random(CredentialKind::Session, ann().id()).unwrap()
}

fn token() -> Credential {
    Credential::random(CredentialKind::Token, ann().id()).unwrap()
}

fn keyring() -> Keyring {
    Keyring::parse(&format!("k:{}", hex::encode(random_bytes::<32>().unwrap()))).unwrap()
}

fn scope() -> TokenScope {
    TokenScope { access: TokenAccess::Read, app: AppId::new("forum").ok() }
}

#[test]
fn an_address_is_one_in_small_letters() {
    assert_eq!(ann().email.as_str(), "ann@example.org");
    assert_eq!(ann().id(), Email::new("ANN@example.ORG").unwrap().administrator());
    let long = format!("{}@b", "a".repeat(253));
    for text in ["", "ann", "@b", "a@", "a@b@c", "a b@c", "ä@b", "a\n@b", &long] {
        assert_eq!(Email::new(text), Err(NoEmail), "{text}");
    }
}

#[test]
fn a_session_ends_by_rest_and_by_age() {
    let credential = session();
    let mut ann = ann().with_session(&credential, "here", NOW);
    let lives = |ann: &Administrator, at| ann.holding(&credential, at).is_some();
    assert!(lives(&ann, NOW.plus(SESSION_RESTS - Duration::from_millis(1))));
    assert!(!lives(&ann, NOW.plus(SESSION_RESTS)), "it rested too long");
    let mut now = NOW;
    while now < NOW.plus(SESSION_LASTS) {
        assert!(lives(&ann, now));
        ann = ann.with_use(&credential, now).unwrap_or(ann);
        now = now.plus(Duration::from_secs(60));
    }
    assert!(!lives(&ann, NOW.plus(SESSION_LASTS)), "it is too old");
}

#[test]
fn what_was_made_or_used_by_a_clock_that_ran_ahead_lets_nobody_in() {
    let (of_session, of_token) = (session(), token());
    let ahead = NOW.plus(Duration::from_secs(24 * 3600));
    let allowed = ahead.minus(Duration::from_secs(600));
    let early = allowed.minus(Duration::from_millis(1));
    let made = |at: Timestamp| {
        let ann = ann().with_session(&of_session, "here", at);
        ann.with_token(&of_token, "script", scope(), at.plus(LONGEST_TOKEN), at).unwrap()
    };
    let lives = |ann: &Administrator, at| {
        [&of_session, &of_token].map(|credential| ann.holding(credential, at).is_some())
    };
    let from_ahead = made(ahead);
    assert_eq!((lives(&from_ahead, early), lives(&from_ahead, allowed)), ([false; 2], [true; 2]));
    // Made in time, and used when the clock had run ahead.
    let mut used = made(NOW);
    used.sessions[0].used_at = ahead;
    used.tokens[0].used_at = Some(ahead);
    assert_eq!((lives(&used, NOW), lives(&used, early)), ([false; 2], [false; 2]));
}

#[test]
fn a_credential_is_good_as_what_it_is_alone() {
    let (of_session, of_token) = (session(), token());
    let ann = ann().with_session(&of_session, "here", NOW);
    let ann = ann.with_token(&of_token, "script", scope(), NOW.plus(LONGEST_TOKEN), NOW).unwrap();
    assert!(ann.holding(&of_session, NOW).is_some() && ann.holding(&of_token, NOW).is_some());
    let crossed = of_session.expose().replace("fls_", "flt_").parse::<Credential>().unwrap();
    assert!(ann.holding(&crossed, NOW).is_none());
    assert!(ann.holding(&session(), NOW).is_none() && ann.holding(&token(), NOW).is_none());
    assert!(ann.without_session(of_session.digest()).holding(&of_session, NOW).is_none());
    assert!(ann.holding(&of_token, NOW.plus(LONGEST_TOKEN)).is_none(), "it ended");
    let number = ann.tokens[0].number;
    assert!(ann.without_token(number).unwrap().holding(&of_token, NOW).is_none());
    assert!(ann.without_token(number + 7).is_none());
    let reset = ann.with_password(PasswordHash::from_stored("$other"));
    assert!(reset.holding(&of_session, NOW).is_none() && reset.holding(&of_token, NOW).is_none());
}

#[test]
fn sessions_and_tokens_are_bounded_and_no_number_comes_again() {
    let mut ann = ann();
    for second in 0..30 {
        ann = ann.with_session(&session(), "here", NOW.plus(Duration::from_secs(second)));
    }
    assert_eq!(ann.sessions.len(), MOST_SESSIONS);
    assert_eq!(ann.sessions[0].number, 21, "the oldest went first");
    let until = NOW.plus(Duration::from_secs(60));
    for _ in 0..MOST_TOKENS {
        ann = ann.with_token(&token(), "script", scope(), until, NOW).unwrap();
    }
    assert!(ann.with_token(&token(), "one more", scope(), until, NOW).is_none());
    let after = ann.with_token(&token(), "after they ended", scope(), until.plus(LONGEST_TOKEN), until);
    assert_eq!(after.unwrap().tokens.iter().map(|token| token.number).collect::<Vec<_>>(), [51]);
}

#[test]
fn tries_to_log_in_are_counted_until_the_window_is_over_or_one_succeeds() {
    let mut ann = ann();
    for _ in 0..MOST_LOG_INS {
        ann = ann.with_log_in_tried(NOW).unwrap();
    }
    let later = NOW.plus(Duration::from_secs(60));
    let wait = LOG_IN_WINDOW - Duration::from_secs(60);
    assert_eq!(ann.with_log_in_tried(later), Err(TooManyLogIns { wait }));
    assert!(ann.with_session(&session(), "here", later).with_log_in_tried(later).is_ok());
    assert!(ann.with_log_in_tried(NOW.plus(LOG_IN_WINDOW)).is_ok());
}

#[test]
fn a_code_is_asked_for_once_one_was_shown_and_each_is_good_once() {
    let keyring = keyring();
    let (secret, _) = new_codes(&ann().email).unwrap();
    let sealed = keyring.seal(&secret, Purpose::Codes { administrator: ann().id() }).unwrap();
    let offered = ann().with_codes_offered(sealed);
    assert!(!offered.has_codes());
    assert!(offered.with_codes_on("000000x", &keyring, NOW).unwrap().is_none());
    let code = |at| codes::code_at(&secret, at);
    let on = offered.with_codes_on(&code(NOW), &keyring, NOW).unwrap().unwrap();
    assert!(on.has_codes());
    assert!(on.with_code_used(&code(NOW), &keyring, NOW).unwrap().is_none(), "it was shown already");
    let next = NOW.plus(Duration::from_secs(30));
    let used = on.with_code_used(&code(next), &keyring, next).unwrap().unwrap();
    assert!(used.with_code_used(&code(next), &keyring, next).unwrap().is_none(), "it is used up");
    assert!(used.with_codes_on(&code(next), &keyring, next).unwrap().is_none(), "they are on already");
    let other = Administrator { email: Email::new("bob@example.org").unwrap(), ..used };
    assert!(other.with_code_used(&code(next), &keyring, next).is_err(), "a secret of somebody else");
}

#[test]
fn an_administrator_is_read_as_he_was_stored_and_his_summary_holds_no_secret() {
    let keyring = keyring();
    let (secret, _) = new_codes(&ann().email).unwrap();
    let sealed = keyring.seal(&secret, Purpose::Codes { administrator: ann().id() }).unwrap();
    let (of_session, of_token) = (session(), token());
    let full = Administrator {
        grants: vec![Grant::CommunityAdmin(AppId::new("a").unwrap()), Grant::Auditor],
        ..ann()
    }
    .with_session(&of_session, "here", NOW)
    .with_token(&of_token, "script", scope(), NOW.plus(LONGEST_TOKEN), NOW)
    .unwrap()
    .with_log_in_tried(NOW)
    .unwrap()
    .with_codes_offered(sealed.clone());
    let code = codes::code_at(&secret, NOW);
    let on = full.with_codes_on(&code, &keyring, NOW).unwrap().unwrap();
    for administrator in [ann(), full, on] {
        let stored = Stored::new(administrator.to_document(), Version::FIRST);
        assert_eq!(Administrator::from_document(stored).unwrap().into_inner(), administrator);
        let summary = administrator.summary();
        let digests = [of_session.digest().to_text(), of_token.digest().to_text()];
        for kept in digests.into_iter().chain(["$hash".to_owned(), sealed.to_text()]) {
            assert!(!summary.contains(&kept), "{summary}");
        }
        for only_tried in ["log_ins", "last_step"] {
            assert!(!summary.contains(only_tried), "{summary}");
        }
    }
}

#[test]
fn a_document_under_another_name_is_nobody() {
    let mut document = ann().to_document();
    document.key.name = Email::new("bob@example.org").unwrap().administrator().to_string();
    assert!(Administrator::from_document(Stored::new(document, Version::FIRST)).is_err());
}
