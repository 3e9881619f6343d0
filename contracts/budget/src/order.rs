//! The order of what is below something: the closed by the time they closed, then the open ones of the order list, then the other open ones as
//! they were created. Every child has a place, a number, and an index goes from place to child: a page reads only what it shows, and nothing
//! is a list that grows. Invariant: a child has exactly one place, its own record and the index agree on it, and the places of the open ones
//! are behind those of the closed.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::error::Error;
use crate::thing::{Path, Thing};

/// Items that one order list can hold.
pub const MAX_ORDERED: usize = 500;

/// Where places of the open start: those of the order list first.
const LISTED: u128 = 1 << 120;
/// Where places of the open that are in no list start.
const REST: u128 = 2 << 120;
/// The number of a child is in the low bits, so that no two places are equal.
const NUMBER_BITS: u32 = 64;

/// The place of something closed.
pub fn closed(at: u64, number: u64) -> u128 {
    (u128::from(at) << NUMBER_BITS) | u128::from(number)
}

/// The place of an open child that is in no order list.
pub fn unlisted(number: u64) -> u128 {
    REST | u128::from(number)
}

fn listed(position: usize, number: u64) -> u128 {
    LISTED | ((position as u128) << NUMBER_BITS) | u128::from(number)
}

impl Budget {
    /// Children of `parent` from a place on, in their order.
    pub(crate) fn children(&self, parent: &Path, from: u128) -> impl Iterator<Item = (u128, String)> + '_ {
        let under = (parent.0.clone(), parent.1.clone());
        // A place that nothing has stands right in front of `from`, so that it can be named as the last one before.
        let found = match from.checked_sub(1) {
            Some(last) => self.order.iter_under_after(&under, &(under.0.clone(), under.1.clone(), last)),
            None => self.order.iter_under(&under),
        };
        found.map(|((.., place), id)| (place, id))
    }

    /// The first open child, and its place.
    pub(crate) fn first_open(&self, parent: &Path) -> Option<(u128, String)> {
        self.children(parent, LISTED).next()
    }

    /// Moves a child to another place. Its record is the caller's to store.
    pub(crate) fn move_to(&mut self, parent: &Path, id: &str, thing: &mut Thing, place: u128) {
        if thing.place != place {
            self.order.remove(&(parent.0.clone(), parent.1.clone(), thing.place));
            thing.place = place;
        }
        self.order.set(&(parent.0.clone(), parent.1.clone(), place), &id.to_owned());
    }

    /// The order list of a subproject.
    pub(crate) fn order_list(&self, parent: &Path) -> Vec<String> {
        self.children(parent, LISTED).take_while(|(place, _)| *place < REST).map(|(_, id)| id).collect()
    }

    /// Replaces the order list of a subproject: its items come first, in this order, the other open ones follow as they were created.
    ///
    /// # Errors
    /// When an item is not there, not open, or there twice, or they are too many.
    pub(crate) fn set_order(&mut self, parent: &Path, items: &[String]) -> Result<(), Error> {
        if items.len() > MAX_ORDERED {
            let what = "items of an order list".to_owned();
            return Err(Error::TooMuch { what, given: items.len() as u64, most: MAX_ORDERED as u64 });
        }
        let mut seen = BTreeSet::new();
        for id in items {
            if !seen.insert(id.as_str()) {
                return Err(crate::text::invalid("items", id, "it stands there twice"));
            }
        }
        for id in self.order_list(parent).iter().filter(|id| !seen.contains(id.as_str())) {
            self.place_open(parent, id, unlisted)?;
        }
        for (position, id) in items.iter().enumerate() {
            self.place_open(parent, id, |number| listed(position, number))?;
        }
        Ok(())
    }

    fn place_open(&mut self, parent: &Path, id: &str, place: impl FnOnce(u64) -> u128) -> Result<(), Error> {
        let path = (parent.0.clone(), parent.1.clone(), id.to_owned());
        let mut thing = self.thing(&path)?;
        if !thing.is_open() {
            return Err(Error::Closed { resource: crate::thing::resource_at(&path) });
        }
        let place = place(thing.number);
        if thing.place != place {
            self.move_to(parent, id, &mut thing, place);
            self.things.set(&path, &thing);
        }
        Ok(())
    }
}
