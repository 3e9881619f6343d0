//! Where parties are served, read from the network contract after the block of a marker. Not here: the records (`state`), slots and wraps (`privacy`). Invariants: every node that has the
//! public state of that height comes to the same; a chain without the contract keeps no parties, so there a node knows its own tenants and nobody else's.

use std::cell::OnceCell;

use coffer_abi::{AccountId, Height};
use coffer_chain::network;

use crate::privacy::directory::{Directory, PublishedKey, Serving};
use crate::privacy::keys::TagKey;
use crate::privacy::resident::Residents;
use crate::state::{Error, State, View};

/// The directory of a chain at one height. The state is read when the first party is asked for, which is rare: most markers name nobody here.
pub struct Parties<'a> {
    state: &'a State,
    residents: &'a Residents,
    height: Height,
    view: OnceCell<View>,
}

impl<'a> Parties<'a> {
    /// The directory after the block at `height`, on the node of these residents.
    pub fn new(state: &'a State, residents: &'a Residents, height: Height) -> Self {
        Self { state, residents, height, view: OnceCell::new() }
    }

    fn view(&self) -> Result<&View, Error> {
        if self.view.get().is_none() {
            // Nobody else can have set it: a cell is of one thread.
            let _ = self.view.set(self.state.public_at(self.height)?);
        }
        self.view.get().ok_or_else(|| Error::Failed("the directory lost its view".into()))
    }
}

impl Directory for Parties<'_> {
    type Error = Error;

    fn serving(&self, party: &AccountId) -> Result<Option<Serving>, Error> {
        let view = self.view()?;
        if !keeps_parties(view)? {
            return Ok(self.residents.own(party));
        }
        let Some(found) = view.serving(party, self.height)? else { return Ok(None) };
        let before = found.before.into_iter();
        let nodes =
            [found.node].into_iter().chain(before.clone().map(|before| before.node).filter(|n| *n != found.node));
        let current = PublishedKey { epoch: found.epoch, key: found.key };
        let older = before.map(|before| PublishedKey { epoch: before.epoch, key: before.key });
        Ok(Some(Serving {
            nodes: nodes.collect(),
            tags: found.tag_keys.iter().filter_map(|(_, key)| TagKey::new(&key.0)).collect(),
            custodians: found.custodians,
            keys: [current].into_iter().chain(older.filter(|older| older.epoch != current.epoch)).collect(),
        }))
    }
}

/// True if the chain has the contract that keeps parties and accounts.
///
/// # Errors
/// As [`View::party`].
pub fn keeps_parties(public: &View) -> Result<bool, Error> {
    Ok(public.contract(&network::contract())?.is_some())
}
