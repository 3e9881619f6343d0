//! Generated programs against an interpreter of them that adds up the price of each operator it passes. Programs have loops, branches,
//! calls, host calls, bulk operations and traps. Invariant: the interpreter knows nothing of basic blocks, locals for gas or write-backs;
//! so that a trap costs it the same, what may trap stands at the end of a basic block, or nearly so.

use proptest::prelude::*;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Instruction, MemArg, MemorySection, MemoryType, Module, RefType, TableSection,
    TableType, TypeSection, ValType,
};
use wasmtime::Trap;

use super::machine::{End, PLENTY, PRICES, Prepared, STACK, instrumented};

/// A piece of structured control flow over four variables; it always ends.
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
    DivideBy {
        to: u32,
        number: i32,
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
    /// Leaves the n-th block around it, or the outermost.
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
    /// Leaves the function with a value if the variable says so.
    ReturnIf {
        on: u32,
    },
    /// Calls a function behind this one, itself or through the table.
    Call {
        to: u32,
        function: usize,
        indirect: bool,
    },
    /// Calls the host, itself or through the table.
    Host {
        to: u32,
        indirect: bool,
    },
    /// Traps if the variable says so.
    Trap {
        on: u32,
        kind: Kind,
    },
}

/// How to trap.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Unreachable,
    Zero,
    Overflow,
    Null,
    Outside,
    Signature,
}

impl Kind {
    const ALL: [Self; 6] = [Self::Unreachable, Self::Zero, Self::Overflow, Self::Null, Self::Outside, Self::Signature];

    fn trap(self) -> Trap {
        match self {
            Self::Unreachable => Trap::UnreachableCodeReached,
            Self::Zero => Trap::IntegerDivisionByZero,
            Self::Overflow => Trap::IntegerOverflow,
            Self::Null => Trap::IndirectCallToNull,
            Self::Outside => Trap::TableOutOfBounds,
            Self::Signature => Trap::BadSignature,
        }
    }
}

const VARIABLES: u32 = 4;
/// Counters of loops, one for each depth.
const COUNTERS: u32 = 6;
/// Functions of a program. The first is the method, the others take and return a number.
const FUNCTIONS: usize = 3;
/// Index of the one import, `block_height`.
const HOST: u32 = 0;
/// Entries of the table: null, the host function, then those of the program.
const TABLE: u32 = 2 + FUNCTIONS as u32;

const TYPE_METHOD: u32 = 0;
const TYPE_FUNCTION: u32 = 1;
const TYPE_HOST: u32 = 2;

fn statements(depth: u32) -> impl Strategy<Value = Vec<Statement>> {
    let variable = || 0..VARIABLES;
    let divisor = prop_oneof![1..100i32, Just(-7), Just(i32::MIN)];
    let leaf = prop_oneof![
        8 => (variable(), any::<i32>()).prop_map(|(to, number)| Statement::Add { to, number }),
        2 => (variable(), variable()).prop_map(|(to, by)| Statement::Divide { to, by }),
        2 => (variable(), divisor).prop_map(|(to, number)| Statement::DivideBy { to, number }),
        4 => (variable(), any::<u8>()).prop_map(|(from, address)| Statement::Store { from, address }),
        2 => any::<u8>().prop_map(|length| Statement::Fill { length }),
        4 => (variable(), 0..8usize).prop_map(|(on, level)| Statement::LeaveIf { on, level }),
        1 => (0..8usize).prop_map(|level| Statement::Leave { level }),
        1 => (variable(), proptest::collection::vec(0..8usize, 1..5)).prop_map(|(on, levels)| Statement::Switch { on, levels }),
        1 => Just(Statement::Return),
        1 => variable().prop_map(|on| Statement::ReturnIf { on }),
        3 => (variable(), 0..FUNCTIONS, any::<bool>()).prop_map(|(to, function, indirect)| Statement::Call { to, function, indirect }),
        2 => (variable(), any::<bool>()).prop_map(|(to, indirect)| Statement::Host { to, indirect }),
        1 => (variable(), proptest::sample::select(&Kind::ALL)).prop_map(|(on, kind)| Statement::Trap { on, kind }),
    ];
    let statement = leaf.prop_recursive(depth, 40, 6, move |inner| {
        let body = || proptest::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            3 => (variable(), body(), proptest::option::of(body()))
                .prop_map(|(on, then, otherwise)| Statement::If { on, then, otherwise }),
            2 => (1..5u8, body()).prop_map(|(times, body)| Statement::Repeat { times, body }),
            2 => body().prop_map(|body| Statement::Block { body }),
        ]
    });
    proptest::collection::vec(statement, 0..10)
}

fn programs() -> impl Strategy<Value = Vec<Vec<Statement>>> {
    (statements(4), statements(2), statements(1)).prop_map(|(first, second, third)| vec![first, second, third])
}

/// Writes one function of a program as Wasm.
struct Writer {
    function: Function,
    /// Its index in the program.
    index: usize,
    /// From the outside in, which open blocks a branch may leave; a loop's label leads back.
    open: Vec<bool>,
}

impl Writer {
    fn write(mut self, body: &[Statement]) -> Function {
        self.put(&Instruction::Block(BlockType::Empty));
        self.statements(body, 0);
        self.put(&Instruction::End);
        if self.index > 0 {
            self.put(&Instruction::LocalGet(0));
        }
        self.put(&Instruction::End);
        self.function
    }

    fn put(&mut self, instruction: &Instruction<'_>) {
        self.function.instruction(instruction);
    }

    fn all(&mut self, instructions: &[Instruction<'_>]) {
        instructions.iter().for_each(|instruction| self.put(instruction));
    }

    fn statements(&mut self, body: &[Statement], counter: u32) {
        body.iter().for_each(|statement| self.statement(statement, counter));
    }

    fn statement(&mut self, statement: &Statement, counter: u32) {
        use Instruction as I;
        let argument = |offset: u64| MemArg { offset, align: 0, memory_index: 0 };
        match statement {
            Statement::Add { to, number } => {
                self.all(&[I::LocalGet(*to), I::I32Const(*number), I::I32Add, I::LocalSet(*to)]);
            }
            Statement::Divide { to, by } => {
                self.all(&[I::LocalGet(*to), I::LocalGet(*by), I::I32Const(1), I::I32Or, I::I32DivU, I::LocalSet(*to)]);
            }
            Statement::DivideBy { to, number } => {
                self.all(&[I::LocalGet(*to), I::I32Const(*number), I::I32DivS, I::LocalSet(*to)]);
            }
            Statement::Store { from, address } => {
                self.all(&[I::I32Const(i32::from(*address)), I::LocalGet(*from), I::I32Store(argument(0))]);
            }
            Statement::Fill { length } => {
                self.all(&[I::I32Const(1_000), I::I32Const(7), I::I32Const(i32::from(*length)), I::MemoryFill(0)]);
            }
            Statement::If { on, then, otherwise } => {
                self.condition(*on);
                self.put(&I::If(BlockType::Empty));
                self.open.push(true);
                self.statements(then, counter);
                if let Some(otherwise) = otherwise {
                    self.put(&I::Else);
                    self.statements(otherwise, counter);
                }
                self.open.pop();
                self.put(&I::End);
            }
            Statement::Repeat { times, body } => {
                let local = VARIABLES + counter;
                self.all(&[I::I32Const(i32::from(*times)), I::LocalSet(local), I::Loop(BlockType::Empty)]);
                self.open.push(false);
                self.statements(body, counter + 1);
                self.open.pop();
                self.all(&[I::LocalGet(local), I::I32Const(1), I::I32Sub, I::LocalTee(local), I::BrIf(0), I::End]);
            }
            Statement::Block { body } => {
                self.put(&I::Block(BlockType::Empty));
                self.open.push(true);
                self.statements(body, counter);
                self.open.pop();
                self.put(&I::End);
            }
            Statement::LeaveIf { on, level } => {
                self.condition(*on);
                self.put(&I::BrIf(depth(&self.open, *level)));
            }
            Statement::Leave { level } => self.put(&I::Br(depth(&self.open, *level))),
            Statement::Switch { on, levels } => {
                let depths: Vec<_> = levels.iter().map(|level| depth(&self.open, *level)).collect();
                self.put(&I::LocalGet(*on));
                self.put(&I::BrTable(depths[1..].into(), depths[0]));
            }
            Statement::Return => {
                if self.index > 0 {
                    self.put(&I::LocalGet(0));
                }
                self.put(&I::Return);
            }
            Statement::ReturnIf { on } => {
                let function = self.open.len() as u32 + 1;
                if self.index > 0 {
                    self.put(&I::LocalGet(0));
                }
                self.condition(*on);
                self.put(&I::BrIf(function));
                if self.index > 0 {
                    self.put(&I::Drop);
                }
            }
            Statement::Call { to, function, indirect } => {
                let Some(callee) = callee(self.index, *function) else { return };
                self.put(&I::LocalGet(*to));
                if *indirect {
                    self.put(&I::I32Const(2 + callee as i32));
                    self.put(&I::CallIndirect { type_index: TYPE_FUNCTION, table_index: 0 });
                } else {
                    self.put(&I::Call(HOST + 1 + callee as u32));
                }
                // Ends the basic block, so that the interpreter knows what a trap in the callee leaves paid.
                self.all(&[I::LocalSet(*to), I::I32Const(0), I::BrIf(0)]);
            }
            Statement::Host { to, indirect } => {
                if *indirect {
                    self.put(&I::I32Const(1));
                    self.put(&I::CallIndirect { type_index: TYPE_HOST, table_index: 0 });
                } else {
                    self.put(&I::Call(HOST));
                }
                self.all(&[I::I32WrapI64, I::LocalSet(*to)]);
            }
            Statement::Trap { on, kind } => {
                self.condition(*on);
                self.put(&I::If(BlockType::Empty));
                let indirect = |type_index: u32| I::CallIndirect { type_index, table_index: 0 };
                match kind {
                    Kind::Unreachable => {}
                    Kind::Zero => self.all(&[I::I64Const(5), I::I64Const(0), I::I64RemS, I::Drop]),
                    Kind::Overflow => self.all(&[I::I32Const(i32::MIN), I::I32Const(-1), I::I32DivS, I::Drop]),
                    Kind::Null => self.all(&[I::I32Const(0), indirect(TYPE_METHOD)]),
                    Kind::Outside => self.all(&[I::I32Const(TABLE as i32), indirect(TYPE_METHOD)]),
                    Kind::Signature => self.all(&[I::I32Const(1), indirect(TYPE_METHOD)]),
                }
                self.all(&[I::Unreachable, I::End]);
            }
        }
    }

    fn condition(&mut self, on: u32) {
        self.all(&[Instruction::LocalGet(on), Instruction::I32Const(3), Instruction::I32And]);
    }
}

/// The function that a call of `function` from `caller` means: one behind it, so that no program runs forever.
fn callee(caller: usize, function: usize) -> Option<usize> {
    let behind = FUNCTIONS - 1 - caller;
    (behind > 0).then(|| caller + 1 + function % behind)
}

/// Which of the open blocks `level` means, counted from the outside; 0 is the block around the body.
fn target(open: &[bool], level: usize) -> usize {
    let leavable: Vec<usize> = std::iter::once(0).chain((1..=open.len()).filter(|i| open[i - 1])).collect();
    leavable[level % leavable.len()]
}

fn depth(open: &[bool], level: usize) -> u32 {
    (open.len() - target(open, level)) as u32
}

fn module(program: &[Vec<Statement>]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([], [ValType::I64]);
    let mut imports = ImportSection::new();
    imports.import(coffer_abi::host::MODULE, "block_height", EntityType::Function(TYPE_HOST));
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for (index, body) in program.iter().enumerate() {
        functions.function(if index == 0 { TYPE_METHOD } else { TYPE_FUNCTION });
        let declared = VARIABLES + COUNTERS - u32::from(index > 0);
        let function = Function::new([(declared, ValType::I32)]);
        code.function(&Writer { function, index, open: Vec::new() }.write(body));
    }
    let mut tables = TableSection::new();
    let size = Some(TABLE.into());
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: TABLE.into(),
        maximum: size,
        table64: false,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: Some(1), memory64: false, shared: false, page_size_log2: None });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0).export("call main", ExportKind::Func, HOST + 1);
    let mut elements = ElementSection::new();
    let listed: Vec<u32> = (0..TABLE - 1).collect();
    elements.active(None, &ConstExpr::i32_const(1), Elements::Functions(listed.into()));
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&tables).section(&memories);
    module.section(&exports).section(&elements).section(&code);
    module.finish()
}

/// What stops a function.
enum Stop {
    /// A block is left, counted from the outside.
    Leave(usize),
    Return,
    Trap(Trap),
    /// It runs too long for a test.
    Enough,
}

type Step = Result<(), Stop>;

/// The oracle.
struct Machine<'a> {
    program: &'a [Vec<Statement>],
    /// Gas of entering each function.
    frames: Vec<u64>,
    memory: Vec<u8>,
    gas: u64,
}

/// One call.
struct Activation {
    index: usize,
    variables: [u32; VARIABLES as usize],
    open: Vec<bool>,
}

impl Machine<'_> {
    const ENOUGH: u64 = 3_000_000;

    fn spend(&mut self, simple: u32, other: u32) {
        self.gas += u64::from(simple * PRICES.simple + other);
    }

    fn call(&mut self, index: usize, argument: u32) -> Result<u32, Stop> {
        self.gas += self.frames[index];
        let mut variables = [0; VARIABLES as usize];
        variables[0] = argument;
        let mut activation = Activation { index, variables, open: Vec::new() };
        let program = self.program;
        match self.run(&program[index], &mut activation) {
            Ok(()) | Err(Stop::Leave(0)) => self.spend(u32::from(index > 0), 0),
            Err(Stop::Return) => {}
            Err(stop) => return Err(stop),
        }
        Ok(activation.variables[0])
    }

    fn run(&mut self, body: &[Statement], at: &mut Activation) -> Step {
        body.iter().try_for_each(|statement| self.step(statement, at))
    }

    fn inside(&mut self, body: &[Statement], at: &mut Activation, leavable: bool) -> Step {
        at.open.push(leavable);
        let result = self.run(body, at);
        let here = at.open.len();
        at.open.pop();
        match result {
            Err(Stop::Leave(block)) if block == here => Ok(()),
            other => other,
        }
    }

    fn step(&mut self, statement: &Statement, at: &mut Activation) -> Step {
        if self.gas > Self::ENOUGH {
            return Err(Stop::Enough);
        }
        let value = |at: &Activation, variable: &u32| at.variables[*variable as usize];
        let returning = u32::from(at.index > 0);
        match statement {
            Statement::Add { to, number } => {
                self.spend(4, 0);
                at.variables[*to as usize] = value(at, to).wrapping_add(number.cast_unsigned());
            }
            Statement::Divide { to, by } => {
                self.spend(5, PRICES.division);
                at.variables[*to as usize] = value(at, to) / (value(at, by) | 1);
            }
            Statement::DivideBy { to, number } => {
                self.spend(3, PRICES.division);
                at.variables[*to as usize] = (value(at, to).cast_signed() / number).cast_unsigned();
            }
            Statement::Store { from, address } => {
                self.spend(2, PRICES.memory);
                let (address, stored) = (usize::from(*address), value(at, from));
                self.memory[address..address + 4].copy_from_slice(&stored.to_le_bytes());
            }
            Statement::Fill { length } => {
                self.spend(3, PRICES.bulk + PRICES.bulk_word * u32::from(*length).div_ceil(8));
                self.memory[1_000..1_000 + usize::from(*length)].fill(7);
            }
            Statement::If { on, then, otherwise } => {
                self.spend(3, PRICES.branch);
                if value(at, on) & 3 != 0 {
                    return self.inside(then, at, true);
                } else if let Some(otherwise) = otherwise {
                    return self.inside(otherwise, at, true);
                }
            }
            Statement::Repeat { times, body } => {
                self.spend(2, 0);
                for _ in 0..*times {
                    self.spend(0, PRICES.branch);
                    self.inside(body, at, false)?;
                    self.spend(4, PRICES.branch);
                }
            }
            Statement::Block { body } => return self.inside(body, at, true),
            Statement::LeaveIf { on, level } => {
                self.spend(3, PRICES.branch);
                if value(at, on) & 3 != 0 {
                    return Err(Stop::Leave(target(&at.open, *level)));
                }
            }
            Statement::Leave { level } => {
                self.spend(0, PRICES.branch);
                return Err(Stop::Leave(target(&at.open, *level)));
            }
            Statement::Switch { on, levels } => {
                self.spend(1, PRICES.br_table);
                let chosen = levels[1..].get(value(at, on) as usize).unwrap_or(&levels[0]);
                return Err(Stop::Leave(target(&at.open, *chosen)));
            }
            Statement::Return => {
                self.spend(returning, PRICES.branch);
                return Err(Stop::Return);
            }
            Statement::ReturnIf { on } => {
                self.spend(3 + returning, PRICES.branch);
                if value(at, on) & 3 != 0 {
                    return Err(Stop::Return);
                }
                self.spend(returning, 0);
            }
            Statement::Call { to, function, indirect } => {
                let Some(callee) = callee(at.index, *function) else { return Ok(()) };
                let call = if *indirect { PRICES.simple + PRICES.call_indirect } else { PRICES.call };
                // What stands behind the call is paid with it.
                self.spend(3, call + PRICES.branch);
                at.variables[*to as usize] = self.call(callee, value(at, to))?;
            }
            Statement::Host { to, indirect } => {
                const BASE: u32 = 100;
                let call = if *indirect { PRICES.simple + PRICES.call_indirect } else { PRICES.call };
                self.spend(2, call + BASE);
                at.variables[*to as usize] = 0;
            }
            Statement::Trap { on, kind } => {
                self.spend(3, PRICES.branch);
                if value(at, on) & 3 != 0 {
                    match kind {
                        Kind::Unreachable => {}
                        // The `drop` behind it is in the same block.
                        Kind::Zero | Kind::Overflow => self.spend(3, PRICES.division),
                        Kind::Null | Kind::Outside | Kind::Signature => self.spend(1, PRICES.call_indirect),
                    }
                    return Err(Stop::Trap(kind.trap()));
                }
            }
        }
        Ok(())
    }
}

/// Gas of entering each function, as the validator measures frames.
fn frames(wasm: &[u8]) -> Vec<u64> {
    let report = coffer_runtime::validate(wasm, &coffer_runtime::Caps::default()).unwrap();
    let words = |frame: &coffer_runtime::validate::Frame| 8 + frame.params + frame.locals + frame.operand_depth;
    report.frames.iter().map(|frame| u64::from(PRICES.frame + PRICES.frame_word * words(frame))).collect()
}

proptest! {

    #[test]
    fn instrumented_programs_compute_the_same_and_cost_what_they_execute(program in programs(), part in 0.0..1.0f64) {
        let wasm = module(&program);
        let mut machine = Machine { program: &program, frames: frames(&wasm), memory: vec![0; 65536], gas: 0 };
        let end = match machine.call(0, 0) {
            Ok(_) => End::Returned,
            Err(Stop::Trap(trap)) => End::Trapped(trap),
            Err(Stop::Enough) => return Err(TestCaseError::reject("too long")),
            Err(Stop::Leave(_) | Stop::Return) => unreachable!("a function ends at its end"),
        };
        let original = Prepared::new(&wasm).run(PLENTY);
        let metered = Prepared::new(&instrumented(&wasm));
        let whole = metered.run(PLENTY);
        prop_assert_eq!(whole.end, end);
        prop_assert_eq!(original.end, end);
        prop_assert_eq!(&whole.memory, &original.memory);
        prop_assert_eq!(&whole.memory, &machine.memory);
        prop_assert_eq!((PLENTY - whole.gas_left) as u64, machine.gas);
        if end == End::Returned {
            prop_assert_eq!(whole.stack_left, STACK);
        }

        let needed = PLENTY - whole.gas_left;
        let exact = metered.run(needed);
        prop_assert_eq!((exact.end, exact.gas_left), (end, 0));
        for less in [1, (needed as f64 * part) as i64 + 1, needed] {
            let short = metered.run(needed - less);
            prop_assert!(short.is_out_of_gas(), "{} of {}: {:?} with {} left", needed - less, needed, short.end, short.gas_left);
            prop_assert!(short.stack_left >= 0);
        }
    }
}
