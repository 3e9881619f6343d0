//! Traces: the tree of a transaction with gas and storage changes, and lines of Rust from a debug twin. The modules in `traced/` are made
//! there from `traced.rs` with rustc 1.95:
//!
//! ```text
//! rustc --edition 2024 --target wasm32v1-none --crate-type cdylib -C opt-level=1 -C panic=abort -C debuginfo=line-tables-only \
//!     --remap-path-prefix $PWD=. --remap-path-prefix $(rustc --print sysroot)=rust traced.rs -o traced.twin.wasm
//! (and with -C strip=symbols -o traced.wasm)
//! ```

use std::collections::BTreeMap;

use coffer_abi::export::MethodKind;
use coffer_abi::{Gas, Status, TrapKind};
use coffer_runtime::engine::Tuning;
use coffer_runtime::meter::Schedule;
use coffer_runtime::trace::{Effect, Source, Twin, TwinError, printable};
use coffer_runtime::{Backend, Caps, Config, MemoryState, Runtime};

use crate::support::{Contract, call};

const MODULE: &[u8] = include_bytes!("traced/traced.wasm");
const TWIN: &[u8] = include_bytes!("traced/traced.twin.wasm");

fn tracing(backend: Backend) -> Runtime {
    let tuning = Tuning { backtraces: true, ..Tuning::default() };
    Runtime::new(Config { backend, slots: 1, deep: 1, tuning, ..Config::default() }).unwrap()
}

#[test]
fn a_trace_shows_gas_changes_and_lines_and_changes_nothing() {
    let state = MemoryState::default();
    for backend in [Backend::Winch, Backend::Cranelift] {
        let runtime = tracing(backend);
        let code = runtime.prepare(MODULE).unwrap();
        for divisor in [0u8, 5] {
            let input = [divisor];
            let call = call(MethodKind::Call, "divide", &input);
            let untraced = Contract::wasm(MODULE).execute(&call, &state);
            let (executed, trace) = runtime.trace(&code, &call, &state).unwrap();
            assert_eq!(executed, untraced, "{backend:?}");
            let mut trace = trace.unwrap();
            let twin = Twin::read(MODULE, TWIN).unwrap();
            let source = Source::new(MODULE, &Caps::default(), &Schedule::default(), Some(twin)).unwrap();
            trace.locate(&BTreeMap::from([(*source.section(), source)]));
            assert_eq!((trace.gas_used, &trace.status), (executed.gas_used, &executed.status));
            let hosts: Vec<_> = trace.steps.iter().map(|step| step.host).collect();
            let all = ["input", "storage_set", "output"];
            assert_eq!(hosts, if divisor == 0 { &all[..2] } else { &all }, "{backend:?}");
            let set = &trace.steps[1];
            let change = Effect::Change { key: vec![0, 7], before: None, after: Some(vec![divisor]) };
            assert_eq!((&set.effect, set.gas), (&Some(change), Gas(80_000 + 3 * 10)));
            let lines: Vec<_> = set.at.iter().flat_map(|spot| &spot.lines).collect();
            let at: Vec<_> = lines.iter().map(|line| (line.function.as_str(), line.line)).collect();
            assert!(at[0].0.contains("remember") && at[0].1 == Some(20), "{backend:?} {at:?}");
            assert!(at.iter().any(|(name, line)| name.contains("divide") && *line == Some(34)), "{backend:?} {at:?}");
            assert!(lines[0].file.as_ref().is_some_and(|file| file.ends_with("traced.rs")), "{:?}", set.at);
            if divisor == 0 {
                assert_eq!(executed.status, Status::Trapped(TrapKind::Unreachable));
                let mut ended = trace.ended_at.iter().flat_map(|spot| &spot.lines);
                let check = ended.find(|line| line.function.contains("check"));
                assert_eq!(check.and_then(|line| line.line), Some(26), "{:?}", trace.ended_at);
            } else {
                assert!(trace.ended_at.is_empty());
            }
        }
    }
}

#[test]
fn without_a_twin_a_trace_has_no_lines() {
    let runtime = tracing(Backend::Winch);
    let code = runtime.prepare(MODULE).unwrap();
    let (_, trace) = runtime.trace(&code, &call(MethodKind::Call, "divide", &[1]), &MemoryState::default()).unwrap();
    let mut trace = trace.unwrap();
    let source = Source::new(MODULE, &Caps::default(), &Schedule::default(), None).unwrap();
    let section = *source.section();
    trace.locate(&BTreeMap::from([(section, source)]));
    let spots: Vec<_> = trace.steps.iter().flat_map(|step| &step.at).collect();
    assert!(spots.iter().all(|spot| spot.lines.is_empty() && spot.offset.is_some()), "{spots:?}");
    // The offsets are all that a twin needs.
    let twin = Twin::open(TWIN).unwrap();
    assert_eq!((*twin.section(), trace.section), (section, section));
    let at = twin.at(trace.steps[1].at[0].offset.unwrap());
    assert!(at[0].function.contains("remember") && at[0].line == Some(20), "{at:?}");
    println!("{trace}");
}

#[test]
fn a_module_of_other_code_is_no_twin() {
    let other = wat::parse_str("(module (memory (export \"memory\") 1) (func (export \"call divide\")))").unwrap();
    assert_eq!(Twin::read(MODULE, &other).err(), Some(TwinError::OtherCode));
    assert!(matches!(Twin::read(MODULE, b"no module"), Err(TwinError::Malformed(_))));
}

/// A module with a custom section more.
fn with_section(module: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = vec![name.len() as u8];
    body.extend(name.as_bytes());
    body.extend(content);
    let mut section = vec![0];
    let mut length = body.len();
    while length > 127 {
        section.push((length & 127) as u8 | 128);
        length >>= 7;
    }
    section.push(length as u8);
    [module, &section, &body].concat()
}

/// Debug information of one unit with inlined functions inside of each other.
fn nested(depth: usize) -> Vec<u8> {
    // Two abbreviations without attributes: a unit and an inlined function, both with children.
    let abbreviations = [1, 0x11, 1, 0, 0, 2, 0x1d, 1, 0, 0, 0];
    let entries = [&[1][..], &vec![2; depth], &vec![0; depth + 1]].concat();
    let header = [&4u16.to_le_bytes()[..], &0u32.to_le_bytes(), &[4]].concat();
    let length = (header.len() + entries.len()) as u32;
    let unit = [&length.to_le_bytes()[..], &header, &entries].concat();
    with_section(&with_section(MODULE, ".debug_abbrev", &abbreviations), ".debug_info", &unit)
}

#[test]
fn a_twin_that_would_make_its_reader_recurse_is_refused() {
    assert!(Twin::read(MODULE, &nested(100)).is_ok());
    let Err(TwinError::Malformed(told)) = Twin::read(MODULE, &nested(200_000)) else { panic!("accepted") };
    assert!(told.contains("nested 20000"), "{told}");
}

#[test]
fn names_are_cut_and_what_would_fool_a_terminal_is_shown_as_it_is() {
    // The name section: subsection 1, one function, number 4, with a name of 2,000 letters.
    let name = [&[1, 4, 0xd0, 0x0f][..], &[b'n'; 2_000]].concat();
    let names = [&[1, 0xd4, 0x0f][..], &name].concat();
    let module = with_section(MODULE, "name", &names);
    let runtime = tracing(Backend::Winch);
    let code = runtime.prepare(MODULE).unwrap();
    let (_, trace) = runtime.trace(&code, &call(MethodKind::Call, "divide", &[1]), &MemoryState::default()).unwrap();
    let mut trace = trace.unwrap();
    let source = Source::new(MODULE, &Caps::default(), &Schedule::default(), Twin::read(MODULE, &module).ok()).unwrap();
    trace.locate(&BTreeMap::from([(trace.section, source)]));
    let lines: Vec<_> = trace.steps.iter().flat_map(|step| &step.at).flat_map(|spot| &spot.lines).collect();
    assert!(lines.iter().all(|line| line.function.len() <= 300), "{lines:?}");
    assert!(lines.iter().any(|line| line.function == "n".repeat(300)), "{lines:?}");
    assert_eq!(printable("a\u{1b}[2Jb\r\n\u{202e}c \u{e4}"), "a\\u{1b}[2Jb\\r\\n\\u{202e}c \u{e4}");
}
