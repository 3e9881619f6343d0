//! Blocks on their way to a decision: this node's own, those of other proposers, decided ones from peers. Not here: when a height starts, what
//! is decided. Invariant: a block is executed, and in the engine's log, before the engine hears of it.

use std::sync::Arc;

use arc_malachitebft_app_channel::NetworkMsg;
use arc_malachitebft_app_channel::app::engine::host::SyncedValueOutcome;
use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use arc_malachitebft_core_consensus::ProposedValue;
use arc_malachitebft_core_types::{Round, Validator as _, ValidatorSet as _, Validity};
use bytes::Bytes;
use coffer_abi::{AccountId, Encode as _, Hash, codec};
use coffer_chain::Block;

use super::super::Error;
use super::super::bodies::Body;
use super::super::codec::write;
use super::super::context::{Address, At, Coffer, Part, Signed};
use super::super::log::Kind;
use super::super::sign::is_signed;
use super::{Work, blocking};
use crate::consensus::{Failure, Rejected, Standing};

/// Rounds beyond the one this node is in whose proposals are executed: others can be a little ahead.
const ROUNDS_AHEAD: u32 = 8;
/// In the place of a proposer's signature, in what never leaves this node.
const UNSIGNED: Signed = Signed([0; 64]);

impl Work {
    /// What this node proposes in a round: what it proposed there before a restart, else what waits.
    pub(super) async fn value(&mut self, height: u64, round: Round) -> Result<Option<Block>, Error> {
        let mine = |body: &&Body| body.round == round && body.proposer.0 == self.host.me.0;
        match self.bodies.at(height).iter().find(mine) {
            Some(body) => Ok(Some(body.block.clone())),
            None => self.build(height).await,
        }
    }

    /// Keeps the body of this node's own proposal.
    pub(super) async fn own(&mut self, height: At, round: Round, block: Block) -> Result<Body, Error> {
        let part = self.signed(height, round, Round::Nil, &block)?;
        let body = Body::of(&part).map_err(|why| Failure::OwnProposal(why.into()))?;
        if self.bodies.keep(self.head(), self.members(height.0)?.count(), body.clone()).is_ok() {
            self.log(&part)?;
        }
        Ok(body)
    }

    /// A block as this node proposes it in a round.
    pub(super) fn signed(&self, height: At, round: Round, valid_round: Round, block: &Block) -> Result<Part, Error> {
        let (proposer, signature) = (self.host.me.into(), UNSIGNED);
        let mut part = Part { height, round, valid_round, proposer, block: block.encode(), signature };
        if let Some(pen) = &self.host.pen {
            let signed = pen.sign_body(&mut part, block.header.hash());
            signed.map_err(|error| Failure::OwnProposal(error.to_string()))?;
        }
        Ok(part)
    }

    /// What the engine wants sent once more: what this node proposes again, or what another proposer signed.
    pub(super) fn again(
        &self,
        height: At,
        round: Round,
        valid_round: Round,
        proposer: Address,
        block: Hash,
    ) -> Result<Option<Part>, Error> {
        if proposer.0 == self.host.me.0 {
            let body = self.bodies.get(height.0, &block);
            return body.map(|body| self.signed(height, round, valid_round, &body.block)).transpose();
        }
        let there = self.bodies.at(height.0).iter();
        Ok(there.filter(|body| (body.round, body.hash) == (round, block)).map(Body::part).next())
    }

    fn log(&self, part: &Part) -> Result<(), Error> {
        // Synced with the vote or proposal that rests on it, which stands behind it in the same file.
        self.host.log.append(Kind::Body, &write(part)).map_err(Error::Log)
    }

    pub(super) async fn publish(&self, part: Part) {
        let message = StreamMessage::new(StreamId::new(Bytes::new()), 0, StreamContent::Data(part));
        // A bridge that is gone shows at the next message.
        let _ = self.host.network.send(NetworkMsg::PublishProposalPart(message)).await;
    }

    /// Takes a body in; a value for the engine if it is of the height the engine works on.
    pub(super) async fn received(
        &mut self,
        publisher: AccountId,
        part: &Part,
    ) -> Result<Option<ProposedValue<Coffer>>, Error> {
        let refuse = |why: &str| {
            tracing::debug!(%publisher, height = %part.height, round = %part.round, why, "a proposed block is not taken in");
            Ok(None)
        };
        let (head, height) = (self.head(), part.height.0);
        // The set of a later height is not known yet; it is hardly another one.
        let members = self.members(head + 1)?;
        if !members.has(&publisher) {
            return refuse("its publisher has no vote");
        }
        if !members.has(&part.proposer.account()) {
            return refuse("the proposer it names has no vote");
        }
        let now = if self.at == Some(height) { self.round } else { 0 };
        if part.round.as_u32().is_none_or(|round| round > now.saturating_add(ROUNDS_AHEAD)) {
            return refuse("its round is too far ahead");
        }
        if height == head + 1 && *members.proposer(height, part.round).address() != part.proposer {
            return refuse("it is not the turn of the proposer it names");
        }
        let body = match Body::of(part) {
            Ok(body) => body,
            Err(why) => return refuse(why),
        };
        if !is_signed(part, body.hash, &self.host.chain_id) {
            return refuse("its proposer has not signed it");
        }
        if let Err(why) = self.bodies.keep(head, members.count(), body.clone()) {
            return refuse(why);
        }
        if self.at == Some(height) && height == head + 1 { self.value_of(&body).await } else { Ok(None) }
    }

    /// The engine's value of a body, executed and in the log; `None` if the body is not of a proposal that can be.
    pub(super) async fn value_of(&mut self, body: &Body) -> Result<Option<ProposedValue<Coffer>>, Error> {
        let Body { height, round, valid_round, proposer, ref block, hash, .. } = *body;
        if *self.members(height.0)?.proposer(height.0, round).address() != proposer {
            return Ok(None);
        }
        let validity = if valid_round.is_nil() && block.header.proposer != proposer.account() {
            self.refuse(block, "its header names another proposer");
            Validity::Invalid
        } else {
            self.execute(block, Standing::Proposed).await?
        };
        if !body.is_recalled {
            self.log(&body.part())?;
        }
        Ok(Some(ProposedValue { height, round, valid_round, proposer, value: hash.into(), validity }))
    }

    async fn execute(&mut self, block: &Block, standing: Standing) -> Result<Validity, Error> {
        let (app, work) = (Arc::clone(&self.host.app), block.clone());
        match blocking(move || app.execute(&work, standing)).await? {
            Ok(()) => Ok(Validity::Valid),
            Err(Rejected::Failed(failure)) => Err(failure.into()),
            Err(rejected) => {
                self.refuse(block, &rejected.to_string());
                Ok(Validity::Invalid)
            }
        }
    }

    fn refuse(&self, block: &Block, why: &str) {
        let (height, proposer, hash) = (block.header.height, block.header.proposer, block.header.hash());
        tracing::warn!(%height, %proposer, block = %hash, why, "a proposed block gets no vote of this node");
        self.host.shown.update(|shown| {
            shown.refused += 1;
            shown.last_refusal = Some(format!("block {hash} of {proposer} at height {height}: {why}"));
        });
    }

    /// A decided block from a peer; the engine has checked its certificate.
    pub(super) async fn synced(
        &mut self,
        height: At,
        round: Round,
        proposer: Address,
        bytes: &[u8],
    ) -> Result<SyncedValueOutcome<Coffer>, Error> {
        if height.0 != self.head() + 1 {
            return Ok(SyncedValueOutcome::LocalTransientError);
        }
        let Ok(block) = codec::decode::<Block>(bytes) else {
            return Ok(SyncedValueOutcome::PeerFault);
        };
        // The certificate vouches for the header, and that for the transactions; only the peer can have made this of it.
        if block.header.height.0 != height.0 || !block.holds_together() {
            return Ok(SyncedValueOutcome::PeerFault);
        }
        let value = block.header.hash().into();
        let validity = self.execute(&block, Standing::Decided).await?;
        let valid_round = Round::Nil;
        self.log(&Part { height, round, valid_round, proposer, block: bytes.to_vec(), signature: UNSIGNED })?;
        Ok(SyncedValueOutcome::Verdict(ProposedValue { height, round, valid_round, proposer, value, validity }))
    }
}
