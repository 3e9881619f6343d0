//! The genesis of a data folder: read from it, or made for a new chain. Not here: what its network contract writes (`executor`), its comparison with
//! the state (`state`). Invariant: the file is there whole or not at all, and what is in it was checked as far as that needs no execution.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use coffer_abi::{AccountId, Encode, Hash, Time, codec};
use coffer_chain::network::{Access, FirstNode, FirstOrganisation, Role, first_validators};
use coffer_chain::party::{AccountRole, FirstAccount, FirstParties, FirstParty, FirstTagKey};
use coffer_chain::{Genesis, Parameters, SystemContracts, versions};
use coffer_runtime::Runtime;

use super::{StartError, write_whole};
use crate::config::Config;
use crate::executor::first_writes;
use crate::organisation::key_store::Origin;
use crate::organisation::registry::Registered;
use crate::organisation::{KeyHolder, KeyStore, Registry};
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::{EPOCH, TenantSecret};
use crate::sources::{SEEDED_GENESIS, now, seeded_key};
use crate::state::{self, StateWrites};

/// Its name in a data folder.
pub(super) const FILE: &str = "genesis";
/// The organisation of a development node.
pub(super) const DEV_ORGANISATION: &str = "dev";
/// What block 0 tells of accounts and parties at most. More takes more events than a call has; their nodes publish those that are left out.
const FIRST_EVENTS: usize = 512;
/// Bytes of a genesis at most: its system contracts with room to spare.
pub(super) const MAX_BYTES: u64 = 256 << 20;

/// What a new chain begins with.
pub(super) struct NewChain {
    /// Makes it another chain than all others.
    pub salt: [u8; 32],
    /// Time of block 0.
    pub time: Time,
    /// Contracts that it comes with.
    pub system: SystemContracts,
    /// Its organisations; one of their nodes at least validates.
    pub organisations: Vec<FirstOrganisation>,
    /// Tag keys, accounts and parties of their nodes.
    pub parties: FirstParties,
}

impl NewChain {
    /// Its genesis, and what block 0 writes. Without a network contract nobody keeps the organisations: their validators stay for good.
    ///
    /// # Errors
    /// [`StartError::First`] when the network contract does not begin with this.
    pub fn begin(self, path: &Path, runtime: &Runtime) -> Result<(Genesis, StateWrites), StartError> {
        let mut genesis = self.document(path)?;
        let writes = first(path, runtime, &genesis)?;
        genesis.state_root = writes.first_root();
        Ok((genesis, writes))
    }

    /// Its genesis without the root of its first state.
    fn document(self, path: &Path) -> Result<Genesis, StartError> {
        let Self { salt, time, system, organisations, mut parties } = self;
        shorten(&mut parties);
        let problem = || StartError::Genesis { path: path.to_owned(), problem: "would have no validators".into() };
        let validators = first_validators(&organisations).ok_or_else(problem)?;
        let (version, parameters, state_root) = (versions::NEWEST, Parameters::default(), Hash::ZERO);
        let mut genesis =
            Genesis { version, salt, time, validators, parameters, system, organisations, parties, state_root };
        if genesis.network().is_none() {
            genesis.organisations.clear();
            genesis.parties = FirstParties::default();
        }
        Ok(genesis)
    }
}

/// Leaves out what is too much for block 0: accounts and parties at the end, and accounts that would act and are left out.
fn shorten(parties: &mut FirstParties) {
    let FirstParties { accounts, parties, .. } = parties;
    accounts.truncate(FIRST_EVENTS / 2);
    let known: BTreeSet<_> = accounts.iter().map(|account| account.account).collect();
    parties.iter_mut().for_each(|party| party.accounts.retain(|account| known.contains(account)));
    let mut left = FIRST_EVENTS - accounts.len();
    let fitting = parties.iter().take_while(|party| {
        let events = 1 + party.accounts.len();
        left.checked_sub(events).inspect(|rest| left = *rest).is_some()
    });
    let fitting = fitting.count();
    parties.truncate(fitting);
}

/// What block 0 of a chain writes.
pub(super) fn first(path: &Path, runtime: &Runtime, genesis: &Genesis) -> Result<StateWrites, StartError> {
    first_writes(runtime, genesis).map_err(|source| StartError::First { path: path.to_owned(), source })
}

/// The genesis of a data folder; `None` if it has none.
///
/// # Errors
/// [`StartError::Genesis`], [`StartError::Io`].
pub(super) fn read(path: &Path) -> Result<Option<Genesis>, StartError> {
    match std::fs::read(path) {
        Ok(bytes) => decode(path, &bytes).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartError::Io { path: path.to_owned(), source }),
    }
}

/// A genesis from its bytes, checked.
///
/// # Errors
/// [`StartError::Genesis`].
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Genesis, StartError> {
    let problem = |problem: String| StartError::Genesis { path: path.to_owned(), problem };
    let genesis: Genesis =
        codec::decode(bytes).map_err(|_| problem("is no genesis of this version of the program".into()))?;
    genesis.check().map_err(|error| problem(format!("cannot begin a chain: {error}")))?;
    Ok(genesis)
}

/// The genesis of a development node: that of its folder, or a new one with this node as the only validator, and then also what block 0 writes.
///
/// # Errors
/// [`StartError::Genesis`], [`StartError::First`], [`StartError::Io`]; [`state::Error::OtherChain`] when the folder is of another seed.
pub(super) fn of_folder(
    config: &Config,
    stored: Option<Genesis>,
    origin: Origin<'_>,
    (keys, registry): (&KeyStore, &Registry),
    runtime: &Runtime,
) -> Result<(Genesis, Option<StateWrites>), StartError> {
    let path = config.data.join(FILE);
    let new = |salt, time, system: &SystemContracts| NewChain {
        salt,
        time,
        system: system.clone(),
        organisations: vec![own_organisation(DEV_ORGANISATION, keys, Vec::new())],
        parties: own_parties(DEV_ORGANISATION, config, keys, registry),
    };
    let Some(stored) = stored else {
        let new = match origin {
            Origin::Random(sources) => new(sources.bytes(), now(), &config.system),
            Origin::Seed(seed) => new(seeded_key(seed, FILE), SEEDED_GENESIS, &config.system),
        };
        let (genesis, writes) = new.begin(&path, runtime)?;
        write_whole(&path, &genesis.encode())?;
        return Ok((genesis, Some(writes)));
    };
    if let Origin::Seed(seed) = origin {
        // Its system contracts came with the program that began it, which may have been an older one.
        let expected = new(seeded_key(seed, FILE), SEEDED_GENESIS, &stored.system).document(&path)?;
        // Its state root is compared with what the state comes to. Tenants and accounts may have come since.
        let expected = Genesis { state_root: stored.state_root, parties: stored.parties.clone(), ..expected };
        if stored != expected {
            let (found, expected) = (stored.chain_id(), expected.chain_id());
            return Err(state::Error::OtherChain { dir: config.data.clone(), found, expected }.into());
        }
    }
    Ok((stored, None))
}

/// An organisation whose one node, a validator, is this one.
pub(super) fn own_organisation(name: &str, keys: &KeyStore, addresses: Vec<String>) -> FirstOrganisation {
    let node = FirstNode { key: keys.node_key(), access: Access::Trusted, addresses, role: Role::Validator };
    FirstOrganisation {
        name: name.to_owned(),
        key: keys.organisation_key(),
        access: Access::Trusted,
        nodes: vec![node],
    }
}

/// What a founding node publishes of itself: its tag key, the accounts that it manages, and its tenants as parties, with those of them that act for each. An account that the configuration does not name any more
/// is left out.
pub(super) fn own_parties(organisation: &str, config: &Config, keys: &KeyStore, registry: &Registry) -> FirstParties {
    let node = keys.node_key();
    let tag = TagSecret::of_node(&keys.node_secret(), EPOCH).key();
    let managed = keys.accounts();
    let of = |names: &[String]| -> Vec<AccountId> {
        managed.iter().filter(|account| names.contains(&account.name)).map(|account| account.id).collect()
    };
    let accounts = of(&config.accounts);
    let account = |account: &AccountId| FirstAccount {
        account: *account,
        organisation: organisation.to_owned(),
        role: AccountRole::Administer,
    };
    let party = |tenant: &Registered| {
        let secret = TenantSecret::new(&tenant.secret);
        FirstParty {
            party: secret.party(),
            organisation: organisation.to_owned(),
            node,
            key: AccountId(*secret.encryption(EPOCH).key().published()),
            accounts: of(config.accounts_of(&tenant.psi)),
        }
    };
    FirstParties {
        tag_keys: vec![FirstTagKey { node, key: AccountId(*tag.published()) }],
        accounts: accounts.iter().map(account).collect(),
        parties: registry.tenants().iter().map(party).collect(),
    }
}
