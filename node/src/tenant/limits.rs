//! What a tenant may take of its node: the numbers. Not here: where they last (`organisation::registry`), what counts against them (`quota`). Invariant: a number of
//! what one tenant may take is never part of what nodes agree on.

use coffer_abi::{Decode, Encode};

/// The largest number that a limit can have: the largest that every JSON reader holds exactly. It is as good as none.
pub const MAX_LIMIT: u64 = (1 << 53) - 1;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Gas of queries, preparations and the tenant's own calls.
    GasPerSecond,
    /// Requests, each of a batch counted.
    RequestsPerSecond,
    /// Requests that are not answered yet.
    Concurrent,
    /// Subscriptions on all connections.
    Subscriptions,
    /// Transactions that were sent and have not settled.
    Pending,
    /// Sealed bytes of the private calls that it sends.
    PayloadBytesPerDay,
    /// Bytes in its private state.
    StorageBytes,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::GasPerSecond,
        Self::RequestsPerSecond,
        Self::Concurrent,
        Self::Subscriptions,
        Self::Pending,
        Self::PayloadBytesPerDay,
        Self::StorageBytes,
    ];

    /// Its name in requests, answers and errors.
    pub fn name(self) -> &'static str {
        match self {
            Self::GasPerSecond => "gasPerSecond",
            Self::RequestsPerSecond => "requestsPerSecond",
            Self::Concurrent => "concurrent",
            Self::Subscriptions => "subscriptions",
            Self::Pending => "pending",
            Self::PayloadBytesPerDay => "payloadBytesPerDay",
            Self::StorageBytes => "storageBytes",
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A number for each [`Limit`]; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Limits {
    /// Units of gas.
    pub gas_per_second: Option<u64>,
    /// Requests.
    pub requests_per_second: Option<u64>,
    /// Requests at work.
    pub concurrent: Option<u64>,
    /// Subscriptions.
    pub subscriptions: Option<u64>,
    /// Transactions.
    pub pending: Option<u64>,
    /// Bytes.
    pub payload_bytes_per_day: Option<u64>,
    /// Bytes.
    pub storage_bytes: Option<u64>,
}

impl Limits {
    /// The number of one limit.
    pub fn get(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::GasPerSecond => self.gas_per_second,
            Limit::RequestsPerSecond => self.requests_per_second,
            Limit::Concurrent => self.concurrent,
            Limit::Subscriptions => self.subscriptions,
            Limit::Pending => self.pending,
            Limit::PayloadBytesPerDay => self.payload_bytes_per_day,
            Limit::StorageBytes => self.storage_bytes,
        }
    }

    /// These, and the others' where nothing is said here.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            gas_per_second: self.gas_per_second.or(others.gas_per_second),
            requests_per_second: self.requests_per_second.or(others.requests_per_second),
            concurrent: self.concurrent.or(others.concurrent),
            subscriptions: self.subscriptions.or(others.subscriptions),
            pending: self.pending.or(others.pending),
            payload_bytes_per_day: self.payload_bytes_per_day.or(others.payload_bytes_per_day),
            storage_bytes: self.storage_bytes.or(others.storage_bytes),
        }
    }

    /// The first limit that is 0 or above [`MAX_LIMIT`], with its number. A tenant that is to take nothing is suspended.
    pub fn offence(&self) -> Option<(Limit, u64)> {
        let named = Limit::ALL.into_iter().filter_map(|limit| Some((limit, self.get(limit)?)));
        named.into_iter().find(|(_, number)| !(1..=MAX_LIMIT).contains(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_not_said_is_that_of_the_others_and_none_is_zero() {
        let own = Limits { pending: Some(3), ..Limits::default() };
        let others = Limits { pending: Some(5), concurrent: Some(7), ..Limits::default() };
        let both = own.or(others);
        assert_eq!((both.pending, both.concurrent, both.storage_bytes), (Some(3), Some(7), None));
        assert_eq!(both.offence(), None);
        assert_eq!(Limits { storage_bytes: Some(0), ..both }.offence(), Some((Limit::StorageBytes, 0)));
        let large = MAX_LIMIT + 1;
        assert_eq!(Limits { concurrent: Some(large), ..both }.offence(), Some((Limit::Concurrent, large)));
    }
}
