//! Why a module is refused: which rule, in which function, at which byte, and what mends it.
//! Invariant: the same module gives the same violation on every node.

use std::fmt;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{hint, usage};

/// The first rule a module breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// The function concerned, if it is about one.
    pub function: Option<FunctionName>,
    /// Byte of the module at which it was noticed.
    pub offset: usize,
}

/// A function of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionName {
    /// Index among all functions, imported ones first.
    pub index: u32,
    /// Its name, where the name section gives one.
    pub name: Option<String>,
}

/// What a module must not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Rule {
    /// Too much of something.
    #[error("{name}: {used} used, {allowed} allowed")]
    Cap {
        /// Name of the cap, with its unit.
        name: &'static str,
        /// What the module has; where reading stopped at the cap, the first value above it.
        used: u64,
        /// The largest value allowed.
        allowed: u64,
    },
    /// A WebAssembly feature outside of the list.
    #[error("{feature} not allowed: {operation}")]
    Feature {
        /// The feature, in the plural.
        feature: &'static str,
        /// What was found.
        operation: String,
    },
    /// The bytes are no WebAssembly module, or it does not satisfy the specification.
    #[error("not a valid module: {cause}")]
    Malformed {
        /// What is wrong, in the words of the validator.
        cause: String,
    },
    /// A function that runs before any call.
    #[error("a start function is not allowed")]
    StartFunction,
    /// An import the host does not have.
    #[error("imports {import}, which the host does not have")]
    UnknownImport {
        /// Kind, module and name.
        import: String,
    },
    /// A host function imported with another type than it has.
    #[error("host function {name} has type {expected}, imported as {found}")]
    ImportType {
        /// The host function.
        name: &'static str,
        /// Its type.
        expected: String,
        /// The import's.
        found: String,
    },
    /// An export that is neither a method nor the memory nor a linker's global.
    #[error("exports {export}, which is none of init, migrate, `call NAME`, `view NAME`, memory")]
    UnknownExport {
        /// Kind and name.
        export: String,
    },
    /// A name that belongs to the instrumented module.
    #[error("export name \"{name}\" is reserved")]
    ReservedExport {
        /// The name.
        name: &'static str,
    },
    /// A method must have neither parameters nor results.
    #[error("method \"{name}\" has type {found}, must have () -> ()")]
    MethodType {
        /// Export name.
        name: String,
        /// The function's type.
        found: String,
    },
    /// A linker's global must be immutable.
    #[error("exported global {name} must be immutable")]
    MutableExport {
        /// Export name.
        name: &'static str,
    },
    /// There must be a memory, defined in the module.
    #[error("the module defines no memory")]
    NoMemory,
    /// The host reads arguments from the exported memory.
    #[error("the memory is not exported as \"memory\"")]
    MemoryNotExported,
    /// A segment that would not fit when the module is instantiated.
    #[error("{segment} segment ends at {end}, the first size is {allowed}")]
    SegmentOutOfBounds {
        /// `data` or `element`.
        segment: &'static str,
        /// First byte or entry after it.
        end: u64,
        /// Bytes of memory or entries of the table at first.
        allowed: u64,
    },
}

impl FunctionName {
    /// By index alone.
    pub(super) fn of(index: u32) -> Self {
        Self { index, name: None }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "function {}", function.index)?;
            match &function.name {
                Some(name) => write!(f, " \"{}\", ", name.escape_debug())?,
                None => f.write_str(" (its name is stripped; cargo build --profile trace keeps it), ")?,
            }
        }
        write!(f, "offset {:#x}: {}", self.offset, self.rule)?;
        match self.hint() {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl Serialize for Violation {
    /// As its fields, with the hint and the whole sentence.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Violation", 5)?;
        fields.serialize_field("rule", &self.rule)?;
        fields.serialize_field("function", &self.function)?;
        fields.serialize_field("offset", &self.offset)?;
        fields.serialize_field("hint", &self.hint())?;
        fields.serialize_field("message", &self.to_string())?;
        fields.end()
    }
}

impl Violation {
    /// A rule broken at a byte of the module.
    pub(crate) fn new(rule: Rule, offset: usize) -> Self {
        Self { rule, function: None, offset }
    }

    /// The same, inside of a function.
    pub(super) fn in_function(self, index: u32) -> Self {
        Self { function: Some(FunctionName::of(index)), ..self }
    }

    /// What mends it: the compiler's flag, the target or the change to make, where there is one.
    pub fn hint(&self) -> Option<&'static str> {
        match &self.rule {
            Rule::Cap { name, .. } => usage::hint(name),
            Rule::Feature { feature, .. } => Some(hint::feature(feature)),
            Rule::Malformed { cause } => Some(hint::malformed(cause)),
            Rule::StartFunction => Some("do the work in `init` or lazily in a method"),
            Rule::UnknownImport { import } => Some(hint::import(import)),
            Rule::ImportType { .. } => Some("build with the coffer-sdk of this ABI version"),
            Rule::UnknownExport { export } => Some(hint::export(export)),
            Rule::ReservedExport { .. } => Some("upload the module as rustc wrote it, not an instrumented one"),
            Rule::MethodType { .. } => {
                Some("arguments and results pass through the host; let #[contract] write the export")
            }
            Rule::MutableExport { .. } => Some("link with rustc's own linker and default arguments"),
            Rule::NoMemory | Rule::MemoryNotExported => {
                Some("build a cdylib with crate-type = [\"cdylib\"] and without -C link-arg=--no-export-memory")
            }
            Rule::SegmentOutOfBounds { .. } => Some("link with rustc's own linker and default arguments"),
        }
    }
}
