//! Joining nodes whose peers are states in the same process: some honest, some not. What arrives is what was there, whoever is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use coffer_abi::Encode;
use coffer_abi::codec::decode;
use coffer_abi::limits::KEY_PLAIN;
use coffer_abi::{AccountId, CodeHash, ContractId, Gas, Hash, Height, Time};
use coffer_chain::block::{receipts_root, transactions_root};
use coffer_chain::certificate::vote;
use coffer_chain::hash::{code_hash, public_path_key};
use coffer_chain::network::{contract as network_contract, validators_key};
use coffer_chain::{
    Authority, Block, Certificate, Genesis, Header, PROTOCOL_VERSION, Parameters, SigningKey, SystemContracts,
    Validator, ValidatorSet,
};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use zeroize::Zeroizing;

use super::*;
use crate::network::{AskError, Event, Misbehaviour, Question};
use crate::state::{
    Archive, Beginning, BlockCommit, BlockId, Folder, Memory, NewContract, NoBeginning, Position, State, StateOptions,
    StateWrites,
};

fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(&[n; 32])
}

fn set(n: u8) -> ValidatorSet {
    ValidatorSet::new(vec![Validator { key: key(n).account(), power: 1 }]).unwrap()
}

fn options() -> StateOptions {
    let (validators, parameters, system) = (set(1), Parameters::default(), SystemContracts::default());
    let (version, salt, time) = (PROTOCOL_VERSION, [1; 32], Time(1_000));
    let genesis = Genesis {
        version,
        salt,
        time,
        validators,
        parameters,
        system,
        organisations: vec![],
        parties: coffer_chain::party::FirstParties::default(),
        state_root: Hash::ZERO,
    };
    StateOptions {
        genesis,
        tenants: vec![],
        node_secret: Zeroizing::new([5; 32]),
        history: 4,
        archive: Archive::Off,
        psi_capacity: 8,
        psi_grown: Vec::new(),
        memory: Memory::default(),
        recoveries: Vec::new(),
    }
}

/// Nobody waits for what comes in this process.
fn timing() -> Timing {
    let ms = Duration::from_millis;
    Timing { pause: ms(5), gone: ms(50), kept: Duration::from_secs(3_600) }
}

fn holder() -> ContractId {
    ContractId([7; 32])
}

fn wasm() -> Vec<u8> {
    vec![9; 1_000]
}

fn created(id: ContractId, code_hash: CodeHash) -> NewContract {
    let authority = Authority::None;
    NewContract {
        code_hash,
        path_key: public_path_key(&id),
        deployer: AccountId([1; 32]),
        height: Height(1),
        authority,
        members: None,
    }
}

/// A chain on which validator 1 decides up to block 6, 2 up to 8, then 1 again, with a state of several chunks.
struct Chain {
    _folder: tempfile::TempDir,
    state: State,
}

impl Chain {
    fn new(blocks: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = Self { state: State::open(folder.path(), options()).unwrap(), _folder: folder };
        chain.grow(blocks);
        chain
    }

    fn grow(&self, blocks: u64) {
        for _ in 0..blocks {
            self.state.commit_block(next(&self.state)).unwrap();
            self.state.finish_private(self.state.head().height).unwrap();
        }
    }
}

/// The block after a state's head, the same for all.
fn next(state: &State) -> BlockCommit {
    let head = state.head();
    let height = head.height.next().unwrap();
    let mut writes = StateWrites::default();
    let mut slots = BTreeMap::new();
    if height == Height(1) {
        let code = code_hash(&wasm());
        writes.created.insert(holder(), created(holder(), code));
        writes.created.insert(network_contract(), created(network_contract(), CodeHash::default()));
        writes.codes.insert(code, wasm());
        for n in 0u8..40 {
            slots.insert(vec![KEY_PLAIN, 1, b'x', n], Some(vec![n; 32 * 1024]));
        }
    }
    slots.insert(vec![KEY_PLAIN, 1, b'y'], Some(height.0.to_le_bytes().to_vec()));
    writes.slots.insert(holder(), slots);
    let deciding = state.validators(height).unwrap();
    let turned = match height.0 {
        6 => Some(2),
        8 => Some(1),
        _ => None,
    };
    if let Some(n) = turned {
        let value = set(n).validators().to_vec().encode();
        writes.slots.insert(network_contract(), BTreeMap::from([(validators_key(), Some(value))]));
    }
    let header = Header {
        version: PROTOCOL_VERSION,
        chain_id: state.chain_id(),
        height,
        parent: head.hash,
        proposer: key(1).account(),
        time: Time(head.time.0 + 1),
        transactions_root: transactions_root(&[]),
        receipts_root: receipts_root(&[]),
        state_root: state.public().root_after(&writes).unwrap(),
        gas_used: Gas(0),
        validators: deciding.hash(),
        next_validators: turned.map_or(deciding.hash(), |n| set(n).hash()),
    };
    let signer = if deciding == set(1) { key(1) } else { key(2) };
    let signatures = vec![vote(&signer, &header.chain_id, height, 0, &header.hash())];
    let certificate = Certificate { height, round: 0, block: header.hash(), signatures };
    BlockCommit { block: Block { header, transactions: vec![] }, certificate, receipts: vec![], writes }
}

/// What becomes of the answer of a node.
type Bend = Box<dyn Fn(&Ask, Answer) -> Option<Answer> + Send + Sync>;

/// Nodes that can be asked.
#[derive(Default)]
struct Nodes {
    nodes: BTreeMap<AccountId, (State, Bend)>,
    asked: Mutex<Vec<(AccountId, Ask)>>,
    named: Mutex<BTreeSet<AccountId>>,
    /// After so many chunks nobody answers any more.
    chunks: Option<usize>,
    silent: Notify,
}

impl Nodes {
    fn with(
        mut self,
        n: u8,
        chain: &Chain,
        bend: impl Fn(&Ask, Answer) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        self.nodes.insert(key(n).account(), (chain.state.clone(), Box::new(bend)));
        self
    }

    fn honest(self, n: u8, chain: &Chain) -> Self {
        self.with(n, chain, |_, answer| Some(answer))
    }

    fn chunks_asked(&self) -> Vec<(AccountId, Height, Position)> {
        let asked = self.asked.lock().unwrap();
        let chunk = |(node, ask): &(AccountId, Ask)| match ask {
            Ask::Chunk { height, from } => Some((*node, *height, *from)),
            _ => None,
        };
        asked.iter().filter_map(chunk).collect()
    }
}

#[async_trait]
impl Peers for Nodes {
    fn connected(&self) -> Vec<AccountId> {
        self.nodes.keys().copied().collect()
    }

    async fn ask(&self, peer: AccountId, question: Bytes) -> Result<Bytes, AskError> {
        let (state, bend) = &self.nodes[&peer];
        let ask: Ask = decode(&question).unwrap();
        let chunks = self.chunks_asked().len();
        if matches!(ask, Ask::Chunk { .. }) && self.chunks.is_some_and(|most| chunks >= most) {
            self.silent.notify_one();
            std::future::pending::<()>().await;
        }
        self.asked.lock().unwrap().push((peer, ask.clone()));
        let answer = answer(state, &question).unwrap().unwrap();
        let bent = bend(&ask, answer).ok_or(AskError::Refused(peer, "busy".into()))?;
        Ok(bent.encode().into())
    }

    fn misbehaved(&self, peer: AccountId, what: Misbehaviour) {
        assert_eq!(what, Misbehaviour::WrongAnswer);
        self.named.lock().unwrap().insert(peer);
    }
}

async fn joined(nodes: &Arc<Nodes>, folder: &Path) -> State {
    let peers: Arc<dyn Peers> = nodes.clone();
    join(peers, Folder::open(folder).unwrap(), options(), Arc::default(), timing()).await.unwrap();
    State::open(folder, options()).unwrap()
}

fn assert_same(found: &State, expected: &State) {
    assert_eq!(found.head(), expected.head());
    let (a, b) = (found.public(), expected.public());
    assert_eq!(a.root(), b.root());
    for key in [vec![KEY_PLAIN, 1, b'x', 17], vec![KEY_PLAIN, 1, b'y']] {
        assert_eq!(a.value(&holder(), &key).unwrap(), b.value(&holder(), &key).unwrap());
    }
    assert_eq!(a.code(&code_hash(&wasm())).unwrap(), Some(wasm()));
    assert_eq!(found.verify(&mut |_, _| {}).unwrap().findings, Vec::<String>::new());
}

#[tokio::test]
async fn a_joiner_has_the_same_state_goes_on_and_can_give_it_to_the_next() {
    let chain = Chain::new(10);
    let nodes = Arc::new((1..=3).fold(Nodes::default(), |nodes, n| nodes.honest(n, &chain)));
    let folder = tempfile::tempdir().unwrap();
    let state = joined(&nodes, folder.path()).await;
    assert_same(&state, &chain.state);
    assert_eq!((state.first(), state.validators(Height(10)).unwrap()), (Height(10), set(1)));
    let asked: BTreeSet<_> = nodes.chunks_asked().into_iter().map(|(node, ..)| node).collect();
    assert_eq!(asked.len(), 3, "all are asked in turn");
    assert!(nodes.chunks_asked().len() > 3 && nodes.named.lock().unwrap().is_empty());
    let later = next(&chain.state);
    chain.state.commit_block(later.clone()).unwrap();
    state.commit_block(later).unwrap();
    assert_same(&state, &chain.state);
    // It has what leads to its first block, so it can be asked in its turn.
    let second = Chain { _folder: folder, state };
    let nodes = Arc::new(Nodes::default().honest(4, &second));
    let folder = tempfile::tempdir().unwrap();
    assert_same(&joined(&nodes, folder.path()).await, &chain.state);
}

#[tokio::test]
async fn whoever_lies_is_named_asked_no_more_and_changes_nothing() {
    let chain = Chain::new(10);
    let bent = |bend: fn(&Ask, Answer) -> Answer| move |ask: &Ask, answer| Some(bend(ask, answer));
    let nodes = Nodes::default()
        .honest(1, &chain)
        // A value of a chunk.
        .with(
            2,
            &chain,
            bent(|_, answer| match answer {
                Answer::Chunk(mut bytes) => {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    Answer::Chunk(bytes)
                }
                other => other,
            }),
        )
        // A height that nobody decided.
        .with(
            3,
            &chain,
            bent(|ask, answer| match (ask, answer) {
                (Ask::Offer, Answer::Offer(offer)) => Answer::Offer(Offer { newest: Height(u64::MAX), ..offer }),
                (Ask::Block(_), _) => Answer::Handovers(vec![]),
                (_, other) => other,
            }),
        )
        // Another root.
        .with(
            4,
            &chain,
            bent(|_, answer| match answer {
                Answer::Block(mut block) => {
                    block.0.block.header.state_root = Hash([1; 32]);
                    block.0.certificate.block = block.0.block.header.hash();
                    Answer::Block(block)
                }
                Answer::Offer(offer) => Answer::Offer(Offer { newest: offer.newest, ..offer }),
                other => other,
            }),
        )
        // Another module.
        .with(
            5,
            &chain,
            bent(|_, answer| match answer {
                Answer::Code(mut wasm) => {
                    wasm.push(0);
                    Answer::Code(wasm)
                }
                other => other,
            }),
        )
        // Silent, which is no lie.
        .with(6, &chain, |_, _| None);
    let nodes = Arc::new(nodes);
    let folder = tempfile::tempdir().unwrap();
    assert_same(&joined(&nodes, folder.path()).await, &chain.state);
    let named = nodes.named.lock().unwrap().clone();
    assert!([1, 6].iter().all(|n| !named.contains(&key(*n).account())), "{named:?}");
    assert!([2, 3].iter().all(|n| named.contains(&key(*n).account())), "{named:?}");
    let asked = nodes.chunks_asked();
    assert_eq!(asked.iter().filter(|(node, ..)| *node == key(2).account()).count(), 1);
}

#[tokio::test]
async fn one_that_was_broken_off_goes_on_behind_the_last_chunk() {
    let chain = Chain::new(10);
    let folder = tempfile::tempdir().unwrap();
    let first = Arc::new(Nodes { chunks: Some(3), ..Nodes::default().honest(1, &chain) });
    let (peers, at) = (first.clone(), folder.path().to_owned());
    let joining = tokio::spawn(async move {
        let peers: Arc<dyn Peers> = peers;
        join(peers, Folder::open(&at).unwrap(), options(), Arc::default(), timing()).await
    });
    first.silent.notified().await;
    joining.abort();
    assert!(joining.await.unwrap_err().is_cancelled());
    // What was being stored when it was broken off holds the folder until it is.
    let mut turn = tokio::time::interval(Duration::from_millis(5));
    while Folder::open(folder.path()).is_err() {
        turn.tick().await;
    }
    let told = State::open(folder.path(), options()).unwrap_err().to_string();
    assert!(told.contains("is being taken over as of block 10; go on with that import"), "{told}");
    let second = Arc::new(Nodes::default().honest(1, &chain));
    assert_same(&joined(&second, folder.path()).await, &chain.state);
    let positions = |nodes: &Nodes| nodes.chunks_asked().into_iter().map(|(_, _, from)| from).collect::<BTreeSet<_>>();
    let (before, after) = (positions(&first), positions(&second));
    assert_eq!(before.len(), 3);
    assert!(before.is_disjoint(&after), "{before:?} {after:?}");
    let offers =
        second.asked.lock().unwrap().iter().filter(|(_, ask)| !matches!(ask, Ask::Chunk { .. } | Ask::Code(_))).count();
    assert_eq!(offers, 0, "the block is known");
}

#[tokio::test]
async fn when_nobody_has_the_height_any_more_a_newer_one_is_taken() {
    let chain = Chain::new(10);
    let folder = tempfile::tempdir().unwrap();
    let first = Arc::new(Nodes { chunks: Some(2), ..Nodes::default().honest(1, &chain) });
    let (peers, at) = (first.clone(), folder.path().to_owned());
    let joining = tokio::spawn(async move {
        let peers: Arc<dyn Peers> = peers;
        join(peers, Folder::open(&at).unwrap(), options(), Arc::default(), timing()).await
    });
    first.silent.notified().await;
    joining.abort();
    let _ = joining.await;
    let mut turn = tokio::time::interval(Duration::from_millis(5));
    while Folder::open(folder.path()).is_err() {
        turn.tick().await;
    }
    chain.grow(20);
    let second = Arc::new(Nodes::default().honest(1, &chain));
    assert_same(&joined(&second, folder.path()).await, &chain.state);
    let heights: BTreeSet<Height> = second.chunks_asked().into_iter().map(|(_, height, _)| height).collect();
    assert_eq!(heights, [Height(10), Height(30)].into());
}

#[test]
fn a_beginning_is_believed_by_the_whole_way_from_the_genesis_alone() {
    let chain = Chain::new(10);
    let (id, first) = (chain.state.chain_id(), set(1).hash());
    let right = chain.state.beginning(Height(10)).unwrap();
    assert_eq!(right.handovers.iter().map(|one| one.header.height.0).collect::<Vec<_>>(), [6, 8]);
    assert_eq!(right.check(&id, &first, &[]), Ok(()));
    assert_eq!(chain.state.beginning(Height(6)).unwrap().check(&id, &first, &[]), Ok(()));
    let between = chain.state.beginning(Height(7)).unwrap();
    assert_eq!(between.check(&id, &first, &[]), Ok(()));
    type Change<'a> = &'a dyn Fn(&mut Beginning);
    let cases: [(&Beginning, Change<'_>); 6] = [
        (&between, &|one| one.handovers.clear()),
        (&between, &|one| one.handovers[0].votes = None),
        (&between, &|one| one.handovers[0].header.next_validators = set(3).hash()),
        (&between, &|one| one.validators = set(1)),
        (&right, &|one| one.handovers.reverse()),
        (&right, &|one| one.handovers.push(one.handovers[0].clone())),
    ];
    for (number, (whole, change)) in cases.into_iter().enumerate() {
        let mut changed = whole.clone();
        change(&mut changed);
        let refused = changed.check(&id, &first, &[]);
        assert!(matches!(refused, Err(NoBeginning::NotDecided { .. })), "{number}: {refused:?}");
    }
    assert!(right.check(&Hash([1; 32]), &first, &[]).is_err() && right.check(&id, &set(2).hash(), &[]).is_err());
}

#[test]
fn what_is_asked_is_answered_from_what_is_kept_and_junk_is_not() {
    let chain = Chain::new(10);
    let ask = |ask: Ask| answer(&chain.state, &ask.encode()).unwrap().unwrap();
    assert_eq!(ask(Ask::Offer), Answer::Offer(Offer { oldest: Height(6), newest: Height(10) }));
    for height in [0, 11, u64::MAX].map(Height) {
        assert_eq!(ask(Ask::Block(height)), Answer::Gone);
    }
    let from = Position::default();
    for height in [5, 11].map(Height) {
        assert_eq!(ask(Ask::Chunk { height, from }), Answer::Gone);
    }
    assert_eq!(ask(Ask::Code(CodeHash([1; 32]))), Answer::Gone);
    assert_eq!(ask(Ask::Handovers { before: Height(6), from: 0 }), Answer::Handovers(vec![]));
    assert_eq!(ask(Ask::Handovers { before: Height(u64::MAX), from: u64::MAX }), Answer::Handovers(vec![]));
    let Answer::Handovers(both) = ask(Ask::Handovers { before: Height(9), from: 0 }) else { panic!("no handovers") };
    assert_eq!(both.len(), 2);
    for junk in [&b""[..], b"\x09", b"\x00\x00", &[3; 500]] {
        assert_eq!(answer(&chain.state, junk).unwrap(), None);
    }
    let young = Chain::new(0);
    assert_eq!(answer(&young.state, &Ask::Offer.encode()).unwrap(), Some(Answer::Gone));
}

/// A node that answers, and the way to ask it.
struct Serving {
    questions: mpsc::Sender<Event>,
    _stop: watch::Sender<bool>,
}

impl Serving {
    fn of(state: &State, timing: Timing) -> Self {
        let ((questions, events), (stop, stopped)) = (mpsc::channel(64), watch::channel(false));
        tokio::spawn(serve(state.clone(), timing, events, stopped));
        Self { questions, _stop: stop }
    }

    async fn send(&self, from: AccountId, ask: &Ask) -> oneshot::Receiver<Bytes> {
        let (answer, answered) = oneshot::channel();
        let body = ask.encode().into();
        self.questions.send(Event::Question { from, question: Question::State, body, answer }).await.unwrap();
        answered
    }

    async fn ask(&self, from: AccountId, ask: &Ask) -> Answer {
        Answer::read(&self.send(from, ask).await.await.unwrap()).unwrap()
    }
}

#[tokio::test]
async fn a_height_is_kept_while_somebody_fetches_it_and_no_longer() {
    let chain = Chain::new(10);
    let serving = Serving::of(&chain.state, timing());
    let chunk = Ask::Chunk { height: Height(10), from: Position::default() };
    let before = serving.ask(key(1).account(), &chunk).await;
    // The note that it is fetched is taken before the next question is looked at.
    assert_eq!(serving.ask(key(2).account(), &Ask::Code(CodeHash([1; 32]))).await, Answer::Gone);
    chain.grow(20);
    assert_eq!(serving.ask(key(1).account(), &chunk).await, before);
    // Another one that forgets at once who fetched.
    chain.state.keep_from(None);
    let hasty = Serving::of(&chain.state, Timing { kept: Duration::from_millis(12), ..timing() });
    let mut turn = tokio::time::interval(Duration::from_millis(20));
    loop {
        turn.tick().await;
        chain.grow(1);
        if hasty.ask(key(1).account(), &Ask::Chunk { height: Height(30), from: Position::default() }).await
            == Answer::Gone
        {
            break;
        }
    }
    assert!(matches!(chain.state.block(BlockId::Height(Height(10))), Ok(Some(_))), "the block itself stays");
}

#[tokio::test]
async fn a_node_that_asks_too_much_at_once_gets_no_answer_and_others_do() {
    let chain = Chain::new(10);
    let serving = Serving::of(&chain.state, timing());
    let chunk = Ask::Chunk { height: Height(10), from: Position::default() };
    let mut many = Vec::new();
    for _ in 0..20 {
        many.push(serving.send(key(1).account(), &chunk).await);
    }
    assert!(matches!(serving.ask(key(2).account(), &chunk).await, Answer::Chunk(_)));
    let mut answered = 0;
    for one in many {
        answered += usize::from(one.await.is_ok());
    }
    assert!((1..20).contains(&answered), "{answered} answers");
}
