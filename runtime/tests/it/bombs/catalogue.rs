//! Which compile bombs there are: those at the caps, which a node must compile, and those above, which a cap must refuse. Shared by the
//! test and the benchmark. Invariant: each family stands in both lists, so that tuning a cap shows on either side.

use wasm_encoder::Instruction::*;
use wasm_encoder::MemArg;

use super::generate as make;

/// A module that asks much of a compiler.
pub struct Bomb {
    /// What is in it.
    pub name: &'static str,
    /// Its bytes.
    pub wasm: Vec<u8>,
}

fn bomb(name: &'static str, wasm: Vec<u8>) -> Bomb {
    Bomb { name, wasm }
}

/// Modules at the default caps: the dearest that are accepted.
pub fn accepted() -> Vec<Bomb> {
    vec![
        bomb("50 locals x 5,000 ifs, 3 functions", make::locals_x_ifs(3, 50, 5_000)),
        bomb("500 locals x 500 ifs, 3 functions", make::locals_x_ifs(3, 500, 500)),
        bomb("40 locals x 5,000 ifs, 4 functions", make::locals_x_ifs(4, 40, 5_000)),
        bomb("100 locals x 1,250 loops, 3 functions", make::locals_x_loops(3, 100, 1_250)),
        bomb("500 locals x 250 loops, 3 functions", make::locals_x_loops(3, 500, 250)),
        bomb("50 locals x 2,500 nested loops, 3 functions", make::nested_loops(3, 50, 2_500)),
        bomb("500 locals x 250 nested loops, 3 functions", make::nested_loops(3, 500, 250)),
        bomb("50 locals x 4,999 branches, 3 functions", make::locals_x_branches(3, 50, 4_999)),
        bomb("500 locals x 499 branches, 3 functions", make::locals_x_branches(3, 500, 499)),
        bomb("1,000 operands x 5,000 ifs, 10 functions", make::operands_x_ifs(10, 1_000, 5_000)),
        bomb("250 operands x 1,000 ifs, 8 functions", make::operands_x_ifs(8, 250, 1_000)),
        bomb("2,500 nested blocks, 50 locals, 3 functions", make::nested_blocks(3, 50, 2_500)),
        bomb("br_tables of 1,024 targets, 500 blocks, 500 locals", make::br_tables(1, 16, 1_024, 490, 500)),
        bomb("br_tables of 1,024 targets, 4,900 blocks, 50 locals", make::br_tables(1, 16, 1_024, 4_900, 50)),
        bomb("br_tables of 1,024 targets to a loop of 500 locals", make::br_tables_to_a_loop(1, 16, 1_024, 500)),
        bomb("br_tables of 32 targets to a loop of 480 locals", make::br_tables_to_a_loop(1, 500, 32, 480)),
        bomb("i32.clz without end, 8 functions", make::chain(8, 130_000, &[I32Clz])),
        bomb("i32.clz without end, 256 functions", make::chain(256, 4_000, &[I32Clz])),
        bomb("i32.eqz without end, 8 functions", make::chain(8, 130_000, &[I32Eqz])),
        bomb("i64.popcnt without end, 8 functions", make::long_chain(8, 130_000, &[I64Popcnt])),
        bomb("i64 to i32 and back without end, 8 functions", make::long_chain(8, 65_000, &[I32WrapI64, I64ExtendI32U])),
        bomb("i64.rem_s by 7 without end, 8 functions", make::long_chain(8, 43_000, &[I64Const(7), I64RemS])),
        bomb(
            "i64.div_s by what is loaded, 8 functions",
            make::long_chain(8, 21_000, &[I32Const(0), I64Load(make::LONG), I64DivS]),
        ),
        bomb("i32.load of what was loaded, 8 functions", make::chain(8, 43_000, &[I32Load(make::WORD)])),
        bomb(
            "i32.store8 without end, 8 functions",
            make::chain(8, 14_000, &[LocalTee(0), LocalGet(0), LocalGet(0), I32Store8(BYTE)]),
        ),
        bomb(
            "selects without end, 8 functions",
            make::chain(8, 18_000, &[LocalTee(0), LocalGet(0), LocalGet(0), Select]),
        ),
        bomb("sums of any of 500 locals, 8 functions", make::mixed_locals(8, 500, 12_500)),
        bomb("sums of any of 100 locals, 100 functions", make::mixed_locals(100, 100, 1_250)),
        bomb("1,000 operands at once, 8 functions", make::deep_operands(8, 1_000, 20)),
        bomb("calls over 500 locals, 8 functions", make::calls(8, 500, 12_000, 1)),
        bomb("calls over 100 locals, 100 functions", make::calls(100, 90, 4_000, 0)),
        bomb("calls with 32 arguments, 8 functions", make::calls(8, 500, 1_300, 32)),
        bomb("calls without locals, 8 functions", make::calls(8, 1, 60_000, 0)),
        bomb("4,990 indirect calls, 10 functions", make::indirect_calls(10, 4_990, 4_096)),
        bomb("10,000 small functions", make::small_functions(10_000, 0, 0)),
        bomb("10,000 small functions of 9 types, 4,096 in a table", make::small_functions(10_000, 9, 4_096)),
        bomb("10,000 functions of 28 loads", make::chain(9_999, 28, &[I32Load(make::WORD)])),
        bomb("256 globals read and written, 8 functions", make::globals(8, 254, 24_000)),
        bomb("bulk operations over 50 locals, 3 functions", make::bulk(3, 50, 4_990)),
    ]
}

/// Modules above the default caps, each with the cap that must refuse it.
pub fn refused() -> Vec<(Bomb, &'static str)> {
    vec![
        (bomb("4,000 locals x 4,000 ifs", make::locals_x_ifs(1, 4_000, 4_000)), LOCALS),
        (bomb("512 locals x 4,000 ifs", make::locals_x_ifs(1, 512, 4_000)), "locals x blocks of a function"),
        (
            bomb("250 locals x 1,000 ifs, 50 functions", make::locals_x_ifs(50, 250, 1_000)),
            "locals x blocks of all functions",
        ),
        (bomb("512 locals x 4,000 loops", make::locals_x_loops(1, 512, 4_000)), "locals x blocks of a function"),
        (bomb("8,000 nested loops", make::nested_loops(1, 1, 8_000)), "blocks of a function"),
        (
            bomb("512 locals x 10,000 branches", make::locals_x_branches(1, 512, 10_000)),
            "locals x blocks of a function",
        ),
        (bomb("10,000 branches", make::locals_x_branches(1, 4, 10_000)), "blocks of a function"),
        (bomb("8,000 nested blocks", make::nested_blocks(1, 1, 8_000)), "blocks of a function"),
        (bomb("4,000 ifs, 13 functions", make::locals_x_ifs(13, 1, 4_000)), "blocks of all functions"),
        (bomb("20,000 operands", make::deep_operands(1, 20_000, 1)), "operand stack of a function"),
        (bomb("a br_table of 100,000 targets", make::br_tables(1, 1, 100_000, 1, 1)), "targets of a br_table"),
        (bomb("200 br_tables of 1,000 targets", make::br_tables(2, 100, 1_000, 200, 1)), "targets of all br_tables"),
        (bomb("512 locals, 120 functions", make::mixed_locals(120, 512, 1)), "locals of all functions"),
        (bomb("1,000 parameters", make::calls(1, 1, 1, 1_000)), "parameters of a function"),
        (bomb("50,000 functions", make::small_functions(50_000, 0, 0)), "functions"),
        (bomb("20,000 types", make::small_functions(10, 20_000, 0)), "function types"),
        (bomb("a table of 100,000", make::small_functions(10, 0, 100_000)), "table entries"),
        (bomb("10,000 globals", make::globals(1, 10_000, 1)), "globals"),
        (bomb("a body of 1 MB", make::chain(1, 1_000_000, &[I32Clz])), "function body in bytes"),
        (bomb("a module of 2 MiB", make::chain(20, 104_000, &[I32Clz])), "module size in bytes"),
        (bomb("20,000 indirect calls", make::indirect_calls(1, 20_000, 1)), "blocks of a function"),
        (bomb("6,000 bulk operations", make::bulk(1, 1, 6_000)), "blocks of a function"),
    ]
}

const BYTE: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };
const LOCALS: &str = "locals of a function, parameters included";
