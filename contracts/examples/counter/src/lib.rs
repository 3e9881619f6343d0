//! Counts, and remembers who counted: the smallest contract with a map, an error and an event.
#![no_std]
use coffer_sdk::prelude::*;

/// Counts, and remembers who counted.
#[contract]
pub struct Counter {
    /// The count.
    value: Item<u64>,
    /// What each account added.
    by_user: Map<AccountId, u64>,
}

/// Somebody counted.
#[event]
pub struct Added {
    /// Who.
    pub who: AccountId,
    /// The count afterwards.
    pub value: u64,
}

/// Why counting failed.
#[error]
pub enum Error {
    /// The count would not fit into 64 bits.
    Overflow,
}

#[contract]
impl Counter {
    /// Starts the count.
    pub fn init(&mut self, start: u64) {
        self.value.set(&start);
    }

    /// Adds to the count and returns it.
    pub fn add(&mut self, by: u64) -> Result<u64, Error> {
        let value = self.value().checked_add(by).ok_or(Error::Overflow)?;
        self.value.set(&value);
        let mine = self.added_by(caller()).saturating_add(by);
        self.by_user.set(&caller(), &mine);
        emit(Added { who: caller(), value });
        Ok(value)
    }

    /// The count.
    pub fn value(&self) -> u64 {
        self.value.get_or_default()
    }

    /// What an account added.
    pub fn added_by(&self, user: AccountId) -> u64 {
        self.by_user.get_or_default(&user)
    }
}

#[cfg(test)]
mod tests;
