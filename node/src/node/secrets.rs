//! What opens a node's folder: the secret of its key store, the keys, the secrets of its tenants. Not here: how they are kept (`key_store`). Invariants: a node that is not for tests
//! needs a secret from outside, before anything is made; a new key has its record of what was signed first.

use std::io;
use std::path::Path;
use std::sync::Arc;

use coffer_chain::Psi;
use zeroize::Zeroizing;

use super::publishing::Own;
use super::{StartError, write_whole};
use crate::config::Config;
use crate::consensus::engine::Files;
use crate::organisation::key_store::{FILE as KEYS_FILE, Origin};
use crate::organisation::{KeyHolder, KeyStore};
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
    Ok(KeyStore::open_or_create(data, secret, origin, &config.accounts, &config.tenants)?)
}

/// The registry of a node's tenants. `epoch` is that of the node's tag key on the chain.
pub(super) fn residents(tenants: Vec<(Psi, TenantSecret)>, keys: &KeyStore, epoch: u32) -> Residents {
    let secret = keys.node_secret();
    let tag = |epoch| TagSecret::of_node(&secret, epoch);
    Residents::new(tenants.into_iter().collect(), keys.node_key(), tag(epoch), epoch.checked_sub(1).map(tag))
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

/// The tenants of a node with their secrets.
pub(super) fn tenants(config: &Config, keys: &KeyStore) -> Vec<(Psi, TenantSecret)> {
    let secret = |psi: &Psi| Some((psi.clone(), TenantSecret::new(&*keys.tenant_secret(psi)?)));
    config.tenants.iter().filter_map(secret).collect()
}

/// What the chain is to know of this node.
pub(super) fn own(config: &Config, keys: &Arc<KeyStore>) -> Own {
    let managed = keys.accounts();
    let acting = |psi: &Psi| {
        let names = config.accounts_of(psi);
        managed.iter().filter(|account| names.contains(&account.name)).map(|account| account.id).collect()
    };
    let with_accounts = |(psi, secret): (Psi, TenantSecret)| {
        let accounts = acting(&psi);
        (psi, secret, accounts)
    };
    Own {
        node: keys.node_signer(),
        secret: keys.node_secret(),
        keys: Arc::clone(keys),
        tenants: tenants(config, keys).into_iter().map(with_accounts).collect(),
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
