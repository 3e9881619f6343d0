//! Nodes: let in and removed by their organisation, validators by themselves. Not here: voting power (`power`). Invariants: a node belongs to one
//! organisation; its access is at most its organisation's; only its own signature, for the blocks that come next, makes it a validator.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{NodeApproved, NodeDeclined, NodeRemoved, NodeUpdated};
use crate::record::{Access, NewNode, Node, Organisation, Role};

/// Nodes of an organisation.
const MAX_NODES: u32 = 256;
/// Nodes that an organisation can have declined; the oldest makes room.
const MAX_DECLINED: u32 = 256;
/// Nodes that left an organisation, from which on it approves no new ones: it approves keys that are not its own.
const MAX_LEFT: u32 = 256;
/// Heights that an activation can be signed ahead: who signs for the block after the newest two is in step with the chain.
const WINDOW: u64 = 2;

impl Network {
    pub(crate) fn approve_node(
        &mut self,
        node: AccountId,
        access: Access,
        addresses: Vec<String>,
    ) -> Result<(), Error> {
        let organisation = self.acting()?;
        check::addresses(&addresses)?;
        let name = organisation.name.clone();
        match self.nodes.get(&node).filter(|known| known.organisation == name) {
            Some(known) => self.change_node(&organisation, Node { access, addresses, ..known })?,
            None => self.add_node(organisation, NewNode { key: node, access, addresses, role: Role::Follower })?,
        }
        self.forget_decline(&name, node);
        Ok(())
    }

    fn change_node(&mut self, organisation: &Organisation, node: Node) -> Result<(), Error> {
        within(organisation, node.access)?;
        self.nodes.set(&node.key, &node);
        if node.access == Access::Managed {
            self.unseat(&[node.key])?;
        }
        let Node { key, organisation, access, addresses, .. } = node;
        emit(NodeApproved { node: key, organisation, access, addresses });
        Ok(())
    }

    /// Adds a node to an organisation, and saves both.
    pub(crate) fn add_node(&mut self, mut organisation: Organisation, new: NewNode) -> Result<(), Error> {
        let NewNode { key, access, addresses, .. } = new;
        check::addresses(&addresses)?;
        within(&organisation, access)?;
        self.is_free(&key)?;
        self.may_have_back(&organisation.name, &key)?;
        if organisation.nodes >= MAX_NODES {
            return Err(Error::TooMany { what: "nodes of an organisation".to_owned(), most: MAX_NODES });
        }
        organisation.nodes += 1;
        let name = organisation.name.clone();
        self.organisations.set(&name, &organisation);
        self.members.insert(&(name.clone(), key));
        let (organisation, since) = (name, block_height());
        let role = Role::Follower;
        let node = Node { key, organisation: organisation.clone(), access, addresses, role, since, signed: false };
        self.nodes.set(&key, &node);
        emit(NodeApproved { node: key, organisation, access, addresses: node.addresses });
        Ok(())
    }

    pub(crate) fn decline_node(&mut self, node: AccountId) -> Result<(), Error> {
        let organisation = self.acting()?.name;
        if let Some(known) = self.nodes.get(&node) {
            return Err(Error::KeyTaken { key: node, organisation: known.organisation });
        }
        if self.note_decline(&organisation, node) {
            emit(NodeDeclined { node, organisation });
        }
        Ok(())
    }

    /// Notes that an organisation does not want a node; false if that is noted already.
    fn note_decline(&mut self, organisation: &String, node: AccountId) -> bool {
        let entry = (organisation.clone(), node);
        if self.declined.contains(&entry) {
            return false;
        }
        if self.declined_count.get_or_default(organisation) >= MAX_DECLINED {
            let all = self.declined.iter_under(organisation);
            let oldest = all.min_by_key(|((_, node), since)| (*since, *node)).map(|((_, node), _)| node);
            if let Some(oldest) = oldest {
                self.forget_decline(organisation, oldest);
            }
        }
        self.declined.set(&entry, &block_height());
        self.declined_count.set(organisation, &(self.declined_count.get_or_default(organisation) + 1));
        true
    }

    fn forget_decline(&mut self, organisation: &String, node: AccountId) {
        if self.declined.remove(&(organisation.clone(), node)) {
            let count = self.declined_count.get_or_default(organisation);
            self.declined_count.set(organisation, &count.saturating_sub(1));
        }
    }

    pub(crate) fn remove_node(&mut self, node: AccountId) -> Result<(), Error> {
        let organisation = self.acting()?;
        self.own(&organisation, &node)?;
        self.drop_node(&self.known_node(&node)?)?;
        // So that nobody who has it among its first peers takes it for one that is still to join.
        self.note_decline(&organisation.name, node);
        Ok(())
    }

    /// The node that signs goes; whoever approved it cannot do so again.
    pub(crate) fn leave_organisation(&mut self) -> Result<(), Error> {
        let node = caller();
        let known = self.known_node(&node)?;
        self.drop_node(&known)?;
        let name = known.organisation;
        self.note_decline(&name, node);
        if self.left.insert(&(name.clone(), node)) {
            self.left_count.set(&name, &(self.left_count.get_or_default(&name) + 1));
        }
        Ok(())
    }

    /// Fails if a node left an organisation, or too many did.
    fn may_have_back(&self, organisation: &String, node: &AccountId) -> Result<(), Error> {
        if self.left.contains(&(organisation.clone(), *node)) {
            return Err(Error::Left { node: *node, organisation: organisation.clone() });
        }
        if self.left_count.get_or_default(organisation) >= MAX_LEFT {
            return Err(Error::TooMany { what: "nodes that left the organisation".to_owned(), most: MAX_LEFT });
        }
        Ok(())
    }

    /// Takes a node off the chain; a validator leaves the set. Its tag key stays on record, and it stays the node of its parties until they move.
    pub(crate) fn drop_node(&mut self, node: &Node) -> Result<(), Error> {
        let (key, name) = (node.key, node.organisation.clone());
        self.unseat(&[key])?;
        self.nodes.remove(&key);
        self.members.remove(&(name.clone(), key));
        let mut organisation = self.known_organisation(&name)?;
        organisation.nodes = organisation.nodes.saturating_sub(1);
        self.organisations.set(&name, &organisation);
        emit(NodeRemoved { node: key, organisation: name });
        Ok(())
    }

    pub(crate) fn readdress_node(&mut self, node: AccountId, addresses: Vec<String>) -> Result<(), Error> {
        check::addresses(&addresses)?;
        let mut known = self.known_node(&node)?;
        self.by_node_or_organisation(&known)?;
        known.addresses = addresses;
        known.signed |= node == caller();
        self.nodes.set(&node, &known);
        emit(NodeUpdated { node, addresses: known.addresses });
        Ok(())
    }

    pub(crate) fn activate_node(&mut self, until: u64) -> Result<(), Error> {
        let node = caller();
        let known = self.known_node(&node)?;
        let height = block_height();
        if until < height || until - height > WINDOW {
            return Err(Error::Window { until, height });
        }
        let organisation = self.known_organisation(&known.organisation)?;
        is_active(&organisation)?;
        is_trusted(&organisation)?;
        if known.access != Access::Trusted {
            return Err(Error::NodeNotTrusted { node });
        }
        if known.role == Role::Validator {
            return Err(Error::NoChange { what: "the node is a validator already".to_owned() });
        }
        self.seat(&node)
    }

    pub(crate) fn deactivate_node(&mut self, node: AccountId) -> Result<(), Error> {
        let known = self.known_node(&node)?;
        self.by_node_or_organisation(&known)?;
        if known.role != Role::Validator {
            return Err(Error::NoValidator { node });
        }
        self.unseat(&[node])
    }

    /// The organisation whose key the caller has.
    pub(crate) fn acting(&self) -> Result<Organisation, Error> {
        let name = self.keys.get(&caller());
        let organisation = name.and_then(|name| self.organisations.get(&name));
        let organisation =
            organisation.ok_or_else(|| Error::NotAllowed { needed: "the key of an organisation".to_owned() })?;
        is_active(&organisation)?;
        Ok(organisation)
    }

    /// Fails unless the node signs itself, or its organisation does for it.
    fn by_node_or_organisation(&self, node: &Node) -> Result<(), Error> {
        let organisation = self.known_organisation(&node.organisation)?;
        is_active(&organisation)?;
        if [node.key, organisation.key].contains(&caller()) {
            return Ok(());
        }
        let needed = "the node's own key, or that of ".to_owned() + &organisation.name;
        Err(Error::NotAllowed { needed })
    }

    /// Fails unless a node is the organisation's.
    fn own(&self, organisation: &Organisation, node: &AccountId) -> Result<(), Error> {
        let known = self.known_node(node)?;
        if known.organisation == organisation.name {
            return Ok(());
        }
        Err(Error::NotAllowed { needed: "the key of ".to_owned() + &known.organisation })
    }

    pub(crate) fn known_node(&self, node: &AccountId) -> Result<Node, Error> {
        self.nodes.get(node).ok_or(Error::NoNode { node: *node })
    }
}

/// Fails if a node would have more access than its organisation.
fn within(organisation: &Organisation, access: Access) -> Result<(), Error> {
    if access == Access::Trusted { is_trusted(organisation) } else { Ok(()) }
}

/// Fails unless an organisation has trusted access.
pub(crate) fn is_trusted(organisation: &Organisation) -> Result<(), Error> {
    if organisation.access == Access::Trusted {
        return Ok(());
    }
    Err(Error::NotTrusted { organisation: organisation.name.clone() })
}

/// Fails if an organisation is suspended.
pub(crate) fn is_active(organisation: &Organisation) -> Result<(), Error> {
    if organisation.suspended {
        return Err(Error::Suspended { organisation: organisation.name.clone() });
    }
    Ok(())
}
