//! Parties, accounts and tag keys on a chain with the real network contract: what is signed here is what it checks, and what it keeps is read back through the state.

use coffer_abi::AccountId;
use coffer_chain::network::{self, Change};
use coffer_chain::party::{
    AccountRecord, AccountRole, EpochRecord, OVERLAP, Part, PartyBefore, PartyRecord, TagKeyBefore, TagKeyRecord,
};
use coffer_chain::{PartyStatement, Signature, SystemContract, TagKeyStatement};

use super::*;
use crate::node::genesis::DEV_ORGANISATION;
use crate::sources::seeded_key;
use crate::state::{Serving, View, Why};

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(blake3::hash(name.as_bytes()).as_bytes())
}

fn id(name: &str) -> AccountId {
    key(name).account()
}

/// The keys that the seed of these tests gives the node and its organisation.
fn own(label: &str) -> SigningKey {
    SigningKey::from_seed(&seeded_key(7, label))
}

struct Chain {
    opened: Opened,
    calls: std::cell::Cell<u8>,
    _folder: tempfile::TempDir,
}

impl Chain {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (_, code) = coffer_bundle::MODULES.iter().find(|(name, _)| *name == "network").unwrap();
        let contract = SystemContract { name: "network".into(), code: code.to_vec(), in_private_states: false };
        let system = SystemContracts::new(vec![contract]).unwrap();
        let opened = Opened::open(&Config { system, tenants: vec![], ..config(folder.path()) }).unwrap();
        Self { opened, calls: 0.into(), _folder: folder }
    }

    fn chain_id(&self) -> Hash {
        *self.opened.ledger.executor.chain_id()
    }

    fn view(&self) -> View {
        self.opened.ledger.state.public()
    }

    /// Height of the head.
    fn height(&self) -> Height {
        self.opened.ledger.state.head().height
    }

    /// A block with one call of the network contract.
    fn calls(&self, by: &SigningKey, method: &str, input: Vec<u8>) -> Status {
        self.calls.set(self.calls.get() + 1);
        let body = TxBody {
            version: PROTOCOL_VERSION,
            chain_id: self.chain_id(),
            nonce: [self.calls.get(); 16],
            valid_until: Height(self.height().0 + 20),
            gas_limit: Gas(10_000_000),
            sender: by.account(),
            kind: Kind::Call { contract: network::contract(), method: method.into(), input },
        };
        let tx = body.sign(by).check(&self.chain_id()).unwrap();
        self.opened.ledger.pool.insert(tx.clone()).unwrap();
        step(&self.opened).unwrap();
        self.opened.ledger.state.receipt(None, &tx.id()).unwrap().unwrap().receipt.status
    }

    fn does(&self, by: &SigningKey, method: &str, input: Vec<u8>) {
        let status = self.calls(by, method, input);
        assert!(status.is_ok(), "{method}: {status:?}");
    }

    /// The statement of the party `party` at this node.
    fn statement(&self, key: &str, epoch: u32) -> PartyStatement {
        PartyStatement {
            chain_id: self.chain_id(),
            party: id("party"),
            organisation: DEV_ORGANISATION.into(),
            node: own("node").account(),
            key: id(key),
            epoch,
            custodians: vec![own("node").account()],
            until: Height(15),
        }
    }

    fn set_tag_key(&self, by: &SigningKey, name: &str, epoch: u32) {
        let statement = TagKeyStatement { chain_id: self.chain_id(), node: by.account(), key: id(name), epoch };
        self.does(by, "set_tag_key", (statement.key, statement.sign(&key(name))).encode());
    }

    fn register(&self, statement: &PartyStatement, possession: Signature) -> Status {
        let PartyStatement { organisation, node, key: seal, custodians, until, .. } = statement;
        let acceptance = statement.sign(Part::Acceptance, &own("node"));
        let consent = statement.sign(Part::Consent, &own("organisation"));
        let input = (organisation, node, seal, custodians, until, possession, acceptance, consent).encode();
        self.calls(&key("party"), "register_party", input)
    }
}

fn changed(statement: &PartyStatement, seal: &SigningKey, node: &SigningKey) -> Vec<u8> {
    let PartyStatement { node: at, key, custodians, until, .. } = statement;
    let possession = statement.sign(Part::Possession, seal);
    (at, key, custodians, until, possession, statement.sign(Part::Acceptance, node)).encode()
}

#[test]
fn what_is_signed_here_is_what_the_contract_checks_and_what_it_keeps_is_read_back() {
    let chain = Chain::begin();
    let (node, party) = (own("node").account(), id("party"));
    assert_eq!(chain.view().party(&party).unwrap(), None);
    assert_eq!(chain.view().serving(&party, Height(9)).unwrap(), None);
    let first = AccountId(*chain.opened.residents.tag().key().published());
    let tag = TagKeyRecord { node, key: first, epoch: 0, since: Height(0), before: None };
    assert_eq!(chain.view().tag_key(&node).unwrap(), Some(tag), "from the genesis");
    chain.set_tag_key(&own("node"), "tag", 1);
    let before = Some(TagKeyBefore { key: first, until: Height(1 + OVERLAP) });
    let tag = TagKeyRecord { node, key: id("tag"), epoch: 1, since: Height(1), before };
    assert_eq!(chain.view().tag_key(&node).unwrap(), Some(tag));

    let statement = chain.statement("seal", 0);
    let of_another = PartyStatement { chain_id: Hash([9; 32]), ..statement.clone() };
    let refused = chain.register(&statement, of_another.sign(Part::Possession, &key("seal")));
    assert!(matches!(refused, Status::Failed { .. }), "{refused:?}");
    assert_eq!(chain.view().parties(None, 9).unwrap(), []);
    let status = chain.register(&statement, statement.sign(Part::Possession, &key("seal")));
    assert!(status.is_ok(), "{status:?}");
    let registered = chain.height();
    let record = PartyRecord {
        party,
        organisation: DEV_ORGANISATION.into(),
        node,
        key: id("seal"),
        epoch: 0,
        since: registered,
        custodians: vec![node],
        retired: false,
        before: None,
    };
    let view = chain.view();
    assert_eq!(view.party(&party).unwrap(), Some(record.clone()));
    assert_eq!(view.parties(None, 9).unwrap(), std::slice::from_ref(&record));
    assert_eq!(view.parties(Some(&party), 9).unwrap(), []);
    assert_eq!(view.parties_of(DEV_ORGANISATION, None, 9).unwrap(), std::slice::from_ref(&record));
    assert_eq!(view.parties_of(DEV_ORGANISATION, Some(&party), 9).unwrap(), []);
    for other in ["", "de", "dev2", "dev\0", &"x".repeat(1_000)] {
        assert_eq!(view.parties_of(other, None, 9).unwrap(), [], "{other:?}");
    }
    assert_eq!(view.parties_at(&node, None, 9).unwrap(), [record]);
    assert_eq!(view.parties_at(&party, None, 9).unwrap(), []);
    let held = EpochRecord { node, key: id("seal"), since: registered };
    assert_eq!((view.party_at(&party, 0).unwrap(), view.party_at(&party, 1).unwrap()), (Some(held), None));
}

#[test]
fn what_was_replaced_is_good_for_exactly_1000_heights_more() {
    let chain = Chain::begin();
    let (first, second, party) = (own("node"), key("node 2"), id("party"));
    chain.does(
        &own("organisation"),
        "approve",
        (second.account(), network::Access::Trusted, Vec::<String>::new()).encode(),
    );
    chain.set_tag_key(&first, "tag", 1);
    chain.set_tag_key(&second, "tag of 2", 0);
    let statement = chain.statement("seal", 0);
    let before_it = chain.height();
    assert!(chain.register(&statement, statement.sign(Part::Possession, &key("seal"))).is_ok());
    assert_eq!(chain.view().serving(&party, before_it).unwrap(), None, "it does not hold for earlier heights");
    // Another node and another key at once.
    let moved = PartyStatement { node: second.account(), custodians: vec![], ..chain.statement("seal 2", 1) };
    chain.does(&key("party"), "change_party", changed(&moved, &key("seal 2"), &second));
    let since = chain.height();
    let until = Height(since.0 + OVERLAP);
    let record = chain.view().party(&party).unwrap().unwrap();
    let before = PartyBefore { node: first.account(), key: id("seal"), epoch: 0, until };
    assert_eq!((record.since, record.epoch, record.before), (since, 1, Some(before)));
    // And the first node has another tag key two blocks later.
    chain.set_tag_key(&first, "tag 2", 2);
    let replaced = Height(chain.height().0 + OVERLAP);
    let tag = chain.view().tag_key(&first.account()).unwrap().unwrap();
    assert_eq!(tag.before, Some(TagKeyBefore { key: id("tag"), until: replaced }));

    let serving = |height| chain.view().serving(&party, height).unwrap().unwrap();
    let now = Serving {
        node: second.account(),
        key: id("seal 2"),
        epoch: 1,
        before: Some(before),
        tag_keys: vec![
            (second.account(), id("tag of 2")),
            (first.account(), id("tag 2")),
            (first.account(), id("tag")),
        ],
        custodians: vec![],
        retired: false,
        suspended: false,
    };
    assert_eq!(serving(chain.height()), now);
    assert_eq!(serving(until), now, "the last height");
    let alone = Serving { before: None, tag_keys: vec![(second.account(), id("tag of 2"))], ..now };
    assert_eq!(serving(Height(until.0 + 1)), alone);
    // A node that is removed keeps its tag key on record.
    chain.does(&own("organisation"), "remove", second.account().encode());
    assert_eq!(serving(Height(until.0 + 1)), alone);
    chain.does(&key("party"), "retire_party", vec![]);
    assert_eq!(serving(Height(until.0 + 1)), Serving { retired: true, ..alone });
}

#[test]
fn an_account_acts_for_a_party_as_the_organisation_and_the_party_say() {
    let chain = Chain::begin();
    chain.set_tag_key(&own("node"), "tag", 1);
    let (party, user, organisation) = (id("party"), id("user"), own("organisation"));
    let acting = |needed| chain.view().acting(&party, &user, needed).unwrap();
    let [ask, transact, deploy] = [AccountRole::ReadOnly, AccountRole::Transact, AccountRole::Deploy];
    assert_eq!(acting(ask), Err(Why::NoParty(party)));
    let statement = chain.statement("seal", 0);
    assert!(chain.register(&statement, statement.sign(Part::Possession, &key("seal"))).is_ok());
    assert_eq!(acting(ask), Err(Why::NoAccount(user)));
    chain.does(&organisation, "set_account", (user, transact).encode());
    let record = AccountRecord {
        account: user,
        organisation: DEV_ORGANISATION.into(),
        role: transact,
        suspended: false,
        since: chain.height(),
    };
    assert_eq!(chain.view().account(&user).unwrap(), Some(record));
    assert_eq!(acting(ask), Err(Why::NotAuthorised { party, account: user }));
    chain.does(&key("party"), "authorise", user.encode());
    assert_eq!((acting(ask), acting(transact)), (Ok(()), Ok(())));
    assert_eq!(acting(deploy), Err(Why::Role { account: user, role: transact, needed: deploy }));
    let stranger = chain.view().acting(&user, &party, ask).unwrap();
    assert_eq!(stranger, Err(Why::NoParty(user)));
    chain.does(&organisation, "suspend_account", user.encode());
    assert_eq!(acting(ask), Err(Why::AccountSuspended(user)));
    chain.does(&organisation, "resume_account", user.encode());
    assert_eq!(acting(transact), Ok(()));
    let earlier = chain.opened.ledger.state.public_at(Height(chain.height().0 - 1)).unwrap();
    let then = earlier.acting(&party, &user, ask).unwrap();
    assert_eq!(then, Err(Why::AccountSuspended(user)), "each height as it was");
    chain.does(&key("party"), "revoke", user.encode());
    assert_eq!(acting(ask), Err(Why::NotAuthorised { party, account: user }));
    chain.does(&key("party"), "authorise", user.encode());
    chain.does(&key("party"), "retire_party", vec![]);
    assert_eq!(acting(ask), Err(Why::Retired(party)));
}

#[test]
fn an_account_of_another_organisation_and_a_suspended_organisation_do_not_act() {
    let chain = Chain::begin();
    chain.set_tag_key(&own("node"), "tag", 1);
    let (party, organisation) = (id("party"), own("organisation"));
    // Three organisations: two of them suspend the one whose party it is.
    for name in ["Second", "Third"] {
        let joins = network::FirstOrganisation {
            name: name.into(),
            key: id(name),
            access: network::Access::Trusted,
            nodes: vec![],
        };
        for by in [&organisation, &key("Second")] {
            let status = chain.calls(by, "vote", Change::Join { organisation: joins.clone() }.encode());
            if chain.view().organisations(None, 9).unwrap().iter().any(|one| one.name == name) {
                break;
            }
            assert!(status.is_ok(), "{status:?}");
        }
    }
    let mut statement = chain.statement("seal", 0);
    statement.organisation = "Third".into();
    let acceptance = statement.sign(Part::Acceptance, &own("node"));
    let (possession, consent) =
        (statement.sign(Part::Possession, &key("seal")), statement.sign(Part::Consent, &key("Third")));
    let PartyStatement { organisation: of, node, key: seal, custodians, until, .. } = &statement;
    let input = (of, node, seal, custodians, until, possession, acceptance, consent).encode();
    chain.does(&key("party"), "register_party", input);
    chain.does(&organisation, "set_account", (id("user"), AccountRole::Administer).encode());
    let acting = |user| chain.view().acting(&party, &id(user), AccountRole::Transact).unwrap();
    let other = Why::OtherOrganisation { account: id("user"), organisation: DEV_ORGANISATION.into() };
    assert_eq!(acting("user"), Err(other));
    chain.does(&key("Third"), "set_account", (id("own"), AccountRole::Transact).encode());
    chain.does(&key("party"), "authorise", id("own").encode());
    assert_eq!(acting("own"), Ok(()));
    for by in [&organisation, &key("Second")] {
        chain.does(by, "vote", Change::Suspend { organisation: "Third".into() }.encode());
    }
    assert_eq!(acting("own"), Err(Why::Suspended("Third".into())));
    let serving = chain.view().serving(&party, chain.height()).unwrap().unwrap();
    assert!(serving.suspended && !serving.retired, "it is still known where it is");
}
