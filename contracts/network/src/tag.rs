//! Tag keys of nodes: by one, a node finds which of its parties a marker names. Not here: markers. Invariants: only the node itself sets its key, with proof that it has the secret half; a
//! key that was replaced is good for some blocks more; what is on record of a node stays when the node goes, so that what was sealed before can be checked.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::TagKeySet;
use crate::node::is_active;
use crate::party::{OVERLAP, next_epoch, signed};
use crate::record::{TagKey, TagKeyBefore};
use crate::statement::{Part, TagKeyStatement};

impl Network {
    pub(crate) fn set_own_tag_key(&mut self, key: AccountId, possession: [u8; 64]) -> Result<(), Error> {
        let mut node = self.known_node(&caller())?;
        is_active(&self.known_organisation(&node.organisation)?)?;
        let known = self.tag_keys.get(&node.key);
        if known.as_ref().is_some_and(|known| known.key == key) {
            return Err(Error::NoChange { what: "the node has that tag key".to_owned() });
        }
        let epoch = known.as_ref().map_or(Ok(0), |known| next_epoch(known.epoch))?;
        self.take_sealing_key(&key, &node.organisation)?;
        let statement = TagKeyStatement { chain_id: chain_id(), node: node.key, key, epoch };
        signed("possession", Part::TagKeyPossession, &key, statement.id(), &possession)?;
        let since = block_height();
        let before = known.map(|known| TagKeyBefore { key: known.key, until: since.saturating_add(OVERLAP) });
        self.tag_keys.set(&node.key, &TagKey { node: node.key, key, epoch, since, before });
        emit(TagKeySet { node: node.key, key, epoch });
        if !node.signed {
            node.signed = true;
            self.nodes.set(&node.key, &node);
        }
        Ok(())
    }
}
