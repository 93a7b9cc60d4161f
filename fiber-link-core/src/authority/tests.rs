use super::*;

/// Who may do what: S a super admin, C the community admin of the app, c that of another app, A an
/// auditor of the hub, a one of the app, O the owner at the command line.
const RIGHTS: &[(&str, &str)] = &[
    ("app.list", "S C c A a O"),
    ("app.show", "S C A a O"),
    ("app.create", "S O"),
    ("app.rotate", "S C O"),
    ("app.add_secret", "S O"),
    ("app.retire_secret", "S C O"),
    ("app.pause", "S C O"),
    ("app.resume", "S C O"),
    ("app.close", "S O"),
    ("app.open", "S O"),
    ("hub.show", "S A O"),
    ("hub.pause", "S O"),
    ("hub.resume", "S O"),
    ("user.pause", "S C O"),
    ("user.resume", "S C O"),
    ("secrets.reseal", "S O"),
    ("policy.show", "S C A a O"),
    ("policy.set", "S C O"),
    ("policy.weaken_review", "S O"),
    ("policy.set_fees", "S O"),
    ("review.list", "S C A a O"),
    ("review.approve", "S C O"),
    ("review.reject", "S C O"),
    ("money.read", "S C A a O"),
    ("audit.read", "S C A a O"),
    ("audit.read_hub", "S A O"),
    ("withdrawal.release", "S O"),
    ("node.accept", "S O"),
    ("server.declare_dead", "S O"),
    ("admin.list", "S A O"),
    ("admin.create", "S O"),
    ("admin.grant", "S O"),
    ("admin.revoke", "S O"),
    ("admin.reset", "S O"),
    ("admin.token", "S O"),
    ("admin.log_in", "S C c A a O"),
    ("admin.log_out", "S C c A a O"),
    ("me.show", "S C c A a O"),
    ("me.password", "S C c A a"),
    ("me.codes", "S C c A a"),
    ("me.token", "S C c A a"),
    ("me.retire_token", "S C c A a"),
];

fn app(id: &str) -> AppId {
    AppId::new(id).unwrap()
}

fn operator() -> Operator {
    Operator { name: "ann@example.org".to_owned(), origin: "here".to_owned() }
}

fn with(grants: &[Grant], scope: Option<TokenScope>) -> Authority {
    Authority::person(operator(), AdministratorId::of("ann@example.org"), grants.to_vec(), scope)
}

/// About the app, where the action is about an app at all.
fn may(authority: &Authority, action: Action) -> bool {
    let forum = app("forum");
    let about = match action.needs() {
        Right::ReadApp | Right::ChangeApp => Some(&forum),
        Right::ReadHub | Right::ChangeHub | Right::Anybody | Right::OwnAccount => None,
    };
    authority.require(action, about).is_ok()
}

#[test]
fn each_role_may_do_what_the_table_says() {
    let everybody = [
        ("S", with(&[Grant::SuperAdmin], None)),
        ("C", with(&[Grant::CommunityAdmin(app("forum"))], None)),
        ("c", with(&[Grant::CommunityAdmin(app("other"))], None)),
        ("A", with(&[Grant::Auditor], None)),
        ("a", with(&[Grant::AppAuditor(app("forum"))], None)),
        ("O", Authority::owner(operator())),
    ];
    let names: Vec<_> = RIGHTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>(), names);
    for (action, (name, expected)) in Action::ALL.iter().zip(RIGHTS) {
        let allowed = everybody.iter().filter(|(_, who)| may(who, *action)).map(|(letter, _)| *letter);
        assert_eq!(allowed.collect::<Vec<_>>().join(" "), *expected, "{name}");
    }
}

#[test]
fn an_app_of_others_is_hidden_whatever_is_asked() {
    let admin = with(&[Grant::CommunityAdmin(app("forum"))], None);
    for action in Action::ALL {
        assert_eq!(admin.require(*action, Some(&app("other"))), Err(Denied::Hidden), "{action}");
    }
    let auditor = with(&[Grant::AppAuditor(app("forum"))], None);
    let denied = Denied::NotAllowed(Action::PauseApp);
    assert_eq!(auditor.require(Action::PauseApp, Some(&app("forum"))), Err(denied));
}

#[test]
fn a_token_may_less_than_its_owner_and_never_more() {
    let scope = |access, app| Some(TokenScope { access, app });
    let reads = with(&[Grant::SuperAdmin], scope(TokenAccess::Read, None));
    for action in Action::ALL {
        let own = action.needs() == Right::OwnAccount;
        assert_eq!(may(&reads, *action), !own && !action.needs().changes(), "{action}");
    }
    let of_app = with(&[Grant::SuperAdmin], scope(TokenAccess::Change, Some(app("forum"))));
    assert!(may(&of_app, Action::PauseApp) && !may(&of_app, Action::PauseHub));
    assert_eq!(of_app.require(Action::ShowApp, Some(&app("other"))), Err(Denied::Hidden));
    assert_eq!(of_app.visible_apps(), Some(vec![app("forum")]));
    let of_auditor = with(&[Grant::Auditor], scope(TokenAccess::Change, None));
    assert!(!may(&of_auditor, Action::PauseApp));
    let of_nobody = with(&[], scope(TokenAccess::Change, Some(app("forum"))));
    assert!(!may(&of_nobody, Action::ShowApp));
}

#[test]
fn the_apps_that_one_sees_are_those_of_his_grants() {
    let forum = || Grant::CommunityAdmin(app("forum"));
    let both = with(&[forum(), Grant::AppAuditor(app("blog")), Grant::AppAuditor(app("forum"))], None);
    assert_eq!(both.visible_apps(), Some(vec![app("blog"), app("forum")]));
    assert_eq!(with(&[forum(), Grant::Auditor], None).visible_apps(), None);
    assert_eq!(with(&[], None).visible_apps(), Some(vec![]));
    assert_eq!(Authority::owner(operator()).visible_apps(), None);
}

#[test]
fn a_command_line_alone_is_no_person() {
    let owner = Authority::owner(operator());
    let action = Action::ApproveWithdrawal;
    assert_eq!(owner.needed_administrator(action), Err(Denied::NoPerson(action)));
    assert!(with(&[], None).needed_administrator(action).is_ok());
}

#[test]
fn a_role_is_granted_where_it_makes_sense() {
    assert_eq!(Grant::new(Role::SuperAdmin, Some(app("forum"))), Err(GrantError::NotForAnApp));
    assert_eq!(Grant::new(Role::CommunityAdmin, None), Err(GrantError::ForAnApp));
    assert_eq!(Grant::new(Role::Auditor, None), Ok(Grant::Auditor));
    assert_eq!(Grant::new(Role::Auditor, Some(app("a"))).unwrap().to_string(), "AUDITOR of a");
}

#[test]
fn an_id_is_read_as_it_is_written() {
    let id = AdministratorId::of("ann@example.org");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_ne!(id, AdministratorId::of("bob@example.org"));
    assert_eq!("ann".parse::<AdministratorId>(), Err(NoAdministratorId));
}
