//! What the documents cite is there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The links of a text: what they show, and where they lead.
fn links(text: &str) -> Vec<(&str, &str)> {
    let parts = text.split("](").collect::<Vec<_>>();
    let pairs =
        parts.windows(2).filter_map(|pair| Some((pair[0].rsplit_once('[')?.1, pair[1].split_once(')')?.0)));
    pairs.collect()
}

/// The names of functions in all of our Rust code.
fn functions() -> BTreeSet<String> {
    let mut folders = vec![repository()];
    let mut functions = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir()
                && name != "target"
                && name != "node_modules"
                && !name.to_string_lossy().starts_with('.')
            {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let names =
                    text.split("fn ").skip(1).map(|rest| rest.split(|c| !is_of_a_name(c)).next().unwrap());
                functions.extend(names.map(str::to_owned));
            }
        }
    }
    functions
}

#[test]
fn what_the_threat_model_cites_stands_where_it_says() {
    let text = read("docs/threat-model.md");
    let mut cited = 0;
    for (shown, path) in links(&text).into_iter().filter(|(_, path)| path.starts_with("../")) {
        let names: Vec<_> =
            shown.split('`').skip(1).step_by(2).filter(|name| name.chars().all(is_of_a_name)).collect();
        let file = path.trim_start_matches("../");
        assert!(repository().join(file).exists(), "there is no {path}");
        if names.is_empty() {
            continue;
        }
        let text = read(file);
        let words: BTreeSet<_> = text.split(|c| !is_of_a_name(c)).collect();
        for name in &names {
            assert!(words.contains(name), "{name} is not in {path}");
        }
        cited += names.len();
    }
    assert!(cited > 200, "{cited} names were found");
}

#[test]
fn every_check_by_name_runs_a_test() {
    let text = read("docs/runbooks/verification.md");
    let functions = functions();
    let checks = text.lines().filter_map(|line| {
        line.strip_prefix("check ").or_else(|| Some(line.split_once("cargo test ")?.1.split_once(" -- ")?.1))
    });
    let names = checks.flat_map(str::split_whitespace).filter(|name| name.contains('_')).collect::<Vec<_>>();
    for name in &names {
        assert!(functions.iter().any(|function| function.contains(name)), "no test is called {name}");
    }
    assert!(names.len() > 40, "{} names were found", names.len());
}

#[test]
fn the_page_of_the_admin_api_has_every_route_with_its_right_and_no_other() {
    let authority = read("fiber-link-core/src/authority.rs");
    // `Name = "its.text" needs Right,`
    let actions: Vec<(&str, &str, &str)> = authority
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.trim().strip_suffix(',')?.split_once(" = \"")?;
            let (text, right) = rest.split_once("\" needs ")?;
            Some((name, text, right))
        })
        .collect();
    let words = |right: &str| match right {
        "ReadApp" => "read app",
        "ChangeApp" => "change app",
        "ReadHub" => "read hub",
        "ChangeHub" => "change hub",
        "Anybody" => "anybody",
        "OwnAccount" => "own account",
        _ => panic!("no right is called {right}"),
    };
    let mut expected: BTreeSet<String> =
        BTreeSet::from(["`POST /log-in` | `admin.log_in` | anybody".to_owned()]);
    for line in read("fiber-link-server/src/admin/route.rs").lines() {
        let line = line.trim();
        let Some((method, rest)) = line.strip_suffix(';').and_then(|line| line.split_once(" \"")) else {
            continue;
        };
        let Some((path, rest)) = rest.split_once("\" ") else { continue };
        let action = rest.split(' ').next().unwrap();
        let (_, text, right) = actions.iter().find(|(name, ..)| *name == action).unwrap();
        let method = method.to_ascii_uppercase();
        expected.insert(format!("`{method} {path}` | `{text}` | {}", words(right)));
    }
    assert!(expected.len() > 40, "{} routes were found", expected.len());
    let page = read("docs/admin-api.md");
    let rows = page.lines().filter_map(|line| {
        let row = line.strip_prefix("| `GET /").map(|row| format!("`GET /{row}"));
        let row = row.or_else(|| Some(format!("`POST /{}", line.strip_prefix("| `POST /")?)));
        Some(row?.splitn(4, " | ").take(3).collect::<Vec<_>>().join(" | "))
    });
    assert_eq!(rows.collect::<BTreeSet<_>>(), expected);
}

fn help(of: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fiber-link"));
    let output = command.args(of).arg("--help").output().unwrap();
    assert!(output.status.success(), "{of:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands below this one.
fn commands(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once("Commands:\n") else { return vec![] };
    let lines = rest.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

/// The flags that a help has, but for those of every command.
fn flags(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim).filter(|line| line.starts_with('-'));
    let long = lines.filter_map(|line| line.split_whitespace().find(|word| word.starts_with("--")));
    let long = long.map(|flag| flag.trim_end_matches(',').to_owned());
    long.filter(|flag| !["--help", "--version"].contains(&flag.as_str())).collect()
}

#[test]
fn the_page_of_settings_names_every_setting_every_command_and_every_flag() {
    let page = read("docs/settings.md");
    let all = help(&[]);
    let settings = flags(&all);
    let named: BTreeSet<String> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `--")?.split_once('`')?.0))
        .map(|flag| format!("--{flag}"))
        .collect();
    let rules = flags(&help(&["policy", "preview"]));
    let unnamed: Vec<_> = settings.difference(&named).collect();
    assert!(unnamed.is_empty(), "not in the table of settings: {unnamed:?}");
    // The rules of a policy have a table of their own, where some share a line.
    let unknown: Vec<_> = named.difference(&settings).filter(|flag| !rules.contains(*flag)).collect();
    assert!(unknown.is_empty(), "there is no setting {unknown:?}");
    for setting in &settings {
        let variable = format!("`FIBER_LINK_{}`", setting[2..].to_uppercase().replace('-', "_"));
        assert!(page.contains(&variable), "{variable} is not named");
    }
    let spans: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    let has = |name: &str| spans.iter().any(|span| *span == name || span.starts_with(&format!("{name} ")));
    for command in commands(&all) {
        let inner = commands(&help(&[&command]));
        let full: Vec<Vec<&str>> = match inner.is_empty() {
            true => vec![vec![&command]],
            false => inner.iter().map(|inner| vec![command.as_str(), inner.as_str()]).collect(),
        };
        for words in full {
            let name = words.join(" ");
            assert!(has(&name), "`{name}` is not named");
            for flag in flags(&help(&words)).difference(&settings) {
                assert!(has(flag), "{flag} of `{name}` is not named");
            }
        }
    }
}
