//! That the root which a private proof rests on is on the chain, where all see the same one. Not here: either proof. Invariant: what is anchored is not on the node's word to this client alone: another root
//! for the same block would have to be on the chain too, and a node anchors once for a height.

use coffer_abi::codec::decode;
use coffer_chain::network::{AnchorRecord, anchor_key, contract};

use crate::answer::{Answer, Verified, VerifiedPrivate};
use crate::invalid::Invalid;

impl VerifiedPrivate {
    /// Checks that the public state of a block has this proof's root of the node's trie of private states, for this proof's block. `public` is a proof of what the network contract holds under
    /// [`anchor_key`] of the node.
    ///
    /// # Errors
    /// [`Invalid::OtherChain`], [`Invalid::Anchor`].
    pub fn check_anchor(&self, public: &Verified) -> Result<(), Invalid> {
        let (own, other) = (self.state().header(), public.header());
        if own.chain_id != other.chain_id {
            return Err(Invalid::OtherChain(other.chain_id));
        }
        let found = match public.value(&contract(), &anchor_key(self.node())) {
            Answer::Present(found) => found,
            Answer::Absent => return Err(Invalid::Anchor("the node has anchored nothing")),
            Answer::NotAsked => return Err(Invalid::Anchor("the proof does not say what the node anchored")),
        };
        let Ok(record) = decode::<AnchorRecord>(found) else {
            return Err(Invalid::Anchor("what stands in its place is none"));
        };
        if record.height != own.height {
            return Err(Invalid::Anchor("it is for another height"));
        }
        if record.block != *self.state().block() {
            return Err(Invalid::Anchor("it is for another block of that height"));
        }
        if record.root != *self.trie_root() {
            return Err(Invalid::Anchor("the node anchored another root for that block"));
        }
        Ok(())
    }
}
