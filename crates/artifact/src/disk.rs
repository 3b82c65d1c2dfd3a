//! The only place of this crate that touches files, so that another disk can stand here.
//!
//! Paths are absolute. Errors carry the path and the action (through fs-err). Directories are made 0700, files 0600
//! (spec 7.2); nothing here follows a symbolic link in the last component of a path, except [`real`] and
//! [`is_directory`].

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt;
use fs_err::{File, OpenOptions};
use rustix::fs::OFlags;

/// What a file is told by when its bytes are not read: where it lies, how long it is, when it was last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Device and inode number: equal for all links of one file.
    pub(crate) inode: (u64, u64),
    /// Bytes.
    pub(crate) size: u64,
    /// Seconds and nanoseconds since 1970 of the last write to the content.
    pub(crate) modified: (i64, i64),
}

impl Identity {
    fn of(metadata: &std::fs::Metadata) -> Self {
        Self {
            inode: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }

    /// Milliseconds since 1970 of the last write; 0 for what is older.
    pub(crate) fn modified_milliseconds(&self) -> u64 {
        let (seconds, nanoseconds) = self.modified;
        let milliseconds = seconds.saturating_mul(1000).saturating_add(nanoseconds / 1_000_000);
        u64::try_from(milliseconds).unwrap_or(0)
    }
}

/// One directory entry, a symbolic link not followed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// A regular file: not a directory, link or device.
    pub(crate) is_file: bool,
    /// A directory itself, not a link to one.
    pub(crate) is_directory: bool,
    /// See [`Identity`].
    pub(crate) identity: Identity,
}

/// ext2 to ext4, XFS, Btrfs and tmpfs: what they have accepted they have room for (statfs(2)).
const LOCAL: [u64; 4] = [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994];

/// Room on a file system in bytes, as an unprivileged process may use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space {
    /// Bytes that can still be written.
    pub(crate) free: u64,
    /// Bytes of the whole file system.
    pub(crate) total: u64,
}

fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Looks at an entry without following a link; `None` if there is none.
pub(crate) fn look(path: &Path) -> io::Result<Option<Look>> {
    Ok(present(fs_err::symlink_metadata(path))?.map(|metadata| Look {
        is_file: metadata.is_file(),
        is_directory: metadata.is_dir(),
        identity: Identity::of(&metadata),
    }))
}

/// Whether the path leads to a directory, links followed.
pub(crate) fn is_directory(path: &Path) -> bool {
    fs_err::metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// The path with every link resolved; `None` if it leads nowhere.
pub(crate) fn real(path: &Path) -> io::Result<Option<PathBuf>> {
    present(fs_err::canonicalize(path))
}

/// Names in a directory that are UTF-8, sorted; none if it does not exist.
pub(crate) fn names(directory: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = present(fs_err::read_dir(directory))? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The name at the end of where a symbolic link leads, if it is one.
pub(crate) fn led_to(link: &Path) -> Option<String> {
    let target = std::fs::read_link(link).ok()?;
    target.file_name()?.to_str().map(str::to_owned)
}

/// Makes a directory and its parents.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(|error| {
        io::Error::new(error.kind(), format!("failed to create directory `{}`: {error}", path.display()))
    })
}

/// Creates a file that must not exist yet, for reading and writing.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file for appending and creates it if need be.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// Opens a file for reading, with the identity of what was opened; a link is refused.
pub(crate) fn open(path: &Path) -> io::Result<(File, Identity)> {
    let no_link = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let identity = Identity::of(&file.metadata()?);
    Ok((file, identity))
}

/// Gives a file a second name.
pub(crate) fn hard_link(from: &Path, to: &Path) -> io::Result<()> {
    fs_err::hard_link(from, to)
}

/// Makes a symbolic link `link` that says `target`.
pub(crate) fn symbolic_link(target: &Path, link: &Path) -> io::Result<()> {
    fs_err::os::unix::fs::symlink(target, link)
}

/// Moves a name over another; a no-op that leaves both where they are links of one file (rename(2)).
pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs_err::rename(from, to)
}

/// Removes a file or link; `false` if there was none.
pub(crate) fn remove(path: &Path) -> io::Result<bool> {
    Ok(present(fs_err::remove_file(path))?.is_some())
}

/// Removes a directory and all below it; `false` if there was none.
pub(crate) fn remove_directory(path: &Path) -> io::Result<bool> {
    Ok(present(fs_err::remove_dir_all(path))?.is_some())
}

/// Takes the file's advisory lock for this process; `false` if another has it. A file system without locks has no
/// owner to ask, and counts as locked.
pub(crate) fn lock(file: &File) -> bool {
    !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock))
}

/// Room on the file system that holds the path.
pub(crate) fn space(path: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Space {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        total: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

/// Makes a file that has no name, on the disk of this directory.
pub(crate) fn nameless(directory: &Path) -> io::Result<std::fs::File> {
    tempfile::tempfile_in(directory)
}

/// Waits until what was written to a file cannot be refused any more: a network's file system may do so long after the
/// write. A local one tells at the write; what a power cut takes from it is found by its digest (D30) and built anew, so
/// that nobody waits for the disk itself.
pub(crate) fn settle(file: &File) -> io::Result<()> {
    let kind = rustix::fs::fstatfs(file)?.f_type;
    if tells_at_once(u64::try_from(kind).unwrap_or(0)) { Ok(()) } else { file.sync_all() }
}

/// Whether a file system of this kind refuses at the write what it cannot take.
fn tells_at_once(kind: u64) -> bool {
    LOCAL.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::tells_at_once;

    #[test]
    fn only_file_systems_that_are_known_to_be_local_are_not_waited_for() {
        let (ext4, tmpfs) = (0xef53, 0x0102_1994);
        let (nfs, smb2, ceph, fuse) = (0x6969, 0xfe53_4d42, 0x00c3_6400, 0x6573_5546);

        assert!([ext4, tmpfs].into_iter().all(tells_at_once));
        assert!(![nfs, smb2, ceph, fuse, 0].into_iter().any(tells_at_once));
    }
}
