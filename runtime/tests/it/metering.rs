//! What instrumented code does when it runs, on the engine itself and without a host: it computes what the original computes, gas is
//! the sum of what was executed, and the stack is given back. The oracle for gas is an interpreter of generated programs that knows
//! operators and prices, not basic blocks.

use coffer_abi::export::{GAS_GLOBAL, STACK_GLOBAL};
use coffer_runtime::meter::{Schedule, instrument};
use coffer_runtime::{Caps, validate};
use proptest::prelude::*;
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, MemArg, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};
use wasmtime::{Engine, Instance, Store, Trap, Val};

const STACK: i32 = 256 * 1024;
const PLENTY: i64 = 1 << 40;
const PRICES: Schedule = Schedule::V1;

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    trap: Option<Trap>,
    gas_left: i64,
    stack_left: i32,
    memory: Vec<u8>,
}

fn run(engine: &Engine, wasm: &[u8], gas: i64) -> Run {
    let module = wasmtime::Module::new(engine, wasm).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let counters = instance.get_global(&mut store, GAS_GLOBAL).zip(instance.get_global(&mut store, STACK_GLOBAL));
    if let Some((gas_left, stack_left)) = counters {
        gas_left.set(&mut store, Val::I64(gas)).unwrap();
        stack_left.set(&mut store, Val::I32(STACK)).unwrap();
    }
    let main = instance.get_typed_func::<(), ()>(&mut store, "call main").unwrap();
    let trap = main.call(&mut store, ()).err().map(|error| *error.downcast_ref::<Trap>().unwrap());
    let memory = instance.get_memory(&mut store, "memory").unwrap();
    Run {
        trap,
        gas_left: counters.map_or(gas, |(left, _)| left.get(&mut store).unwrap_i64()),
        stack_left: counters.map_or(STACK, |(_, left)| left.get(&mut store).unwrap_i32()),
        memory: memory.data(&store).to_vec(),
    }
}

fn instrumented(wasm: &[u8]) -> Vec<u8> {
    let caps = Caps { instrumented_factor: 20, ..Caps::default() };
    let report = validate(wasm, &caps).unwrap();
    instrument(wasm, &report, &PRICES, &caps).unwrap()
}

fn run_text(body: &str, gas: i64) -> Run {
    let wasm = wat::parse_str(format!(r#"(module (memory (export "memory") 1) {body})"#)).unwrap();
    run(&Engine::default(), &instrumented(&wasm), gas)
}

fn gas_of(body: &str) -> i64 {
    let run = run_text(body, PLENTY);
    assert_eq!((run.trap, run.stack_left), (None, STACK));
    PLENTY - run.gas_left
}

#[test]
fn gas_is_the_sum_of_the_operators_executed_and_of_the_frames_entered() {
    // Frame: 4 + (64 + 8 x values) / 8.
    assert_eq!(gas_of(r#"(func (export "call main"))"#), 4 + 8);
    assert_eq!(gas_of(r#"(func (export "call main") (drop (i32.const 1)))"#), 4 + 9 + 2);
    let count = r#"(func (export "call main") (local i32)
        (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10)))))"#;
    // Ten passes: loop 2, get, const, add, tee, const, ne 6, br_if 2.
    assert_eq!(gas_of(count), 4 + 8 + 1 + 2 + 10 * 10);
    let call = r#"(func $callee (param i64) (result i64) (local.get 0))
        (func (export "call main") (drop (call $callee (i64.const 5))))"#;
    assert_eq!(gas_of(call), (4 + 8 + 1 + 8 + 1 + 1) + (4 + 8 + 2 + 1));
    let copy = r#"(func (export "call main") (memory.copy (i32.const 0) (i32.const 9) (i32.const 17)))"#;
    assert_eq!(gas_of(copy), 4 + 8 + 3 + 3 + 16 + 3 * 2);
    let grow = r#"(func (export "call main") (drop (memory.grow (i32.const 3))))"#;
    assert_eq!(gas_of(grow), 4 + 8 + 1 + 2 + 500 + 3 * 15_000);
}

#[test]
fn exactly_enough_gas_suffices_and_one_less_runs_out() {
    let body = r#"(func $f (param i32) (result i32) (if (local.get 0) (then (return (i32.const 1)))) (i32.const 2))
        (func (export "call main") (drop (call $f (i32.const 1))) (drop (call $f (i32.const 0))) (memory.fill (i32.const 0) (i32.const 1) (i32.const 99)))"#;
    let needed = gas_of(body);
    let run = run_text(body, needed);
    assert_eq!((run.trap, run.gas_left), (None, 0));
    for less in [1, 5, needed] {
        let run = run_text(body, needed - less);
        assert_eq!(run.trap, Some(Trap::UnreachableCodeReached));
        assert!(run.gas_left < 0 && run.stack_left >= 0, "{run:?}");
    }
}

#[test]
fn what_ended_a_run_can_be_told_from_the_counters() {
    let endless = run_text(r#"(func (export "call main") (loop (br 0)))"#, 1_000_000);
    assert!(endless.gas_left < 0 && endless.stack_left > 0, "{endless:?}");
    let deep = run_text(r#"(func $down (export "call main") (call $down))"#, PLENTY);
    assert!(deep.gas_left > 0 && deep.stack_left < 0, "{deep:?}");
    let own = run_text(r#"(func (export "call main") unreachable)"#, PLENTY);
    assert!(own.gas_left > 0 && own.stack_left > 0, "{own:?}");
    for run in [&endless, &deep, &own] {
        assert_eq!(run.trap, Some(Trap::UnreachableCodeReached));
    }
}

#[test]
fn the_depth_of_recursion_follows_from_the_frame_alone() {
    // Counts its calls in memory: 64 bytes a frame, 8 for the parameter, 16 for the operands.
    let body = r#"(func $down (param i64) (i64.store (i32.const 0) (local.get 0)) (call $down (i64.add (local.get 0) (i64.const 1))))
        (func (export "call main") (call $down (i64.const 1)))"#;
    let run = run_text(body, PLENTY);
    let calls = i64::from_le_bytes(run.memory[..8].try_into().unwrap());
    assert_eq!(calls, (i64::from(STACK) - 72) / 88);
}

#[test]
fn a_bulk_operation_is_paid_before_it_runs() {
    let run =
        run_text(r#"(func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)))"#, 4_000);
    assert!(run.gas_left < 0, "{run:?}");
    assert!(run.memory.iter().all(|byte| *byte == 0));
    let huge =
        run_text(r#"(func (export "call main") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))"#, 4_000);
    assert!(huge.gas_left < 0 && huge.gas_left > -(1 << 32), "{}", huge.gas_left);
    let grown = run_text(r#"(func (export "call main") (drop (memory.grow (i32.const -1))))"#, 4_000);
    assert!(grown.gas_left < 0 && grown.memory.len() == 65536);
}

#[test]
fn a_value_below_a_charge_stays_on_the_operand_stack() {
    let body = r#"(func $f (param i64) (result i64)
            (i64.add (local.get 0) (block (result i64) (drop (br_if 0 (i64.const 5) (i32.const 1))) (i64.const 7))))
        (func (export "call main") (i64.store (i32.const 8) (call $f (i64.const 37))))"#;
    let run = run_text(body, PLENTY);
    assert_eq!((run.trap, run.memory[8]), (None, 42));
}

/// A program of structured control flow over four variables; it always ends.
#[derive(Clone, Debug)]
enum Statement {
    Add {
        to: u32,
        number: i32,
    },
    Divide {
        to: u32,
        by: u32,
    },
    Store {
        from: u32,
        address: u8,
    },
    Fill {
        length: u8,
    },
    If {
        on: u32,
        then: Vec<Statement>,
        otherwise: Option<Vec<Statement>>,
    },
    Repeat {
        times: u8,
        body: Vec<Statement>,
    },
    Block {
        body: Vec<Statement>,
    },
    /// Leaves the n-th block around it, or the function.
    LeaveIf {
        on: u32,
        level: usize,
    },
    Leave {
        level: usize,
    },
    Switch {
        on: u32,
        levels: Vec<usize>,
    },
    Return,
}

const VARIABLES: u32 = 4;
/// Counters of loops, one for each depth.
const COUNTERS: u32 = 6;

fn statement() -> impl Strategy<Value = Statement> {
    let variable = || 0..VARIABLES;
    let leaf = prop_oneof![
        6 => (variable(), any::<i32>()).prop_map(|(to, number)| Statement::Add { to, number }),
        1 => (variable(), variable()).prop_map(|(to, by)| Statement::Divide { to, by }),
        3 => (variable(), any::<u8>()).prop_map(|(from, address)| Statement::Store { from, address }),
        1 => any::<u8>().prop_map(|length| Statement::Fill { length }),
        3 => (variable(), 0..8usize).prop_map(|(on, level)| Statement::LeaveIf { on, level }),
        1 => (0..8usize).prop_map(|level| Statement::Leave { level }),
        1 => (variable(), proptest::collection::vec(0..8usize, 1..5)).prop_map(|(on, levels)| Statement::Switch { on, levels }),
        1 => Just(Statement::Return),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let body = || proptest::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            3 => (variable(), body(), proptest::option::of(body()))
                .prop_map(|(on, then, otherwise)| Statement::If { on, then, otherwise }),
            2 => (1..5u8, body()).prop_map(|(times, body)| Statement::Repeat { times, body }),
            2 => body().prop_map(|body| Statement::Block { body }),
        ]
    })
}

/// Writes a program as Wasm. `open` tells, from the outside in, which open blocks a branch may leave (a loop's label leads back).
fn emit(function: &mut Function, program: &[Statement], open: &mut Vec<bool>, counter: u32) {
    use Instruction as I;
    let argument = |offset: u64| MemArg { offset, align: 0, memory_index: 0 };
    for statement in program {
        match statement {
            Statement::Add { to, number } => {
                function.instruction(&I::LocalGet(*to)).instruction(&I::I32Const(*number));
                function.instruction(&I::I32Add).instruction(&I::LocalSet(*to));
            }
            Statement::Divide { to, by } => {
                function.instruction(&I::LocalGet(*to)).instruction(&I::LocalGet(*by)).instruction(&I::I32Const(1));
                function.instruction(&I::I32Or).instruction(&I::I32DivU).instruction(&I::LocalSet(*to));
            }
            Statement::Store { from, address } => {
                function.instruction(&I::I32Const(i32::from(*address))).instruction(&I::LocalGet(*from));
                function.instruction(&I::I32Store(argument(0)));
            }
            Statement::Fill { length } => {
                function.instruction(&I::I32Const(1_000)).instruction(&I::I32Const(7));
                function.instruction(&I::I32Const(i32::from(*length))).instruction(&I::MemoryFill(0));
            }
            Statement::If { on, then, otherwise } => {
                condition(function, *on);
                function.instruction(&I::If(BlockType::Empty));
                open.push(true);
                emit(function, then, open, counter);
                if let Some(otherwise) = otherwise {
                    function.instruction(&I::Else);
                    emit(function, otherwise, open, counter);
                }
                open.pop();
                function.instruction(&I::End);
            }
            Statement::Repeat { times, body } => {
                let local = VARIABLES + counter;
                function.instruction(&I::I32Const(i32::from(*times))).instruction(&I::LocalSet(local));
                function.instruction(&I::Loop(BlockType::Empty));
                open.push(false);
                emit(function, body, open, counter + 1);
                open.pop();
                function.instruction(&I::LocalGet(local)).instruction(&I::I32Const(1)).instruction(&I::I32Sub);
                function.instruction(&I::LocalTee(local)).instruction(&I::BrIf(0)).instruction(&I::End);
            }
            Statement::Block { body } => {
                function.instruction(&I::Block(BlockType::Empty));
                open.push(true);
                emit(function, body, open, counter);
                open.pop();
                function.instruction(&I::End);
            }
            Statement::LeaveIf { on, level } => {
                condition(function, *on);
                function.instruction(&I::BrIf(depth(open, *level)));
            }
            Statement::Leave { level } => {
                function.instruction(&I::Br(depth(open, *level)));
            }
            Statement::Switch { on, levels } => {
                let depths: Vec<_> = levels.iter().map(|level| depth(open, *level)).collect();
                function.instruction(&I::LocalGet(*on));
                function.instruction(&I::BrTable(depths[1..].into(), depths[0]));
            }
            Statement::Return => {
                function.instruction(&I::Return);
            }
        }
    }
}

fn condition(function: &mut Function, on: u32) {
    function
        .instruction(&Instruction::LocalGet(on))
        .instruction(&Instruction::I32Const(3))
        .instruction(&Instruction::I32And);
}

/// Which of the open blocks `level` means, counted from the outside; 0 is the function.
fn target(open: &[bool], level: usize) -> usize {
    let leavable: Vec<usize> = std::iter::once(0).chain((1..=open.len()).filter(|i| open[i - 1])).collect();
    leavable[level % leavable.len()]
}

fn depth(open: &[bool], level: usize) -> u32 {
    (open.len() - target(open, level)) as u32
}

/// The oracle: runs a program and adds up the price of each operator it passes.
struct Machine {
    variables: [u32; VARIABLES as usize],
    memory: Vec<u8>,
    gas: u64,
}

impl Machine {
    fn spend(&mut self, simple: u32, other: u32) {
        self.gas += u64::from(simple * PRICES.simple + other);
    }

    /// Returns the block to leave, counted from the outside.
    fn run(&mut self, program: &[Statement], open: &mut Vec<bool>) -> Option<usize> {
        for statement in program {
            let left = self.step(statement, open);
            if left.is_some() {
                return left;
            }
        }
        None
    }

    fn inside(&mut self, program: &[Statement], open: &mut Vec<bool>, leavable: bool) -> Option<usize> {
        open.push(leavable);
        let left = self.run(program, open);
        let here = open.len();
        open.pop();
        left.filter(|block| *block != here)
    }

    fn step(&mut self, statement: &Statement, open: &mut Vec<bool>) -> Option<usize> {
        let value = |machine: &Self, variable: &u32| machine.variables[*variable as usize];
        match statement {
            Statement::Add { to, number } => {
                self.spend(4, 0);
                self.variables[*to as usize] = value(self, to).wrapping_add(number.cast_unsigned());
            }
            Statement::Divide { to, by } => {
                self.spend(5, PRICES.division);
                self.variables[*to as usize] = value(self, to) / (value(self, by) | 1);
            }
            Statement::Store { from, address } => {
                self.spend(2, PRICES.memory);
                let (at, stored) = (usize::from(*address), value(self, from));
                self.memory[at..at + 4].copy_from_slice(&stored.to_le_bytes());
            }
            Statement::Fill { length } => {
                self.spend(3, PRICES.bulk + PRICES.bulk_word * u32::from(*length).div_ceil(8));
                self.memory[1_000..1_000 + usize::from(*length)].fill(7);
            }
            Statement::If { on, then, otherwise } => {
                self.spend(3, PRICES.branch);
                if value(self, on) & 3 != 0 {
                    return self.inside(then, open, true);
                } else if let Some(otherwise) = otherwise {
                    return self.inside(otherwise, open, true);
                }
            }
            Statement::Repeat { times, body } => {
                self.spend(2, 0);
                for _ in 0..*times {
                    self.spend(0, PRICES.branch);
                    let left = self.inside(body, open, false);
                    if left.is_some() {
                        return left;
                    }
                    self.spend(4, PRICES.branch);
                }
            }
            Statement::Block { body } => return self.inside(body, open, true),
            Statement::LeaveIf { on, level } => {
                self.spend(3, PRICES.branch);
                if value(self, on) & 3 != 0 {
                    return Some(target(open, *level));
                }
            }
            Statement::Leave { level } => {
                self.spend(0, PRICES.branch);
                return Some(target(open, *level));
            }
            Statement::Switch { on, levels } => {
                self.spend(1, PRICES.br_table);
                let chosen = levels[1..].get(value(self, on) as usize).unwrap_or(&levels[0]);
                return Some(target(open, *chosen));
            }
            Statement::Return => {
                self.spend(0, PRICES.branch);
                return Some(0);
            }
        }
        None
    }
}

fn module(program: &[Statement]) -> Vec<u8> {
    let mut function = Function::new([(VARIABLES + COUNTERS, ValType::I32)]);
    emit(&mut function, program, &mut Vec::new(), 0);
    function.instruction(&Instruction::End);
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("call main", ExportKind::Func, 0);
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn instrumented_programs_compute_the_same_and_cost_what_they_execute(
        program in proptest::collection::vec(statement(), 0..12)
    ) {
        let wasm = module(&program);
        let engine = Engine::default();
        let original = run(&engine, &wasm, PLENTY);
        let metered = run(&engine, &instrumented(&wasm), PLENTY);
        let mut machine = Machine { variables: [0; VARIABLES as usize], memory: vec![0; 65536], gas: 0 };
        machine.run(&program, &mut Vec::new());
        let report = validate(&wasm, &Caps::default()).unwrap();
        let frame = &report.frames[0];
        let words = 8 + frame.locals + frame.operand_depth;
        let expected = machine.gas + u64::from(PRICES.frame + PRICES.frame_word * words);
        prop_assert_eq!(metered.trap, None);
        prop_assert_eq!(&metered.memory, &original.memory);
        prop_assert_eq!(&metered.memory, &machine.memory);
        prop_assert_eq!((PLENTY - metered.gas_left) as u64, expected);
        prop_assert_eq!(metered.stack_left, STACK);
    }
}
