//! A contract that every private state has from its genesis: called, asked, traced, kept, and of nobody to change.

use coffer_abi::AccountId;
use coffer_chain::SystemContract;
use coffer_chain::hash::code_hash;
use coffer_chain::system::system_contract_id;

use super::*;
use crate::invoke::{AuthorityRequest, ViewRequest};

/// A node on a chain whose private states have the cell.
async fn with_cell(folder: &Path) -> Node {
    let contract = SystemContract { name: "cell".into(), code: wat::parse_str(CELL).unwrap(), in_private_states: true };
    let mut config = Config { system: SystemContracts::new(vec![contract]).unwrap(), ..config(folder) };
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    Node::start(config).await.unwrap()
}

fn cell() -> ContractId {
    system_contract_id("cell")
}

/// What is in the cell of a private state, after a block.
async fn held(node: &Node, tenant: &TenantContext, height: Option<Height>) -> Option<u64> {
    let located = node.invoker().locate(tenant, None, cell(), height).await.unwrap().unwrap();
    assert_eq!((located.scope, located.record.code_hash), (Scope::Private, code_hash(&wat::parse_str(CELL).unwrap())));
    let request = ViewRequest { method: "get".into(), input: vec![], account: AccountId::ANONYMOUS, gas_limit: None };
    let seen = node.invoker().view(tenant, located, request).await.unwrap();
    // The view of an empty cell has a length below zero as its result.
    let Status::Ok(bytes) = seen.status else { return None };
    Some(u64::from_le_bytes(bytes.try_into().unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_private_state_has_the_contract_without_a_deployment_and_keeps_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_cell(folder.path()).await;
    let (one, two, stranger) = (tenant("PS1"), tenant("PS2"), TenantContext::new(psi("PS9"), false));
    for psi in [&one, &two, &stranger] {
        assert_eq!(held(&node, psi, None).await, None);
    }
    let only = Some(Scope::Public);
    assert!(node.invoker().locate(&one, only, cell(), None).await.unwrap().is_none(), "the public state has none");

    let first = put(&node, &one, cell(), 42).await;
    assert_eq!((&first.receipt.status, first.receipt.contract), (&Status::Ok(vec![]), Some(cell())));
    let second = put(&node, &one, cell(), 43).await;
    let state = node.invoker().state().clone();
    assert_eq!(held(&node, &one, None).await, Some(43));
    assert_eq!(held(&node, &one, Some(first.height)).await, Some(42));
    assert_eq!(held(&node, &one, Some(Height(0))).await, None, "older heights are as they were");
    assert_eq!(held(&node, &two, None).await, None);
    assert_eq!(state.psi_root(two.psi(), second.height).unwrap().root, Hash::ZERO);
    assert_eq!(state.events(Some(one.psi()), &cell(), 0, 9).unwrap().events.len(), 2);
    for settled in [&first, &second] {
        let traced = node.invoker().trace_transaction(&one, settled.receipt.tx).await.unwrap().unwrap();
        assert!(traced.agrees && traced.traced.codes.contains_key(&(cell(), false)), "a trace executes it again");
    }
    let root = state.psi_root(one.psi(), second.height).unwrap();
    node.stop().await.unwrap();
    drop(state);

    let node = with_cell(folder.path()).await;
    assert_eq!(node.invoker().state().psi_root(one.psi(), second.height).unwrap(), root);
    assert_eq!((held(&node, &one, None).await, held(&node, &two, None).await), (Some(43), None));
    assert!(put(&node, &two, cell(), 7).await.receipt.status.is_ok());
    assert_eq!((held(&node, &one, None).await, held(&node, &two, None).await), (Some(43), Some(7)));
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_an_untouched_contract_leaves_it_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_cell(folder.path()).await;
    let one = tenant("PS1");
    let request = CallRequest { gas_limit: Some(Gas(2_000_000)), ..call(&node, cell(), "spin", 0) };
    let settled = node.invoker().call(&one, request).await.unwrap();
    assert_eq!(settled.receipt.status, Status::OutOfGas);
    let view = node.invoker().state().private(one.psi()).unwrap();
    assert!(view.unwritten(&cell()).unwrap().is_some());
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_the_contract_before_or_after_its_first_write() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_cell(folder.path()).await;
    let (one, account) = (tenant("PS1"), node.invoker().default_account().unwrap());
    for _ in 0..2 {
        let request = AuthorityRequest {
            scope: Scope::Private,
            contract: cell(),
            revision: 0,
            authority: Authority::Account(account),
            consents: coffer_chain::Consents::new(vec![]).unwrap(),
            account,
            gas_limit: None,
        };
        let settled = node.invoker().set_authority(&one, request, crate::invoke::Recipients::default()).await.unwrap();
        assert_eq!(settled.receipt.status, Status::Refused(Refused::NoAuthority));
        assert!(put(&node, &one, cell(), 1).await.receipt.status.is_ok());
    }
    node.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_storage_paths_are_those_of_the_first_call_and_of_no_other_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let node = with_cell(folder.path()).await;
    let (one, two) = (tenant("PS1"), tenant("PS2"));
    put(&node, &one, cell(), 42).await;
    put(&node, &two, cell(), 42).await;
    let record = |tenant: &TenantContext| {
        node.invoker().state().private(tenant.psi()).unwrap().contract(&cell()).unwrap().unwrap()
    };
    let (a, b) = (record(&one), record(&two));
    assert_ne!(a.path_key, b.path_key);
    assert_ne!(a.storage_root, b.storage_root, "equal contents do not show");
    assert_eq!((a.height, a.deployer, a.authority), (Height(0), AccountId::ANONYMOUS, Authority::None));
    put(&node, &one, cell(), 43).await;
    assert_eq!(record(&one).path_key, a.path_key);
    node.stop().await.unwrap();
}

#[test]
fn a_chain_goes_on_with_the_system_contracts_of_its_genesis() {
    let folder = tempfile::tempdir().unwrap();
    let contract = |byte| SystemContract { name: "cell".into(), code: vec![byte; 9], in_private_states: true };
    let with = |byte| Config { system: SystemContracts::new(vec![contract(byte)]).unwrap(), ..config(folder.path()) };
    let opened = Opened::open(&with(1)).unwrap();
    let (chain, state) = (*opened.ledger.executor.chain_id(), opened.ledger.state.clone());
    assert_eq!(state.system().code_of("cell"), Some(code_hash(&[1; 9])));
    drop((opened, state));
    // Another program, with a seed and without.
    for config in [with(2), Config { seed: None, ..with(2) }] {
        let opened = Opened::open(&config).unwrap();
        assert_eq!(*opened.ledger.executor.chain_id(), chain);
        assert_eq!(opened.ledger.state.system().code_of("cell"), Some(code_hash(&[1; 9])));
    }
    let other = tempfile::tempdir().unwrap();
    let opened = Opened::open(&Config { data: other.path().into(), ..with(2) }).unwrap();
    assert_ne!(*opened.ledger.executor.chain_id(), chain, "the code is part of the chain's id");
}
