//! A node puts on the chain what it lacks of the node, once: a tenant that the configuration names later answers private calls as soon as it is a party, and what the node cannot do it says.

use std::time::Duration;

use coffer_abi::AccountId;
use coffer_chain::SystemContract;
use coffer_chain::party::AccountRole;

use super::*;
use crate::node::publishing::Own;
use crate::node::secrets::{open_registry, own};
use crate::privacy::resident::TenantSecret;
use crate::sources::seeded_key;

fn settings(folder: &Path, tenants: &[&str], accounts: &[&str]) -> Config {
    let (_, code) = coffer_bundle::MODULES.iter().find(|(name, _)| *name == "network").unwrap();
    let contract = SystemContract { name: "network".into(), code: code.to_vec(), in_private_states: false };
    let mut config = Config {
        system: SystemContracts::new(vec![contract]).unwrap(),
        tenants: tenants.iter().map(|name| psi(name)).collect(),
        accounts: accounts.iter().map(ToString::to_string).collect(),
        ..config(folder)
    };
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

fn seeded(label: &str) -> SigningKey {
    SigningKey::from_seed(&seeded_key(7, label))
}

/// What a node of these settings would publish, and what it says.
fn lack(opened: &Opened, own: &Own) -> (Vec<&'static str>, Vec<String>) {
    let chain_id = opened.ledger.executor.chain_id();
    let lack = own.lack_from(&opened.ledger.state.public(), chain_id, 0).unwrap();
    (lack.publications.iter().map(|publication| publication.method).collect(), lack.obstacles)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_comes_later_is_published_once_and_then_answers_private_calls() {
    let folder = tempfile::tempdir().unwrap();
    drop(Opened::open(&settings(folder.path(), &[], &["alice"])).unwrap());
    let later = settings(folder.path(), &["PS1"], &["alice", "erin"]);
    let node = Node::start(later.clone()).await.unwrap();
    let state = node.invoker().state().clone();
    let erin = node.accounts().iter().find(|account| account.name == "erin").unwrap().id;
    let refused = deploy_request(&node, "PS1", erin).await.err().unwrap().to_string();
    assert!(refused.contains("is no party of this chain"), "{refused}");
    let party = TenantSecret::new(&seeded_key(7, "tenant PS1")).party();
    let mut acts = false;
    for _ in 0..300 {
        acts = state.public().acting(&party, &erin, AccountRole::Deploy).unwrap().is_ok();
        if acts {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(acts, "it is published");
    assert!(deploy_request(&node, "PS1", erin).await.unwrap().receipt.status.is_ok());
    let head = state.head().height;
    // It keeps the folder locked.
    drop(state);
    node.stop().await.unwrap();

    let opened = Opened::open(&later).unwrap();
    assert_eq!(lack(&opened, &opened.own), (vec![], vec![]), "nothing is published twice");
    assert_eq!(opened.ledger.state.head().height, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_founder_with_more_tenants_than_block_0_tells_of_publishes_the_others_itself() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..600).map(|n| format!("T{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let config = Config { psi_capacity: 1_024, ..settings(folder.path(), &names, &["alice"]) };
    let told = Opened::open(&config).unwrap().ledger.state.public().parties(None, 1_000).unwrap().len();
    assert!((1..names.len()).contains(&told), "{told}");
    let node = Node::start(config).await.unwrap();
    let state = node.invoker().state().clone();
    let mut heads = state.watch();
    let alice = node.accounts()[0].id;
    let last = TenantSecret::new(&seeded_key(7, "tenant T599")).party();
    let is_done = || {
        let (public, limit) = (state.public(), names.len() + 1);
        let acts = public.acting(&last, &alice, AccountRole::Deploy).unwrap().is_ok();
        acts && public.parties(None, limit).unwrap().len() == names.len()
    };
    while !is_done() {
        tokio::time::timeout(Duration::from_secs(60), heads.changed()).await.expect("a block").unwrap();
    }
    let deployed = deploy_request(&node, "T599", alice).await.unwrap();
    assert!(deployed.receipt.status.is_ok(), "{:?}", deployed.receipt.status);
    drop(state);
    node.stop().await.unwrap();
}

async fn deploy_request(node: &Node, name: &str, account: AccountId) -> Result<Settled, InvokeError> {
    let request = DeployRequest {
        scope: Scope::Private,
        code: wat::parse_str(CELL).unwrap(),
        input: vec![],
        salt: None,
        authority: Authority::None,
        account,
        gas_limit: None,
    };
    node.invoker().deploy(&tenant(name), request).await
}

#[test]
fn a_node_says_what_it_cannot_publish_and_who_can() {
    let folder = tempfile::tempdir().unwrap();
    drop(Opened::open(&settings(folder.path(), &["PS1"], &["alice"])).unwrap());
    let config = settings(folder.path(), &["PS1", "PS2"], &["alice", "erin"]);
    let opened = Opened::open(&config).unwrap();
    assert_eq!(lack(&opened, &opened.own).0, ["set_account", "register_party"]);

    // A key store with another organisation key, and another node's.
    let other = tempfile::tempdir().unwrap();
    let keys = KeyStore::open_or_create(other.path(), b"secret", Origin::Seed(8), &config.accounts);
    let keys = Arc::new(keys.unwrap());
    let registry = Arc::new(open_registry(other.path(), &config, &keys, Origin::Seed(8)).unwrap());
    let stranger = own(&config, &keys, &registry);
    let (methods, obstacles) = lack(&opened, &stranger);
    assert!(
        methods.is_empty() && obstacles[0].contains("is not on the chain: its organisation approves it"),
        "{obstacles:?}"
    );
    let without = Own { node: seeded("node"), secret: opened.own.secret.clone(), ..stranger };
    let (methods, obstacles) = lack(&opened, &without);
    assert!(methods.is_empty(), "{methods:?}");
    assert!(obstacles.iter().any(|one| one.contains("calls `set_account`")), "{obstacles:?}");
    assert!(obstacles.iter().any(|one| one.contains("which has to consent")), "{obstacles:?}");
    // Its tag secret is not that of the key on the chain.
    let lost = Own { secret: Zeroizing::new([1; 32]), ..own(&config, &keys, &registry) };
    let lost = Own { node: seeded("node"), ..lost };
    let (methods, obstacles) = lack(&opened, &lost);
    assert!(methods.is_empty() && obstacles[0].contains("is not that of this node's key store"), "{obstacles:?}");
}
