//! One pipeline for each private state: what is withheld holds those alone that it names, and whatever comes late ends as if it had been on time. The judge is a node that had everything on
//! time. `COFFER_PIPELINE_SEED` and `COFFER_PIPELINE_RUNS` say which random chains.

use std::collections::BTreeMap;

use coffer_abi::AccountId;
use coffer_chain::hash::private_contract_id;
use coffer_chain::{
    CallParties, Custodians, Custody, InnerAction, InnerBody, MemberVersions, PrivacyFlag, SlotText, Void, gas,
};

use super::*;
use crate::executor::{Reason, keeps_parties, lane_of};
use crate::privacy::envelope::{Sealed, seal};
use crate::privacy::marking::{SlotContext, mark};
use crate::privacy::opening::Missing;
use crate::privacy::resident::EPOCH;
use crate::privacy::voids;
use crate::privacy::wraps::Recipient;

pub(super) const NAMES: [&str; 4] = ["PS1", "PS2", "PS3", "PS4"];

/// Small numbers that follow from a seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        let drawn = blake3::hash(&self.0.to_le_bytes());
        self.0 += 1;
        u64::from_le_bytes(*drawn.as_bytes().first_chunk().unwrap()) % sides
    }
}

fn settings(folder: &Path) -> Config {
    // As little history as there can be: what private execution needs beyond it must be kept for it.
    Config { tenants: NAMES.map(psi).to_vec(), history: 1, ..config(folder) }
}

pub(super) fn four(folder: &Path) -> Opened {
    Opened::open(&settings(folder)).unwrap()
}

/// A private call with its marker.
#[derive(Clone)]
pub(super) struct Ordered {
    pub(super) tx: CheckedTx,
    pub(super) names: Vec<&'static str>,
    hash: Hash,
    bytes: Vec<u8>,
}

impl Ordered {
    pub(super) fn deliver(&self, opened: &Opened) {
        opened.pipelines.payloads.put(&self.hash, &self.bytes).unwrap();
    }
}

fn party(opened: &Opened, name: &str) -> AccountId {
    opened.residents.secret(&psi(name)).unwrap().party()
}

/// The account that acts: on a chain that keeps parties a managed one.
fn acting(opened: &Opened) -> SigningKey {
    let keeps_parties = keeps_parties(&opened.ledger.state.public()).unwrap();
    SigningKey::from_seed(&if keeps_parties { seeded_key(7, "account alice") } else { [5; 32] })
}

pub(super) fn body(
    opened: &Opened,
    names: &[&str],
    action: InnerAction,
    number: u64,
    valid_until: Height,
) -> InnerBody {
    let parties = CallParties::new(names.iter().map(|name| party(opened, name)).collect()).unwrap();
    let versions = match &action {
        InnerAction::Call { contract, .. } => vec![(*contract, 0)],
        _ => vec![],
    };
    let mut nonce = [0; 32];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    InnerBody {
        version: PROTOCOL_VERSION,
        chain_id: *opened.ledger.executor.chain_id(),
        nonce,
        valid_until,
        gas_limit: Gas(100_000_000),
        account: acting(opened).account(),
        party: party(opened, names[0]),
        parties,
        versions: MemberVersions::new(versions).unwrap(),
        flag: PrivacyFlag::Standard,
        reads: None,
        action,
    }
}

/// Seals a call and makes its marker.
pub(super) fn ordered(opened: &Opened, names: &[&'static str], body: InnerBody, number: u64) -> Ordered {
    let (chain_id, relay) = (*opened.ledger.executor.chain_id(), relay_key());
    let (account, valid_until) = (relay.account(), body.valid_until);
    let parties = body.parties.clone();
    let keys: BTreeMap<_, _> = names
        .iter()
        .map(|name| (party(opened, name), opened.residents.secret(&psi(name)).unwrap().encryption(0).key()))
        .collect();
    let recipients: Vec<_> =
        parties.accounts().iter().map(|party| Recipient { party: *party, epoch: EPOCH, key: &keys[party] }).collect();
    let call = body.sign(&acting(opened));
    let sources = Sources::seeded(number, &Hash::ZERO);
    let Sealed { hash, bytes, marker, seed } = seal(call, &account, valid_until, &recipients, &sources).unwrap();
    let custody = |party: &AccountId| Custody::sign(&opened.node_signer, &chain_id, &marker, &hash, party);
    let slot = |party: &AccountId| SlotText {
        party: *party,
        custodians: Custodians::default(),
        custody: custody(party),
        origin: opened.node_signer.account(),
    };
    let slots: Vec<_> = parties.accounts().iter().map(|party| (slot(party), opened.residents.tag().key())).collect();
    let context = SlotContext { chain_id: &chain_id, relay: &account, marker: &marker, payload: &hash };
    let mut nonce = [9; 16];
    nonce[..8].copy_from_slice(&number.to_le_bytes());
    let kind = Kind::Marker(mark(&context, &seed, &slots).unwrap());
    let version = PROTOCOL_VERSION;
    let body = TxBody { version, chain_id, nonce, valid_until, gas_limit: Gas(0), sender: account, kind };
    Ordered { tx: body.sign(&relay).check(&chain_id).unwrap(), names: names.to_vec(), hash, bytes }
}

pub(super) fn cell_deployment(salt: u8) -> InnerAction {
    InnerAction::Deploy {
        code: wat::parse_str(CELL).unwrap(),
        input: vec![],
        salt: [salt; 32],
        authority: Authority::None,
        mandatory: vec![],
    }
}

pub(super) fn cell_call(contract: ContractId, method: &str, value: u64) -> InnerAction {
    InnerAction::Call { contract, method: method.into(), input: value.to_le_bytes().to_vec() }
}

/// Puts transactions into one block, which is not executed privately yet.
pub(super) fn block_of(opened: &Opened, txs: &[&CheckedTx]) -> Block {
    for tx in txs {
        opened.ledger.pool.insert((*tx).clone()).unwrap();
    }
    let block = step(opened).unwrap();
    assert_eq!(block.transactions.len(), txs.len());
    block
}

/// Takes a block of another node.
pub(super) fn take(opened: &Opened, block: &Block) {
    opened.ledger.execute(block, Standing::Decided).unwrap();
    opened.ledger.decide(certificate(opened, block), &|_, _| false).unwrap();
    opened.ledger.commit(&block.header.hash()).unwrap();
}

/// A random chain that a node executed as it came: each block names some private states, some of them several times.
fn script(opened: &Opened, dice: &mut Dice, blocks: u64) -> Vec<(Block, Vec<Ordered>)> {
    let (mut script, mut contracts, mut number) = (Vec::new(), Vec::new(), 0);
    for height in 1..=blocks {
        let mut calls = Vec::new();
        for _ in 0..=dice.roll(4) {
            number += 1;
            let mut names: Vec<_> = NAMES.into_iter().filter(|_| dice.roll(3) == 0).collect();
            if names.is_empty() {
                names.push(NAMES[dice.roll(4) as usize]);
            }
            let action = match contracts.len() as u64 {
                known if known > 0 && dice.roll(4) > 0 => {
                    // Of a party or not: then it is refused, and that is a receipt too.
                    let method = if dice.roll(8) == 0 { "none" } else { "put" };
                    cell_call(contracts[dice.roll(known) as usize], method, number)
                }
                _ => cell_deployment(number as u8),
            };
            let body = body(opened, &names, action, number, Height(height + 3));
            contracts.push(private_contract_id(&body.seed()));
            let call = ordered(opened, &names, body, number);
            call.deliver(opened);
            calls.push(call);
        }
        let txs: Vec<_> = calls.iter().map(|call| &call.tx).collect();
        let block = block_of(opened, &txs);
        opened.pipelines.catch_up().unwrap();
        assert_eq!(opened.ledger.state.private_finished(), Height(height));
        script.push((block, calls));
    }
    script
}

/// Compares a node with one that had everything on time, as far as it can be with what is withheld.
pub(super) fn check(late: &Opened, on_time: &Opened, script: &[(Block, Vec<Ordered>)], withheld: &[Ordered]) {
    let (state, judge) = (&late.ledger.state, &on_time.ledger.state);
    let chain = state.head().height;
    let mut oldest = chain;
    for name in NAMES {
        let name = psi(name);
        let lacks = |calls: &[Ordered]| {
            let of_name = |call: &&Ordered| call.names.contains(&name.as_str());
            calls.iter().filter(of_name).any(|call| withheld.iter().any(|other| other.hash == call.hash))
        };
        let first = script.iter().filter(|(block, _)| block.header.height <= chain).find(|(_, calls)| lacks(calls));
        let head = first.map_or(chain, |(block, _)| Height(block.header.height.0 - 1));
        oldest = oldest.min(head);
        assert_eq!(state.private_head(&name), head, "{name}");
        assert_eq!(late.invoker.holds().of(&name).map(|hold| hold.height), first.map(|(block, _)| block.header.height));
        let (mine, theirs) = (state.private(&name).unwrap(), judge.psi_root(&name, head).unwrap().root);
        assert_eq!((mine.height(), mine.root()), (head, theirs), "{name}");
        for height in 0..=head.0 {
            let root = |state: &State| state.psi_root(&name, Height(height)).unwrap().root;
            assert_eq!(root(state), root(judge), "{name} at {height}");
        }
        for (block, calls) in script.iter().filter(|(block, _)| block.header.height <= chain) {
            for call in calls {
                let receipt = |state: &State| state.receipt(Some(&name), &call.tx.id()).unwrap();
                let expected = (block.header.height <= head).then(|| receipt(judge)).flatten();
                assert_eq!(receipt(state), expected, "{name}");
            }
        }
    }
    assert_eq!(state.private_finished(), oldest);
    for height in 0..=chain.0 {
        let root = state.psi_trie_root(Height(height)).unwrap();
        assert_eq!(root.sealed, height <= oldest.0, "{height}");
        if root.sealed {
            assert_eq!(root, judge.psi_trie_root(Height(height)).unwrap());
        }
    }
    // What the one that is furthest behind has still to read of the public state, and of its own.
    for height in oldest.0..=chain.0 {
        assert!(state.public_at(Height(height)).is_ok(), "{height} of {oldest}..{chain}");
    }
}

pub(super) fn random(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn copied(from: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        for entry in std::fs::read_dir(from).unwrap() {
            let (entry, to) = (entry.as_ref().unwrap().path(), to.join(entry.as_ref().unwrap().file_name()));
            if entry.is_dir() {
                std::fs::create_dir_all(&to).unwrap();
                copy(&entry, &to);
            } else {
                std::fs::copy(&entry, &to).unwrap();
            }
        }
    }
    let to = tempfile::tempdir().unwrap();
    copy(from, to.path());
    to
}

#[test]
fn what_is_withheld_holds_whom_it_names_alone_and_what_comes_late_ends_as_on_time() {
    let (seed, runs) = (random("COFFER_PIPELINE_SEED", 1), random("COFFER_PIPELINE_RUNS", 2));
    for seed in seed..seed + runs {
        println!("seed {seed}");
        let mut dice = Dice(seed << 32);
        let folder = tempfile::tempdir().unwrap();
        let on_time = four(folder.path());
        let script = script(&on_time, &mut dice, 12);
        let mut late_folder = tempfile::tempdir().unwrap();
        let mut late = four(late_folder.path());
        let mut withheld: Vec<Ordered> = Vec::new();
        let mut left = script.iter();
        loop {
            match left.next() {
                Some((block, calls)) => {
                    for call in calls {
                        if dice.roll(4) == 0 { withheld.push(call.clone()) } else { call.deliver(&late) }
                    }
                    take(&late, block);
                }
                None if withheld.is_empty() => break,
                None => {}
            }
            // Executed at once, or together with later blocks, or after a restart.
            if dice.roll(3) > 0 {
                late.pipelines.catch_up().unwrap();
                check(&late, &on_time, &script, &withheld);
            }
            if !withheld.is_empty() && dice.roll(3) == 0 {
                let came = withheld.swap_remove(dice.roll(withheld.len() as u64) as usize);
                came.deliver(&late);
            }
            match dice.roll(6) {
                0 => {
                    drop(late);
                    late = four(late_folder.path());
                }
                // As a kill leaves it: the database is behind the log.
                1 => {
                    let copy = copied(late_folder.path());
                    drop(late);
                    late_folder = copy;
                    late = four(late_folder.path());
                }
                _ => {}
            }
        }
        late.pipelines.catch_up().unwrap();
        check(&late, &on_time, &script, &[]);
        let chain = late.ledger.state.head().height;
        take(&late, &block_of(&on_time, &[&tx(&on_time, marker(1), 1)]));
        late.pipelines.catch_up().unwrap();
        // Nobody needs them any more.
        assert!(late.ledger.state.public_at(Height(chain.0 - 1)).is_err());
    }
}

/// A chain in which block 1 makes a contract of PS1 and PS2, block 2 writes to it by a call that is withheld, block 3 writes again.
struct Withheld {
    first: Ordered,
    second: Ordered,
    third: Ordered,
    contract: ContractId,
}

fn withheld(opened: &Opened) -> Withheld {
    let names = ["PS1", "PS2"];
    let deployment = body(opened, &names, cell_deployment(1), 1, Height(20));
    let contract = private_contract_id(&deployment.seed());
    let put = |number: u64| body(opened, &names, cell_call(contract, "put", number), number, Height(20));
    let first = ordered(opened, &names, deployment, 1);
    let (second, third) = (ordered(opened, &names, put(2), 2), ordered(opened, &names, put(3), 3));
    first.deliver(opened);
    third.deliver(opened);
    for call in [&first, &second, &third] {
        block_of(opened, &[&call.tx]);
        opened.pipelines.catch_up().unwrap();
    }
    Withheld { first, second, third, contract }
}

fn status(opened: &Opened, name: &str, call: &Ordered) -> Option<Status> {
    let receipt = opened.ledger.state.receipt(Some(&psi(name)), &call.tx.id()).unwrap();
    receipt.map(|receipt| receipt.receipt.status)
}

fn root(opened: &Opened, name: &str) -> Hash {
    opened.ledger.state.private(&psi(name)).unwrap().root()
}

/// Voids the call for PS1: signs it, which is one block, and executes that.
async fn void(opened: &Opened, call: &Ordered) -> Settled {
    let (invoker, marker) = (opened.invoker.clone(), call.tx.id());
    let sent = tokio::spawn(async move { invoker.void(&tenant("PS1"), marker).await });
    opened.ledger.pool.wait().await;
    step(opened).unwrap();
    sent.await.unwrap().unwrap().unwrap().1
}

#[test]
fn what_is_waited_for_is_told_to_who_fetches_and_to_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    let Kind::Marker(marker) = &chain.second.tx.body().kind else { panic!("no marker") };
    for name in ["PS1", "PS2"] {
        let want = opened.pipelines.wanted().of(&psi(name)).unwrap();
        assert_eq!((want.height, want.tx, want.marker), (Height(2), chain.second.tx.id(), marker.id));
        assert_eq!((want.payload, want.party), (chain.second.hash, party(&opened, name)));
        assert_eq!((want.relay, want.what), (relay_key().account(), Missing::Payload));
        assert_eq!((want.custody, want.custodians), (opened.node_signer.account(), Custodians::default()));
        let slots: Vec<_> = want_places(&opened, &chain.second);
        assert_eq!(want.place, slots.iter().position(|party| *party == want.party).unwrap());
        let hold = opened.invoker.holds().of(&psi(name)).unwrap();
        assert_eq!(hold.reason, Reason::Missing(chain.second.tx.id(), Missing::Payload));
    }
    assert_eq!(opened.pipelines.wanted().of(&psi("PS3")), None);
    chain.second.deliver(&opened);
    opened.pipelines.catch_up().unwrap();
    assert_eq!((opened.pipelines.wanted().all(), opened.invoker.holds().count()), (vec![], 0));
    assert_eq!(status(&opened, "PS1", &chain.third), Some(Status::Ok(vec![])));
}

/// The parties of a call in the order of the slots.
fn want_places(opened: &Opened, call: &Ordered) -> Vec<AccountId> {
    let parties = call.names.iter().map(|name| party(opened, name)).collect();
    CallParties::new(parties).unwrap().accounts().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_goes_on_by_itself_when_a_payload_arrives_and_followers_hear_both() {
    let folder = tempfile::tempdir().unwrap();
    let chain = withheld(&four(folder.path()));
    let mut config = settings(folder.path());
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    // As `Node::start` does, but with the parts in hand.
    let opened = Opened::open(&config).unwrap();
    let mut tasks = Tasks::default();
    tasks.spawn("private execution", follow(Arc::clone(&opened.pipelines), 2, tasks.stop_signal()));
    let (state, one) = (opened.ledger.state.clone(), tenant("PS1"));
    let mut follower = opened.invoker.follow(&one, chain.third.tx.id()).await.unwrap();
    let mut said = Vec::new();
    loop {
        let step = tokio::select! {
            step = follower.next() => step.unwrap(),
            error = tasks.failed() => panic!("{error}"),
        };
        match step.progress {
            crate::invoke::Progress::Ordered { place, hold, .. } => {
                assert_eq!(place.height, Height(3));
                if let Some(hold) = hold {
                    assert_eq!(hold.marker(), Some(chain.second.tx.id()));
                    chain.second.deliver(&opened);
                }
                said.push(hold.is_some());
            }
            crate::invoke::Progress::Final(found) => {
                assert_eq!(found.scope, Scope::Private);
                break;
            }
            _ => panic!("neither ordered nor final"),
        }
    }
    assert!(said.contains(&true), "{said:?}");
    state.watch_private().wait_for(|sealed| *sealed == Height(3)).await.unwrap();
    tasks.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_voided_is_skipped_by_its_party_alone_whatever_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    let settled = void(&opened, &chain.second).await;
    assert_eq!((settled.receipt.status.clone(), settled.receipt.gas_used), (Status::Ok(vec![]), Gas(gas::VOID)));
    opened.pipelines.catch_up().unwrap();
    let state = &opened.ledger.state;
    assert_eq!((state.private_head(&psi("PS1")), state.private_head(&psi("PS2"))), (Height(4), Height(1)));
    assert_eq!(status(&opened, "PS1", &chain.third), Some(Status::Ok(vec![])));
    chain.second.deliver(&opened);
    opened.pipelines.catch_up().unwrap();
    assert_eq!(status(&opened, "PS1", &chain.second), None);
    assert_eq!(status(&opened, "PS2", &chain.second), Some(Status::Ok(vec![])));
    assert_eq!(state.private_finished(), Height(4));
    let standing = opened.invoker.standing(&tenant("PS1")).await.unwrap();
    let [mark] = &standing.voids[..] else { panic!("{}", standing.voids.len()) };
    assert_eq!((mark.marker, mark.height, mark.voided), (chain.second.tx.id(), Height(2), Height(4)));
    assert!(!mark.is_executed && standing.hold.is_none() && standing.unusable.is_none());
    assert!(opened.invoker.standing(&tenant("PS2")).await.unwrap().voids.is_empty());
    // A trace of what came behind it does not see it either.
    let third = chain.third.tx.id();
    let traced = opened.invoker.trace_transaction(&tenant("PS1"), third).await;
    assert!(traced.is_err() || traced.unwrap().unwrap().agrees);
    // The same after a restart, and on a node that gets the chain anew: with the file of voids block by block, without it when the chain is there already.
    let (ones, twos) = (root(&opened, "PS1"), root(&opened, "PS2"));
    let blocks: Vec<_> =
        (1..=4).map(|height| state.block(BlockId::Height(Height(height))).unwrap().unwrap().block).collect();
    let trie = |opened: &Opened| -> Vec<_> {
        (0..=4).map(|height| opened.ledger.state.psi_trie_root(Height(height)).unwrap()).collect()
    };
    let expected = trie(&opened);
    assert!(expected.iter().all(|root| root.sealed));
    for (with_file, at_once) in [(true, false), (true, true), (false, true)] {
        let again = tempfile::tempdir().unwrap();
        if with_file {
            std::fs::copy(folder.path().join(voids::FILE), again.path().join(voids::FILE)).unwrap();
        }
        let again = four(again.path());
        for call in [&chain.first, &chain.second, &chain.third] {
            call.deliver(&again);
        }
        for block in &blocks {
            take(&again, block);
            if !at_once {
                again.pipelines.catch_up().unwrap();
                let is_held = (2..4).contains(&block.header.height.0);
                let hold = again.invoker.holds().of(&psi("PS1")).map(|hold| hold.reason);
                assert_eq!(hold, is_held.then_some(Reason::Voided(chain.second.tx.id())));
            }
        }
        again.pipelines.catch_up().unwrap();
        assert_eq!((root(&again, "PS1"), root(&again, "PS2")), (ones, twos));
        assert_eq!(trie(&again), expected);
        assert_eq!(status(&again, "PS1", &chain.second), None);
    }
    drop(opened);
    let opened = four(folder.path());
    opened.pipelines.catch_up().unwrap();
    assert_eq!((root(&opened, "PS1"), trie(&opened)), (ones, expected));
    assert_eq!(status(&opened, "PS1", &chain.second), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_its_file_of_voids_and_executed_before_the_void_says_that_it_differs() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    void(&opened, &chain.second).await;
    let blocks: Vec<_> = (1..=4)
        .map(|height| opened.ledger.state.block(BlockId::Height(Height(height))).unwrap().unwrap().block)
        .collect();
    let again = tempfile::tempdir().unwrap();
    let again = four(again.path());
    for call in [&chain.first, &chain.second, &chain.third] {
        call.deliver(&again);
    }
    for block in &blocks {
        take(&again, block);
        again.pipelines.catch_up().unwrap();
    }
    let standing = again.invoker.standing(&tenant("PS1")).await.unwrap();
    assert!(standing.voids[0].is_executed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_that_was_signed_counts_before_it_is_in_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    let (invoker, marker) = (opened.invoker.clone(), chain.second.tx.id());
    let sent = tokio::spawn(async move { invoker.void(&tenant("PS1"), marker).await });
    opened.ledger.pool.wait().await;
    chain.second.deliver(&opened);
    opened.pipelines.catch_up().unwrap();
    let hold = opened.invoker.holds().of(&psi("PS1")).unwrap();
    assert_eq!((hold.height, hold.reason), (Height(2), Reason::Voided(marker)));
    assert_eq!(opened.pipelines.wanted().of(&psi("PS1")), None, "nobody fetches it any more");
    assert_eq!(status(&opened, "PS2", &chain.third), Some(Status::Ok(vec![])));
    let one = tenant("PS1");
    let refused = opened.invoker.call(
        &one,
        CallRequest {
            scope: Scope::Private,
            contract: chain.contract,
            method: "put".into(),
            input: 1u64.to_le_bytes().to_vec(),
            account: opened.invoker.default_account().unwrap(),
            gas_limit: None,
        },
    );
    assert!(matches!(refused.await, Err(InvokeError::Held(_, told)) if told == hold));
    // A restart changes nothing: the file has it. What waits in the pool is still there.
    sent.abort();
    assert!(sent.await.is_err());
    drop(opened);
    let opened = four(folder.path());
    opened.pipelines.catch_up().unwrap();
    assert_eq!(opened.invoker.holds().of(&psi("PS1")), Some(hold));
    step(&opened).unwrap();
    opened.pipelines.catch_up().unwrap();
    assert_eq!(status(&opened, "PS1", &chain.second), None);
    assert_eq!(status(&opened, "PS1", &chain.third), Some(Status::Ok(vec![])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_of_what_is_executed_voided_not_there_or_somebody_elses_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    let ask = async |name: &str, marker: Hash| {
        let configured = NAMES.contains(&name);
        opened.invoker.void(&TenantContext::new(psi(name), configured), marker).await
    };
    // Of what is no marker of the tenant's there is no void.
    assert!(ask("PS1", Hash([9; 32])).await.unwrap().is_none());
    assert!(ask("PS3", chain.second.tx.id()).await.unwrap().is_none());
    let public = deploy(&opened);
    block_of(&opened, &[&public]);
    assert!(ask("PS1", public.id()).await.unwrap().is_none());
    assert!(matches!(ask("PS9", chain.second.tx.id()).await, Err(InvokeError::NotConfigured(_))));
    let executed = ask("PS1", chain.first.tx.id()).await.err().unwrap().to_string();
    assert!(executed.contains("has executed that block, 1"), "{executed}");
    assert!(opened.ledger.pool.is_empty(), "nothing of it is sent");
    assert!(!folder.path().join(voids::FILE).exists(), "nothing of it is written down");
    void(&opened, &chain.second).await;
    let twice = ask("PS1", chain.second.tx.id()).await.err().unwrap().to_string();
    assert!(twice.contains("it was voided in block 5"), "{twice}");
}

#[test]
fn the_chain_refuses_voids_of_blocks_to_come_and_of_what_is_voided_and_heeds_nobody_but_the_party() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let chain = withheld(&opened);
    let marker = chain.second.tx.id();
    let places = want_places(&opened, &chain.second);
    let place = places.iter().position(|other| *other == party(&opened, "PS1")).unwrap() as u8;
    let own = opened.residents.secret(&psi("PS1")).unwrap().party_signer();
    let stranger = SigningKey::from_seed(&[5; 32]);
    let chain_id = *opened.ledger.executor.chain_id();
    let mut number = 0;
    let mut send = |key: &SigningKey, void: Void, gas_limit: u64| {
        number += 1;
        let body = TxBody {
            version: PROTOCOL_VERSION,
            chain_id,
            nonce: [number; 16],
            valid_until: Height(30),
            gas_limit: Gas(gas_limit),
            sender: key.account(),
            kind: Kind::Void(void),
        };
        let tx = body.sign(key).check(&chain_id).map_err(|error| error.to_string())?;
        block_of(&opened, &[&tx]);
        opened.pipelines.catch_up().unwrap();
        let receipt = opened.ledger.state.receipt(None, &tx.id()).unwrap().unwrap().receipt;
        Ok::<_, String>(receipt.status)
    };
    let right = Void { height: Height(2), marker, place };
    let is_held = || opened.invoker.holds().of(&psi("PS1")).is_some();
    let price = gas::VOID;
    assert_eq!(send(&own, Void { place: 32, ..right }, price), Err("the place is out of its bounds".into()));
    assert_eq!(send(&own, Void { height: Height(4), ..right }, price), Ok(Status::Refused(Refused::NotValidHere)));
    assert_eq!(send(&own, right, price - 1), Ok(Status::OutOfGas));
    // None of these is about the slot at which PS1 waits.
    assert_eq!(send(&stranger, right, price), Ok(Status::Ok(vec![])));
    assert_eq!(send(&own, Void { place: 1 - place, ..right }, price), Ok(Status::Ok(vec![])));
    assert_eq!(send(&own, Void { height: Height(1), ..right }, price), Ok(Status::Ok(vec![])));
    assert_eq!(send(&own, Void { marker: Hash([8; 32]), ..right }, price), Ok(Status::Ok(vec![])));
    assert!(is_held());
    // Signed elsewhere with the party's key: this node did not know of it, and heeds the chain.
    assert_eq!(send(&own, right, price), Ok(Status::Ok(vec![])));
    assert!(!is_held());
    assert_eq!(send(&own, right, price), Ok(Status::Refused(Refused::Replayed)));
    assert_eq!(status(&opened, "PS1", &chain.third), Some(Status::Ok(vec![])));
    assert!(opened.invoker.holds().of(&psi("PS2")).is_some());
}

#[test]
fn an_endless_loop_of_one_private_state_keeps_no_other_from_its_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let (ones, twos) = (["PS1"], ["PS2"]);
    let mut contracts = Vec::new();
    for (number, names) in [(1, &ones), (2, &twos)] {
        let deployment = body(&opened, names, cell_deployment(number as u8), number, Height(20));
        contracts.push(private_contract_id(&deployment.seed()));
        let call = ordered(&opened, names, deployment, number);
        call.deliver(&opened);
        block_of(&opened, &[&call.tx]);
    }
    opened.pipelines.catch_up().unwrap();
    // Each of three blocks has a loop for PS1, and a call of PS2 behind it.
    let mut calls = Vec::new();
    for number in 0..3 {
        let spin = body(&opened, &ones, cell_call(contracts[0], "spin", 0), 10 + number, Height(20));
        let put = body(&opened, &twos, cell_call(contracts[1], "put", number), 20 + number, Height(20));
        let (spin, put) = (ordered(&opened, &ones, spin, 10 + number), ordered(&opened, &twos, put, 20 + number));
        spin.deliver(&opened);
        put.deliver(&opened);
        block_of(&opened, &[&spin.tx, &put.tx]);
        calls.push((spin, put));
    }
    while opened.pipelines.read().unwrap() {}
    // Somebody begins with the first loop and does not come back; another one goes on.
    let slow = opened.pipelines.next().unwrap();
    for (_, put) in &calls {
        let job = opened.pipelines.next().unwrap();
        let executed = opened.pipelines.execute(job).unwrap();
        opened.pipelines.commit(executed.into_iter().collect()).unwrap();
        assert_eq!(status(&opened, "PS2", put), Some(Status::Ok(vec![])));
    }
    assert!(opened.pipelines.next().is_none(), "one block of a private state at a time");
    assert_eq!(opened.ledger.state.private_head(&psi("PS2")), Height(5));
    assert_eq!(opened.ledger.state.private_head(&psi("PS1")), Height(2));
    assert_eq!(status(&opened, "PS1", &calls[0].0), None);
    let executed = opened.pipelines.execute(slow).unwrap();
    opened.pipelines.commit(executed.into_iter().collect()).unwrap();
    assert_eq!(status(&opened, "PS1", &calls[0].0), Some(Status::OutOfGas));
    assert_eq!(opened.ledger.state.private_head(&psi("PS1")), Height(3));
    opened.pipelines.catch_up().unwrap();
    assert_eq!(opened.ledger.state.private_finished(), Height(5));
}

/// Compiles nothing of a lane while it is told so.
struct Broken {
    lane: coffer_runtime::engine::Lane,
    is_broken: std::sync::atomic::AtomicBool,
}

impl coffer_runtime::engine::Compiler for Broken {
    fn compile(
        &self,
        request: &coffer_runtime::engine::CompileRequest<'_>,
    ) -> Result<Vec<u8>, coffer_runtime::engine::CompileError> {
        use coffer_runtime::engine::{CompileError, compile};
        if request.lane == self.lane && self.is_broken.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(CompileError::Unavailable("the test says so".into()));
        }
        compile(&request.target, request.module)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_that_fails_for_one_private_state_stops_no_other_and_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let opened = four(folder.path());
    let mut calls = Vec::new();
    for (number, name) in (0..).zip(["PS1", "PS2"]) {
        let names = [name];
        // Codes of their own, as compiled code is shared.
        let code = wat::parse_str(CELL.replace("cellPut", if number == 0 { "ceilPut" } else { "cellPut" })).unwrap();
        let action =
            InnerAction::Deploy { code, input: vec![], salt: [1; 32], authority: Authority::None, mandatory: vec![] };
        let deployment = body(&opened, &names, action, number, Height(20));
        let contract = private_contract_id(&deployment.seed());
        let put = body(&opened, &names, cell_call(contract, "put", 1), 10 + number, Height(20));
        let (first, second) =
            (ordered(&opened, &names, deployment, number), ordered(&opened, &names, put, 10 + number));
        for call in [&first, &second] {
            call.deliver(&opened);
            block_of(&opened, &[&call.tx]);
        }
        calls.push(second);
    }
    let lane = lane_of(&tenant("PS1"));
    let broken = Arc::new(Broken { lane, is_broken: true.into() });
    let genesis = genesis::read(&folder.path().join(genesis::FILE)).unwrap().unwrap();
    let compiler: Arc<dyn coffer_runtime::engine::Compiler> = Arc::<Broken>::clone(&broken);
    let runtime =
        Runtime::with(engine(genesis.version, &settings(folder.path())).unwrap(), compiler, Arc::new(NoCache));
    let chain_id = *opened.ledger.executor.chain_id();
    let executor = Executor::new(runtime.unwrap(), HotLimits::default(), chain_id, genesis.rules()).unwrap();
    let (state, holds) = (opened.ledger.state.clone(), Arc::new(Holds::default()));
    let pipelines = Arc::new(Pipelines::new(PipelineParts {
        state: state.clone(),
        executor: Arc::new(executor),
        payloads: Arc::clone(&opened.pipelines.payloads),
        residents: Arc::clone(&opened.residents),
        waiters: Arc::new(Waiters::default()),
        wanted: Arc::new(Wanted::default()),
        voids: Arc::new(Voids::open(folder.path(), chain_id).unwrap()),
        holds: Arc::clone(&holds),
        acknowledged: Arc::clone(opened.pipelines.acknowledged()),
        transfers: Arc::new(Transfers::open(folder.path())),
        quotas: Arc::default(),
    }));
    let mut tasks = Tasks::default();
    let mut changes = holds.watch();
    tasks.spawn("private execution", follow(Arc::clone(&pipelines), 2, tasks.stop_signal()));
    while holds.of(&psi("PS1")).is_none() {
        changes.changed().await.unwrap();
    }
    let hold = holds.of(&psi("PS1")).unwrap();
    assert_eq!((hold.height, hold.reason, hold.refuses()), (Height(2), Reason::Failing, false));
    assert!(!hold.to_string().contains("the test says so"), "why is its operator's to know");
    while state.private_head(&psi("PS2")) < Height(4) {
        tokio::task::yield_now().await;
    }
    assert_eq!(status(&opened, "PS2", &calls[1]), Some(Status::Ok(vec![])));
    assert_eq!(status(&opened, "PS1", &calls[0]), None);
    broken.is_broken.store(false, std::sync::atomic::Ordering::SeqCst);
    state.watch_private().wait_for(|sealed| *sealed == Height(4)).await.unwrap();
    assert_eq!(status(&opened, "PS1", &calls[0]), Some(Status::Ok(vec![])));
    assert_eq!(holds.count(), 0);
    tasks.stop().await.unwrap();
}
