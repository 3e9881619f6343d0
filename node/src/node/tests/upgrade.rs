//! Changes of contracts as the chain executes them, sent as bare transactions that no API looked at first.

use coffer_abi::export::SPEC_SECTION;
use coffer_abi::spec::{Layout, Spec, StorageField, Type};
use coffer_abi::{CodeHash, Encode, codec};
use coffer_chain::authority::ConsentBody;
use coffer_chain::hash::{code_hash, public_contract_id};
use coffer_chain::{Change, Consents, Parties, Receipt, gas};
use coffer_runtime::Backend;

use super::*;
use crate::state::{ContractRecord, Place, StoredBlock};

/// Stores its first 8 bytes of input in `migrate`, if it has one; `mark` makes its hash.
fn module(ty: Type, migrate: &str, mark: u8) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
            (import "coffer_1" "output" (func $output (param i32 i32)))
            (import "coffer_1" "storage_set" (func $set (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\00c{mark:02}")
            (func $done (call $output (i32.const 0) (i32.const 0)))
            {migrate}
            (func (export "call go") (call $done)))"#
    );
    let mut wasm = wat::parse_str(text).unwrap();
    let field = StorageField { name: "value".into(), docs: String::new(), layout: Layout::Item(ty) };
    let name = "Sample".into();
    let section = Spec { abi: coffer_abi::ABI_VERSION, name, storage: vec![field], ..Spec::default() }.to_section();
    // Lengths below 128 are one byte each.
    let body = [&[SPEC_SECTION.len() as u8][..], SPEC_SECTION.as_bytes(), &section].concat();
    assert!(body.len() < 128);
    wasm.extend([&[0, body.len() as u8][..], &body].concat());
    wasm
}

const WRITES: &str = r#"(func (export "migrate")
    (drop (call $input (i32.const 64) (i32.const 8)))
    (call $set (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 8))
    (call $done))"#;
const WRITES_AND_TRAPS: &str = r#"(func (export "migrate")
    (call $set (i32.const 0) (i32.const 2) (i32.const 64) (i32.const 8))
    unreachable)"#;

/// A chain under the parties of seeds 5, who sends everything, and 6, and a contract on it.
struct Chain {
    opened: Opened,
    _folder: tempfile::TempDir,
    contract: ContractId,
    nonce: u8,
}

impl Chain {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(folder.path());
        let (five, six) = (SigningKey::from_seed(&[5; 32]), SigningKey::from_seed(&[6; 32]));
        let authority = Authority::Parties(Parties::new(vec![five.account(), six.account()]).unwrap());
        let code = module(Type::U64, "", 0);
        let chain_id = *opened.ledger.executor.chain_id();
        let contract = public_contract_id(&chain_id, &five.account(), &code_hash(&code), &[1; 32]);
        let mut chain = Self { opened, _folder: folder, contract, nonce: 0 };
        let deploy = Kind::Deploy { code, input: vec![], salt: [1; 32], authority };
        assert_eq!(chain.statuses(vec![deploy]), [Status::Ok(vec![])]);
        chain
    }

    /// Consent of the other party.
    fn consents(&self, revision: u64, change: Change) -> Consents {
        let chain_id = *self.opened.ledger.executor.chain_id();
        let body = ConsentBody::new(chain_id, self.contract, revision, Height(20), change);
        Consents::new(vec![body.sign(&SigningKey::from_seed(&[6; 32]))]).unwrap()
    }

    fn upgrade(&self, revision: u64, code: Vec<u8>, input: &[u8]) -> Kind {
        let consents = self.consents(revision, Change::code(code_hash(&code), input));
        Kind::Upgrade { contract: self.contract, revision, code, input: input.to_vec(), consents }
    }

    fn set(&self, revision: u64, authority: Authority) -> Kind {
        let consents = self.consents(revision, Change::Authority(authority.clone()));
        Kind::SetAuthority { contract: self.contract, revision, authority, consents }
    }

    /// Puts all of them into one block.
    fn block(&mut self, kinds: Vec<Kind>) -> StoredBlock {
        for kind in kinds {
            self.nonce += 1;
            self.opened.ledger.pool.insert(tx(&self.opened, kind, self.nonce)).unwrap();
        }
        let block = step(&self.opened).unwrap();
        self.opened.ledger.state.block(BlockId::Height(block.header.height)).unwrap().unwrap()
    }

    fn statuses(&mut self, kinds: Vec<Kind>) -> Vec<Status> {
        self.block(kinds).receipts.into_iter().map(|receipt| receipt.status).collect()
    }

    fn code_at(&self, height: u64, index: u32) -> Option<CodeHash> {
        let place = Place { height: Height(height), index };
        self.opened.ledger.state.public().code_at(&self.contract, place).unwrap()
    }

    fn value(&self) -> Option<Vec<u8>> {
        self.opened.ledger.state.public().value(&self.contract, b"\0c").unwrap()
    }

    fn record(&self) -> ContractRecord {
        self.opened.ledger.state.public().contract(&self.contract).unwrap().unwrap()
    }
}

fn refused(reason: Refused) -> Status {
    Status::Refused(reason)
}

fn ok() -> Status {
    Status::Ok(vec![])
}

#[test]
fn each_change_is_judged_by_the_contract_as_the_change_before_it_left_it() {
    let mut chain = Chain::new();
    let (first, second, third) = (module(Type::U64, "", 1), module(Type::U64, WRITES, 2), module(Type::U64, "", 3));
    let call = Kind::Call { contract: chain.contract, method: "go".into(), input: vec![] };
    let block = chain.block(vec![
        chain.upgrade(0, first.clone(), b""),
        chain.upgrade(0, second.clone(), b""),
        chain.upgrade(1, first.clone(), b""),
        call,
        chain.upgrade(1, second.clone(), &[7; 8]),
        chain.upgrade(2, third.clone(), b"x"),
        chain.upgrade(2, third.clone(), b""),
        chain.set(3, Authority::None),
        chain.upgrade(4, first.clone(), b""),
    ]);
    let statuses: Vec<_> = block.receipts.iter().map(|receipt| receipt.status.clone()).collect();
    let expected = [
        ok(),
        refused(Refused::OtherRevision),
        refused(Refused::SameCode),
        ok(),
        ok(),
        refused(Refused::NoMigrate),
        ok(),
        ok(),
        refused(Refused::NoAuthority),
    ];
    assert_eq!(statuses, expected);
    let record = chain.record();
    assert_eq!((record.code_hash, record.authority, record.revision), (code_hash(&third), Authority::None, 4));
    assert_eq!(record.since, Place { height: Height(2), index: 6 });
    assert_eq!(chain.value(), Some(vec![7; 8]), "the second code's migrate ran");
    let old = code_hash(&module(Type::U64, "", 0));
    let expected = [(1, 0, old), (2, 0, code_hash(&first)), (2, 3, code_hash(&first)), (2, 4, code_hash(&second))];
    for (height, index, code) in expected.into_iter().chain([(2, 6, code_hash(&third)), (9, 0, code_hash(&third))]) {
        assert_eq!(chain.code_at(height, index), Some(code), "{height}/{index}");
    }
    // Other nodes come to the same, whichever compiler they start with; the block's header has the roots of state and receipts.
    for backend in [Backend::Winch, Backend::Cranelift] {
        let folder = tempfile::tempdir().unwrap();
        let voter = Opened::open(&Config { backend, ..config(folder.path()) }).unwrap();
        for height in [1, 2].map(Height) {
            let stored = chain.opened.ledger.state.block(BlockId::Height(height)).unwrap().unwrap();
            voter.ledger.execute(&stored.block, Standing::Proposed).unwrap();
            voter.ledger.decide(certificate(&chain.opened, &stored.block), &|_, _| false).unwrap();
            voter.ledger.commit(&stored.block.header.hash()).unwrap();
            let theirs = voter.ledger.state.block(BlockId::Height(height)).unwrap().unwrap();
            assert_eq!(theirs.receipts, stored.receipts, "{backend:?}");
        }
        assert_eq!(voter.ledger.state.head(), chain.opened.ledger.state.head(), "{backend:?}");
    }
}

#[test]
fn code_that_breaks_a_rule_or_the_layout_or_whose_migration_traps_changes_nothing() {
    let mut chain = Chain::new();
    let before = chain.record();
    let float = wat::parse_str("(module (func (param f32)))").unwrap();
    let absent = ContractId([9; 32]);
    let consents = Consents::default();
    let other =
        Kind::Upgrade { contract: absent, revision: 0, code: vec![], input: vec![], consents: consents.clone() };
    let reserved = coffer_chain::rules::INCLUDED;
    let kinds = vec![
        chain.upgrade(0, float, b""),
        chain.upgrade(0, b"no module".to_vec(), b""),
        chain.upgrade(0, module(Type::U128, "", 1), b""),
        chain.upgrade(0, wat::parse_str(CELL).unwrap(), b""),
        chain.upgrade(0, module(Type::U128, WRITES_AND_TRAPS, 1), b""),
        other,
        Kind::SetAuthority { contract: reserved, revision: 0, authority: Authority::None, consents: consents.clone() },
        Kind::SetAuthority { contract: chain.contract, revision: 0, authority: Authority::None, consents },
    ];
    let expected = [
        refused(Refused::InvalidCode),
        refused(Refused::InvalidCode),
        refused(Refused::LayoutChanged),
        refused(Refused::LayoutChanged),
        Status::Trapped(coffer_abi::TrapKind::Unreachable),
        refused(Refused::NoSuchContract),
        refused(Refused::NoSuchContract),
        refused(Refused::NotAuthorised),
    ];
    assert_eq!(chain.statuses(kinds), expected);
    assert_eq!((chain.record(), chain.value()), (before, None));
    let trapping = code_hash(&module(Type::U128, WRITES_AND_TRAPS, 1));
    assert_eq!(chain.opened.ledger.state.public().code(&trapping).unwrap(), None, "its code is not kept");
    // The same layout with a `migrate` that works.
    let good = chain.upgrade(0, module(Type::U128, WRITES, 2), &[1; 8]);
    assert_eq!(chain.statuses(vec![good]), [ok()]);
    assert_eq!(chain.value(), Some(vec![1; 8]));
}

#[test]
fn a_change_costs_what_its_steps_cost() {
    let mut chain = Chain::new();
    let code = module(Type::U64, "", 1);
    let (upgrade, set) = (chain.upgrade(0, code.clone(), b""), chain.set(1, Authority::None));
    let late = chain.upgrade(0, module(Type::U64, "", 2), b"");
    let used: Vec<Gas> =
        chain.block(vec![upgrade, late, set]).receipts.iter().map(|receipt| receipt.gas_used).collect();
    let change = gas::CHANGE + gas::CONSENT;
    let old = module(Type::U64, "", 0).len() as u64;
    assert_eq!(
        used,
        [
            Gas(change + gas::DEPLOY + gas::MODULE_BYTE * code.len() as u64 + gas::COMPARE_BYTE * old),
            Gas(change),
            Gas(change)
        ]
    );

    let mut chain = Chain::new();
    let mut short = |limit: u64| -> Receipt {
        chain.nonce += 1;
        let kind = chain.upgrade(0, code.clone(), b"");
        let body = TxBody { gas_limit: Gas(limit), ..tx(&chain.opened, kind, chain.nonce).body().clone() };
        let signed = body.sign(&SigningKey::from_seed(&[5; 32]));
        let checked = signed.check(chain.opened.ledger.executor.chain_id()).unwrap();
        chain.opened.ledger.pool.insert(checked).unwrap();
        let height = step(&chain.opened).unwrap().header.height;
        chain.opened.ledger.state.block(BlockId::Height(height)).unwrap().unwrap().receipts.remove(0)
    };
    for limit in [1, gas::CHANGE, change, change + gas::DEPLOY, used[0].0 - 1] {
        let receipt = short(limit);
        assert_eq!((receipt.status, receipt.gas_used), (Status::OutOfGas, Gas(limit)));
    }
    assert_eq!(short(used[0].0).status, ok());
}

#[test]
fn a_contract_can_be_changed_in_the_block_that_makes_it() {
    let mut chain = Chain::new();
    let five = SigningKey::from_seed(&[5; 32]).account();
    let (old, new) = (module(Type::U64, "", 7), module(Type::U64, "", 8));
    let chain_id = *chain.opened.ledger.executor.chain_id();
    let contract = public_contract_id(&chain_id, &five, &code_hash(&old), &[1; 32]);
    let (input, authority) = (vec![], Authority::Account(five));
    let kinds = vec![
        Kind::Deploy { code: old, input: input.clone(), salt: [1; 32], authority },
        Kind::Upgrade { contract, revision: 0, code: new.clone(), input, consents: Consents::default() },
        Kind::SetAuthority { contract, revision: 1, authority: Authority::None, consents: Consents::default() },
    ];
    assert_eq!(chain.statuses(kinds), [ok(), ok(), ok()]);
    let record = chain.opened.ledger.state.public().contract(&contract).unwrap().unwrap();
    assert_eq!((record.code_hash, record.authority.clone(), record.revision), (code_hash(&new), Authority::None, 2));
    assert_eq!(record.authority.encode(), [0]);
}

/// Makes a contract of the code whose hash is its input, and returns the encoded outcome with the new id.
const MAKER: &str = r#"(module
    (import "coffer_1" "input" (func $input (param i32 i32) (result i64)))
    (import "coffer_1" "output" (func $output (param i32 i32)))
    (import "coffer_1" "create" (func $create (param i32 i32 i32 i32 i32 i32 i64 i32 i32) (result i64)))
    (memory (export "memory") 1)
    (func (export "call make")
        (drop (call $input (i32.const 64) (i32.const 32)))
        (call $output (i32.const 128)
            (i32.wrap_i64 (call $create (i32.const 64) (i32.const 32) (i32.const 0) (i32.const 32) (i32.const 0) (i32.const 0)
                (i64.const -1) (i32.const 128) (i32.const 256))))))"#;

/// Deploys the maker under an authority and lets it make a contract of [`CELL`].
async fn make(node: &Node, tenant: &TenantContext, scope: Scope, authority: Authority) -> (Status, ContractId) {
    let (invoker, account) = (node.invoker(), node.invoker().default_account().unwrap());
    let (code, input) = (wat::parse_str(MAKER).unwrap(), vec![]);
    let request = DeployRequest { scope, code, input, salt: None, authority, account, gas_limit: None };
    let maker = invoker.deploy(tenant, request).await.unwrap().receipt.contract.unwrap();
    let input = code_hash(&wat::parse_str(CELL).unwrap()).encode();
    let (method, gas_limit) = ("make".into(), None);
    let request = CallRequest { scope, contract: maker, method, input, account, gas_limit };
    let made = invoker.call(tenant, request).await.unwrap();
    let Status::Ok(reply) = &made.receipt.status else { panic!("{made:?}") };
    codec::decode(reply).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contract_is_made_of_code_of_its_own_state_only_and_gets_the_authority_of_its_maker() {
    let folder = tempfile::tempdir().unwrap();
    let node = running(folder.path()).await;
    let (one, two) = (tenant("PS1"), tenant("PS2"));
    deploy_cell(&node, &one, Scope::Private).await;
    let bob = Authority::Account(node.invoker().account_named("bob").unwrap());
    // This node has the code ready to run, but the state of PS2 does not hold it, and neither does the public one.
    let absent = (Status::Refused(Refused::NoSuchCode), ContractId::default());
    assert_eq!(make(&node, &two, Scope::Private, bob.clone()).await, absent);
    assert_eq!(make(&node, &one, Scope::Public, bob.clone()).await, absent);
    let (status, made) = make(&node, &one, Scope::Private, bob.clone()).await;
    assert_eq!(status, ok());
    let record = node.invoker().state().private(one.psi()).unwrap().contract(&made).unwrap().unwrap();
    assert_eq!((record.authority, record.revision), (bob, 0));
    node.stop().await.unwrap();
}
