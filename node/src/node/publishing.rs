//! Puts on the chain what it lacks of this node: its tag key, the accounts that act here, its tenants as parties, and who acts for them. Not here: what a new chain begins with (`genesis`), what of it is allowed
//! (the network contract). Invariants: what is missing is read from the newest block each time, so nothing is published twice; what was sent is waited for before anything is sent again; what this node
//! cannot do is told once, with who can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::party::{AccountRole, Part};
use coffer_chain::{PartyStatement, Psi, Signature, SigningKey, TagKeyStatement};
use tokio::sync::watch;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::executor::keeps_parties;
use crate::invoke::{InvokeError, Invoker, Publication};
use crate::organisation::registry::{Registered, Standing};
use crate::organisation::{KeyStore, Registry};
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::{EPOCH, TenantSecret};
use crate::state::{self, View};

/// How long a node sees no new block before it takes its newest one for that of the chain.
const STILL: Duration = Duration::from_secs(3);
/// How long it waits after something failed; doubled up to [`LONGEST`].
const PAUSE: Duration = Duration::from_secs(5);
/// Between two looks at what somebody else has to do.
const SHORTEST: Duration = Duration::from_millis(500);
/// The longest of these waits.
const LONGEST: Duration = Duration::from_secs(300);
/// What is made and sent at once, at most, but for what one party lacks.
const AT_ONCE: usize = 128;
/// Heights for which a statement about a party is good.
const STATED: u64 = 200;

/// What a node has to publish.
pub(super) struct Own {
    /// Its key.
    pub node: SigningKey,
    /// What its tag keys derive from.
    pub secret: Zeroizing<[u8; 32]>,
    /// Its key store, with an organisation key that may be that of another organisation than the node's.
    pub keys: Arc<KeyStore>,
    /// Its tenants.
    pub registry: Arc<Registry>,
    /// Who acts for tenants that the configuration names.
    pub acting: BTreeMap<Psi, Vec<AccountId>>,
    /// Who acts for others of whom that was never said.
    pub others: Vec<AccountId>,
}

/// A tenant, as far as the chain is to know of it.
struct OwnParty {
    psi: Psi,
    secret: TenantSecret,
    /// Epoch of the key that the chain is to have.
    epoch: u32,
    is_closed: bool,
    accounts: Vec<AccountId>,
}

/// What the chain lacks of a node, as far as the node can mend it now.
#[derive(Default)]
pub(super) struct Lack {
    /// What to send. It needs nothing of each other.
    pub publications: Vec<Publication>,
    /// What others have to do, in words.
    pub obstacles: Vec<String>,
    /// The first of the tenants that something is sent of.
    first: Option<usize>,
}

/// Publishes what is missing, at once and after each change of the registry of tenants, until `stop` turns true. What somebody else has to do first is looked for after blocks.
///
/// # Errors
/// [`state::Error`] when this node cannot read its own state.
pub(super) async fn publish(own: Own, invoker: Invoker, mut stop: watch::Receiver<bool>) -> Result<(), state::Error> {
    let own = Arc::new(own);
    let (mut heads, mut told, mut pause, mut moved) = (invoker.state().watch(), BTreeSet::new(), PAUSE, Instant::now());
    let mut registered = own.registry.watch();
    let mut from = 0;
    loop {
        // A block of the past lacks what came later.
        let since = heads.borrow_and_update().height;
        registered.mark_unchanged();
        while let Ok(changed) = tokio::time::timeout_at(moved + STILL, heads.changed()).await {
            if changed.is_err() || *stop.borrow() {
                return Ok(());
            }
            heads.borrow_and_update();
            moved = Instant::now();
            if is_recent(&invoker) {
                break;
            }
        }
        let (looking, reader, chain_id) = (Arc::clone(&own), invoker.state().clone(), *invoker.chain_id());
        let looked = tokio::task::spawn_blocking(move || looking.lack_from(&reader.public(), &chain_id, from));
        let looked = looked.await.map_err(|error| state::Error::Failed(format!("the read did not finish: {error}")))?;
        let Lack { publications, obstacles, first } = looked?;
        let is_obstructed = !obstacles.is_empty();
        for obstacle in obstacles {
            if told.insert(obstacle.clone()) {
                tracing::warn!(%obstacle, "something of this node is not on the chain");
            }
        }
        let is_done = publications.is_empty();
        if is_done && from > 0 {
            // Those before may lack something again.
            from = 0;
            continue;
        }
        let sent = publications.into_iter().map(|publication| send(&invoker, publication));
        let all = futures::future::join_all(sent);
        let went = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            went = all => went.into_iter().all(|went| went),
        };
        if !is_done && went {
            // What these tenants lack next; those before them are done.
            (pause, from) = (PAUSE, first.unwrap_or(0));
            continue;
        }
        from = 0;
        let wait = if is_done { LONGEST } else { pause };
        pause = if is_done { PAUSE } else { (pause * 2).min(LONGEST) };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            changed = registered.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
            }
            // Something that is missing may be there, or possible, after another block.
            moved_on = another(&mut heads, since), if is_done && is_obstructed => {
                if !moved_on {
                    return Ok(());
                }
                moved = Instant::now();
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Waits for a block above a height, and a little longer: looking costs something for each tenant. `false` if there is none to come.
async fn another(heads: &mut watch::Receiver<state::Head>, since: Height) -> bool {
    let there = heads.wait_for(|head| head.height > since).await.is_ok();
    if there {
        tokio::time::sleep(SHORTEST).await;
    }
    there
}

/// True if the newest block is of the last minute.
pub(super) fn is_recent(invoker: &Invoker) -> bool {
    let age = crate::sources::now().0.saturating_sub(invoker.state().head().time.0);
    age < 60_000
}

/// Sends one and waits for what comes of it; `false` if it did not go, which is told.
pub(super) async fn send(invoker: &Invoker, publication: Publication) -> bool {
    let what = publication.what.clone();
    match invoker.publish(publication).await {
        Ok(settled) if settled.receipt.status.is_ok() => {
            tracing::info!(%what, height = %settled.height, "published");
            true
        }
        Ok(settled) => {
            tracing::warn!(%what, status = ?settled.receipt.status, "the network contract refuses what this node publishes");
            false
        }
        Err(InvokeError::NotSettled { tx }) => {
            tracing::warn!(%what, %tx, "what this node publishes is in no block yet");
            // It may still be included: nothing is sent again before it cannot be.
            while invoker.waits(&tx) {
                tokio::time::sleep(PAUSE).await;
            }
            false
        }
        Err(error) => {
            tracing::warn!(%what, %error, "this node cannot publish");
            false
        }
    }
}

impl Own {
    /// What a state of the chain lacks of the node and of its tenants from one on, up to [`AT_ONCE`].
    ///
    /// # Errors
    /// [`state::Error`]: the state cannot be read.
    pub fn lack_from(&self, view: &View, chain_id: &Hash, from: usize) -> Result<Lack, state::Error> {
        let mut lack = Lack::default();
        // Without tenants there is nobody to be found by a tag key.
        let tenants = self.registry.tenants();
        if tenants.is_empty() || !keeps_parties(view)? {
            return Ok(lack);
        }
        let id = self.node.account();
        let Some(node) = view.node(&id)? else {
            lack.obstacles.push(format!(
                "the node {id} is not on the chain: its organisation approves it (coffer network approve {id})"
            ));
            return Ok(lack);
        };
        let name = node.organisation;
        let Some(organisation) = view.organisation(&name)? else { return Ok(lack) };
        if organisation.suspended {
            lack.obstacles
                .push(format!("the organisation {name} is suspended: nothing is published until it is resumed"));
            return Ok(lack);
        }
        match view.tag_key(&id)? {
            None => {
                lack.publications.push(self.tag_key(chain_id));
                // Parties need it.
                return Ok(lack);
            }
            Some(record) if record.key.0 != *TagSecret::of_node(&self.secret, record.epoch).key().published() => {
                let (epoch, key) = (record.epoch, record.key);
                lack.obstacles.push(format!(
                    "the tag key {key} of epoch {epoch} is not that of this node's key store: restore the store that published it"
                ));
                return Ok(lack);
            }
            Some(_) => {}
        }
        let holds_key = organisation.key == self.keys.organisation_key();
        let accounts: BTreeSet<_> = tenants.iter().flat_map(|tenant| self.acting_for(tenant)).copied().collect();
        let mut known = BTreeSet::new();
        for account in accounts {
            match view.account(&account)? {
                Some(record) if record.organisation == name => {
                    known.insert(account);
                }
                Some(record) => lack.obstacles.push(format!(
                    "the account {account} is of the organisation {}, this node of {name}: use another account",
                    record.organisation
                )),
                None if holds_key => lack.publications.push(Publication {
                    what: format!("account {account}"),
                    sender: self.keys.organisation_key(),
                    key: None,
                    method: "set_account",
                    input: (account, AccountRole::Deploy).encode(),
                }),
                None => lack.obstacles.push(format!(
                    "the account {account} is not on the chain, and the key of {name} is not on this node: who has it calls `set_account` of the network contract"
                )),
            }
        }
        for (at, tenant) in tenants.iter().enumerate().skip(from) {
            let before = lack.publications.len();
            if before >= AT_ONCE {
                break;
            }
            let own = self.party(tenant);
            self.lack_of(view, (&name, holds_key), &own, chain_id, &mut lack)?;
            let OwnParty { psi, secret, accounts, .. } = &own;
            let party = secret.party();
            let serves = view.party(&party)?.is_some_and(|record| record.organisation == name && !record.retired);
            for account in accounts.iter().filter(|account| serves && known.contains(account)) {
                if !view.is_authorised(&party, account)? {
                    lack.publications.push(Publication {
                        what: format!("account {account} for private state `{psi}`"),
                        sender: party,
                        key: Some(secret.party_signer()),
                        method: "authorise",
                        input: account.encode(),
                    });
                }
            }
            if lack.publications.len() > before {
                lack.first = lack.first.or(Some(at));
            }
        }
        Ok(lack)
    }

    fn tag_key(&self, chain_id: &Hash) -> Publication {
        let (node, signer) = (self.node.account(), TagSecret::signer_of_node(&self.secret, EPOCH));
        let statement = TagKeyStatement { chain_id: *chain_id, node, key: signer.account(), epoch: EPOCH };
        Publication {
            what: format!("tag key {}", statement.key),
            sender: node,
            key: None,
            method: "set_tag_key",
            input: (statement.key, statement.sign(&signer)).encode(),
        }
    }

    /// What the chain lacks of a party.
    fn lack_of(
        &self,
        view: &View,
        (organisation, holds_key): (&str, bool),
        own: &OwnParty,
        chain_id: &Hash,
        lack: &mut Lack,
    ) -> Result<(), state::Error> {
        let OwnParty { psi, secret, epoch, is_closed, .. } = own;
        let (party, node) = (secret.party(), self.node.account());
        let Some(record) = view.party(&party)? else {
            if *is_closed {
                return Ok(());
            }
            if !holds_key {
                lack.obstacles.push(format!(
                    "the party {party} of private state `{psi}` is not on the chain, and the key of {organisation}, which has to consent, is not on this node"
                ));
                return Ok(());
            }
            let statement = self.statement(view, (secret, EPOCH), organisation, Vec::new(), chain_id);
            let (possession, acceptance) = self.signed(&statement, secret);
            let consent = self.keys.consent(&statement);
            let PartyStatement { organisation, node, key, custodians, until, .. } = statement;
            lack.publications.push(Publication {
                what: format!("party {party} of private state `{psi}`"),
                sender: party,
                key: Some(secret.party_signer()),
                method: "register_party",
                input: (organisation, node, key, custodians, until, possession, acceptance, consent).encode(),
            });
            return Ok(());
        };
        let found = AccountId(*secret.encryption(record.epoch).key().published());
        if record.node != node {
            lack.obstacles.push(format!(
                "the party {party} of private state `{psi}` is served by the node {}: its calls go there until it moves here (`change_party`)",
                record.node
            ));
        } else if record.organisation != organisation {
            lack.obstacles.push(format!(
                "the party {party} of private state `{psi}` is of the organisation {}, this node of {organisation}",
                record.organisation
            ));
        } else if record.retired && !is_closed {
            lack.obstacles
                .push(format!("the party {party} of private state `{psi}` is retired for good: use another tenant"));
        } else if record.key != found {
            lack.obstacles.push(format!(
                "the encryption key {} of private state `{psi}` on the chain is not that of this node's key store: what is sealed for it does not open here",
                record.key
            ));
        } else if *is_closed && !record.retired {
            lack.publications.push(Publication {
                what: format!("the end of party {party} of private state `{psi}`"),
                sender: party,
                key: Some(secret.party_signer()),
                method: "retire_party",
                input: Vec::new(),
            });
        } else if record.epoch < *epoch && !record.retired {
            let next = record.epoch.saturating_add(1);
            let statement = self.statement(view, (secret, next), organisation, record.custodians, chain_id);
            let (possession, acceptance) = self.signed(&statement, secret);
            let PartyStatement { node, key, custodians, until, .. } = statement;
            lack.publications.push(Publication {
                what: format!("key {key} of party {party} of private state `{psi}`"),
                sender: party,
                key: Some(secret.party_signer()),
                method: "change_party",
                input: (node, key, custodians, until, possession, acceptance).encode(),
            });
        }
        Ok(())
    }

    /// What a party's record is to say.
    fn statement(
        &self,
        view: &View,
        (secret, epoch): (&TenantSecret, u32),
        organisation: &str,
        custodians: Vec<AccountId>,
        chain_id: &Hash,
    ) -> PartyStatement {
        PartyStatement {
            chain_id: *chain_id,
            party: secret.party(),
            organisation: organisation.to_owned(),
            node: self.node.account(),
            key: secret.encryption_signer(epoch).account(),
            epoch,
            custodians,
            until: Height(view.height().0.saturating_add(STATED)),
        }
    }

    /// The signatures of its key and of the node.
    fn signed(&self, statement: &PartyStatement, secret: &TenantSecret) -> (Signature, Signature) {
        let key = secret.encryption_signer(statement.epoch);
        (statement.sign(Part::Possession, &key), statement.sign(Part::Acceptance, &self.node))
    }

    /// The accounts that are to act for a tenant.
    fn acting_for<'a>(&'a self, tenant: &'a Registered) -> &'a Vec<AccountId> {
        self.acting.get(&tenant.psi).or(tenant.accounts.as_ref()).unwrap_or(&self.others)
    }

    fn party(&self, tenant: &Registered) -> OwnParty {
        OwnParty {
            psi: tenant.psi.clone(),
            secret: TenantSecret::new(&tenant.secret),
            epoch: tenant.epoch,
            is_closed: tenant.standing == Standing::Closed,
            accounts: self.acting_for(tenant).clone(),
        }
    }
}
