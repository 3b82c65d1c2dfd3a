//! What the store asks of the machine and a test wants to answer itself.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::disk::{self, Space};

/// The clock, the room on the disk, and whether a file can have one more link.
pub(super) trait Host: Send + Sync {
    /// The wall clock: retention counts across restarts.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// Room on the file system that holds the path.
    fn space(&self, path: &Path) -> io::Result<Space> {
        disk::space(path)
    }

    /// Gives a file a second name.
    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        disk::hard_link(from, to)
    }
}

/// The machine itself.
pub(super) struct Machine;

impl Host for Machine {}
