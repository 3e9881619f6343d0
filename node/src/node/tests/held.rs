//! A private state that cannot be used while its chain is followed.

use super::*;

/// A call of a tenant that a block is to order; nobody executed it yet.
async fn marker(opened: &Opened, tenant: &TenantContext, contract: ContractId, value: u64) -> CheckedTx {
    let (invoker, tenant) = (opened.invoker.clone(), tenant.clone());
    let request = request(opened, contract, value);
    let waits = tokio::spawn(async move { invoker.call(&tenant, request).await });
    opened.ledger.pool.wait().await;
    let parameters = coffer_chain::Parameters::default();
    let made = opened.ledger.pool.candidates(Height(opened.ledger.state.head().height.0 + 1), &parameters).remove(0);
    opened.ledger.pool.remove(&[made.id()], opened.ledger.state.head().height);
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    made
}

fn request(opened: &Opened, contract: ContractId, value: u64) -> CallRequest {
    CallRequest {
        scope: Scope::Private,
        contract,
        method: "put".into(),
        input: value.to_le_bytes().to_vec(),
        account: opened.invoker.default_account().unwrap(),
        gas_limit: None,
    }
}

/// What opens a state without the private state of a tenant.
fn without(folder: &Path, tenant: &TenantContext) -> StateOptions {
    let (config, origin) = (config(folder), Origin::Seed(7));
    let secret = key_secret(folder, &config, &Sources::system().unwrap()).unwrap();
    let keys = open_keys(folder, &config, &secret, origin).unwrap();
    let registry = open_registry(folder, &config, &keys, origin).unwrap();
    let genesis = genesis::read(&folder.join(genesis::FILE)).unwrap().unwrap();
    let mut options = state_options(&config, &keys, genesis, &registry);
    options.tenants.retain(|known| known.psi != *tenant.psi());
    options
}

fn no_block() -> Result<state::StateWrites, state::Error> {
    Err(state::Error::Asked("there is one".into()))
}

fn reason(held: Result<state::View, state::Error>) -> String {
    match held {
        Err(state::Error::Unusable { psi, reason }) if psi.as_str() == "PS1" => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("PS1 can be used"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_state_that_cannot_be_used_stays_so_with_its_reason_while_the_others_and_the_chain_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (tenant("PS1"), tenant("PS2"));
    let node = running(folder.path()).await;
    let first = deploy_cell(&node, &one, Scope::Private).await.receipt.contract.unwrap();
    let second = deploy_cell(&node, &two, Scope::Private).await.receipt.contract.unwrap();
    node.stop().await.unwrap();
    // Calls for PS1 that are sent while all is well, and come into blocks when it no longer is.
    let opened = open(folder.path());
    let mut late = Vec::new();
    for value in 0..4 {
        late.push(marker(&opened, &one, first, value).await);
    }
    drop(opened);
    // The database is made anew from the log without PS1, which so lacks what it had.
    std::fs::remove_dir_all(folder.path().join("db")).unwrap();
    let held = loop {
        match Folder::open(folder.path()) {
            // What sent the last call may be on its way back still, with a handle on the folder.
            Err(state::Error::InUse { .. }) => tokio::task::yield_now().await,
            opened => break opened.unwrap(),
        }
    };
    drop(State::open_in(held, without(folder.path(), &one), no_block).unwrap());

    let mut said = Vec::new();
    for start in 0..2u64 {
        let opened = open(folder.path());
        let (state, before) = (opened.ledger.state.clone(), opened.ledger.state.head().height);
        for block in 0..2u64 {
            said.push(reason(state.private(one.psi())));
            let (invoker, tenant) = (opened.invoker.clone(), two.clone());
            let request = request(&opened, second, 10 * start + block);
            let other = tokio::spawn(async move { invoker.call(&tenant, request).await });
            opened.ledger.pool.wait().await;
            let marker = late.remove(0);
            opened.ledger.pool.insert(marker.clone()).unwrap();
            let made = step(&opened).unwrap();
            assert_eq!(made.transactions.len(), 2, "one of each private state");
            assert_eq!(opened.pipelines.catch_up().unwrap(), made.header.height);
            assert_eq!(other.await.unwrap().unwrap().receipt.status, Status::Ok(vec![]), "PS2 goes on");
            assert_eq!(state.private_head(two.psi()), made.header.height);
            let receipt = state.receipt(Some(one.psi()), &marker.id());
            assert!(matches!(receipt, Err(state::Error::Unusable { .. })), "PS1 settles nothing: {receipt:?}");
        }
        assert_eq!(state.head().height.0, before.0 + 2, "the chain goes on");
        assert_eq!(opened.invoker.holds().of(one.psi()), None, "it waits for nothing");
        let standing = opened.invoker.standing(&one).await.unwrap();
        assert_eq!(standing.unusable, Some(said[0].clone()));
        let refused = opened.invoker.call(&one, request(&opened, first, 9)).await.unwrap_err().to_string();
        assert!(refused.contains("private state `PS1` cannot be used") && refused.contains(&said[0]), "{refused}");
        assert!(opened.ledger.pool.is_empty(), "nothing of it is sent");
    }
    assert!(!said[0].is_empty() && said.iter().all(|reason| *reason == said[0]), "{said:?}");
}
