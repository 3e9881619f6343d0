//! What the code of one function becomes: how it is entered, split into basic blocks and left. What its operators become is told in
//! `operator.rs`. Invariant: a basic block is paid before its first operator runs; whoever else may look at the global sees what is
//! left; and a frame is given back on every way out that is no trap.
//!
//! ```text
//! stack -= frame; if stack < 0 { unreachable }
//! block $out_of_gas
//!   left = gas - cost; if left < 0 { br $out_of_gas }
//!   block $body (result …)           ;; takes the place of the function's own label: `br` to it falls out here,
//!     …                              ;; and `return` becomes a `br` to it
//!     left -= cost                   ;; at the start of each basic block
//!   end
//!   gas = left; stack += frame; return
//! end
//! gas = left; unreachable
//! ```
//!
//! What a function does not need is not written: the blocks nothing branches to, the stack of a function that calls nothing (it only looks
//! whether its frame would fit), the local of one that has nothing to count but its entry.
//!
//! A new basic block begins at the head of a loop, in both arms of an `if`, after `br_if`, and after the `end` of an `if` and of a `block`
//! that something branches to. Whether gas is left is looked at on entry, at the head
//! of each loop, before bulk operations and growth, and wherever [`MAX_UNCHECKED`] could be passed without a look.

use coffer_abi::host::WasmType;
use wasm_encoder::{BlockType, Encode, Instruction, ValType};
use wasmparser::FunctionBody;

use super::flow::{Counted, Flow, Label, Opened};
use super::layout::Layout;
use super::schedule::Schedule;
use super::source_map::Code;
use super::{broken, emit};
use crate::error::CodeError;
use crate::validate::Frame;

/// Bytes of logical stack that a frame takes besides its values.
const FRAME_BASE: u32 = 64;
/// Bytes of logical stack of one local, parameter or operand.
const FRAME_VALUE: u32 = 8;
/// Bytes of a body beyond which it counts as well, and of which each so many add one byte of logical stack. An optimising compiler keeps
/// values in its frame that neither locals nor operand stack show: results of calls whose folding it puts off, products it remembers or
/// moves out of a loop. The most that has been found is 8 bytes of native frame for 3 bytes of body; with a native stack of 32 times the
/// logical one there is room for 4 for each byte of the body, and for 2 KiB in the smallest frame.
const BODY_FREE: u32 = 256;
const BODY_SHARE: u32 = 8;
/// Gas that may be charged between two looks at whether any is left: so much work at most (0.2 us) is done unpaid in each frame of a call
/// that runs out of gas.
const MAX_UNCHECKED: u64 = 1_000;

/// Bytes of the frame's values: what entering it costs gas for.
pub(super) fn frame_bytes(frame: &Frame) -> u32 {
    FRAME_BASE + FRAME_VALUE * (frame.params + frame.locals + frame.operand_depth)
}

/// Bytes of logical stack a call of the function takes: its values, and a share of its body for those a compiler makes up.
pub(super) fn stack_bytes(frame: &Frame, body: u32) -> u32 {
    frame_bytes(frame) + body.saturating_sub(BODY_FREE).div_ceil(BODY_SHARE)
}

/// The new body, without its length in front.
pub(super) fn instrument(
    wasm: &[u8],
    body: &FunctionBody<'_>,
    frame: &Frame,
    schedule: &Schedule,
    layout: &Layout,
    mapped: bool,
) -> Result<Code, CodeError> {
    let mut locals = body.get_locals_reader().map_err(broken)?;
    let groups = locals.get_count();
    let groups_start = locals.original_position();
    for _ in 0..groups {
        locals.read().map_err(broken)?;
    }
    let groups_end = locals.original_position();

    let words = u64::from(frame_bytes(frame) / 8);
    let stack = stack_bytes(frame, u32::try_from(body.range().len()).unwrap_or(u32::MAX));
    let mut writer = Writer {
        schedule,
        layout,
        out: Code::new(mapped),
        block: Code::new(mapped),
        cost: u64::from(schedule.frame) + u64::from(schedule.frame_word) * words,
        depth: 0,
        is_loop: false,
        flow: Flow { counted: Counted::Local, unchecked: 0 },
        settled: false,
        looked: false,
        entry: None,
        entry_cost: None,
        open: Vec::new(),
        exit: Label::default(),
        leaves_early: false,
        dead: None,
        divisor: None,
        local: frame.params + frame.locals,
        uses_local: false,
        uses_length: false,
        uses_out_of_gas: false,
        calls: false,
    };
    let mut operators = body.get_operators_reader().map_err(broken)?;
    while !operators.eof() {
        let start = operators.original_position();
        let operator = operators.read().map_err(broken)?;
        let source =
            wasm.get(start..operators.original_position()).ok_or_else(|| broken("a body outside of the module"))?;
        writer.operator(&operator, source, start);
    }

    let mut new = Code::new(mapped);
    new.mark(Some(body.range().start));
    let groups_source = wasm.get(groups_start..groups_end).ok_or_else(|| broken("locals outside of the module"))?;
    let entry = writer.entry.unwrap_or(Counted::Local);
    let needs_local = writer.uses_local || entry == Counted::Local;
    (groups + u32::from(needs_local) + u32::from(writer.uses_length)).encode(&mut new.bytes);
    new.bytes.extend_from_slice(groups_source);
    for (needed, ty) in [(needs_local, ValType::I64), (writer.uses_length, ValType::I32)] {
        if needed {
            1u32.encode(&mut new.bytes);
            ty.encode(&mut new.bytes);
        }
    }
    writer.finish(&mut new, entry, stack, frame.result);
    Ok(new)
}

/// Code that never runs is being left out.
#[derive(Clone, Copy)]
pub(super) struct Dead {
    /// Blocks opened within it.
    pub(super) blocks: u32,
    /// Whether what was written ends with an operator after which every stack is valid.
    pub(super) sealed: bool,
}

pub(super) struct Writer<'a> {
    pub(super) schedule: &'a Schedule,
    pub(super) layout: &'a Layout,
    /// What is written, from behind the function's entry on.
    out: Code,
    /// The basic block being read; it is written once its cost is known.
    pub(super) block: Code,
    pub(super) cost: u64,
    /// How many blocks of the source were open where it began.
    depth: usize,
    /// Whether it began at the head of a loop.
    pub(super) is_loop: bool,
    /// The counting where it began; what it says of the gas moves on with reading once `settled`.
    pub(super) flow: Flow,
    /// Whether an operator of the block has said where gas stands.
    settled: bool,
    /// Whether somebody looks, in the block, if gas is left.
    looked: bool,
    /// Where the function takes its entry off; decided by what needs the count first.
    entry: Option<Counted>,
    entry_cost: Option<u64>,
    /// Blocks of the source that are open.
    pub(super) open: Vec<Opened>,
    /// The function's own label.
    pub(super) exit: Label,
    /// Whether anything branches there.
    pub(super) leaves_early: bool,
    pub(super) dead: Option<Dead>,
    /// The number the operator before put on the stack, if that is all it did.
    pub(super) divisor: Option<i64>,
    /// The added local for gas; the next one is for the length of a bulk operation.
    local: u32,
    uses_local: bool,
    uses_length: bool,
    uses_out_of_gas: bool,
    /// Whether it calls anything, so that others must see the stack it takes.
    pub(super) calls: bool,
}

impl Writer<'_> {
    /// The local for gas.
    pub(super) fn gas_local(&mut self) -> u32 {
        self.uses_local = true;
        self.local
    }

    /// The local for lengths.
    pub(super) fn length_local(&mut self) -> u32 {
        self.uses_length = true;
        self.local + 1
    }

    /// The branch to where the function gives up, from within `open` blocks of the source, if what is on the operand stack says so.
    pub(super) fn give_up_if(&mut self, open: usize) -> Instruction<'static> {
        self.uses_out_of_gas = true;
        Instruction::BrIf(label(open) + 1)
    }

    /// Where gas stands at the operator being read, which needs to know.
    pub(super) fn counted(&mut self, if_first: Counted) -> Counted {
        if self.entry.is_none() {
            self.entry = Some(if_first);
            self.count(if_first);
        }
        // A block is charged at its start, to the local.
        if self.settled { self.flow.counted } else { Counted::Local }
    }

    /// From the operator being read on, gas stands at `counted`.
    pub(super) fn count(&mut self, counted: Counted) {
        self.flow.counted = counted;
        self.settled = true;
    }

    /// At the operator being read somebody looks if gas is left.
    pub(super) fn look(&mut self) {
        self.looked = true;
    }

    /// Ends the basic block: its charge, then its operators.
    pub(super) fn boundary(&mut self) {
        let cost = std::mem::take(&mut self.cost);
        let is_loop = std::mem::take(&mut self.is_loop);
        if self.entry_cost.is_none() {
            self.entry_cost = Some(cost);
        } else if cost > 0 || is_loop {
            self.out.mark_as(&self.block);
            self.charge(cost, is_loop);
        }
        if std::mem::take(&mut self.looked) {
            self.flow.unchecked = 0;
        }
        self.settled = false;
        self.depth = self.open.len();
        self.out.append(&mut self.block);
    }

    fn charge(&mut self, cost: u64, is_loop: bool) {
        let gas = self.gas_local();
        if !self.settled {
            self.flow.counted = Counted::Local;
        }
        let unchecked = self.flow.unchecked.saturating_add(cost);
        let look = is_loop || unchecked > MAX_UNCHECKED;
        self.flow.unchecked = if look { 0 } else { unchecked };
        emit(&mut self.out.bytes, &[Instruction::LocalGet(gas), constant(cost), Instruction::I64Sub]);
        if look {
            let give_up = self.give_up_if(self.depth);
            emit(
                &mut self.out.bytes,
                &[Instruction::LocalTee(gas), Instruction::I64Const(0), Instruction::I64LtS, give_up],
            );
        } else {
            emit(&mut self.out.bytes, &[Instruction::LocalSet(gas)]);
        }
    }

    /// Writes the whole function, behind its locals.
    fn finish(mut self, new: &mut Code, entry: Counted, frame: u32, result: Option<WasmType>) {
        let (gas, stack, local) = (self.layout.counters.gas, self.layout.counters.stack, self.local);
        let bytes = &mut new.bytes;
        let result = match result {
            None => BlockType::Empty,
            Some(WasmType::I32) => BlockType::Result(ValType::I32),
            Some(WasmType::I64) => BlockType::Result(ValType::I64),
        };
        let frame = Instruction::I32Const(frame.cast_signed());
        let take = [Instruction::GlobalGet(stack), frame.clone(), Instruction::I32Sub, Instruction::GlobalSet(stack)];
        if self.calls {
            emit(bytes, &take);
            emit(bytes, &[Instruction::GlobalGet(stack), Instruction::I32Const(0), Instruction::I32LtS]);
            emit(bytes, &[Instruction::If(BlockType::Empty), Instruction::Unreachable, Instruction::End]);
        } else {
            emit(bytes, &[Instruction::GlobalGet(stack), frame.clone(), Instruction::I32LtS]);
            emit(bytes, &[Instruction::If(BlockType::Empty)]);
            emit(bytes, &take);
            emit(bytes, &[Instruction::Unreachable, Instruction::End]);
        }

        let cost = constant(self.entry_cost.unwrap_or(0));
        let gives_up = self.uses_out_of_gas || entry == Counted::Local;
        let has_body_block = self.uses_out_of_gas || self.leaves_early;
        if gives_up {
            emit(bytes, &[Instruction::Block(BlockType::Empty)]);
        }
        emit(bytes, &[Instruction::GlobalGet(gas), cost, Instruction::I64Sub]);
        if entry == Counted::Local {
            emit(bytes, &[Instruction::LocalTee(local), Instruction::I64Const(0), Instruction::I64LtS]);
            emit(bytes, &[Instruction::BrIf(0)]);
        } else {
            emit(bytes, &[Instruction::GlobalSet(gas), Instruction::GlobalGet(gas), Instruction::I64Const(0)]);
            emit(bytes, &[Instruction::I64LtS, Instruction::If(BlockType::Empty), Instruction::Unreachable]);
            emit(bytes, &[Instruction::End]);
        }
        if has_body_block {
            emit(bytes, &[Instruction::Block(result)]);
        }

        new.append(&mut self.out);

        let bytes = &mut new.bytes;
        if has_body_block {
            emit(bytes, &[Instruction::End]);
        }
        match self.exit.0 {
            Some(flow) => {
                if flow.counted == Counted::Local {
                    emit(bytes, &[Instruction::LocalGet(local), Instruction::GlobalSet(gas)]);
                }
                if self.calls {
                    emit(bytes, &[Instruction::GlobalGet(stack), frame]);
                    emit(bytes, &[Instruction::I32Add, Instruction::GlobalSet(stack)]);
                }
                if gives_up {
                    emit(bytes, &[Instruction::Return]);
                }
            }
            // Nothing comes here.
            None if gives_up => emit(bytes, &[Instruction::Unreachable]),
            None => {}
        }
        if gives_up {
            emit(bytes, &[Instruction::End, Instruction::LocalGet(local), Instruction::GlobalSet(gas)]);
            emit(bytes, &[Instruction::Unreachable]);
        }
        emit(bytes, &[Instruction::End]);
    }
}

/// The label of the function, seen from within `open` blocks of the source.
pub(super) fn label(open: usize) -> u32 {
    // INVARIANT: no more blocks are open than the validator's cap.
    u32::try_from(open).unwrap_or(u32::MAX - 1)
}

/// Gas as an operand.
fn constant(cost: u64) -> Instruction<'static> {
    // INVARIANT: a body of bounded size costs far less than an i64 holds, so gas never wraps around.
    Instruction::I64Const(i64::try_from(cost).unwrap_or(i64::MAX))
}
