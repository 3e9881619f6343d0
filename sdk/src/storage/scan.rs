//! Visiting the entries of a map in the order of their keys. Pages grow as the visit goes on, so that a short one reads little and a long
//! one asks seldom. Invariant: nothing is visited twice, and nothing is left out that is there from start to end.

use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::Range;

use coffer_abi::limits::MAX_SCAN;

use super::key::{Key, Position};
use super::{Map, Value, unreadable};
use crate::guest;
use crate::value::decode;

/// Entries of the first page.
const FIRST_PAGE: u32 = 8;

/// The untyped visit.
pub(super) struct Scan {
    prefix: Vec<u8>,
    /// The visit goes on behind this key; empty at the start.
    after: Vec<u8>,
    /// `after` has not been visited itself yet.
    first: bool,
    page: Vec<u8>,
    at: usize,
    limit: u32,
    done: bool,
}

impl Scan {
    /// Visits what starts with `prefix`, from the key `first` on, or from the start if that is empty.
    pub(super) fn new(prefix: Vec<u8>, first: Vec<u8>) -> Self {
        let is_given = !first.is_empty();
        Self { prefix, after: first, first: is_given, page: Vec::new(), at: 0, limit: FIRST_PAGE, done: false }
    }

    /// Key and value of the next entry, as ranges of the page.
    fn next(&mut self) -> Option<(Range<usize>, Range<usize>)> {
        if self.first {
            self.first = false;
            self.read_first();
        }
        if self.at == self.page.len() && !self.read_page() {
            return None;
        }
        let key = self.part()?;
        let value = self.part()?;
        Some((key, value))
    }

    /// The host's scan starts behind a key, so the first key is asked for by itself and put into a page of one entry.
    fn read_first(&mut self) {
        let Some(length) = guest::storage_get(&self.after, &mut []) else { return };
        let key = &self.after;
        let mut page = Vec::with_capacity(8 + key.len() + length);
        page.extend_from_slice(&(key.len() as u32).to_le_bytes());
        page.extend_from_slice(key);
        page.extend_from_slice(&(length as u32).to_le_bytes());
        let value = page.len();
        page.resize(value + length, 0);
        guest::reply_read(0, &mut page[value..]);
        self.page = page;
    }

    fn read_page(&mut self) -> bool {
        if self.done {
            return false;
        }
        self.at = 0;
        let length = guest::storage_scan(&self.prefix, &self.after, self.limit, &mut []).unwrap_or(0);
        self.page = vec![0; length];
        self.done = length == 0;
        if !self.done {
            guest::reply_read(0, &mut self.page);
            self.limit = (2 * self.limit).min(MAX_SCAN);
        }
        !self.done
    }

    fn part(&mut self) -> Option<Range<usize>> {
        let length = self.page.get(self.at..)?.first_chunk().map(|&length| u32::from_le_bytes(length))? as usize;
        let start = self.at + 4;
        self.at = start + length;
        (self.at <= self.page.len()).then_some(start..self.at)
    }

    /// The next key, decoded, and its value's place in the page.
    fn next_key<K: Key>(&mut self) -> Option<(K, Range<usize>)> {
        let (key, value) = self.next()?;
        let bytes = &self.page[key];
        let mut rest = &bytes[self.prefix.len()..];
        let decoded = K::read(&mut rest, Position::Last).filter(|_| rest.is_empty());
        let Some(decoded) = decoded else { unreadable(&self.prefix) };
        if self.at == self.page.len() {
            self.after.clear();
            self.after.extend_from_slice(bytes);
        }
        Some((decoded, value))
    }
}

/// The entries of a [`Map`] in the order of their keys.
///
/// # Panics
/// While it is visited, if an entry is not of the map's types.
pub struct Iter<'a, K, V> {
    scan: Scan,
    map: PhantomData<&'a Map<K, V>>,
}

impl<K, V> Iter<'_, K, V> {
    pub(super) fn new(scan: Scan) -> Self {
        Self { scan, map: PhantomData }
    }
}

impl<K: Key, V: Value> Iterator for Iter<'_, K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let (key, value) = self.scan.next_key()?;
        match decode(&self.scan.page[value]) {
            Some(value) => Some((key, value)),
            None => unreadable(&self.scan.prefix),
        }
    }
}

/// The keys of a [`Map`] in order.
///
/// # Panics
/// While it is visited, if a key is not of the map's type.
pub struct Keys<'a, K, V> {
    scan: Scan,
    map: PhantomData<&'a Map<K, V>>,
}

impl<K, V> Keys<'_, K, V> {
    pub(super) fn new(scan: Scan) -> Self {
        Self { scan, map: PhantomData }
    }
}

impl<K: Key, V: Value> Iterator for Keys<'_, K, V> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.scan.next_key().map(|(key, _)| key)
    }
}
