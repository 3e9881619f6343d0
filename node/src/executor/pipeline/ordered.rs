//! What a block orders for private states of this node: which it names, cheaply, and for one of them the opened calls. Not here: executing them. Invariant: what the chain voids is
//! never handed out, and nothing behind a call that cannot be read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coffer_abi::{AccountId, Hash};
use coffer_chain::rules::check_window;
use coffer_chain::{Block, InnerAction, InnerBody, InnerCall, Kind, Psi, TxBody, Void};

use super::PipelineError;
use super::schedule::Position;
use crate::executor::membership::may_change;
use crate::executor::{Parties, PrivateCall};
use crate::privacy::handed::Handed;
use crate::privacy::marking::{Named, Shown};
use crate::privacy::opening::{Looked, Missing, Opening, opening};
use crate::privacy::payloads::Payloads;
use crate::privacy::resident::Residents;
use crate::privacy::transfer::{self, Decision, Name, Transfers, decide};
use crate::privacy::wanted::Want;
use crate::state::{self, State};

/// Markers that are remembered: those of the blocks that are worked on now.
const REMEMBERED: usize = 512;

/// What was found out of the last markers. Only a memory: what is not in it is found again.
#[derive(Default)]
pub(super) struct Markers(Mutex<VecDeque<(Hash, Arc<Looked>)>>);

impl Markers {
    /// What a transaction of a block is to this node; `None` if it is no marker.
    fn look(
        &self,
        residents: &Residents,
        directory: &Parties<'_>,
        tx: &TxBody,
    ) -> Result<Option<Arc<Looked>>, state::Error> {
        if !matches!(tx.kind, Kind::Marker(_)) {
            return Ok(None);
        }
        let id = tx.id();
        let known = self.lock().iter().rev().find(|(known, _)| *known == id).map(|(_, looked)| Arc::clone(looked));
        if known.is_some() {
            return Ok(known);
        }
        let Some(looked) = Looked::at(residents, directory, tx)?.map(Arc::new) else { return Ok(None) };
        // Most name nobody here, and are not asked about again.
        if looked.named().next().is_some() {
            let mut known = self.lock();
            known.push_back((id, Arc::clone(&looked)));
            if known.len() > REMEMBERED {
                known.pop_front();
            }
        }
        Ok(Some(looked))
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Hash, Arc<Looked>)>> {
        // Changed at once.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a block names private states of this node, for each in the order of the markers, by where parties are served after the block. One key agreement for each marker and tag secret.
///
/// # Errors
/// When the public state of that height cannot be read.
pub(super) fn named(
    (state, residents, markers): (&State, &Residents, &Markers),
    block: &Block,
) -> Result<BTreeMap<Psi, Vec<Position>>, state::Error> {
    let directory = Parties::new(state, residents, block.header.height);
    let mut found: BTreeMap<Psi, Vec<Position>> = BTreeMap::new();
    for (index, tx) in (0..).zip(&block.transactions) {
        let Some(looked) = markers.look(residents, &directory, &tx.body)? else { continue };
        for (psi, Named { place, party, .. }) in looked.named() {
            let Ok(place) = u8::try_from(*place) else { continue };
            let position = Position { height: block.header.height, index, place, party: *party };
            found.entry(psi.clone()).or_default().push(position);
        }
    }
    Ok(found)
}

/// What a block orders for one private state.
pub(super) enum Ordered {
    /// The calls, opened, in the order of their markers, without those that are voided.
    Calls(Vec<PrivateCall>),
    /// One that cannot be read here: nothing of the block may be executed.
    Missing(Hash, Missing, Box<Want>),
    /// One that this node voided, which the chain does not know yet: nothing of the block may be executed.
    Voided(Hash),
}

/// What calls are read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The state.
    pub state: &'a State,
    /// Sealed payloads.
    pub payloads: &'a Payloads,
    /// Tenants and their secrets.
    pub residents: &'a Residents,
    /// What members handed over.
    pub transfers: &'a Transfers,
}

/// What the markers at these positions order for a private state. `is_signed` tells of voids that this node signed.
pub(super) fn ordered(
    (sources, markers): (Sources<'_>, &Markers),
    block: &Block,
    psi: &Psi,
    positions: &[Position],
    is_signed: impl Fn(&AccountId, &Void) -> bool,
) -> Result<Ordered, PipelineError> {
    let Sources { state, payloads, residents, .. } = sources;
    // Not as of the block: a void comes in a later one, and counts from the first moment on.
    let chain = state.public();
    let directory = Parties::new(state, residents, block.header.height);
    let mut calls = Vec::with_capacity(positions.len());
    for position in positions {
        let Some(tx) = block.transactions.get(position.index as usize) else { continue };
        let marker = tx.body.id();
        let void = Void { height: position.height, marker, place: position.place };
        if chain.voided(&position.party, &void)?.is_some() {
            continue;
        }
        if is_signed(&position.party, &void) {
            return Ok(Ordered::Voided(marker));
        }
        let Some(looked) = markers.look(residents, &directory, &tx.body)? else { continue };
        let opened = opening::<_, PipelineError>(payloads, residents, &directory, (&tx.body, &looked), psi)?;
        let Some((named, opened)) = opened else { continue };
        let read = match opened {
            Opening::Call(call) => {
                joining(sources, psi, position, (marker, &call))?.map(|handed| (Some(*call), handed))
            }
            Opening::Unreadable => Ok((None, None)),
            Opening::Missing(missing) => Err((missing, Vec::new())),
        };
        match read {
            Ok((call, handed)) => {
                calls.push(PrivateCall { marker, index: position.index, party: position.party, call, handed });
            }
            Err((missing, members)) => {
                let Some(want) = want(psi, &tx.body, position, named, missing) else { continue };
                return Ok(Ordered::Missing(marker, missing, Box::new(Want { members, ..want })));
            }
        }
    }
    Ok(Ordered::Calls(calls))
}

/// What goes over to the party of a position if it joins contracts by a call, or what is missing for that, of which members. Nothing is waited for that the party did not consent to.
#[expect(clippy::type_complexity, reason = "the two ways it ends, used once")]
fn joining(
    sources: Sources<'_>,
    psi: &Psi,
    position: &Position,
    (tx, call): (Hash, &InnerCall),
) -> Result<Result<Option<Handed>, (Missing, Vec<AccountId>)>, PipelineError> {
    let Sources { state, residents, transfers, .. } = sources;
    let InnerBody { action: InnerAction::Members { change, consents }, party: sender, .. } = &call.body else {
        return Ok(Ok(None));
    };
    let (height, to, chain_id) = (position.height, position.party, state.chain_id());
    let joins = change.is_extension() && change.party() == to;
    let Some(secret) = residents.secret(psi).filter(|_| joins) else { return Ok(Ok(None)) };
    // Such a call ends without asking the members.
    let is_valid =
        call.is_authentic(&chain_id) && call.body.fits_flag() && check_window(call.body.valid_until, height).is_ok();
    if !is_valid || may_change(&chain_id, height, sender, (change, consents)).is_err() {
        return Ok(Ok(None));
    }
    let public = state.public();
    let of = |member: &AccountId| {
        let name = Name { tx, from: *member, to };
        let bytes = transfers.get(&name)?;
        let open = |bytes: Vec<u8>| {
            transfer::open((&chain_id, &name, height), &bytes, &secret, |code| public.is_system_code(code))
        };
        Ok(bytes.and_then(open))
    };
    Ok(match decide(change, sender, of)? {
        Decision::Go(handed) => Ok(Some(handed)),
        Decision::Wait(members) => Err((Missing::Transfer, members)),
        Decision::Disagree => Err((Missing::Agreement, Vec::new())),
    })
}

/// What a private state waits for at a position.
fn want(psi: &Psi, body: &TxBody, position: &Position, named: Named, what: Missing) -> Option<Want> {
    let shown = Shown::of(body)?;
    Some(Want {
        psi: psi.clone(),
        tx: body.id(),
        height: position.height,
        marker: shown.marker.id,
        payload: shown.marker.payload,
        relay: *shown.relay,
        party: named.party,
        place: named.place,
        custodians: named.custodians,
        custody: named.custody.node,
        origin: named.origin,
        what,
        members: Vec::new(),
    })
}

/// The calls that a private state executed of a block, opened again; `None` if one of them cannot be read any more.
///
/// # Errors
/// When this node cannot read.
pub fn executed_calls(
    sources: Sources<'_>,
    block: &Block,
    psi: &Psi,
) -> Result<Option<Vec<PrivateCall>>, PipelineError> {
    let markers = Markers::default();
    let positions = named((sources.state, sources.residents, &markers), block)?.remove(psi).unwrap_or_default();
    match ordered((sources, &markers), block, psi, &positions, |_, _| false)? {
        Ordered::Calls(calls) => Ok(Some(calls)),
        Ordered::Missing(..) | Ordered::Voided(_) => Ok(None),
    }
}
