//! Calls from contract to contract through Wasm, on both backends: what host::session's tests show in plain Rust, here with instances,
//! gas and the shared stack.

use coffer_abi::export::MethodKind;
use coffer_abi::{CodeHash, ContractId, Decode, Gas, Refused, StateId, Status, TrapKind};
use coffer_runtime::{Executed, MemoryState, MemoryWorld};

use crate::support::{CONTRACT, PLENTY, call, module, runtimes};

const OTHER: ContractId = ContractId([0x02; 32]);

/// Executes `call go` of the first module on both backends, with the second at [`OTHER`].
fn both(caller: &str, other: &str, place: fn(&mut MemoryWorld, MemoryWorld)) -> Executed {
    let [winch, cranelift] = runtimes().each_ref().map(|runtime| {
        let prepare = |text: &str| runtime.prepare(&wat::parse_str(module(text)).unwrap()).unwrap();
        let mut world = MemoryWorld::default();
        let code = prepare(caller);
        world.add(CONTRACT, CodeHash([1; 32]), code.clone());
        let mut beside = MemoryWorld::default();
        beside.add(OTHER, CodeHash([2; 32]), prepare(other));
        place(&mut world, beside);
        runtime.execute(&code, &call(MethodKind::Call, "go", b""), &world).unwrap()
    });
    assert_eq!(winch, cranelift);
    winch
}

fn same_state(world: &mut MemoryWorld, beside: MemoryWorld) {
    world.codes.extend(beside.codes);
    world.contracts.extend(beside.contracts);
}

fn public(world: &mut MemoryWorld, beside: MemoryWorld) {
    world.public = Some((StateId([9; 32]), Box::new(beside)));
}

/// A method that makes one nested call with `function` and answers with its reply. The callee's id lies at 0, its method at 32.
fn calling(function: &str, method: &str, gas: &str) -> String {
    let (id, len) = ("\\02".repeat(32), method.len());
    format!(
        r#"(data (i32.const 0) "{id}{method}")
           (func (export "call go")
             (call $output (i32.const 100) (i32.wrap_i64
               (call ${function} (i32.const 0) (i32.const 32) (i32.const 32) (i32.const {len})
                 (i32.const 0) (i32.const 0) (i64.const {gas}) (i32.const 100) (i32.const 1000)))))"#
    )
}

fn reply(executed: &Executed) -> Status {
    match &executed.status {
        Status::Ok(reply) => Status::decode(&mut &reply[..]).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_callee_runs_in_memory_and_storage_of_its_own() {
    let other = r#"(data (i32.const 0) "\00key")
        (func (export "call put")
          (if (i32.load8_u (i32.const 40)) (then unreachable))
          (call $storage_set (i32.const 0) (i32.const 4) (i32.const 1) (i32.const 3))
          (drop (call $caller (i32.const 64) (i32.const 32)))
          (call $output (i32.const 64) (i32.const 32)))"#;
    let executed = both(&calling("call", "put", "-1"), other, same_state);
    assert_eq!(reply(&executed), Status::Ok(CONTRACT.0.to_vec()));
    assert_eq!(executed.changes.keys().collect::<Vec<_>>(), [&OTHER]);
    assert_eq!(executed.changes[&OTHER][&b"\0key"[..]], Some(b"key".to_vec()));
}

#[test]
fn a_trapping_or_endless_callee_costs_its_bound_and_no_more() {
    let cases = [
        ("(drop (i32.load (i32.const -1)))", Status::Trapped(TrapKind::MemoryOutOfBounds)),
        ("(loop $l (br $l))", Status::OutOfGas),
    ];
    for (body, status) in cases {
        let other = format!(r#"(func (export "call put") {body})"#);
        let executed = both(&calling("call", "put", "100000"), &other, same_state);
        assert_eq!(reply(&executed), status, "{body}");
        assert!((100_000..200_000).contains(&executed.gas_used.0), "{body}: {}", executed.gas_used);
        assert!(executed.changes.is_empty());
    }
}

#[test]
fn a_callee_that_divides_by_zero_costs_what_it_used() {
    let other = r#"(func (export "call put") (drop (i32.div_u (i32.const 1) (i32.const 0))))"#;
    let executed = both(&calling("call", "put", "10000000"), other, same_state);
    assert_eq!(reply(&executed), Status::Trapped(TrapKind::DivisionByZero));
    assert!(executed.gas_used.0 < 100_000, "{}", executed.gas_used);
}

#[test]
fn a_contract_that_calls_itself_is_refused_unless_the_method_is_marked() {
    let own = |marker: &str| {
        let id = "\\c0".repeat(32);
        let caller = calling("call", "in", "-1").replace(&"\\02".repeat(32), &id);
        let caller =
            format!(r#"{caller} {marker} (func (export "call in") (call $output (i32.const 0) (i32.const 0)))"#);
        reply(&both(&caller, "", same_state))
    };
    assert_eq!(own(""), Status::Refused(Refused::ReEntered));
    assert_eq!(own(r#"(func (export "reentrant call in"))"#), Status::Ok(vec![]));
}

#[test]
fn private_code_reads_public_views_and_cannot_write_there() {
    let other = r#"(func (export "view rate") (drop (call $state_id (i32.const 0) (i32.const 32)))
                     (call $output (i32.const 0) (i32.const 32)))
                   (func (export "call rate") (call $output (i32.const 0) (i32.const 0)))"#;
    assert_eq!(reply(&both(&calling("view", "rate", "-1"), other, public)), Status::Ok(vec![9; 32]));
    assert_eq!(reply(&both(&calling("call", "rate", "-1"), other, public)), Status::Refused(Refused::NotWritable));
}

#[test]
fn the_logical_stack_is_shared_over_nested_calls_and_given_back() {
    // Each callee goes down 400 frames of about 150 bytes and then calls on: the fifth finds less than it needs.
    let id = "\\02".repeat(32);
    let body = format!(
        r#"(data (i32.const 0) "{id}deeper")
           (func $down (param i32) (result i32)
             (if (result i32) (local.get 0)
               (then (i32.add (i32.const 0) (call $down (i32.sub (local.get 0) (i32.const 1)))))
               (else (i32.wrap_i64 (call $call (i32.const 0) (i32.const 32) (i32.const 32) (i32.const 6)
                 (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 100) (i32.const 1000))))))
           (func (export "reentrant call deeper"))
           (func (export "call deeper") (call $output (i32.const 100) (call $down (i32.const 400))))
           (func (export "call go") (drop (call $down (i32.const 400)))
             (call $output (i32.const 100) (call $down (i32.const 400))))"#
    );
    let executed = both(&body, &body, same_state);
    let mut status = executed.status.clone();
    let mut depth = 0;
    while let Status::Ok(inner) = status {
        depth += 1;
        status = Status::decode(&mut &inner[..]).unwrap();
    }
    assert_eq!(status, Status::Trapped(TrapKind::StackExhausted));
    assert!((2..6).contains(&depth), "{depth}");
}

#[test]
fn a_contract_made_by_a_contract_can_be_called_at_once() {
    let hash = "\\02".repeat(32);
    let text = format!(
        r#"(data (i32.const 0) "{hash}put")
           (func (export "call go") (local $len i32)
             (local.set $len (i32.wrap_i64 (call $create (i32.const 0) (i32.const 32) (i32.const 200) (i32.const 32)
               (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 400) (i32.const 100))))
             (call $output (i32.const 500) (i32.wrap_i64 (call $call
               (i32.sub (i32.add (i32.const 400) (local.get $len)) (i32.const 32)) (i32.const 32)
               (i32.const 32) (i32.const 3) (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 500) (i32.const 100)))))"#
    );
    let other = r#"(func (export "call put") (drop (call $caller (i32.const 64) (i32.const 32)))
                     (call $output (i32.const 64) (i32.const 32)))"#;
    let executed = both(&text, other, same_state);
    assert_eq!(reply(&executed), Status::Ok(CONTRACT.0.to_vec()));
    let [created] = executed.created[..] else { panic!("{:?}", executed.created) };
    assert_eq!((created.creator, created.code_hash), (CONTRACT, CodeHash([2; 32])));
}

#[test]
fn more_transactions_than_slots_nest_calls_and_none_waits_for_ever() {
    let runtime =
        coffer_runtime::Runtime::new(coffer_runtime::Config { slots: 3, deep: 1, ..coffer_runtime::Config::default() })
            .unwrap();
    let prepare = |text: &str| runtime.prepare(&wat::parse_str(module(text)).unwrap()).unwrap();
    let caller = prepare(&calling("call", "put", "-1"));
    let mut world = MemoryWorld::default();
    world.add(CONTRACT, CodeHash([1; 32]), caller.clone());
    let other = prepare(r#"(func (export "call put") (call $output (i32.const 0) (i32.const 0)))"#);
    world.add(OTHER, CodeHash([2; 32]), other);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let executed = runtime.execute(&caller, &call(MethodKind::Call, "go", b""), &world).unwrap();
                    assert_eq!(reply(&executed), Status::Ok(vec![]));
                }
            });
        }
    });
    let alone = runtime.execute(&caller, &call(MethodKind::Call, "go", b""), &MemoryState::default()).unwrap();
    assert_eq!(reply(&alone), Status::Refused(Refused::NoSuchContract));
    assert!(alone.gas_used < Gas(PLENTY));
}
