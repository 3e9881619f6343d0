//! The spec model: what a contract says of itself inside its Wasm (section [`crate::export::SPEC_SECTION`]). The SDK's macros emit it, the
//! node reads it to turn JSON into bytes and back. Invariant: an index in [`Type::Named`] points into the same spec's `types`.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

pub mod describe;
pub mod encoding;
pub mod emit;
mod section;
mod check;
pub mod bounds;

pub use crate::export::MethodKind;
pub use check::{Flaw, Place, SpecError};

/// Everything a contract says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Spec {
    /// [`crate::ABI_VERSION`] it was built for.
    pub abi: u16,
    /// Name of the contract's struct.
    pub name: String,
    /// Version of its crate.
    pub version: String,
    /// Its documentation, as written.
    pub docs: String,
    /// Commit of its source, or empty when the build did not say (`COFFER_SOURCE_COMMIT`).
    pub source: String,
    /// Toolchain it was built with, or empty when the build did not say (`COFFER_TOOLCHAIN`).
    pub toolchain: String,
    /// Named types, referred to by index.
    pub types: Vec<TypeDef>,
    /// Methods in the order of the source.
    pub methods: Vec<Method>,
    /// Events in the order of their names.
    pub events: Vec<EventDef>,
    /// Storage fields in the order of the source.
    pub storage: Vec<StorageField>,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Method {
    /// Name as called; `init` and `migrate` are reserved.
    pub name: String,
    /// What it may do.
    pub kind: MethodKind,
    /// Documentation.
    pub docs: String,
    /// Arguments in the order of their encoding.
    pub args: Vec<Field>,
    /// What it returns when it succeeds.
    pub result: Type,
    /// Its error, an enum of `types`, if it can fail.
    pub error: Option<Type>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventDef {
    /// Name, as the host function `event` gets it.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// Fields in the order of their encoding.
    pub fields: Vec<Field>,
}

/// A name with a type: an argument, a struct's field, an event's field.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Field {
    /// Name as in the source.
    pub name: String,
    /// Type.
    pub ty: Type,
    /// Documentation.
    pub docs: String,
}

/// One field of a contract's storage.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StorageField {
    /// Name that its storage key derives from.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// What is stored.
    pub layout: Layout,
}

/// Shape of a storage field.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Layout {
    /// One value.
    Item(Type),
    /// Values by key; `ordered` maps are iterable in key order.
    Map {
        /// Type of the keys.
        key: Type,
        /// Type of the values.
        value: Type,
        /// True if scans visit it.
        ordered: bool,
    },
}

/// A named type.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TypeDef {
    /// Name as in the source.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// Its shape.
    pub shape: Shape,
}

/// Shape of a named type.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Shape {
    /// Named fields.
    Struct(Vec<Field>),
    /// Fields by position; one of them shows in JSON as that field alone.
    Tuple(Vec<Type>),
    /// Variants; the index in the list is the first byte of the encoding.
    Enum(Vec<Variant>),
}

/// One variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Variant {
    /// Name as in the source.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// What it carries.
    pub fields: VariantFields,
}

/// What a variant carries.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum VariantFields {
    /// Nothing.
    Unit,
    /// Fields by position.
    Tuple(Vec<Type>),
    /// Named fields.
    Struct(Vec<Field>),
}

/// A type of the contract interface. Encodings are SCALE's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Type {
    /// `()`.
    Unit,
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `u128`.
    U128,
    /// `i8`.
    I8,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `i128`.
    I128,
    /// `String`.
    String,
    /// `Vec<u8>`, hex in JSON.
    Bytes,
    /// `[u8; N]`, hex in JSON.
    FixedBytes(u32),
    /// [`crate::AccountId`].
    AccountId,
    /// [`crate::ContractId`].
    ContractId,
    /// [`crate::Hash`].
    Hash,
    /// `Option<T>`, `null` in JSON when absent.
    Option(Box<Type>),
    /// `Vec<T>`.
    List(Box<Type>),
    /// `[T; N]`.
    Array(Box<Type>, u32),
    /// `(A, B, …)`.
    Tuple(Vec<Type>),
    /// `BTreeMap<K, V>`, a list of pairs in JSON.
    Map(Box<Type>, Box<Type>),
    /// `BTreeSet<T>`.
    Set(Box<Type>),
    /// `Result<T, E>`.
    Result(Box<Type>, Box<Type>),
    /// Index into the spec's `types`.
    Named(u32),
}

impl StorageField {
    /// The bytes every storage key of this field starts with: kind, length of the name, name. Prefix-free among the fields of a
    /// contract, because the length comes before the name.
    pub fn key_prefix(&self) -> Vec<u8> {
        let ordered = matches!(self.layout, Layout::Map { ordered: true, .. });
        let kind = if ordered { crate::limits::KEY_ORDERED } else { crate::limits::KEY_PLAIN };
        let mut prefix = Vec::with_capacity(2 + self.name.len());
        prefix.push(kind);
        prefix.push(u8::try_from(self.name.len()).unwrap_or(u8::MAX));
        prefix.extend_from_slice(self.name.as_bytes());
        prefix
    }
}

impl Spec {
    /// The method of that name, whatever its kind.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.iter().find(|m| m.name == name)
    }

    /// The event of that name.
    pub fn event(&self, name: &str) -> Option<&EventDef> {
        self.events.iter().find(|e| e.name == name)
    }
}
