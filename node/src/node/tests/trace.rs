//! Traces of transactions that share a block, sent as bare transactions.

use coffer_chain::hash::{code_hash, public_contract_id};
use coffer_runtime::engine::Lane;
use coffer_runtime::trace::{CallTrace, Effect};

use super::*;
use crate::invoke::ViewRequest;

fn effects(call: &CallTrace) -> Vec<&Effect> {
    call.steps.iter().filter_map(|step| step.effect.as_ref()).collect()
}

#[tokio::test]
async fn a_trace_sees_what_the_transactions_before_it_in_its_block_did_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let code = wat::parse_str(CELL).unwrap();
    let chain_id = *opened.ledger.executor.chain_id();
    let contract =
        public_contract_id(&chain_id, &SigningKey::from_seed(&[5; 32]).account(), &code_hash(&code), &[1; 32]);
    let put = |value: u8| Kind::Call { contract, method: "put".into(), input: vec![value; 8] };
    let spin = Kind::Call { contract, method: "spin".into(), input: vec![] };
    let kinds = [deployment(code), put(1), put(2), spin, put(3)];
    let txs: Vec<_> = (1..).zip(kinds).map(|(nonce, kind)| tx(&opened, kind, nonce)).collect();
    let ids: Vec<_> = txs.iter().map(CheckedTx::id).collect();
    txs.into_iter().for_each(|tx| opened.ledger.pool.insert(tx).unwrap());
    let block = step(&opened).unwrap();
    assert_eq!(block.transactions.len(), 5);

    let mut seen = Vec::new();
    for id in &ids {
        let found = opened.invoker.trace_transaction(&tenant("PS1"), *id).await.unwrap().unwrap();
        assert_eq!((found.height, found.agrees), (block.header.height, true));
        seen.push(found.traced);
    }
    let init = seen[0].call.as_ref().unwrap();
    assert!(init.method == "init" && init.steps.is_empty(), "the contract has no `init`: {init}");
    let mut before = None;
    for (trace, value) in [(&seen[1], 1), (&seen[2], 2), (&seen[4], 3)] {
        let call = trace.call.as_ref().unwrap();
        let after = Some(vec![value; 8]);
        let change = Effect::Change { key: b"\x01cell".to_vec(), before: before.clone(), after: after.clone() };
        assert_eq!(effects(call)[0], &change);
        before = after;
    }
    let spin = seen[3].call.as_ref().unwrap();
    assert_eq!((&spin.status, spin.gas_used), (&Status::OutOfGas, Gas(10_000_000)));
    assert_eq!(spin.ended_at.len(), 1, "it stood in the loop: {:?}", spin.ended_at);
    // Whoever traces keeps nobody from asking.
    let busy = opened.invoker.tracer().turn(Lane(7)).await;
    let located = opened.invoker.locate(&tenant("PS1"), None, contract, None).await.unwrap().unwrap();
    let (method, account) = ("get".into(), SigningKey::from_seed(&[5; 32]).account());
    let view = ViewRequest { method, input: vec![], account, gas_limit: None };
    let seen = opened.invoker.view(&tenant("PS1"), located, view).await.unwrap();
    assert_eq!(seen.status, Status::Ok(vec![3; 8]));
    drop(busy);
    let none = opened.invoker.trace_transaction(&tenant("PS1"), Hash([9; 32])).await.unwrap();
    assert!(none.is_none());
}
