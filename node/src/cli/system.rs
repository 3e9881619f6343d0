//! The system contracts that this program brings to a new chain. The only file of the node that has any: its library knows them from a
//! genesis. Invariant: what a chain has it keeps, whatever program its nodes run.

use anyhow::Context;
use coffer_chain::system::{PROGRAMMES, VAULT};
use coffer_chain::{SystemContract, SystemContracts};

/// Those built with this program.
pub(super) fn contracts() -> anyhow::Result<SystemContracts> {
    let contracts = coffer_bundle::MODULES.iter().map(|(name, code)| SystemContract {
        name: (*name).to_owned(),
        code: code.to_vec(),
        in_private_states: [VAULT, PROGRAMMES].contains(name),
    });
    SystemContracts::new(contracts.collect())
        .context("this program was built with system contracts that no chain can have")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use coffer_abi::{AccountId, Encode, Time};
    use coffer_chain::Parameters;
    use coffer_chain::network::{self, Access, Change, FirstOrganisation};

    use super::*;
    use crate::compile::Place;
    use crate::config::Config;
    use crate::invoke::{CallRequest, Scope};
    use crate::node::Node;
    use crate::tenant::TenantContext;

    /// Has the node's organisation call the network contract.
    async fn call(node: &Node, method: &str, input: Vec<u8>) {
        let tenant = TenantContext::new("PS1".parse().unwrap(), true);
        let account = node.invoker().account_named("organisation").unwrap();
        let (scope, contract) = (Scope::Public, network::contract());
        let request = CallRequest { scope, contract, method: method.into(), input, account, gas_limit: None };
        let settled = node.invoker().call(&tenant, request).await.unwrap();
        assert!(settled.receipt.status.is_ok(), "{method}: {:?}", settled.receipt.status);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_are_let_in_as_the_network_contract_has_them() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config { system: contracts().unwrap(), seed: Some(7), ..Config::dev(folder.path().into()) };
        config.rpc.listen.set_port(0);
        // The program that runs these tests is not `coffer`.
        config.execution.compile.place = Place::Here;
        let node = Node::start(config).await.unwrap();
        let (own, one, two) = (node.key(), AccountId([1; 32]), AccountId([2; 32]));
        let bootstrap: BTreeMap<_, _> = [one, two].map(|key| (key, vec!["first.example:1".to_owned()])).into();
        let state = node.invoker().state().clone();
        let allowed = || state.allowed_nodes(bootstrap.clone()).unwrap();
        assert_eq!(allowed().keys().copied().collect::<Vec<_>>(), {
            let mut all = vec![own, one, two];
            all.sort();
            all
        });

        let addresses = vec!["node1.example:7000".to_owned()];
        call(&node, "approve", (one, Access::Trusted, addresses.clone()).encode()).await;
        call(&node, "decline", two.encode()).await;
        assert_eq!((allowed().get(&one), allowed().get(&two)), (Some(&addresses), None));
        let known = state.public().nodes(None, 9).unwrap();
        assert_eq!((known.len(), known[0].addresses.clone()), (2, addresses));
        call(&node, "remove", one.encode()).await;
        assert_eq!(
            allowed().keys().copied().collect::<Vec<_>>(),
            [own],
            "what was removed is not among the first again"
        );
        assert_eq!(state.public().next_end(Time(0)).unwrap(), None, "nothing is voted on");
        let (name, key, access) = ("Second".to_owned(), AccountId([3; 32]), Access::Trusted);
        let organisation = FirstOrganisation { name, key, access, nodes: vec![] };
        call(&node, "vote", Change::Join { organisation }.encode()).await;
        // From here on one organisation alone decides nothing.
        let tick_ms = 5_000;
        let parameters = Parameters { tick_ms, ..node.invoker().parameters().unwrap() };
        call(&node, "vote", Change::Parameters { parameters }.encode()).await;
        let until = state.public().proposals(None, 9).unwrap()[0].until;
        let ends = |after| state.public().next_end(after).unwrap();
        assert_eq!((ends(Time(0)), ends(Time(until.0 - 1)), ends(until)), (Some(until), Some(until), None));
        let parameters = state.public().network_parameters().unwrap().unwrap();
        assert_eq!(parameters, node.invoker().parameters().unwrap());
        node.stop().await.unwrap();
    }
}
