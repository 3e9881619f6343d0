//! Node keys as the network library names them, both ways. Invariant: a name that is not an ed25519 key is no node of ours.

use coffer_abi::AccountId;
use libp2p::PeerId;

/// What stands before the key in a peer id: identity multihash of 36 bytes, protobuf of key type 1 (ed25519) with 32 bytes.
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// The peer id of a node. `None` if no peer id has that form, which cannot be for 32 bytes.
pub(super) fn peer_id(node: &AccountId) -> Option<PeerId> {
    let mut bytes = [0; 38];
    bytes[..6].copy_from_slice(&PREFIX);
    bytes[6..].copy_from_slice(&node.0);
    PeerId::from_bytes(&bytes).ok()
}

/// The node of a peer id; `None` if its key is not ed25519.
pub(super) fn node(peer: &PeerId) -> Option<AccountId> {
    let bytes = peer.to_bytes();
    let key = bytes.strip_prefix(&PREFIX[..])?;
    key.try_into().ok().map(AccountId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_key_and_a_peer_id_name_each_other() {
        let keypair = libp2p::identity::Keypair::ed25519_from_bytes([7; 32]).unwrap();
        let key = coffer_chain::SigningKey::from_seed(&[7; 32]).account();
        let peer = keypair.public().to_peer_id();
        assert_eq!(peer_id(&key), Some(peer));
        assert_eq!(node(&peer), Some(key));
        assert_eq!(node(&PeerId::random()), None);
    }
}
