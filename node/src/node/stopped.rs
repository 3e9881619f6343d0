//! The data of a node that does not run: what the commands for them work on. Not here: the commands. Invariant: the folder is
//! locked as a running node would lock it, and nothing in it is made anew.

use std::path::Path;

use super::{Opened, StartError, check_complete, genesis, key_secret, state_options, tenants};
use crate::config::Config;
use crate::organisation::key_store::Origin;
use crate::sources::Sources;
use crate::state::{self, Archive, Folder, State, StateOptions};

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

    /// Opens the state, an archive or none as the configuration has it.
    ///
    /// # Errors
    /// As [`State::open_in`].
    pub fn configured_state(self) -> Result<State, state::Error> {
        State::open_in(self.folder, self.options)
    }
}
