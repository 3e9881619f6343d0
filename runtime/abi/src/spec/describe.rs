//! The const side of the spec: what a Rust type is called and looks like, as a tree of statics that a plain build can evaluate.
//! Not here: the bytes ([`super::emit`]). Invariant: `T::TYPE` describes exactly what `T`'s SCALE encoding is.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode, Input, Output};

use super::MethodKind;
use crate::id::{AccountId, CodeHash, ContractId, Gas, Hash, Height, StateId, Time};

/// A type that can stand in a contract's interface or storage. Its encoding is SCALE's. The encoding is a part of the trait, so that a
/// type that lacks everything is told about once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in a contract's interface or storage",
    label = "this type is not known to the contract's spec",
    note = "if `{Self}` is a struct or enum of yours, write `#[contract_type]` above its definition",
    note = "possible are `bool`, `u8` to `u128`, `i8` to `i128`, `String`, `Vec`, `Option`, arrays, tuples, `BTreeMap`, `BTreeSet`, `AccountId`, `ContractId`, `Hash` and types with `#[contract_type]`"
)]
pub trait Describe: Encode + Decode {
    /// The description.
    const TYPE: &'static Ty;
}

/// An enum that a method may fail with.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a contract error",
    label = "not a contract error",
    note = "the error of a method is an enum with `#[error]` above its definition"
)]
pub trait ContractError: Describe {}

/// What a method may return: a value, or `Result` of a value and a contract error.
#[diagnostic::on_unimplemented(
    message = "a method cannot return `{Self}`",
    label = "not a value of the contract's interface",
    note = "return nothing, a value, or `Result<value, error>` with an `#[error]` enum; write `#[contract_type]` above a struct or enum of yours",
    note = "a `Result` stands outermost, never inside of another type"
)]
pub trait Returns {
    /// What it returns when it succeeds.
    type Value: Describe;
    /// What it fails with.
    type Error: Encode + Decode;
    /// Description of the error, if it can fail.
    const ERROR: Option<&'static Ty>;

    /// Success and failure told apart.
    ///
    /// # Errors
    /// The method's own error.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// Success and failure put together again, as whoever called the method sees them.
    fn from_result(result: Result<Self::Value, Self::Error>) -> Self;
}

/// The error of a method that cannot fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Encode for Never {
    fn encode_to<O: Output + ?Sized>(&self, _: &mut O) {
        match *self {}
    }
}

impl Decode for Never {
    fn decode<I: Input>(_: &mut I) -> Result<Self, parity_scale_codec::Error> {
        Err("no bytes encode an error of a method that cannot fail".into())
    }
}

impl<T: Describe> Returns for T {
    type Value = T;
    type Error = Never;
    const ERROR: Option<&'static Ty> = None;

    fn into_result(self) -> Result<T, Never> {
        Ok(self)
    }

    fn from_result(result: Result<T, Never>) -> T {
        match result {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }
}

// `Result` itself has no `Describe`, so these two impls cannot overlap, and an error can never be mistaken for a success.
impl<T: Describe, E: ContractError> Returns for Result<T, E> {
    type Value = T;
    type Error = E;
    const ERROR: Option<&'static Ty> = Some(E::TYPE);

    fn into_result(self) -> Result<T, E> {
        self
    }

    fn from_result(result: Result<T, E>) -> Result<T, E> {
        result
    }
}

/// A type; each variant stands for the one of the same name in [`super::Type`].
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each variant has its meaning in `super::Type`")]
pub enum Ty {
    Unit,
    Bool,
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    String,
    Bytes,
    FixedBytes(u32),
    AccountId,
    ContractId,
    Hash,
    Option(&'static Ty),
    List(&'static Ty),
    Array(&'static Ty, u32),
    Tuple(&'static [&'static Ty]),
    Map(&'static Ty, &'static Ty),
    Set(&'static Ty),
    Named(&'static NamedTy),
}

/// A struct or enum.
#[derive(Clone, Copy, Debug)]
pub struct NamedTy {
    /// Where it is defined; tells two types of one name apart and is not emitted.
    pub id: &'static str,
    /// Name as in the source.
    pub name: &'static str,
    /// Documentation.
    pub docs: &'static str,
    /// Its shape.
    pub shape: ShapeDesc,
}

/// Shape of a named type.
#[derive(Clone, Copy, Debug)]
pub enum ShapeDesc {
    /// Named fields.
    Struct(&'static [FieldDesc]),
    /// Fields by position.
    Tuple(&'static [&'static Ty]),
    /// Variants in the order of their indices.
    Enum(&'static [VariantDesc]),
}

/// A variant; what it carries is a struct's or tuple's shape, and an empty tuple is a unit variant.
#[derive(Clone, Copy, Debug)]
pub struct VariantDesc {
    /// Name as in the source.
    pub name: &'static str,
    /// Documentation.
    pub docs: &'static str,
    /// What it carries.
    pub fields: ShapeDesc,
}

/// An argument or field.
#[derive(Clone, Copy, Debug)]
pub struct FieldDesc {
    /// Name as in the source.
    pub name: &'static str,
    /// Type.
    pub ty: &'static Ty,
    /// Documentation.
    pub docs: &'static str,
}

/// A method.
#[derive(Clone, Copy, Debug)]
pub struct MethodDesc {
    /// Name as called.
    pub name: &'static str,
    /// What it may do.
    pub kind: MethodKind,
    /// Documentation.
    pub docs: &'static str,
    /// Arguments in order.
    pub args: &'static [FieldDesc],
    /// What it returns when it succeeds.
    pub result: &'static Ty,
    /// What it fails with.
    pub error: Option<&'static Ty>,
}

/// Shape of a storage field.
#[derive(Clone, Copy, Debug)]
pub enum LayoutDesc {
    /// One value.
    Item(&'static Ty),
    /// Values by key.
    Map {
        /// Type of the keys.
        key: &'static Ty,
        /// Type of the values.
        value: &'static Ty,
        /// True if scans visit it.
        ordered: bool,
    },
}

/// A storage field.
#[derive(Clone, Copy, Debug)]
pub struct StorageDesc {
    /// Name its key derives from.
    pub name: &'static str,
    /// Documentation.
    pub docs: &'static str,
    /// What is stored.
    pub layout: LayoutDesc,
}

/// A contract, without its events.
#[derive(Clone, Copy, Debug)]
pub struct ContractDesc {
    /// Name of the struct.
    pub name: &'static str,
    /// Version of its crate.
    pub version: &'static str,
    /// Documentation.
    pub docs: &'static str,
    /// Commit of the source, or empty.
    pub source: &'static str,
    /// Toolchain, or empty.
    pub toolchain: &'static str,
    /// Methods in the order of the source.
    pub methods: &'static [MethodDesc],
    /// Storage fields in the order of the source.
    pub storage: &'static [StorageDesc],
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct EventDesc {
    /// Name as emitted.
    pub name: &'static str,
    /// Documentation.
    pub docs: &'static str,
    /// Fields in order.
    pub fields: &'static [FieldDesc],
}

macro_rules! describe {
    ($($rust:ty => $ty:expr;)*) => {
        $(impl Describe for $rust {
            const TYPE: &'static Ty = &$ty;
        })*
    };
}
describe! {
    () => Ty::Unit;
    bool => Ty::Bool;
    u8 => Ty::U8;
    u16 => Ty::U16;
    u32 => Ty::U32;
    u64 => Ty::U64;
    u128 => Ty::U128;
    i8 => Ty::I8;
    i16 => Ty::I16;
    i32 => Ty::I32;
    i64 => Ty::I64;
    i128 => Ty::I128;
    String => Ty::String;
    AccountId => Ty::AccountId;
    ContractId => Ty::ContractId;
    Hash => Ty::Hash;
    CodeHash => Ty::FixedBytes(32);
    StateId => Ty::FixedBytes(32);
    Gas => Ty::U64;
    Height => Ty::U64;
    Time => Ty::U64;
}

impl<T: Describe> Describe for Box<T> {
    const TYPE: &'static Ty = T::TYPE;
}

impl<T: Describe> Describe for Option<T> {
    const TYPE: &'static Ty = &Ty::Option(T::TYPE);
}

impl<T: Describe> Describe for Vec<T> {
    const TYPE: &'static Ty = match T::TYPE {
        Ty::U8 => &Ty::Bytes,
        inner => &Ty::List(inner),
    };
}

impl<T: Describe, const N: usize> Describe for [T; N] {
    const TYPE: &'static Ty = match T::TYPE {
        Ty::U8 => &Ty::FixedBytes(length(N)),
        inner => &Ty::Array(inner, length(N)),
    };
}

const fn length(n: usize) -> u32 {
    assert!(n <= super::bounds::MAX_MIN_SIZE, "this array is too long for a contract's interface or storage");
    n as u32
}

impl<K: Describe + Ord, V: Describe> Describe for BTreeMap<K, V> {
    const TYPE: &'static Ty = &Ty::Map(K::TYPE, V::TYPE);
}

impl<T: Describe + Ord> Describe for BTreeSet<T> {
    const TYPE: &'static Ty = &Ty::Set(T::TYPE);
}

macro_rules! describe_tuples {
    ($first:ident $($rest:ident)*) => {
        impl<$first: Describe, $($rest: Describe),*> Describe for ($first, $($rest,)*) {
            const TYPE: &'static Ty = &Ty::Tuple(&[$first::TYPE, $($rest::TYPE),*]);
        }
        describe_tuples!($($rest)*);
    };
    () => {};
}
describe_tuples!(A B C D E F G H I J K L);
