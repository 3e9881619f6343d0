//! What opens a node's folder: the secret of its key store, the keys, the registry of its tenants. Not here: how they are kept (`organisation`). Invariants: a node that is not for tests
//! needs a secret from outside, before anything is made; a new key has its record of what was signed first.

use std::io;
use std::path::Path;
use std::sync::Arc;

use coffer_abi::Height;
use coffer_chain::Psi;
use zeroize::Zeroizing;

use super::publishing::Own;
use super::{StartError, write_whole};
use crate::config::Config;
use crate::consensus::engine::Files;
use crate::invoke::{InvokeError, add_tenant};
use crate::organisation::key_store::{FILE as KEYS_FILE, Origin};
use crate::organisation::registry::Standing;
use crate::organisation::{KeyHolder, KeyStore, Registry};
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::{Residents, TenantSecret};
use crate::sources::Sources;
use crate::state::{self, State};

/// Environment variable with the secret that opens the key store.
pub const KEY_SECRET: &str = "COFFER_KEY_SECRET";

/// Name of the file with the secret of a node for tests.
pub(super) const DEV_SECRET: &str = "dev-secret";

/// The key store of a data folder, or a new one.
pub(super) fn open_keys(
    data: &Path,
    config: &Config,
    secret: &[u8],
    origin: Origin<'_>,
) -> Result<KeyStore, StartError> {
    if !data.join(KEYS_FILE).exists() {
        // ORDER: before the keys. A key store without it holds a node key that may have signed anything.
        Files::begin(data)?;
    }
    Ok(KeyStore::open_or_create(data, secret, origin, &config.accounts)?)
}

/// The registry of tenants of a data folder, or a new one. As long as no chain was begun with it, those that the configuration names are in it from the first block on.
pub(super) fn open_registry(
    data: &Path,
    config: &Config,
    keys: &KeyStore,
    origin: Origin<'_>,
) -> Result<Registry, StartError> {
    let has_chain = data.join(state::LOG_FOLDER).exists();
    let registry = Registry::open_or_create(data, keys, config.psi_capacity, has_chain)?;
    let new: Vec<Psi> = config.tenants.iter().filter(|psi| registry.get(psi).is_none()).cloned().collect();
    if !registry.is_settled() && !new.is_empty() {
        registry.add(&new, None, origin, Height(0))?;
    }
    Ok(registry)
}

/// The tenants of a node for who opens what is theirs. `epoch` is that of the node's tag key on the chain.
pub(super) fn residents(registry: &Registry, keys: &KeyStore, epoch: u32) -> Residents {
    let secret = keys.node_secret();
    let tag = |epoch| TagSecret::of_node(&secret, epoch);
    let tenants = registry.tenants();
    let secrets = tenants.iter().map(|tenant| (tenant.psi.clone(), TenantSecret::new(&tenant.secret)));
    let residents = Residents::new(secrets.collect(), keys.node_key(), tag(epoch), epoch.checked_sub(1).map(tag));
    residents
        .set_inactive(tenants.iter().filter(|tenant| tenant.standing != Standing::Active).map(|tenant| &tenant.psi));
    residents
}

/// Epoch of the tag key that the chain has of this node, or that of a first one. A key there that is not this node's own of that epoch is told: nobody who seals for it reaches this node.
pub(super) fn tag_epoch(state: &State, keys: &KeyStore) -> Result<u32, state::Error> {
    let Some(record) = state.public().tag_key(&keys.node_key())? else { return Ok(0) };
    let own = TagSecret::of_node(&keys.node_secret(), record.epoch).key();
    if *own.published() != record.key.0 {
        let (epoch, key) = (record.epoch, record.key);
        tracing::error!(epoch, %key, "the tag key of this node on the chain is not that of this key store: markers for its tenants are not found here; restore the key store that published it");
    }
    Ok(record.epoch)
}

/// Settles the registry of a node that has its chain, and takes in what the configuration has beyond it: room for more private states, and new tenants.
pub(super) fn come(
    config: &Config,
    (state, registry, residents): (&State, &Registry, &Residents),
    origin: Origin<'_>,
) -> Result<(), StartError> {
    registry.settle()?;
    let grown =
        state.grow(config.psi_capacity, |since| registry.grow(since, config.psi_capacity).map_err(StartError::from));
    match grown {
        // A node that was put back without its chain must start to get there.
        Err(StartError::State(error @ state::Error::Behind { .. })) => {
            tracing::warn!(%error, "the trie of private states has no more room yet; start the node again later");
        }
        grown => grown?,
    }
    for psi in config.tenants.iter().filter(|psi| registry.get(psi).is_none()) {
        match add_tenant((state, registry, residents), psi, None, origin) {
            Err(InvokeError::State(error @ state::Error::Behind { .. })) => {
                tracing::warn!(%psi, %error, "a tenant of the settings has not come yet; start the node again later");
            }
            added => drop(added?),
        }
    }
    Ok(())
}

/// What the chain is to know of this node.
pub(super) fn own(config: &Config, keys: &Arc<KeyStore>, registry: &Arc<Registry>) -> Own {
    let managed = keys.accounts();
    let acting = |psi: &Psi| {
        let names = config.accounts_of(psi);
        managed.iter().filter(|account| names.contains(&account.name)).map(|account| account.id).collect()
    };
    Own {
        node: keys.node_signer(),
        secret: keys.node_secret(),
        keys: Arc::clone(keys),
        registry: Arc::clone(registry),
        acting: config.tenants.iter().map(|psi| (psi.clone(), acting(psi))).collect(),
        others: managed
            .iter()
            .filter(|account| config.accounts.contains(&account.name))
            .map(|account| account.id)
            .collect(),
    }
}

/// The secret in the environment. An empty one is none.
pub(super) fn given_secret() -> Option<Zeroizing<Vec<u8>>> {
    let secret = std::env::var_os(KEY_SECRET).map(|secret| Zeroizing::new(secret.into_encoded_bytes()));
    secret.filter(|secret| !secret.is_empty())
}

/// Refuses a node that is not for tests and was given no secret, before anything is made.
pub(super) fn check_secret(config: &Config) -> Result<(), StartError> {
    if config.test_network || given_secret().is_some() {
        return Ok(());
    }
    Err(StartError::NoSecret { data: config.data.clone() })
}

/// The secret that opens the key store of a folder: from the environment; of a node for tests else from a file beside it, which protects nothing.
pub(super) fn key_secret(folder: &Path, config: &Config, sources: &Sources) -> Result<Zeroizing<Vec<u8>>, StartError> {
    if let Some(secret) = given_secret() {
        return Ok(secret);
    }
    check_secret(config)?;
    let path = folder.join(DEV_SECRET);
    match std::fs::read(&path) {
        Ok(secret) => Ok(Zeroizing::new(secret)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let random = Zeroizing::new(sources.bytes::<32>());
            let secret = Zeroizing::new(hex::encode(*random).into_bytes());
            write_whole(&path, &secret)?;
            Ok(secret)
        }
        Err(source) => Err(StartError::Io { path, source }),
    }
}
