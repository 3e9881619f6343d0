//! Rules for one function body. Not here: what a body means; the WebAssembly rules proper are the validator's of `wasmparser`.
//! Invariant: size, locals and their sums are checked before the first operator is looked at, so a body that declares more than it may
//! costs nothing; blocks are counted as they open.

use wasmparser::{FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, ValidatorResources};

use super::feature::{FLOATS, is_float, operator_name, rule_of, rule_of_reading};
use super::report::Frame;
use super::usage::Usage;
use super::violation::{Rule, Violation};
use super::work::{self, Work};

/// Checks one body and returns its frame and the allocations to use for the next one.
pub(super) fn check(
    usage: &mut Usage,
    function: FuncToValidate<ValidatorResources>,
    frame: Frame,
    body: &FunctionBody<'_>,
    allocations: FuncValidatorAllocations,
) -> Result<(Frame, FuncValidatorAllocations), Violation> {
    let mut frame = frame;
    let (index, features) = (function.index, function.features);
    let at = |offset: usize, rule: Rule| Violation::new(rule, offset).in_function(index);
    let broken = |error: wasmparser::Error| at(error.offset(), rule_of(&error, None));

    let start = body.range().start;
    usage.body_bytes.at_most(body.range().len() as u64).map_err(|rule| at(start, rule))?;
    let mut locals = u64::from(frame.params);
    usage.locals.at_most(locals).map_err(|rule| at(start, rule))?;
    let mut declared = body.get_locals_reader().map_err(broken)?;
    for _ in 0..declared.get_count() {
        let offset = declared.original_position();
        let (count, _) = declared.read().map_err(broken)?;
        locals += u64::from(count);
        usage.locals.at_most(locals).map_err(|rule| at(offset, rule))?;
    }
    usage.locals_all.add(locals).map_err(|rule| at(start, rule))?;
    frame.locals = u32::try_from(locals).unwrap_or(u32::MAX) - frame.params;

    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    reader.set_features(features);
    validator.read_locals(&mut reader).map_err(broken)?;
    let mut operators = wasmparser::OperatorsReader::new(reader);
    let (mut blocks, mut used, mut work) = (0, 0, Work::new(locals));
    let mut spend = |usage: &mut Usage, some: u64| {
        used += some;
        usage.work.at_most(used)?;
        usage.work_all.add(some)
    };
    spend(usage, work::FUNCTION).map_err(|rule| at(start, rule))?;
    while !operators.eof() {
        let (operator, offset) =
            operators.read_with_offset().map_err(|error| at(error.offset(), rule_of_reading(&error, features)))?;
        let refuse = |rule: Rule| at(offset, rule);
        match &operator {
            Operator::BrTable { targets } => {
                usage.br_table_targets.at_most(u64::from(targets.len())).map_err(refuse)?;
                usage.br_table_targets_all.add(u64::from(targets.len())).map_err(refuse)?;
            }
            floating if is_float(floating) => {
                return Err(at(offset, Rule::Feature { feature: FLOATS, operation: operator_name(floating) }));
            }
            _ => {}
        }
        let added = work.add(&operator, validator.operand_stack_height(), validator.control_stack_height());
        if added.is_block {
            blocks += 1;
            usage.blocks.at_most(blocks).map_err(refuse)?;
            usage.blocks_all.add(1).map_err(refuse)?;
        }
        spend(usage, added.work).map_err(refuse)?;
        validator.op(offset, &operator).map_err(|error| at(error.offset(), rule_of(&error, Some(&operator))))?;
        frame.operand_depth = frame.operand_depth.max(validator.operand_stack_height());
        usage.operand_depth.at_most(u64::from(frame.operand_depth)).map_err(refuse)?;
    }
    operators.finish().map_err(broken)?;
    Ok((frame, validator.into_allocations()))
}

/// A function's type in the text format: `(i32, i64) -> i32`.
pub(super) fn type_text(params: &[wasmparser::ValType], results: &[wasmparser::ValType]) -> String {
    let list = |types: &[wasmparser::ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match results {
        [one] => format!("({}) -> {one}", list(params)),
        _ => format!("({}) -> ({})", list(params), list(results)),
    }
}
