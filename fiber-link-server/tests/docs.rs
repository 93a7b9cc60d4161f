//! What the documents cite is there.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
