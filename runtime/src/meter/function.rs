//! What the code of one function becomes. Invariant: a basic block is paid before its first operator runs, and a frame is given back
//! on every way out that is no trap.
//!
//! ```text
//! stack -= frame; if stack < 0 { unreachable }
//! block (result …)          ;; takes the place of the function's own label: `br` to it falls out here,
//!   gas -= cost; if gas < 0 { unreachable }
//!   …                       ;; and `return` becomes a `br` to it
//! end
//! stack += frame
//! ```
//!
//! A new basic block begins at the head of a loop, in both arms of an `if`, after the `end` of a `block` or `if`, and after `br_if`.
//! The `end` of a loop is no target of a branch, so the block before it goes on. What follows `br`, `br_table`, `return` or
//! `unreachable` up to the end of its block never runs and is not charged. Operators that are not rewritten keep their bytes.

use coffer_abi::host::WasmType;
use wasm_encoder::{BlockType, Encode, Instruction, ValType};
use wasmparser::{FunctionBody, Operator};

use super::schedule::Schedule;
use super::{Counters, broken, cost};
use crate::error::CodeError;
use crate::validate::Frame;

/// Bytes of logical stack that a frame takes besides its values.
const FRAME_BASE: u32 = 64;
/// Bulk operations are charged by 8 bytes.
const WORD_SHIFT: u32 = 3;
/// Bytes of logical stack of one local, parameter or operand.
const FRAME_VALUE: u32 = 8;

/// Bytes of logical stack a call of the function takes.
pub(super) fn frame_bytes(frame: &Frame) -> u32 {
    FRAME_BASE + FRAME_VALUE * (frame.params + frame.locals + frame.operand_depth)
}

/// The new body, without its length in front.
pub(super) fn instrument(
    wasm: &[u8],
    body: &FunctionBody<'_>,
    frame: &Frame,
    schedule: &Schedule,
    counters: Counters,
) -> Result<Vec<u8>, CodeError> {
    let mut locals = body.get_locals_reader().map_err(broken)?;
    let groups = locals.get_count();
    let groups_start = locals.original_position();
    for _ in 0..groups {
        locals.read().map_err(broken)?;
    }
    let groups_end = locals.original_position();

    let bytes = frame_bytes(frame);
    let mut writer = Writer {
        schedule,
        counters,
        out: Vec::with_capacity(2 * body.range().len()),
        segment: Vec::new(),
        cost: u64::from(schedule.frame) + u64::from(schedule.frame_word) * u64::from(bytes / 8),
        open: Vec::new(),
        dead_since: None,
        length_local: frame.params + frame.locals,
        needs_length: false,
    };
    writer.enter(bytes, frame.result);
    let mut operators = body.get_operators_reader().map_err(broken)?;
    while !operators.eof() {
        let start = operators.original_position();
        let operator = operators.read().map_err(broken)?;
        let source =
            wasm.get(start..operators.original_position()).ok_or_else(|| broken("a body outside of the module"))?;
        writer.operator(&operator, source);
    }
    writer.leave(bytes);

    let mut new = Vec::with_capacity(writer.out.len() + 16);
    let groups_source = wasm.get(groups_start..groups_end).ok_or_else(|| broken("locals outside of the module"))?;
    (groups + u32::from(writer.needs_length)).encode(&mut new);
    new.extend_from_slice(groups_source);
    if writer.needs_length {
        1u32.encode(&mut new);
        ValType::I32.encode(&mut new);
    }
    new.extend_from_slice(&writer.out);
    Ok(new)
}

/// What a block opened as.
#[derive(Clone, Copy)]
enum Opened {
    Loop,
    Other,
}

struct Writer<'a> {
    schedule: &'a Schedule,
    counters: Counters,
    out: Vec<u8>,
    /// The basic block being read; it is written once its cost is known.
    segment: Vec<u8>,
    cost: u64,
    /// Blocks of the source that are open.
    open: Vec<Opened>,
    /// How many blocks were open when the code that never runs began.
    dead_since: Option<usize>,
    /// A local behind the source's own, for the length of a bulk operation.
    length_local: u32,
    needs_length: bool,
}

impl Writer<'_> {
    /// Takes the frame off the stack and opens the block that stands for the function.
    fn enter(&mut self, frame: u32, result: Option<WasmType>) {
        let stack = self.counters.stack;
        let result = match result {
            None => BlockType::Empty,
            Some(WasmType::I32) => BlockType::Result(ValType::I32),
            Some(WasmType::I64) => BlockType::Result(ValType::I64),
        };
        emit(
            &mut self.out,
            &[
                Instruction::GlobalGet(stack),
                Instruction::I32Const(frame.cast_signed()),
                Instruction::I32Sub,
                Instruction::GlobalSet(stack),
                Instruction::GlobalGet(stack),
                Instruction::I32Const(0),
                Instruction::I32LtS,
                Instruction::If(BlockType::Empty),
                Instruction::Unreachable,
                Instruction::End,
                Instruction::Block(result),
            ],
        );
    }

    /// Gives the frame back; the result, if any, stays below on the operand stack.
    fn leave(&mut self, frame: u32) {
        let stack = self.counters.stack;
        emit(
            &mut self.out,
            &[
                Instruction::GlobalGet(stack),
                Instruction::I32Const(frame.cast_signed()),
                Instruction::I32Add,
                Instruction::GlobalSet(stack),
                Instruction::End,
            ],
        );
    }

    fn operator(&mut self, operator: &Operator<'_>, source: &[u8]) {
        let dead = self.dead_since.is_some();
        let cost = if dead { 0 } else { u64::from(cost::of(operator, self.schedule)) };
        if !matches!(operator, Operator::Loop { .. }) {
            self.cost += cost;
        }
        match operator {
            Operator::Block { .. } => {
                self.segment.extend_from_slice(source);
                self.open.push(Opened::Other);
            }
            Operator::Loop { .. } => {
                self.segment.extend_from_slice(source);
                self.open.push(Opened::Loop);
                self.boundary();
                // The price of the head is paid on every pass, so it stands behind the label.
                self.cost += cost;
            }
            Operator::If { .. } => {
                self.segment.extend_from_slice(source);
                self.open.push(Opened::Other);
                self.boundary();
            }
            Operator::Else => {
                self.segment.extend_from_slice(source);
                self.boundary();
                if self.dead_since.is_some_and(|depth| depth >= self.open.len()) {
                    self.dead_since = None;
                }
            }
            Operator::End => self.end(source),
            Operator::BrIf { .. } => {
                self.segment.extend_from_slice(source);
                self.boundary();
            }
            Operator::Br { .. } | Operator::BrTable { .. } | Operator::Unreachable => {
                self.segment.extend_from_slice(source);
                self.die();
            }
            Operator::Return => {
                // INVARIANT: no more blocks are open than the validator's cap.
                let depth = u32::try_from(self.open.len()).unwrap_or(u32::MAX);
                emit(&mut self.segment, &[Instruction::Br(depth)]);
                self.die();
            }
            Operator::MemoryGrow { .. } if !dead => self.charge_operand(self.schedule.page, 0, source),
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } if !dead => {
                self.charge_operand(self.schedule.bulk_word, WORD_SHIFT, source);
            }
            // The linker pads the table index with zeros, which the engine does not read.
            Operator::CallIndirect { type_index, table_index } => emit(
                &mut self.segment,
                &[Instruction::CallIndirect { type_index: *type_index, table_index: *table_index }],
            ),
            _ => self.segment.extend_from_slice(source),
        }
    }

    fn end(&mut self, source: &[u8]) {
        self.segment.extend_from_slice(source);
        match self.open.pop() {
            // The end of the function closes the block that stands for it.
            None => self.boundary(),
            Some(Opened::Loop) => {
                if self.dead_since.is_some_and(|depth| depth > self.open.len()) {
                    // Nothing reaches what follows but by falling out of the loop.
                    self.dead_since = Some(self.open.len());
                }
            }
            Some(Opened::Other) => {
                self.boundary();
                if self.dead_since.is_some_and(|depth| depth > self.open.len()) {
                    self.dead_since = None;
                }
            }
        }
    }

    /// What follows, up to the end of the innermost block, never runs.
    fn die(&mut self) {
        if self.dead_since.is_none() {
            self.boundary();
            self.dead_since = Some(self.open.len());
        }
    }

    /// Runs `source` after charging `price` for each unit of the operand on top of the stack (shifted right by `shift`, rounded up).
    fn charge_operand(&mut self, price: u32, shift: u32, source: &[u8]) {
        self.needs_length = true;
        let (gas, length) = (self.counters.gas, self.length_local);
        let out = &mut self.segment;
        emit(
            out,
            &[
                Instruction::LocalSet(length),
                Instruction::GlobalGet(gas),
                Instruction::LocalGet(length),
                Instruction::I64ExtendI32U,
            ],
        );
        if shift > 0 {
            let below_one = (1 << shift) - 1;
            emit(out, &[Instruction::I64Const(below_one), Instruction::I64Add]);
            emit(out, &[Instruction::I64Const(shift.into()), Instruction::I64ShrU]);
        }
        if price != 1 {
            emit(out, &[Instruction::I64Const(price.into()), Instruction::I64Mul]);
        }
        emit(out, &[Instruction::I64Sub]);
        check_gas(out, gas);
        emit(out, &[Instruction::LocalGet(length)]);
        out.extend_from_slice(source);
    }

    /// Ends the basic block: its charge, then its operators.
    fn boundary(&mut self) {
        if self.cost > 0 {
            let gas = self.counters.gas;
            // INVARIANT: a body of bounded size costs far less than an i64 holds, so gas never wraps around.
            let cost = i64::try_from(self.cost).unwrap_or(i64::MAX);
            emit(&mut self.out, &[Instruction::GlobalGet(gas), Instruction::I64Const(cost), Instruction::I64Sub]);
            check_gas(&mut self.out, gas);
            self.cost = 0;
        }
        self.out.append(&mut self.segment);
    }
}

/// Stores the gas left, which is on the operand stack, and traps if it is below zero.
fn check_gas(out: &mut Vec<u8>, gas: u32) {
    emit(
        out,
        &[
            Instruction::GlobalSet(gas),
            Instruction::GlobalGet(gas),
            Instruction::I64Const(0),
            Instruction::I64LtS,
            Instruction::If(BlockType::Empty),
            Instruction::Unreachable,
            Instruction::End,
        ],
    );
}

fn emit(out: &mut Vec<u8>, instructions: &[Instruction<'_>]) {
    for instruction in instructions {
        instruction.encode(out);
    }
}
