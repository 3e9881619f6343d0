//! Members and privacy flags: who may touch a private contract with whom, and that all parties of a call see the same of it. Each block is executed in the private
//! states of four parties, which share nothing but the node. `COFFER_MEMBERS_SEED` says which random calls.

use std::collections::{BTreeMap, BTreeSet};

use coffer_abi::{CodeHash, Decode, Encode};
use coffer_chain::SystemContract;
use coffer_chain::hash::{code_hash, created_contract_id, private_contract_id};
use coffer_chain::system::system_contract_id;
use coffer_chain::{InnerAction, InnerBody, MemberVersions, Members, PrivacyFlag, Receipt};
use coffer_runtime::BlockContext;

use super::acting::network_contract;
use super::pipelines::{Dice, NAMES, Ordered, block_of, body, ordered};
use super::private::party;
use super::*;
use crate::executor::lane_of;
use crate::state::ContractRecord;

/// Counts under keys of one letter, asks others to count, looks at them, makes others.
pub(super) const WEB: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
    (import "coffer_1" "storage_get" (func $read (param i32 i32 i32 i32) (result i64)))
    (import "coffer_1" "call" (func $call (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i64)))
    (import "coffer_1" "view" (func $view (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i64)))
    (import "coffer_1" "create" (func $create (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01")
    (data (i32.const 16) "addget")
    (func $get
        (i64.store (i32.const 64) (i64.const 0))
        (drop (call $read (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 8))))
    (func (export "call add")
        (drop (call $input (i32.const 1) (i32.const 1)))
        (call $get)
        (i64.store (i32.const 64) (i64.add (i64.load (i32.const 64)) (i64.const 1)))
        (call $set (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 8))
        (call $output (i32.const 64) (i32.const 8)))
    (func (export "call ask")
        (drop (call $input (i32.const 128) (i32.const 33)))
        (i64.store (i32.const 256) (call $call (i32.const 128) (i32.const 32) (i32.const 16) (i32.const 3)
            (i32.const 160) (i32.const 1) (i64.const -1) (i32.const 264) (i32.const 64)))
        (i32.store8 (i32.const 1) (i32.const 120))
        (call $set (i32.const 0) (i32.const 2) (i32.const 256) (i32.const 72))
        (call $output (i32.const 256) (i32.const 72)))
    (func (export "call look")
        (drop (call $input (i32.const 128) (i32.const 33)))
        (i64.store (i32.const 256) (call $view (i32.const 128) (i32.const 32) (i32.const 19) (i32.const 3)
            (i32.const 160) (i32.const 1) (i64.const -1) (i32.const 264) (i32.const 64)))
        (call $output (i32.const 256) (i32.const 72)))
    (func (export "call make")
        (drop (call $input (i32.const 128) (i32.const 64)))
        (i64.store (i32.const 256) (call $create (i32.const 128) (i32.const 32) (i32.const 160) (i32.const 32)
            (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 264) (i32.const 64)))
        (call $output (i32.const 256) (i32.const 72)))
    (func (export "view get")
        (drop (call $input (i32.const 1) (i32.const 1)))
        (call $get)
        (call $output (i32.const 64) (i32.const 8))))"#;

use PrivacyFlag::{MandatoryRecipients, PartyProtection, Standard, StateValidation};

pub(super) type Names<'a> = &'a [&'static str];
/// Contracts with their members and flags.
pub(super) type Contracts = BTreeMap<ContractId, (Vec<&'static str>, PrivacyFlag)>;

/// A node that serves four parties.
pub(super) struct Web {
    pub(super) opened: Opened,
    pub(super) folder: tempfile::TempDir,
    number: u64,
    /// Its blocks with what they order.
    pub(super) blocks: Vec<(Block, Vec<Ordered>)>,
}

impl Web {
    pub(super) fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap(), vec![Self::system()])
    }

    /// On a chain that keeps parties.
    pub(super) fn public_parties() -> Self {
        Self::on(tempfile::tempdir().unwrap(), vec![Self::system(), network_contract()])
    }

    fn on(folder: tempfile::TempDir, system: Vec<SystemContract>) -> Self {
        let opened = Self::open(folder.path(), &NAMES, system);
        Self { opened, folder, number: 0, blocks: Vec::new() }
    }

    pub(super) fn system() -> SystemContract {
        SystemContract { name: "web".into(), code: wat::parse_str(WEB).unwrap(), in_private_states: true }
    }

    pub(super) fn open(folder: &Path, names: Names<'_>, system: Vec<SystemContract>) -> Opened {
        let tenants = names.iter().map(|name| psi(name)).collect();
        let system = SystemContracts::new(system).unwrap();
        Opened::open(&Config { system, tenants, ..config(folder) }).unwrap()
    }

    /// The node on its chain as it begins, in a folder of its own, without all of its parties but one.
    pub(super) fn of_one(&self, folder: &Path, name: &'static str) -> Opened {
        std::fs::copy(self.folder.path().join("genesis"), folder.join("genesis")).unwrap();
        Self::open(folder, &[name], vec![Self::system(), network_contract()])
    }

    /// A call that is not prepared yet.
    pub(super) fn raw(&mut self, names: Names<'_>, flag: PrivacyFlag, action: InnerAction) -> InnerBody {
        self.number += 1;
        let valid_until = Height(self.opened.ledger.state.head().height.0 + 10);
        let body = body(&self.opened, names, action, self.number, valid_until);
        InnerBody { versions: MemberVersions::default(), flag, ..body }
    }

    /// Prepares a call on the private state of its sender.
    pub(super) fn prepared(&self, names: Names<'_>, body: InnerBody) -> InnerBody {
        let state = &self.opened.ledger.state;
        let head = state.head();
        let block = BlockContext { height: head.height.next().unwrap(), time: head.time, chain_id: body.chain_id };
        let views = (&state.private(&psi(names[0])).unwrap(), &state.public());
        let found = self.opened.ledger.executor.prepare_private(lane_of(&tenant(names[0])), views, block, &body);
        let found = found.unwrap();
        InnerBody { versions: found.versions, reads: found.reads, ..body }
    }

    pub(super) fn call(
        &mut self,
        names: Names<'_>,
        flag: PrivacyFlag,
        contract: ContractId,
        ask: (&str, &[u8]),
    ) -> InnerBody {
        let action = InnerAction::Call { contract, method: ask.0.into(), input: ask.1.to_vec() };
        let raw = self.raw(names, flag, action);
        self.prepared(names, raw)
    }

    /// Executes calls in one block, and gives of each the receipts of its parties, which must be one.
    pub(super) fn run(&mut self, calls: Vec<(Names<'_>, InnerBody)>) -> Vec<Receipt> {
        let all = self.order(calls);
        all.iter().map(|call| self.receipt(call)).collect()
    }

    pub(super) fn order(&mut self, calls: Vec<(Names<'_>, InnerBody)>) -> Vec<Ordered> {
        let mut all: Vec<Ordered> = Vec::new();
        for (names, body) in calls {
            self.number += 1;
            let call = ordered(&self.opened, names, body, self.number);
            call.deliver(&self.opened);
            all.push(call);
        }
        let block = block_of(&self.opened, &all.iter().map(|call| &call.tx).collect::<Vec<_>>());
        self.opened.pipelines.catch_up().unwrap();
        self.blocks.push((block, all.clone()));
        all
    }

    /// A block with a public transaction.
    pub(super) fn public(&mut self, tx: &CheckedTx) {
        let block = block_of(&self.opened, &[tx]);
        self.blocks.push((block, Vec::new()));
    }

    /// Random deployments for random members, later random calls of them, mostly such as have a chance.
    pub(super) fn calls(
        &mut self,
        dice: &mut Dice,
        contracts: &mut Contracts,
        deploys: bool,
    ) -> Vec<(Vec<&'static str>, InnerBody)> {
        let mut calls = Vec::new();
        for _ in 0..=dice.roll(4) {
            let names = some(dice);
            let flag = PrivacyFlag::ALL[dice.roll(4) as usize];
            if deploys || contracts.is_empty() {
                let mandatory = if flag == MandatoryRecipients { &names[..1] } else { &[] };
                let body = self.deployment(&names, flag, mandatory);
                contracts.insert(private_contract_id(&body.seed()), (names.clone(), flag));
                calls.push((names, body));
                continue;
            }
            let mut pick = || *contracts.keys().nth(dice.roll(contracts.len() as u64) as usize).unwrap();
            let (target, callee) = (pick(), pick());
            let (names, flag) = if dice.roll(3) > 0 { contracts[&target].clone() } else { (names, flag) };
            let key = b'a' + dice.roll(2) as u8;
            let body = match dice.roll(3) {
                0 => self.call(&names, flag, target, ("add", &[key])),
                1 => self.call(&names, flag, target, ("ask", &at(callee, key))),
                _ => self.call(&names, flag, target, ("look", &at(callee, key))),
            };
            calls.push((names, body));
        }
        calls
    }

    pub(super) fn receipt(&self, call: &Ordered) -> Receipt {
        let mut found: Vec<Receipt> = Vec::new();
        for name in NAMES {
            let receipt = self.opened.ledger.state.receipt(Some(&psi(name)), &call.tx.id()).unwrap();
            assert_eq!(receipt.is_some(), call.names.contains(&name), "{name}");
            found.extend(receipt.map(|receipt| receipt.receipt));
        }
        assert!(found.windows(2).all(|pair| pair[0].encode() == pair[1].encode()), "parties differ: {found:?}");
        found.remove(0)
    }

    pub(super) fn one(&mut self, names: Names<'_>, body: InnerBody) -> Receipt {
        self.run(vec![(names, body)]).remove(0)
    }

    /// How a prepared call ends.
    pub(super) fn ends(
        &mut self,
        names: Names<'_>,
        flag: PrivacyFlag,
        contract: ContractId,
        ask: (&str, &[u8]),
    ) -> Status {
        let body = self.call(names, flag, contract, ask);
        self.one(names, body).status
    }

    pub(super) fn deployment(&mut self, names: Names<'_>, flag: PrivacyFlag, mandatory: Names<'_>) -> InnerBody {
        let mut mandatory: Vec<_> = mandatory.iter().map(|name| party(&self.opened, name)).collect();
        mandatory.sort_unstable();
        let (code, salt) = (wat::parse_str(WEB).unwrap(), [self.number as u8; 32]);
        let raw = self.raw(
            names,
            flag,
            InnerAction::Deploy { code, input: vec![], salt, authority: Authority::None, mandatory },
        );
        self.prepared(names, raw)
    }

    pub(super) fn deploy(&mut self, names: Names<'_>, flag: PrivacyFlag, mandatory: Names<'_>) -> ContractId {
        let body = self.deployment(names, flag, mandatory);
        let contract = private_contract_id(&body.seed());
        let receipt = self.one(names, body);
        assert_eq!((receipt.status, receipt.contract), (Status::Ok(vec![]), Some(contract)));
        contract
    }

    pub(super) fn record(&self, name: &str, contract: &ContractId) -> Option<ContractRecord> {
        self.opened.ledger.state.private(&psi(name)).unwrap().contract(contract).unwrap()
    }

    pub(super) fn roots(&self, names: Names<'_>, contract: &ContractId) -> BTreeSet<Hash> {
        names.iter().map(|name| self.record(name, contract).unwrap().storage_root).collect()
    }
}

/// Some of the parties in some order.
fn some(dice: &mut Dice) -> Vec<&'static str> {
    let mut names: Vec<_> = NAMES.into_iter().filter(|_| dice.roll(3) > 0).collect();
    if names.is_empty() {
        names.push(NAMES[dice.roll(4) as usize]);
    }
    let turn = dice.roll(names.len() as u64) as usize;
    names.rotate_left(turn);
    names
}

pub(super) fn counted(n: u64) -> Status {
    Status::Ok(n.to_le_bytes().to_vec())
}

pub(super) fn refused(why: Refused) -> Status {
    Status::Refused(why)
}

/// What a nested call replied, in the answer of who asked.
fn nested(status: &Status) -> Status {
    let Status::Ok(output) = status else { panic!("{status:?}") };
    let len = u64::from_le_bytes(*output.first_chunk().unwrap()) as usize;
    Status::decode(&mut &output[8..8 + len]).unwrap()
}

fn at(contract: ContractId, key: u8) -> Vec<u8> {
    [&contract.0[..], &[key]].concat()
}

pub(super) const ALL: Names<'static> = &["PS1", "PS2", "PS3"];
pub(super) const TWO: Names<'static> = &["PS1", "PS2"];

#[test]
fn a_contract_is_for_the_parties_of_the_call_that_made_it() {
    let mut web = Web::new();
    for (flag, mandatory) in
        [(Standard, &[][..]), (PartyProtection, &[]), (MandatoryRecipients, &["PS3"]), (StateValidation, &[])]
    {
        let contract = web.deploy(ALL, flag, mandatory);
        let members = web.record("PS1", &contract).unwrap().members.unwrap();
        let named = |names: Names<'_>| names.iter().map(|name| party(&web.opened, name)).collect::<BTreeSet<_>>();
        assert_eq!((members.version(), members.flag()), (0, flag));
        assert_eq!(members.accounts().iter().copied().collect::<BTreeSet<_>>(), named(ALL));
        assert_eq!(members.mandatory().iter().copied().collect::<BTreeSet<_>>(), named(mandatory));
        assert_eq!(web.record("PS1", &contract), web.record("PS2", &contract));
        assert_eq!(web.record("PS4", &contract), None);
    }
    let state = &web.opened.ledger.state;
    let root = |name| state.private(&psi(name)).unwrap().root();
    assert_eq!(root("PS1"), root("PS2"));
    assert!(state.verify(&mut |_, _| {}).unwrap().findings.is_empty());
}

#[test]
fn each_flag_demands_its_parties() {
    let mut web = Web::new();
    for (flag, mandatory, few) in [
        (Standard, &[][..], counted(2)),
        (PartyProtection, &[], refused(Refused::NotAllNamed)),
        (MandatoryRecipients, &["PS3"], refused(Refused::NotAllNamed)),
        (StateValidation, &[], refused(Refused::NotAllNamed)),
    ] {
        let contract = web.deploy(ALL, flag, mandatory);
        let drifts = flag == Standard;
        assert_eq!(web.ends(ALL, flag, contract, ("add", b"a")), counted(1), "{flag:?}");
        let body = web.call(TWO, flag, contract, ("add", b"a"));
        let receipt = web.one(TWO, body);
        assert_eq!(receipt.status, few, "{flag:?}");
        assert!(receipt.gas_used > Gas(0), "it ran");
        assert_eq!(web.roots(ALL, &contract).len(), if drifts { 2 } else { 1 }, "{flag:?}");
        // Whoever is no member has no such contract, so no party of a call with an outsider has.
        for names in [&["PS1", "PS2", "PS3", "PS4"][..], &["PS1", "PS4"], &["PS4", "PS1"], &["PS4"]] {
            let mut body = web.call(names, flag, contract, ("add", b"a"));
            let unlisted = web.one(names, body.clone());
            body.versions = MemberVersions::new(vec![(contract, 0)]).unwrap();
            body.nonce[20] = 1;
            let listed = web.one(names, body);
            for receipt in [unlisted, listed] {
                assert_eq!(receipt.status, refused(Refused::NoSuchContract), "{flag:?}");
                assert_eq!((receipt.gas_used, receipt.contract), (Gas(0), None));
            }
        }
        assert_eq!(web.roots(TWO, &contract).len(), 1, "{flag:?}");
    }
    let contract = web.deploy(ALL, MandatoryRecipients, &["PS2"]);
    assert_eq!(web.ends(&["PS1", "PS3"], MandatoryRecipients, contract, ("add", b"a")), refused(Refused::NotAllNamed));
    assert_eq!(web.ends(TWO, MandatoryRecipients, contract, ("add", b"a")), counted(1));
    assert_eq!(web.roots(TWO, &contract).len(), 1);
    assert_eq!(web.roots(ALL, &contract).len(), 2, "who was not named did not execute");
}

#[test]
fn a_party_alone_may_use_every_flag() {
    let mut web = Web::new();
    for (flag, mandatory) in [(PartyProtection, &[][..]), (MandatoryRecipients, &["PS1"]), (StateValidation, &[])] {
        let contract = web.deploy(&["PS1"], flag, mandatory);
        assert_eq!(web.ends(&["PS1"], flag, contract, ("add", b"a")), counted(1));
    }
}

#[test]
fn contracts_of_different_flags_do_not_see_each_other() {
    let mut web = Web::new();
    let flags = [Standard, PartyProtection, MandatoryRecipients, StateValidation];
    let mandatory = |flag| if flag == MandatoryRecipients { TWO } else { &[] };
    let contracts = flags.map(|flag| web.deploy(TWO, flag, mandatory(flag)));
    for (flag, contract) in flags.into_iter().zip(contracts) {
        for (other, callee) in flags.into_iter().zip(contracts) {
            if flag == other {
                continue;
            }
            assert_eq!(web.ends(TWO, other, contract, ("add", b"a")), refused(Refused::NoSuchContract));
            for ask in ["ask", "look"] {
                let ended = web.ends(TWO, flag, contract, (ask, &at(callee, b'a')));
                assert_eq!(nested(&ended), refused(Refused::NoSuchContract), "{flag:?} {ask} {other:?}");
            }
        }
        let same = web.deploy(TWO, flag, mandatory(flag));
        assert_eq!(nested(&web.ends(TWO, flag, contract, ("ask", &at(same, b'a')))), counted(1));
        assert_eq!(nested(&web.ends(TWO, flag, contract, ("look", &at(same, b'a')))), counted(1));
        assert_eq!(web.roots(TWO, &same).len(), 1);
    }
}

#[test]
fn a_nested_call_into_what_one_party_does_not_have_fails_alike_at_all() {
    let mut web = Web::new();
    for flag in [Standard, PartyProtection, StateValidation] {
        let shared = web.deploy(TWO, flag, &[]);
        let own = web.deploy(&["PS1"], flag, &[]);
        let none = ContractId([7; 32]);
        let mut gas = BTreeSet::new();
        for (sender, target) in [(TWO, own), (&["PS2", "PS1"][..], own), (TWO, none)] {
            let mut body = web.call(sender, flag, shared, ("ask", &at(target, b'a')));
            body.versions = MemberVersions::new(vec![(shared, 0), (target, 0)]).unwrap();
            let receipt = web.one(sender, body);
            assert_eq!(nested(&receipt.status), refused(Refused::NoSuchContract));
            gas.insert(receipt.gas_used);
        }
        assert_eq!(gas.len(), 1, "as if there were none");
        assert_eq!(web.roots(TWO, &shared).len(), 1);
    }
}

#[test]
fn a_breach_in_a_nested_call_undoes_all_of_the_call() {
    let mut web = Web::new();
    let (outer, inner) = (web.deploy(TWO, PartyProtection, &[]), web.deploy(ALL, PartyProtection, &[]));
    let before = web.roots(TWO, &outer);
    let ended = web.ends(TWO, PartyProtection, outer, ("ask", &at(inner, b'a')));
    assert_eq!(ended, refused(Refused::NotAllNamed));
    assert_eq!(web.roots(TWO, &outer), before);
    assert_eq!(web.roots(ALL, &inner).len(), 1);
}

#[test]
fn a_call_names_the_version_of_each_contract_it_touches() {
    let mut web = Web::new();
    let (outer, inner) = (web.deploy(TWO, Standard, &[]), web.deploy(TWO, Standard, &[]));
    let ask = at(inner, b'a');
    let prepared = web.call(TWO, Standard, outer, ("ask", &ask));
    let mut expected = vec![(outer, 0), (inner, 0)];
    expected.sort_unstable();
    assert_eq!(prepared.versions.iter().copied().collect::<Vec<_>>(), expected);
    let mut with = |number: u8, versions: Vec<(ContractId, u32)>| {
        let mut body = prepared.clone();
        (body.nonce[20], body.versions) = (number, MemberVersions::new(versions).unwrap());
        web.one(TWO, body).status
    };
    let none = refused(Refused::NoSuchContract);
    assert_eq!(with(1, vec![]), none);
    assert_eq!(with(2, vec![(outer, 1), (inner, 0)]), none);
    assert_eq!(nested(&with(3, vec![(outer, 0)])), none);
    assert_eq!(nested(&with(4, vec![(outer, 0), (inner, 1)])), none);
    assert_eq!(nested(&with(5, vec![(outer, 0), (inner, 0)])), counted(1));
    // What may be touched need not be.
    assert_eq!(nested(&with(6, vec![(outer, 0), (inner, 0), (ContractId([3; 32]), 9)])), counted(2));
}

#[test]
fn the_instances_of_system_contracts_are_for_one_party_alone() {
    let mut web = Web::new();
    let instance = system_contract_id("web");
    let both = |web: &mut Web, nonce| {
        let mut body = web.call(TWO, Standard, instance, ("add", b"a"));
        (body.versions, body.nonce[20]) = (MemberVersions::new(vec![(instance, 0)]).unwrap(), nonce);
        assert_eq!(web.one(TWO, body).status, refused(Refused::NoSuchContract));
    };
    both(&mut web, 1);
    assert_eq!(web.ends(&["PS1"], Standard, instance, ("add", b"a")), counted(1));
    assert_eq!(web.ends(&["PS1"], PartyProtection, instance, ("add", b"a")), refused(Refused::NoSuchContract));
    both(&mut web, 2);
    assert_eq!(web.record("PS1", &instance).unwrap().members, None);
    // What it makes is for that party alone as well.
    let code: CodeHash = code_hash(&wat::parse_str(WEB).unwrap());
    let make = [&code.0[..], &[1; 32]].concat();
    assert_eq!(nested(&web.ends(&["PS1"], Standard, instance, ("make", &make))), Status::Ok(vec![]));
    let made = created_contract_id(&instance, &code, &[1; 32]);
    assert_eq!(web.record("PS1", &made).unwrap().members, None);
    assert_eq!(web.ends(&["PS1"], Standard, made, ("add", b"a")), counted(1));
    let mut body = web.call(TWO, Standard, made, ("add", b"a"));
    body.versions = MemberVersions::new(vec![(made, 0)]).unwrap();
    assert_eq!(web.one(TWO, body).status, refused(Refused::NoSuchContract));
}

#[test]
fn what_a_contract_makes_has_the_members_of_its_maker() {
    let mut web = Web::new();
    let code: CodeHash = code_hash(&wat::parse_str(WEB).unwrap());
    let maker = web.deploy(ALL, PartyProtection, &[]);
    let make = [&code.0[..], &[1; 32]].concat();
    let made = created_contract_id(&maker, &code, &[1; 32]);
    assert_eq!(nested(&web.ends(ALL, PartyProtection, maker, ("make", &make))), Status::Ok(vec![]));
    for name in ALL {
        assert_eq!(web.record(name, &made).unwrap().members, web.record(name, &maker).unwrap().members);
    }
    assert_eq!(web.ends(ALL, PartyProtection, made, ("add", b"a")), counted(1));
    assert_eq!(web.ends(TWO, PartyProtection, made, ("add", b"a")), refused(Refused::NotAllNamed));
    // There it is, for who may not touch it as well.
    let mut again = web.call(ALL, PartyProtection, maker, ("make", &make));
    again.versions = MemberVersions::new(vec![(maker, 0)]).unwrap();
    assert_eq!(nested(&web.one(ALL, again).status), refused(Refused::ContractExists));
}

#[test]
fn a_code_that_one_party_holds_for_itself_is_not_there_for_a_call_of_several() {
    let mut web = Web::new();
    let cell = wat::parse_str(CELL).unwrap();
    let code = code_hash(&cell);
    let make = [&code.0[..], &[1; 32]].concat();
    let alone =
        InnerAction::Deploy { code: cell, input: vec![], salt: [9; 32], authority: Authority::None, mandatory: vec![] };
    let raw = web.raw(&["PS1"], Standard, alone);
    let raw = web.prepared(&["PS1"], raw);
    assert!(web.one(&["PS1"], raw).status.is_ok());
    for flag in [Standard, PartyProtection, StateValidation] {
        let maker = web.deploy(TWO, flag, &[]);
        // Both of them see the same, whichever holds the code: the receipts are compared.
        for names in [TWO, &["PS2", "PS1"]] {
            assert_eq!(
                nested(&web.ends(names, flag, maker, ("make", &make))),
                refused(Refused::NoSuchCode),
                "{flag:?}"
            );
        }
        assert_eq!(web.roots(TWO, &maker).len(), 1, "{flag:?}");
    }
    // For itself a party makes what it likes.
    let own = web.deploy(&["PS1"], Standard, &[]);
    assert_eq!(nested(&web.ends(&["PS1"], Standard, own, ("make", &make))), Status::Ok(vec![]));
}

#[test]
fn two_calls_prepared_together_conflict_on_one_key_and_not_on_two() {
    let mut web = Web::new();
    let contract = web.deploy(TWO, StateValidation, &[]);
    let add = |web: &mut Web, names, key: &[u8]| (names, web.call(names, StateValidation, contract, ("add", key)));
    let (one, other) = (TWO, &["PS2", "PS1"][..]);
    let apart = vec![add(&mut web, one, b"a"), add(&mut web, other, b"b")];
    let statuses = |receipts: Vec<Receipt>| receipts.into_iter().map(|receipt| receipt.status).collect::<Vec<_>>();
    assert_eq!(statuses(web.run(apart)), [counted(1), counted(1)]);
    let same = vec![add(&mut web, one, b"a"), add(&mut web, other, b"a")];
    assert_eq!(statuses(web.run(same)), [counted(2), refused(Refused::OtherReads)]);
    let (_, again) = add(&mut web, other, b"a");
    assert_eq!(web.one(other, again).status, counted(3));
    assert_eq!(web.roots(TWO, &contract).len(), 1);
}

#[test]
fn what_does_not_fit_its_flag_leaves_nothing() {
    let mut web = Web::new();
    let before = web.opened.ledger.state.private(&psi("PS1")).unwrap().root();
    let reads = InnerBody { reads: Some(Hash([1; 32])), ..web.deployment(TWO, Standard, &[]) };
    let unread = InnerBody { reads: None, ..web.deployment(TWO, StateValidation, &[]) };
    let wrong = [
        reads,
        unread,
        web.deployment(TWO, MandatoryRecipients, &[]),
        web.deployment(TWO, MandatoryRecipients, &["PS3"]),
        web.deployment(TWO, PartyProtection, &["PS1"]),
    ];
    for body in wrong {
        assert_eq!(web.one(TWO, body).status, refused(Refused::NotValidHere));
    }
    assert_eq!(web.opened.ledger.state.private(&psi("PS1")).unwrap().root(), before);
}

#[test]
fn a_traced_call_reads_what_the_call_read() {
    let mut web = Web::new();
    let contract = web.deploy(&["PS1"], StateValidation, &[]);
    let body = web.call(&["PS1"], StateValidation, contract, ("add", b"a"));
    let state = &web.opened.ledger.state;
    let (view, public, head) = (state.private(&psi("PS1")).unwrap(), state.public(), state.head());
    let block = BlockContext { height: head.height.next().unwrap(), time: head.time, chain_id: body.chain_id };
    let call = Some(body.sign(&SigningKey::from_seed(&[5; 32])));
    let calls = [crate::executor::PrivateCall {
        marker: Hash([1; 32]),
        index: 0,
        party: party(&web.opened, "PS1"),
        call,
        handed: None,
    }];
    let (executor, lane) = (&web.opened.ledger.executor, lane_of(&tenant("PS1")));
    let run = executor.run_private(lane, &view, &public, block, &calls).unwrap();
    assert_eq!(run.receipts[0].status, counted(1));
    let traced = executor.trace_private(lane, (&view, &public), block, &calls, 0).unwrap().unwrap();
    assert_eq!((traced.status, traced.gas_used), (counted(1), run.receipts[0].gas_used));
}

/// Random contracts of random members, and random calls among them: all parties of a call have one receipt (which [`Web::receipt`] checks) unless a contract with flag 0 or 2 that they
/// share drifted, which is what these flags allow; and what the flags 1 and 3 protect is equal at all members.
#[test]
fn whatever_is_called_by_whom_all_its_parties_see_the_same() {
    let seed = std::env::var("COFFER_MEMBERS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(11);
    let (mut web, mut dice) = (Web::new(), Dice(seed));
    let mut contracts = Contracts::new();
    let mut compared = 0;
    for block in 0..24 {
        let calls = web.calls(&mut dice, &mut contracts, block < 4);
        let ordered = web.order(calls.iter().map(|(names, body)| (&names[..], body.clone())).collect());
        for (call, (names, body)) in ordered.iter().zip(&calls) {
            let drifted = |(contract, (members, flag)): (&ContractId, &(Vec<&'static str>, PrivacyFlag))| {
                let shared = *flag == body.flag && names.iter().all(|name| members.contains(name));
                shared && web.roots(names, contract).len() > 1
            };
            let may_drift = matches!(body.flag, Standard | MandatoryRecipients);
            if may_drift && contracts.iter().any(drifted) {
                continue;
            }
            web.receipt(call);
            compared += 1;
        }
        for (contract, (names, flag)) in &contracts {
            if matches!(flag, PartyProtection | StateValidation) {
                assert_eq!(web.roots(names, contract).len(), 1, "seed {seed}, block {block}, {flag:?}");
            }
            for name in NAMES {
                assert_eq!(web.record(name, contract).is_some(), names.contains(&name));
                let members = |record: ContractRecord| record.members.as_ref().map(Members::flag);
                assert!(web.record(name, contract).is_none_or(|record| members(record) == Some(*flag)));
            }
        }
    }
    assert!(compared > 30, "{compared} calls were compared");
}

#[test]
fn the_contracts_of_a_private_state_are_told_in_pages() {
    let mut web = Web::new();
    let made: BTreeSet<_> = (0..5).map(|_| web.deploy(TWO, PartyProtection, &[])).collect();
    web.deploy(&["PS2"], Standard, &[]);
    let view = web.opened.ledger.state.private(&psi("PS1")).unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = view.contracts(after.as_ref(), 2).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 2);
        after = Some(last.id);
        seen.extend(page.into_iter().map(|record| record.id));
    }
    assert_eq!((seen.len(), seen.into_iter().collect::<BTreeSet<_>>()), (5, made));
    assert!(web.opened.ledger.state.private(&psi("PS3")).unwrap().contracts(None, 9).unwrap().is_empty());
}
