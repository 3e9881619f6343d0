//! Folders for nodes that are to run later: keys, and the genesis of a new chain or of one that is there. Not here: configuration files (`cli`). Invariants:
//! what a folder has is never replaced; a folder that gets a genesis has its keys already.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coffer_abi::{AccountId, Encode, Hash};
use coffer_chain::network::{FirstOrganisation, first_validators};
use coffer_chain::party::FirstParties;
use coffer_chain::{Genesis, versions};
use coffer_runtime::Runtime;
use coffer_runtime::engine::NoCache;

use super::genesis::{self, NewChain, own_organisation, own_parties};
use super::{
    StartError, check_complete, check_secret, engine, key_secret, missing, open_keys, open_registry, write_whole,
};
use crate::config::Config;
use crate::organisation::key_store::Origin;
use crate::organisation::{KeyStore, Registry};
use crate::sources::{Sources, now};
use crate::state::Folder;

/// A node with which a chain begins.
#[derive(Clone, Debug)]
pub struct Founder {
    /// Its data folder; made if it is not there.
    pub data: PathBuf,
    /// Its organisation, one of its own.
    pub organisation: String,
    /// Where it listens for other nodes, as `host:port`.
    pub addresses: Vec<String>,
}

/// A folder that a node can run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The node's key.
    pub node: AccountId,
    /// The key of its organisation.
    pub organisation: AccountId,
    /// The chain.
    pub chain_id: Hash,
    /// The organisations that the chain began with.
    pub organisations: Vec<FirstOrganisation>,
}

/// A folder with its keys, locked.
struct Keyed {
    _lock: Folder,
    path: PathBuf,
    keys: KeyStore,
    registry: Registry,
}

/// Begins a chain of these nodes, each the validator of its organisation: makes their keys and one genesis, which goes into every folder. Asked again with the same
/// nodes for one folder, it tells what is there. The settings say what the chain comes with and how code is compiled.
///
/// # Errors
/// [`StartError::Prepared`] when a folder is of another chain; [`StartError::First`] when the network contract refuses what the chain is to begin with; else
/// as the start of a node.
pub fn begin(config: &Config, founders: &[Founder]) -> Result<Vec<Prepared>, StartError> {
    let sources = Sources::system()?;
    let folders: Vec<Keyed> =
        founders.iter().map(|founder| Keyed::open(&founder.data, config, &sources)).collect::<Result<_, _>>()?;
    let organisations: Vec<_> = founders
        .iter()
        .zip(&folders)
        .map(|(founder, folder)| own_organisation(&founder.organisation, &folder.keys, founder.addresses.clone()))
        .collect();
    let mut known = Vec::new();
    for folder in &folders {
        known.extend(genesis::read(&folder.genesis())?);
    }
    let chain = match known.first() {
        Some(first) => {
            let is_of_these = match first.network() {
                Some(_) => first.organisations == organisations,
                None => first_validators(&organisations).as_ref() == Some(&first.validators),
            };
            let is_same = is_of_these && known.len() == folders.len() && known.iter().all(|other| other == first);
            if !is_same {
                let path = folders.first().map_or_else(PathBuf::new, Keyed::genesis);
                return Err(StartError::Prepared { path, chain_id: first.chain_id() });
            }
            first.clone()
        }
        None => {
            let compiler = config.execution.compile.compiler();
            let engine = engine(versions::NEWEST, config)?;
            let runtime = Runtime::with(engine, compiler, Arc::new(NoCache))?;
            let mut parties = FirstParties::default();
            for (founder, folder) in founders.iter().zip(&folders) {
                parties.extend(own_parties(&founder.organisation, config, &folder.keys, &folder.registry));
            }
            let (salt, time, system) = (sources.bytes(), now(), config.system.clone());
            let new = NewChain { salt, time, system, organisations, parties };
            let path = folders.first().map_or_else(PathBuf::new, Keyed::genesis);
            new.begin(&path, &runtime)?.0
        }
    };
    folders.iter().map(|folder| folder.join(&chain)).collect()
}

/// Prepares a folder for a node of a chain that is there: makes its keys, and takes the genesis from a file. Asked again, it tells what is there.
///
/// # Errors
/// As [`begin`]; [`StartError::Genesis`] when the file holds no genesis.
pub fn join(config: &Config, file: &Path) -> Result<Prepared, StartError> {
    let chain = read_genesis(file)?;
    // Before any key is made: what this program cannot follow is better found out now.
    engine(chain.version, config)?;
    Keyed::open(&config.data, config, &Sources::system()?)?.join(&chain)
}

/// The genesis in a file.
///
/// # Errors
/// [`StartError::Io`]; [`StartError::Genesis`] when the file holds no genesis.
pub fn read_genesis(file: &Path) -> Result<Genesis, StartError> {
    let failed = |source| StartError::Io { path: file.to_owned(), source };
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    opened.take(genesis::MAX_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    genesis::decode(file, &bytes)
}

/// Checks that the folder of a configuration has what a node needs that others know already: its keys, and the genesis of its chain.
///
/// # Errors
/// [`StartError::NotInitialised`] with the file that is missing.
pub fn check_prepared(config: &Config) -> Result<(), StartError> {
    missing(config).map_or(Ok(()), |path| Err(StartError::NotInitialised { path }))
}

impl Keyed {
    fn open(data: &Path, config: &Config, sources: &Sources) -> Result<Self, StartError> {
        check_secret(config)?;
        let lock = Folder::open(data)?;
        let own = Config { data: data.to_owned(), ..config.clone() };
        check_complete(&own)?;
        let secret = key_secret(data, &own, sources)?;
        let origin = Origin::Random(sources);
        let keys = open_keys(data, config, &secret, origin)?;
        let registry = open_registry(data, config, &keys, origin)?;
        Ok(Self { _lock: lock, path: data.to_owned(), keys, registry })
    }

    fn genesis(&self) -> PathBuf {
        self.path.join(genesis::FILE)
    }

    /// Puts the genesis into the folder, unless it is there.
    fn join(&self, chain: &Genesis) -> Result<Prepared, StartError> {
        let path = self.genesis();
        match genesis::read(&path)? {
            Some(known) if known != *chain => {
                return Err(StartError::Prepared { path, chain_id: known.chain_id() });
            }
            Some(_) => {}
            None => write_whole(&path, &chain.encode())?,
        }
        Ok(Prepared {
            node: self.keys.node_key(),
            organisation: self.keys.organisation_key(),
            chain_id: chain.chain_id(),
            organisations: chain.organisations.clone(),
        })
    }
}

/// Runs what takes the disk or the processor on a thread that may block, as most of a node's start does.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StartError> + Send + 'static,
) -> Result<T, StartError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| coffer_runtime::Fault::Engine(format!("the start did not finish: {e}")))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::Place;

    fn config(folder: &Path) -> Config {
        let mut config = Config { test_network: true, ..Config::node(folder.into()) };
        // The program that runs these tests is not `coffer`.
        config.execution.compile.place = Place::Here;
        config
    }

    fn founder(folder: &Path, organisation: &str) -> Founder {
        Founder { data: folder.into(), organisation: organisation.into(), addresses: vec!["a:1".into()] }
    }

    #[test]
    fn a_folder_is_prepared_once_and_asked_again_it_says_the_same() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let founders = [founder(one.path(), "A"), founder(two.path(), "B")];
        assert!(matches!(check_prepared(&config(one.path())), Err(StartError::NotInitialised { .. })));
        let made = begin(&config(one.path()), &founders).unwrap();
        assert_eq!(made[0].chain_id, made[1].chain_id);
        assert_ne!(made[0].node, made[1].node);
        assert_eq!(begin(&config(one.path()), &founders).unwrap(), made);
        check_prepared(&config(two.path())).unwrap();

        let genesis = one.path().join(genesis::FILE);
        let third = tempfile::tempdir().unwrap();
        let joined = join(&config(third.path()), &genesis).unwrap();
        assert_eq!(joined.chain_id, made[0].chain_id);
        assert_eq!(join(&config(third.path()), &genesis).unwrap(), joined);
    }

    #[test]
    fn a_folder_of_another_chain_is_refused_and_stays_as_it_is() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let made = begin(&config(one.path()), &[founder(one.path(), "A")]).unwrap();
        begin(&config(two.path()), &[founder(two.path(), "A")]).unwrap();
        let (mine, other) = (one.path().join(genesis::FILE), two.path().join(genesis::FILE));
        let bytes = std::fs::read(&mine).unwrap();
        let error = join(&config(one.path()), &other).unwrap_err();
        assert!(matches!(error, StartError::Prepared { chain_id, .. } if chain_id == made[0].chain_id), "{error}");
        let both = [founder(one.path(), "A"), founder(two.path(), "B")];
        assert!(matches!(begin(&config(one.path()), &both), Err(StartError::Prepared { .. })));
        assert_eq!(std::fs::read(&mine).unwrap(), bytes);
        std::fs::write(&other, b"nonsense").unwrap();
        let third = tempfile::tempdir().unwrap();
        assert!(matches!(join(&config(&third.path().join("new")), &other), Err(StartError::Genesis { .. })));
        assert!(!third.path().join("new").exists(), "nothing is made before the genesis is read");
    }
}
