//! Small files that are replaced as a whole. Not here: files that grow (`state`, the engine's log, the pool's). Invariant: after a power cut at any
//! moment the file holds what it held before or what it was to hold, and is for its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes a file, durable when this returns. Beside it stands, until then, a file of the same name that ends in `.new`.
///
/// # Errors
/// What the file system says; the file is then as it was before, or whole.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_written_for_its_owner_alone_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for content in [&b"a longer one"[..], b"short"] {
            write_whole(&path, content).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), content);
        }
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_cannot_be_written_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        write_whole(&path, b"before").unwrap();
        std::fs::create_dir(folder.path().join("keys.new")).unwrap();
        assert!(write_whole(&path, b"after").is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
    }
}
