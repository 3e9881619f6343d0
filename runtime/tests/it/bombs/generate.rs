//! Makers of modules that ask much of a compiler for few bytes: each takes its sizes, so that one maker gives a module at a cap and one far
//! above it. Shared by the test of refusals and by the benchmark `bombs`. Invariant: same sizes, same bytes; what a module computes
//! ends in a store, so that no compiler may drop it.

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, MemArg, MemorySection, MemoryType, Module, RefType, TableSection,
    TableType, TypeSection, ValType,
};

/// Type of the functions that bombs are made of: `() -> ()`.
const PLAIN: u32 = 0;
/// How an i32 is loaded and stored.
pub const WORD: MemArg = MemArg { offset: 0, align: 2, memory_index: 0 };
/// How an i64 is loaded and stored.
pub const LONG: MemArg = MemArg { offset: 0, align: 3, memory_index: 0 };

/// Numbers without pattern; the same on every machine.
pub struct Numbers(u64);

impl Numbers {
    /// A row of its own for each `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 to `bound` - 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(bound.max(1))) as u32
    }
}

/// What a bomb is put together from; functions of type `() -> ()` but for those of `typed`.
#[derive(Default)]
pub struct Sketch {
    /// Further types: numbers of i32 parameters.
    pub types: Vec<u32>,
    /// Functions, each with the index of its type.
    pub functions: Vec<(u32, Function)>,
    /// Mutable i32 globals.
    pub globals: u32,
    /// Entries of the table, all of them the first function.
    pub table: Vec<u32>,
}

impl Sketch {
    /// A module whose only method is its first function.
    pub fn module(&self) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([], []);
        for params in &self.types {
            types.ty().function(vec![ValType::I32; *params as usize], []);
        }
        let mut functions = FunctionSection::new();
        let mut code = CodeSection::new();
        for (ty, function) in &self.functions {
            functions.function(*ty);
            code.function(function);
        }
        let mut memories = MemorySection::new();
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut globals = GlobalSection::new();
        for _ in 0..self.globals {
            let ty = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
            globals.global(ty, &ConstExpr::i32_const(1));
        }
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0).export("call f", ExportKind::Func, 0);
        let mut module = Module::new();
        module.section(&types).section(&functions);
        if !self.table.is_empty() {
            let mut tables = TableSection::new();
            let minimum = self.table.len() as u64;
            tables.table(TableType {
                element_type: RefType::FUNCREF,
                minimum,
                maximum: None,
                table64: false,
                shared: false,
            });
            module.section(&tables);
        }
        module.section(&memories);
        if self.globals > 0 {
            module.section(&globals);
        }
        module.section(&exports);
        if !self.table.is_empty() {
            let mut elements = ElementSection::new();
            elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(self.table.as_slice().into()));
            module.section(&elements);
        }
        module.section(&code);
        module.finish()
    }

    /// `count` functions of type `() -> ()`.
    pub fn plain(count: u32, make: impl FnMut(u32) -> Function) -> Self {
        Self { functions: (0..count).map(make).map(|f| (PLAIN, f)).collect(), ..Self::default() }
    }
}

fn function(locals: u32) -> Function {
    Function::new([(locals, ValType::I32)])
}

/// Adds up all locals and stores the sum.
fn store_locals(f: &mut Function, locals: u32) {
    let mut f = f.instructions();
    f.i32_const(0).i32_const(0);
    for i in 0..locals {
        f.local_get(i).i32_add();
    }
    f.i32_store(WORD);
}

/// Loads every local from memory, so that none is a constant.
fn load_locals(f: &mut Function, locals: u32) {
    for i in 0..locals {
        f.instructions().i32_const(4 * i as i32).i32_load(WORD).local_set(i);
    }
}

/// Many locals, all alive over many `if`s, each of which changes one: what building SSA form and assigning registers cost.
pub fn locals_x_ifs(functions: u32, locals: u32, blocks: u32) -> Vec<u8> {
    let mut n = Numbers::new(1);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..blocks {
            let (test, from, to) = (n.below(locals), n.below(locals), n.below(locals));
            f.instructions().local_get(test).if_(BlockType::Empty);
            f.instructions().local_get(from).i32_const(3).i32_add().local_set(to).end();
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// The same with loops, one behind the other: every local a loop changes is a parameter of its head.
pub fn locals_x_loops(functions: u32, locals: u32, loops: u32) -> Vec<u8> {
    let mut n = Numbers::new(2);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..loops {
            let (from, to) = (n.below(locals), n.below(locals));
            f.instructions().loop_(BlockType::Empty);
            f.instructions().local_get(from).local_get(to).i32_xor().local_tee(to).br_if(0).end();
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Loops inside loops, each changing locals of the outer ones.
pub fn nested_loops(functions: u32, locals: u32, loops: u32) -> Vec<u8> {
    let mut n = Numbers::new(3);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..loops {
            f.instructions().loop_(BlockType::Empty);
            f.instructions().local_get(n.below(locals)).i32_const(1).i32_add().local_set(n.below(locals));
        }
        for _ in 0..loops {
            f.instructions().local_get(n.below(locals)).br_if(0).end();
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Branches without blocks: `br_if` out of one block, over and over, a local changing before each.
pub fn locals_x_branches(functions: u32, locals: u32, branches: u32) -> Vec<u8> {
    let mut n = Numbers::new(4);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        f.instructions().block(BlockType::Empty);
        for _ in 0..branches {
            let (from, to) = (n.below(locals), n.below(locals));
            f.instructions().local_get(from).i32_const(5).i32_add().local_tee(to).br_if(0);
        }
        f.instructions().end();
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Many operands on the stack, all alive over many `if`s: long live ranges without a local.
pub fn operands_x_ifs(functions: u32, depth: u32, blocks: u32) -> Vec<u8> {
    let body = |_| {
        let mut f = function(0);
        f.instructions().i32_const(0);
        for i in 1..depth {
            f.instructions().i32_const(4 * i as i32).i32_load(WORD);
        }
        for _ in 0..blocks {
            f.instructions().i32_const(0).i32_load(WORD).if_(BlockType::Empty);
            f.instructions().i32_const(0).i32_const(1).i32_store(WORD).end();
        }
        for _ in 2..depth {
            f.instructions().i32_add();
        }
        f.instructions().i32_store(WORD).end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Blocks inside blocks, each left by a `br_if` to any of those around it.
pub fn nested_blocks(functions: u32, locals: u32, depth: u32) -> Vec<u8> {
    let mut n = Numbers::new(5);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..depth {
            f.instructions().block(BlockType::Empty);
        }
        for left in (1..=depth).rev() {
            f.instructions().local_get(n.below(locals)).br_if(n.below(left));
            f.instructions().local_get(n.below(locals)).i32_const(7).i32_xor().local_set(n.below(locals)).end();
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// `br_table`s with many targets among the blocks around them, with locals that differ at each.
pub fn br_tables(functions: u32, tables: u32, targets: u32, blocks: u32, locals: u32) -> Vec<u8> {
    let mut n = Numbers::new(6);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..blocks {
            f.instructions().block(BlockType::Empty);
        }
        for i in 0..tables {
            let list: Vec<u32> = (0..targets).map(|_| n.below(blocks - i)).collect();
            f.instructions().local_get(n.below(locals)).br_table(list, 0).end();
            f.instructions().local_get(n.below(locals)).i32_const(9).i32_add().local_set(n.below(locals));
        }
        for _ in tables..blocks {
            f.instructions().end().local_get(n.below(locals)).i32_const(9).i32_add().local_set(n.below(locals));
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// All targets of every `br_table` the head of one loop: each edge carries every local the loop changes.
pub fn br_tables_to_a_loop(functions: u32, tables: u32, targets: u32, locals: u32) -> Vec<u8> {
    let mut n = Numbers::new(7);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        f.instructions().block(BlockType::Empty).loop_(BlockType::Empty);
        for i in 0..locals {
            f.instructions().local_get(i).i32_const(i as i32 | 1).i32_add().local_set(i);
        }
        for _ in 0..tables {
            f.instructions().local_get(n.below(locals)).if_(BlockType::Empty);
            f.instructions().local_get(n.below(locals)).i32_const(1).i32_add().local_set(n.below(locals));
            f.instructions().local_get(n.below(locals)).br_table(vec![1; targets as usize], 2).end();
        }
        f.instructions().end().end();
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// The same operators over and over, from one i32 to one i32.
pub fn chain(functions: u32, times: u32, operators: &[Instruction<'_>]) -> Vec<u8> {
    let body = |_| {
        let mut f = function(1);
        f.instructions().i32_const(0).i32_const(0).i32_load(WORD);
        for _ in 0..times {
            for operator in operators {
                f.instruction(operator);
            }
        }
        f.instructions().i32_store(WORD).end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// The same with 64-bit values.
pub fn long_chain(functions: u32, times: u32, operators: &[Instruction<'_>]) -> Vec<u8> {
    let body = |_| {
        let mut f = function(0);
        f.instructions().i32_const(0).i32_const(0).i64_load(LONG);
        for _ in 0..times {
            for operator in operators {
                f.instruction(operator);
            }
        }
        f.instructions().i64_store(LONG).end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Sums of any two locals into any third, in one block: many values alive, none for long.
pub fn mixed_locals(functions: u32, locals: u32, operators: u32) -> Vec<u8> {
    let mut n = Numbers::new(8);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..operators {
            f.instructions().local_get(n.below(locals)).local_get(n.below(locals)).i32_add();
            f.instructions().local_set(n.below(locals));
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// As many operands as may be, loaded and added up, again and again.
pub fn deep_operands(functions: u32, depth: u32, times: u32) -> Vec<u8> {
    let body = |_| {
        let mut f = function(0);
        for _ in 0..times {
            f.instructions().i32_const(0);
            for i in 1..depth {
                f.instructions().i32_const((4 * i as i32) & 0x3f).i32_load(WORD);
            }
            for _ in 2..depth {
                f.instructions().i32_add();
            }
            f.instructions().i32_store(WORD);
        }
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}

/// Calls with locals that are alive over all of them.
pub fn calls(functions: u32, locals: u32, calls: u32, params: u32) -> Vec<u8> {
    let mut n = Numbers::new(9);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for _ in 0..calls {
            for _ in 0..params {
                f.instructions().local_get(n.below(locals));
            }
            f.instructions().call(0);
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    let mut sketch = Sketch::plain(functions, body);
    // The callee has parameters, so it is no method: the method is the function behind it.
    let mut callee = Function::new([]);
    callee.instructions().end();
    sketch.types.push(params);
    sketch.functions.insert(0, (1, callee));
    let mut module = sketch.module();
    // "call f" is exported at index 0 by `module`; put 1 there.
    let name = b"\x06call f\x00\x00";
    if let Some(at) = module.windows(name.len()).position(|w| w == name) {
        module[at + name.len() - 1] = 1;
    }
    module
}

/// Calls through a table of as many functions.
pub fn indirect_calls(functions: u32, calls: u32, entries: u32) -> Vec<u8> {
    let body = |_| {
        let mut f = function(1);
        for _ in 0..calls {
            f.instructions().local_get(0).call_indirect(0, PLAIN);
        }
        f.instructions().end();
        f
    };
    let mut sketch = Sketch::plain(functions, body);
    sketch.table = (0..entries).map(|i| i % functions).collect();
    sketch.module()
}

/// Functions of hardly any content, all in a table, each of one of as many types.
pub fn small_functions(functions: u32, types: u32, entries: u32) -> Vec<u8> {
    let mut sketch = Sketch::plain(functions, |_| {
        let mut f = Function::new([]);
        f.instructions().nop().nop().nop().nop().nop().nop().end();
        f
    });
    sketch.types = (0..types).map(|i| i % 33).collect();
    for (i, (ty, _)) in sketch.functions.iter_mut().enumerate().skip(1) {
        *ty = if types == 0 { PLAIN } else { 1 + i as u32 % types };
    }
    sketch.table = (0..entries).map(|i| i % functions).collect();
    sketch.module()
}

/// Reads and writes of many globals.
pub fn globals(functions: u32, globals: u32, operators: u32) -> Vec<u8> {
    let mut n = Numbers::new(10);
    let body = |_| {
        let mut f = function(0);
        for _ in 0..operators {
            f.instructions().global_get(n.below(globals)).global_set(n.below(globals));
        }
        f.instructions().end();
        f
    };
    let mut sketch = Sketch::plain(functions, body);
    sketch.globals = globals;
    sketch.module()
}

/// Bulk operations and growth, whose checks make blocks.
pub fn bulk(functions: u32, locals: u32, operators: u32) -> Vec<u8> {
    let mut n = Numbers::new(11);
    let body = |_| {
        let mut f = function(locals);
        load_locals(&mut f, locals);
        for i in 0..operators {
            let (a, b, c) = (n.below(locals), n.below(locals), n.below(locals));
            match i % 3 {
                0 => f.instructions().local_get(a).local_get(b).local_get(c).memory_copy(0, 0),
                1 => f.instructions().local_get(a).local_get(b).local_get(c).memory_fill(0),
                _ => f.instructions().local_get(a).memory_grow(0).local_set(b),
            };
        }
        store_locals(&mut f, locals);
        f.instructions().end();
        f
    };
    Sketch::plain(functions, body).module()
}
