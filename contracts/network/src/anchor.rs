//! Roots of nodes' tries of private states, put on the chain where all see the same. Not here: what a root stands for, which only the node and its tenants know. Invariants: only the node
//! itself anchors, for ever higher blocks; the last anchor alone is kept, the ones before are in the events.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::error::Error;
use crate::event::RootAnchored;
use crate::node::is_active;
use crate::record::Anchor;

impl Network {
    pub(crate) fn anchor_own_root(&mut self, height: u64, block: Hash, root: Hash) -> Result<(), Error> {
        let node = self.known_node(&caller())?;
        is_active(&self.known_organisation(&node.organisation)?)?;
        let at = block_height();
        let last = self.anchors.get(&node.key).map(|anchor| anchor.height);
        if height >= at || last.is_some_and(|last| height <= last) {
            let why = match last {
                Some(last) => {
                    format!("it is above {last}, the one anchored last, and below {at}, the height of this block")
                }
                None => format!("it is below {at}, the height of this block"),
            };
            return Err(Error::Invalid { field: "height".to_owned(), value: height.to_string(), why });
        }
        self.anchors.set(&node.key, &Anchor { node: node.key, height, block, root, at });
        emit(RootAnchored { node: node.key, height, block, root });
        Ok(())
    }
}
