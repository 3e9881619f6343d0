//! The data of a node that does not run: what the commands for them work on. Not here: the commands. Invariant: the folder is
//! locked as a running node would lock it, and nothing in it is made anew.

use std::path::Path;

use super::{GENESIS_FILE, Opened, StartError, check_complete, genesis, key_secret, state_options, tenants};
use coffer_abi::Hash;

use crate::config::Config;
use crate::organisation::key_store::Origin;
use crate::sources::Sources;
use crate::state::{self, Archive, Exported, Folder, State, StateOptions};

/// The locked data folder of a node that does not run.
pub struct StoppedNode {
    folder: Folder,
    options: StateOptions,
}

impl StoppedNode {
    /// Locks a data folder and opens its key store.
    ///
    /// # Errors
    /// [`StartError::NoChain`]; [`StartError::State`] when a node holds it; else as the start of a node.
    pub fn open(config: &Config) -> Result<Self, StartError> {
        if !config.data.join(state::LOG_FOLDER).exists() {
            return Err(StartError::NoChain { path: config.data.clone() });
        }
        Self::load(config)
    }

    /// The same for a folder that has the genesis of a chain, but none of the chain yet, or an import of its public state
    /// that is under way.
    ///
    /// # Errors
    /// [`StartError::NoGenesis`]; else as [`StoppedNode::open`].
    pub fn empty(config: &Config) -> Result<Self, StartError> {
        if !config.data.join(GENESIS_FILE).exists() {
            return Err(StartError::NoGenesis { path: config.data.clone() });
        }
        Self::load(config)
    }

    fn load(config: &Config) -> Result<Self, StartError> {
        let folder = Folder::open(&config.data)?;
        check_complete(&config.data)?;
        let sources = Sources::system()?;
        let origin = Origin::Random(&sources);
        let keys = Opened::keys(config, &key_secret(&config.data, &sources)?, origin)?;
        let genesis = genesis(&config.data, origin, &keys)?;
        let options = state_options(config, &keys, genesis, &tenants(config, &keys));
        Ok(Self { folder, options })
    }

    /// Its folder, for what is done to files as a whole.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Opens the state; the lock goes with it. Whether it is an archive stays as it is.
    ///
    /// # Errors
    /// As [`State::open_in`].
    pub fn state(self) -> Result<State, state::Error> {
        State::open_in(self.folder, StateOptions { archive: Archive::AsItWas, ..self.options })
    }

    /// Takes the public state over from an export: the chain begins here with the block it was taken after.
    ///
    /// # Errors
    /// As [`State::begin_from`].
    pub fn begin_from(
        self,
        export: &Path,
        root: Option<Hash>,
        progress: &mut dyn FnMut(&str, u64),
    ) -> Result<Exported, state::Error> {
        State::begin_from(self.folder, self.options, export, root, progress).map(|(_, exported)| exported)
    }

    /// Opens the state, an archive or none as the configuration has it.
    ///
    /// # Errors
    /// As [`State::open_in`].
    pub fn configured_state(self) -> Result<State, state::Error> {
        State::open_in(self.folder, self.options)
    }
}
