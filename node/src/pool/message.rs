//! Several transactions in one message between nodes: each message costs its sender and every receiver a signature. Not here: what a
//! transaction must satisfy. Invariant: a message that can be read is within the bounds that its writer keeps.

use bytes::Bytes;
use coffer_abi::{Encode, codec};

/// Transactions of one message.
pub const MOST: usize = 64;
/// Bytes of the transactions of a message that has more than one.
const SHARED: usize = 64 * 1024;

/// Messages with these encoded transactions, in their order.
pub fn pack(transactions: Vec<Vec<u8>>) -> Vec<Bytes> {
    let mut messages = Vec::new();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for tx in transactions {
        if !batch.is_empty() && (batch.len() == MOST || bytes + tx.len() > SHARED) {
            messages.push(std::mem::take(&mut batch).encode().into());
            bytes = 0;
        }
        bytes += tx.len();
        batch.push(tx);
    }
    if !batch.is_empty() {
        messages.push(batch.encode().into());
    }
    messages
}

/// The encoded transactions of a message; `None` if it is none.
pub fn unpack(message: &[u8]) -> Option<Vec<Vec<u8>>> {
    let batch: Vec<Vec<u8>> = codec::decode(message).ok()?;
    (1..=MOST).contains(&batch.len()).then_some(batch)
}

#[cfg(test)]
mod tests {
    use coffer_chain::tx::MAX_BYTES;

    use super::*;
    use crate::network::Topic;

    #[test]
    fn small_ones_share_messages_and_a_large_one_has_its_own() {
        let of = |sizes: &[usize]| sizes.iter().map(|size| vec![7; *size]).collect::<Vec<_>>();
        let sizes = |txs: Vec<Vec<u8>>| {
            let read = |message: Bytes| unpack(&message).unwrap().iter().map(Vec::len).collect::<Vec<_>>();
            pack(txs).into_iter().map(read).collect::<Vec<_>>()
        };
        assert_eq!(sizes(of(&[])), Vec::<Vec<usize>>::new());
        assert_eq!(sizes(of(&[200; 130])), [vec![200; 64], vec![200; 64], vec![200; 2]]);
        assert_eq!(sizes(of(&[SHARED, 1, MAX_BYTES, 2])), [vec![SHARED], vec![1], vec![MAX_BYTES], vec![2]]);
        assert_eq!(sizes(of(&[SHARED - 1, 1, 1])), [vec![SHARED - 1, 1], vec![1]]);
        assert!(pack(of(&[MAX_BYTES])).iter().all(|message| message.len() <= Topic::Transactions.max_body()));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        assert_eq!(unpack(&Vec::<Vec<u8>>::new().encode()), None);
        assert_eq!(unpack(&vec![vec![1_u8]; MOST + 1].encode()), None);
        assert_eq!(unpack(&[]), None);
        let mut long = vec![vec![1_u8]].encode();
        long.push(0);
        assert_eq!(unpack(&long), None);
        // It claims more than it has.
        assert_eq!(unpack(&[0xfe, 0xff, 0xff, 0xff]), None);
    }
}
