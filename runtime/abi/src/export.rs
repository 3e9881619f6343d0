//! Names of a module's exports. The kind of a method is part of the export's name, so the host enforces read-only from the name alone.
//! Every method is a function without parameters and results: arguments and results pass through `input` and `output`.

use alloc::string::String;

use parity_scale_codec::{Decode, Encode};

/// Name of the exported linear memory.
pub const MEMORY: &str = "memory";
/// Export run once, when an instance is deployed.
pub const INIT: &str = "init";
/// Export run once, when an instance gets new code.
pub const MIGRATE: &str = "migrate";
/// Prefix of an export that marks a method as re-entrant: `reentrant call x` beside `call x`. Only its name counts. A method without the mark
/// cannot be called while its contract is in the middle of another call.
pub const REENTRANT: &str = "reentrant ";
/// Name of the custom section that carries the spec.
pub const SPEC_SECTION: &str = "coffer_spec";
/// Exported global of the instrumented module: gas left, i64; below zero means it ran out.
pub const GAS_GLOBAL: &str = "coffer:gas";
/// Exported global of the instrumented module: bytes of logical stack left, i32; below zero means it ran out.
pub const STACK_GLOBAL: &str = "coffer:stack";
/// Globals that linkers export by themselves; allowed, immutable, unused.
pub const LINKER_GLOBALS: [&str; 2] = ["__data_end", "__heap_base"];

/// What a method may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum MethodKind {
    /// Runs once at deployment; may write.
    Init,
    /// May write; runs in a transaction.
    Call,
    /// Reads only; a write traps.
    View,
    /// Runs once at an upgrade; may write.
    Migrate,
}

impl MethodKind {
    /// True for the one kind that may not write.
    pub const fn is_read_only(self) -> bool {
        matches!(self, Self::View)
    }

    /// `init`, `call`, `view` or `migrate`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => INIT,
            Self::Call => "call",
            Self::View => "view",
            Self::Migrate => MIGRATE,
        }
    }

    /// Export name of method `name` of this kind: `call add`, `view value`, `init`, `migrate`.
    pub fn export(self, name: &str) -> String {
        match self {
            Self::Init => INIT.into(),
            Self::Migrate => MIGRATE.into(),
            Self::Call => alloc::format!("call {name}"),
            Self::View => alloc::format!("view {name}"),
        }
    }

    /// Kind and method name of an export, or `None` if the name is not of that form.
    /// A method name is 1 to 64 characters of `[a-z0-9_]` and starts with a letter.
    pub fn of_export(export: &str) -> Option<(Self, &str)> {
        match export {
            INIT => return Some((Self::Init, INIT)),
            MIGRATE => return Some((Self::Migrate, MIGRATE)),
            _ => {}
        }
        let (kind, name) = match export.split_once(' ')? {
            ("call", name) => (Self::Call, name),
            ("view", name) => (Self::View, name),
            _ => return None,
        };
        is_method_name(name).then_some((kind, name))
    }
}

/// 1 to 64 characters of `[a-z0-9_]`, the first a letter.
pub fn is_method_name(name: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (1..=crate::limits::MAX_METHOD).contains(&name.len())
        && name.as_bytes()[0].is_ascii_lowercase()
        && name.bytes().all(ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_name_says_kind_and_method() {
        assert_eq!(MethodKind::of_export("call add"), Some((MethodKind::Call, "add")));
        assert_eq!(MethodKind::of_export("view value"), Some((MethodKind::View, "value")));
        assert_eq!(MethodKind::of_export("init"), Some((MethodKind::Init, "init")));
        for bad in ["call", "call ", "call Add", "view 1", "send x", "call a b", " "] {
            assert_eq!(MethodKind::of_export(bad), None, "{bad}");
        }
    }
}
