//! Puts on the chain what it lacks of this node: its tag key, the accounts that act here, its tenants as parties, and who acts for them. Not here: what a new chain begins with (`genesis`), what of it is allowed
//! (the network contract). Invariants: what is missing is read from the newest block each time, so nothing is published twice; what was sent is waited for before anything is sent again; what this node
//! cannot do is told once, with who can.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use coffer_abi::{AccountId, Encode, Hash, Height};
use coffer_chain::party::{AccountRole, Part};
use coffer_chain::{PartyStatement, Psi, SigningKey, TagKeyStatement};
use tokio::sync::watch;
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::executor::keeps_parties;
use crate::invoke::{InvokeError, Invoker, Publication};
use crate::organisation::KeyStore;
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::{EPOCH, TenantSecret};
use crate::state::{self, View};

/// How long a node sees no new block before it takes its newest one for that of the chain.
const STILL: Duration = Duration::from_secs(3);
/// How long it waits after something failed; doubled up to [`LONGEST`].
const PAUSE: Duration = Duration::from_secs(5);
/// The longest of these waits.
const LONGEST: Duration = Duration::from_secs(300);
/// What is sent at once, at most.
const AT_ONCE: usize = 32;
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
    /// Its tenants, each with the accounts that act for it.
    pub tenants: Vec<(Psi, TenantSecret, Vec<AccountId>)>,
}

/// What the chain lacks of a node, as far as the node can mend it now.
#[derive(Default)]
pub(super) struct Lack {
    /// What to send. It needs nothing of each other.
    pub publications: Vec<Publication>,
    /// What others have to do, in words.
    pub obstacles: Vec<String>,
}

/// Publishes what is missing, at once and after each block, until `stop` turns true.
///
/// # Errors
/// [`state::Error`] when this node cannot read its own state.
pub(super) async fn publish(own: Own, invoker: Invoker, mut stop: watch::Receiver<bool>) -> Result<(), state::Error> {
    let own = Arc::new(own);
    let (mut heads, mut told, mut pause, mut moved) = (invoker.state().watch(), BTreeSet::new(), PAUSE, Instant::now());
    loop {
        // A block of the past lacks what came later.
        let since = heads.borrow_and_update().height;
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
        let looked = tokio::task::spawn_blocking(move || looking.lack(&reader.public(), &chain_id));
        let looked = looked.await.map_err(|error| state::Error::Failed(format!("the read did not finish: {error}")))?;
        let Lack { publications, obstacles } = looked?;
        for obstacle in obstacles {
            if told.insert(obstacle.clone()) {
                tracing::warn!(%obstacle, "something of this node is not on the chain");
            }
        }
        let is_done = publications.is_empty();
        let sent = publications.into_iter().take(AT_ONCE).map(|publication| send(&invoker, publication));
        let all = futures::future::join_all(sent);
        let went = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            went = all => went.into_iter().all(|went| went),
        };
        if !is_done && went {
            pause = PAUSE;
            continue;
        }
        let wait = if is_done { LONGEST } else { pause };
        pause = if is_done { PAUSE } else { (pause * 2).min(LONGEST) };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            // Something that is missing may be there, or possible, after another block.
            moved_on = async { heads.wait_for(|head| head.height > since).await.is_ok() }, if is_done => {
                if !moved_on {
                    return Ok(());
                }
                moved = Instant::now();
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// True if the newest block is of the last minute.
fn is_recent(invoker: &Invoker) -> bool {
    let age = crate::sources::now().0.saturating_sub(invoker.state().head().time.0);
    age < 60_000
}

/// Sends one and waits for what comes of it; `false` if it did not go, which is told.
async fn send(invoker: &Invoker, publication: Publication) -> bool {
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
    /// What a state of the chain lacks.
    ///
    /// # Errors
    /// [`state::Error`]: the state cannot be read.
    pub fn lack(&self, view: &View, chain_id: &Hash) -> Result<Lack, state::Error> {
        let mut lack = Lack::default();
        // Without tenants there is nobody to be found by a tag key.
        if self.tenants.is_empty() || !keeps_parties(view)? {
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
        let accounts: BTreeSet<AccountId> =
            self.tenants.iter().flat_map(|(_, _, accounts)| accounts.iter().copied()).collect();
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
        for (psi, secret, accounts) in &self.tenants {
            self.lack_of(view, (&name, holds_key), (psi, secret), chain_id, &mut lack)?;
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
        (psi, secret): (&Psi, &TenantSecret),
        chain_id: &Hash,
        lack: &mut Lack,
    ) -> Result<(), state::Error> {
        let (party, node) = (secret.party(), self.node.account());
        let Some(record) = view.party(&party)? else {
            if !holds_key {
                lack.obstacles.push(format!(
                    "the party {party} of private state `{psi}` is not on the chain, and the key of {organisation}, which has to consent, is not on this node"
                ));
                return Ok(());
            }
            let signer = secret.encryption_signer(EPOCH);
            let until = Height(view.height().0.saturating_add(STATED));
            let organisation = organisation.to_owned();
            let (chain_id, key, custodians) = (*chain_id, signer.account(), Vec::new());
            let statement =
                PartyStatement { chain_id, party, organisation, node, key, epoch: EPOCH, custodians, until };
            let (possession, acceptance) =
                (statement.sign(Part::Possession, &signer), statement.sign(Part::Acceptance, &self.node));
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
        let own = AccountId(*secret.encryption(record.epoch).key().published());
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
        } else if record.retired {
            lack.obstacles
                .push(format!("the party {party} of private state `{psi}` is retired for good: use another tenant"));
        } else if record.key != own {
            lack.obstacles.push(format!(
                "the encryption key {} of private state `{psi}` on the chain is not that of this node's key store: what is sealed for it does not open here",
                record.key
            ));
        }
        Ok(())
    }
}
