//! What registries' webhooks told of a repository, held against what its attempts have found.

use std::sync::Arc;
use std::time::Duration;

use reference::Digest;

/// A webhook told of a push that concerns the repository (D33). It is a hint: what is true is found at the registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nudge {
    /// The manifest that was pushed, where the sender tells it.
    pub digest: Option<Digest>,
    /// The tag that was pushed; `None` where several were.
    pub tag: Option<Arc<str>>,
    /// Whether the sender may speak before the registry shows the push.
    pub early: bool,
}

impl Nudge {
    /// Leaves of two pushes that are told of at once only what both say.
    pub fn merge(&mut self, other: &Self) {
        self.digest.take_if(|digest| other.digest != Some(*digest));
        self.tag.take_if(|tag| other.tag.as_ref() != Some(tag));
        self.early |= other.early;
    }

    fn is_met_by(&self, found: Option<&Found>) -> bool {
        found.is_some_and(|found| {
            self.digest == Some(found.digest) && (found.tag.is_none() || found.tag == self.tag)
        })
    }
}

/// What a registry showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The manifest.
    pub digest: Digest,
    /// The tag, where it was chosen out of several: then a new tag of a known manifest is news.
    pub tag: Option<Arc<str>>,
}

/// After these pauses the registry is asked again, where it does not show yet what it told of: CNCF Distribution sends a
/// push before it moves the tag, which takes a local disk milliseconds and an object store a second.
const PAUSES: [Duration; 7] = [
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
    Duration::from_millis(640),
    Duration::from_secs(3),
];

/// What was told and is not met yet.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// What the attempt that ended last has found, unless it failed.
    found: Option<Found>,
    /// Boxed, because there is one of these for every object and seldom anything in it.
    told: Option<Box<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    /// During the attempt under way.
    missed: Option<Nudge>,
    /// Early, and not shown yet; and how often it was looked for.
    awaited: Option<(Nudge, usize)>,
}

/// What follows from the end of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sequel {
    /// Nothing.
    None,
    /// Another attempt at once: it would miss what was told meanwhile.
    Now,
    /// Another attempt after this time: what was told is not shown yet.
    After(Duration),
}

impl News {
    /// Told while no attempt runs; false where the last one has found just that.
    pub(crate) fn is_news(&mut self, nudge: &Nudge) -> bool {
        let news = !nudge.is_met_by(self.found.as_ref());
        if news {
            self.expect(nudge);
        }
        news
    }

    /// Told while an attempt runs.
    pub(crate) fn meanwhile(&mut self, nudge: &Nudge) {
        let told = self.told.get_or_insert_default();
        told.missed.get_or_insert_with(|| nudge.clone()).merge(nudge);
        self.expect(nudge);
    }

    fn expect(&mut self, nudge: &Nudge) {
        if nudge.early {
            self.told.get_or_insert_default().awaited = Some((nudge.clone(), 0));
        }
    }

    /// Whether the next look is for something that was told.
    pub(crate) fn is_awaited(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.awaited.is_some())
    }

    /// An attempt begins: it will see what was told before.
    pub(crate) fn begin(&mut self) {
        if let Some(told) = &mut self.told {
            told.missed = None;
        }
    }

    /// An attempt ended well, without asking the registry.
    pub(crate) fn checked(&mut self) -> Sequel {
        match self.told.as_mut().and_then(|told| told.missed.take()) {
            None => Sequel::None,
            Some(_) => Sequel::Now,
        }
    }

    /// An attempt ended well; the registry showed this.
    pub(crate) fn met(&mut self, found: Option<Found>) -> Sequel {
        let before = std::mem::replace(&mut self.found, found);
        let found = self.found.as_ref();
        let Some(told) = &mut self.told else {
            return Sequel::None;
        };
        if told.missed.take().is_some_and(|missed| !missed.is_met_by(found)) {
            return Sequel::Now;
        }
        let changed = before.is_some() && before.as_ref() != found;
        if let Some((awaited, looks)) = &mut told.awaited
            && !changed
            && !awaited.is_met_by(found)
            && let Some(pause) = PAUSES.get(*looks)
        {
            *looks += 1;
            return Sequel::After(*pause);
        }
        self.told = None;
        Sequel::None
    }

    /// An attempt failed: its retry will see whatever was told.
    pub(crate) fn failed(&mut self) -> Sequel {
        let sequel = self.superseded();
        self.told = None;
        sequel
    }

    /// An attempt was given up.
    pub(crate) fn superseded(&mut self) -> Sequel {
        self.found = None;
        self.checked()
    }
}
