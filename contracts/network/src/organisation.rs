//! Organisations: those of the genesis, how others join, and what is changed of them. Not here: who may decide that (`vote`), nodes (`node`). Invariants: a name
//! and a key are one organisation's; one that joins takes its keys from nodes that others approved without them.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{OrganisationChanged, OrganisationJoined};
use crate::node::{is_active, is_trusted};
use crate::record::{Access, NewOrganisation, Organisation, Parameters, Role, Version};

/// Organisations of a network.
const MAX_ORGANISATIONS: u32 = 256;
/// Nodes that an organisation can join with; more are approved afterwards.
const MAX_FIRST_NODES: usize = 16;

impl Network {
    pub(crate) fn begin(
        &mut self,
        organisations: Vec<NewOrganisation>,
        parameters: Parameters,
        version: u16,
    ) -> Result<(), Error> {
        check::parameters(&parameters)?;
        self.parameters.set(&parameters);
        self.versions.set(&vec![Version { version, since: 0 }]);
        for new in organisations {
            let validating: Vec<AccountId> =
                new.nodes.iter().filter(|node| node.role == Role::Validator).map(|node| node.key).collect();
            self.join(new)?;
            for node in validating {
                self.may_validate(&node)?;
                self.seat(&node)?;
            }
        }
        if self.validators.get_or_default().is_empty() {
            return Err(Error::Invalid {
                field: "organisations".to_owned(),
                value: String::new(),
                why: "at least one node of a new network has the role validator".to_owned(),
            });
        }
        Ok(())
    }

    fn may_validate(&self, node: &AccountId) -> Result<(), Error> {
        let known = self.known_node(node)?;
        is_trusted(&self.known_organisation(&known.organisation)?)?;
        if known.access == Access::Trusted { Ok(()) } else { Err(Error::NodeNotTrusted { node: *node }) }
    }

    pub(crate) fn may_join(&self, new: &NewOrganisation) -> Result<(), Error> {
        check::name(&new.name)?;
        if self.organisations.contains(&new.name) {
            return Err(Error::NameTaken { name: new.name.clone() });
        }
        self.may_take(&new.key)?;
        if new.nodes.len() > MAX_FIRST_NODES {
            let what = "nodes that an organisation joins with".to_owned();
            return Err(Error::TooMany { what, most: MAX_FIRST_NODES as u32 });
        }
        for node in &new.nodes {
            check::addresses(&node.addresses)?;
            self.may_take(&node.key)?;
            if node.key == new.key {
                return Err(Error::KeyTaken { key: node.key, organisation: new.name.clone() });
            }
        }
        if self.organisation_count.get_or_default() >= MAX_ORGANISATIONS {
            return Err(Error::TooMany { what: "organisations".to_owned(), most: MAX_ORGANISATIONS });
        }
        Ok(())
    }

    /// Fails if a key is an organisation's, or a node's that showed that it has it. Any other node may be somebody else's key that an organisation approved to keep
    /// it from joining.
    fn may_take(&self, key: &AccountId) -> Result<(), Error> {
        match self.nodes.get(key) {
            Some(node) if !node.signed => Ok(()),
            _ => self.is_free(key),
        }
    }

    /// Adds an organisation with its nodes, as followers.
    pub(crate) fn join(&mut self, new: NewOrganisation) -> Result<(), Error> {
        self.may_join(&new)?;
        let NewOrganisation { name, key, access, nodes } = new;
        for key in nodes.iter().map(|node| &node.key).chain([&key]) {
            if let Some(squatter) = self.nodes.get(key) {
                self.drop_node(&squatter)?;
            }
        }
        let organisation =
            Organisation { name: name.clone(), key, access, suspended: false, nodes: 0, since: block_height() };
        self.organisations.set(&name, &organisation);
        self.organisation_count.set(&(self.organisation_count.get_or_default() + 1));
        self.keys.set(&key, &name);
        emit(OrganisationJoined { organisation: name.clone(), key, access });
        for node in nodes {
            self.add_node(self.known_organisation(&name)?, node)?;
        }
        Ok(())
    }

    pub(crate) fn may_suspend(&self, name: &String) -> Result<(), Error> {
        is_active(&self.known_organisation(name)?)
    }

    pub(crate) fn may_resume(&self, name: &String) -> Result<(), Error> {
        if self.known_organisation(name)?.suspended {
            return Ok(());
        }
        Err(Error::NoChange { what: "the organisation is not suspended".to_owned() })
    }

    pub(crate) fn may_have(&self, name: &String, access: Access) -> Result<(), Error> {
        if self.known_organisation(name)?.access != access {
            return Ok(());
        }
        Err(Error::NoChange { what: "the organisation has that access".to_owned() })
    }

    /// Changes an organisation; its nodes lose what it loses.
    pub(crate) fn change(&mut self, name: String, change: impl FnOnce(&mut Organisation)) -> Result<(), Error> {
        let mut organisation = self.known_organisation(&name)?;
        change(&mut organisation);
        self.organisations.set(&name, &organisation);
        let Organisation { access, suspended, .. } = organisation;
        if suspended || access == Access::Managed {
            let nodes: Vec<AccountId> = self.members.iter_under(&name).map(|(_, node)| node).collect();
            self.unseat(&nodes)?;
            if access == Access::Managed {
                for node in nodes {
                    let mut known = self.known_node(&node)?;
                    known.access = Access::Managed;
                    self.nodes.set(&node, &known);
                }
            }
        }
        emit(OrganisationChanged { organisation: name, access, suspended });
        Ok(())
    }

    pub(crate) fn known_organisation(&self, name: &String) -> Result<Organisation, Error> {
        self.organisations.get(name).ok_or_else(|| Error::NoOrganisation { name: name.clone() })
    }
}
