//! Tenants that come, are suspended and closed while a node runs: what is the same after a restart and in a database that was made anew, who is answered, and what is published.

use std::time::Duration;

use coffer_chain::SystemContract;
use coffer_chain::party::AccountRole;
use coffer_proof::Statement;

use super::*;
use crate::invoke::TenantStanding;
use crate::organisation::RegistryError;
use crate::organisation::registry::Standing as TenantState;

/// The roots of the trie of private states, and of these private states, at all heights.
fn roots(state: &State, names: &[&str]) -> Vec<(Hash, Vec<Hash>)> {
    let head = state.private_finished().0;
    let at = |height: u64| {
        let height = Height(height);
        let each = names.iter().map(|name| state.psi_root(&psi(name), height).unwrap().root).collect();
        (state.psi_trie_root(height).unwrap().root, each)
    };
    (0..=head).map(at).collect()
}

/// Starts the node when nobody has its folder any more.
async fn again(config: &Config) -> Node {
    loop {
        match Node::start(config.clone()).await {
            Err(StartError::State(state::Error::InUse { .. })) => tokio::task::yield_now().await,
            node => return node.unwrap(),
        }
    }
}

fn listening(folder: &Path) -> Config {
    let mut config = Config { history: 4, ..config(folder) };
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_come_without_a_restart_and_all_roots_are_the_same_in_a_database_that_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let config = listening(folder.path());
    let node = Node::start(config.clone()).await.unwrap();
    let names = ["PS1", "PS2", "PS3", "PS4"];
    let first = deploy_cell(&node, &tenant("PS1"), Scope::Private).await.receipt.contract.unwrap();
    put(&node, &tenant("PS1"), first, 1).await;
    let refused = node.invoker().deploy(&tenant("PS3"), deploy_request(&node)).await.unwrap_err();
    assert!(matches!(refused, InvokeError::NotConfigured(_)), "{refused}");

    let before = node.invoker().state().head().height;
    let made = node.invoker().create_tenant(psi("PS3"), None).await.unwrap();
    assert_eq!((made.registered.joined, made.registered.standing), (Height(before.0 + 1), TenantState::Active));
    let second = deploy_cell(&node, &tenant("PS3"), Scope::Private).await.receipt.contract.unwrap();
    for value in 0..3 {
        put(&node, &tenant("PS3"), second, value).await;
        put(&node, &tenant("PS1"), first, value).await;
    }
    let later = node.invoker().create_tenant(psi("PS4"), None).await.unwrap().registered.joined;
    let third = deploy_cell(&node, &tenant("PS4"), Scope::Private).await.receipt.contract.unwrap();
    let last = put(&node, &tenant("PS4"), third, 9).await.height;
    done_privately(&node, last).await;
    assert!(later > made.registered.joined && last >= later);

    let state = node.invoker().state().clone();
    let expected = roots(&state, &names);
    let tries: Vec<Hash> = expected.iter().map(|(trie, _)| *trie).collect();
    let joined = made.registered.joined.0 as usize;
    assert_eq!(expected[joined - 1].1[2], Hash::ZERO);
    assert_ne!(tries[joined], tries[joined - 1], "it is in the trie from its block on");
    // What the trie was while it had not come yet is proved all the same.
    let asked = coffer_proof::Asked::from([(first, [].into())]);
    let signer = node.invoker().node_signer();
    for height in [last.0 - 2, last.0] {
        let word = |block: &_, root| Statement::sign(&signer, block, root);
        state.prove_private(&psi("PS1"), Height(height), &asked, word).unwrap();
    }
    drop(state);
    node.stop().await.unwrap();

    // At a restart; then without the database, as what is left: log, keys, registry, payloads; a configuration that names them later changes nothing.
    for turn in 0..3 {
        if turn > 0 {
            std::fs::remove_dir_all(folder.path().join("db")).unwrap();
        }
        let tenants = if turn == 2 { vec![psi("PS4"), psi("PS3")] } else { config.tenants.clone() };
        let node = again(&Config { tenants, ..config.clone() }).await;
        done_privately(&node, last).await;
        let state = node.invoker().state().clone();
        assert_eq!(state.tenants(), names.map(psi));
        assert_eq!(roots(&state, &names)[..expected.len()], expected, "turn {turn}");
        let value = put(&node, &tenant("PS3"), second, 7).await;
        assert_eq!(value.receipt.status, Status::Ok(vec![]));
        let now = put(&node, &tenant("PS4"), third, 7).await.height;
        done_privately(&node, now).await;
        drop(state);
        node.stop().await.unwrap();
    }
}

fn deploy_request(node: &Node) -> DeployRequest {
    DeployRequest {
        scope: Scope::Private,
        code: wat::parse_str(CELL).unwrap(),
        input: vec![],
        salt: None,
        authority: Authority::None,
        account: node.invoker().default_account().unwrap(),
        gas_limit: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_used_once_and_there_are_as_many_tenants_as_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { psi_capacity: 3, ..listening(folder.path()) };
    let node = Node::start(config.clone()).await.unwrap();
    let create = async |node: &Node, name: &str| node.invoker().create_tenant(psi(name), None).await;
    let known = create(&node, "PS1").await.err().unwrap();
    assert!(matches!(known, InvokeError::Tenant(RegistryError::Known(_))), "{known}");
    create(&node, "PS3").await.unwrap();
    let full = create(&node, "PS4").await.err().unwrap();
    assert!(matches!(full, InvokeError::State(state::Error::Capacity { .. })), "{full}");
    assert_eq!(node.invoker().tenants(None, 9).await.unwrap().len(), 3, "nothing of it was kept");
    let contract = deploy_cell(&node, &tenant("PS3"), Scope::Private).await.receipt.contract.unwrap();
    let strange = node.invoker().create_tenant(psi("PS5"), Some(vec![AccountId([9; 32])])).await;
    assert!(matches!(strange, Err(InvokeError::UnknownAccount(_))));
    let head = node.invoker().state().head().height;
    done_privately(&node, head).await;
    let expected = roots(node.invoker().state(), &["PS1", "PS3"]);
    node.stop().await.unwrap();

    // The trie grows from the next block on, and what it was before stays.
    let larger = Config { psi_capacity: 5, ..config.clone() };
    let node = again(&larger).await;
    create(&node, "PS4").await.unwrap();
    let head = put(&node, &tenant("PS3"), contract, 1).await.height;
    done_privately(&node, head).await;
    let grown = roots(node.invoker().state(), &["PS1", "PS3"]);
    assert_eq!(grown[..expected.len()], expected);
    node.stop().await.unwrap();
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    // Asked for less, it keeps what it has.
    let node = again(&config).await;
    done_privately(&node, head).await;
    assert_eq!(roots(node.invoker().state(), &["PS1", "PS3"]), grown);
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_gone_beside_a_chain_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    drop(Opened::open(&config(folder.path())).unwrap());
    let path = folder.path().join(crate::organisation::registry::FILE);
    let kept = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let error = Opened::open(&config(folder.path())).err().unwrap().to_string();
    assert!(error.contains("tenants is missing, but the folder holds a chain"), "{error}");
    std::fs::write(&path, &kept).unwrap();
    Opened::open(&config(folder.path())).unwrap();
}

/// A node of a chain that keeps parties.
async fn with_parties(folder: &Path) -> Node {
    let (_, code) = coffer_bundle::MODULES.iter().find(|(name, _)| *name == "network").unwrap();
    let contract = SystemContract { name: "network".into(), code: code.to_vec(), in_private_states: false };
    let system = SystemContracts::new(vec![contract]).unwrap();
    Node::start(Config { system, ..listening(folder) }).await.unwrap()
}

/// Waits until the chain says so.
async fn until(node: &Node, mut says: impl FnMut(&state::View) -> bool) {
    let state = node.invoker().state().clone();
    for _ in 0..600 {
        if says(&state.public()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the chain does not say so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_published_rotated_and_retired_by_its_node() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_parties(folder.path()).await;
    let bob = node.accounts().iter().find(|account| account.name == "bob").unwrap().id;
    let TenantStanding { party, .. } = node.invoker().create_tenant(psi("PS3"), Some(vec![bob])).await.unwrap();
    until(&node, |view| view.acting(&party, &bob, AccountRole::Deploy).unwrap().is_ok()).await;
    let alice = node.accounts()[0].id;
    let view = node.invoker().state().public();
    assert!(view.acting(&party, &alice, AccountRole::Deploy).unwrap().is_err(), "she was not named");
    drop(view);
    let request = DeployRequest { account: bob, ..deploy_request(&node) };
    assert!(node.invoker().deploy(&tenant("PS3"), request.clone()).await.unwrap().receipt.status.is_ok());

    // Its key is changed once, and not again while the one before is good.
    let rotated = node.invoker().rotate_tenant(psi("PS3")).await.unwrap();
    assert_eq!(rotated.registered.epoch, 1);
    until(&node, |view| view.party(&party).unwrap().is_some_and(|record| record.epoch == 1)).await;
    let early = node.invoker().rotate_tenant(psi("PS3")).await.err().unwrap();
    assert!(early.to_string().contains("rotate after that"), "{early}");
    let salted = DeployRequest { salt: Some([3; 32]), ..request.clone() };
    assert!(
        node.invoker().deploy(&tenant("PS3"), salted).await.unwrap().receipt.status.is_ok(),
        "it opens its own calls"
    );

    // Closed: its party is retired, and it stays closed at a restart.
    node.invoker().set_tenant_standing(psi("PS3"), TenantState::Closed).await.unwrap();
    until(&node, |view| view.party(&party).unwrap().is_some_and(|record| record.retired)).await;
    let again = node.invoker().set_tenant_standing(psi("PS3"), TenantState::Active).await.err().unwrap();
    assert!(matches!(again, InvokeError::Tenant(RegistryError::Closed(_))), "{again}");
    let (shown, changes) = node.invoker().tenant(psi("PS3")).await.unwrap();
    assert_eq!((shown.registered.standing, changes.len()), (TenantState::Closed, 3));
    node.stop().await.unwrap();
}
