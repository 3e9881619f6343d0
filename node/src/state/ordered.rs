//! The ordered keys of a contract, for prefix scans: a B+ tree of pages, so that a private state's keys can be sealed
//! page by page and a write touches a few pages however many keys there are. Not here: values (`Kind::Slot`). Nothing
//! of it is hashed into a root.
//! Invariant: all leaves are at one depth; a page is never empty, except that no key means no page.

use std::collections::BTreeMap;

use coffer_abi::{ContractId, Decode, Encode};

use super::columns::Kind;
use super::db::{Batch, Records};
use super::error::Error;

/// Keys, or children, of one page at most. 64 keys of usual length are 2 to 4 KB; a key has at most 256 bytes.
const PAGE: usize = 64;
/// A page with fewer is joined with a neighbour where both fit into one.
const SMALL: usize = PAGE / 4;
/// Levels of pages at most; far more than memory holds keys for. Keeps a damaged page that points up from looping.
const MAX_LEVELS: usize = 16;
const ROOT: u64 = 0;

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Page {
    Leaf(Vec<Vec<u8>>),
    /// Lowest key below and number of each child.
    Inner(Vec<(Vec<u8>, u64)>),
}

/// The first page, with the number the next new page gets.
#[derive(Encode, Decode)]
struct Root {
    next: u64,
    page: Page,
}

impl Page {
    fn len(&self) -> usize {
        match self {
            Self::Leaf(keys) => keys.len(),
            Self::Inner(children) => children.len(),
        }
    }

    fn first(&self) -> Vec<u8> {
        match self {
            Self::Leaf(keys) => keys.first().cloned(),
            Self::Inner(children) => children.first().map(|(key, _)| key.clone()),
        }
        .unwrap_or_default()
    }

    /// As many pages of about equal size as it takes; none if it is empty.
    fn split(self) -> Vec<Self> {
        fn parts<T: Clone>(items: Vec<T>, page: impl Fn(Vec<T>) -> Page) -> Vec<Page> {
            if items.is_empty() {
                return Vec::new();
            }
            let size = items.len().div_ceil(items.len().div_ceil(PAGE));
            items.chunks(size).map(|part| page(part.to_vec())).collect()
        }
        match self {
            Self::Leaf(keys) => parts(keys, Page::Leaf),
            Self::Inner(children) => parts(children, Page::Inner),
        }
    }

    /// Both in one, if they are of one kind and fit.
    fn joined(&self, right: &Self) -> Option<Self> {
        match (self, right) {
            _ if self.len() + right.len() > PAGE => None,
            (Self::Leaf(a), Self::Leaf(b)) => Some(Self::Leaf([&a[..], &b[..]].concat())),
            (Self::Inner(a), Self::Inner(b)) => Some(Self::Inner([&a[..], &b[..]].concat())),
            _ => None,
        }
    }
}

/// The ordered keys of one contract.
pub(super) struct OrderedKeys<'a> {
    records: Records<'a>,
    contract: ContractId,
}

impl<'a> OrderedKeys<'a> {
    pub fn new(records: Records<'a>, contract: ContractId) -> Self {
        Self { records, contract }
    }

    /// Adds (`true`) and removes (`false`) keys, into `batch`.
    pub fn update(&self, changes: &BTreeMap<&[u8], bool>, batch: &mut Batch) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let (next, page) = match self.root()? {
            Some(root) => (root.next, root.page),
            None => (ROOT + 1, Page::Leaf(Vec::new())),
        };
        let mut edit = Edit { keys: self, next, pages: BTreeMap::new() };
        let changes: Vec<_> = changes.iter().map(|(key, present)| (*key, *present)).collect();
        let mut parts = edit.apply(page, &changes, 0)?;
        while parts.len() > 1 {
            let children = parts.into_iter().map(|part| (part.first(), edit.add(part))).collect();
            parts = Page::Inner(children).split();
        }
        let mut root = parts.pop();
        while let Some(Page::Inner(children)) = &root
            && let [(_, only)] = children[..]
        {
            root = Some(edit.take(only)?);
        }
        let (pages, next) = (edit.pages, edit.next);
        for (number, page) in pages {
            self.put(number, page.map(|page| page.encode()), batch)?;
        }
        self.put(ROOT, root.map(|page| Root { next, page }.encode()), batch)
    }

    /// Gives `visit` the keys not below `from`, in order, until it answers `false`.
    pub fn walk(&self, from: &[u8], visit: &mut impl FnMut(&[u8]) -> Result<bool, Error>) -> Result<(), Error> {
        match self.root()? {
            Some(root) => self.walk_page(&root.page, from, visit, 0).map(drop),
            None => Ok(()),
        }
    }

    fn walk_page(
        &self,
        page: &Page,
        from: &[u8],
        visit: &mut impl FnMut(&[u8]) -> Result<bool, Error>,
        level: usize,
    ) -> Result<bool, Error> {
        match page {
            Page::Leaf(keys) => {
                for key in &keys[keys.partition_point(|key| &key[..] < from)..] {
                    if !visit(key)? {
                        return Ok(false);
                    }
                }
            }
            Page::Inner(children) => {
                let start = children.partition_point(|(key, _)| &key[..] <= from).saturating_sub(1);
                for (_, number) in &children[start..] {
                    if !self.walk_page(&self.page(*number, level + 1)?, from, visit, level + 1)? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    fn root(&self) -> Result<Option<Root>, Error> {
        self.records.get(Kind::Page, &[self.contract.as_ref(), &ROOT.to_le_bytes()])
    }

    fn page(&self, number: u64, level: usize) -> Result<Page, Error> {
        let page = self.records.get(Kind::Page, &[self.contract.as_ref(), &number.to_le_bytes()])?;
        match page {
            Some(page) if level < MAX_LEVELS => Ok(page),
            _ => Err(Error::Damaged(format!("page {number} of the ordered keys is missing or out of place"))),
        }
    }

    fn put(&self, number: u64, page: Option<Vec<u8>>, batch: &mut Batch) -> Result<(), Error> {
        let number = number.to_le_bytes();
        let parts: [&[u8]; 2] = [self.contract.as_ref(), &number];
        match page {
            Some(page) => batch.put_bytes(self.records.scope, Kind::Page, &parts, page),
            None => batch.remove(self.records.scope, Kind::Page, &parts),
        }
        Ok(())
    }
}

/// One update under way.
struct Edit<'a, 'b> {
    keys: &'b OrderedKeys<'a>,
    next: u64,
    pages: BTreeMap<u64, Option<Page>>,
}

impl Edit<'_, '_> {
    /// The pages that take the place of `page`.
    fn apply(&mut self, page: Page, changes: &[(&[u8], bool)], level: usize) -> Result<Vec<Page>, Error> {
        let page = match page {
            Page::Leaf(keys) => Page::Leaf(merge(keys, changes)),
            Page::Inner(children) => Page::Inner(self.apply_children(children, changes, level + 1)?),
        };
        Ok(page.split())
    }

    fn apply_children(
        &mut self,
        children: Vec<(Vec<u8>, u64)>,
        mut changes: &[(&[u8], bool)],
        level: usize,
    ) -> Result<Vec<(Vec<u8>, u64)>, Error> {
        let mut after = Vec::with_capacity(children.len());
        let mut touched = Vec::new();
        for (i, (key, number)) in children.iter().enumerate() {
            let mine = match children.get(i + 1) {
                Some((next, _)) => changes.partition_point(|(key, _)| *key < &next[..]),
                None => changes.len(),
            };
            let (part, rest) = changes.split_at(mine);
            changes = rest;
            if part.is_empty() {
                after.push((key.clone(), *number));
                continue;
            }
            let page = self.keys.page(*number, level)?;
            let mut parts = self.apply(page, part, level)?.into_iter();
            self.pages.insert(*number, None);
            if let Some(first) = parts.next() {
                touched.push(after.len());
                after.push((first.first(), *number));
                self.pages.insert(*number, Some(first));
            }
            for part in parts {
                after.push((part.first(), self.add(part)));
            }
        }
        self.join_small(&mut after, &touched, level)?;
        Ok(after)
    }

    /// Joins touched pages that became small with a neighbour, from the right so that places to the left stay.
    fn join_small(&mut self, after: &mut Vec<(Vec<u8>, u64)>, touched: &[usize], level: usize) -> Result<(), Error> {
        for &place in touched.iter().rev() {
            if after.len() < 2 || self.look(after[place].1, level)?.len() >= SMALL {
                continue;
            }
            let left = if place + 1 < after.len() { place } else { place - 1 };
            let (a, b) = (after[left].1, after[left + 1].1);
            if let Some(joined) = self.look(a, level)?.joined(&self.look(b, level)?) {
                after[left].0 = joined.first();
                self.pages.insert(a, Some(joined));
                self.pages.insert(b, None);
                after.remove(left + 1);
            }
        }
        Ok(())
    }

    /// A page as it is after what was done so far.
    fn look(&self, number: u64, level: usize) -> Result<Page, Error> {
        match self.pages.get(&number) {
            Some(Some(page)) => Ok(page.clone()),
            _ => self.keys.page(number, level),
        }
    }

    fn take(&mut self, number: u64) -> Result<Page, Error> {
        let page = self.look(number, 1)?;
        self.pages.insert(number, None);
        Ok(page)
    }

    fn add(&mut self, page: Page) -> u64 {
        let number = self.next;
        self.next += 1;
        self.pages.insert(number, Some(page));
        number
    }
}

fn merge(keys: Vec<Vec<u8>>, changes: &[(&[u8], bool)]) -> Vec<Vec<u8>> {
    let mut merged = Vec::with_capacity(keys.len() + changes.len());
    let mut rest = keys.into_iter().peekable();
    for (key, present) in changes {
        merged.extend(std::iter::from_fn(|| rest.next_if(|old| &old[..] < *key)));
        rest.next_if(|old| &old[..] == *key);
        if *present {
            merged.push(key.to_vec());
        }
    }
    merged.extend(rest);
    merged
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::db::Db;
    use super::super::scope::Scope;
    use super::*;
    use std::sync::Arc;

    fn key(n: u16) -> Vec<u8> {
        format!("\u{1}key of an ordered map {}", n % 700).into_bytes()
    }

    fn all(keys: &OrderedKeys, from: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        keys.walk(from, &mut |key| {
            found.push(key.to_vec());
            Ok(true)
        })
        .unwrap();
        found
    }

    fn change(db: &Db, keys: &OrderedKeys, changes: &[(Vec<u8>, bool)]) {
        let mut batch = Batch::default();
        let changes = changes.iter().map(|(key, present)| (&key[..], *present)).collect();
        keys.update(&changes, &mut batch).unwrap();
        db.commit(batch).unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_pages_hold_what_a_set_holds_in_its_order(
            batches in prop::collection::vec(prop::collection::vec((any::<u16>(), any::<bool>()), 1..500), 1..10),
            from in any::<u16>(),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let db = Db::open(dir.path()).unwrap();
            let scope = Arc::new(Scope::private("PS1".parse().unwrap(), &[7; 32]));
            let keys = OrderedKeys::new(Records::new(&db, &scope), ContractId([1; 32]));
            let mut set = BTreeSet::new();
            for batch in &batches {
                let batch: Vec<_> = batch.iter().map(|(n, present)| (key(*n), *present)).collect();
                change(&db, &keys, &batch);
                for (key, present) in batch.into_iter().collect::<BTreeMap<_, _>>() {
                    if present { set.insert(key) } else { set.remove(&key) };
                }
                prop_assert_eq!(all(&keys, &[]), set.iter().cloned().collect::<Vec<_>>());
                let from = key(from);
                prop_assert_eq!(all(&keys, &from), set.range(from..).cloned().collect::<Vec<_>>());
            }
            let clear: Vec<_> = set.into_iter().map(|key| (key, false)).collect();
            change(&db, &keys, &clear);
            prop_assert_eq!(all(&keys, &[]), Vec::<Vec<u8>>::new());
        }
    }

    #[test]
    fn many_keys_make_several_levels_and_leave_no_page_behind() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(dir.path()).unwrap();
        let scope = Arc::new(Scope::public());
        let keys = OrderedKeys::new(Records::new(&db, &scope), ContractId([1; 32]));
        let name = |n: u32| n.to_be_bytes().to_vec();
        change(&db, &keys, &(0..20_000).map(|n| (name(n), true)).collect::<Vec<_>>());
        assert_eq!(all(&keys, &[]).len(), 20_000);
        let pages = keys.root().unwrap().unwrap().next;
        for block in 0..20u32 {
            change(&db, &keys, &(block * 1000..(block + 1) * 1000).map(|n| (name(n), false)).collect::<Vec<_>>());
        }
        assert!(keys.root().unwrap().is_none());
        assert!((1..pages).all(|number| keys.page(number, 0).is_err()));
    }
}
