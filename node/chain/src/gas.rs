//! What the actions of a transaction cost on top of what they execute; what executing costs stands in the runtime's schedule. A unit is
//! about a fifth of a nanosecond. Invariant: a number here never changes on a running chain.

/// Gas of any deployment.
pub const DEPLOY: u64 = 100_000;
/// Gas of each byte of a module that is deployed or takes another's place: it is validated, compiled and kept. Compiling is most of it; the
/// largest module that may be uploaded is within the gas of one transaction.
pub const MODULE_BYTE: u64 = 900;
/// Gas of a void: it stays in the public state for good.
pub const VOID: u64 = 200_000;
/// Gas of any change of a contract.
pub const CHANGE: u64 = 60_000;
/// Gas of each consent: its signature is verified.
pub const CONSENT: u64 = 200_000;
/// Gas that the call of a recovery may use, whatever the parameters: it costs nobody anything.
pub const RECOVERY: u64 = 4_000_000_000;
/// Gas of each byte of the module that is replaced: it is read for its layout.
pub const COMPARE_BYTE: u64 = 4;
