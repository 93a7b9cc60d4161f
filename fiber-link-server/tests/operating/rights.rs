//! Every command in the name of every administrator, and of nobody.

use crate::world::World;
use std::collections::BTreeSet;

/// Each command, and in whose name it is carried out: S a super admin, C the community admin of the
/// app, c that of another app, A an auditor of the hub, a one of the app, R a token of the super admin
/// that reads. All are carried out by whoever has the store.
const COMMANDS: &[(&str, &str)] = &[
    ("app list", "S C c A a R"),
    ("app show forum", "S C A a R"),
    ("app create third", "S"),
    ("app rotate forum --reason why", "S C"),
    ("app retire-secret forum 1 --reason why", "S C"),
    ("app pause forum tips --reason why", "S C"),
    ("app resume forum tips --reason why", "S C"),
    ("app close blog --reason why", "S"),
    ("pause tips --reason why", "S"),
    ("resume tips --reason why", "S"),
    ("pause tips --app forum --user alice --reason why", "S C"),
    ("resume tips --app forum --user alice --reason why", "S C"),
    ("paused", "S A R"),
    ("paused --app forum", "S C A a R"),
    ("policy show forum CKB", "S C A a R"),
    ("policy versions forum CKB", "S C A a R"),
    ("policy preview forum CKB --per-request 6", "S C A a R"),
    ("policy set forum CKB --per-request 6 --reason why", "S C"),
    ("review list", "S C c A a R"),
    // Of one that is not there nobody learns more.
    ("review approve 0199c8a0-0000-7000-8000-000000000000 --reason why", "S C c A a R"),
    ("review reject 0199c8a0-0000-7000-8000-000000000000 --reason why", "S C c A a R"),
    ("secrets reseal --reason why", "S"),
    ("admin list", "S A R"),
    ("admin create new@example.org --reason why", "S"),
    ("admin grant a@example.org AUDITOR --app forum --reason why", "S"),
    ("admin revoke a@example.org AUDITOR --app forum --reason why", "S"),
    ("admin reset a@example.org --reason why", "S"),
    ("admin token a@example.org --name more --reason why", ""),
    ("audit-log", "S C c A a R"),
    ("list tips", "S C c A a R"),
    ("list withdrawals", "S C c A a R"),
    ("list entries", "S C c A a R"),
    ("explain 0199c8a0-0000-7000-8000-000000000000", "S C c A a R"),
    ("release 0199c8a0-0000-7000-8000-000000000000 --node http://127.0.0.1:1 --reason why", "S"),
    ("find alice", "S C c A a R"),
    ("migrate --check", ""),
    ("audit", ""),
    ("server list", ""),
    ("server declare-dead 0199c8a0-0000-7000-8000-000000000000 --reason why", "S"),
    ("node info --node http://127.0.0.1:1", ""),
    ("node accept --node http://127.0.0.1:1 --reason why", "S"),
    ("store copy --from sqlite:hub.sqlite --to postgres://127.0.0.1:1/x", ""),
    ("simulate", ""),
];

/// What is served, or needs no store.
const WITHOUT_ONE: [&str; 5] = ["serve", "demo", "node-stub", "secrets new-key", "secrets backfill"];

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

#[test]
fn each_command_is_carried_out_in_whose_name_the_table_says() {
    let world = World::on_sqlite();
    world.run(&["app", "create", "forum"]);
    world.run(&["app", "create", "blog"]);
    let mut people = Vec::new();
    for (letter, role) in [
        ("S", &["SUPER_ADMIN"][..]),
        ("C", &["COMMUNITY_ADMIN", "forum"]),
        ("c", &["COMMUNITY_ADMIN", "blog"]),
        ("A", &["AUDITOR"]),
        ("a", &["AUDITOR", "forum"]),
    ] {
        let email = format!("{}{}@example.org", role[0].to_lowercase(), role.len());
        let email = if letter == "c" { "other@example.org".to_owned() } else { email };
        world.administrator(&email, role);
        people.push((letter, world.token(&email, "change", "1d")));
        if letter == "S" {
            people.push(("R", world.token(&email, "read", "1d")));
        }
    }
    world.administrator("a@example.org", &[]);
    for (command, who) in COMMANDS {
        for (letter, token) in &people {
            let file = world.path().join("token");
            std::fs::write(&file, token).unwrap();
            let mut asked = world.command(&words(command));
            let output = asked.env("FIBER_LINK_TOKEN_FILE", &file).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let allowed = who.split(' ').any(|allowed| allowed == *letter);
            // What was allowed may still find nothing to do.
            let refused = ["your role does not allow", "there is no app", "in the name of an administrator"];
            let denied = refused.iter().any(|words| said.contains(words));
            assert_eq!(denied, !allowed, "{letter}: {command}: {said}");
            assert!(allowed || output.status.code() == Some(2), "{letter}: {command}: {said}");
        }
    }
}

#[test]
fn the_table_names_every_command() {
    let world = World::on_sqlite();
    let subcommands = |of: &[&str]| -> Vec<String> {
        let help = world.run(&[of, &["--help"]].concat());
        let Some((_, rest)) = help.split_once("Commands:\n") else { return vec![] };
        let names = rest.lines().take_while(|line| !line.trim().is_empty());
        let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect()
    };
    let mut missing = BTreeSet::new();
    for command in subcommands(&[]) {
        let inner = subcommands(&[&command]);
        let full = inner.iter().map(|inner| format!("{command} {inner}"));
        let full: Vec<String> = if inner.is_empty() { vec![command.clone()] } else { full.collect() };
        for name in full {
            let named = |listed: &str| listed == name || listed.starts_with(&format!("{name} "));
            let of_store = ["migrate", "audit", "server", "node", "store", "simulate"];
            let listed =
                COMMANDS.iter().any(|(listed, _)| named(listed)) || WITHOUT_ONE.contains(&name.as_str());
            if !listed && !of_store.contains(&command.as_str()) {
                missing.insert(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
