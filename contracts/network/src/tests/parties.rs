//! Parties and tag keys: who must sign what, and what is on record afterwards.

use coffer_sdk::native::{MemoryHost, with_host};

use super::*;
use crate::party::OVERLAP;
use crate::statement::{Part, PartyStatement, TagKeyStatement};

/// `Org1` to `Org<n>`, each with the validator of its number; the keys of `org1` and `node1` sign.
pub fn network(test: &Test, n: u8) -> Net<'_> {
    let net = Net::nothing(test);
    let all = (1..=n).map(|i| {
        let node = NewNode { key: test.account(&format!("node{i}")), ..new_node(i, Role::Validator) };
        NewOrganisation { key: test.account(&format!("org{i}")), ..organisation(i, Access::Trusted, vec![node]) }
    });
    net.contract.init(all.collect(), parameters(), 1, nobody()).unwrap();
    test.forget_events();
    net
}

/// What is asked for a party, and by whom each part of it is signed. Accounts are named.
#[derive(Clone)]
pub struct Asked {
    pub party: &'static str,
    pub organisation: &'static str,
    pub node: &'static str,
    pub key: &'static str,
    pub custodians: Vec<&'static str>,
    pub until: u64,
    /// What the signers signed for.
    pub statement: fn(&mut PartyStatement),
    /// Who signed as the encryption key, the node, the organisation.
    pub by: [&'static str; 3],
    pub parts: [Part; 3],
}

/// The party `party` of `Org1` at `node1` with the key `seal`.
pub fn asked() -> Asked {
    Asked {
        party: "party",
        organisation: "Org1",
        node: "node1",
        key: "seal",
        custodians: vec![],
        until: 1_000_000,
        statement: |_| {},
        by: ["seal", "node1", "org1"],
        parts: [Part::Possession, Part::Acceptance, Part::Consent],
    }
}

impl Asked {
    fn signatures(&self, test: &Test, epoch: u32) -> [[u8; 64]; 3] {
        let mut statement = PartyStatement {
            chain_id: test.chain_id(),
            party: test.account(self.party),
            organisation: self.organisation.to_owned(),
            node: test.account(self.node),
            key: test.account(self.key),
            epoch,
            custodians: self.named(test),
            until: self.until,
        };
        (self.statement)(&mut statement);
        let chain = statement.chain_id;
        let messages = with_host(MemoryHost::default(), || {
            let id = statement.id();
            self.parts.map(|part| part.message(chain, id))
        });
        [0, 1, 2].map(|at| test.sign(self.by[at], &messages.0[at].0))
    }

    fn named(&self, test: &Test) -> Vec<AccountId> {
        self.custodians.iter().map(|name| test.account(name)).collect()
    }

    pub fn register(&self, net: &Net<'_>) -> Result<(), Error> {
        let [possession, acceptance, consent] = self.signatures(net.test, 0);
        let (node, key) = (net.test.account(self.node), net.test.account(self.key));
        let organisation = self.organisation.to_owned();
        let by = net.by(net.test.account(self.party));
        by.register_party(organisation, node, key, self.named(net.test), self.until, possession, acceptance, consent)
    }

    /// `epoch` is that which the signers had in mind.
    fn change(&self, net: &Net<'_>, epoch: u32) -> Result<(), Error> {
        let [possession, acceptance, _] = self.signatures(net.test, epoch);
        let (node, key) = (net.test.account(self.node), net.test.account(self.key));
        let by = net.by(net.test.account(self.party));
        by.change_party(node, key, self.named(net.test), self.until, possession, acceptance)
    }
}

pub fn set_tag_key(net: &Net<'_>, node: &str, key: &str, epoch: u32) -> Result<(), Error> {
    tag_key_by(net, node, key, epoch, key, Part::TagKeyPossession)
}

fn tag_key_by(net: &Net<'_>, node: &str, key: &str, epoch: u32, by: &str, part: Part) -> Result<(), Error> {
    let test = net.test;
    let (chain_id, node, key) = (test.chain_id(), test.account(node), test.account(key));
    let statement = TagKeyStatement { chain_id, node, key, epoch };
    let message = with_host(MemoryHost::default(), || part.message(chain_id, statement.id()));
    net.by(node).set_tag_key(key, test.sign(by, &message.0.0))
}

/// A network whose nodes have tag keys.
pub fn ready(test: &Test, n: u8) -> Net<'_> {
    let net = network(test, n);
    for i in 1..=n {
        set_tag_key(&net, &format!("node{i}"), &format!("tag{i}"), 0).unwrap();
    }
    test.forget_events();
    net
}

fn bad(result: Result<(), Error>, name: &str) -> bool {
    matches!(result, Err(Error::Signature { field, .. }) if field == name)
}

#[coffer_test]
fn a_party_is_on_record_once_all_agreed(test: &Test) {
    let net = ready(test, 2);
    let asked = Asked { node: "node2", by: ["seal", "node2", "org1"], custodians: vec!["node1", "node2"], ..asked() };
    let since = net.height();
    test.measured("register a party", || asked.register(&net).unwrap());
    let [party, node, key] = ["party", "node2", "seal"].map(|name| test.account(name));
    let record = Party {
        party,
        organisation: "Org1".to_owned(),
        node,
        key,
        epoch: 0,
        since,
        custodians: vec![test.account("node1"), node],
        retired: false,
        before: None,
    };
    let ask = net.ask();
    assert_eq!(ask.party(party), Some(record.clone()));
    assert_eq!(ask.party_at(party, 0), Some(PartyEpoch { node, key, since }));
    assert_eq!((ask.party_at(party, 1), ask.party(key)), (None, None));
    assert_eq!(ask.parties(None, 9), core::slice::from_ref(&record));
    assert_eq!(ask.parties(Some(party), 9), []);
    assert_eq!(ask.parties_of("Org1".to_owned(), None, 9), core::slice::from_ref(&record));
    assert_eq!(ask.parties_of("Org2".to_owned(), None, 9), []);
    assert_eq!(ask.parties_of("x".repeat(300), None, 9), []);
    assert_eq!(ask.parties_at(node, None, 9), [record]);
    assert_eq!(ask.parties_at(test.account("node1"), None, 9), [], "a custodian does not serve it");
    assert_eq!(ask.parties_at(node, Some(party), 9), []);
    let told = PartyRegistered { party, organisation: "Org1".to_owned(), node, key };
    assert_eq!(test.events::<PartyRegistered>(), [told]);
}

#[coffer_test]
fn each_of_those_who_must_agree_signs_just_this(test: &Test) {
    let net = ready(test, 2);
    for (at, field) in ["possession", "acceptance", "consent"].into_iter().enumerate() {
        for stranger in ["party", "seal", "node1", "org1", "node2", "org2"] {
            let mut asked = asked();
            if asked.by[at] != stranger {
                asked.by[at] = stranger;
                assert!(bad(asked.register(&net), field), "{stranger} for {field}");
            }
        }
        for part in [Part::Possession, Part::Acceptance, Part::Consent, Part::TagKeyPossession] {
            let mut asked = asked();
            if asked.parts[at] as u8 != part as u8 {
                asked.parts[at] = part;
                assert!(bad(asked.register(&net), field), "a signature for another part as {field}");
            }
        }
    }
    let others: [fn(&mut PartyStatement); 8] = [
        |it| it.chain_id = Hash([9; 32]),
        |it| it.party = AccountId([9; 32]),
        |it| it.organisation = "Org2".to_owned(),
        |it| it.node = AccountId([9; 32]),
        |it| it.key = AccountId([9; 32]),
        |it| it.epoch = 1,
        |it| it.custodians = vec![AccountId([9; 32])],
        |it| it.until -= 1,
    ];
    for statement in others {
        assert!(bad(Asked { statement, ..asked() }.register(&net), "possession"), "a statement of something else");
    }
    assert_eq!(net.ask().parties(None, 9), [], "nothing was kept");
    assert_eq!(asked().register(&net), Ok(()), "and none of it stands in the way");
    let twice = Asked { party: "party2", ..asked() }.register(&net);
    assert!(matches!(twice, Err(Error::KeyTaken { .. })), "a key is one party's");
}

#[coffer_test]
fn what_cannot_be_is_refused_before_anything_is_kept(test: &Test) {
    let net = network(test, 2);
    let node = |i: u8| test.account(&format!("node{i}"));
    assert_eq!(asked().register(&net), Err(Error::NoTagKey { node: node(1) }));
    for i in 1..=2 {
        set_tag_key(&net, &format!("node{i}"), &format!("tag{i}"), 0).unwrap();
    }
    let unknown = Error::NoNode { node: test.account("nobody") };
    assert_eq!(Asked { node: "nobody", ..asked() }.register(&net), Err(unknown.clone()));
    assert_eq!(Asked { custodians: vec!["node2", "nobody"], ..asked() }.register(&net), Err(unknown));
    let twice = Asked { custodians: vec!["node2", "node1", "node2"], ..asked() }.register(&net);
    assert!(matches!(twice, Err(Error::Invalid { field, .. }) if field == "custodians"));
    let four = Asked { custodians: vec!["node1"; 4], ..asked() }.register(&net);
    assert!(matches!(four, Err(Error::TooMany { most: 3, .. })));
    let nowhere = Asked { organisation: "Org9", ..asked() }.register(&net);
    assert_eq!(nowhere, Err(Error::NoOrganisation { name: "Org9".to_owned() }));
    let long = net.by(test.account("party")).register_party(
        "x".repeat(300),
        node(1),
        node(1),
        vec![],
        9,
        [0; 64],
        [0; 64],
        [0; 64],
    );
    assert!(matches!(long, Err(Error::Invalid { field, .. }) if field == "name"));
    let height = net.height();
    let late = Asked { until: height - 1, ..asked() };
    assert_eq!(late.register(&net), Err(Error::Expired { until: height - 1, height }));
    assert_eq!(net.ask().parties(None, 9), []);
    assert_eq!(Asked { until: height, ..asked() }.register(&net), Ok(()), "its last height is one of them");
}

#[coffer_test]
fn no_key_is_two_things(test: &Test) {
    let net = ready(test, 2);
    let account = |name| test.account(name);
    asked().register(&net).unwrap();
    for (party, of) in [("node1", "Org1"), ("org2", "Org2"), ("tag2", "Org2"), ("seal", "Org1"), ("party", "Org1")] {
        let asked = Asked { party, key: "seal2", by: ["seal2", "node1", "org1"], ..asked() };
        let taken = Error::KeyTaken { key: account(party), organisation: of.to_owned() };
        assert_eq!(asked.register(&net), Err(taken), "{party} as a party");
    }
    for (key, of) in
        [("node2", "Org2"), ("org1", "Org1"), ("tag2", "Org2"), ("seal", "Org1"), ("party", "Org1"), ("party2", "Org1")]
    {
        let asked = Asked { party: "party2", key, by: [key, "node1", "org1"], ..asked() };
        let taken = Error::KeyTaken { key: account(key), organisation: of.to_owned() };
        assert_eq!(asked.register(&net), Err(taken.clone()), "{key} as an encryption key");
        if key != "party2" {
            let node1 = tag_key_by(&net, "node1", key, 1, key, Part::TagKeyPossession);
            assert_eq!(node1, Err(taken), "{key} as a tag key");
        }
    }
    for key in ["party", "seal", "tag2"] {
        let approved = net.by(account("org1")).approve(account(key), Access::Managed, vec![]);
        assert!(matches!(approved, Err(Error::KeyTaken { .. })), "{key} as a node");
        let joins = NewOrganisation { key: account(key), ..organisation(9, Access::Managed, vec![]) };
        let vote = net.by(account("org1")).vote(Change::Join { organisation: joins });
        assert!(matches!(vote, Err(Error::KeyTaken { .. })), "{key} as an organisation's");
    }
    // The other point of the same X25519 key.
    let mut other = account("seal");
    other.0[31] ^= 0x80;
    let (node, zeros) = (account("node1"), [0; 64]);
    let by = net.by(account("party2"));
    let twin = by.register_party("Org1".to_owned(), node, other, vec![], 99, zeros, zeros, zeros);
    assert_eq!(twin, Err(Error::KeyTaken { key: other, organisation: "Org1".to_owned() }));
    assert!(matches!(net.by(account("org1")).approve(other, Access::Managed, vec![]), Err(Error::KeyTaken { .. })));
}

#[coffer_test]
fn a_weak_key_is_none(test: &Test) {
    let net = ready(test, 1);
    // The neutral point, for which a lax check takes this signature of anything; and bytes that are no point.
    let (mut neutral, mut forged) = ([0; 32], [0; 64]);
    (neutral[0], forged[0]) = (1, 1);
    for key in [neutral, [2; 32], [0; 32]].map(AccountId) {
        let by = net.by(test.account("party"));
        let node = test.account("node1");
        let party = by.register_party("Org1".to_owned(), node, key, vec![], 99, forged, forged, forged);
        assert!(bad(party, "possession"), "{key}");
        assert!(bad(net.by(node).set_tag_key(key, forged), "possession"), "{key}");
    }
}

#[coffer_test]
fn another_key_overlaps_the_one_before_for_1000_heights(test: &Test) {
    let net = ready(test, 1);
    asked().register(&net).unwrap();
    let (party, node, first) = (test.account("party"), test.account("node1"), test.account("seal"));
    let began = net.height();
    test.advance(5, 1);
    let next = Asked { key: "seal2", by: ["seal2", "node1", "org1"], ..asked() };
    assert!(bad(next.change(&net, 0), "possession"), "signed for the epoch before");
    assert!(bad(next.change(&net, 2), "possession"), "signed for a later epoch");
    assert!(bad(Asked { by: ["seal", "node1", "org1"], ..next.clone() }.change(&net, 1), "possession"));
    assert!(bad(Asked { by: ["seal2", "org1", "org1"], ..next.clone() }.change(&net, 1), "acceptance"));
    test.measured("change the key of a party", || next.change(&net, 1).unwrap());
    let record = net.ask().party(party).unwrap();
    let (since, key) = (net.height(), test.account("seal2"));
    assert_eq!((record.key, record.epoch, record.since, record.node), (key, 1, since, node));
    let before = PartyBefore { node, key: first, epoch: 0, until: since + 1_000 };
    assert_eq!((OVERLAP, record.before), (1_000, Some(before)));
    assert_eq!(net.ask().party_at(party, 0), Some(PartyEpoch { node, key: first, since: began }));
    assert_eq!(net.ask().party_at(party, 1), Some(PartyEpoch { node, key, since }));
    let told = PartyChanged { party, node, key, epoch: 1, until: since + 1_000 };
    assert_eq!(test.events::<PartyChanged>(), [told]);

    let no_change = next.change(&net, 1);
    assert!(matches!(no_change, Err(Error::NoChange { .. })), "the same again");
    let back = asked().change(&net, 2);
    assert_eq!(back, Err(Error::KeyTaken { key: first, organisation: "Org1".to_owned() }), "no key comes back");
    let third = Asked { key: "seal3", by: ["seal3", "node1", "org1"], ..asked() };
    assert!(bad(third.change(&net, 1), "possession"), "what was signed for an epoch is good for that one alone");
    third.change(&net, 2).unwrap();
    let history: Vec<_> = (0..3).filter_map(|epoch| net.ask().party_at(party, epoch)).map(|was| was.key).collect();
    assert_eq!(history, [first, key, test.account("seal3")], "what is older than one step is found by its epoch");
}

#[coffer_test]
fn a_party_moves_with_its_key_or_with_another(test: &Test) {
    let net = ready(test, 2);
    asked().register(&net).unwrap();
    let [party, one, two, key] = ["party", "node1", "node2", "seal"].map(|name| test.account(name));
    let began = net.height();
    test.advance(3, 1);
    let moved = Asked { node: "node2", by: ["seal", "node2", "org1"], custodians: vec!["node1"], ..asked() };
    assert!(bad(Asked { by: ["seal", "node1", "org1"], ..moved.clone() }.change(&net, 0), "acceptance"));
    assert!(bad(moved.change(&net, 1), "possession"), "the key is the same, and so its epoch");
    moved.change(&net, 0).unwrap();
    let record = net.ask().party(party).unwrap();
    assert_eq!((record.node, record.key, record.epoch, record.custodians), (two, key, 0, vec![one]));
    assert_eq!(record.before, Some(PartyBefore { node: one, key, epoch: 0, until: net.height() + 1_000 }));
    assert_eq!(net.ask().party_at(party, 0), Some(PartyEpoch { node: two, key, since: began }));
    let at = |node| net.ask().parties_at(node, None, 9).len();
    assert_eq!((at(one), at(two)), (0, 1));
    let both = Asked { key: "seal2", by: ["seal2", "node1", "org1"], ..asked() };
    both.change(&net, 1).unwrap();
    let record = net.ask().party(party).unwrap();
    assert_eq!((record.node, record.epoch, record.before.unwrap().node), (one, 1, two));
    assert_eq!((at(one), at(two)), (1, 0));
    let stranger = Asked { party: "other", node: "node2", by: ["seal2", "node2", "org1"], ..both };
    assert_eq!(stranger.change(&net, 2), Err(Error::NoParty { party: test.account("other") }));
}

#[coffer_test]
fn a_retired_party_changes_nothing_any_more_and_stays_known(test: &Test) {
    let net = ready(test, 2);
    asked().register(&net).unwrap();
    let party = test.account("party");
    let by = net.by(party);
    by.set_custodians(vec![test.account("node2")]).unwrap();
    assert!(matches!(by.set_custodians(vec![test.account("node2")]), Err(Error::NoChange { .. })));
    assert_eq!(by.set_custodians(vec![party]), Err(Error::NoNode { node: party }));
    let told = CustodiansChanged { party, custodians: vec![test.account("node2")] };
    assert_eq!(test.events::<CustodiansChanged>(), [told]);
    test.advance(1, 1);
    by.retire_party().unwrap();
    assert_eq!(test.events::<PartyRetired>(), [PartyRetired { party }]);
    let record = net.ask().party(party).unwrap();
    assert_eq!((record.retired, record.key, record.since), (true, test.account("seal"), net.height()));
    let retired = Err(Error::Retired { party });
    assert_eq!(by.retire_party(), retired);
    assert_eq!(by.set_custodians(vec![]), retired);
    assert_eq!(by.authorise(party), retired);
    assert_eq!(by.revoke(party), retired);
    let next = Asked { key: "seal2", by: ["seal2", "node1", "org1"], ..asked() };
    assert_eq!(next.change(&net, 1), retired);
    assert!(matches!(next.register(&net), Err(Error::KeyTaken { .. })), "nor does it begin anew");
    let nobody = net.by(test.account("other"));
    let unknown = Err(Error::NoParty { party: test.account("other") });
    assert_eq!((nobody.retire_party(), nobody.set_custodians(vec![])), (unknown.clone(), unknown));
}

#[coffer_test]
fn while_an_organisation_is_suspended_its_parties_and_nodes_change_nothing(test: &Test) {
    let net = ready(test, 3);
    asked().register(&net).unwrap();
    let other =
        Asked { party: "party2", organisation: "Org2", key: "seal2", by: ["seal2", "node2", "org2"], ..asked() };
    let other = Asked { node: "node2", ..other };
    other.register(&net).unwrap();
    for i in [2, 3] {
        let change = Change::Suspend { organisation: "Org1".to_owned() };
        net.by(test.account(&format!("org{i}"))).vote(change).unwrap();
    }
    let suspended = || Err(Error::Suspended { organisation: "Org1".to_owned() });
    let by = net.by(test.account("party"));
    assert_eq!(by.set_custodians(vec![test.account("node2")]), suspended());
    assert_eq!(by.retire_party(), suspended());
    let moved = Asked { node: "node2", by: ["seal", "node2", "org1"], ..asked() };
    assert_eq!(moved.change(&net, 0), suspended());
    let new = Asked { party: "party3", key: "seal3", by: ["seal3", "node1", "org1"], ..asked() };
    assert_eq!(new.register(&net), suspended());
    assert_eq!(set_tag_key(&net, "node1", "tag9", 1), suspended());
    let to_it = Asked { node: "node1", by: ["seal2", "node1", "org2"], ..other };
    assert_eq!(to_it.change(&net, 0), suspended(), "a node that is not let in serves nobody");
    let resume = |i: u8| {
        let change = Change::Resume { organisation: "Org1".to_owned() };
        net.by(test.account(&format!("org{i}"))).vote(change).unwrap()
    };
    assert!(!resume(2) && resume(3));
    assert_eq!(moved.change(&net, 0), Ok(()), "nothing was lost");
}

#[coffer_test]
fn a_tag_key_is_the_nodes_own_and_stays_when_it_goes(test: &Test) {
    let net = network(test, 2);
    let [node, key, next] = ["node1", "tag1", "tag2"].map(|name| test.account(name));
    let possession = Part::TagKeyPossession;
    assert!(bad(tag_key_by(&net, "node1", "tag1", 1, "tag1", possession), "possession"), "of a later epoch");
    assert!(bad(tag_key_by(&net, "node1", "tag1", 0, "node1", possession), "possession"));
    assert!(bad(tag_key_by(&net, "node1", "tag1", 0, "tag1", Part::Possession), "possession"));
    let unknown = set_tag_key(&net, "nobody", "tag1", 0);
    assert_eq!(unknown, Err(Error::NoNode { node: test.account("nobody") }));
    let since = net.height();
    test.measured("set a tag key", || set_tag_key(&net, "node1", "tag1", 0).unwrap());
    assert_eq!(net.ask().tag_key(node), Some(TagKey { node, key, epoch: 0, since, before: None }));
    assert!(matches!(set_tag_key(&net, "node1", "tag1", 1), Err(Error::NoChange { .. })));
    test.advance(7, 1);
    set_tag_key(&net, "node1", "tag2", 1).unwrap();
    let before = Some(TagKeyBefore { key, until: net.height() + 1_000 });
    let record = TagKey { node, key: next, epoch: 1, since: net.height(), before };
    assert_eq!(net.ask().tag_key(node), Some(record));
    let taken = set_tag_key(&net, "node1", "tag1", 2);
    assert_eq!(taken, Err(Error::KeyTaken { key, organisation: "Org1".to_owned() }), "no key comes back");
    let told: Vec<_> = test.events::<TagKeySet>().into_iter().map(|set| (set.key, set.epoch)).collect();
    assert_eq!(told, [(key, 0), (next, 1)]);

    asked().register(&net).unwrap();
    net.by(test.account("org1")).remove(node).unwrap();
    assert_eq!(net.ask().tag_key(node), Some(record), "what was sealed before can be checked");
    assert_eq!(net.ask().party(test.account("party")).unwrap().node, node, "it is to move");
    assert_eq!(set_tag_key(&net, "node1", "tag3", 2), Err(Error::NoNode { node }));
    let rotated = Asked { key: "seal2", by: ["seal2", "node1", "org1"], ..asked() };
    assert_eq!(rotated.change(&net, 1), Err(Error::NoNode { node }));
    set_tag_key(&net, "node2", "tag4", 0).unwrap();
    Asked { node: "node2", by: ["seal", "node2", "org1"], ..asked() }.change(&net, 0).unwrap();
}

#[coffer_test]
fn a_key_that_signed_here_is_no_squatters(test: &Test) {
    let net = network(test, 3);
    // Approved by an organisation that has its key from somewhere, it is taken from it until it signs.
    net.by(test.account("org2")).approve(test.account("node9"), Access::Managed, vec![]).unwrap();
    assert!(!net.ask().node(test.account("node9")).unwrap().signed);
    set_tag_key(&net, "node9", "tag9", 0).unwrap();
    assert!(net.ask().node(test.account("node9")).unwrap().signed);
    // A node that is back has its tag key from before; its acceptance is its signature.
    net.by(test.account("org2")).remove(test.account("node9")).unwrap();
    net.by(test.account("org2")).approve(test.account("node9"), Access::Managed, vec![]).unwrap();
    assert!(!net.ask().node(test.account("node9")).unwrap().signed);
    Asked { node: "node9", by: ["seal", "node9", "org1"], ..asked() }.register(&net).unwrap();
    assert!(net.ask().node(test.account("node9")).unwrap().signed);
    // A party's key that an organisation approved as a node leaves it by itself.
    net.by(test.account("org2")).approve(test.account("party2"), Access::Managed, vec![]).unwrap();
    let second = Asked { party: "party2", node: "node9", key: "seal2", by: ["seal2", "node9", "org1"], ..asked() };
    assert!(matches!(second.register(&net), Err(Error::KeyTaken { .. })));
    net.by(test.account("party2")).leave().unwrap();
    assert_eq!(second.register(&net), Ok(()));
}
