//! Gas of a single operator. Not here: what depends on a length or a page count ([`super::function`] adds it), frames and host
//! functions. Invariant: an operator that can run a second time without passing a costing one would be free; only `block`, `else`,
//! `end` and `nop` cost nothing, and no cycle is made of those alone.

use wasmparser::Operator;

use super::schedule::Schedule;

/// Gas of an operator without its lengths.
pub(super) fn of(operator: &Operator<'_>, schedule: &Schedule) -> u32 {
    match operator {
        Operator::Block { .. } | Operator::Else | Operator::End | Operator::Nop | Operator::Unreachable => 0,
        Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::Br { .. }
        | Operator::BrIf { .. }
        | Operator::Return => schedule.branch,
        Operator::BrTable { .. } => schedule.br_table,
        Operator::Call { .. } => schedule.call,
        Operator::CallIndirect { .. } => schedule.call_indirect,
        Operator::GlobalGet { .. } | Operator::GlobalSet { .. } => schedule.global,
        Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => schedule.bulk,
        Operator::MemoryGrow { .. } => schedule.grow,
        Operator::I32DivS
        | Operator::I32DivU
        | Operator::I32RemS
        | Operator::I32RemU
        | Operator::I64DivS
        | Operator::I64DivU
        | Operator::I64RemS
        | Operator::I64RemU => schedule.division,
        Operator::MemorySize { .. }
        | Operator::I32Load { .. }
        | Operator::I64Load { .. }
        | Operator::I32Load8S { .. }
        | Operator::I32Load8U { .. }
        | Operator::I32Load16S { .. }
        | Operator::I32Load16U { .. }
        | Operator::I64Load8S { .. }
        | Operator::I64Load8U { .. }
        | Operator::I64Load16S { .. }
        | Operator::I64Load16U { .. }
        | Operator::I64Load32S { .. }
        | Operator::I64Load32U { .. }
        | Operator::I32Store { .. }
        | Operator::I64Store { .. }
        | Operator::I32Store8 { .. }
        | Operator::I32Store16 { .. }
        | Operator::I64Store8 { .. }
        | Operator::I64Store16 { .. }
        | Operator::I64Store32 { .. } => schedule.memory,
        _ => schedule.simple,
    }
}
