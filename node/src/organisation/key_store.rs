//! The node's keys: node key, relay key, organisation key, managed accounts, tenant secrets, in one encrypted file. Layout: magic line, 16-byte salt,
//! 24-byte nonce, XChaCha20-Poly1305 of the SCALE-encoded content under Argon2id(secret, salt).
//! Invariant: the file is replaced as a whole or not at all; a key leaves the store only as a signature.

use std::io;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use coffer_abi::{AccountId, Decode, Encode, Hash, codec};
use coffer_chain::hash::Domain;
use coffer_chain::party::Part;
use coffer_chain::{PartyStatement, Psi, Signature, SigningKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::durable::write_whole;
use crate::sources::{Sources, seeded_key};

const MAGIC: &[u8] = b"coffer-keys-3\n";
/// Of a store that names the tenants of its node, which since stand in a file of their own.
const OLDER: &[u8] = b"coffer-keys-2\n";
/// Name of the store in a data folder.
pub const FILE: &str = "keys";
/// Name of the node's own key, as an account.
pub const NODE: &str = "node";
/// Name of the organisation's key, as an account.
pub const ORGANISATION: &str = "organisation";
const SALT: usize = 16;
const NONCE: usize = 24;

/// Why the key store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system refused.
    #[error("key store {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// Not a key store of this version.
    #[error("{0} is no Coffer key store of version 3 or 2")]
    NotAKeyStore(PathBuf),
    /// Wrong secret, or a damaged file: the cipher cannot tell which.
    #[error("{0} does not open: the secret is wrong or the file is damaged")]
    DoesNotOpen(PathBuf),
    /// The key derivation failed.
    #[error("the key could not be derived from the secret: {0}")]
    Derivation(String),
    /// The store has no key for this account.
    #[error("this node keeps no key of account {0}")]
    UnknownAccount(AccountId),
}

/// A managed account as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    /// Name on this node.
    pub name: String,
    /// The account.
    pub id: AccountId,
}

/// Signs for accounts without giving their keys away. A file now; a vault or a process of its own later. Called from blocking threads;
/// may fail; need not be deterministic but ed25519 is.
pub trait KeyHolder: Send + Sync {
    /// The accounts it signs for, in the order they were made.
    fn accounts(&self) -> Vec<AccountInfo>;

    /// The node's own key and its organisation's, as accounts named [`NODE`] and [`ORGANISATION`]: they sign what the network contract is to do, the organisation's
    /// recoveries of the chain too, and nothing else.
    fn own(&self) -> [AccountInfo; 2];

    /// Signs a hash for one chain in one domain.
    ///
    /// # Errors
    /// [`KeyError::UnknownAccount`].
    fn sign(&self, account: &AccountId, domain: Domain, chain_id: &Hash, what: &Hash) -> Result<Signature, KeyError>;
}

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct NamedSeed {
    #[zeroize(skip)]
    name: String,
    seed: [u8; 32],
}

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct NamedTenant {
    #[zeroize(skip)]
    psi: String,
    secret: [u8; 32],
}

#[derive(Clone, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct Content {
    node: [u8; 32],
    relay: [u8; 32],
    organisation: [u8; 32],
    node_secret: [u8; 32],
    accounts: Vec<NamedSeed>,
    /// None but in an older store, where they stay as they were.
    tenants: Vec<NamedTenant>,
}

/// The opened key store.
pub struct KeyStore {
    path: PathBuf,
    relay: SigningKey,
    /// The node's key and the organisation's, in this order.
    own: [SigningKey; 2],
    accounts: Vec<(AccountInfo, SigningKey)>,
    content: Content,
    is_older: bool,
}

/// What a new key store starts with.
#[derive(Clone, Copy, Debug)]
pub enum Origin<'a> {
    /// Random keys.
    Random(&'a Sources),
    /// Keys that follow from a dev seed.
    Seed(u64),
}

impl Origin<'_> {
    pub(super) fn key(&self, label: &str) -> [u8; 32] {
        match self {
            Self::Random(sources) => sources.bytes(),
            Self::Seed(seed) => seeded_key(*seed, label),
        }
    }
}

impl KeyStore {
    /// Opens the key store of a data folder, or makes one. Keys of accounts that are asked for and not there yet are added
    /// and the file is replaced; keys that are there and not asked for stay.
    ///
    /// # Errors
    /// [`KeyError`]; nothing is changed then.
    pub fn open_or_create(
        folder: &Path,
        secret: &[u8],
        origin: Origin<'_>,
        accounts: &[String],
    ) -> Result<Self, KeyError> {
        let path = folder.join(FILE);
        let (mut content, is_older, mut changed) = match read(&path, secret)? {
            Some((content, is_older)) => (content, is_older, false),
            None => {
                let keys = ["node", "relay", "organisation", "node secret"].map(|label| origin.key(label));
                let [node, relay, organisation, node_secret] = keys;
                (Content { node, relay, organisation, node_secret, accounts: vec![], tenants: vec![] }, false, true)
            }
        };
        for name in accounts {
            if !content.accounts.iter().any(|a| a.name == *name) {
                let seed = origin.key(&format!("account {name}"));
                content.accounts.push(NamedSeed { name: name.clone(), seed });
                changed = true;
            }
        }
        if changed {
            write(&path, secret, &content, is_older)?;
        }
        let accounts = content.accounts.iter().map(|a| {
            let key = SigningKey::from_seed(&a.seed);
            (AccountInfo { name: a.name.clone(), id: key.account() }, key)
        });
        let accounts = accounts.collect();
        let own = [&content.node, &content.organisation].map(SigningKey::from_seed);
        Ok(Self { path, relay: SigningKey::from_seed(&content.relay), own, accounts, content, is_older })
    }

    /// Public half of the key that votes and identifies the node.
    pub fn node_key(&self) -> AccountId {
        self.own[0].account()
    }

    /// The key that votes.
    pub fn node_signer(&self) -> SigningKey {
        SigningKey::from_seed(&self.content.node)
    }

    /// Seed of that key, for the network, which proves it to other nodes.
    pub fn node_seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.content.node)
    }

    /// Public half of the key that holds the rights of the organisation that this node was made for.
    pub fn organisation_key(&self) -> AccountId {
        self.own[1].account()
    }

    /// The organisation key's consent to a party of its own.
    pub fn consent(&self, statement: &PartyStatement) -> Signature {
        statement.sign(Part::Consent, &self.own[1])
    }

    /// Key that signs markers.
    pub fn relay_key(&self) -> &SigningKey {
        &self.relay
    }

    /// Secret of the node that dummy leaves of the trie of private states, its tag key and the seals of its compiled code derive from.
    pub fn node_secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.content.node_secret)
    }

    /// The tenants that an older store names, with the secrets that all their keys derive from; `None` of one of today.
    pub(super) fn older_tenants(&self) -> Option<Vec<(Psi, Zeroizing<[u8; 32]>)>> {
        let tenant = |tenant: &NamedTenant| Some((tenant.psi.parse().ok()?, Zeroizing::new(tenant.secret)));
        self.is_older.then(|| self.content.tenants.iter().filter_map(tenant).collect())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl KeyHolder for KeyStore {
    fn accounts(&self) -> Vec<AccountInfo> {
        self.accounts.iter().map(|(info, _)| info.clone()).collect()
    }

    fn own(&self) -> [AccountInfo; 2] {
        let named = |name: &str, id| AccountInfo { name: name.into(), id };
        [named(NODE, self.node_key()), named(ORGANISATION, self.organisation_key())]
    }

    fn sign(&self, account: &AccountId, domain: Domain, chain_id: &Hash, what: &Hash) -> Result<Signature, KeyError> {
        if let Some((_, key)) = self.accounts.iter().find(|(info, _)| info.id == *account) {
            return Ok(key.sign(domain, chain_id, what));
        }
        let signs = |key: &SigningKey| match domain {
            Domain::TransactionSignature => true,
            Domain::RecoverySignature => key.account() == self.organisation_key(),
            _ => false,
        };
        let key = self.own.iter().find(|key| key.account() == *account && signs(key));
        Ok(key.ok_or(KeyError::UnknownAccount(*account))?.sign(domain, chain_id, what))
    }
}

pub(super) fn derive(secret: &[u8], salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    let derived = Argon2::default().hash_password_into(secret, salt, &mut *key);
    derived.map_err(|e| KeyError::Derivation(e.to_string()))?;
    Ok(key)
}

fn read(path: &Path, secret: &[u8]) -> Result<Option<(Content, bool)>, KeyError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(KeyError::Io { path: path.into(), source });
        }
    };
    let is_older = bytes.starts_with(OLDER);
    let body = bytes.strip_prefix(if is_older { OLDER } else { MAGIC }).filter(|body| body.len() > SALT + NONCE);
    let body = body.ok_or_else(|| KeyError::NotAKeyStore(path.into()))?;
    let (salt, rest) = body.split_at(SALT);
    let (nonce, sealed) = rest.split_at(NONCE);
    let closed = || KeyError::DoesNotOpen(path.into());
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| closed())?;
    let key = derive(secret, salt)?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let text = Zeroizing::new(cipher.decrypt(&XNonce::from(nonce), sealed).map_err(|_| closed())?);
    codec::decode(&text).map(|content| Some((content, is_older))).map_err(|_| closed())
}

fn write(path: &Path, secret: &[u8], content: &Content, is_older: bool) -> Result<(), KeyError> {
    let failed = |source| KeyError::Io { path: path.into(), source };
    let mut random = [0; SALT + NONCE];
    getrandom::fill(&mut random).map_err(|e| failed(io::Error::other(e)))?;
    let (salt, nonce) = random.split_at(SALT);
    let key = derive(secret, salt)?;
    let text = Zeroizing::new(content.encode());
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| KeyError::DoesNotOpen(path.into()))?;
    let sealed = cipher.encrypt(&XNonce::from(nonce), text.as_slice());
    let sealed = sealed.map_err(|_| KeyError::DoesNotOpen(path.into()))?;
    let magic = if is_older { OLDER } else { MAGIC };
    write_whole(path, &[magic, &random, &sealed].concat()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn psi(name: &str) -> Psi {
        name.parse().unwrap()
    }

    fn open(folder: &Path, secret: &[u8], accounts: &[&str]) -> Result<KeyStore, KeyError> {
        let sources = Sources::system().unwrap();
        let accounts: Vec<String> = accounts.iter().map(|a| (*a).into()).collect();
        KeyStore::open_or_create(folder, secret, Origin::Random(&sources), &accounts)
    }

    #[test]
    fn keys_are_the_same_after_a_restart_and_new_ones_are_added() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), b"secret", &["alice"]).unwrap();
        let second = open(folder.path(), b"secret", &["alice", "bob"]).unwrap();
        assert_eq!(first.node_key(), second.node_key());
        assert_eq!(first.accounts()[0], second.accounts()[0]);
        assert_eq!(second.accounts().len(), 2);
    }

    #[test]
    fn an_older_store_keeps_its_tenants_whatever_is_added_to_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(open(folder.path(), b"secret", &["alice"]).unwrap().older_tenants().is_none());
        let path = folder.path().join(FILE);
        let (mut content, is_older) = read(&path, b"secret").unwrap().unwrap();
        assert!(!is_older);
        content.tenants.push(NamedTenant { psi: "PS1".into(), secret: [5; 32] });
        write(&path, b"secret", &content, true).unwrap();
        for accounts in [&["alice"][..], &["alice", "bob"]] {
            let store = open(folder.path(), b"secret", accounts).unwrap();
            assert_eq!(store.older_tenants().unwrap(), [(psi("PS1"), Zeroizing::new([5; 32]))]);
        }
    }

    #[test]
    fn a_wrong_secret_or_a_changed_byte_does_not_open_the_store() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path(), b"secret", &["alice"]).unwrap();
        assert!(matches!(open(folder.path(), b"other", &[]), Err(KeyError::DoesNotOpen(_))));
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(open(folder.path(), b"secret", &[]), Err(KeyError::DoesNotOpen(_))));
        std::fs::write(&path, b"hello").unwrap();
        assert!(matches!(open(folder.path(), b"secret", &[]), Err(KeyError::NotAKeyStore(_))));
    }

    #[test]
    fn the_store_signs_for_its_accounts_only() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), b"secret", &["alice"]).unwrap();
        let (chain, what) = (Hash([1; 32]), Hash([2; 32]));
        let id = store.accounts()[0].id;
        let signature = store.sign(&id, Domain::TransactionSignature, &chain, &what).unwrap();
        assert!(coffer_chain::sign::verify(&id, Domain::TransactionSignature, &chain, &what, &signature));
        let stranger = store.sign(&AccountId([9; 32]), Domain::TransactionSignature, &chain, &what);
        assert!(matches!(stranger, Err(KeyError::UnknownAccount(_))));
    }

    #[test]
    fn the_nodes_own_keys_sign_transactions_and_the_organisations_recoveries_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), b"secret", &["alice"]).unwrap();
        assert_eq!(store.accounts().len(), 1, "they are no managed accounts");
        let [node, organisation] = store.own();
        assert_eq!((node.id, organisation.id), (store.node_key(), store.organisation_key()));
        assert_ne!(node.id, organisation.id);
        let (chain, what) = (Hash([1; 32]), Hash([2; 32]));
        for key in [node.id, organisation.id] {
            let signature = store.sign(&key, Domain::TransactionSignature, &chain, &what).unwrap();
            assert!(coffer_chain::sign::verify(&key, Domain::TransactionSignature, &chain, &what, &signature));
            for domain in [Domain::Vote, Domain::ConsentSignature, Domain::InnerCallSignature] {
                assert!(matches!(store.sign(&key, domain, &chain, &what), Err(KeyError::UnknownAccount(_))));
            }
        }
        store.sign(&organisation.id, Domain::RecoverySignature, &chain, &what).unwrap();
        let by_node = store.sign(&node.id, Domain::RecoverySignature, &chain, &what);
        assert!(matches!(by_node, Err(KeyError::UnknownAccount(_))));
    }

    #[test]
    fn one_seed_gives_one_set_of_keys_in_any_folder() {
        let make = |seed| {
            let folder = tempfile::tempdir().unwrap();
            let names = ["alice".to_string()];
            let store = KeyStore::open_or_create(folder.path(), b"s", Origin::Seed(seed), &names).unwrap();
            (store.node_key(), store.accounts())
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
    }
}
