//! The mark beside a store in a file that was copied to a database: two stores that know the same
//! withdrawals both pay them, so nothing works on the file any more.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The most bytes of a mark that are read.
const LONGEST: u64 = 4 * 1024;

/// Why a store in a file is not worked on.
#[derive(Debug, thiserror::Error)]
pub enum MovedError {
    /// It was copied.
    #[error(
        "the store {store} was moved: everything in it was copied to {target}, and if both were worked on, \
         both would pay the same withdrawals. Start servers there. To go back, and only if no server ever \
         started there, drop that schema and then remove {mark}"
    )]
    Moved {
        /// The file.
        store: PathBuf,
        /// Where everything is.
        target: String,
        /// What says so.
        mark: PathBuf,
    },
    /// The mark cannot be read or written.
    #[error("cannot use {mark}, the mark of a store that was moved")]
    Unusable {
        /// Which file.
        mark: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Refuses a store that was copied to a database.
///
/// # Errors
/// [`MovedError`] says where to, and how to go back.
pub fn check(store: &Path) -> Result<(), MovedError> {
    target(store)?.map_or(Ok(()), |target| Err(moved(store, target)))
}

/// Refuses a store that was copied to somewhere else than `here`: a copy that broke off after its mark
/// is gone on with, and a second one is not begun.
///
/// # Errors
/// [`MovedError`] as with [`check`].
pub fn check_elsewhere(store: &Path, here: &str) -> Result<(), MovedError> {
    let elsewhere = target(store)?.filter(|target| target != here);
    elsewhere.map_or(Ok(()), |target| Err(moved(store, target)))
}

fn moved(store: &Path, target: String) -> MovedError {
    MovedError::Moved { store: store.to_owned(), target, mark: beside(store) }
}

/// Where the store was copied to, if it was.
fn target(store: &Path) -> Result<Option<String>, MovedError> {
    let mark = beside(store);
    let read = File::open(&mark).and_then(|file| {
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    });
    match read {
        Ok(target) => Ok(Some(target)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(MovedError::Unusable { mark, source }),
    }
}

/// Marks the store as copied to `target`; answers where the mark is. It survives a crash of the machine once this returns.
///
/// # Errors
/// [`MovedError::Unusable`] if it cannot be written.
pub fn mark(store: &Path, target: &str) -> Result<PathBuf, MovedError> {
    let mark = beside(store);
    match write(&mark, target) {
        Ok(()) => Ok(mark),
        Err(source) => Err(MovedError::Unusable { mark, source }),
    }
}

/// Whole or not at all: half of it would name another target.
fn write(mark: &Path, target: &str) -> io::Result<()> {
    let mut unfinished = mark.to_owned().into_os_string();
    unfinished.push(".new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&unfinished)?;
    writeln!(file, "{target}")?;
    file.sync_all()?;
    std::fs::rename(&unfinished, mark)?;
    let folder = mark.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Beside the file itself, whatever links lead to it.
fn beside(store: &Path) -> PathBuf {
    let mut path = store.canonicalize().unwrap_or_else(|_| store.to_owned()).into_os_string();
    path.push("-moved");
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_store_is_refused_under_each_of_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let (store, link) = (folder.path().join("hub.sqlite"), folder.path().join("link"));
        std::fs::write(&store, "").unwrap();
        std::os::unix::fs::symlink(&store, &link).unwrap();
        for path in [&store, &link] {
            check(path).unwrap();
        }
        let mark = mark(&link, "the schema a").unwrap();
        for path in [&store, &link] {
            let refused = check(path).unwrap_err().to_string();
            assert!(refused.contains("copied to the schema a,") && refused.contains("hub.sqlite-moved"));
        }
        check_elsewhere(&store, "the schema a").unwrap();
        check_elsewhere(&store, "the schema b").unwrap_err();
        std::fs::remove_file(mark).unwrap();
        check(&store).unwrap();
    }

    #[test]
    fn a_mark_that_cannot_be_read_or_says_nothing_refuses_too() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("hub.sqlite");
        std::fs::write(folder.path().join("hub.sqlite-moved"), "").unwrap();
        assert!(matches!(check(&store), Err(MovedError::Moved { .. })));
        std::fs::remove_file(folder.path().join("hub.sqlite-moved")).unwrap();
        std::fs::create_dir(folder.path().join("hub.sqlite-moved")).unwrap();
        assert!(matches!(check(&store), Err(MovedError::Unusable { .. })));
        assert!(matches!(mark(&store, "x"), Err(MovedError::Unusable { .. })));
    }
}
