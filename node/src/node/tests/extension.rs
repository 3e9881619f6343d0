//! Parties that join and leave private contracts: what they have then, who must agree, that nothing happens otherwise, and that who joins waits for those who decide and for nobody else. `COFFER_EXTENSION_SEED` says which random changes.

use coffer_abi::AccountId;
use coffer_chain::hash::private_contract_id;
use coffer_chain::{
    CallParties, Consents, InnerAction, InnerBody, Members, MembershipChange, MembershipKind, PrivacyFlag, Void,
};

use super::members::{ALL, Names, TWO, Web, counted, refused};
use super::pipelines::{Dice, NAMES, Ordered, block_of, random, take};
use super::private::party;
use super::*;
use crate::executor::{PastMembers, Reason, past_members};
use crate::privacy::directory::PublishedKey;
use crate::privacy::handed::Content;
use crate::privacy::opening::Missing;
use crate::privacy::transfer::{self, FOLDER, Name};
use crate::state::ContractRecord;
use MembershipKind::{Extend, Remove};
use PrivacyFlag::{MandatoryRecipients, PartyProtection, Standard, StateValidation};

const OK: Status = Status::Ok(Vec::new());

fn key(opened: &Opened, name: &str) -> SigningKey {
    opened.residents.secret(&psi(name)).unwrap().party_signer()
}

impl Web {
    fn members(&self, name: &str, contract: &ContractId) -> Members {
        self.record(name, contract).unwrap().members.unwrap()
    }

    /// The change of contracts as they are at a party.
    fn change(&self, kind: MembershipKind, who: &str, at: &str, contracts: &[ContractId]) -> MembershipChange {
        let now = contracts.iter().map(|contract| (*contract, self.members(at, contract))).collect();
        MembershipChange::new(kind, party(&self.opened, who), now).unwrap()
    }

    /// The names of those whom a change names, who sends it first.
    fn named(&self, change: &MembershipChange, sender: &'static str) -> Vec<&'static str> {
        let parties = change.parties().unwrap();
        let others = NAMES.into_iter().filter(|name| *name != sender);
        let others = others.filter(|name| parties.place(&party(&self.opened, name)).is_some());
        [sender].into_iter().chain(others).collect()
    }

    /// A change with the consents of these parties up to a height.
    fn sends(
        &mut self,
        change: &MembershipChange,
        sender: &'static str,
        consenting: Names<'_>,
        until: u64,
    ) -> (Vec<&'static str>, InnerBody) {
        let chain_id = *self.opened.ledger.executor.chain_id();
        let consent = |name: &&str| change.consent(&chain_id, Height(until), &key(&self.opened, name));
        let consents = Consents::new(consenting.iter().map(consent).collect()).unwrap();
        let names = self.named(change, sender);
        let action = InnerAction::Members { change: change.clone(), consents };
        let body = self.raw(&names, Standard, action);
        (names, body)
    }

    /// The same with the consents of all that it asks.
    fn agreed(&mut self, change: &MembershipChange, sender: &'static str) -> (Vec<&'static str>, InnerBody) {
        let asked = change.asked(&party(&self.opened, sender));
        let asked: Vec<_> = NAMES.into_iter().filter(|name| asked.contains(&party(&self.opened, name))).collect();
        self.sends(change, sender, &asked, 1_000)
    }

    /// Puts calls into a block and lets all go on, who waits for another too; gives how each ended, equally at all its parties.
    fn all(&mut self, calls: Vec<(Vec<&'static str>, InnerBody)>) -> Vec<Status> {
        let calls: Vec<_> = calls.iter().map(|(names, body)| (&names[..], body.clone())).collect();
        let ordered = self.order(calls);
        self.opened.pipelines.catch_up().unwrap();
        ordered.iter().map(|call| self.receipt(call).status).collect()
    }

    fn ends_with(&mut self, call: (Vec<&'static str>, InnerBody)) -> Status {
        self.all(vec![call]).remove(0)
    }

    /// Makes a change that all agree to.
    fn changes(&mut self, kind: MembershipKind, who: &str, sender: &'static str, contracts: &[ContractId]) {
        let change = self.change(kind, who, sender, contracts);
        let call = self.agreed(&change, sender);
        assert_eq!(self.ends_with(call), OK);
    }

    fn add(&mut self, names: Names<'_>, flag: PrivacyFlag, contract: ContractId) -> Status {
        self.ends(names, flag, contract, ("add", b"a"))
    }
}

#[test]
fn who_joins_has_what_the_others_have_and_calls_with_them_from_then_on() {
    let mut web = Web::new();
    for (flag, mandatory) in
        [(Standard, &[][..]), (PartyProtection, &[]), (MandatoryRecipients, &["PS2"]), (StateValidation, &[])]
    {
        let contract = web.deploy(TWO, flag, mandatory);
        assert_eq!(web.add(TWO, flag, contract), counted(1));
        let sealed_before = web.call(TWO, flag, contract, ("add", b"a"));
        web.changes(Extend, "PS3", "PS1", &[contract]);
        let members = web.members("PS3", &contract);
        assert_eq!((members.version(), members.flag(), members.accounts().len()), (1, flag, 3));
        assert_eq!(web.roots(ALL, &contract).len(), 1, "{flag:?}");
        let record = |name| {
            let record = web.record(name, &contract).unwrap();
            ContractRecord { since: web.record("PS1", &contract).unwrap().since, ..record }
        };
        assert_eq!(record("PS3"), record("PS1"));
        assert_eq!(web.one(TWO, sealed_before).status, refused(Refused::NoSuchContract), "of the version before");
        assert_eq!(web.add(ALL, flag, contract), counted(2), "{flag:?}");
        let from_three: Names<'_> = &["PS3", "PS1", "PS2"];
        assert_eq!(web.add(from_three, flag, contract), counted(3), "{flag:?}");
        assert_eq!(web.roots(ALL, &contract).len(), 1);
        assert_eq!(web.add(&["PS4"], flag, contract), refused(Refused::NoSuchContract));
    }
    assert!(web.opened.ledger.state.verify(&mut |_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn who_leaves_keeps_what_it_had_and_comes_back_to_what_there_is_then() {
    let mut web = Web::new();
    let flag = PartyProtection;
    let contract = web.deploy(ALL, flag, &[]);
    assert_eq!(web.add(ALL, flag, contract), counted(1));
    let sealed_before = web.call(ALL, flag, contract, ("add", b"a"));
    web.changes(Remove, "PS3", "PS1", &[contract]);
    assert_eq!(web.one(ALL, sealed_before).status, refused(Refused::NoSuchContract));
    assert_eq!(web.add(TWO, flag, contract), counted(2));
    assert_eq!(web.ends(TWO, flag, contract, ("add", b"b")), counted(1));
    let value = |web: &Web, name: &str, key: &[u8]| {
        web.opened.ledger.state.private(&psi(name)).unwrap().value(&contract, key).unwrap()
    };
    assert_eq!(value(&web, "PS3", b"\x01a"), Some(1u64.to_le_bytes().to_vec()), "as it was");
    assert_eq!(value(&web, "PS3", b"\x01b"), None);
    for names in [&["PS3"][..], &["PS3", "PS1"], &["PS1", "PS2", "PS3"]] {
        let mut body = web.call(names, flag, contract, ("add", b"a"));
        body.versions = coffer_chain::MemberVersions::new(vec![(contract, 1)]).unwrap();
        assert_eq!(web.one(names, body).status, refused(Refused::NoSuchContract), "{names:?}");
    }
    // Back again: what it had is gone, and what the others have is there.
    web.changes(Extend, "PS3", "PS2", &[contract]);
    assert_eq!(web.roots(ALL, &contract).len(), 1);
    assert_eq!(value(&web, "PS3", b"\x01b"), Some(1u64.to_le_bytes().to_vec()));
    assert_eq!(web.add(ALL, flag, contract), counted(3));
    // Who leaves by itself needs the others.
    let leave = web.change(Remove, "PS3", "PS3", &[contract]);
    let alone = web.sends(&leave, "PS3", &[], 1_000);
    assert_eq!(web.ends_with(alone), refused(Refused::NotAuthorised));
    web.changes(Remove, "PS3", "PS3", &[contract]);
    assert_eq!(web.members("PS3", &contract).accounts().len(), 2);
    let history = |name: &str, version| {
        past_members(&web.opened.ledger.state.private(&psi(name)).unwrap(), &contract, version).unwrap()
    };
    for name in ALL {
        let past: Vec<PastMembers> = (0..=3).map(|version| history(name, version).unwrap()).collect();
        assert_eq!(past[0].change, None);
        let changes: Vec<_> = past[1..].iter().map(|past| past.change.unwrap().kind).collect();
        assert_eq!(changes, [Remove, Extend, Remove], "{name}");
        let counts: Vec<_> = past.iter().map(|past| past.members.accounts().len()).collect();
        assert_eq!(counts, [3, 2, 3, 2]);
        assert!(past[1..].iter().all(|past| past.change.unwrap().party == party(&web.opened, "PS3")));
    }
    assert!(web.opened.ledger.state.verify(&mut |_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn a_change_in_the_middle_of_a_block_is_of_what_stands_there() {
    let mut web = Web::new();
    let flag = StateValidation;
    let contract = web.deploy(TWO, flag, &[]);
    let before = web.call(TWO, flag, contract, ("add", b"a"));
    let change = web.change(Extend, "PS3", "PS1", &[contract]);
    let extend = web.agreed(&change, "PS1");
    let late = web.call(TWO, flag, contract, ("add", b"b"));
    // What a call of all three reads once it comes: the value that the first call wrote, in the new version.
    let again = web.change(Extend, "PS4", "PS1", &[contract]);
    let again = web.agreed(&again, "PS1");
    let statuses = web.all(vec![(TWO.to_vec(), before), extend, (TWO.to_vec(), late), again]);
    assert_eq!(statuses[..2], [counted(1), OK]);
    assert_eq!(statuses[2], refused(Refused::NoSuchContract), "of the version before");
    assert_eq!(statuses[3], refused(Refused::OtherMembers), "a change of the version before");
    assert_eq!(web.roots(ALL, &contract).len(), 1);
    assert_eq!(web.add(ALL, flag, contract), counted(2));
    assert!(web.record("PS4", &contract).is_none());
}

#[test]
fn a_group_changes_together_or_not_at_all() {
    let mut web = Web::new();
    let one = web.deploy(TWO, PartyProtection, &[]);
    let two = web.deploy(TWO, PartyProtection, &[]);
    let group = web.change(Extend, "PS3", "PS1", &[one, two]);
    let call = web.agreed(&group, "PS1");
    // One of them changes first.
    web.changes(Extend, "PS4", "PS1", &[two]);
    assert_eq!(web.ends_with(call), refused(Refused::OtherMembers));
    assert!(web.record("PS3", &one).is_none() && web.record("PS3", &two).is_none());
    assert_eq!(web.members("PS1", &one).version(), 0);
    web.changes(Remove, "PS4", "PS1", &[two]);
    web.changes(Extend, "PS3", "PS1", &[one, two]);
    assert_eq!((web.members("PS3", &one).version(), web.members("PS3", &two).version()), (1, 3));
    // They call each other as before.
    let ask = [&two.0[..], b"a"].concat();
    assert!(matches!(web.ends(ALL, PartyProtection, one, ("ask", &ask)), Status::Ok(_)));
}

#[test]
fn a_change_without_those_who_must_agree_changes_nothing_and_holds_nobody() {
    let mut web = Web::new();
    for (flag, mandatory, needed) in [
        (Standard, &[][..], &["PS3"][..]),
        (PartyProtection, &[], &["PS2", "PS3"]),
        (MandatoryRecipients, &["PS2"], &["PS2", "PS3"]),
        (StateValidation, &[], &["PS2", "PS3"]),
    ] {
        let contract = web.deploy(TWO, flag, mandatory);
        let change = web.change(Extend, "PS3", "PS1", &[contract]);
        for left_out in needed {
            let rest: Vec<_> = needed.iter().copied().filter(|name| name != left_out).collect();
            let call = web.sends(&change, "PS1", &rest, 1_000);
            assert_eq!(web.ends_with(call), refused(Refused::NotAuthorised), "{flag:?} without {left_out}");
        }
        // Of another change, and one that is over.
        let other = web.change(Extend, "PS4", "PS1", &[contract]);
        let (names, body) = web.sends(&other, "PS1", &["PS2", "PS3", "PS4"], 1_000);
        let InnerAction::Members { consents, .. } = body.action else { panic!("{names:?}") };
        let (names, mut wrong) = web.sends(&change, "PS1", &[], 1_000);
        wrong.action = InnerAction::Members { change: change.clone(), consents };
        assert_eq!(web.ends_with((names, wrong)), refused(Refused::BadConsent));
        let past = web.sends(&change, "PS1", needed, 1);
        assert_eq!(web.ends_with(past), refused(Refused::ConsentExpired));
        // By somebody who is no member, and by who joins.
        for stranger in ["PS4", "PS3"] {
            let (mut names, mut body) = web.sends(&change, "PS1", needed, 1_000);
            body.party = party(&web.opened, stranger);
            if stranger == "PS3" {
                names.rotate_left(2);
                assert_eq!(web.ends_with((names, body)), refused(Refused::OtherMembers), "{flag:?}");
            }
        }
        assert!(web.record("PS3", &contract).is_none());
        assert_eq!(web.members("PS1", &contract).version(), 0);
        assert_eq!(web.opened.ledger.state.private_head(&psi("PS3")), web.opened.ledger.state.head().height);
        assert_eq!(web.add(TWO, flag, contract), counted(1));
    }
}

#[test]
fn a_change_that_does_not_fit_or_names_others_changes_nothing() {
    let mut web = Web::new();
    let contract = web.deploy(TWO, PartyProtection, &[]);
    let change = web.change(Extend, "PS3", "PS1", &[contract]);
    // It names one more, one less, has versions, or another flag.
    let (_, body) = web.agreed(&change, "PS1");
    for names in [&["PS1", "PS2", "PS3", "PS4"][..], &["PS1", "PS3"]] {
        let parties = names.iter().map(|name| party(&web.opened, name)).collect();
        let mut body = web.raw(names, Standard, body.action.clone());
        body.parties = CallParties::new(parties).unwrap();
        assert_eq!(web.one(names, body).status, refused(Refused::NotValidHere), "{names:?}");
    }
    for flag in [PartyProtection, StateValidation] {
        let body = web.raw(ALL, flag, body.action.clone());
        assert_eq!(web.one(ALL, body).status, refused(Refused::NotValidHere));
    }
    // Of members that it does not have, of a contract that is not there or has no members.
    let invented = CallParties::new(web.members("PS1", &contract).accounts().to_vec()).unwrap();
    let invented = Members::read(3, PartyProtection, invented, vec![]);
    let wrong = [
        (contract, invented.unwrap()),
        (ContractId([9; 32]), web.members("PS1", &contract)),
        (coffer_chain::system::system_contract_id("web"), web.members("PS1", &contract)),
    ];
    for (contract, members) in wrong {
        let change = MembershipChange::new(Extend, party(&web.opened, "PS3"), vec![(contract, members)]).unwrap();
        let call = web.agreed(&change, "PS1");
        assert_eq!(web.ends_with(call), refused(Refused::OtherMembers));
        assert!(web.record("PS3", &contract).is_none_or(|record| record.members.is_none()));
    }
    // Too little gas, and twice the same.
    let (names, mut poor) = web.agreed(&change, "PS1");
    poor.gas_limit = Gas(100_000);
    assert_eq!(web.ends_with((names, poor)), Status::OutOfGas);
    let call = web.agreed(&change, "PS1");
    assert_eq!(web.all(vec![call.clone(), call]), [OK, refused(Refused::Replayed)]);
    assert_eq!(web.add(ALL, PartyProtection, contract), counted(1));
}

/// Two nodes of one chain: one that serves all parties, and one of the party that joins, which lacks what is handed over.
struct Apart {
    web: Web,
    own: Opened,
    folder: tempfile::TempDir,
    contract: ContractId,
    tx: Hash,
}

impl Apart {
    /// Up to where the party is held, with a call behind it.
    fn new() -> Self {
        let mut web = Web::public_parties();
        let contract = web.deploy(TWO, PartyProtection, &[]);
        assert_eq!(web.add(TWO, PartyProtection, contract), counted(1));
        let change = web.change(Extend, "PS3", "PS1", &[contract]);
        let (names, body) = web.agreed(&change, "PS1");
        let ordered = web.order(vec![(&names, body)]);
        web.opened.pipelines.catch_up().unwrap();
        assert_eq!(web.receipt(&ordered[0]).status, OK);
        let tx = ordered[0].tx.id();
        assert_eq!(web.add(ALL, PartyProtection, contract), counted(2));
        let folder = tempfile::tempdir().unwrap();
        let own = web.of_one(folder.path(), "PS3");
        let apart = Self { web, own, folder, contract, tx };
        for (block, calls) in &apart.web.blocks {
            let named = calls.iter().filter(|call| call.names.contains(&"PS3"));
            named.for_each(|call: &Ordered| call.deliver(&apart.own));
            take(&apart.own, block);
        }
        apart.own.pipelines.catch_up().unwrap();
        apart
    }

    fn name(&self, from: &str) -> Name {
        Name { tx: self.tx, from: party(&self.web.opened, from), to: party(&self.web.opened, "PS3") }
    }

    fn reason(&self) -> Option<Reason> {
        self.own.pipelines.holds().of(&psi("PS3")).map(|hold| hold.reason)
    }

    fn height(&self) -> Height {
        let found = self.web.opened.ledger.state.receipt(Some(&psi("PS1")), &self.tx).unwrap().unwrap();
        found.height
    }

    /// What a member handed over.
    fn handed(&self, from: &str) -> Vec<u8> {
        self.web.opened.pipelines.transfers().get(&self.name(from)).unwrap().unwrap()
    }

    /// The same, made by a member of something else.
    fn forged(&self, from: &str, content: Option<&Content>) -> Vec<u8> {
        let chain_id = *self.own.ledger.executor.chain_id();
        let secret = self.own.residents.secret(&psi("PS3")).unwrap();
        let key = AccountId(*secret.encryption(0).key().published());
        let about = (&chain_id, &self.name(from), self.height());
        transfer::seal(about, content, (&key_of(&self.web, from), &PublishedKey { epoch: 0, key })).unwrap()
    }

    fn content(&self, from: &str) -> Content {
        let chain_id = *self.own.ledger.executor.chain_id();
        let secret = self.own.residents.secret(&psi("PS3")).unwrap();
        let about = (&chain_id, &self.name(from), self.height());
        let public = self.own.ledger.state.public();
        let opened = transfer::open(about, &self.handed(from), &secret, |code| public.is_system_code(code)).unwrap();
        opened.content().clone()
    }

    fn goes_on(&self) {
        self.own.pipelines.catch_up().unwrap();
        let (mine, theirs) = (&self.own.ledger.state, &self.web.opened.ledger.state);
        for height in 0..=theirs.head().height.0 {
            let root = |state: &State| state.psi_root(&psi("PS3"), Height(height)).unwrap().root;
            assert_eq!(root(mine), root(theirs), "at {height}");
        }
        assert!(mine.private(&psi("PS3")).unwrap().contract(&self.contract).unwrap().is_some());
    }
}

fn key_of(web: &Web, name: &str) -> SigningKey {
    key(&web.opened, name)
}

#[test]
fn who_joins_waits_for_all_who_decide_and_has_then_what_it_would_have_had_at_once() {
    let mut apart = Apart::new();
    let waits = Some(Reason::Missing(apart.tx, Missing::Transfer));
    assert_eq!(apart.reason(), waits);
    let members: Vec<_> = ["PS1", "PS2"].iter().map(|name| party(&apart.web.opened, name)).collect();
    let wanted = |own: &Opened| {
        let mut members = own.pipelines.wanted().of(&psi("PS3")).unwrap().members;
        members.sort_unstable();
        members
    };
    let mut both = members.clone();
    both.sort_unstable();
    assert_eq!(wanted(&apart.own), both);
    let bytes = apart.handed("PS1");
    apart.own.pipelines.transfers().put(&apart.name("PS1"), &bytes).unwrap();
    apart.own.pipelines.catch_up().unwrap();
    assert_eq!((apart.reason(), wanted(&apart.own)), (waits, vec![members[1]]));
    // A restart in the middle.
    let (web, folder) = (&apart.web, apart.folder.path().to_owned());
    drop(apart.own);
    apart.own = web.of_one(&folder, "PS3");
    apart.own.pipelines.catch_up().unwrap();
    assert_eq!((apart.reason(), wanted(&apart.own)), (waits, vec![members[1]]));
    let bytes = apart.handed("PS2");
    apart.own.pipelines.transfers().put(&apart.name("PS2"), &bytes).unwrap();
    apart.goes_on();
    assert_eq!(apart.reason(), None);
}

#[test]
fn what_is_not_signed_by_the_member_or_not_what_it_signed_counts_as_missing() {
    let apart = Apart::new();
    let (one, two) = (apart.handed("PS1"), apart.handed("PS2"));
    let transfers = apart.own.pipelines.transfers();
    transfers.put(&apart.name("PS2"), &two).unwrap();
    // Signed by another member, sealed for somebody else, cut off, changed, nothing.
    let mut changed = one.clone();
    *changed.last_mut().unwrap() ^= 1;
    for wrong in [two.clone(), one[..one.len() - 1].to_vec(), changed, Vec::new()] {
        transfers.put_fetched(&apart.name("PS1"), &wrong).unwrap();
        apart.own.pipelines.catch_up().unwrap();
        assert_eq!(apart.reason(), Some(Reason::Missing(apart.tx, Missing::Transfer)));
    }
    // A value that the member did not sign cannot be told from here, because what stands for a contract is made of it: it says another thing then.
    let mut content = apart.content("PS1");
    content.contracts[0].entries.insert(b"\x00more".to_vec(), vec![1]);
    transfers.put_fetched(&apart.name("PS1"), &apart.forged("PS1", Some(&content))).unwrap();
    apart.own.pipelines.catch_up().unwrap();
    assert_eq!(apart.reason(), Some(Reason::Missing(apart.tx, Missing::Agreement)));
    transfers.put_fetched(&apart.name("PS1"), &one).unwrap();
    // Nobody looks again by itself: one of the two lied, and this stands in for its operator's file.
    let folder = apart.folder.path().to_owned();
    let (web, contract, tx, keep) = (apart.web, apart.contract, apart.tx, apart.folder);
    drop(apart.own);
    let own = web.of_one(&folder, "PS3");
    let apart = Apart { web, own, folder: keep, contract, tx };
    apart.goes_on();
}

#[test]
fn a_party_that_joins_what_its_members_disagree_on_voids_it_and_goes_on() {
    let apart = Apart::new();
    apart.own.pipelines.transfers().put(&apart.name("PS1"), &apart.handed("PS1")).unwrap();
    // The other one says that nothing came of it.
    apart.own.pipelines.transfers().put(&apart.name("PS2"), &apart.forged("PS2", None)).unwrap();
    apart.own.pipelines.catch_up().unwrap();
    assert_eq!(apart.reason(), Some(Reason::Missing(apart.tx, Missing::Agreement)));
    assert!(!apart.folder.path().join(FOLDER).join("junk").exists());
    let height = apart.height();
    let place = apart.own.pipelines.wanted().of(&psi("PS3")).unwrap().place;
    let void = Void { height, marker: apart.tx, place: u8::try_from(place).unwrap() };
    let state = &apart.own.ledger.state;
    let body = TxBody {
        version: PROTOCOL_VERSION,
        chain_id: *apart.own.ledger.executor.chain_id(),
        nonce: [77; 16],
        valid_until: Height(state.head().height.0 + 5),
        gas_limit: Gas(10_000_000),
        sender: party(&apart.own, "PS3"),
        kind: Kind::Void(void),
    };
    let tx = body.sign(&key(&apart.own, "PS3")).check(apart.own.ledger.executor.chain_id()).unwrap();
    block_of(&apart.own, &[&tx]);
    apart.own.pipelines.catch_up().unwrap();
    assert_eq!((apart.reason(), state.private_head(&psi("PS3"))), (None, state.head().height));
    assert!(state.private(&psi("PS3")).unwrap().contract(&apart.contract).unwrap().is_none());
}

/// Random changes and calls of contracts that protect their members: all members have one state of each, and each party has on a node of its own the roots that it has on the shared one.
#[test]
fn after_random_changes_all_members_have_one_state_and_each_party_its_own_on_any_node() {
    let seed = random("COFFER_EXTENSION_SEED", 5);
    let (mut web, mut dice) = (Web::public_parties(), Dice(seed));
    let (mut contracts, mut changed, mut called) = (Vec::new(), 0, 0);
    for flag in [PartyProtection, StateValidation, PartyProtection] {
        let body = web.deployment(TWO, flag, &[]);
        contracts.push((private_contract_id(&body.seed()), flag));
        assert_eq!(web.one(TWO, body).status, OK);
    }
    for _ in 0..60 {
        let (contract, flag) = contracts[dice.roll(3) as usize];
        let at = |web: &Web| {
            let members = NAMES.into_iter().filter(|name| {
                let record = web.record(name, &contract);
                record.is_some_and(|record| record.members.unwrap().accounts().contains(&party(&web.opened, name)))
            });
            members.collect::<Vec<_>>()
        };
        let members = at(&web);
        let sender = members[dice.roll(members.len() as u64) as usize];
        let mut calls = Vec::new();
        for _ in 0..dice.roll(3) {
            let key = [b'a' + dice.roll(3) as u8];
            calls.push((members.clone(), web.call(&members, flag, contract, ("add", &key))));
            called += 1;
        }
        let who = NAMES[dice.roll(4) as usize];
        let kind = if members.contains(&who) { Remove } else { Extend };
        let group: Vec<_> = contracts
            .iter()
            .filter(|(other, of)| *of == flag && web.record(sender, other).is_some())
            .filter(|(other, _)| web.members(sender, other).accounts() == web.members(sender, &contract).accounts())
            .map(|(other, _)| *other)
            .collect();
        if kind == Extend || members.len() > 1 {
            let change = web.change(kind, who, sender, &group);
            let at = dice.roll(calls.len() as u64 + 1) as usize;
            calls.insert(at, web.agreed(&change, sender));
            changed += 1;
        }
        if calls.is_empty() {
            continue;
        }
        web.all(calls);
        for (contract, _) in &contracts {
            let members: Vec<_> = NAMES
                .into_iter()
                .filter(|name| {
                    let record = web.record(name, contract).and_then(|record| record.members);
                    record.is_some_and(|members| members.accounts().contains(&party(&web.opened, name)))
                })
                .collect();
            assert_eq!(web.roots(&members, contract).len(), 1, "seed {seed}");
        }
    }
    assert!(changed > 30 && called > 30, "{changed} changes, {called} calls");
    let state = &web.opened.ledger.state;
    for name in NAMES {
        let folder = tempfile::tempdir().unwrap();
        let own = web.of_one(folder.path(), name);
        std::fs::create_dir(folder.path().join(FOLDER)).unwrap();
        for file in transfer::files(web.folder.path()).unwrap() {
            std::fs::copy(web.folder.path().join(&file), folder.path().join(&file)).unwrap();
        }
        for (block, calls) in &web.blocks {
            calls.iter().filter(|call| call.names.contains(&name)).for_each(|call| call.deliver(&own));
            take(&own, block);
            if dice.roll(3) == 0 {
                own.pipelines.catch_up().unwrap();
            }
        }
        own.pipelines.catch_up().unwrap();
        for height in 0..=state.head().height.0 {
            let root = |state: &State| state.psi_root(&psi(name), Height(height)).unwrap().root;
            assert_eq!(root(&own.ledger.state), root(state), "seed {seed}, {name} at {height}");
        }
    }
    assert!(state.verify(&mut |_, _| {}).unwrap().findings.is_empty());
}
