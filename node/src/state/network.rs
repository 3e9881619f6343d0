//! What the network contract keeps, read from its storage at one height: organisations, nodes, parameters, and from them whom to let in. Not here: the
//! validator sets of blocks (`validators`), parties and accounts (`parties`). Invariant: it is read as the contract wrote it; a record that is none is damage, never passed over.

use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::codec::decode;
use coffer_abi::{AccountId, Decode, Encode, Time};
use coffer_chain::Parameters;
use coffer_chain::network::{
    self, NodeRecord, OrganisationRecord, ProposalRecord, VersionRecord, declined_prefix, end_in, ends_at, ends_prefix,
    nodes_prefix, organisations_prefix, parameters_key, proposals_prefix, versions_key,
};

use super::error::Error;
use super::{State, View};

/// Records read at once.
const STEP: usize = 256;

impl State {
    /// Nodes that may connect, with where they listen: those of the organisations that are not suspended, and of the `bootstrap` ones those
    /// that the network contract does not know: a node that begins is behind those that joined lately. On a chain without that
    /// contract, its validators and all of `bootstrap`.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Damaged`].
    pub fn allowed_nodes(
        &self,
        bootstrap: BTreeMap<AccountId, Vec<String>>,
    ) -> Result<BTreeMap<AccountId, Vec<String>>, Error> {
        let view = self.public();
        let mut allowed = bootstrap;
        if view.contract(&network::contract())?.is_none() {
            for validator in self.validators(view.height())?.validators() {
                allowed.entry(validator.key).or_default();
            }
            return Ok(allowed);
        }
        for node in view.declined_nodes()? {
            allowed.remove(&node);
        }
        let suspended = view.suspended_organisations()?;
        let mut after = None;
        loop {
            let page = view.nodes(after.as_ref(), STEP)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key);
            for node in page {
                if suspended.contains(&node.organisation) {
                    allowed.remove(&node.key);
                } else {
                    allowed.insert(node.key, node.addresses);
                }
            }
        }
        Ok(allowed)
    }
}

impl View {
    /// At most `limit` organisations in the order of their names, behind one.
    ///
    /// # Errors
    /// [`Error::Pruned`] once the height is no longer kept; [`Error::Database`], [`Error::Damaged`].
    pub fn organisations(&self, after: Option<&str>, limit: usize) -> Result<Vec<OrganisationRecord>, Error> {
        self.network_records(organisations_prefix(), after.map(str::as_bytes), limit)
    }

    /// At most `limit` nodes in the order of their keys, behind one.
    ///
    /// # Errors
    /// As [`View::organisations`].
    pub fn nodes(&self, after: Option<&AccountId>, limit: usize) -> Result<Vec<NodeRecord>, Error> {
        self.network_records(nodes_prefix(), after.map(|key| &key.0[..]), limit)
    }

    /// The parameters of the chain as the network contract keeps them; `None` on a chain without it.
    ///
    /// # Errors
    /// As [`View::organisations`].
    pub fn network_parameters(&self) -> Result<Option<Parameters>, Error> {
        self.value(&network::contract(), &parameters_key())?.map(|value| read(&value)).transpose()
    }

    /// The versions of the protocol in the order of their heights; none on a chain without the network contract.
    ///
    /// # Errors
    /// As [`View::organisations`].
    pub fn protocol_versions(&self) -> Result<Vec<VersionRecord>, Error> {
        let value = self.value(&network::contract(), &versions_key())?;
        value.map_or(Ok(Vec::new()), |value| read(&value))
    }

    /// At most `limit` proposals in the order of their numbers, behind one. Some may be over by their time.
    ///
    /// # Errors
    /// As [`View::organisations`].
    pub fn proposals(&self, after: Option<u64>, limit: usize) -> Result<Vec<ProposalRecord>, Error> {
        self.network_records(proposals_prefix(), after.map(u64::to_be_bytes).as_ref().map(|after| &after[..]), limit)
    }

    /// The first time after `after` at which a proposal ends; `None` if none that is open does.
    ///
    /// # Errors
    /// As [`View::organisations`].
    pub fn next_end(&self, after: Time) -> Result<Option<Time>, Error> {
        let next = self.entries(&network::contract(), &ends_prefix(), &ends_at(after), 1)?;
        let Some((key, _)) = next.first() else { return Ok(None) };
        let damaged = || Error::Damaged("a record of the network contract: a proposal ends at no time".into());
        end_in(key).map(Some).ok_or_else(damaged)
    }

    fn suspended_organisations(&self) -> Result<BTreeSet<String>, Error> {
        let mut suspended = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.organisations(after.as_deref(), STEP)?;
            let Some(last) = page.last() else { return Ok(suspended) };
            after = Some(last.name.clone());
            suspended.extend(page.into_iter().filter(|one| one.suspended).map(|one| one.name));
        }
    }

    /// Nodes that some organisation declined or removed.
    fn declined_nodes(&self) -> Result<Vec<AccountId>, Error> {
        let prefix = declined_prefix();
        let (mut nodes, mut after) = (Vec::new(), Vec::new());
        loop {
            let page = self.entries(&network::contract(), &prefix, &after, STEP)?;
            let Some((last, _)) = page.last() else { return Ok(nodes) };
            after = last.clone();
            let keys = page.iter().filter_map(|(key, _)| key.last_chunk::<32>());
            nodes.extend(keys.map(|key| AccountId(*key)));
        }
    }

    pub(super) fn network_records<T: Decode + Encode>(
        &self,
        prefix: Vec<u8>,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        let from = after.map_or_else(Vec::new, |after| [&prefix[..], after].concat());
        let entries = self.entries(&network::contract(), &prefix, &from, limit)?;
        entries.iter().map(|(_, value)| read(value)).collect()
    }
}

pub(super) fn read<T: Decode + Encode>(value: &[u8]) -> Result<T, Error> {
    decode(value).map_err(|error| Error::Damaged(format!("a record of the network contract: {error}")))
}
