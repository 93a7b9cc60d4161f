//! An append-only file of lines, or memory in its place.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// No line is longer, so a file that is none of ours cannot fill the memory.
const MAX_LINE: usize = 64 * 1024;
/// Most lines fit in one read of this size.
const READ: usize = 1024;

/// Lines that are added at the end and read by their offset.
///
/// A line is handed to the operating system in one write and not synced: it survives the death of
/// the process, not of the machine.
#[derive(Debug)]
pub(super) struct Journal {
    place: Place,
    end: u64,
    /// A line was cut short and could not be taken back, so that nothing may follow it.
    torn: bool,
}

#[derive(Debug)]
enum Place {
    Memory(Vec<u8>),
    File(File),
}

impl Journal {
    pub(super) fn in_memory() -> Self {
        Self { place: Place::Memory(Vec::new()), end: 0, torn: false }
    }

    /// Opens or makes the file, and drops a last line that was cut short. A file that does not
    /// begin with `first_bytes` is somebody else's and left alone.
    pub(super) fn open(path: &Path, first_bytes: &[u8]) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let length = file.metadata()?.len();
        let mut found = Vec::with_capacity(first_bytes.len());
        (&file).take(u64::try_from(first_bytes.len()).unwrap_or(u64::MAX)).read_to_end(&mut found)?;
        if !first_bytes.starts_with(&found) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not the file of a simulated node"));
        }
        let end = end_of_last_line(&mut file, length)?;
        if end < length {
            file.set_len(end)?;
        }
        Ok(Self { place: Place::File(file), end, torn: false })
    }

    /// Adds `line`, which ends with the line's end, and says where it stands.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<u64> {
        if self.torn {
            return Err(io::Error::other("an earlier line was cut short"));
        }
        let offset = self.end;
        match &mut self.place {
            Place::Memory(bytes) => bytes.extend_from_slice(line),
            Place::File(file) => {
                if let Err(error) = file.write_all(line) {
                    self.torn = file.set_len(offset).is_err();
                    return Err(error);
                }
            }
        }
        self.end = offset.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(offset)
    }

    /// Where the next line will stand.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Drops all lines from `end` on.
    pub(super) fn truncate(&mut self, end: u64) -> io::Result<()> {
        if end > self.end {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the file ends before that"));
        }
        match &mut self.place {
            Place::Memory(bytes) => bytes.truncate(usize::try_from(end).unwrap_or(usize::MAX)),
            Place::File(file) => file.set_len(end)?,
        }
        self.end = end;
        Ok(())
    }

    /// The line at `offset`, without its end.
    pub(super) fn read(&mut self, offset: u64) -> io::Result<Vec<u8>> {
        let mut line = Vec::with_capacity(READ);
        match &mut self.place {
            Place::Memory(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|start| bytes.get(start..));
                rest.unwrap_or_default().read_until(b'\n', &mut line)?;
            }
            Place::File(file) => {
                file.seek(SeekFrom::Start(offset))?;
                BufReader::with_capacity(READ, file)
                    .take(u64::try_from(MAX_LINE).unwrap_or(u64::MAX))
                    .read_until(b'\n', &mut line)?;
            }
        }
        if line.pop() == Some(b'\n') { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

/// All lines of a file in their order, read through a buffer.
pub(super) struct Lines {
    reader: BufReader<File>,
    offset: u64,
    line: Vec<u8>,
}

impl Lines {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let reader = BufReader::with_capacity(256 * 1024, File::open(path)?);
        Ok(Self { reader, offset: 0, line: Vec::new() })
    }

    /// Where the next line stands.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line and where it stands; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        self.line.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = self.reader.by_ref().take(limit).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.line.pop() != Some(b'\n') {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
        }
        Ok(Some((offset, &self.line)))
    }
}

/// Where the bytes after the last line's end begin: the file's end, unless its last line was cut.
fn end_of_last_line(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut block = [0; READ];
    while end > 0 {
        let start = end.saturating_sub(u64::try_from(READ).unwrap_or(u64::MAX));
        let size = usize::try_from(end.saturating_sub(start)).unwrap_or(READ);
        let block = block.get_mut(..size).unwrap_or_default();
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(block)?;
        if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
            let after = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            return Ok(start.saturating_add(after));
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &Path) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Lines::open(path).unwrap();
        let mut all = Vec::new();
        while let Some((offset, line)) = lines.next().unwrap() {
            all.push((offset, line.to_vec()));
        }
        all
    }

    #[test]
    fn lines_are_read_back_by_their_offset() {
        let folder = tempfile::tempdir().unwrap();
        for mut journal in
            [Journal::in_memory(), Journal::open(&folder.path().join("journal"), b"one").unwrap()]
        {
            let long = format!("{}\n", "x".repeat(5 * READ));
            let first = journal.append(b"one\n").unwrap();
            let second = journal.append(long.as_bytes()).unwrap();
            let third = journal.append(b"three\n").unwrap();
            assert_eq!((first, second), (0, 4));
            assert_eq!(journal.read(third).unwrap(), b"three");
            assert_eq!(journal.read(second).unwrap().len(), 5 * READ);
            assert_eq!(journal.read(first).unwrap(), b"one");
            assert!(journal.read(third + 6).is_err());
        }
    }

    #[test]
    fn a_last_line_without_end_is_dropped_wherever_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for torn in ["", "t", "two", &"x".repeat(3 * READ)] {
            std::fs::write(&path, format!("one\n{torn}")).unwrap();
            let mut journal = Journal::open(&path, b"one").unwrap();
            assert_eq!(journal.append(b"three\n").unwrap(), 4, "{torn:.9}");
            assert_eq!(lines(&path), [(0, b"one".to_vec()), (4, b"three".to_vec())]);
        }
        std::fs::write(&path, "on").unwrap();
        assert_eq!(Journal::open(&path, b"one").unwrap().append(b"one\n").unwrap(), 0);
    }

    #[test]
    fn a_file_of_something_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        std::fs::write(&path, "dear bank").unwrap();
        assert_eq!(Journal::open(&path, b"one").unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(std::fs::read(&path).unwrap(), b"dear bank");
    }

    #[test]
    fn an_endless_line_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        std::fs::write(&path, format!("{}\n", "x".repeat(MAX_LINE))).unwrap();
        assert!(Lines::open(&path).unwrap().next().is_err());
    }
}
