//! What registries' webhooks told of a repository, held against what its attempts have found.

use std::time::Duration;

use reference::Digest;

/// A webhook told of a push that concerns the repository (D33). It is a hint: what is true is found at the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nudge {
    /// The manifest that was pushed, where the sender tells it.
    pub digest: Option<Digest>,
    /// Whether the sender may speak before the registry shows the push.
    pub early: bool,
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
    found: Option<Digest>,
    /// Boxed, because there is one of these for every object and seldom anything in it.
    told: Option<Box<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    /// During the attempt under way.
    missed: Missed,
    /// Early, and not shown yet; and how often it was looked for.
    awaited: Option<(Digest, usize)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Missed {
    #[default]
    Nothing,
    This(Digest),
    Something,
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
    pub(crate) fn is_news(&mut self, nudge: Nudge) -> bool {
        let news = nudge.digest.is_none() || nudge.digest != self.found;
        if news {
            self.expect(nudge);
        }
        news
    }

    /// Told while an attempt runs.
    pub(crate) fn meanwhile(&mut self, nudge: Nudge) {
        let told = self.told.get_or_insert_default();
        told.missed = match (told.missed, nudge.digest) {
            (Missed::Nothing, Some(digest)) => Missed::This(digest),
            (Missed::This(one), Some(other)) if one == other => Missed::This(one),
            (_, _) => Missed::Something,
        };
        self.expect(nudge);
    }

    fn expect(&mut self, nudge: Nudge) {
        if let Some(digest) = nudge.digest.filter(|_| nudge.early) {
            self.told.get_or_insert_default().awaited = Some((digest, 0));
        }
    }

    /// Whether the next look is for something that was told.
    pub(crate) fn is_awaited(&self) -> bool {
        self.told.as_ref().is_some_and(|told| told.awaited.is_some())
    }

    /// An attempt begins: it will see what was told before.
    pub(crate) fn begin(&mut self) {
        if let Some(told) = &mut self.told {
            told.missed = Missed::Nothing;
        }
    }

    /// An attempt ended well, without asking the registry.
    pub(crate) fn checked(&mut self) -> Sequel {
        match self.told.as_mut().map(|told| std::mem::take(&mut told.missed)) {
            None | Some(Missed::Nothing) => Sequel::None,
            Some(Missed::This(_) | Missed::Something) => Sequel::Now,
        }
    }

    /// An attempt ended well; the registry showed this.
    pub(crate) fn met(&mut self, found: Option<Digest>) -> Sequel {
        let before = std::mem::replace(&mut self.found, found);
        let Some(told) = &mut self.told else {
            return Sequel::None;
        };
        let missed = match std::mem::take(&mut told.missed) {
            Missed::Nothing => false,
            Missed::This(digest) => found != Some(digest),
            Missed::Something => true,
        };
        if missed {
            return Sequel::Now;
        }
        let changed = before.is_some() && before != found;
        let awaited = told.awaited.filter(|(digest, _)| found != Some(*digest) && !changed);
        let Some((pause, (digest, looks))) =
            awaited.and_then(|awaited| Some((PAUSES.get(awaited.1)?, awaited)))
        else {
            self.told = None;
            return Sequel::None;
        };
        told.awaited = Some((digest, looks + 1));
        Sequel::After(*pause)
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
