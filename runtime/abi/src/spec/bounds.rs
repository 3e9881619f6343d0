//! Bounds on a spec. The SDK keeps them when it emits one, the node checks them when it reads one. Not network rules: a contract
//! with a spec above them is refused before it is deployed, and a running contract never needs its spec.

/// Bytes of the whole section; the validator's cap on custom sections is the same.
pub const MAX_SECTION: usize = 256 * 1024;
/// Bytes of a name: of a contract, type, field, argument, method or event.
pub const MAX_NAME: usize = 64;
/// Bytes of one documentation text, and of version, source and toolchain.
pub const MAX_TEXT: usize = 8 * 1024;
/// Methods, events, storage fields, named types, and members of one list (arguments, fields, variants, tuple parts), each.
pub const MAX_LIST: usize = 256;
/// Levels of nesting of a type, named types followed. Recursive types have no bound and are refused.
pub const MAX_DEPTH: usize = 32;
/// Bytes the smallest value of a type may take: a type above it could never cross the interface.
pub const MAX_MIN_SIZE: usize = crate::limits::MAX_INPUT;

const _: () = assert!(MAX_NAME <= crate::limits::MAX_METHOD && MAX_NAME <= crate::limits::MAX_EVENT_NAME);
const _: () = assert!(2 * MAX_DEPTH <= crate::codec::MAX_DEPTH as usize);
