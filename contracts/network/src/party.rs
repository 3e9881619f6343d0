//! Parties of private transactions: which organisation each is of, which node serves it, by which key it is written to. Not here: who acts for one (`account`), payloads, markers.
//! Invariants: only the party itself changes its record, with proof of possession of the key and the acceptance of the node; it is of one organisation for good, which agreed; its epoch
//! grows by one with each key; what held before the last change is on record and good for some blocks more.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{CustodiansChanged, PartyChanged, PartyRegistered, PartyRetired};
use crate::key::is_same;
use crate::node::is_active;
use crate::record::{Party, PartyBefore, PartyEpoch};
use crate::statement::{Part, PartyStatement};

/// Heights for which a key or a node is good after it was replaced. Nodes have the same (`coffer_chain::party`).
pub const OVERLAP: u64 = 1_000;
/// Parties that an organisation ever has.
const MAX_PARTIES: u32 = 10_000;
/// Custodians of a party.
const MAX_CUSTODIANS: usize = 3;

/// What a party says of itself.
pub struct Said {
    /// The node that is to serve it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<AccountId>,
    /// The last height at which it may be executed.
    pub until: u64,
    /// Signature of the encryption key.
    pub possession: [u8; 64],
    /// Signature of the node.
    pub acceptance: [u8; 64],
}

impl Network {
    pub(crate) fn add_party(&mut self, organisation: String, said: Said, consent: [u8; 64]) -> Result<(), Error> {
        let party = caller();
        if party != origin() {
            return Err(Error::NotAllowed { needed: "the key of the party itself: a contract is none".to_owned() });
        }
        check::name(&organisation)?;
        let known = self.known_organisation(&organisation)?;
        is_active(&known)?;
        self.take_party(&party, &organisation, &said.key)?;
        self.is_agreed(&party, &organisation, 0, &said, Some((&known.key, &consent)))?;
        let Said { node, key, custodians, .. } = said;
        self.save_party(party, organisation, (node, key), custodians);
        Ok(())
    }

    /// Takes the keys of a new party of an organisation.
    pub(crate) fn take_party(
        &mut self,
        party: &AccountId,
        organisation: &String,
        key: &AccountId,
    ) -> Result<(), Error> {
        self.is_free(party)?;
        if self.party_count.get_or_default(organisation) >= MAX_PARTIES {
            return Err(Error::TooMany { what: "parties of an organisation".to_owned(), most: MAX_PARTIES });
        }
        if is_same(key, party) {
            return Err(Error::KeyTaken { key: *key, organisation: organisation.clone() });
        }
        self.take_sealing_key(key, organisation)
    }

    /// Puts a new party on record.
    pub(crate) fn save_party(
        &mut self,
        party: AccountId,
        organisation: String,
        (node, key): (AccountId, AccountId),
        custodians: Vec<AccountId>,
    ) {
        let (since, count) = (block_height(), self.party_count.get_or_default(&organisation));
        self.parties_of.insert(&(organisation.clone(), party));
        self.parties_at.insert(&(node, party));
        self.party_count.set(&organisation, &(count + 1));
        self.party_epochs.set(&(party, 0), &PartyEpoch { node, key, since });
        emit(PartyRegistered { party, organisation: organisation.clone(), node, key });
        let record =
            Party { party, organisation, node, key, epoch: 0, since, custodians, retired: false, before: None };
        self.parties.set(&party, &record);
    }

    pub(crate) fn change_own_party(&mut self, said: Said) -> Result<(), Error> {
        let mut party = self.acting_party()?;
        let since = block_height();
        let before =
            PartyBefore { node: party.node, key: party.key, epoch: party.epoch, until: since.saturating_add(OVERLAP) };
        if said.key != party.key {
            self.take_sealing_key(&said.key, &party.organisation)?;
            party.epoch = next_epoch(party.epoch)?;
        } else if said.node == party.node {
            let what = "the party has that node and that key; set_custodians changes custodians alone".to_owned();
            return Err(Error::NoChange { what });
        }
        self.is_agreed(&party.party, &party.organisation, party.epoch, &said, None)?;
        if said.node != party.node {
            self.parties_at.remove(&(party.node, party.party));
            self.parties_at.insert(&(said.node, party.party));
        }
        // Of one epoch the node that served it last, and the height at which its key began.
        let entry = (party.party, party.epoch);
        let began = self.party_epochs.get(&entry).map_or(since, |known| known.since);
        self.party_epochs.set(&entry, &PartyEpoch { node: said.node, key: said.key, since: began });
        let Said { node, key, custodians, .. } = said;
        let until = before.until;
        party = Party { node, key, custodians, since, before: Some(before), ..party };
        self.parties.set(&party.party, &party);
        emit(PartyChanged { party: party.party, node, key, epoch: party.epoch, until });
        Ok(())
    }

    pub(crate) fn set_own_custodians(&mut self, custodians: Vec<AccountId>) -> Result<(), Error> {
        let mut party = self.acting_party()?;
        if party.custodians == custodians {
            return Err(Error::NoChange { what: "the party has these custodians".to_owned() });
        }
        self.can_keep(&custodians)?;
        (party.custodians, party.since) = (custodians, block_height());
        self.parties.set(&party.party, &party);
        emit(CustodiansChanged { party: party.party, custodians: party.custodians });
        Ok(())
    }

    pub(crate) fn retire_own_party(&mut self) -> Result<(), Error> {
        let mut party = self.acting_party()?;
        (party.retired, party.since) = (true, block_height());
        self.parties.set(&party.party, &party);
        emit(PartyRetired { party: party.party });
        Ok(())
    }

    /// The party whose key the caller has.
    pub(crate) fn acting_party(&self) -> Result<Party, Error> {
        let party = self.parties.get(&caller()).ok_or(Error::NoParty { party: caller() })?;
        if party.retired {
            return Err(Error::Retired { party: party.party });
        }
        is_active(&self.known_organisation(&party.organisation)?)?;
        Ok(party)
    }

    /// Fails unless a record can be as it is said, and all signed it who must: the key, the node, and at first the organisation.
    fn is_agreed(
        &mut self,
        party: &AccountId,
        organisation: &str,
        epoch: u32,
        said: &Said,
        consent: Option<(&AccountId, &[u8; 64])>,
    ) -> Result<(), Error> {
        let Said { node, key, until, .. } = *said;
        let height = block_height();
        if height > until {
            return Err(Error::Expired { until, height });
        }
        let mut serving = self.known_node(&node)?;
        is_active(&self.known_organisation(&serving.organisation)?)?;
        if !self.tag_keys.contains(&node) {
            return Err(Error::NoTagKey { node });
        }
        self.can_keep(&said.custodians)?;
        let statement = PartyStatement {
            chain_id: chain_id(),
            party: *party,
            organisation: organisation.to_owned(),
            node,
            key,
            epoch,
            custodians: said.custodians.clone(),
            until,
        };
        let id = statement.id();
        signed("possession", Part::Possession, &key, id, &said.possession)?;
        signed("acceptance", Part::Acceptance, &node, id, &said.acceptance)?;
        if let Some((organisation, consent)) = consent {
            signed("consent", Part::Consent, organisation, id, consent)?;
        }
        if !serving.signed {
            serving.signed = true;
            self.nodes.set(&node, &serving);
        }
        Ok(())
    }

    /// Fails unless these can be custodians.
    fn can_keep(&self, custodians: &[AccountId]) -> Result<(), Error> {
        if custodians.len() > MAX_CUSTODIANS {
            return Err(Error::TooMany { what: "custodians of a party".to_owned(), most: MAX_CUSTODIANS as u32 });
        }
        for (at, node) in custodians.iter().enumerate() {
            self.known_node(node)?;
            if custodians.iter().take(at).any(|other| other == node) {
                let why = "each custodian is named once".to_owned();
                return Err(Error::Invalid { field: "custodians".to_owned(), value: node.to_string(), why });
            }
        }
        Ok(())
    }
}

/// The epoch after one.
pub fn next_epoch(epoch: u32) -> Result<u32, Error> {
    epoch.checked_add(1).ok_or_else(|| Error::TooMany { what: "changes of a key".to_owned(), most: u32::MAX })
}

/// Fails unless a key signed its part of a statement.
pub fn signed(field: &str, part: Part, key: &AccountId, id: Hash, signature: &[u8; 64]) -> Result<(), Error> {
    if part.is_signed(key, id, signature) {
        return Ok(());
    }
    Err(Error::Signature { field: field.to_owned(), key: *key, statement: id })
}
