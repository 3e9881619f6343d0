//! Execution of one call: outcomes, traps, gas, rollback, storage through Wasm. Every call runs on both backends (see `support`).

use coffer_abi::export::MethodKind;
use coffer_abi::{Gas, Status, TrapKind};
use coffer_runtime::meter::Schedule;
use coffer_runtime::{Changes, MemoryState};

use crate::golden;
use crate::support::{CONTRACT, Contract, PLENTY, call, going, module};

/// Gas of an instance with one page of memory.
const ENTRY: u64 = Schedule::V1.instance + Schedule::V1.initial_memory(1);

fn with(entries: &[(&[u8], &[u8])]) -> MemoryState {
    let mut state = MemoryState::default();
    state.apply(CONTRACT, &entries.iter().map(|(key, value)| (key.to_vec(), Some(value.to_vec()))).collect());
    state
}

/// Everything `call go` of `text` does on `state`.
fn go(text: &str, state: &MemoryState) -> coffer_runtime::Executed {
    Contract::wat(text).execute(&call(MethodKind::Call, "go", b"the input"), state)
}

#[test]
fn every_kind_of_trap_has_its_code() {
    let cases = [
        ("unreachable", TrapKind::Unreachable),
        ("(drop (i32.load (i32.const 65536)))", TrapKind::MemoryOutOfBounds),
        ("(drop (i32.load offset=4294967295 (i32.const -1)))", TrapKind::MemoryOutOfBounds),
        ("(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))", TrapKind::MemoryOutOfBounds),
        ("(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))", TrapKind::MemoryOutOfBounds),
        ("(call_indirect (type $none) (i32.const 9))", TrapKind::TableOutOfBounds),
        ("(call_indirect (type $none) (i32.const 1))", TrapKind::IndirectCallToNull),
        ("(drop (call_indirect (type $one) (i32.const 0)))", TrapKind::BadSignature),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", TrapKind::IntegerOverflow),
        ("(drop (i64.rem_u (i64.const 1) (i64.const 0)))", TrapKind::DivisionByZero),
        ("(call $down)", TrapKind::StackExhausted),
        ("(call $event (i32.const 0) (i32.const 70000) (i32.const 0) (i32.const 0))", TrapKind::BadPointer),
        ("(drop (call $storage_remove (i32.const 0) (i32.const 0)))", TrapKind::BadKey),
        ("(call $event (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))", TrapKind::BadText),
        ("(call $event (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 16385))", TrapKind::LimitExceeded),
        (
            "(call $output (i32.const 0) (i32.const 0)) (call $error (i32.const 0) (i32.const 0) (i32.const 0))",
            TrapKind::DoubleOutput,
        ),
        ("", TrapKind::NoOutput),
        (
            "(drop (call $verify_ed25519 (i32.const 0) (i32.const 31) (i32.const 0) (i32.const 64) (i32.const 0) (i32.const 0)))",
            TrapKind::BadLength,
        ),
    ];
    let mut reached: Vec<_> = cases.iter().map(|(_, kind)| *kind).collect();
    for (body, kind) in cases {
        let text = module(&format!(
            "(type $none (func)) (type $one (func (result i32))) (table 2 funcref) (elem (i32.const 0) $nothing)
             (func $nothing) (func $down (call $down)) (func (export \"call go\") {body})"
        ));
        assert_eq!(Contract::wat(&text).go(), Status::Trapped(kind), "{body}");
    }
    let view = module(
        r#"(func (export "view go") (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))"#,
    );
    let executed = Contract::wat(&view).execute(&call(MethodKind::View, "go", b""), &MemoryState::default());
    assert_eq!(executed.status, Status::Trapped(TrapKind::ReadOnly));
    assert!(executed.changes.is_empty());
    reached.push(TrapKind::ReadOnly);
    assert!(TrapKind::ALL.iter().all(|kind| reached.contains(kind)), "a kind of trap has no test");
}

#[test]
fn an_endless_loop_uses_the_whole_limit_and_nothing_more() {
    let contract = Contract::wat(&going("(loop $again (br $again))"));
    for limit in [0, ENTRY - 1, ENTRY, ENTRY + 1, 1_000_000] {
        let mut call = call(MethodKind::Call, "go", b"");
        call.gas_limit = Gas(limit);
        let executed = contract.execute(&call, &MemoryState::default());
        assert_eq!((executed.status, executed.gas_used), (Status::OutOfGas, Gas(limit)));
    }
}

#[test]
fn recursion_ends_with_gas_left() {
    let text = module(
        r#"(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))
           (func (export "call go") (drop (call $down (i32.const 0))))"#,
    );
    let executed = go(&text, &MemoryState::default());
    assert_eq!(executed.status, Status::Trapped(TrapKind::StackExhausted));
    assert!(executed.gas_used.0 < 1_000_000, "{}", executed.gas_used);
}

#[test]
fn the_gas_a_call_used_is_exactly_what_it_needs() {
    for (name, wasm) in golden::corpus() {
        let contract = Contract::wasm(&wasm);
        let with_limit = |limit| {
            let mut call = call(MethodKind::Call, "main", b"");
            call.gas_limit = Gas(limit);
            contract.execute(&call, &MemoryState::default())
        };
        let free = with_limit(PLENTY);
        // An access outside of memory costs whatever was given.
        let whole = Status::Trapped(TrapKind::MemoryOutOfBounds);
        if free.status == whole {
            assert_eq!(free.gas_used, Gas(PLENTY), "{name}");
        }
        if free.status == whole || matches!(free.status, Status::OutOfGas | Status::Refused(_)) {
            continue;
        }
        let used = free.gas_used.0;
        assert_eq!(with_limit(used), free, "{name}");
        let short = with_limit(used - 1);
        assert_eq!((short.status, short.gas_used), (Status::OutOfGas, Gas(used - 1)), "{name}");
    }
}

#[test]
fn host_functions_cost_their_base_and_each_byte() {
    let state = with(&[(b"\0k", &[7; 100])]);
    let used = |body: &str| {
        go(&module(&format!(r#"(data (i32.const 0) "\00k") (func (export "call go") {body})"#)), &state).gas_used.0
    };
    let set =
        |len: u32| used(&format!("(call $storage_set (i32.const 0) (i32.const 2) (i32.const 0) (i32.const {len}))"));
    assert_eq!(set(110) - set(10), 100 * 10);
    let get = |cap: u32| {
        used(&format!("(drop (call $storage_get (i32.const 0) (i32.const 2) (i32.const 9) (i32.const {cap})))"))
    };
    let missing = used("(drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 9) (i32.const 0)))");
    assert_eq!(get(100), get(0), "a reply costs the same whether it fits or is kept");
    assert_eq!(get(100) - missing, (1 + 100) * 2);
    let height = used("(drop (call $block_height))");
    let twice = used("(drop (call $block_height)) (drop (call $block_height))");
    assert!((100..110).contains(&(twice - height)), "{}", twice - height);
}

#[test]
fn gas_can_run_out_inside_of_a_host_function() {
    let text = going(
        "(call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1000)) (call $output (i32.const 0) (i32.const 0))",
    );
    let mut call = call(MethodKind::Call, "go", b"");
    call.gas_limit = Gas(ENTRY + 41_000);
    let executed = Contract::wat(&text).execute(&call, &MemoryState::default());
    assert_eq!((executed.status, executed.gas_used), (Status::OutOfGas, call.gas_limit));
    assert!(executed.changes.is_empty());
}

#[test]
fn a_failed_call_leaves_no_write_and_no_event() {
    let work = "(call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 4))
                (call $event (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 2))";
    let text =
        |end: &str| module(&format!(r#"(data (i32.const 0) "\00Eboom") (func (export "call go") {work} {end})"#));
    let ok = go(&text("(call $output (i32.const 1) (i32.const 1))"), &MemoryState::default());
    assert_eq!(ok.status, Status::Ok(b"E".to_vec()));
    assert_eq!(ok.changes[&CONTRACT], Changes::from([(vec![0], Some(b"\0Ebo".to_vec()))]));
    assert_eq!((ok.events[0].name.as_str(), ok.events[0].contract), ("E", CONTRACT));
    let ends = [
        ("(call $error (i32.const 3) (i32.const 2) (i32.const 4))", Status::Failed { code: 3, data: b"boom".to_vec() }),
        ("(call $panic (i32.const 2) (i32.const 4))", Status::Panicked("boom".into())),
        ("unreachable", Status::Trapped(TrapKind::Unreachable)),
        ("(loop $again (br $again))", Status::OutOfGas),
        ("", Status::Trapped(TrapKind::NoOutput)),
    ];
    for (end, status) in ends {
        let executed = go(&text(end), &MemoryState::default());
        assert_eq!(executed.status, status);
        assert!(executed.changes.is_empty() && executed.events.is_empty(), "{end}");
    }
}

#[test]
fn a_call_reads_its_input_and_its_own_writes() {
    let text = module(
        r#"(func (export "call go") (local $len i32)
            (local.set $len (i32.wrap_i64 (call $input (i32.const 64) (i32.const 64))))
            (call $storage_set (i32.const 0) (i32.const 1) (i32.const 64) (local.get $len))
            (local.set $len (i32.wrap_i64 (call $storage_get (i32.const 0) (i32.const 1) (i32.const 200) (i32.const 0))))
            (call $reply_read (i32.const 4) (i32.const 200) (i32.sub (local.get $len) (i32.const 4)))
            (call $output (i32.const 200) (i32.sub (local.get $len) (i32.const 4))))"#,
    );
    let executed = go(&text, &with(&[(b"\0", b"before")]));
    assert_eq!(executed.status, Status::Ok(b"input".to_vec()));
    assert_eq!(executed.changes[&CONTRACT], Changes::from([(vec![0], Some(b"the input".to_vec()))]));
}

#[test]
fn a_scan_merges_what_the_call_wrote_and_removed() {
    let text = module(
        r#"(data (i32.const 0) "\01b\01a\01cX") (func (export "call go") (local $len i32)
            (drop (call $storage_remove (i32.const 0) (i32.const 2)))
            (call $storage_set (i32.const 4) (i32.const 2) (i32.const 6) (i32.const 1))
            (local.set $len (i32.wrap_i64 (call $storage_scan (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 64) (i32.const 999))))
            (call $output (i32.const 64) (local.get $len)))"#,
    );
    let executed = go(&text, &with(&[(b"\x01a", b"A"), (b"\x01b", b"B"), (b"\0z", b"plain")]));
    assert_eq!(executed.status, Status::Ok(b"\x02\0\0\0\x01a\x01\0\0\0A\x02\0\0\0\x01c\x01\0\0\0X".to_vec()));
}

#[test]
fn a_scan_without_entries_answers_minus_one() {
    let text = module(
        r#"(data (i32.const 0) "\01") (func (export "call go")
            (i64.store (i32.const 8) (call $storage_scan (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 64) (i32.const 999)))
            (call $output (i32.const 8) (i32.const 8)))"#,
    );
    assert_eq!(go(&text, &with(&[(b"\0z", b"plain")])).status, Status::Ok((-1i64).to_le_bytes().to_vec()));
}

#[test]
fn what_a_reply_does_not_fit_into_stays_untouched() {
    let text = going(
        "(i32.store (i32.const 0) (i32.const 7)) (drop (call $input (i32.const 0) (i32.const 8)))
         (call $output (i32.const 0) (i32.const 4))",
    );
    assert_eq!(go(&text, &MemoryState::default()).status, Status::Ok(vec![7, 0, 0, 0]));
}

#[test]
fn init_and_views_run_under_their_own_names() {
    let contract = Contract::wat(&module(
        r#"(func (export "init") (call $storage_set (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)) (call $output (i32.const 0) (i32.const 0)))
           (func (export "view get") (drop (call $storage_get (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 9))) (call $output (i32.const 0) (i32.const 1)))"#,
    ));
    let init = contract.execute(&call(MethodKind::Init, "init", b""), &MemoryState::default());
    assert_eq!((init.status, init.changes.len()), (Status::Ok(vec![]), 1));
    let mut state = MemoryState::default();
    state.apply(CONTRACT, &init.changes[&CONTRACT]);
    assert_eq!(contract.execute(&call(MethodKind::View, "get", b""), &state).status, Status::Ok(vec![0]));
}
