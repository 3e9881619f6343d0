//! Visiting the entries of a map in the order of their keys. Pages grow as the visit goes on, so that a short one reads little and a long
//! one asks seldom. Invariant: nothing is visited twice, and nothing is left out that is there from start to end.

use alloc::vec;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ops::Range;

use coffer_abi::limits::MAX_SCAN;
use coffer_abi::spec::describe::Describe;

use super::key::{Key, Position};
use super::{Map, unreadable};
use crate::guest;
use crate::value::decode;

/// Entries of the first page.
const FIRST_PAGE: u32 = 8;

/// Where a visit starts.
pub(super) enum Start {
    /// At the first key.
    First,
    /// At this key, or behind it if it is not there.
    At(Vec<u8>),
    /// Behind this key.
    Behind(Vec<u8>),
}

/// The untyped visit.
pub(super) struct Scan {
    /// What all visited keys begin with.
    prefix: Vec<u8>,
    /// Bytes in front of the map's own key: those of the field.
    field: usize,
    /// The visit goes on behind this key; empty at the start.
    after: Vec<u8>,
    /// `after` has not been visited itself yet.
    first: bool,
    page: Vec<u8>,
    at: usize,
    limit: u32,
}

impl Scan {
    /// Visits what begins with `prefix`, whose first `field` bytes are those of the field.
    pub(super) fn new(prefix: Vec<u8>, field: usize, start: Start) -> Self {
        let (after, first) = match start {
            Start::First => (Vec::new(), false),
            Start::At(key) => (key, true),
            Start::Behind(key) => (key, false),
        };
        // A key in front of all that is visited is no place to go on behind: the visit starts at the start.
        let after = if after < prefix { Vec::new() } else { after };
        let first = first && after.starts_with(&prefix);
        Self { prefix, field, after, first, page: Vec::new(), at: 0, limit: FIRST_PAGE }
    }

    /// Makes the page hold at least one entry that has not been visited; false if there is none.
    fn fill(&mut self) -> bool {
        if core::mem::take(&mut self.first) {
            self.read_first();
        }
        self.at < self.page.len() || self.read_page()
    }

    /// The host's scan starts behind a key, so the first key is asked for by itself and put into a page of one entry.
    fn read_first(&mut self) {
        let Some(length) = guest::storage_get(&self.after, &mut []) else { return };
        let mut value = vec![0; length];
        guest::reply_read(0, &mut value);
        for part in [&self.after, &value] {
            self.page.extend_from_slice(&(part.len() as u32).to_le_bytes());
            self.page.extend_from_slice(part);
        }
    }

    fn read_page(&mut self) -> bool {
        let length = guest::storage_scan(&self.prefix, &self.after, self.limit, &mut []).unwrap_or(0);
        self.page.clear();
        self.page.resize(length, 0);
        self.at = 0;
        self.limit = self.limit.saturating_mul(2).min(MAX_SCAN);
        if length != 0 {
            guest::reply_read(0, &mut self.page);
        }
        length != 0
    }

    /// The next length and the bytes it tells of, as their place in the page.
    fn part(&mut self) -> Option<Range<usize>> {
        let length = self.page.get(self.at..)?.first_chunk()?;
        let start = self.at.wrapping_add(4);
        self.at = start.wrapping_add(u32::from_le_bytes(*length) as usize);
        Some(start..self.at)
    }

    /// The next key, decoded, and its value's place in the page.
    fn next<K: Key>(&mut self) -> Option<(K, Range<usize>)> {
        if !self.fill() {
            return None;
        }
        match self.entry() {
            Some(entry) => Some(entry),
            None => unreadable(&self.prefix),
        }
    }

    fn entry<K: Key>(&mut self) -> Option<(K, Range<usize>)> {
        let (key, value) = (self.part()?, self.part()?);
        let key = self.page.get(key)?;
        if self.at == self.page.len() {
            self.after.clear();
            self.after.extend_from_slice(key);
        }
        let mut rest = key.get(self.field..)?;
        let key = K::read(&mut rest, Position::Last)?;
        rest.is_empty().then_some((key, value))
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

impl<K: Key, V: Describe> Iterator for Iter<'_, K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        let (key, value) = self.scan.next()?;
        match self.scan.page.get(value).and_then(decode) {
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

impl<K: Key, V: Describe> Iterator for Keys<'_, K, V> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        self.scan.next().map(|(key, _)| key)
    }
}
