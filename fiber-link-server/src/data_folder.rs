//! What one server at a time may use: a data folder, and a store in a file.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A data folder that no other server uses, until this is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// A store in a file that no other server uses, until this is dropped or the process ends.
#[derive(Debug)]
#[must_use = "the lock ends when this is dropped"]
pub struct StoreLock {
    _lock: File,
}

/// Why a data folder was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DataFolderError {
    /// Another server holds it.
    #[error("another server is running on {0}; one server at a time may use it")]
    InUse(PathBuf),
    /// It cannot be made or locked.
    #[error("cannot use {path}")]
    Unusable {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl DataFolder {
    /// Makes the folder if it is missing, closed to other users, and takes it.
    ///
    /// # Errors
    /// [`DataFolderError`] if another server has it, or it cannot be used.
    pub fn take(path: &Path) -> Result<Self, DataFolderError> {
        make(path).map_err(|source| DataFolderError::Unusable { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), _lock: lock(&path.join("lock"), path)? })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl StoreLock {
    /// Takes the store in the file at `store`: two servers with different folders on it are kept
    /// apart too.
    ///
    /// # Errors
    /// [`DataFolderError`] if another server has it, or the lock beside it cannot be used.
    pub fn take(store: &Path) -> Result<Self, DataFolderError> {
        let real = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let mut beside_store = real.into_os_string();
        beside_store.push("-lock");
        Ok(Self { _lock: lock(Path::new(&beside_store), store)? })
    }
}

fn lock(file: &Path, what: &Path) -> Result<File, DataFolderError> {
    let unusable = |source| DataFolderError::Unusable { path: file.to_owned(), source };
    let opened = OpenOptions::new().write(true).create(true).truncate(false).open(file).map_err(unusable)?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(TryLockError::WouldBlock) => Err(DataFolderError::InUse(what.to_owned())),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_takes_a_folder_or_a_store() {
        let root = tempfile::tempdir().unwrap();
        let (folder, store) = (root.path().join("a"), root.path().join("x.sqlite"));
        let taken = (DataFolder::take(&folder).unwrap(), StoreLock::take(&store).unwrap());
        let refused = DataFolder::take(&folder).unwrap_err().to_string();
        assert!(refused.contains(&folder.display().to_string()), "{refused}");
        let refused = StoreLock::take(&store).unwrap_err().to_string();
        assert!(refused.contains(&store.display().to_string()), "{refused}");
        drop(taken);
        assert_eq!(DataFolder::take(&folder).unwrap().path(), folder);
        let _again = StoreLock::take(&store).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_new_folder_is_closed_to_others() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/er");
        let _folder = DataFolder::take(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = DataFolder::take(&file).unwrap_err().to_string();
        assert_eq!(refused, format!("cannot use {}", file.display()));
    }
}
