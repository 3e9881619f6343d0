//! The second version of the `counter` example: the count is wider, so `migrate` brings it into its new form at the upgrade.
//! Invariant: what each account added is read as the first version wrote it.
#![no_std]
use coffer_sdk::prelude::*;

/// Counts, and remembers who counted.
#[contract]
pub struct Counter {
    /// The count.
    value: Item<u128>,
    /// What each account added.
    by_user: Map<AccountId, u64>,
    /// Height at which the count got wider.
    since: Item<u64>,
}

/// Somebody counted.
#[event]
pub struct Added {
    /// Who.
    pub who: AccountId,
    /// The count afterwards.
    pub value: u128,
}

/// The count is wider now.
#[event]
pub struct Migrated {
    /// The count afterwards.
    pub value: u128,
}

/// Why counting or migrating failed.
#[error]
pub enum Error {
    /// The count would not fit into 128 bits.
    Overflow,
    /// A factor of nothing would lose the count.
    NoFactor,
}

#[contract]
impl Counter {
    /// Starts the count.
    pub fn init(&mut self, start: u128) {
        self.value.set(&start);
    }

    /// Brings the count of the first version into its new form.
    pub fn migrate(
        &mut self,
        /// How many of the new unit make one of the old.
        factor: u64,
    ) -> Result<u128, Error> {
        if factor == 0 {
            return Err(Error::NoFactor);
        }
        let old: Item<u64> = stored_as("value");
        let value = u128::from(old.get_or_default()) * u128::from(factor);
        self.value.set(&value);
        self.since.set(&block_height());
        emit(Migrated { value });
        Ok(value)
    }

    /// Adds to the count and returns it.
    pub fn add(&mut self, by: u64) -> Result<u128, Error> {
        let value = self.value().checked_add(by.into()).ok_or(Error::Overflow)?;
        self.value.set(&value);
        let mine = self.added_by(caller()).saturating_add(by);
        self.by_user.set(&caller(), &mine);
        emit(Added { who: caller(), value });
        Ok(value)
    }

    /// The count.
    pub fn value(&self) -> u128 {
        self.value.get_or_default()
    }

    /// What an account added.
    pub fn added_by(&self, user: AccountId) -> u64 {
        self.by_user.get_or_default(&user)
    }

    /// Height at which the count got wider; nothing if it always was.
    pub fn since(&self) -> Option<u64> {
        self.since.get()
    }
}

#[cfg(test)]
mod tests;
