//! How large a contract module may be. Chain parameters: every node must use the same, and a change is a network upgrade.
//! Invariant: a module at a cap is accepted, one above it refused; none of them needs more work to check than reading on.

/// Caps of one module. `Default` is the network's default. "All" sums over the functions the module defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of the module.
    pub module_bytes: u32,
    /// Functions, imported ones included.
    pub functions: u32,
    /// Function types.
    pub types: u32,
    /// Parameters of a function type.
    pub params: u32,
    /// Results of a function type.
    pub results: u32,
    /// Locals of one function, its parameters included: a compiler treats both alike.
    pub locals: u32,
    /// Locals of all functions.
    pub locals_all: u32,
    /// Bytes of one function body.
    pub body_bytes: u32,
    /// Operators of one function that make a compiler begin a basic block: `block`, `loop`, `if`, `br_if`, `call_indirect`,
    /// `memory.grow`, `memory.copy`, `memory.fill`. Without `br_if`, 512 locals and 25,000 of them in 126 KB took Cranelift 68 s.
    pub blocks: u32,
    /// Blocks of all functions.
    pub blocks_all: u32,
    /// Locals times blocks of one function: what compile time grows with.
    pub locals_x_blocks: u32,
    /// Sum of locals times blocks over all functions.
    pub locals_x_blocks_all: u32,
    /// Values on the operand stack of one function.
    pub operand_depth: u32,
    /// Targets of one `br_table`, the default not counted.
    pub br_table_targets: u32,
    /// Targets of all `br_table`s of the module.
    pub br_table_targets_all: u32,
    /// Globals.
    pub globals: u32,
    /// Imports.
    pub imports: u32,
    /// Exports.
    pub exports: u32,
    /// Pages (64 KiB) of memory at first.
    pub initial_pages: u32,
    /// Pages (64 KiB) memory may grow to; a lower declared maximum stays.
    pub max_pages: u32,
    /// Entries of the table.
    pub table_elements: u32,
    /// Entries of all element segments: written anew for each call.
    pub segment_elements: u32,
    /// Data segments and element segments: each is work for each call.
    pub segments: u32,
    /// Custom sections.
    pub custom_sections: u32,
    /// Bytes of all custom sections.
    pub custom_bytes: u32,
    /// How many times its own size a module may have after instrumentation.
    pub instrumented_factor: u32,
    /// Bytes of the instrumented module.
    pub instrumented_bytes: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            module_bytes: 1024 * 1024,
            functions: 10_000,
            types: 1_024,
            params: 32,
            results: 1,
            locals: 512,
            locals_all: 50_000,
            body_bytes: 128 * 1024,
            blocks: 5_000,
            blocks_all: 50_000,
            locals_x_blocks: 250_000,
            locals_x_blocks_all: 2_000_000,
            operand_depth: 1_024,
            br_table_targets: 1_024,
            br_table_targets_all: 16_384,
            globals: 256,
            imports: 128,
            exports: 1_024,
            initial_pages: 64,
            max_pages: 256,
            table_elements: 4_096,
            segment_elements: 4_096,
            segments: 1_024,
            custom_sections: 16,
            custom_bytes: 256 * 1024,
            instrumented_factor: 4,
            instrumented_bytes: 8 * 1024 * 1024,
        }
    }
}
