//! Modules nobody wrote: wasm-smith makes them, our validator and meter take them, all engines run them. What a module computes must be
//! the same on each engine (results, traps, memory, globals, gas to the unit) and the same as without metering.
//! `COFFER_SMITH_SEED`, `COFFER_SMITH_COUNT` and `COFFER_SMITH_FIRST` choose which modules; docs/TESTING.md has the command for a long run.
//! Invariant: a call that ends for a reason the original does not know (gas, logical stack) is compared between the metered ones only.

mod generate;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use coffer_abi::TrapKind;
use coffer_runtime::CodeError;
use coffer_runtime::validate::Rule;
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType};

use crate::engines::{Kind, Machine, Run, Stop, Value, machine, metered, on_a_large_stack, unmetered, wide_caps};
use crate::fuzz::number;
use generate::{HOST, choices, module};

/// The modules of a run that names no others.
const SEED: u64 = 20_260;
/// Gas of one call: enough for what is not endless.
const GAS: i64 = 200_000;
/// Sets of arguments each exported function is called with; each begins with a fresh instance.
const ROUNDS: usize = 3;

/// What a module exports.
#[derive(Default)]
struct Exports {
    functions: Vec<(String, Vec<ValType>)>,
    globals: Vec<String>,
    memories: Vec<String>,
    imports_host: bool,
}

fn exports(wasm: &[u8]) -> Exports {
    let mut exports = Exports::default();
    let mut types = Vec::new();
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a valid module") {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group.expect("a valid type").into_types().map(|ty| ty.unwrap_func().clone()));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    exports.imports_host = true;
                    if let TypeRef::Func(ty) = import.expect("a valid import").ty {
                        functions.push(ty);
                    }
                }
            }
            Payload::FunctionSection(section) => functions.extend(section.into_iter().map(|ty| ty.expect("a type"))),
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.expect("a valid export");
                    let name = export.name.to_owned();
                    match export.kind {
                        ExternalKind::Func => {
                            let ty = &types[functions[export.index as usize] as usize];
                            exports.functions.push((name, ty.params().to_vec()));
                        }
                        ExternalKind::Global => exports.globals.push(name),
                        ExternalKind::Memory => exports.memories.push(name),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    exports
}

/// The arguments of one call; those at the edges come up often.
fn arguments(types: &[ValType], bytes: &mut impl Iterator<Item = u8>) -> Vec<Value> {
    const EDGES: [i64; 12] = [0, 1, -1, 2, 7, 64, 65_535, 65_536, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];
    let mut value = || {
        let mut next = || bytes.next().expect("bytes without end");
        let choice = next();
        match EDGES.get(usize::from(choice % 16)) {
            Some(edge) => *edge,
            None => i64::from_le_bytes(std::array::from_fn(|_| next())),
        }
    };
    types.iter().map(|ty| if *ty == ValType::I64 { Value::I64(value()) } else { Value::I32(value() as i32) }).collect()
}

/// One machine with the module, and the instances of the round.
struct Player {
    machine: Box<dyn Machine>,
    module: usize,
    host: usize,
    instance: usize,
    host_instance: usize,
}

impl Player {
    fn new(mut machine: Box<dyn Machine>, wasm: &[u8], host: &[u8]) -> Self {
        let host = machine.compile(host).expect("a module");
        let module = machine.compile(wasm).unwrap_or_else(|stop| panic!("a valid module is refused: {stop:?}"));
        Self { machine, module, host, instance: 0, host_instance: 0 }
    }

    /// Begins a round.
    fn restart(&mut self) -> Result<(), Stop> {
        self.host_instance = self.machine.instantiate(self.host).expect("an instance");
        self.machine.register("env", self.host_instance);
        self.instance = self.machine.instantiate(self.module)?;
        Ok(())
    }

    /// Everything that can be seen of the instance.
    fn look(&mut self, exports: &Exports) -> (Vec<Option<Value>>, Vec<(usize, blake3::Hash)>) {
        let mut globals: Vec<_> = exports.globals.iter().map(|name| self.machine.global(self.instance, name)).collect();
        globals.push(self.machine.global(self.host_instance, "calls"));
        let memories = exports.memories.iter().map(|name| {
            let memory = self.machine.memory(self.instance, name).expect("an exported memory");
            (memory.len(), blake3::hash(memory))
        });
        (globals, memories.collect())
    }
}

/// How calls ended, by name.
type Endings = BTreeMap<String, u64>;

fn ending(run: &Run) -> String {
    match &run.result {
        Ok(_) => "returned".into(),
        Err(Stop::Trap(kind)) => kind.name().into(),
        Err(Stop::OutOfGas) => "outOfGas".into(),
        Err(stop) => panic!("no metered call may end so: {stop:?}"),
    }
}

/// Runs one module everywhere and compares.
fn compare(original: &[u8], metered: &[u8], argument_bytes: &[u8], endings: &mut Endings) {
    let host = wat::parse_str(HOST).expect("sound text");
    let exports = exports(original);
    let mut players: Vec<_> = Kind::ALL.map(|kind| Player::new(machine(kind), metered, &host)).into_iter().collect();
    let mut reference = Player::new(unmetered(), original, &host);
    let mut bytes = argument_bytes.iter().copied().cycle();
    for round in 0..ROUNDS {
        let expected = reference.restart();
        for (kind, player) in Kind::ALL.iter().zip(&mut players) {
            assert_eq!(player.restart(), expected, "{kind:?}, instance {round}");
        }
        if let Err(stop) = expected {
            *endings.entry(format!("no instance: {stop:?}")).or_default() += 1;
            return;
        }
        // The original goes along until the metered ones stop for a reason it does not know.
        let mut comparable = true;
        for (name, types) in &exports.functions {
            let args = arguments(types, &mut bytes);
            let mut runs = Vec::new();
            for player in &mut players {
                let run = player.machine.run(player.instance, name, &args, GAS);
                runs.push((run, player.look(&exports)));
            }
            for (kind, run) in Kind::ALL.iter().zip(&runs) {
                assert_eq!(*run, runs[0], "{kind:?} and {:?}, round {round}, {name} {args:?}", Kind::ALL[0]);
            }
            let (run, seen) = &runs[0];
            *endings.entry(ending(run)).or_default() += 1;
            comparable &= !matches!(run.result, Err(Stop::OutOfGas | Stop::Trap(TrapKind::StackExhausted)));
            if comparable {
                let result = reference.machine.call(reference.instance, name, &args);
                assert_eq!(result, run.result, "without metering, round {round}, {name} {args:?}");
                assert_eq!(reference.look(&exports), *seen, "without metering, round {round}, {name} {args:?}");
                *endings.entry("compared with the original".into()).or_default() += 1;
            }
        }
    }
}

#[test]
fn generated_modules_do_the_same_on_every_engine_and_without_metering() {
    let seed = number("COFFER_SMITH_SEED", SEED);
    let first = number("COFFER_SMITH_FIRST", 0);
    let count = number("COFFER_SMITH_COUNT", 2_000);
    let next = AtomicU64::new(first);
    let total = Mutex::new((Endings::new(), 0u64, 0u64));
    let work = || {
        let mut endings = Endings::new();
        let (mut accepted, mut imports) = (0, 0);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= first + count {
                break;
            }
            let wasm = module(seed, number);
            let code = match metered(&wasm, &wide_caps()) {
                Ok(code) => code,
                Err(CodeError::Refused(violation)) => {
                    assert!(matches!(violation.rule, Rule::Cap { .. }), "{violation}");
                    *endings.entry(format!("refused: {}", violation.rule)).or_default() += 1;
                    continue;
                }
                Err(CodeError::Fault(fault)) => panic!("{fault}"),
            };
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                compare(&wasm, &code, &choices(seed, !number, 4_096), &mut endings);
            }));
            if let Err(panic) = outcome {
                let text = wasmprinter::print_bytes(&wasm).unwrap_or_default();
                eprintln!(
                    "{text}\nmodule above: COFFER_SMITH_SEED={seed} COFFER_SMITH_FIRST={number} COFFER_SMITH_COUNT=1"
                );
                std::panic::resume_unwind(panic);
            }
            accepted += 1;
            imports += u64::from(exports(&wasm).imports_host);
        }
        let mut total = total.lock().expect("no thread has panicked");
        for (ending, times) in endings {
            *total.0.entry(ending).or_default() += times;
        }
        total.1 += accepted;
        total.2 += imports;
    };
    println!("COFFER_SMITH_SEED={seed} COFFER_SMITH_FIRST={first} COFFER_SMITH_COUNT={count}");
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| on_a_large_stack(work))).collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    let (endings, accepted, imports) = total.into_inner().expect("no thread has panicked");
    println!(
        "{accepted} of {count} modules accepted, {imports} of them call the host; calls by their end: {endings:#?}"
    );
    assert!(accepted * 10 >= count * 9, "{accepted} of {count} modules are accepted");
    for reached in ["returned", "outOfGas", "unreachable", "memoryOutOfBounds", "divisionByZero"] {
        assert!(count < 2_000 || endings.contains_key(reached), "no call ended as {reached}");
    }
}
