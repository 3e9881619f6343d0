//! Payloads between real nodes of one process, over real connections: who gets them, who does not, what is refused, and what goes on when somebody is away. Nothing here waits for a time to pass.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use coffer_abi::{ContractId, Gas, Height, Status};
use coffer_chain::envelope::{MAX_TEXT, TAG, WRAP, payload_hash};
use coffer_chain::hash::Domain;
use coffer_chain::{
    Acknowledgement, Authority, CallParties, Consents, Custodians, Custody, Envelope, EnvelopeHeader, InnerAction,
    InnerBody, InnerCall, Kind, MemberVersions, MembershipKind, Outcome, PROTOCOL_VERSION, PrivacyFlag, Psi, SlotText,
    SystemContract, SystemContracts, Touched, TxBody,
};

use super::hand::AskedPiece;
use super::message::{Answer, Asked, Delivery, Taken};
use coffer_abi::{Encode, codec};

use super::*;
use crate::compile::Place as Compiler;
use crate::config::Config;
use crate::invoke::{
    CallRequest, ChangeRequest, DeployRequest, InvokeError, Mode, NotChanged, PartyStanding, Publication, Recipients,
    Scope,
};
use crate::metrics;
use crate::network::{Question, Settings, Timing as Wires};
use crate::node::{Founder, Node, begin};
use crate::organisation::key_store::Origin;
use crate::organisation::{KeyHolder, KeyStore, Registry};
use crate::pool::Settled;
use crate::privacy::envelope::{Sealed, seal};
use crate::privacy::keys::{EncryptionKey, TagKey};
use crate::privacy::marking::{Shown, SlotContext, mark};
use crate::privacy::resident::TenantSecret;
use crate::privacy::transfer::Name;
use crate::privacy::wraps::Recipient;
use crate::state::BlockId;
use crate::tenant::TenantContext;

/// Stores 8 bytes of input.
const CELL: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01cell")
    (func (export "call put")
        (drop (call $input (i32.const 64) (i32.const 8)))
        (call $set (i32.const 0) (i32.const 5) (i32.const 64) (i32.const 8))
        (call $output (i32.const 0) (i32.const 0))))"#;

fn psi() -> Psi {
    "PS1".parse().unwrap()
}

fn tenant() -> TenantContext {
    TenantContext::new(psi(), true)
}

/// Nodes of one chain, each of an organisation of its own and with the tenants it is given.
struct Net {
    configs: Vec<Config>,
    keys: Vec<KeyStore>,
    nodes: Vec<Option<Node>>,
    _folder: tempfile::TempDir,
}

impl Net {
    async fn start(count: usize, tenants: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (_, code) = coffer_bundle::MODULES.iter().find(|(name, _)| *name == "network").unwrap();
        let contract = SystemContract { name: "network".into(), code: code.to_vec(), in_private_states: false };
        let system = SystemContracts::new(vec![contract]).unwrap();
        let ports: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let addrs: Vec<SocketAddr> = ports.iter().map(|port| port.local_addr().unwrap()).collect();
        drop(ports);
        let ms = Duration::from_millis;
        let timing = Wires { retry_first: ms(20), retry_last: ms(100), tick: ms(10), ..Wires::default() };
        let config = |data: PathBuf, listen: SocketAddr| {
            let mut config = Config {
                tenants: tenants.iter().map(|name| name.parse().unwrap()).collect(),
                accounts: vec!["alice".into()],
                system: system.clone(),
                network: Settings { listen: Some(listen), timing, ..Settings::default() },
                ..Config::dev(data)
            };
            config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
            // The program that runs these tests is not `coffer`.
            config.execution.compile.place = Compiler::Here;
            config
        };
        let configs: Vec<_> = (0..count).map(|n| config(folder.path().join(n.to_string()), addrs[n])).collect();
        let founder = |n: usize| Founder {
            data: configs[n].data.clone(),
            organisation: format!("organisation{n}"),
            addresses: vec![addrs[n].to_string()],
        };
        let founders: Vec<_> = (0..count).map(founder).collect();
        let first = configs[0].clone();
        tokio::task::spawn_blocking(move || begin(&first, &founders).unwrap()).await.unwrap();
        let open = |config: &Config| {
            let secret = std::fs::read(config.data.join("dev-secret")).unwrap();
            let sources = Sources::system().unwrap();
            let origin = Origin::Random(&sources);
            KeyStore::open_or_create(&config.data, &secret, origin, &config.accounts).unwrap()
        };
        let keys = configs.iter().map(open).collect();
        let mut net = Self { configs, keys, nodes: (0..count).map(|_| None).collect(), _folder: folder };
        for n in 0..count {
            net.run(n).await;
        }
        for n in 0..count {
            net.meets(n, count - 1).await;
        }
        net
    }

    async fn run(&mut self, n: usize) {
        self.nodes[n] = Some(Node::start(self.configs[n].clone()).await.unwrap());
    }

    async fn stop(&mut self, n: usize) {
        self.nodes[n].take().unwrap().stop().await.unwrap();
    }

    async fn end(mut self) {
        for node in self.nodes.iter_mut().filter_map(Option::take) {
            node.stop().await.unwrap();
        }
    }

    fn node(&self, n: usize) -> &Node {
        self.nodes[n].as_ref().unwrap()
    }

    fn id(&self, n: usize) -> AccountId {
        self.keys[n].node_key()
    }

    /// Waits until a node is connected with so many.
    async fn meets(&self, n: usize, peers: usize) {
        let mut turn = tokio::time::interval(Duration::from_millis(10));
        while self.node(n).network().peers().len() < peers {
            turn.tick().await;
        }
    }

    fn secret(&self, n: usize, name: &str) -> TenantSecret {
        let registry = Registry::open_or_create(&self.configs[n].data, &self.keys[n], 64, true).unwrap();
        TenantSecret::new(&registry.get(&name.parse().unwrap()).unwrap().secret)
    }

    fn party(&self, n: usize) -> AccountId {
        self.secret(n, "PS1").party()
    }

    fn to(&self, nodes: &[usize], mode: Mode) -> Recipients {
        let parties = nodes.iter().map(|n| self.party(*n)).collect();
        Recipients { parties, mode, ..Recipients::default() }
    }

    async fn deploy(&self, n: usize, to: Recipients) -> Result<Settled, InvokeError> {
        let invoker = self.node(n).invoker();
        let request = DeployRequest {
            scope: Scope::Private,
            code: wat::parse_str(CELL).unwrap(),
            input: vec![],
            salt: None,
            authority: Authority::None,
            account: invoker.default_account().unwrap(),
            gas_limit: None,
        };
        invoker.deploy_for(&tenant(), request, to).await
    }

    async fn put(&self, n: usize, contract: ContractId, value: u64, to: Recipients) -> Result<Settled, InvokeError> {
        let invoker = self.node(n).invoker();
        let request = CallRequest {
            scope: Scope::Private,
            contract,
            method: "put".into(),
            input: value.to_le_bytes().to_vec(),
            account: invoker.default_account().unwrap(),
            gas_limit: None,
        };
        invoker.call_for(&tenant(), request, to).await
    }

    /// Root of the first tenant's private state after a block, once that is done with.
    async fn root(&self, n: usize, height: Height) -> Hash {
        let state = self.node(n).invoker().state();
        state.watch_private().wait_for(|done| *done >= height).await.unwrap();
        state.psi_root(&psi(), height).unwrap().root
    }

    fn status(&self, n: usize, tx: &Hash) -> Status {
        self.node(n).invoker().state().receipt(Some(&psi()), tx).unwrap().unwrap().receipt.status
    }

    /// Hash of the payload of a marker.
    fn payload(&self, n: usize, tx: &Hash) -> Hash {
        let state = self.node(n).invoker().state();
        let found = state.receipt(None, tx).unwrap().unwrap();
        let block = state.block(BlockId::Height(found.height)).unwrap().unwrap().block;
        Shown::of(&block.transactions[found.index as usize].body).unwrap().marker.payload
    }

    /// Has the party of a node name custodians.
    async fn choose(&self, n: usize, custodians: &[usize]) {
        let (secret, invoker) = (self.secret(n, "PS1"), self.node(0).invoker());
        let custodians: Vec<_> = custodians.iter().map(|n| self.id(*n)).collect();
        let settled = invoker.publish(Publication {
            what: "custodians".into(),
            sender: secret.party(),
            key: Some(secret.party_signer()),
            method: "set_custodians",
            input: custodians.encode(),
        });
        let settled = settled.await.unwrap();
        assert!(settled.receipt.status.is_ok(), "{:?}", settled.receipt.status);
        for node in self.nodes.iter().flatten() {
            let mut heads = node.invoker().state().watch();
            heads.wait_for(|head| head.height >= settled.height).await.unwrap();
        }
    }

    async fn fetch(&self, by: usize, of: usize, asked: Asked) -> Vec<u8> {
        let asked = asked.encode().into();
        self.node(by).network().ask(self.id(of), Question::Fetch, asked).await.unwrap().to_vec()
    }

    async fn hand(&self, by: usize, to: usize, delivery: &Delivery) -> Answer {
        let body = delivery.encode().into();
        let answer = self.node(by).network().ask(self.id(to), Question::Deliver, body).await.unwrap();
        codec::decode(&answer).unwrap()
    }

    /// A call of node 0's party, sealed for it and that of node 1.
    fn sealed(&self, valid_until: Height) -> Sealed {
        let alice = SigningKey::from_seed(&[7; 32]);
        let parties = CallParties::new(vec![self.party(0), self.party(1)]).unwrap();
        let body = InnerBody {
            version: PROTOCOL_VERSION,
            chain_id: *self.node(0).invoker().chain_id(),
            nonce: [1; 32],
            valid_until,
            gas_limit: Gas(1_000_000),
            account: alice.account(),
            party: self.party(0),
            parties: parties.clone(),
            versions: MemberVersions::default(),
            flag: PrivacyFlag::Standard,
            reads: None,
            action: InnerAction::Call { contract: ContractId([1; 32]), method: "put".into(), input: vec![] },
        };
        let key = |party: &AccountId| -> EncryptionKey {
            let n = usize::from(*party != self.party(0));
            self.secret(n, "PS1").encryption(0).key()
        };
        let keys: Vec<_> = parties.accounts().iter().map(|party| (*party, key(party))).collect();
        let to: Vec<_> = keys.iter().map(|(party, key)| Recipient { party: *party, epoch: 0, key }).collect();
        let relay = AccountId([9; 32]);
        seal(body.sign(&alice), &relay, valid_until, &to, &Sources::system().unwrap()).unwrap()
    }

    fn place(&self, n: usize) -> Place {
        let parties = CallParties::new(vec![self.party(0), self.party(1)]).unwrap();
        Place { party: self.party(n), place: parties.place(&self.party(n)).unwrap() as u8 }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_for_two_parties_of_two_nodes_is_executed_by_both_alike() {
    let net = Net::start(2, &["PS1"]).await;
    let deployed = net.deploy(0, net.to(&[1], Mode::All)).await.unwrap();
    assert!(deployed.receipt.status.is_ok(), "{:?}", deployed.receipt.status);
    let contract = deployed.receipt.contract.unwrap();
    assert_eq!(net.root(0, deployed.height).await, net.root(1, deployed.height).await);
    assert_ne!(net.root(0, deployed.height).await, Hash::ZERO);
    // The other way round, and a call that names its own party too.
    let put = net.put(1, contract, 5, net.to(&[0, 1], Mode::All)).await.unwrap();
    assert_eq!(put.receipt.status, Status::Ok(vec![]));
    assert_eq!(net.root(0, put.height).await, net.root(1, put.height).await);
    assert_eq!(net.status(0, &put.receipt.tx), Status::Ok(vec![]));
    // One for itself alone changes it there alone.
    let own = net.put(0, contract, 6, Recipients::default()).await.unwrap();
    assert_ne!(net.root(0, own.height).await, net.root(1, own.height).await);

    // Who may fetch, and who may not: one answer.
    let (tx, party) = (put.receipt.tx, net.party(0));
    let payload = net.payload(0, &tx);
    let asked = Asked { payload, tx, party };
    assert_eq!(payload_hash(&net.fetch(0, 1, asked).await), payload);
    let nothing: Vec<u8> = vec![];
    assert_eq!(net.fetch(0, 1, Asked { payload: Hash([9; 32]), ..asked }).await, nothing, "no such payload");
    assert_eq!(net.fetch(0, 1, Asked { tx: Hash([9; 32]), ..asked }).await, nothing, "no such marker");
    assert_eq!(net.fetch(0, 1, Asked { party: net.party(1), ..asked }).await, nothing, "a party of another node");
    let alone = Asked { payload: net.payload(0, &own.receipt.tx), tx: own.receipt.tx, party: net.party(1) };
    assert_eq!(net.fetch(1, 0, alone).await, nothing, "a payload that its party is none of");
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_many_make_at_once_are_all_delivered() {
    let net = Net::start(2, &["PS1"]).await;
    let contract = net.deploy(0, net.to(&[1], Mode::All)).await.unwrap().receipt.contract.unwrap();
    // More than wait for one node, each asked to hand over at the same time.
    let calls = (0..100).map(|value| net.put(0, contract, value, net.to(&[1], Mode::All)));
    let settled = futures::future::join_all(calls).await;
    let last = settled.into_iter().map(|settled| settled.unwrap().height).max().unwrap();
    assert_eq!(net.root(0, last).await, net.root(1, last).await);
    net.end().await;
}

/// What a node's PS1 knows of a call once nobody is pending any more.
async fn settled_at(net: &Net, n: usize, tx: Hash) -> Vec<(PartyStanding, Option<bool>)> {
    let mut turn = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..3_000 {
        turn.tick().await;
        let Some(found) = net.node(n).invoker().outcome(&tenant(), tx).await.unwrap() else { continue };
        let others: Vec<_> = found.others.iter().map(|other| (other.standing, other.is_same_before)).collect();
        let is_open = |other: &(PartyStanding, _)| matches!(other.0, PartyStanding::Pending | PartyStanding::Missing);
        if !others.is_empty() && !others.iter().any(is_open) {
            return others;
        }
    }
    panic!("the parties of {tx} say nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn parties_tell_each_other_how_a_call_ended_and_who_lies_about_it_differs() {
    let mut net = Net::start(4, &["PS1"]).await;
    let deployed = net.deploy(0, net.to(&[1], Mode::All)).await.unwrap();
    let (contract, tx) = (deployed.receipt.contract.unwrap(), deployed.receipt.tx);
    for n in [0, 1] {
        assert_eq!(settled_at(&net, n, tx).await, [(PartyStanding::Ok, Some(true))]);
    }
    // Nobody else has heard of it.
    assert_eq!(net.node(2).invoker().outcome(&tenant(), tx).await.unwrap(), None);
    assert_eq!(net.node(2).invoker().outcome(&tenant(), Hash([7; 32])).await.unwrap(), None);
    // Node 0 goes on alone, so the next call of both begins with other contents.
    net.put(0, contract, 6, Recipients::default()).await.unwrap();
    let drifted = net.put(1, contract, 7, net.to(&[0], Mode::All)).await.unwrap().receipt.tx;
    for n in [0, 1] {
        assert_eq!(settled_at(&net, n, drifted).await, [(PartyStanding::Ok, Some(false))]);
    }
    // Of a call that is for itself alone a party tells nobody.
    let alone = net.put(0, contract, 8, Recipients::default()).await.unwrap().receipt.tx;
    let found = net.node(0).invoker().outcome(&tenant(), alone).await.unwrap().unwrap();
    assert_eq!((found.own, found.others), (PartyStanding::Ok, vec![]));

    // A party that is away is pending, and says it once it is back; what was said before is still known.
    net.stop(1).await;
    let late = net.put(0, contract, 9, net.to(&[1], Mode::Async)).await;
    assert!(late.is_err(), "it has no custodian: {late:?}");
    net.run(1).await;
    net.meets(1, 3).await;
    for n in [0, 1] {
        assert_eq!(settled_at(&net, n, drifted).await, [(PartyStanding::Ok, Some(false))]);
    }

    // What a stranger, a party of another call, or another chain says is not heard; a party that says something else than it said is not either.
    let ask = async |by: usize, to: usize, said: &Acknowledgement| -> Taken {
        let answer = net.node(by).network().ask(net.id(to), Question::Acknowledge, said.encode().into()).await.unwrap();
        codec::decode(&answer).unwrap()
    };
    let (signer, chain_id) = (|n: usize| net.secret(n, "PS1").party_signer(), *net.node(0).invoker().chain_id());
    let outcome = |tx| Outcome { tx, is_ok: false, receipt: Hash([1; 32]), touched: vec![] };
    let says = |n: usize, chain_id: &Hash, tx| {
        Acknowledgement::sign(&signer(n), chain_id, net.party(0), deployed.height, vec![outcome(tx)])
    };
    assert_eq!(ask(2, 0, &says(2, &chain_id, tx)).await, Taken::Later, "as of a call that is not there");
    assert_eq!(ask(2, 0, &says(2, &chain_id, Hash([9; 32]))).await, Taken::Later);
    assert_eq!(ask(1, 0, &says(1, &Hash([3; 32]), tx)).await, Taken::No);
    assert_eq!(ask(1, 0, &says(1, &chain_id, Hash([9; 32]))).await, Taken::Later);
    assert_eq!(ask(1, 0, &says(1, &chain_id, tx)).await, Taken::Yes, "the first word counts");
    assert_eq!(settled_at(&net, 0, tx).await, [(PartyStanding::Ok, Some(true))]);
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_ends_otherwise_upon_the_same_differs() {
    let mut net = Net::start(4, &["PS1"]).await;
    net.choose(1, &[2]).await;
    let deployed = net.deploy(0, net.to(&[1], Mode::All)).await.unwrap();
    let contract = deployed.receipt.contract.unwrap();
    assert_eq!(settled_at(&net, 0, deployed.receipt.tx).await, [(PartyStanding::Ok, Some(true))]);
    let secret = net.secret(1, "PS1");
    net.stop(1).await;
    let put = net.put(0, contract, 5, net.to(&[1], Mode::Async)).await.unwrap();
    let found = net.node(0).invoker().outcome(&tenant(), put.receipt.tx).await.unwrap().unwrap();
    let of_other = (found.others[0].standing, found.others[0].is_same_before);
    assert_eq!(
        (found.own, of_other),
        (PartyStanding::Ok, (PartyStanding::Missing, None)),
        "it was not handed over yet"
    );
    // Somebody with the party's key says that it began with the same, and ended with something else.
    let outcome = |before: Hash, after| Outcome {
        touched: vec![Touched { contract, before, after }],
        ..Outcome::of(&put.receipt, vec![])
    };
    let chain_id = *net.node(0).invoker().chain_id();
    let before =
        net.node(0).invoker().acknowledged().known(&psi(), &put.receipt.tx).unwrap().own.outcome.touched[0].before;
    let said = Acknowledgement::sign(
        &secret.party_signer(),
        &chain_id,
        net.party(0),
        put.height,
        vec![outcome(before, Hash([9; 32]))],
    );
    let counted = metrics::DIFFERENCES.count();
    let answer = net.node(2).network().ask(net.id(0), Question::Acknowledge, said.encode().into()).await.unwrap();
    assert_eq!(codec::decode::<Taken>(&answer), Ok(Taken::Yes));
    assert_eq!(settled_at(&net, 0, put.receipt.tx).await, [(PartyStanding::Differs, Some(true))]);
    assert!(metrics::DIFFERENCES.count() > counted);
    // The party itself comes back and finds nothing wrong: it is the other one's alarm.
    net.run(1).await;
    net.meets(1, 3).await;
    assert_eq!(settled_at(&net, 1, put.receipt.tx).await, [(PartyStanding::Ok, Some(true))]);
    assert_eq!(settled_at(&net, 0, put.receipt.tx).await, [(PartyStanding::Differs, Some(true))]);
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_by_the_name_of_its_party() {
    let net = Net::start(2, &["PS1", "PS2"]).await;
    let stranger = AccountId([9; 32]);
    let to = Recipients { parties: vec![stranger], ..Recipients::default() };
    let refused = net.deploy(0, to).await.err().unwrap();
    assert!(matches!(&refused, InvokeError::Recipient { party, .. } if *party == stranger), "{refused}");
    let twice = Recipients { parties: vec![net.party(1), net.party(1)], ..Recipients::default() };
    assert!(matches!(net.deploy(0, twice).await, Err(InvokeError::Parties)));
    let retires = |n: usize| Publication {
        what: "the end".into(),
        sender: net.party(n),
        key: Some(net.secret(n, "PS1").party_signer()),
        method: "retire_party",
        input: vec![],
    };
    // Both tenants of this node: no other one is asked.
    let beside = net.secret(0, "PS2").party();
    let settled = net.deploy(0, Recipients { parties: vec![beside], ..Recipients::default() }).await.unwrap();
    net.root(0, settled.height).await;
    let second = net.node(0).invoker().state().psi_root(&"PS2".parse().unwrap(), settled.height).unwrap();
    assert_eq!(second.root, net.root(0, settled.height).await);
    assert!(net.node(0).invoker().publish(retires(1)).await.unwrap().receipt.status.is_ok());
    let refused = net.deploy(0, net.to(&[1], Mode::All)).await.err().unwrap().to_string();
    assert!(refused.contains("is retired") && refused.contains(&net.party(1).to_string()), "{refused}");
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_is_off_stops_mode_all_and_gets_the_payload_later_in_mode_async() {
    let mut net = Net::start(4, &["PS1"]).await;
    let deployed = net.deploy(0, net.to(&[3], Mode::All)).await.unwrap();
    let contract = deployed.receipt.contract.unwrap();
    net.root(3, deployed.height).await;
    net.stop(3).await;
    let refused = net.put(0, contract, 1, net.to(&[3], Mode::All)).await.err().unwrap();
    let InvokeError::NotDelivered { party, node, .. } = &refused else { panic!("{refused}") };
    assert_eq!((*party, *node), (net.party(3), net.id(3)));
    assert!(refused.to_string().contains("mode: \"async\""), "{refused}");
    let refused = net.put(0, contract, 1, net.to(&[3], Mode::Async)).await.err().unwrap();
    assert!(refused.to_string().contains("no custodian"), "{refused}");
    net.choose(3, &[2]).await;
    let before = net.node(0).invoker().state().head().height;
    assert_eq!(before.0, deployed.height.0 + 1, "nothing of what was refused is in a block");

    let put = net.put(0, contract, 7, net.to(&[3], Mode::Async)).await.unwrap();
    assert_eq!(put.receipt.status, Status::Ok(vec![]));
    let payload = net.payload(0, &put.receipt.tx);
    let asked = Asked { payload, tx: put.receipt.tx, party: net.party(3) };
    // The custodian has it and gives it to nobody else.
    for by in [0, 1] {
        assert!(net.fetch(by, 2, asked).await.is_empty());
        assert!(net.fetch(by, 2, Asked { party: net.party(by), ..asked }).await.is_empty());
    }
    net.run(3).await;
    assert_eq!(net.root(3, put.height).await, net.root(0, put.height).await);
    assert_eq!(net.status(3, &put.receipt.tx), Status::Ok(vec![]));
    assert_eq!(payload_hash(&net.fetch(3, 2, asked).await), payload);
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_whose_custodian_is_gone_too_asks_the_sender_at_last() {
    let mut net = Net::start(4, &["PS1"]).await;
    net.choose(3, &[2]).await;
    net.stop(3).await;
    let deployed = net.deploy(0, net.to(&[3], Mode::Async)).await.unwrap();
    // Three of four decide; the custodian goes and the recipient comes.
    net.stop(2).await;
    net.run(3).await;
    assert_eq!(net.root(3, deployed.height).await, net.root(0, deployed.height).await);
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custodian_that_was_away_gets_its_copy_once_it_is_back() {
    let mut net = Net::start(4, &["PS1"]).await;
    net.choose(3, &[2]).await;
    net.stop(2).await;
    let deployed = net.deploy(0, net.to(&[3], Mode::All)).await.unwrap();
    let tx = deployed.receipt.tx;
    let payload = net.payload(0, &tx);
    // The sender's restart changes nothing.
    net.stop(0).await;
    net.run(0).await;
    net.run(2).await;
    let mut turn = tokio::time::interval(Duration::from_millis(50));
    let asked = Asked { payload, tx, party: net.party(3) };
    loop {
        turn.tick().await;
        let body = asked.encode().into();
        let came = net.node(3).network().ask(net.id(2), Question::Fetch, body).await;
        if came.is_ok_and(|bytes| payload_hash(&bytes) == payload) {
            break;
        }
    }
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_that_lost_all_but_its_keys_fetches_what_it_had() {
    let mut net = Net::start(4, &["PS1"]).await;
    let deployed = net.deploy(0, net.to(&[3], Mode::All)).await.unwrap();
    let put = net.put(0, deployed.receipt.contract.unwrap(), 5, net.to(&[3], Mode::All)).await.unwrap();
    let root = net.root(3, put.height).await;
    net.stop(3).await;
    let folder = net.configs[3].data.clone();
    for lost in ["log", "db"] {
        std::fs::remove_dir_all(folder.join(lost)).unwrap();
    }
    for lost in [crate::privacy::payloads::FILE, FILE, "engine-log"] {
        std::fs::remove_file(folder.join(lost)).unwrap();
    }
    net.run(3).await;
    assert_eq!(net.root(3, put.height).await, root);
    assert_eq!(net.status(3, &put.receipt.tx), Status::Ok(vec![]));
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_looks_before_it_signs() {
    let net = Net::start(2, &["PS1"]).await;
    let next = net.node(1).invoker().next_height();
    let sealed = net.sealed(Height(next.0 + 10));
    let delivery =
        |sealed: &Sealed, place| Delivery { marker: sealed.marker, places: vec![place], payload: sealed.bytes.clone() };
    let refused = |refusal| Answer::Refused(refusal);
    let (good, other) = (net.place(1), net.place(0));
    let hand = |delivery: Delivery| {
        let net = &net;
        async move { net.hand(0, 1, &delivery).await }
    };
    assert_eq!(hand(delivery(&sealed, other)).await, refused(Refusal::NotHere(other.party)));
    let elsewhere = Place { place: other.place, ..good };
    assert_eq!(hand(delivery(&sealed, elsewhere)).await, refused(Refusal::NotOpened(good.party)));
    let nowhere = Place { place: 200, ..good };
    assert_eq!(hand(delivery(&sealed, nowhere)).await, refused(Refusal::NotOpened(good.party)));
    let marker = Delivery { marker: Hash([1; 32]), ..delivery(&sealed, good) };
    assert_eq!(hand(marker).await, refused(Refusal::OtherMarker));
    for at in [sealed.bytes.len() - 1, sealed.bytes.len() / 2] {
        let mut changed = delivery(&sealed, good);
        changed.payload[at] ^= 1;
        assert_eq!(hand(changed).await, refused(Refusal::NotOpened(good.party)), "{at}");
    }
    let mut short = delivery(&sealed, good);
    short.payload.truncate(300);
    assert_eq!(hand(short).await, refused(Refusal::NoPayload));
    for until in [0, next.0 + 1_001] {
        let sealed = net.sealed(Height(until));
        assert_eq!(hand(delivery(&sealed, good)).await, refused(Refusal::Validity(next)), "{until}");
    }
    let Answer::Kept(signatures) = hand(delivery(&sealed, good)).await else { panic!("not kept") };
    let custody = Custody { node: net.id(1), signature: signatures[0] };
    let chain_id = net.node(0).invoker().chain_id();
    assert!(custody.holds(chain_id, &sealed.marker, &sealed.hash, &good.party));
    // It says nothing of a party that the node was not asked for, and did not look at.
    assert_eq!(signatures.len(), 1);
    assert!(!custody.holds(chain_id, &sealed.marker, &sealed.hash, &net.party(0)));
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_floods_a_custodian_is_told_to_wait_and_others_are_not() {
    let net = Net::start(3, &["PS1"]).await;
    net.choose(1, &[2]).await;
    let chain_id = *net.node(0).invoker().chain_id();
    let valid_until = Height(net.node(0).invoker().next_height().0 + 100);
    let delivery = |n: u8| {
        let any = Hash([n; 32]);
        let (relay, marker) = (AccountId([9; 32]), any);
        let header = EnvelopeHeader { chain_id, relay, marker, valid_until, inner: any, parties: any, key: any };
        let wraps = coffer_chain::envelope::Wraps::new(vec![[n; WRAP]; 4]).unwrap();
        let payload = Envelope { header, wraps, sealed: vec![n; MAX_TEXT + TAG] }.encode();
        Delivery { marker, places: vec![Place { party: net.party(1), place: 0 }], payload }
    };
    let mut kept = 0;
    let told = loop {
        match net.hand(0, 2, &delivery(kept)).await {
            Answer::Kept(_) => kept += 1,
            Answer::Refused(refusal) => break refusal,
        }
    };
    assert!(matches!(told, Refusal::OverQuota(wait) if wait > 0), "{told}");
    assert_eq!(u64::from(kept), (64 << 20) / delivery(0).payload.len() as u64);
    assert!(matches!(net.hand(0, 2, &delivery(0)).await, Answer::Kept(_)), "what is kept already");
    assert!(matches!(net.hand(1, 2, &delivery(200)).await, Answer::Kept(_)), "another node");
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_contract_holds_goes_to_the_node_of_a_party_that_joins_and_to_no_other() {
    let net = Net::start(4, &["PS1"]).await;
    let protected = Recipients { flag: Some(PrivacyFlag::PartyProtection), ..net.to(&[1], Mode::All) };
    let contract = net.deploy(0, protected.clone()).await.unwrap().receipt.contract.unwrap();
    net.put(0, contract, 5, protected).await.unwrap();
    let put = net.put(0, contract, 7, net.to(&[1], Mode::All)).await.unwrap();
    net.root(1, put.height).await;
    let request = ChangeRequest { kind: MembershipKind::Extend, party: net.party(2), contracts: vec![contract] };
    let invoker = net.node(0).invoker();
    let (change, asked) = invoker.propose_members(&tenant(), request.clone()).await.unwrap();
    let expected: std::collections::BTreeSet<_> = [net.party(1), net.party(2)].into();
    assert_eq!(asked.into_iter().collect::<std::collections::BTreeSet<_>>(), expected);
    let mut consents = Vec::new();
    for n in [1, 2] {
        consents.push(net.node(n).invoker().accept_members(&tenant(), change.clone(), None).await.unwrap().consent);
    }
    let refused = net.node(3).invoker().accept_members(&tenant(), change, None).await.unwrap_err();
    assert!(matches!(refused, InvokeError::NotChanged(NotChanged::NotAsked(_))), "{refused}");
    let consents = Consents::new(consents).unwrap();
    let account = invoker.default_account().unwrap();
    let (_, settled) = invoker.change_members(&tenant(), request, consents, account, None).await.unwrap();
    assert_eq!(settled.receipt.status, Status::Ok(vec![]));
    for n in [0, 1, 2] {
        net.root(n, settled.height).await;
    }
    let held = |n: usize| net.node(n).invoker().state().private(&psi()).unwrap().contract(&contract).unwrap();
    let root = |n: usize| held(n).unwrap().storage_root;
    assert_eq!((root(1), root(2)), (root(0), root(0)));
    assert!(held(3).is_none());
    let put = net.put(2, contract, 9, net.to(&[0, 1], Mode::All)).await.unwrap();
    for n in [0, 1] {
        net.root(n, put.height).await;
        assert_eq!(root(n), root(2));
    }
    // Who asks for somebody else gets what who asks for nothing gets.
    let ask = |by: usize, from: u64, name: Name| {
        let (network, of, body) = (net.node(by).network(), net.id(0), AskedPiece { name, from }.encode());
        async move { network.ask(of, Question::Transfer, body.into()).await.unwrap() }
    };
    let name = Name { tx: settled.receipt.tx, from: net.party(0), to: net.party(2) };
    assert!(ask(2, 0, name).await.len() > PIECE);
    assert!(ask(2, u64::MAX, name).await.len() < 16);
    for (by, name) in [
        (3, name),
        (1, name),
        (2, Name { tx: Hash([9; 32]), ..name }),
        (3, Name { to: net.party(3), ..name }),
        (2, Name { from: net.party(3), ..name }),
    ] {
        assert!(ask(by, 0, name).await.is_empty(), "{by}");
    }
    net.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_whose_wrap_does_not_open_gets_the_content_key_from_who_sealed_it_and_keeps_it() {
    let mut net = Net::start(4, &["PS1"]).await;
    let (chain_id, valid_until) = (*net.node(0).invoker().chain_id(), Height(90));
    let parts = net.node(0).invoker().parts();
    let account = net.node(0).invoker().default_account().unwrap();
    let parties = CallParties::new(vec![net.party(0), net.party(1)]).unwrap();
    let code = wat::parse_str(CELL).unwrap();
    let body = InnerBody {
        version: PROTOCOL_VERSION,
        chain_id,
        nonce: [1; 32],
        valid_until,
        gas_limit: Gas(100_000_000),
        account,
        party: net.party(0),
        parties: parties.clone(),
        versions: MemberVersions::default(),
        flag: PrivacyFlag::Standard,
        reads: None,
        action: InnerAction::Deploy {
            code,
            input: vec![],
            salt: [1; 32],
            authority: Authority::None,
            mandatory: vec![],
        },
    };
    let signature = parts.keys.sign(&account, Domain::InnerCallSignature, &chain_id, &body.id()).unwrap();
    // That of node 2's party in the place of node 1's.
    let key = |party: &AccountId| net.secret(if *party == net.party(0) { 0 } else { 2 }, "PS1").encryption(0).key();
    let keys: Vec<_> = parties.accounts().iter().map(|party| (*party, key(party))).collect();
    let to: Vec<_> = keys.iter().map(|(party, key)| Recipient { party: *party, epoch: 0, key }).collect();
    let relay = parts.keys.relay_key();
    let call = InnerCall { body, signature };
    let sealed = seal(call, &relay.account(), valid_until, &to, &Sources::system().unwrap()).unwrap();
    parts.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let public = parts.state.public();
    let slot = |party: &AccountId| {
        let n = usize::from(*party != net.party(0));
        let custody = Custody::sign(&net.keys[n].node_signer(), &chain_id, &sealed.marker, &sealed.hash, party);
        let serving = public.serving(party, Height(1)).unwrap().unwrap();
        let text = SlotText { party: *party, custodians: Custodians::default(), custody, origin: net.id(0) };
        (text, TagKey::new(&serving.tag_keys[0].1.0).unwrap())
    };
    let slots: Vec<_> = parties.accounts().iter().map(slot).collect();
    let context =
        SlotContext { chain_id: &chain_id, relay: &relay.account(), marker: &sealed.marker, payload: &sealed.hash };
    let kind = Kind::Marker(mark(&context, &sealed.seed, &slots).unwrap());
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id,
        nonce: [9; 16],
        valid_until,
        gas_limit: Gas(0),
        sender: relay.account(),
        kind,
    };
    let tx = body.sign(relay).check(&chain_id).unwrap();
    let id = tx.id();
    parts.pool.insert(tx).unwrap();
    let mut turn = tokio::time::interval(Duration::from_millis(10));
    let height = loop {
        turn.tick().await;
        if let Some(found) = net.node(0).invoker().state().receipt(Some(&psi()), &id).unwrap() {
            break found.height;
        }
    };
    let root = net.root(0, height).await;
    assert_eq!(net.root(1, height).await, root);
    assert!(net.status(1, &id).is_ok());
    // Nobody else gets it, and who asks for what there is not gets the same.
    let asked = |party| Asked { payload: sealed.hash, tx: id, party };
    for (by, asked) in [
        (2, asked(net.party(1))),
        (2, asked(net.party(2))),
        (1, Asked { tx: Hash([3; 32]), ..asked(net.party(1)) }),
        (1, Asked { payload: Hash([3; 32]), ..asked(net.party(1)) }),
    ] {
        let body = asked.encode().into();
        assert!(net.node(by).network().ask(net.id(0), Question::Key, body).await.unwrap().is_empty(), "{by}");
    }
    // It is part of what the node keeps: a database that is made anew needs nobody for it.
    let height = net.put(
        3,
        net.deploy(3, Recipients::default()).await.unwrap().receipt.contract.unwrap(),
        1,
        Recipients::default(),
    );
    let height = height.await.unwrap().height;
    net.root(1, height).await;
    net.stop(1).await;
    net.stop(0).await;
    std::fs::remove_dir_all(net.configs[1].data.join("db")).unwrap();
    net.run(1).await;
    assert_eq!(net.root(1, Height(height.0)).await, root);
    assert!(net.status(1, &id).is_ok());
    net.end().await;
}
