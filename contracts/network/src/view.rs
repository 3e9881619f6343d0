//! Pages for readers. Invariant: a page has a bounded number of entries, and asking behind its last one gives what follows.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::record::{Node, Organisation, Party, Proposal, Recovery};

/// Entries of a page at most.
const MAX_PAGE: u32 = 100;

impl Network {
    pub(crate) fn page_of_organisations(&self, after: String, limit: u32) -> Vec<Organisation> {
        // A name that none can have may be too long for a key.
        if !after.is_empty() && check::name(&after).is_err() {
            return Vec::new();
        }
        self.organisations.iter_after(&after).take(size(limit)).map(|(_, organisation)| organisation).collect()
    }

    pub(crate) fn page_of_nodes(&self, after: Option<AccountId>, limit: u32) -> Vec<Node> {
        match after {
            None => self.nodes.iter().take(size(limit)).map(|(_, node)| node).collect(),
            Some(after) => self.nodes.iter_after(&after).take(size(limit)).map(|(_, node)| node).collect(),
        }
    }

    pub(crate) fn page_of_declined(
        &self,
        organisation: String,
        after: Option<AccountId>,
        limit: u32,
    ) -> Vec<AccountId> {
        if check::name(&organisation).is_err() {
            return Vec::new();
        }
        let (all, start) = match after {
            None => (self.declined.iter_under(&organisation), size(limit)),
            Some(after) => {
                let last = (organisation.clone(), after);
                (self.declined.iter_under_after(&organisation, &last), size(limit))
            }
        };
        all.take(start).map(|((_, node), _)| node).collect()
    }

    pub(crate) fn page_of_proposals(&self, after: u64, limit: u32) -> Vec<Proposal> {
        self.proposals.iter_after(&after).take(size(limit)).map(|(_, proposal)| proposal).collect()
    }

    pub(crate) fn page_of_recoveries(&self, after: u64, limit: u32) -> Vec<Recovery> {
        self.recoveries.iter_after(&after).take(size(limit)).map(|(_, recovery)| recovery).collect()
    }

    pub(crate) fn page_of_parties(&self, after: Option<AccountId>, limit: u32) -> Vec<Party> {
        match after {
            None => self.parties.iter().take(size(limit)).map(|(_, party)| party).collect(),
            Some(after) => self.parties.iter_after(&after).take(size(limit)).map(|(_, party)| party).collect(),
        }
    }

    pub(crate) fn page_of_own_parties(&self, organisation: String, after: Option<AccountId>, limit: u32) -> Vec<Party> {
        if check::name(&organisation).is_err() {
            return Vec::new();
        }
        let all = match after {
            None => self.parties_of.iter_under(&organisation),
            Some(after) => self.parties_of.iter_under_after(&organisation, &(organisation.clone(), after)),
        };
        all.take(size(limit)).filter_map(|(_, party)| self.parties.get(&party)).collect()
    }

    pub(crate) fn page_of_served_parties(&self, node: AccountId, after: Option<AccountId>, limit: u32) -> Vec<Party> {
        let all = match after {
            None => self.parties_at.iter_under(&node),
            Some(after) => self.parties_at.iter_under_after(&node, &(node, after)),
        };
        all.take(size(limit)).filter_map(|(_, party)| self.parties.get(&party)).collect()
    }

    pub(crate) fn page_of_accounts(&self, party: AccountId, after: Option<AccountId>, limit: u32) -> Vec<AccountId> {
        let all = match after {
            None => self.acting_for.iter_under(&party),
            Some(after) => self.acting_for.iter_under_after(&party, &(party, after)),
        };
        all.take(size(limit)).map(|(_, account)| account).collect()
    }
}

fn size(limit: u32) -> usize {
    limit.min(MAX_PAGE) as usize
}
