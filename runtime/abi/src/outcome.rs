//! How a call ends: what every node computes alike and a receipt keeps. Never here: what only one node suffered (a fault).
//! Invariant: the codes are a closed set; engine text never enters an outcome.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use parity_scale_codec::{Decode, Encode};

use crate::id::ContractId;

/// What a contract told the world.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Event {
    /// Who emitted it.
    pub contract: ContractId,
    /// Name as in the spec.
    pub name: String,
    /// Canonical encoding of the event's fields.
    pub data: Vec<u8>,
}

/// How a call ended. Everything but `Ok` leaves no write and no event behind.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Status {
    /// It returned; carries the encoded result.
    Ok(Vec<u8>),
    /// The contract returned an error of its own.
    Failed {
        /// Index of the error's variant in the spec.
        code: u32,
        /// Encoding of the whole error value.
        data: Vec<u8>,
    },
    /// The contract panicked; carries its text, cut at [`crate::limits::MAX_PANIC`] bytes.
    Panicked(String),
    /// The gas limit was reached.
    OutOfGas,
    /// The code did what the rules of Wasm or of the host forbid.
    Trapped(TrapKind),
    /// Nothing ran.
    Refused(Refused),
}

impl Status {
    /// True if the call's writes count.
    pub const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable name for clients, in camelCase.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

codes!(
    /// Why a call trapped.
    TrapKind {
        /// `unreachable` was executed.
        Unreachable = "unreachable",
        /// A load, store or bulk operation outside of linear memory.
        MemoryOutOfBounds = "memoryOutOfBounds",
        /// A table access outside of the table.
        TableOutOfBounds = "tableOutOfBounds",
        /// `call_indirect` through an empty table entry.
        IndirectCallToNull = "indirectCallToNull",
        /// `call_indirect` with another signature than the callee's.
        BadSignature = "badSignature",
        /// `i32::MIN / -1` and its like.
        IntegerOverflow = "integerOverflow",
        /// Division by zero.
        DivisionByZero = "divisionByZero",
        /// The logical stack limit was reached.
        StackExhausted = "stackExhausted",
        /// A view tried to write or to emit an event.
        ReadOnly = "readOnly",
        /// A pointer and length given to a host function are not inside linear memory.
        BadPointer = "badPointer",
        /// A storage key is empty, too long, or its first byte is no known kind.
        BadKey = "badKey",
        /// Text given to a host function is not UTF-8, or a name is empty.
        BadText = "badText",
        /// A value, event, result or their number is above its bound.
        LimitExceeded = "limitExceeded",
        /// A second `output` or `error` in one call.
        DoubleOutput = "doubleOutput",
        /// The method returned without `output` or `error`.
        NoOutput = "noOutput",
        /// An id, key, salt or signature given to a host function has another length than it must have.
        BadLength = "badLength",
    }
);

codes!(
    /// Why nothing ran.
    Refused {
        /// There is no such contract in this state.
        NoSuchContract = "noSuchContract",
        /// The contract has no such method of the kind asked for.
        NoSuchMethod = "noSuchMethod",
        /// The module does not satisfy the validator.
        InvalidCode = "invalidCode",
        /// A contract with this id exists already.
        ContractExists = "contractExists",
        /// Arguments above [`crate::limits::MAX_INPUT`].
        InputTooLarge = "inputTooLarge",
        /// Deployment arguments were given, but the contract has no `init`.
        NoInit = "noInit",
        /// The call was for another chain or state, or past its last valid height, when it was executed.
        NotValidHere = "notValidHere",
        /// The same call was executed before.
        Replayed = "replayed",
        /// A signature, the sealed payload, or their link to the marker does not hold.
        BadPayload = "badPayload",
        /// A contract called another one deeper than [`crate::limits::MAX_DEPTH`].
        TooDeep = "tooDeep",
        /// The contract is in the middle of a call already, and the method is not declared re-entrant.
        ReEntered = "reEntered",
        /// Private code asked to write to a public contract.
        NotWritable = "notWritable",
        /// No code of that hash is stored in this state.
        NoSuchCode = "noSuchCode",
        /// The contract's authority is renounced: its code and authority stay as they are.
        NoAuthority = "noAuthority",
        /// The sender is not the contract's authority, or the consent of one of its parties is not there.
        NotAuthorised = "notAuthorised",
        /// The contract was changed since the transaction was made.
        OtherRevision = "otherRevision",
        /// The consent of a party is for another change, contract, revision or chain, or not signed by the party.
        BadConsent = "badConsent",
        /// The consent of a party was valid up to a lower height.
        ConsentExpired = "consentExpired",
        /// The contract has this code already.
        SameCode = "sameCode",
        /// The new code stores in another form what the old code stored, and has no `migrate`.
        LayoutChanged = "layoutChanged",
        /// Arguments for `migrate` were given, but the new code has none.
        NoMigrate = "noMigrate",
        /// The account may not do this for the party that sends: it or its organisation is not there or not active, its role does not go so far, or the party did not authorise it.
        MayNotAct = "mayNotAct",
        /// The call touched a contract whose privacy flag demands parties that it does not name.
        NotAllNamed = "notAllNamed",
        /// The call read something else than when it was prepared.
        OtherReads = "otherReads",
        /// A change of members does not fit the contracts as they are, or who sends it may not make it.
        OtherMembers = "otherMembers",
    }
);
