//! What each operator of a function becomes, and what it means for the count. Invariant: at an operator that may trap with an exact
//! count, and at a call of anything but the host, the global holds what is left; at a call of the host it is handed over.

use wasm_encoder::Instruction;
use wasmparser::Operator;

use super::flow::{Counted, Flow, Label, Opened};
use super::function::{Dead, Writer, label};
use super::layout::Callee;
use super::{cost, emit};

/// Bulk operations are charged by 8 bytes.
const WORD_SHIFT: u32 = 3;

impl Writer<'_> {
    /// Reads the next operator: `source` are its bytes, `offset` is where they stand in the module.
    pub(super) fn operator(&mut self, operator: &Operator<'_>, source: &[u8], offset: usize) {
        if let Some(dead) = self.dead {
            return self.leave_out(operator, source, dead, offset);
        }
        self.block.mark(Some(offset));
        let cost = u64::from(cost::of(operator, self.schedule));
        if !matches!(operator, Operator::Loop { .. }) {
            self.cost += cost;
        }
        match operator {
            Operator::Block { .. } => {
                self.open.push(Opened::Block { end: Label::default() });
                self.copy(source);
            }
            Operator::Loop { .. } => {
                self.settle();
                self.copy(source);
                self.open.push(Opened::Loop);
                self.boundary();
                // The price of the head is paid on every pass, so it stands behind the label.
                self.cost += cost;
                self.is_loop = true;
                self.flow.counted = Counted::Local;
            }
            Operator::If { .. } => {
                self.settle();
                self.copy(source);
                self.open.push(Opened::If { end: Label::default(), start: self.flow });
                self.boundary();
                if let Some(Opened::If { start, .. }) = self.open.last_mut() {
                    *start = self.flow;
                }
            }
            Operator::Else => self.otherwise(source, true),
            Operator::End => self.end(source, true),
            Operator::BrIf { relative_depth } => {
                let flow = self.branch(source);
                self.reach(*relative_depth, flow);
            }
            Operator::Br { relative_depth } => {
                let flow = self.branch(source);
                self.reach(*relative_depth, flow);
                self.die();
            }
            Operator::BrTable { targets } => {
                let flow = self.branch(source);
                // INVARIANT: the validator has read every target.
                targets.targets().flatten().chain([targets.default()]).for_each(|target| self.reach(target, flow));
                self.die();
            }
            Operator::Return => {
                let depth = label(self.open.len());
                let mut branch = Vec::new();
                emit(&mut branch, &[Instruction::Br(depth)]);
                let flow = self.branch(&branch);
                self.reach(depth, flow);
                self.die();
            }
            Operator::Unreachable => {
                self.write_back();
                self.copy(source);
                self.boundary();
                self.die();
            }
            Operator::Call { function_index } => match self.layout.callee(*function_index) {
                Callee::Host => self.call_host(source),
                Callee::Other => self.call(source),
            },
            Operator::CallIndirect { type_index, table_index } => {
                let mut call = Vec::new();
                // The linker pads the table index with zeros, which the engine does not read.
                let (type_index, table_index) = (*type_index, *table_index);
                emit(&mut call, &[Instruction::CallIndirect { type_index, table_index }]);
                self.call(&call);
            }
            Operator::MemoryGrow { .. } => self.charge_operand(self.schedule.page, 0, source),
            Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => {
                self.charge_operand(self.schedule.bulk_word, WORD_SHIFT, source);
            }
            _ => {
                if self.may_trap(operator) {
                    self.write_back();
                }
                self.copy(source);
                self.divisor = constant(operator);
                return;
            }
        }
        self.divisor = None;
    }

    fn copy(&mut self, source: &[u8]) {
        self.block.bytes.extend_from_slice(source);
    }

    /// A branch operator: ends the basic block, and tells what holds where it leads.
    fn branch(&mut self, source: &[u8]) -> Flow {
        self.settle();
        self.copy(source);
        self.boundary();
        self.flow
    }

    fn reach(&mut self, relative_depth: u32, flow: Flow) {
        let depth = relative_depth as usize;
        match self.open.len().checked_sub(depth + 1).and_then(|block| self.open.get_mut(block)) {
            Some(block) => block.reach(flow),
            None => {
                self.exit.reach(flow);
                self.leaves_early = true;
            }
        }
    }

    fn otherwise(&mut self, source: &[u8], reached: bool) {
        if reached {
            self.settle();
        }
        self.copy(source);
        self.boundary();
        if let Some(Opened::If { mut end, start }) = self.open.pop() {
            if reached {
                end.reach(self.flow);
            }
            self.flow = start;
            self.open.push(Opened::Block { end });
        }
    }

    fn end(&mut self, source: &[u8], reached: bool) {
        let Some(block) = self.open.pop() else {
            return self.end_function(reached);
        };
        let (mut end, start) = match block {
            Opened::Loop => {
                self.copy(source);
                if !reached {
                    // Nothing reaches what follows but by falling out of the loop.
                    self.boundary();
                    self.dead = Some(Dead { blocks: 0, sealed: false });
                }
                return;
            }
            // Nothing branches here, so the block before it goes on.
            Opened::Block { end: Label(None) } if reached => return self.copy(source),
            Opened::Block { end } => (end, None),
            Opened::If { end, start } => (end, Some(start)),
        };
        if reached {
            self.settle();
        }
        self.copy(source);
        self.boundary();
        if reached {
            end.reach(self.flow);
        }
        if let Some(start) = start {
            end.reach(start);
        }
        match end.0 {
            Some(flow) => self.flow = flow,
            None => self.dead = Some(Dead { blocks: 0, sealed: false }),
        }
    }

    /// The `end` of the function, which is written by whoever knows how it was entered.
    fn end_function(&mut self, reached: bool) {
        if reached {
            let counted = self.counted(Counted::Global);
            let others_in_local = self.exit.0.is_some_and(|flow| flow.counted == Counted::Local);
            if counted == Counted::Global && others_in_local {
                self.settle();
            }
        }
        self.boundary();
        if reached {
            self.exit.reach(self.flow);
        }
    }

    /// What follows, up to the end of the innermost block, never runs.
    fn die(&mut self) {
        self.dead = Some(Dead { blocks: 0, sealed: true });
    }

    fn leave_out(&mut self, operator: &Operator<'_>, source: &[u8], dead: Dead, offset: usize) {
        let Dead { mut blocks, sealed } = dead;
        match operator {
            Operator::Else | Operator::End if blocks == 0 => {
                self.block.mark(Some(offset));
                self.dead = None;
                if matches!(operator, Operator::Else) {
                    return self.otherwise(source, false);
                }
                return self.end(source, false);
            }
            Operator::End => blocks -= 1,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => blocks += 1,
            _ => {}
        }
        if !sealed {
            // What is left out may have taken from the stack what stands there.
            emit(&mut self.block.bytes, &[Instruction::Unreachable]);
        }
        self.dead = Some(Dead { blocks, sealed: true });
    }

    /// Before a basic block ends, the local holds what is left.
    fn settle(&mut self) {
        if self.counted(Counted::Local) == Counted::Global {
            let (gas, local) = (self.layout.counters.gas, self.gas_local());
            emit(&mut self.block.bytes, &[Instruction::GlobalGet(gas), Instruction::LocalSet(local)]);
            self.count(Counted::Both);
        }
    }

    /// Before an operator that others may look behind, the global holds what is left.
    fn write_back(&mut self) {
        if self.counted(Counted::Global) == Counted::Local {
            let (gas, local) = (self.layout.counters.gas, self.gas_local());
            emit(&mut self.block.bytes, &[Instruction::LocalGet(local), Instruction::GlobalSet(gas)]);
            self.count(Counted::Both);
        }
    }

    fn call(&mut self, source: &[u8]) {
        self.write_back();
        self.copy(source);
        self.count(Counted::Global);
        self.look();
        self.calls = true;
    }

    fn call_host(&mut self, source: &[u8]) {
        let counted = self.counted(Counted::Local);
        let (gas, local) = (self.layout.counters.gas, self.gas_local());
        let left = if counted == Counted::Global { Instruction::GlobalGet(gas) } else { Instruction::LocalGet(local) };
        emit(&mut self.block.bytes, &[left]);
        self.copy(source);
        emit(&mut self.block.bytes, &[Instruction::LocalSet(local)]);
        self.count(Counted::Local);
        self.look();
        self.calls = true;
    }

    /// Runs `source` after charging `price` for each unit of the operand on top of the stack (shifted right by `shift`, rounded up).
    fn charge_operand(&mut self, price: u32, shift: u32, source: &[u8]) {
        let counted = self.counted(Counted::Local);
        let (gas, local, length) = (self.layout.counters.gas, self.gas_local(), self.length_local());
        let left = if counted == Counted::Global { Instruction::GlobalGet(gas) } else { Instruction::LocalGet(local) };
        let give_up = self.give_up_if(self.open.len());
        let out = &mut self.block.bytes;
        emit(out, &[Instruction::LocalSet(length), left, Instruction::LocalGet(length), Instruction::I64ExtendI32U]);
        if shift > 0 {
            let below_one = (1 << shift) - 1;
            emit(out, &[Instruction::I64Const(below_one), Instruction::I64Add]);
            emit(out, &[Instruction::I64Const(shift.into()), Instruction::I64ShrU]);
        }
        if price != 1 {
            emit(out, &[Instruction::I64Const(price.into()), Instruction::I64Mul]);
        }
        emit(out, &[Instruction::I64Sub, Instruction::LocalTee(local)]);
        emit(out, &[Instruction::I64Const(0), Instruction::I64LtS, give_up, Instruction::LocalGet(length)]);
        self.copy(source);
        self.count(Counted::Local);
        self.look();
    }

    /// Whether an operator can trap in a way that keeps the count exact. Loads and stores are not among them: where they trap, the whole
    /// limit is used.
    fn may_trap(&self, operator: &Operator<'_>) -> bool {
        match operator {
            Operator::I32DivS | Operator::I64DivS => {
                !matches!(self.divisor, Some(divisor) if divisor != 0 && divisor != -1)
            }
            Operator::I32DivU
            | Operator::I32RemS
            | Operator::I32RemU
            | Operator::I64DivU
            | Operator::I64RemS
            | Operator::I64RemU => !matches!(self.divisor, Some(divisor) if divisor != 0),
            _ => false,
        }
    }
}

/// The number an operator puts on the stack, if it is known.
fn constant(operator: &Operator<'_>) -> Option<i64> {
    match operator {
        Operator::I32Const { value } => Some((*value).into()),
        Operator::I64Const { value } => Some(*value),
        _ => None,
    }
}
