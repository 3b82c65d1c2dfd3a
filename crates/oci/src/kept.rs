//! What is remembered within a number of bytes: beyond it what is of no more use is dropped, then what was used longest ago.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use tokio::time::Instant;

/// A map that does not grow beyond its limit, unless more than that is in use at the same time.
pub(crate) struct Kept<K, V> {
    entries: BTreeMap<K, Entry<V>>,
    /// What all entries take.
    bytes: usize,
    /// In bytes.
    limit: usize,
    /// What is in use is never dropped.
    is_idle: fn(&V) -> bool,
    uses: u64,
}

struct Entry<V> {
    value: V,
    bytes: usize,
    /// When it is of no more use; absent where it always is.
    until: Option<Instant>,
    used: u64,
}

impl<K: Clone + Ord, V> Kept<K, V> {
    pub(crate) fn new(limit: usize, is_idle: fn(&V) -> bool) -> Self {
        Self { entries: BTreeMap::new(), bytes: 0, limit, is_idle, uses: 0 }
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.uses += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.uses;
        Some(&entry.value)
    }

    /// Keeps a value; `heap` are the bytes that key and value own beside themselves.
    pub(crate) fn insert(&mut self, key: K, value: V, heap: usize, until: Option<Instant>) {
        self.uses += 1;
        let entry = Entry { value, bytes: Self::whole(heap), until, used: self.uses };
        self.bytes += entry.bytes;
        self.bytes -= self.entries.insert(key, entry).map_or(0, |former| former.bytes);
        self.fit();
    }

    /// Notes that a value has become larger or smaller, or is of use until another time.
    pub(crate) fn changed(&mut self, key: &K, heap: usize, until: Option<Instant>) {
        if let Some(entry) = self.entries.get_mut(key) {
            self.bytes -= entry.bytes;
            (entry.bytes, entry.until) = (Self::whole(heap), until);
            self.bytes += entry.bytes;
        }
        self.fit();
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        assert_eq!(self.bytes, self.entries.values().map(|entry| entry.bytes).sum::<usize>());
        self.bytes
    }

    fn whole(heap: usize) -> usize {
        size_of::<K>() + size_of::<Entry<V>>() + heap
    }

    fn fit(&mut self) {
        if self.bytes <= self.limit {
            return;
        }
        let (now, is_idle) = (Instant::now(), self.is_idle);
        let expired =
            |entry: &Entry<V>| entry.until.is_some_and(|until| until <= now) && is_idle(&entry.value);
        self.bytes -= self
            .entries
            .extract_if(.., |_, entry| expired(entry))
            .map(|(_, entry)| entry.bytes)
            .sum::<usize>();
        while self.bytes > self.limit {
            let idle = self.entries.iter().filter(|(_, entry)| is_idle(&entry.value));
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone()) else {
                break;
            };
            self.bytes -= self.entries.remove(&oldest).map_or(0, |entry| entry.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    type Values = Kept<u8, Arc<()>>;

    /// Room for three values that own 1000 bytes each.
    fn three() -> Values {
        Kept::new(3 * Values::whole(1000), |value| Arc::strong_count(value) == 1)
    }

    fn keys(values: &Values) -> Vec<u8> {
        values.entries.keys().copied().collect()
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let mut values = three();
        for key in 1..=3 {
            values.insert(key, Arc::default(), 1000, None);
        }

        values.get(&1);
        values.insert(4, Arc::default(), 1000, None);
        assert_eq!(keys(&values), [1, 3, 4]);

        values.changed(&4, 2000 + Values::whole(0), None);
        assert_eq!(keys(&values), [1, 4]);
        assert!(values.bytes() <= values.limit);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_of_no_more_use_goes_first() {
        let mut values = three();
        let soon = Some(Instant::now() + Duration::from_secs(1));
        values.insert(1, Arc::default(), 1000, None);
        values.insert(2, Arc::default(), 1000, soon);
        values.insert(3, Arc::default(), 1000, soon);

        advance(Duration::from_secs(1)).await;
        values.insert(4, Arc::default(), 1000, None);

        assert_eq!(keys(&values), [1, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_use_stays() {
        let mut values = three();
        let held = Arc::default();
        values.insert(1, Arc::clone(&held), 4000, Some(Instant::now()));
        values.insert(2, Arc::default(), 1000, None);
        assert_eq!(keys(&values), [1]);

        drop(held);
        values.insert(3, Arc::default(), 1000, None);
        assert_eq!(keys(&values), [3]);
    }
}
