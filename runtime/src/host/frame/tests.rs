//! The host functions without Wasm: bounds, read-only, answers, texts, what a failed call leaves behind.

use coffer_abi::export::MethodKind;
use coffer_abi::limits::MAX_INPUT;
use coffer_abi::{Hash, Height, Time};

use super::*;
use crate::state::MemoryState;

fn frame(kind: MethodKind) -> Frame<MemoryState> {
    let call = Call {
        kind,
        method: "go",
        input: b"input",
        contract: ContractId([1; 32]),
        state_id: StateId([2; 32]),
        caller: AccountId([3; 32]),
        origin: AccountId([4; 32]),
        block: BlockContext { height: Height(5), time: Time(6), chain_id: Hash([7; 32]) },
        gas_limit: Gas(MAX_INPUT as u64),
    };
    Frame::new(&call, MemoryState::default())
}

fn trap<T>(result: Result<T, Halt>) -> Option<TrapKind> {
    match result {
        Err(Halt::Trap(kind)) => Some(kind),
        _ => None,
    }
}

#[test]
fn a_view_reads_and_answers_but_never_writes() {
    let mut view = frame(MethodKind::View);
    assert_eq!(trap(view.storage_set(b"\0a", b"")), Some(TrapKind::ReadOnly));
    assert_eq!(trap(view.storage_remove(b"\0a")), Some(TrapKind::ReadOnly));
    assert_eq!(trap(view.event(b"E", b"")), Some(TrapKind::ReadOnly));
    assert_eq!(view.storage_get(b"\0a").unwrap(), None);
    view.output(b"answer").unwrap();
    assert_eq!(view.finish(Ended::Returned, Gas(0)).status, Status::Ok(b"answer".to_vec()));
    for kind in [MethodKind::Init, MethodKind::Call, MethodKind::Migrate] {
        frame(kind).storage_set(b"\0a", b"").unwrap();
    }
}

#[test]
fn the_context_comes_as_given() {
    let mut frame = frame(MethodKind::Call);
    let mut id = |read: fn(&mut Frame<MemoryState>) -> Result<Option<usize>, Halt>| {
        read(&mut frame).unwrap();
        frame.reply()[0]
    };
    assert_eq!(id(Frame::own_id), 1);
    assert_eq!(id(Frame::state_id), 2);
    assert_eq!(id(Frame::caller), 3);
    assert_eq!(id(Frame::origin), 4);
    assert_eq!(id(Frame::chain_id), 7);
    assert_eq!((frame.block_height().unwrap(), frame.block_time().unwrap()), (5, 6));
    assert_eq!(frame.input().unwrap(), Some(5));
    assert_eq!(frame.reply(), b"input");
}

#[test]
fn hashes_are_the_published_ones() {
    let mut frame = frame(MethodKind::Call);
    frame.hash_sha256(b"abc").unwrap();
    assert_eq!(hex::encode(frame.reply()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    frame.hash_blake3(b"").unwrap();
    assert_eq!(hex::encode(frame.reply()), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
}

#[test]
fn a_call_answers_once() {
    let twice = |first: fn(&mut Frame<MemoryState>) -> Result<(), Halt>| {
        let mut frame = frame(MethodKind::Call);
        first(&mut frame).unwrap();
        assert_eq!(trap(frame.output(b"")), Some(TrapKind::DoubleOutput));
        assert_eq!(trap(frame.error(0, b"")), Some(TrapKind::DoubleOutput));
    };
    twice(|frame| frame.output(b""));
    twice(|frame| frame.error(1, b""));
    assert_eq!(trap(frame(MethodKind::Call).output(&vec![0; MAX_OUTPUT + 1])), Some(TrapKind::LimitExceeded));
    let silent = frame(MethodKind::Call).finish(Ended::Returned, Gas(0));
    assert_eq!(silent.status, Status::Trapped(TrapKind::NoOutput));
}

#[test]
fn a_call_that_fails_leaves_only_its_log() {
    let mut frame = frame(MethodKind::Call);
    frame.storage_set(b"\0a", b"1").unwrap();
    frame.event(b"E", b"1").unwrap();
    frame.log(b"line").unwrap();
    frame.error(3, b"data").unwrap();
    let executed = frame.finish(Ended::Returned, Gas(9));
    assert_eq!(executed.status, Status::Failed { code: 3, data: b"data".to_vec() });
    assert!(executed.changes.is_empty() && executed.events.is_empty());
    assert_eq!((executed.log, executed.gas_used), (vec!["line".to_owned()], Gas(9)));
}

#[test]
fn events_have_bounds_in_name_size_and_number() {
    let mut frame = frame(MethodKind::Call);
    assert_eq!(trap(frame.event(b"", b"")), Some(TrapKind::BadText));
    assert_eq!(trap(frame.event(b"\xff", b"")), Some(TrapKind::BadText));
    assert_eq!(trap(frame.event(&[b'a'; MAX_EVENT_NAME + 1], b"")), Some(TrapKind::LimitExceeded));
    assert_eq!(trap(frame.event(b"E", &vec![0; MAX_EVENT + 1])), Some(TrapKind::LimitExceeded));
    for _ in 0..MAX_EVENTS {
        frame.event(b"E", b"").unwrap();
    }
    assert_eq!(trap(frame.event(b"E", b"")), Some(TrapKind::LimitExceeded));
}

#[test]
fn the_text_of_a_panic_always_arrives() {
    let text = |bytes: &[u8]| match frame(MethodKind::Call).panic(bytes) {
        Err(Halt::Panic(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(b"boom"), "boom");
    assert_eq!(text(b"b\xffm"), "b\u{FFFD}m");
    assert_eq!(text("ä".repeat(MAX_PANIC).as_bytes()).len(), MAX_PANIC);
}

#[test]
fn the_log_is_bounded_without_the_contract_noticing() {
    let mut frame = frame(MethodKind::Call);
    for _ in 0..MAX_LOG_LINES + 9 {
        frame.log(&[b'x'; MAX_LOG + 1]).unwrap();
    }
    let log = frame.finish(Ended::Returned, Gas(0)).log;
    assert_eq!(log.len(), MAX_LOG_LINES);
    assert!(log.iter().all(|line| line.len() == MAX_LOG));
}

#[test]
fn a_reply_is_read_from_inside_of_it() {
    let mut frame = frame(MethodKind::Call);
    frame.input().unwrap();
    frame.reply_read(5).unwrap();
    assert_eq!(trap(frame.reply_read(6)), Some(TrapKind::BadPointer));
}

#[test]
fn a_scan_pays_for_what_it_passes_over() {
    let mut state = MemoryState::default();
    state.apply(ContractId([1; 32]), &(0..5u8).map(|i| (vec![1, i], Some(vec![]))).collect());
    let mut frame = Frame { storage: Storage::new(state, ContractId([1; 32])), ..frame(MethodKind::Call) };
    for i in 0..4 {
        frame.storage_remove(&[1, i]).unwrap();
    }
    frame.storage_scan(&[1], b"", 9).unwrap();
    assert_eq!(frame.take_unpaid(), 4 * SKIPPED_ENTRY_GAS);
    assert_eq!(frame.take_unpaid(), 0);
}
