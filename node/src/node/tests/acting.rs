//! Who may act for a party, on a chain that keeps parties: the genesis lets managed accounts act at once, and what changed in the block before a marker's counts in that marker's.

use coffer_abi::AccountId;
use coffer_chain::party::{AccountRole, Part};
use coffer_chain::{InnerBody, PartyStatement, SystemContract, TagKeyStatement, network};

use super::private::{body, keys, marker_of, order, party, sealed_by, status};
use super::*;
use crate::invoke::InvokeError;
use crate::node::genesis::DEV_ORGANISATION;
use crate::privacy::keys::TagSecret;
use crate::privacy::resident::TenantSecret;
use crate::sources::seeded_key;
use crate::state::Why;

pub(super) fn network_contract() -> SystemContract {
    let (_, code) = coffer_bundle::MODULES.iter().find(|(name, _)| *name == "network").unwrap();
    SystemContract { name: "network".into(), code: code.to_vec(), in_private_states: false }
}

fn settings(folder: &Path) -> Config {
    Config { system: SystemContracts::new(vec![network_contract()]).unwrap(), ..config(folder) }
}

fn own(label: &str) -> SigningKey {
    SigningKey::from_seed(&seeded_key(7, label))
}

/// The party key of a tenant.
fn party_key(opened: &Opened, name: &str) -> SigningKey {
    opened.residents.secret(&psi(name)).unwrap().party_signer()
}

/// A call of the network contract, which waits for a block.
fn waits(opened: &Opened, by: &SigningKey, method: &str, input: Vec<u8>, nonce: u8) -> CheckedTx {
    let kind = Kind::Call { contract: network::contract(), method: method.into(), input };
    let body = TxBody { sender: by.account(), ..tx(opened, kind, nonce).body().clone() };
    let tx = body.sign(by).check(opened.ledger.executor.chain_id()).unwrap();
    opened.ledger.pool.insert(tx.clone()).unwrap();
    tx
}

/// A block with such a call.
fn does(opened: &Opened, by: &SigningKey, method: &str, input: Vec<u8>, nonce: u8) {
    let tx = waits(opened, by, method, input, nonce);
    step(opened).unwrap();
    let status = opened.ledger.state.receipt(None, &tx.id()).unwrap().unwrap().receipt.status;
    assert!(status.is_ok(), "{method}: {status:?}");
}

/// How a deployment to PS1 ends that an account signs.
fn deploys(opened: &Opened, by: &SigningKey, nonce: u8) -> Status {
    let body = InnerBody { nonce: [nonce; 32], ..body(opened, &["PS1"]) };
    let sealed = sealed_by(by, body, &keys(opened));
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(opened, &sealed, &["PS1"], nonce);
    order(opened, &marker);
    let receipt = opened.ledger.state.receipt(Some(&psi("PS1")), &marker.id()).unwrap().unwrap().receipt;
    assert!(receipt.status.is_ok() || receipt.gas_used == Gas(0), "{receipt:?}");
    receipt.status
}

const MAY_NOT: Status = Status::Refused(Refused::MayNotAct);

#[test]
fn a_new_chain_knows_the_tenants_of_its_node_and_lets_its_accounts_act_for_them() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(&settings(folder.path())).unwrap();
    let view = opened.ledger.state.public();
    let node = own("node").account();
    let tag = TagSecret::of_node(&seeded_key(7, "node secret"), 0).key();
    assert_eq!(view.tag_key(&node).unwrap().unwrap().key.0, *tag.published());
    for name in ["PS1", "PS2"] {
        let record = view.party(&party(&opened, name)).unwrap().unwrap();
        assert_eq!((record.node, record.epoch, record.since), (node, 0, Height(0)));
        for account in ["alice", "bob", "carol", "dave"] {
            let account = own(&format!("account {account}")).account();
            let acting = view.acting(&record.party, &account, AccountRole::Administer).unwrap();
            assert_eq!(acting, Ok(()));
        }
    }
    assert!(deploys(&opened, &own("account alice"), 1).is_ok());
}

#[test]
fn who_may_not_act_for_a_party_is_refused_and_leaves_nothing_there() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(&settings(folder.path())).unwrap();
    let (organisation, ps1) = (own("organisation"), party_key(&opened, "PS1"));
    let user = SigningKey::from_seed(&[5; 32]);
    let body = InnerBody { nonce: [1; 32], ..body(&opened, &["PS1"]) };
    let sealed = sealed_by(&user, body, &keys(&opened));
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let first = marker_of(&opened, &sealed, &["PS1"], 1);
    order(&opened, &first);
    assert_eq!(status(&opened, "PS1", &first), Some(MAY_NOT), "no account");

    does(&opened, &organisation, "set_account", (user.account(), AccountRole::Transact).encode(), 2);
    assert_eq!(deploys(&opened, &user, 3), MAY_NOT, "not authorised");
    does(&opened, &ps1, "authorise", user.account().encode(), 4);
    assert_eq!(deploys(&opened, &user, 5), MAY_NOT, "too low a role");
    does(&opened, &organisation, "set_account", (user.account(), AccountRole::Deploy).encode(), 6);
    // The first call was not consumed: sealed once, ordered again.
    let again = marker_of(&opened, &sealed, &["PS1"], 7);
    order(&opened, &again);
    assert_eq!(status(&opened, "PS1", &again), Some(Status::Ok(vec![])));
    does(&opened, &organisation, "suspend_account", user.account().encode(), 8);
    assert_eq!(deploys(&opened, &user, 9), MAY_NOT, "suspended");
    does(&opened, &organisation, "resume_account", user.account().encode(), 10);
    assert!(deploys(&opened, &user, 11).is_ok());
    // In the block before the marker's.
    does(&opened, &ps1, "revoke", user.account().encode(), 12);
    assert_eq!(deploys(&opened, &user, 13), MAY_NOT, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_refuses_early_what_would_be_refused_and_says_who_can_change_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = settings(folder.path());
    config.rpc.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let node = Node::start(config).await.unwrap();
    let one = tenant("PS1");
    let alice = own("account alice").account();
    let secret = TenantSecret::new(&seeded_key(7, "tenant PS1"));
    let view = node.invoker().state().public();
    assert_eq!(view.acting(&secret.party(), &alice, AccountRole::Deploy).unwrap(), Ok(()));
    assert!(deploy_cell(&node, &one, Scope::Private).await.receipt.status.is_ok());
    let stranger = AccountId([9; 32]);
    let request = CallRequest { account: stranger, ..call(&node, ContractId([1; 32]), "put", 1) };
    let refused = node.invoker().call(&one, request).await.err().unwrap();
    assert!(matches!(refused, InvokeError::MayNotAct(Why::NoAccount(account)) if account == stranger), "{refused}");
    node.stop().await.unwrap();
}

/// A statement of PS1's party that another node serves it, signed by all it takes.
fn elsewhere(opened: &Opened, epoch: u32, node: &SigningKey) -> PartyStatement {
    let secret = opened.residents.secret(&psi("PS1")).unwrap();
    PartyStatement {
        chain_id: *opened.ledger.executor.chain_id(),
        party: secret.party(),
        organisation: DEV_ORGANISATION.into(),
        node: node.account(),
        key: secret.encryption_signer(epoch).account(),
        epoch,
        custodians: vec![],
        until: Height(15),
    }
}

/// Lets another node in, with a tag key.
fn other_node(opened: &Opened) -> SigningKey {
    let (node, seal) = (SigningKey::from_seed(&[21; 32]), SigningKey::from_seed(&[22; 32]));
    let approved = (node.account(), network::Access::Trusted, Vec::<String>::new()).encode();
    does(opened, &own("organisation"), "approve", approved, 50);
    let chain_id = *opened.ledger.executor.chain_id();
    let statement = TagKeyStatement { chain_id, node: node.account(), key: seal.account(), epoch: 0 };
    does(opened, &node, "set_tag_key", (statement.key, statement.sign(&seal)).encode(), 51);
    node
}

#[test]
fn a_party_that_another_node_registered_is_not_served_here_though_its_keys_are() {
    let folder = tempfile::tempdir().unwrap();
    drop(Opened::open(&Config { tenants: vec![], ..settings(folder.path()) }).unwrap());
    let opened = Opened::open(&settings(folder.path())).unwrap();
    let node = other_node(&opened);
    let statement = elsewhere(&opened, 0, &node);
    let seal = opened.residents.secret(&psi("PS1")).unwrap().encryption_signer(0);
    let parts = [(Part::Possession, &seal), (Part::Acceptance, &node), (Part::Consent, &own("organisation"))];
    let [possession, acceptance, consent] = parts.map(|(part, key)| statement.sign(part, key));
    let PartyStatement { organisation, node, key, custodians, until, .. } = statement;
    let input = (organisation, node, key, custodians, until, possession, acceptance, consent).encode();
    does(&opened, &party_key(&opened, "PS1"), "register_party", input, 52);
    let sealed = sealed_by(&own("account alice"), body(&opened, &["PS1"]), &keys(&opened));
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(&opened, &sealed, &["PS1"], 53);
    order(&opened, &marker);
    assert_eq!(status(&opened, "PS1", &marker), None);
    opened.ledger.state.private(&psi("PS1")).unwrap();
    let lack = opened.own.lack_from(&opened.ledger.state.public(), opened.ledger.executor.chain_id(), 0).unwrap();
    assert!(lack.obstacles.iter().any(|one| one.contains("is served by the node")), "{:?}", lack.obstacles);
}

#[test]
fn a_party_that_moved_with_another_key_still_opens_what_was_sealed_for_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let opened = Opened::open(&settings(folder.path())).unwrap();
    let node = other_node(&opened);
    let statement = elsewhere(&opened, 1, &node);
    let seal = opened.residents.secret(&psi("PS1")).unwrap().encryption_signer(1);
    let signed = (statement.sign(Part::Possession, &seal), statement.sign(Part::Acceptance, &node));
    let PartyStatement { node, key, custodians, until, .. } = statement;
    let input = (node, key, custodians, until, signed.0, signed.1).encode();
    does(&opened, &party_key(&opened, "PS1"), "change_party", input, 52);
    let record = opened.ledger.state.public().party(&party(&opened, "PS1")).unwrap().unwrap();
    assert_eq!((record.epoch, record.node), (1, node));
    // The slot for the tag key of this node, the wrap by the key of epoch 0.
    assert!(deploys(&opened, &own("account alice"), 53).is_ok());
}
