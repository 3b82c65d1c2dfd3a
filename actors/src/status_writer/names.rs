//! Names for events: the object's name and a number that never repeats, as upstream's event recorder makes them.

use jiff::Timestamp;

use super::Clock;
use crate::cluster::Notice;

/// An object's name in an event's name: 253 characters less a point and 16 hexadecimal digits.
const STEM: usize = 236;

/// Where names of events come from.
pub(super) struct Names {
    clock: Clock,
    last: i128,
}

impl Names {
    /// Names that begin with the present moment.
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, last: 0 }
    }

    /// The moment.
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// A name that no other event has.
    pub(super) fn next(&mut self, notice: &Notice) -> String {
        self.last = self.now().as_nanosecond().max(self.last + 1);
        let name = &notice.key.name;
        let stem = name.get(..STEM).unwrap_or(name).trim_end_matches(['.', '-']);
        format!("{stem}.{:x}", self.last)
    }
}
