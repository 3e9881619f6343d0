//! Counting against the caps while a module is read. Invariant: a counter is checked before the work it stands for is done.

use coffer_abi::Caps;

use super::report::LimitUse;
use super::violation::Rule;

impl LimitUse {
    /// Takes note of one value; the largest one counts.
    pub(super) fn at_most(&mut self, value: u64) -> Result<(), Rule> {
        if value > self.allowed {
            return Err(Rule::Cap { name: self.name, used: value, allowed: self.allowed });
        }
        self.used = self.used.max(value);
        Ok(())
    }

    /// Adds to a sum.
    pub(super) fn add(&mut self, value: u64) -> Result<(), Rule> {
        self.at_most(self.used.saturating_add(value))
    }
}

macro_rules! usage {
    ($($field:ident: $name:literal, $hint:expr;)*) => {
        /// Use of every cap that one reading of the module can tell.
        pub(super) struct Usage { $(pub(super) $field: LimitUse,)* }

        impl Usage {
            pub(super) fn new(caps: &Caps) -> Self {
                Self { $($field: LimitUse { name: $name, used: 0, allowed: u64::from(caps.$field) },)* }
            }

            pub(super) fn list(&self) -> Vec<LimitUse> {
                vec![$(self.$field,)*]
            }
        }

        /// What every cap is called in reports and refusals and the largest value it allows, in the order of [`Caps`].
        pub fn limits(caps: &Caps) -> Vec<(&'static str, u64)> {
            vec![
                $(($name, u64::from(caps.$field)),)*
                ("instrumented module in times its own size", u64::from(caps.instrumented_factor)),
                (crate::meter::INSTRUMENTED, u64::from(caps.instrumented_bytes)),
            ]
        }

        /// What to do about a cap, by its name.
        pub(super) fn hint(name: &str) -> Option<&'static str> {
            match name {
                $($name => $hint,)*
                crate::meter::INSTRUMENTED => SMALLER,
                _ => None,
            }
        }
    };
}

const SMALLER: Option<&str> = Some("set opt-level = \"z\", lto = true and strip = true in the release profile");
const SPLIT: Option<&str> = Some("split the function, or mark parts of it #[inline(never)]");
const STRIP: Option<&str> = Some("set strip = \"debuginfo\" in the release profile");
const LINKER: Option<&str> = Some("link with rustc's own linker and default arguments");
const STACK: Option<&str> = Some("make statics smaller, or link with a smaller stack: -C link-arg=-zstack-size=65536");

usage! {
    module_bytes: "module size in bytes", SMALLER;
    functions: "functions", SMALLER;
    types: "function types", SMALLER;
    params: "parameters of a function", Some("pass a struct by reference");
    results: "results of a function", Some("build with --target wasm32v1-none");
    locals: "locals of a function, parameters included", SPLIT;
    locals_all: "locals of all functions", SMALLER;
    body_bytes: "function body in bytes", SPLIT;
    blocks: "blocks of a function", SPLIT;
    blocks_all: "blocks of all functions", SMALLER;
    work: "compile work of a function", SPLIT;
    work_all: "compile work of all functions", SMALLER;
    operand_depth: "operand stack of a function", SPLIT;
    br_table_targets: "targets of a br_table", Some("make the match smaller");
    br_table_targets_all: "targets of all br_tables", SMALLER;
    globals: "globals", LINKER;
    imports: "imports", LINKER;
    exports: "exports", Some("split the contract in two");
    initial_pages: "initial memory in pages of 64 KiB", STACK;
    max_pages: "largest memory in pages of 64 KiB", None;
    table_elements: "table entries", Some("use fewer function pointers and trait objects");
    segment_elements: "entries of all element segments", Some("use fewer function pointers and trait objects");
    segments: "data and element segments", Some("link without -C link-arg=--no-merge-data-segments");
    custom_sections: "custom sections", STRIP;
    custom_bytes: "custom sections in bytes", STRIP;
}
