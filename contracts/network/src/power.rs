//! Who validates, with what power: each organisation has the same, divided over its validating nodes. Not here: which node may (`node`). Invariants: the set
//! is never empty, in the order of the keys, and agrees with the roles of the nodes; whatever is left over of an organisation's power has its lowest key.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::{ValidatorJoined, ValidatorLeft};
use crate::record::{Role, Validator};

/// Voting power of an organisation.
const POWER: u64 = 1 << 32;
/// Nodes that validate at most: every one of them votes on every block.
const MAX_VALIDATORS: usize = 100;
/// Nodes of one organisation that validate at most, so that none takes the places of the others.
const MAX_OF_ORGANISATION: usize = 8;

impl Network {
    /// Adds a node to the set.
    pub(crate) fn seat(&mut self, node: &AccountId) -> Result<(), Error> {
        let mut keys = self.validating();
        if keys.len() >= MAX_VALIDATORS {
            return Err(Error::TooMany { what: "validators".to_owned(), most: MAX_VALIDATORS as u32 });
        }
        keys.push(*node);
        self.set_role(node, Role::Validator)?;
        self.divide(keys)
    }

    /// Takes nodes out of the set; those that are not in it are passed over.
    pub(crate) fn unseat(&mut self, nodes: &[AccountId]) -> Result<(), Error> {
        let mut keys = self.validating();
        let before = keys.len();
        keys.retain(|key| !nodes.contains(key));
        if keys.len() == before {
            return Ok(());
        }
        if keys.is_empty() {
            let node = nodes.first().copied().unwrap_or_default();
            return Err(Error::LastValidator { node });
        }
        for node in nodes {
            self.set_role(node, Role::Follower)?;
        }
        self.divide(keys)
    }

    /// Keys of the validators.
    fn validating(&self) -> Vec<AccountId> {
        self.validators.get_or_default().into_iter().map(|validator| validator.key).collect()
    }

    fn set_role(&mut self, node: &AccountId, role: Role) -> Result<(), Error> {
        let mut record = self.known_node(node)?;
        if record.role == role {
            return Ok(());
        }
        let organisation = record.organisation.clone();
        record.role = role;
        // Of the genesis, or by its own activation.
        record.signed |= role == Role::Validator;
        self.nodes.set(node, &record);
        match role {
            Role::Validator => emit(ValidatorJoined { node: *node, organisation }),
            Role::Follower => emit(ValidatorLeft { node: *node, organisation }),
        }
        Ok(())
    }

    /// Stores the set of these nodes.
    fn divide(&mut self, mut keys: Vec<AccountId>) -> Result<(), Error> {
        keys.sort();
        let mut by_organisation: BTreeMap<String, Vec<AccountId>> = BTreeMap::new();
        for key in &keys {
            by_organisation.entry(self.known_node(key)?.organisation).or_default().push(*key);
        }
        let mut set = Vec::with_capacity(keys.len());
        for nodes in by_organisation.into_values() {
            if nodes.len() > MAX_OF_ORGANISATION {
                let what = "validators of one organisation".to_owned();
                return Err(Error::TooMany { what, most: MAX_OF_ORGANISATION as u32 });
            }
            let count = nodes.len() as u64;
            for (at, key) in nodes.into_iter().enumerate() {
                // In the order of the keys, so the first one is the lowest.
                let rest = if at == 0 { POWER % count } else { 0 };
                set.push(Validator { key, power: POWER / count + rest });
            }
        }
        set.sort_by_key(|validator| validator.key);
        self.validators.set(&set);
        Ok(())
    }
}
