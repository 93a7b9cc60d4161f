use super::*;
use crate::{Secret, Version};

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn secret(text: &str) -> SealedSecret {
    SealedSecret::Plain(Secret::new(text.as_bytes()))
}

fn app() -> App {
    App::new(AppId::new("forum").unwrap(), "The forum", secret("one"), at(1))
}

fn live(app: &App, now: u64) -> Vec<u32> {
    app.live_secrets(at(now)).map(|secret| secret.number).collect()
}

#[test]
fn a_new_secret_works_at_once_and_the_old_one_until_its_end() {
    let rotated = app().rotate(secret("two"), at(10), at(5)).unwrap();
    assert_eq!((live(&rotated, 5), live(&rotated, 9), live(&rotated, 10)), (vec![1, 2], vec![1, 2], vec![2]));
    assert!(rotated.is_late(1) && !rotated.is_late(2));
}

#[test]
fn two_secrets_are_live_at_most_and_one_at_least() {
    let rotated = app().rotate(secret("two"), at(10), at(5)).unwrap();
    assert_eq!(rotated.rotate(secret("three"), at(20), at(9)), Err(SecretChangeError::TwoLive));
    let again = rotated.rotate(secret("three"), at(20), at(10)).unwrap();
    assert_eq!((live(&again, 10), again.secrets.len()), (vec![2, 3], 2));
    assert_eq!(app().retire(1, at(5)), Err(SecretChangeError::OnlyOne(1)));
    assert_eq!(rotated.retire(1, at(10)), Err(SecretChangeError::NoSuchSecret(1)), "its time is over");
    assert_eq!(rotated.retire(3, at(9)), Err(SecretChangeError::NoSuchSecret(3)));
}

#[test]
fn what_is_left_after_a_secret_was_retired_has_no_end() {
    let rotated = app().rotate(secret("two"), at(10), at(5)).unwrap();
    let old_alone = rotated.retire(2, at(6)).unwrap();
    assert_eq!(live(&old_alone, 1_000), [1]);
    assert_eq!(live(&rotated.retire(1, at(6)).unwrap(), 6), [2]);
}

#[test]
fn a_secret_from_elsewhere_works_beside_the_one_that_is_there_as_the_older_one() {
    let both = app().with_older_secret(secret("from elsewhere"), at(5)).unwrap();
    assert_eq!((live(&both, 1_000), both.is_late(2), both.is_late(1)), (vec![2, 1], true, false));
    assert_eq!(both.with_older_secret(secret("third"), at(6)), Err(SecretChangeError::TwoLive));
    assert_eq!(live(&both.retire(2, at(7)).unwrap(), 8), [1]);
}

#[test]
fn uses_of_an_older_secret_add_up() {
    let rotated = app().rotate(secret("two"), at(10), at(5)).unwrap();
    let counted = rotated.with_late_uses(1, 3, at(8)).with_late_uses(1, 2, at(7)).with_late_uses(9, 1, at(9));
    let uses: Vec<_> = counted.secrets.iter().map(|s| (s.number, s.late_uses, s.last_late_use)).collect();
    assert_eq!(uses, [(1, 5, Some(at(8))), (2, 0, None)]);
}

#[test]
fn a_closed_app_lets_nothing_in_and_stops_everything_until_it_is_resumed() {
    let closed = app().paused(&[Activity::Withdrawals]).closed();
    let everything = Switches { tips_paused: true, withdrawals_paused: true };
    for closed in [closed.clone(), closed.paused(&[Activity::Tips]), closed.closed()] {
        assert_eq!((live(&closed, 5), closed.state.as_str()), (vec![], "closed"));
        assert_eq!(closed.switches(), everything);
    }
    let open = closed.resumed(&[Activity::Tips]);
    assert_eq!((live(&open, 5), open.state.as_str()), (vec![1], "withdrawals paused"), "as it was before");
    assert_eq!(open.resumed(&[Activity::Withdrawals]).state.as_str(), "active");
}

#[test]
fn no_number_of_a_secret_is_used_twice() {
    let rotated = app().rotate(secret("two"), at(10), at(5)).unwrap().retire(2, at(6)).unwrap();
    let again = rotated.rotate(secret("three"), at(20), at(7)).unwrap();
    assert_eq!(live(&again, 8), [1, 3]);
}

#[test]
fn an_app_is_read_back_as_it_was_stored_and_shown_without_its_secrets() {
    let full = app()
        .rotate(secret("two"), at(10), at(5))
        .unwrap()
        .with_late_uses(1, 3, at(8))
        .paused(&[Activity::Tips]);
    for stored in [app(), app().closed(), full.closed(), App { paused_users: 7, reviewed: true, ..full }] {
        let document = stored.to_document();
        assert_eq!((&document.key, document.app.as_ref()), (&App::key(&stored.id), Some(&stored.id)));
        let read = App::from_document(Stored::new(document, Version::FIRST.next())).unwrap();
        assert_eq!((&*read, read.version()), (&stored, Version::FIRST.next()));
        assert!(!format!("{:?}", stored.to_document()).contains("plain"));
        assert!(!stored.summary().contains("plain") && stored.summary().contains("The forum"));
    }
    let broken = Document { body: "{}".to_owned(), ..app().to_document() };
    assert!(matches!(
        App::from_document(Stored::new(broken, Version::FIRST)),
        Err(StoreError::Corrupt { .. })
    ));
}

#[test]
fn states_have_names_for_people() {
    let switches =
        |tips_paused, withdrawals_paused| AppState::Open(Switches { tips_paused, withdrawals_paused });
    let names = [switches(false, false), switches(true, false), switches(false, true), switches(true, true)];
    assert_eq!(names.map(AppState::as_str), ["active", "tips paused", "withdrawals paused", "paused"]);
    assert_eq!(AppState::Closed(Switches::default()).as_str(), "closed");
    assert_eq!(App::new(AppId::new("a").unwrap(), " a\nb ", secret("x"), at(0)).name, "a b");
}
