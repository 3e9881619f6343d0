//! Execution of one call: outcomes, gas, rollback. Every call runs on both backends (see `support`).

use coffer_abi::export::MethodKind;
use coffer_abi::{Gas, Refused, Status, TrapKind};
use coffer_runtime::{MemoryState, StateRead};

use crate::support::{CONTRACT, Contract, call, going, module};

const OK: &str = "(call $output (i32.const 0) (i32.const 0))";

#[test]
fn a_method_that_answers_succeeds() {
    let executed = Contract::wat(&going(OK)).execute(&call(MethodKind::Call, "go", b""), &MemoryState::default());
    assert_eq!(executed.status, Status::Ok(vec![]));
    assert!(
        executed.gas_used.0 > 10_000 && executed.gas_used.0 < 11_000,
        "{}",
        executed.gas_used
    );
}

#[test]
fn every_kind_of_trap_has_its_code() {
    let cases = [
        ("unreachable", TrapKind::Unreachable),
        ("(drop (i32.load (i32.const 65536)))", TrapKind::MemoryOutOfBounds),
        (
            "(drop (i32.load offset=4294967295 (i32.const -1)))",
            TrapKind::MemoryOutOfBounds,
        ),
        (
            "(memory.fill (i32.const 65535) (i32.const 1) (i32.const 2))",
            TrapKind::MemoryOutOfBounds,
        ),
        (
            "(memory.copy (i32.const 0) (i32.const 65535) (i32.const 2))",
            TrapKind::MemoryOutOfBounds,
        ),
        ("(call_indirect (type $none) (i32.const 9))", TrapKind::TableOutOfBounds),
        (
            "(call_indirect (type $none) (i32.const 1))",
            TrapKind::IndirectCallToNull,
        ),
        (
            "(drop (call_indirect (type $one) (i32.const 0)))",
            TrapKind::BadSignature,
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
            TrapKind::IntegerOverflow,
        ),
        (
            "(drop (i64.rem_u (i64.const 1) (i64.const 0)))",
            TrapKind::DivisionByZero,
        ),
        ("(call $down)", TrapKind::StackExhausted),
        (
            "(call $event (i32.const 0) (i32.const 70000) (i32.const 0) (i32.const 0))",
            TrapKind::BadPointer,
        ),
        (
            "(drop (call $storage_remove (i32.const 0) (i32.const 0)))",
            TrapKind::BadKey,
        ),
        (
            "(call $event (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
            TrapKind::BadText,
        ),
        (
            "(call $event (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 16385))",
            TrapKind::LimitExceeded,
        ),
        (
            "(call $output (i32.const 0) (i32.const 0)) (call $error (i32.const 0) (i32.const 0) (i32.const 0))",
            TrapKind::DoubleOutput,
        ),
        ("", TrapKind::NoOutput),
    ];
    for (body, kind) in cases {
        let text = module(&format!(
            "(type $none (func)) (type $one (func (result i32))) (table 2 funcref) (elem (i32.const 0) $nothing)
             (func $nothing) (func $down (call $down)) (func (export \"call go\") {body})"
        ));
        assert_eq!(Contract::wat(&text).go(), Status::Trapped(kind), "{body}");
    }
}
