//! How much work a function is for an optimising compiler: the measure that the caps on compile work are about. It is counted from the
//! operators alone, so every node counts the same, whatever it compiles with. Not here: gas, which is what running costs.
//! Invariant: one unit stands for a microsecond of compiling or less on the machine of docs/PERFORMANCE.md, whatever the function is made of.
//!
//! Two things grow faster than a function's size. Where control flow splits or joins, the compiler decides anew about every value that
//! is alive: locals and operands. And a value that changes everywhere (gas is one) is merged at each join, each time over all joins
//! before: hence [`BEFORE`]. The weights are from measurements, decision 0014.

use wasmparser::Operator;

/// Work of a function that does nothing.
pub(super) const FUNCTION: u64 = 128;
/// So many joins before a join weigh as much as one value.
const BEFORE: u64 = 8;
/// So many loops around a loop weigh as much as one value more for each value.
const AROUND: u64 = 16;
/// So many locals of a function make each read and write of one weigh a unit more.
const LOCALS: u64 = 64;

/// Counts the work of one function, operator by operator.
#[derive(Default)]
pub(super) struct Work {
    locals: u64,
    /// Operators so far whose block joins another: all that begin one but `block` and `loop`.
    joins: u64,
    /// Height of the control stack at each loop that is open.
    loops: Vec<u32>,
}

/// What one operator adds.
pub(super) struct Added {
    pub work: u64,
    /// True if a compiler begins a basic block with it.
    pub is_block: bool,
}

impl Work {
    /// Of a function with so many locals, parameters included.
    pub fn new(locals: u64) -> Self {
        Self { locals, ..Self::default() }
    }

    /// Takes note of an operator that finds so many operands on the stack and so many blocks open.
    pub fn add(&mut self, operator: &Operator<'_>, operands: u32, open: u32) -> Added {
        let alive = self.locals + u64::from(operands);
        let before = self.joins / BEFORE;
        let block = |work| Added { work, is_block: true };
        let plain = |work| Added { work, is_block: false };
        let added = match operator {
            Operator::Block { .. } => block(2 + alive),
            Operator::Loop { .. } => {
                let around = self.loops.len() as u64;
                self.loops.push(open);
                block(2 + (4 + around / AROUND) * alive)
            }
            Operator::If { .. } => block(2 + alive + before),
            Operator::BrIf { .. } => block(2 + 3 * alive + before),
            Operator::CallIndirect { .. } => block(8 + alive + before),
            // Blocks because of the checks that come before them.
            Operator::MemoryGrow { .. } | Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => {
                block(16 + alive + before)
            }
            // Each target is an edge that carries the values.
            Operator::BrTable { targets } => plain(2 * (u64::from(targets.len()) + 1) * (alive + before)),
            Operator::End => {
                // The control stack is one higher inside than where the loop began.
                if self.loops.last().is_some_and(|height| height + 1 == open) {
                    self.loops.pop();
                }
                plain(2)
            }
            // More locals than registers: reading one may be a load, and the compiler decides each time.
            Operator::LocalGet { .. } | Operator::LocalSet { .. } | Operator::LocalTee { .. } => {
                plain(2 + self.locals / LOCALS)
            }
            other => plain(alone(other)),
        };
        self.joins += u64::from(added.is_block && !matches!(operator, Operator::Block { .. } | Operator::Loop { .. }));
        added
    }
}

/// Work of an operator within a block.
fn alone(operator: &Operator<'_>) -> u64 {
    use Operator::*;
    match operator {
        // By a constant, a division becomes a dozen operations.
        I32DivS | I32DivU | I32RemS | I32RemU | I64DivS | I64DivU | I64RemS | I64RemU => 32,
        Call { .. } => 8,
        I32Clz | I32Ctz | I32Popcnt | I64Clz | I64Ctz | I64Popcnt => 4,
        I32Load { .. } | I32Load8S { .. } | I32Load8U { .. } | I32Load16S { .. } | I32Load16U { .. } => 6,
        I64Load { .. } | I64Load8S { .. } | I64Load8U { .. } | I64Load16S { .. } | I64Load16U { .. } => 6,
        I64Load32S { .. } | I64Load32U { .. } => 6,
        _ => 2,
    }
}
