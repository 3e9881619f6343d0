//! Join requests: strangers that dialled and were refused, for the operator to approve or leave. Invariant: the table is bounded, in all and
//! for each IP address, so that no flood of fresh keys takes more than a corner of it from one place.

use std::net::IpAddr;

use coffer_abi::AccountId;

use super::settings::Limits;

/// A stranger that wants to join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// Its node key; it proved to hold it.
    pub node: AccountId,
    /// Where it dialled from.
    pub address: IpAddr,
    /// When it dialled first, milliseconds since 1970.
    pub first: u64,
    /// When it dialled last, milliseconds since 1970.
    pub last: u64,
    /// How often it dialled.
    pub attempts: u64,
}

/// The table.
#[derive(Debug)]
pub(super) struct JoinRequests {
    limits: Limits,
    /// Oldest attempt first.
    entries: Vec<JoinRequest>,
}

impl JoinRequests {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, entries: Vec::new() }
    }

    /// Remembers a refused dial. When there is no room the oldest goes: of the same address if that has its share already.
    pub(super) fn record(&mut self, node: AccountId, address: IpAddr, now: u64) {
        let known = self.entries.iter().position(|entry| entry.node == node).map(|at| self.entries.remove(at));
        if known.is_none() {
            let of_address = self.entries.iter().filter(|entry| entry.address == address).count();
            let out = if of_address >= self.limits.requests_per_address {
                self.entries.iter().position(|entry| entry.address == address)
            } else {
                (self.entries.len() >= self.limits.requests).then_some(0)
            };
            if let Some(out) = out {
                self.entries.remove(out);
            }
        }
        let (first, attempts) = known.map_or((now, 0), |known| (known.first, known.attempts));
        self.entries.push(JoinRequest { node, address, first, last: now, attempts: attempts.saturating_add(1) });
    }

    /// Forgets a node that is allowed now.
    pub(super) fn forget(&mut self, node: &AccountId) {
        self.entries.retain(|entry| entry.node != *node);
    }

    /// All of them, newest first.
    pub(super) fn all(&self) -> Vec<JoinRequest> {
        self.entries.iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(n: u16) -> AccountId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        AccountId(bytes)
    }

    fn ip(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    #[test]
    fn who_dials_again_stays_one_request() {
        let mut table = JoinRequests::new(Limits::default());
        table.record(node(1), ip(1), 5);
        table.record(node(2), ip(1), 6);
        table.record(node(1), ip(2), 7);
        let expected = JoinRequest { node: node(1), address: ip(2), first: 5, last: 7, attempts: 2 };
        assert_eq!(table.all()[0], expected);
        assert_eq!(table.all().len(), 2);
        table.forget(&node(1));
        assert_eq!(table.all().len(), 1);
    }

    #[test]
    fn a_flood_from_one_address_takes_its_share_and_no_more() {
        let limits = Limits { requests: 8, requests_per_address: 3, ..Limits::default() };
        let mut table = JoinRequests::new(limits);
        table.record(node(0), ip(1), 1);
        (1..1_000).for_each(|n| table.record(node(n), ip(2), u64::from(n)));
        assert_eq!(table.all().len(), 4);
        assert!(table.all().iter().any(|entry| entry.node == node(0)));
        (0..20).for_each(|n| table.record(node(2_000 + u16::from(n)), ip(10 + n), 2_000));
        assert_eq!(table.all().len(), 8);
        assert_eq!(table.all()[0].node, node(2_019));
    }
}
