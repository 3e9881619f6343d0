//! The values of a small contract together in one record, so that a block that touches it writes one record and not one for each value. Not here:
//! when values stand together and when apart (`slot`).
//! Invariant: entries stand in the order of their keys, each key once; what is no such record is refused when it is read.
//!
//! A record is [`TOGETHER`] and the entries: length of the key (u32), of the value (u32), height of the block that wrote it last (u64),
//! key, value. Integers are little-endian.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::error::Error;
use super::slot::Change;

/// The values stand together, and here they are.
const TOGETHER: u8 = 1;
/// Values of one bundle at most: the trie over them is then one record, too.
const MAX_ENTRIES: usize = 32;
/// Bytes of a bundle at most. Opening one of this size takes about as long as a look-up in the database.
const MAX_BYTES: usize = 4096;
const HEADER: usize = 4 + 4 + 8;

/// The values of one contract, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bundle(Bytes);

/// One value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Block that wrote it last.
    pub height: u64,
    pub key: &'a [u8],
    pub value: &'a [u8],
}

impl Default for Bundle {
    fn default() -> Self {
        Self(Bytes::from_static(&[TOGETHER]))
    }
}

impl Bundle {
    /// The record of a bundle.
    pub fn read(bytes: Bytes) -> Result<Self, Error> {
        if bytes.first() != Some(&TOGETHER) {
            return Err(malformed());
        }
        Ok(Self(bytes))
    }

    /// What is stored; `None` if it has no entries and nothing is.
    pub fn stored(&self) -> Option<Bytes> {
        (self.0.len() > 1).then(|| self.0.clone())
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<&[u8]>, Error> {
        for entry in self.entries() {
            let entry = entry?;
            if entry.key >= key {
                return Ok((entry.key == key).then_some(entry.value));
            }
        }
        Ok(None)
    }

    /// All entries, in the order of their keys.
    pub fn entries(&self) -> Entries<'_> {
        Entries { rest: self.0.get(1..).unwrap_or_default(), last: None }
    }

    /// This bundle with other values under some keys, `None` for one that goes; none if that is too much for a bundle.
    pub fn with(&self, height: u64, changes: &[Change]) -> Result<Option<Self>, Error> {
        let mut entries = BTreeMap::new();
        for entry in self.entries() {
            let entry = entry?;
            entries.insert(entry.key, entry);
        }
        for Change { key, value, .. } in changes {
            match value {
                Some(value) => entries.insert(key, Entry { height, key, value }),
                None => entries.remove(key),
            };
        }
        let bytes: usize = entries.values().map(|entry| HEADER + entry.key.len() + entry.value.len()).sum();
        if entries.len() > MAX_ENTRIES || bytes > MAX_BYTES {
            return Ok(None);
        }
        let mut all = Vec::with_capacity(1 + bytes);
        all.push(TOGETHER);
        for entry in entries.values() {
            all.extend_from_slice(&(entry.key.len() as u32).to_le_bytes());
            all.extend_from_slice(&(entry.value.len() as u32).to_le_bytes());
            all.extend_from_slice(&entry.height.to_le_bytes());
            all.extend_from_slice(entry.key);
            all.extend_from_slice(entry.value);
        }
        Ok(Some(Self(all.into())))
    }
}

/// Reads entry by entry; ends after an error.
pub(super) struct Entries<'a> {
    rest: &'a [u8],
    last: Option<&'a [u8]>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.read();
        if entry.is_none() {
            self.rest = &[];
        }
        Some(entry.ok_or_else(malformed))
    }
}

impl<'a> Entries<'a> {
    fn read(&mut self) -> Option<Entry<'a>> {
        let (key, rest) = self.rest.split_first_chunk()?;
        let (value, rest) = rest.split_first_chunk()?;
        let (height, rest) = rest.split_first_chunk()?;
        let (key, rest) = rest.split_at_checked(u32::from_le_bytes(*key) as usize)?;
        let (value, rest) = rest.split_at_checked(u32::from_le_bytes(*value) as usize)?;
        if self.last.is_some_and(|last| last >= key) {
            return None;
        }
        (self.rest, self.last) = (rest, Some(key));
        Some(Entry { height: u64::from_le_bytes(*height), key, value })
    }
}

fn malformed() -> Error {
    Error::Damaged("the record of a small contract's values is no such record".into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change<'a>(key: &'a [u8], value: Option<&'a [u8]>) -> Change<'a> {
        Change { key, value, path: [0; 32] }
    }

    fn changes() -> impl Strategy<Value = Vec<(u8, Option<Vec<u8>>)>> {
        prop::collection::vec((0u8..40, prop::option::of(prop::collection::vec(any::<u8>(), 0..200))), 1..10)
    }

    proptest! {
        #[test]
        fn a_bundle_holds_what_a_map_holds_until_it_is_too_much(
            blocks in prop::collection::vec(changes(), 1..12),
        ) {
            let (mut bundle, mut map) = (Bundle::default(), BTreeMap::new());
            for (height, changes) in (1..).zip(&blocks) {
                let keyed: BTreeMap<Vec<u8>, &Option<Vec<u8>>> =
                    changes.iter().map(|(key, value)| (vec![*key; usize::from(key % 5) + 1], value)).collect();
                let changes: Vec<_> = keyed.iter().map(|(key, value)| change(key, value.as_deref())).collect();
                for (key, value) in &keyed {
                    match value {
                        Some(value) => map.insert(key.clone(), (height, value.clone())),
                        None => map.remove(key),
                    };
                }
                let bytes: usize = map.iter().map(|(key, (_, value))| HEADER + key.len() + value.len()).sum();
                let next = bundle.with(height, &changes).unwrap();
                prop_assert_eq!(next.is_some(), map.len() <= MAX_ENTRIES && bytes <= MAX_BYTES);
                let Some(next) = next else { break };
                bundle = Bundle::read(next.0).unwrap();
                prop_assert_eq!(bundle.stored().is_none(), map.is_empty());
                let found: Vec<_> = bundle.entries().map(Result::unwrap).collect();
                let expected: Vec<_> =
                    map.iter().map(|(key, (height, value))| Entry { height: *height, key, value }).collect();
                prop_assert_eq!(found, expected);
                for key in 0u8..40 {
                    let key = vec![key; usize::from(key % 5) + 1];
                    prop_assert_eq!(bundle.get(&key).unwrap(), map.get(&key).map(|(_, value)| &value[..]));
                }
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let bytes = [&[TOGETHER][..], &bytes].concat();
            let bundle = Bundle::read(bytes.into()).unwrap();
            let entries: Vec<_> = bundle.entries().collect();
            prop_assert!(entries.iter().rev().skip(1).all(Result::is_ok));
        }
    }

    #[test]
    fn a_bundle_cut_or_out_of_order_is_refused() {
        let changes = [change(b"a", Some(b"1")), change(b"b", Some(b"2"))];
        let whole = Bundle::default().with(1, &changes).unwrap().unwrap().0;
        for end in 2..whole.len() {
            let is_cut = Bundle(whole.slice(..end)).entries().any(|entry| entry.is_err());
            assert_eq!(is_cut, end != 1 + (whole.len() - 1) / 2, "{end}");
        }
        let half = (whole.len() - 1) / 2;
        let turned = [&[TOGETHER], &whole[1 + half..], &whole[1..1 + half]].concat();
        assert!(Bundle(turned.into()).entries().any(|entry| entry.is_err()));
        assert!(Bundle::read(Bytes::from_static(&[0])).is_err() && Bundle::read(Bytes::new()).is_err());
    }
}
