//! The data of a node that does not run: what the commands for them work on. Not here: the commands. Invariant: the folder is
//! locked as a running node would lock it, and nothing in it is made anew.

use std::path::Path;

use coffer_abi::Hash;
use coffer_chain::Psi;

use super::{StartError, check_complete, genesis, key_secret, missing, recoveries, secrets, state_options};
use crate::config::Config;
use crate::invoke::storage_keys;
use crate::organisation::key_store::Origin;
use crate::organisation::{KeyStore, Registry, RegistryError};
use crate::sources::Sources;
use crate::state::{self, Archive, Expected, Exported, Folder, State, StateOptions, StateWrites};

/// The locked data folder of a node that does not run.
pub struct StoppedNode {
    folder: Folder,
    options: StateOptions,
    keys: KeyStore,
    registry: Registry,
}

impl StoppedNode {
    /// Locks a data folder and opens its key store. All private states whose keys are in it can be read.
    ///
    /// # Errors
    /// [`StartError::NoChain`]; [`StartError::State`] when a node holds it; else as the start of a node.
    pub fn open(config: &Config) -> Result<Self, StartError> {
        check_chain(config)?;
        Self::load(config)
    }

    /// The same for a folder that has the genesis of a chain and the keys of a node, and may have nothing else of the chain yet, or an import of
    /// its public state that is under way.
    ///
    /// # Errors
    /// [`StartError::NotPrepared`]; else as [`StoppedNode::open`].
    pub fn empty(config: &Config) -> Result<Self, StartError> {
        if let Some(path) = missing(config) {
            return Err(StartError::NotPrepared { path });
        }
        Self::load(config)
    }

    fn load(config: &Config) -> Result<Self, StartError> {
        let folder = Folder::open(&config.data)?;
        check_complete(config)?;
        let sources = Sources::system()?;
        let origin = Origin::Random(&sources);
        let secret = key_secret(&config.data, config, &sources)?;
        let keys = KeyStore::open_or_create(&config.data, &secret, origin, &[])?;
        let path = config.data.join(genesis::FILE);
        let genesis = genesis::read(&path)?.ok_or(StartError::Missing { path })?;
        let alone = Config { tenants: Vec::new(), ..config.clone() };
        let registry = secrets::open_registry(&config.data, &alone, &keys, origin)?;
        let recoveries = recoveries::accepted(&config.data, &genesis.chain_id())?;
        let mut options = StateOptions { recoveries, ..state_options(config, &keys, genesis, &registry) };
        options.archive = Archive::AsItWas;
        Ok(Self { folder, options, keys, registry })
    }

    /// Its folder, for what is done to files as a whole.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The chain.
    pub fn chain_id(&self) -> Hash {
        self.options.genesis.chain_id()
    }

    /// True once it has a block of the chain.
    pub fn has_chain(&self) -> bool {
        self.path().join(state::LOG_FOLDER).exists()
    }

    /// Opens the state, and gives its keys beside it.
    ///
    /// # Errors
    /// As [`StoppedNode::state`].
    pub(super) fn keys_and_state(self) -> Result<(KeyStore, State), state::Error> {
        let Self { folder, options, keys, .. } = self;
        Ok((keys, State::open_in(folder, options, no_block)?))
    }

    /// Opens the state; the lock goes with it. Whether it is an archive stays as it is.
    ///
    /// # Errors
    /// As [`State::open_in`].
    pub fn state(self) -> Result<State, state::Error> {
        State::open_in(self.folder, self.options, no_block)
    }

    /// The same; those of these tenants that are not there yet are there from the next block on.
    ///
    /// # Errors
    /// As [`State::open_in`]; [`StartError::Registry`].
    pub fn state_with(self, tenants: &[Psi]) -> Result<State, StartError> {
        let state = State::open_in(self.folder, self.options, no_block)?;
        let (registry, sources) = (self.registry, Sources::system()?);
        for psi in tenants.iter().filter(|psi| registry.get(psi).is_none()) {
            state.join(|joined| {
                registry.add(std::slice::from_ref(psi), None, Origin::Random(&sources), joined)?;
                let tenant = registry.get(psi).ok_or_else(|| RegistryError::Unknown(psi.clone()))?;
                Ok::<_, StartError>(storage_keys(&tenant))
            })?;
        }
        Ok(state)
    }

    /// Opens the state, which is no archive any more.
    ///
    /// # Errors
    /// As [`State::open_in`].
    pub fn without_archive(self) -> Result<State, state::Error> {
        State::open_in(self.folder, StateOptions { archive: Archive::Off, ..self.options }, no_block)
    }

    /// Takes the public state over from an export: the chain begins here with the block it was taken after.
    ///
    /// # Errors
    /// As [`State::begin_from`].
    pub fn begin_from(
        self,
        export: &Path,
        expected: Expected,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Exported, state::Error> {
        State::begin_from(self.folder, self.options, export, expected, progress).map(|(_, exported)| exported)
    }
}

/// A node that was killed in its first moments has no block yet, and only its next start makes it.
fn no_block() -> Result<StateWrites, state::Error> {
    Err(state::Error::Asked("the folder holds no block yet; start its node once".into()))
}

fn check_chain(config: &Config) -> Result<(), StartError> {
    if config.data.join(state::LOG_FOLDER).exists() {
        return Ok(());
    }
    Err(StartError::NoChain { path: config.data.clone() })
}
