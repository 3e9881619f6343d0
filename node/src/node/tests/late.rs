//! A payload that comes an hour of blocks later, and a signed call that somebody seals again. The judge is a node that had everything on time. `COFFER_LATE_BLOCKS` says how many blocks that hour has.

use coffer_chain::hash::private_contract_id;

use super::pipelines::{Ordered, block_of, body, cell_call, cell_deployment, check, four, ordered, random, take};
use super::*;

#[test]
fn what_comes_an_hour_of_blocks_later_held_those_alone_that_it_names_and_ends_as_on_time() {
    let blocks = random("COFFER_LATE_BLOCKS", 360);
    let (folder, late_folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (on_time, mut late) = (four(folder.path()), four(late_folder.path()));
    let mut script: Vec<(Block, Vec<Ordered>)> = Vec::new();
    let mut contract = ContractId::default();
    let mut withheld = Vec::new();
    for height in 1..=blocks {
        let names: &[&'static str] =
            if height < 10 { &["PS1", "PS2", "PS3"] } else { [&["PS1"][..], &["PS3"], &["PS4"]][height as usize % 3] };
        let action = if height == 1 { cell_deployment(1) } else { cell_call(contract, "put", height) };
        let body = body(&on_time, names, action, height, Height(height + 3));
        if height == 1 {
            contract = private_contract_id(&body.seed());
        }
        let call = ordered(&on_time, names, body, height);
        call.deliver(&on_time);
        let block = block_of(&on_time, &[&call.tx]);
        on_time.pipelines.catch_up().unwrap();
        // The second block's payload does not come: PS1, PS2 and PS3 wait there, PS4 does not.
        if height == 2 {
            withheld.push(call.clone())
        } else {
            call.deliver(&late)
        }
        take(&late, &block);
        script.push((block, vec![call]));
        if height % (blocks / 3).max(1) == 0 {
            late.pipelines.catch_up().unwrap();
            check(&late, &on_time, &script, &withheld);
            drop(late);
            late = four(late_folder.path());
        }
    }
    late.pipelines.catch_up().unwrap();
    check(&late, &on_time, &script, &withheld);
    for call in std::mem::take(&mut withheld) {
        call.deliver(&late);
    }
    late.pipelines.catch_up().unwrap();
    check(&late, &on_time, &script, &[]);
    assert_eq!(late.ledger.state.private_finished(), Height(blocks));
}

#[test]
fn a_signed_call_that_another_party_seals_again_runs_once() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let names = ["PS1", "PS2"];
    let deployment = body(&opened, &names, cell_deployment(1), 1, Height(20));
    let contract = private_contract_id(&deployment.seed());
    let call = body(&opened, &names, cell_call(contract, "put", 7), 2, Height(20));
    // PS2 knows the signed call, and seals it with a key, an id and slots of its own; once with the parties in another order, which is the same call.
    let first = ordered(&opened, &names, deployment, 1);
    let second = ordered(&opened, &names, call.clone(), 2);
    let again = ordered(&opened, &["PS2", "PS1"], call, 3);
    assert_ne!(second.tx.id(), again.tx.id());
    let mut roots = Vec::new();
    for order in [&first, &second, &again] {
        order.deliver(&opened);
        block_of(&opened, &[&order.tx]);
        opened.pipelines.catch_up().unwrap();
        roots.push(names.map(|name| opened.ledger.state.private(&psi(name)).unwrap().root()));
    }
    assert_ne!(roots[0], roots[1]);
    assert_eq!(roots[1], roots[2]);
    for name in names {
        let receipt = |order: &Ordered| opened.ledger.state.receipt(Some(&psi(name)), &order.tx.id()).unwrap().unwrap();
        assert_eq!(receipt(&second).receipt.status, Status::Ok(vec![]));
        assert_eq!(receipt(&again).receipt.status, Status::Refused(Refused::Replayed));
    }
}
