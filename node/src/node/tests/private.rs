//! Private calls for several tenants of one node: each named one executes what the others do, a marker that is not of its call fails at all of
//! them, and who cannot read its call waits with its own private state alone.

use coffer_abi::AccountId;
use coffer_chain::hash::Domain;
use coffer_chain::{CallParties, Custodians, Custody, InnerAction, InnerBody, MemberVersions, PrivacyFlag, SlotText};

use super::*;
use crate::privacy::envelope::{Sealed, seal};
use crate::privacy::keys::{EncryptionKey, EncryptionSecret};
use crate::privacy::marking::{SlotContext, mark};
use crate::privacy::payloads::FILE;
use crate::privacy::resident::EPOCH;
use crate::privacy::wraps::Recipient;

pub(super) fn party(opened: &Opened, name: &str) -> AccountId {
    opened.residents.secret(&psi(name)).unwrap().party()
}

fn key(opened: &Opened, name: &str) -> EncryptionKey {
    opened.residents.secret(&psi(name)).unwrap().encryption(EPOCH).key()
}

/// A deployment for these tenants.
pub(super) fn body(opened: &Opened, names: &[&str]) -> InnerBody {
    let account = SigningKey::from_seed(&[5; 32]).account();
    let parties = CallParties::new(names.iter().map(|name| party(opened, name)).collect()).unwrap();
    let code = wat::parse_str(CELL).unwrap();
    InnerBody {
        version: PROTOCOL_VERSION,
        chain_id: *opened.ledger.executor.chain_id(),
        nonce: [1; 32],
        valid_until: Height(20),
        gas_limit: Gas(100_000_000),
        account,
        party: party(opened, names[0]),
        parties,
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
    }
}

/// Seals a call with these keys in the place of the parties' own.
fn sealed(body: InnerBody, keys: &[(AccountId, EncryptionKey)]) -> Sealed {
    sealed_by(&SigningKey::from_seed(&[5; 32]), body, keys)
}

/// The same for another account.
pub(super) fn sealed_by(signer: &SigningKey, body: InnerBody, keys: &[(AccountId, EncryptionKey)]) -> Sealed {
    let key = |party: &AccountId| &keys.iter().find(|(other, _)| other == party).unwrap().1;
    let recipients: Vec<_> = body
        .parties
        .accounts()
        .iter()
        .map(|party| Recipient { party: *party, epoch: EPOCH, key: key(party) })
        .collect();
    let relay = relay_key().account();
    let call = InnerBody { account: signer.account(), ..body }.sign(signer);
    seal(call, &relay, Height(20), &recipients, &Sources::seeded(3, &Hash::ZERO)).unwrap()
}

pub(super) fn keys(opened: &Opened) -> Vec<(AccountId, EncryptionKey)> {
    ["PS1", "PS2"].map(|name| (party(opened, name), key(opened, name))).to_vec()
}

/// The marker of a sealed call, with a slot for each of these tenants.
pub(super) fn marker_of(opened: &Opened, sealed: &Sealed, names: &[&str], nonce: u8) -> CheckedTx {
    let chain_id = opened.ledger.executor.chain_id();
    let relay = relay_key().account();
    let custody = |party: &AccountId| Custody::sign(&opened.node_signer, chain_id, &sealed.marker, &sealed.hash, party);
    let named = CallParties::new(names.iter().map(|name| party(opened, name)).collect()).unwrap();
    let slot = |party: &AccountId| SlotText {
        party: *party,
        custodians: Custodians::default(),
        custody: custody(party),
        origin: opened.node_signer.account(),
    };
    let slots: Vec<_> = named.accounts().iter().map(|party| (slot(party), opened.residents.tag().key())).collect();
    let context = SlotContext { chain_id, relay: &relay, marker: &sealed.marker, payload: &sealed.hash };
    let marker = Kind::Marker(mark(&context, &sealed.seed, &slots).unwrap());
    let body = TxBody { sender: relay, ..tx(opened, marker, nonce).body().clone() };
    body.sign(&relay_key()).check(chain_id).unwrap()
}

/// Orders it and executes what was ordered.
pub(super) fn order(opened: &Opened, marker: &CheckedTx) -> Height {
    opened.ledger.pool.insert(marker.clone()).unwrap();
    let height = step(opened).unwrap().header.height;
    opened.pipelines.catch_up().unwrap();
    height
}

pub(super) fn status(opened: &Opened, name: &str, marker: &CheckedTx) -> Option<Status> {
    let receipt = opened.ledger.state.receipt(Some(&psi(name)), &marker.id()).unwrap();
    receipt.map(|receipt| receipt.receipt.status)
}

#[test]
fn a_call_for_two_tenants_of_one_node_is_executed_in_both_alike() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let sealed = sealed(body(&opened, &["PS2", "PS1"]), &keys(&opened));
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(&opened, &sealed, &["PS1", "PS2"], 1);
    let height = order(&opened, &marker);
    for name in ["PS1", "PS2"] {
        assert_eq!(status(&opened, name, &marker), Some(Status::Ok(vec![])), "{name}");
    }
    let root = |name| opened.ledger.state.psi_root(&psi(name), height).unwrap().root;
    assert_eq!(root("PS1"), root("PS2"));
    assert_ne!(root("PS1"), Hash::ZERO);
    assert_eq!(opened.ledger.state.private_finished(), height);
}

#[test]
fn a_marker_that_hides_a_party_fails_at_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let sealed = sealed(body(&opened, &["PS1", "PS2"]), &keys(&opened));
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(&opened, &sealed, &["PS1"], 1);
    order(&opened, &marker);
    assert_eq!(status(&opened, "PS1", &marker), Some(Status::Refused(Refused::BadPayload)));
    assert_eq!(status(&opened, "PS2", &marker), None);
}

#[test]
fn a_payload_that_is_none_fails_and_holds_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let bytes = b"no payload".to_vec();
    let hash = coffer_chain::hash::hash(Domain::Payload, &bytes);
    let sealed = Sealed { hash, bytes, ..sealed(body(&opened, &["PS1"]), &keys(&opened)) };
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(&opened, &sealed, &["PS1"], 1);
    order(&opened, &marker);
    assert_eq!(status(&opened, "PS1", &marker), Some(Status::Refused(Refused::BadPayload)));
}

#[test]
fn a_party_whose_wrap_does_not_open_is_held_and_the_other_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let opened = open(folder.path());
    let mut wrong = keys(&opened);
    wrong[1].1 = EncryptionSecret::from_seed(&[9; 32]).key();
    let sealed = sealed(body(&opened, &["PS1", "PS2"]), &wrong);
    opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
    let marker = marker_of(&opened, &sealed, &["PS1", "PS2"], 1);
    order(&opened, &marker);
    assert_eq!(status(&opened, "PS1", &marker), Some(Status::Ok(vec![])));
    let held = opened.invoker.holds().of(&psi("PS2")).unwrap().to_string();
    assert!(held.contains("does not open for this party") && held.contains(&marker.id().to_string()), "{held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_without_its_payload_is_held_there_until_the_payload_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let (first, second, ordered) = {
        let opened = open(folder.path());
        let sealed = sealed(body(&opened, &["PS1"]), &keys(&opened));
        opened.pipelines.payloads.put(&sealed.hash, &sealed.bytes).unwrap();
        let markers = [1, 2].map(|nonce| marker_of(&opened, &sealed, &["PS1"], nonce));
        opened.ledger.pool.insert(markers[0].clone()).unwrap();
        let ordered = step(&opened).unwrap().header.height;
        opened.ledger.pool.insert(markers[1].clone()).unwrap();
        step(&opened).unwrap();
        let [first, second] = markers;
        (first, second, ordered)
    };
    let lost = std::fs::read(&path).unwrap();
    std::fs::write(&path, []).unwrap();

    let node = running(folder.path()).await;
    let (one, two) = (tenant("PS1"), tenant("PS2"));
    let held = held(&node, one.psi()).await;
    assert!(held.to_string().contains("its payload is not on this node"), "{held}");
    assert_eq!((held.height, held.marker()), (ordered, Some(first.id())));
    let request = call(&node, ContractId([1; 32]), "put", 1);
    let refused = node.invoker().call(&one, request).await.err().unwrap();
    assert_eq!(refused.to_string(), format!("private state `PS1` is held: {held}"));
    // It is read as it was before.
    {
        let view = node.invoker().state().private(one.psi()).unwrap();
        assert_eq!((view.height(), view.root()), (Height(0), Hash::ZERO));
    }
    // The other tenant goes on, and the chain.
    let contract = deploy_cell(&node, &two, Scope::Private).await.receipt.contract.unwrap();
    let late = put(&node, &two, contract, 5).await.height;
    assert_eq!(node.invoker().state().private_finished(), Height(0));
    assert!(!node.invoker().state().psi_trie_root(late).unwrap().sealed);
    node.stop().await.unwrap();

    let came = std::fs::read(&path).unwrap();
    std::fs::write(&path, [lost, came].concat()).unwrap();
    let node = running(folder.path()).await;
    done_privately(&node, late).await;
    let state = node.invoker().state();
    let status = |marker: &CheckedTx| state.receipt(Some(one.psi()), &marker.id()).unwrap().unwrap().receipt.status;
    assert_eq!(status(&first), Status::Ok(vec![]));
    assert_eq!(status(&second), Status::Refused(Refused::Replayed));
    assert_eq!(state.private_finished(), late);
    assert!(state.psi_trie_root(late).unwrap().sealed);
    assert!(deploy_cell(&node, &one, Scope::Private).await.receipt.status.is_ok());
    node.stop().await.unwrap();
}
