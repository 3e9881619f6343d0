//! Parties, accounts and tag keys, read from the network contract's storage at one height: who may act for a party, which node serves it, and by which keys it is written to. Not here: who
//! changes any of it (the contract), sealing and opening. Invariants: it is read as the contract wrote it; what is not on record is refused, never guessed.

use coffer_abi::{AccountId, Decode, Encode, Height};
use coffer_chain::network::{
    self, AnchorRecord, NodeRecord, OrganisationRecord, anchor_key, node_key, organisation_key,
};
use coffer_chain::party::{
    AccountRecord, AccountRole, EpochRecord, PartyBefore, PartyRecord, TagKeyRecord, account_key, acting_key,
    epoch_key, parties_at_prefix, parties_of_prefix, parties_prefix, party_key, tag_key_key,
};

use super::View;
use super::error::Error;
use super::network::read;

/// Why an account may not do something for a party.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is no such party.
    #[error("{0} is no party of this chain")]
    NoParty(AccountId),
    /// The party is retired.
    #[error("the party {0} is retired")]
    Retired(AccountId),
    /// The party's organisation is suspended.
    #[error("the organisation {0} is suspended")]
    Suspended(String),
    /// There is no such account.
    #[error("{0} is no account of this chain; its organisation calls `set_account` of the network contract")]
    NoAccount(AccountId),
    /// The account is not of the party's organisation.
    #[error("the account {account} is of the organisation {organisation}, and the party of another")]
    OtherOrganisation {
        /// The account.
        account: AccountId,
        /// Its organisation.
        organisation: String,
    },
    /// The account is suspended.
    #[error("the account {0} is suspended")]
    AccountSuspended(AccountId),
    /// The account's role does not go so far.
    #[error("the account {account} has the role {role:?}, and this takes {needed:?}")]
    Role {
        /// The account.
        account: AccountId,
        /// Its role.
        role: AccountRole,
        /// The role that it takes.
        needed: AccountRole,
    },
    /// The party did not say that the account acts for it.
    #[error(
        "the account {account} does not act for the party {party}; the party calls `authorise` of the network contract"
    )]
    NotAuthorised {
        /// The party.
        party: AccountId,
        /// The account.
        account: AccountId,
    },
}

/// Where, and by which keys, a party is written to at one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serving {
    /// The node that serves it.
    pub node: AccountId,
    /// Its encryption key.
    pub key: AccountId,
    /// The epoch of that key.
    pub epoch: u32,
    /// What it had before, while that is still good.
    pub before: Option<PartyBefore>,
    /// Tag keys that are good for it, each with its node: first that of [`Serving::node`], then the one it replaced, then those of the node before.
    pub tag_keys: Vec<(AccountId, AccountId)>,
    /// Nodes that keep payloads for it.
    pub custodians: Vec<AccountId>,
    /// True once no sender may name it.
    pub retired: bool,
    /// True while its organisation is suspended, and so it does not act.
    pub suspended: bool,
}

impl View {
    /// A party.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn party(&self, party: &AccountId) -> Result<Option<PartyRecord>, Error> {
        self.network_record(&party_key(party))
    }

    /// What a party had at an epoch, now or before.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn party_at(&self, party: &AccountId, epoch: u32) -> Result<Option<EpochRecord>, Error> {
        self.network_record(&epoch_key(party, epoch))
    }

    /// At most `limit` parties in the order of their keys, behind one.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn parties(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<PartyRecord>, Error> {
        self.network_records(parties_prefix(), after.map(|key| &key.0[..]), limit)
    }

    /// The same of one organisation.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn parties_of(
        &self,
        organisation: &str,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<PartyRecord>, Error> {
        parties_of_prefix(organisation).map_or(Ok(Vec::new()), |prefix| self.listed(&prefix, after, limit))
    }

    /// The same of one node that serves them.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn parties_at(
        &self,
        node: &AccountId,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<Vec<PartyRecord>, Error> {
        self.listed(&parties_at_prefix(node), after, limit)
    }

    /// The tag key of a node, also of one that is not on the chain any more.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn tag_key(&self, node: &AccountId) -> Result<Option<TagKeyRecord>, Error> {
        self.network_record(&tag_key_key(node))
    }

    /// What a node anchored last, also one that is not on the chain any more.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn anchor(&self, node: &AccountId) -> Result<Option<AnchorRecord>, Error> {
        self.network_record(&anchor_key(node))
    }

    /// An account.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn account(&self, account: &AccountId) -> Result<Option<AccountRecord>, Error> {
        self.network_record(&account_key(account))
    }

    /// A node of the chain.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn node(&self, node: &AccountId) -> Result<Option<NodeRecord>, Error> {
        self.network_record(&node_key(node))
    }

    /// An organisation of the chain.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn organisation(&self, name: &str) -> Result<Option<OrganisationRecord>, Error> {
        self.network_record(&organisation_key(name))
    }

    /// True if a party lets an account act for it, whatever else is true of the two.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn is_authorised(&self, party: &AccountId, account: &AccountId) -> Result<bool, Error> {
        Ok(self.value(&network::contract(), &acting_key(party, account))?.is_some())
    }

    /// Whether an account may do for a party what takes a role, and if not, why.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn acting(
        &self,
        party: &AccountId,
        account: &AccountId,
        needed: AccountRole,
    ) -> Result<Result<(), Why>, Error> {
        let Some(of) = self.party(party)? else { return Ok(Err(Why::NoParty(*party))) };
        if of.retired {
            return Ok(Err(Why::Retired(*party)));
        }
        if self.is_suspended(&of)? {
            return Ok(Err(Why::Suspended(of.organisation)));
        }
        let Some(by) = self.account(account)? else { return Ok(Err(Why::NoAccount(*account))) };
        let account = *account;
        if by.organisation != of.organisation {
            return Ok(Err(Why::OtherOrganisation { account, organisation: by.organisation }));
        }
        if by.suspended {
            return Ok(Err(Why::AccountSuspended(account)));
        }
        if by.role < needed {
            return Ok(Err(Why::Role { account, role: by.role, needed }));
        }
        Ok(if self.is_authorised(party, &account)? {
            Ok(())
        } else {
            Err(Why::NotAuthorised { party: *party, account })
        })
    }

    /// Where and how a party is written to at `height`, that of this view or a later one: what it had before counts as long as it is good. `None` if it is no party, or its record began after that height.
    ///
    /// # Errors
    /// As [`View::party`].
    pub fn serving(&self, party: &AccountId, height: Height) -> Result<Option<Serving>, Error> {
        let Some(record) = self.party(party)?.filter(|record| record.since <= height) else { return Ok(None) };
        let suspended = self.is_suspended(&record)?;
        let PartyRecord { node, key, epoch, custodians, retired, before, .. } = record;
        let before = before.filter(|before| height <= before.until);
        let mut tag_keys = Vec::new();
        for node in [Some(node), before.map(|before| before.node).filter(|other| *other != node)].into_iter().flatten()
        {
            if let Some(record) = self.tag_key(&node)? {
                tag_keys.extend(record.good_at(height).map(|key| (node, key)));
            }
        }
        Ok(Some(Serving { node, key, epoch, before, tag_keys, custodians, retired, suspended }))
    }

    fn is_suspended(&self, party: &PartyRecord) -> Result<bool, Error> {
        let organisation = self.organisation(&party.organisation)?;
        let none = || damaged(&format!("the party {} has no organisation", party.party));
        Ok(organisation.ok_or_else(none)?.suspended)
    }

    /// The parties of a list, whose keys end with the party's.
    fn listed(&self, prefix: &[u8], after: Option<&AccountId>, limit: usize) -> Result<Vec<PartyRecord>, Error> {
        let from = after.map_or_else(Vec::new, |after| [prefix, &after.0].concat());
        let entries = self.entries(&network::contract(), prefix, &from, limit)?;
        let party = |key: &[u8]| {
            let party = key.strip_prefix(prefix).and_then(|party| party.try_into().ok()).map(AccountId);
            let party = party.ok_or_else(|| damaged("a list of parties names none"))?;
            self.party(&party)?.ok_or_else(|| damaged(&format!("the party {party} is in a list and not on record")))
        };
        entries.iter().map(|(key, _)| party(key)).collect()
    }

    fn network_record<T: Decode + Encode>(&self, key: &[u8]) -> Result<Option<T>, Error> {
        self.value(&network::contract(), key)?.map(|value| read(&value)).transpose()
    }
}

fn damaged(what: &str) -> Error {
    Error::Damaged(format!("a record of the network contract: {what}"))
}
