//! What members hand over to a party that joins their contracts, on its way between nodes, piece by piece. Not here: what it is (`privacy::transfer`), who waits for it (the pipelines). Invariants: it is given to nodes that serve the party and to nobody else, and what is
//! not here and what the asker may not have are one answer; what is kept of an answer opened for the party and was signed by the member.

use std::sync::Arc;

use coffer_abi::{AccountId, Decode, Encode, codec};

use super::Exchange;
use super::fetch::Came;
use crate::network::{AskError, Network, Question};
use crate::privacy::transfer::{self, Name};
use crate::privacy::wanted::Want;
use crate::state::{Error, View};

/// Bytes of one piece.
pub const PIECE: usize = if cfg!(test) { 256 } else { 1 << 20 };

/// A piece that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct AskedPiece {
    /// Of what.
    pub(super) name: Name,
    /// Where it begins.
    pub(super) from: u64,
}

/// A piece, and the length of the whole.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Piece {
    length: u64,
    bytes: Vec<u8>,
}

/// Nodes that serve a party: the current one, and the one before while that counts.
fn nodes(view: &View, party: &AccountId) -> Result<Vec<AccountId>, Error> {
    let Some(serving) = view.serving(party, view.height())? else { return Ok(Vec::new()) };
    Ok([serving.node].into_iter().chain(serving.before.map(|before| before.node)).collect())
}

impl Exchange {
    /// Answers a question for a piece: it, or nothing. `None` if the question is none. May block.
    pub(super) fn give_piece(&self, from: &AccountId, question: &[u8]) -> Option<Vec<u8>> {
        let asked: AskedPiece = codec::decode(question).ok()?;
        Some(self.find_piece(from, &asked).unwrap_or_else(|error| {
            tracing::warn!(%from, error, "a transfer that was asked for could not be read");
            Vec::new()
        }))
    }

    fn find_piece(&self, from: &AccountId, asked: &AskedPiece) -> Result<Vec<u8>, String> {
        let parts = &self.parts;
        if !nodes(&parts.state.public(), &asked.name.to).map_err(|error| error.to_string())?.contains(from) {
            return Ok(Vec::new());
        }
        let part = parts.transfers.part(&asked.name, asked.from, PIECE).map_err(|error| error.to_string())?;
        Ok(part.map(|(length, bytes)| Piece { length, bytes }.encode()).unwrap_or_default())
    }

    /// Asks the nodes of members for what a private state waits for.
    pub(super) async fn seek_transfers(&self, want: &Want) -> Came {
        let Some(network) = self.network() else { return Came::Nobody };
        let mut came = Came::Nobody;
        for member in &want.members {
            let name = Name { tx: want.tx, from: *member, to: want.party };
            let nodes = nodes(&self.parts.state.public(), member).unwrap_or_default();
            for node in nodes.into_iter().filter(|node| *node != self.me()) {
                let bytes = match self.pieces(network, node, name).await {
                    Ok(bytes) => bytes,
                    Err(AskError::NotConnected(_)) => continue,
                    Err(error) => {
                        tracing::debug!(%error, "a transfer was not given");
                        came = if came == Came::Payload { came } else { Came::Nothing };
                        continue;
                    }
                };
                if let Some(bytes) = bytes
                    && self.keep_transfer(want, name, bytes).await
                {
                    tracing::info!(psi = %want.psi, %node, %member, "a member handed over what a private state waited for");
                    came = Came::Payload;
                    break;
                }
                came = if came == Came::Payload { came } else { Came::Nothing };
            }
        }
        came
    }

    /// All pieces; `None` if the node does not give them, or more than there may be.
    async fn pieces(&self, network: &Network, node: AccountId, name: Name) -> Result<Option<Vec<u8>>, AskError> {
        // One whole is in memory at a time.
        let _turn = self.handing.lock().await;
        let mut whole = Vec::new();
        loop {
            let asked = AskedPiece { name, from: whole.len() as u64 };
            let answer = network.ask(node, Question::Transfer, asked.encode().into()).await?;
            let Ok(Piece { length, bytes }) = codec::decode(&answer) else { return Ok(None) };
            whole.extend_from_slice(&bytes);
            if length > transfer::MAX_BYTES || bytes.is_empty() || whole.len() as u64 > length {
                return Ok(None);
            }
            if whole.len() as u64 == length {
                return Ok(Some(whole));
            }
        }
    }

    /// Keeps what opens as it should; `false` if it does not.
    async fn keep_transfer(&self, want: &Want, name: Name, bytes: Vec<u8>) -> bool {
        let (residents, transfers) = (Arc::clone(&self.parts.residents), Arc::clone(&self.parts.transfers));
        let (chain_id, height, psi, public) =
            (self.parts.chain_id, want.height, want.psi.clone(), self.parts.state.public());
        let keep = move || {
            let Some(secret) = residents.secret(&psi) else { return Ok(false) };
            let about = (&chain_id, &name, height);
            if transfer::open(about, &bytes, &secret, |code| public.is_system_code(code)).is_none() {
                tracing::warn!(member = %name.from, "what a member is to have handed over does not open, or is not signed by it");
                return Ok(false);
            }
            transfers.put_fetched(&name, &bytes).map(|()| true)
        };
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(is_kept)) => is_kept,
            Ok(Err(error)) => {
                tracing::error!(%error, "a transfer that came could not be kept");
                false
            }
            Err(error) => {
                tracing::error!(%error, "a transfer that came was not kept");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use coffer_abi::Hash;

    use super::*;

    #[test]
    fn a_piece_and_its_question_fit_into_their_bounds() {
        let piece = Piece { length: u64::MAX, bytes: vec![7; PIECE] };
        assert!(piece.encode().len() <= Question::Transfer.max_answer());
        let name = Name { tx: Hash([1; 32]), from: AccountId([2; 32]), to: AccountId([3; 32]) };
        assert!(AskedPiece { name, from: u64::MAX }.encode().len() <= Question::Transfer.max_question());
    }
}
