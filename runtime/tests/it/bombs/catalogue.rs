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
        bomb("1 local x 2,900 ifs, 4 functions", make::locals_x_ifs(4, 1, 2_900)),
        bomb("50 locals x 2,300 ifs, 4 functions", make::locals_x_ifs(4, 50, 2_300)),
        bomb("500 locals x 950 ifs, 4 functions", make::locals_x_ifs(4, 500, 950)),
        bomb("5 locals x 250 ifs, 200 functions", make::locals_x_ifs(200, 5, 250)),
        bomb("50 locals x 1,300 loops, 4 functions", make::locals_x_loops(4, 50, 1_300)),
        bomb("500 locals x 150 loops, 4 functions", make::locals_x_loops(4, 500, 150)),
        bomb("50 locals x 410 nested loops, 4 functions", make::nested_loops(4, 50, 410)),
        bomb("500 locals x 110 nested loops, 4 functions", make::nested_loops(4, 500, 110)),
        bomb("50 locals x 30 nested loops, 180 functions", make::nested_loops(180, 50, 30)),
        bomb("50 locals x 2,000 branches, 4 functions", make::locals_x_branches(4, 50, 2_000)),
        bomb("500 locals x 320 branches, 4 functions", make::locals_x_branches(4, 500, 320)),
        bomb("1,000 operands x 500 ifs, 4 functions", make::operands_x_ifs(4, 1_000, 500)),
        bomb("250 operands x 1,400 ifs, 4 functions", make::operands_x_ifs(4, 250, 1_400)),
        bomb("1,600 nested blocks, 50 locals, 4 functions", make::nested_blocks(4, 50, 1_600)),
        bomb("2,400 nested blocks, 5 locals, 4 functions", make::nested_blocks(4, 5, 2_400)),
        bomb("br_tables of 1,024 targets, 100 blocks, 15 locals", make::br_tables(1, 10, 1_024, 100, 15)),
        bomb("br_tables of 32 targets, 300 blocks, 50 locals", make::br_tables(5, 75, 32, 300, 50)),
        bomb("br_tables of 1,024 targets to a loop of 230 locals", make::br_tables_to_a_loop(4, 1, 1_024, 230)),
        bomb("br_tables of 32 targets to a loop of 230 locals", make::br_tables_to_a_loop(4, 30, 32, 230)),
        bomb("i32.clz without end, 5 functions", make::chain(5, 120_000, &[I32Clz])),
        bomb("i32.clz without end, 150 functions", make::chain(150, 4_000, &[I32Clz])),
        bomb("i32.eqz without end, 8 functions", make::chain(8, 130_000, &[I32Eqz])),
        bomb("i64.popcnt without end, 5 functions", make::long_chain(5, 120_000, &[I64Popcnt])),
        bomb("i64 to i32 and back without end, 8 functions", make::long_chain(8, 65_000, &[I32WrapI64, I64ExtendI32U])),
        bomb("i64.rem_s by 7 without end, 4 functions", make::long_chain(4, 17_500, &[I64Const(7), I64RemS])),
        bomb(
            "i64.div_s by what is loaded, 4 functions",
            make::long_chain(4, 14_500, &[I32Const(0), I64Load(make::LONG), I64DivS]),
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
        bomb("sums of any of 500 locals, 6 functions", make::mixed_locals(6, 500, 12_500)),
        bomb("sums of any of 100 locals, 100 functions", make::mixed_locals(100, 100, 1_250)),
        bomb("1,000 operands at once, 8 functions", make::deep_operands(8, 1_000, 20)),
        bomb("calls over 500 locals, 8 functions", make::calls(8, 500, 12_000, 1)),
        bomb("calls over 90 locals, 80 functions", make::calls(80, 90, 3_500, 0)),
        bomb("calls with 32 arguments, 6 functions", make::calls(6, 500, 1_300, 32)),
        bomb("calls without locals, 5 functions", make::calls(5, 1, 60_000, 0)),
        bomb("2,900 indirect calls, 4 functions", make::indirect_calls(4, 2_900, 4_096)),
        bomb("10,000 small functions", make::small_functions(10_000, 0, 0)),
        bomb("10,000 small functions of 9 types, 4,096 in a table", make::small_functions(10_000, 9, 4_096)),
        bomb("8,000 functions of 28 loads", make::chain(8_000, 28, &[I32Load(make::WORD)])),
        bomb("256 globals read and written, 8 functions", make::globals(8, 254, 24_000)),
        bomb("bulk operations over 50 locals, 4 functions", make::bulk(4, 50, 2_300)),
    ]
}

/// Modules above the default caps, each with the cap that must refuse it.
pub fn refused() -> Vec<(Bomb, &'static str)> {
    vec![
        (bomb("4,000 locals x 4,000 ifs", make::locals_x_ifs(1, 4_000, 4_000)), LOCALS),
        (bomb("512 locals x 4,000 ifs", make::locals_x_ifs(1, 512, 4_000)), WORK),
        (
            bomb("250 locals x 1,000 ifs, 50 functions", make::locals_x_ifs(50, 250, 1_000)),
            "compile work of all functions",
        ),
        (bomb("512 locals x 4,000 loops", make::locals_x_loops(1, 512, 4_000)), WORK),
        (bomb("8,000 nested loops", make::nested_loops(1, 1, 8_000)), WORK),
        (bomb("512 locals x 10,000 branches", make::locals_x_branches(1, 512, 10_000)), WORK),
        (bomb("10,000 branches", make::locals_x_branches(1, 4, 10_000)), WORK),
        (bomb("500 ifs, 110 functions", make::locals_x_ifs(110, 1, 500)), "blocks of all functions"),
        (bomb("2,600 nested blocks", make::nested_blocks(1, 1, 2_600)), "blocks of a function"),
        (bomb("1,000 operands x 5,000 ifs", make::operands_x_ifs(1, 1_000, 5_000)), WORK),
        (bomb("40 locals x 2,900 ifs", make::locals_x_ifs(1, 40, 2_900)), WORK),
        (bomb("500 br_tables of 32 targets to a loop of 480 locals", make::br_tables_to_a_loop(1, 500, 32, 480)), WORK),
        (bomb("43,000 divisions by 7", make::long_chain(1, 43_000, &[I64Const(7), I64RemS])), WORK),
        (bomb("20,000 operands", make::deep_operands(1, 20_000, 1)), "operand stack of a function"),
        (bomb("a br_table of 100,000 targets", make::br_tables(1, 1, 100_000, 1, 1)), "targets of a br_table"),
        (bomb("200 br_tables of 500 targets", make::br_tables(20, 10, 500, 10, 1)), "targets of all br_tables"),
        (bomb("512 locals, 120 functions", make::mixed_locals(120, 512, 1)), "locals of all functions"),
        (bomb("1,000 parameters", make::calls(1, 1, 1, 1_000)), "parameters of a function"),
        (bomb("50,000 functions", make::small_functions(50_000, 0, 0)), "functions"),
        (bomb("20,000 types", make::small_functions(10, 20_000, 0)), "function types"),
        (bomb("a table of 100,000", make::small_functions(10, 0, 100_000)), "table entries"),
        (bomb("10,000 globals", make::globals(1, 10_000, 1)), "globals"),
        (bomb("a body of 1 MB", make::chain(1, 1_000_000, &[I32Clz])), "function body in bytes"),
        (bomb("a module of 2 MiB", make::chain(20, 104_000, &[I32Clz])), "module size in bytes"),
        (bomb("20,000 indirect calls", make::indirect_calls(1, 20_000, 1)), WORK),
        (bomb("6,000 bulk operations", make::bulk(1, 1, 6_000)), WORK),
    ]
}

const BYTE: MemArg = MemArg { offset: 0, align: 0, memory_index: 0 };
const WORK: &str = "compile work of a function";
const LOCALS: &str = "locals of a function, parameters included";
