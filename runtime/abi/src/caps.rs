//! What a contract module may hold and how large it may be. Chain parameters: every node must use the same, and a change is a network
//! upgrade. Not here: the check (`coffer_runtime::validate`). Invariant: a module at a cap is accepted, one above it refused; none of
//! them needs more work to check than reading on.

use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode, Error, Input};

/// Version of the pass that puts the counting of gas into modules. Another version gives other bytes, so it is a chain parameter.
pub const PASS_VERSION: u32 = 2;
/// Version of the table of what computation costs; a chain parameter.
pub const SCHEDULE_VERSION: u32 = 1;

/// Pages (64 KiB) of a 32-bit memory: no module can have more, whatever the caps say.
const PAGES_OF_4_GIB: u32 = 65_536;

macro_rules! caps {
    ($($(#[$doc:meta])* $field:ident = $default:expr;)*) => {
        /// Caps of one module, and the optional features it may use. `Default` is the network's default. "All" sums over the functions the
        /// module defines.
        #[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
        pub struct Caps {
            $($(#[$doc])* pub $field: u32,)*
            /// What a module may use beyond the core of WebAssembly 1.0.
            pub features: Features,
        }

        impl Default for Caps {
            fn default() -> Self {
                Self { $($field: $default,)* features: Features::ALL }
            }
        }
    };
}

caps! {
    /// Bytes of the module.
    module_bytes = 1024 * 1024;
    /// Functions, imported ones included.
    functions = 10_000;
    /// Function types.
    types = 1_024;
    /// Parameters of a function type.
    params = 32;
    /// Results of a function type.
    results = 1;
    /// Locals of one function, its parameters included: a compiler treats both alike.
    locals = 512;
    /// Locals of all functions.
    locals_all = 50_000;
    /// Bytes of one function body.
    body_bytes = 128 * 1024;
    /// Operators of one function that make a compiler begin a basic block: `block`, `loop`, `if`, `br_if`, `call_indirect`,
    /// `memory.grow`, `memory.copy`, `memory.fill`.
    blocks = 5_000;
    /// Blocks of all functions.
    blocks_all = 50_000;
    /// Compile work of one function, in units of about a microsecond of an optimising compiler: each operator counts, and
    /// one that begins a block counts the values alive there (decision 0014).
    work = 600_000;
    /// Compile work of all functions.
    work_all = 2_500_000;
    /// Values on the operand stack of one function.
    operand_depth = 1_024;
    /// Targets of one `br_table`, the default not counted.
    br_table_targets = 1_024;
    /// Targets of all `br_table`s of the module.
    br_table_targets_all = 16_384;
    /// Globals.
    globals = 256;
    /// Imports.
    imports = 128;
    /// Exports.
    exports = 1_024;
    /// Pages (64 KiB) of memory at first.
    initial_pages = 64;
    /// Pages (64 KiB) memory may grow to; a lower declared maximum stays.
    max_pages = 256;
    /// Entries of the table.
    table_elements = 4_096;
    /// Entries of all element segments: written anew for each call.
    segment_elements = 4_096;
    /// Data segments and element segments: each is work for each call.
    segments = 1_024;
    /// Custom sections.
    custom_sections = 16;
    /// Bytes of all custom sections.
    custom_bytes = 256 * 1024;
    /// How many times its own size a module may have after instrumentation.
    instrumented_factor = 4;
    /// Bytes of the instrumented module.
    instrumented_bytes = 8 * 1024 * 1024;
}

impl Caps {
    /// The largest size after instrumentation of a module of so many bytes.
    pub fn instrumented(&self, module_bytes: usize) -> u64 {
        (module_bytes as u64).saturating_mul(self.instrumented_factor.into()).min(self.instrumented_bytes.into())
    }

    /// What is contradictory in these caps, so that no node could keep them.
    pub fn contradiction(&self) -> Option<&'static str> {
        if self.initial_pages > self.max_pages {
            return Some("initial_pages is above max_pages");
        }
        if self.max_pages > PAGES_OF_4_GIB {
            return Some("max_pages is above 65536, the 4 GiB that 32 bits address");
        }
        if self.instrumented_factor == 0 {
            return Some("instrumented_factor is 0, so no module could be run");
        }
        None
    }
}

/// A set of WebAssembly features beyond the core of version 1.0. The list is closed: nothing else can be allowed to contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub struct Features(u32);

impl Features {
    /// None: the core of WebAssembly 1.0, without floats.
    pub const NONE: Self = Self(0);
    /// Mutable globals in imports and exports.
    pub const MUTABLE_GLOBALS: Self = Self(1);
    /// `i32.extend8_s` and its like.
    pub const SIGN_EXTENSION: Self = Self(1 << 1);
    /// Of bulk memory `memory.copy` and `memory.fill`, and the data count section.
    pub const COPY_AND_FILL: Self = Self(1 << 2);
    /// A table's index written in more bytes than it needs, as linkers do.
    pub const LONG_TABLE_INDICES: Self = Self(1 << 3);
    /// Everything on the list.
    pub const ALL: Self = Self(0b1111);

    const NAMES: [(Self, &'static str); 4] = [
        (Self::MUTABLE_GLOBALS, "mutable globals"),
        (Self::SIGN_EXTENSION, "sign extension"),
        (Self::COPY_AND_FILL, "memory.copy and memory.fill"),
        (Self::LONG_TABLE_INDICES, "over-long table indices"),
    ];

    /// True if all of `others` are in this set.
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Both sets together.
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// This set less `others`.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What the features of the set are called.
    pub fn names(self) -> Vec<&'static str> {
        Self::NAMES.iter().filter(|(feature, _)| self.contains(*feature)).map(|(_, name)| *name).collect()
    }
}

impl Decode for Features {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        let bits = u32::decode(input)?;
        if bits & !Self::ALL.0 != 0 {
            return Err("a WebAssembly feature this version does not know".into());
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{CodecError, decode};

    #[test]
    fn caps_read_back_and_an_unknown_feature_does_not() {
        let caps = Caps { locals: 7, features: Features::ALL.without(Features::SIGN_EXTENSION), ..Caps::default() };
        let bytes = caps.encode();
        assert_eq!(decode::<Caps>(&bytes), Ok(caps));
        let unknown = [&bytes[..bytes.len() - 4], &16u32.to_le_bytes()].concat();
        assert_eq!(decode::<Caps>(&unknown), Err(CodecError::Malformed));
    }

    #[test]
    fn a_set_of_features_names_its_members() {
        let set = Features::NONE.with(Features::SIGN_EXTENSION).with(Features::COPY_AND_FILL);
        assert_eq!(set.names(), ["sign extension", "memory.copy and memory.fill"]);
        assert!(set.contains(Features::NONE) && !set.contains(Features::ALL));
        assert_eq!(Features::ALL.names().len(), 4);
        assert_eq!(Features::NAMES.iter().fold(Features::NONE, |all, (one, _)| all.with(*one)), Features::ALL);
    }

    #[test]
    fn the_defaults_contradict_nothing_and_caps_that_do_say_what() {
        assert_eq!(Caps::default().contradiction(), None);
        let caps = |initial_pages, max_pages| Caps { initial_pages, max_pages, ..Caps::default() };
        assert!(caps(257, 256).contradiction().unwrap().contains("initial_pages"));
        assert!(caps(64, 65_537).contradiction().unwrap().contains("4 GiB"));
        assert_eq!(caps(65_536, 65_536).contradiction(), None);
        let none = Caps { instrumented_factor: 0, ..Caps::default() };
        assert!(none.contradiction().unwrap().contains("instrumented_factor"));
    }

    #[test]
    fn the_size_after_instrumentation_is_bounded_by_factor_and_by_bytes() {
        let caps = Caps { instrumented_factor: 4, instrumented_bytes: 1_000, ..Caps::default() };
        assert_eq!((caps.instrumented(10), caps.instrumented(250), caps.instrumented(251)), (40, 1_000, 1_000));
        assert_eq!(caps.instrumented(usize::MAX), 1_000);
    }
}
