//! What a sound spec is: names, references, bounds, no recursion. Whoever holds a [`Spec`] made by `from_section` relies on all of it.
//! Not here: decoding (`section`). Invariant: no check recurses deeper than [`MAX_DEPTH`].

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::bounds::{MAX_DEPTH, MAX_LIST, MAX_MIN_SIZE, MAX_NAME, MAX_SECTION, MAX_TEXT};
use super::section::record_name;
use super::{EventDef, Field, Layout, Method, MethodKind, Shape, Spec, Type, TypeDef, VariantFields};
use crate::codec::CodecError;
use crate::export::{INIT, MIGRATE, is_method_name};

/// Why a section is not a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// The section is above [`MAX_SECTION`]; carries its bytes.
    TooLarge {
        /// Bytes of the section.
        used: usize,
    },
    /// A record ends before its length says.
    Truncated {
        /// Position in the section, from 0.
        record: usize,
    },
    /// A record of a kind this version does not know.
    UnknownRecord {
        /// Position in the section, from 0.
        record: usize,
        /// Its first byte.
        kind: u8,
    },
    /// A record's bytes are not of its kind.
    Malformed {
        /// Position in the section, from 0.
        record: usize,
        /// What the codec says.
        cause: CodecError,
    },
    /// Built for another version of the agreement between guest and host.
    OtherAbi {
        /// The version it was built for.
        found: u16,
    },
    /// No contract is described.
    NoContract,
    /// One module holds two contracts.
    TwoContracts {
        /// The one met first.
        first: String,
        /// The other.
        second: String,
    },
    /// It could be read, but it does not make sense.
    Invalid {
        /// Where.
        place: Place,
        /// What.
        flaw: Flaw,
    },
}

impl SpecError {
    pub(super) fn invalid(place: Place, flaw: Flaw) -> Self {
        Self::Invalid { place, flaw }
    }
}

/// A place in a spec. A name in it has passed the check of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The contract itself.
    Contract,
    /// Method at a position.
    MethodAt(usize),
    /// Method.
    Method(String),
    /// Event at a position.
    EventAt(usize),
    /// Event.
    Event(String),
    /// Named type at a position.
    TypeAt(usize),
    /// Named type.
    Type(String),
    /// Storage field at a position.
    StorageAt(usize),
    /// Storage field.
    Storage(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract => f.write_str("the contract"),
            Self::MethodAt(i) => write!(f, "method number {i}"),
            Self::Method(name) => write!(f, "method `{name}`"),
            Self::EventAt(i) => write!(f, "event number {i}"),
            Self::Event(name) => write!(f, "event `{name}`"),
            Self::TypeAt(i) => write!(f, "type number {i}"),
            Self::Type(name) => write!(f, "type `{name}`"),
            Self::StorageAt(i) => write!(f, "storage field number {i}"),
            Self::Storage(name) => write!(f, "storage field `{name}`"),
        }
    }
}

macro_rules! flaws {
    ($($(#[$doc:meta])* $flaw:ident = $text:literal,)*) => {
        /// What is wrong at a place of a spec.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Flaw { $($(#[$doc])* $flaw,)* }

        impl fmt::Display for Flaw {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$flaw => $text,)* })
            }
        }
    };
}
flaws! {
    /// A name is no identifier.
    Name = "has a name that is not 1 to 64 letters, digits or `_`, the first no digit",
    /// A method's name is not what an export can carry.
    MethodName = "has a method name that is not 1 to 64 of a-z, 0-9 or `_`, the first a letter",
    /// `init` or `migrate` with another kind, or the other way round.
    Reserved = "has a name that does not fit its kind: `init` and `migrate` are reserved, and only they are of these kinds",
    /// A name stands twice in one list.
    Duplicate = "stands there twice, or holds a name twice",
    /// Two types have one name and differ.
    TwoTypes = "has two different definitions",
    /// A text above [`MAX_TEXT`].
    Text = "has a text above 8 KiB",
    /// A list above [`MAX_LIST`].
    List = "has a list of more than 256 members",
    /// An index points behind the end of the types.
    Index = "refers to a type that is not in the spec",
    /// A type contains itself.
    Recursive = "has a type that contains itself",
    /// Nested deeper than [`MAX_DEPTH`].
    Depth = "has a type nested deeper than 32 levels",
    /// A list, set or map of elements without bytes: its length would bound nothing.
    EmptyElement = "has a list, set, map or array of elements that take no bytes",
    /// The smallest value is above [`MAX_MIN_SIZE`].
    Size = "has a type whose smallest value is above 256 KiB",
    /// An enum without variants.
    NoVariant = "is an enum without variants",
    /// A method's error is not an enum.
    ErrorType = "has an error that is not an enum of the spec",
    /// Events stand in records of their own.
    EventsInContract = "has events in its own record",
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { used } => write!(f, "the contract's spec has {used} bytes, allowed are {MAX_SECTION}"),
            Self::Truncated { record } => write!(f, "{} is cut off", record_name(*record)),
            Self::UnknownRecord { record, kind } => {
                write!(f, "{} is of kind {kind}, which this version does not know", record_name(*record))
            }
            Self::Malformed { record, cause } => write!(f, "{}: {cause}", record_name(*record)),
            Self::OtherAbi { found } => {
                let known = crate::ABI_VERSION;
                write!(
                    f,
                    "the contract was built for ABI version {found}; this node has {known}: rebuild it with a fitting SDK"
                )
            }
            Self::NoContract => f.write_str(
                "the module does not describe a contract: build it with `#[contract]` and do not strip custom sections",
            ),
            Self::TwoContracts { first, second } => {
                write!(f, "the module holds two contracts, `{first}` and `{second}`: put each into a crate of its own")
            }
            Self::Invalid { place, flaw } => write!(f, "spec of the contract: {place} {flaw}"),
        }
    }
}

impl core::error::Error for SpecError {}

/// A name is 1 to [`MAX_NAME`] ASCII letters, digits and `_`, and starts with no digit.
pub(super) fn name(name: &str) -> Result<(), Flaw> {
    let ok = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let sound = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(ok) && !name.as_bytes()[0].is_ascii_digit();
    if sound { Ok(()) } else { Err(Flaw::Name) }
}

fn text(text: &str) -> Result<(), Flaw> {
    if text.len() <= MAX_TEXT { Ok(()) } else { Err(Flaw::Text) }
}

fn list<T>(list: &[T]) -> Result<(), Flaw> {
    if list.len() <= MAX_LIST { Ok(()) } else { Err(Flaw::List) }
}

fn unique<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<(), Flaw> {
    let mut seen = BTreeSet::new();
    if names.into_iter().all(|name| seen.insert(name)) { Ok(()) } else { Err(Flaw::Duplicate) }
}

fn fields(fields: &[Field]) -> Result<(), Flaw> {
    list(fields)?;
    for field in fields {
        name(&field.name)?;
        text(&field.docs)?;
    }
    unique(fields.iter().map(|field| field.name.as_str()))
}

/// Names, lists and references of a table of types; not yet what they nest to.
pub(super) fn types(types: &[TypeDef]) -> Result<(), SpecError> {
    list(types).map_err(|flaw| SpecError::invalid(Place::Contract, flaw))?;
    for (i, def) in types.iter().enumerate() {
        name(&def.name).map_err(|flaw| SpecError::invalid(Place::TypeAt(i), flaw))?;
        type_def(def, types.len()).map_err(|flaw| SpecError::invalid(Place::Type(def.name.clone()), flaw))?;
    }
    unique(types.iter().map(|def| def.name.as_str())).map_err(|flaw| SpecError::invalid(Place::Contract, flaw))
}

fn type_def(def: &TypeDef, known: usize) -> Result<(), Flaw> {
    text(&def.docs)?;
    match &def.shape {
        Shape::Struct(members) => fields(members)?,
        Shape::Tuple(parts) => list(parts)?,
        Shape::Enum(variants) => {
            list(variants)?;
            if variants.is_empty() {
                return Err(Flaw::NoVariant);
            }
            for variant in variants {
                name(&variant.name)?;
                text(&variant.docs)?;
                match &variant.fields {
                    VariantFields::Unit => {}
                    VariantFields::Tuple(parts) => list(parts)?,
                    VariantFields::Struct(members) => fields(members)?,
                }
            }
            unique(variants.iter().map(|variant| variant.name.as_str()))?;
        }
    }
    members(&def.shape).into_iter().try_for_each(|ty| references(ty, known))
}

/// All types that stand directly in a shape.
fn members(shape: &Shape) -> Vec<&Type> {
    match shape {
        Shape::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
        Shape::Tuple(parts) => parts.iter().collect(),
        Shape::Enum(variants) => variants.iter().flat_map(|variant| variant_members(&variant.fields)).collect(),
    }
}

fn variant_members(fields: &VariantFields) -> Vec<&Type> {
    match fields {
        VariantFields::Unit => Vec::new(),
        VariantFields::Tuple(parts) => parts.iter().collect(),
        VariantFields::Struct(fields) => fields.iter().map(|field| &field.ty).collect(),
    }
}

fn references(ty: &Type, known: usize) -> Result<(), Flaw> {
    match ty {
        Type::Named(index) if *index as usize >= known => Err(Flaw::Index),
        Type::Option(inner) | Type::List(inner) | Type::Array(inner, _) | Type::Set(inner) => references(inner, known),
        Type::Map(a, b) | Type::Result(a, b) => references(a, known).and_then(|()| references(b, known)),
        Type::Tuple(parts) => {
            list(parts)?;
            parts.iter().try_for_each(|part| references(part, known))
        }
        _ => Ok(()),
    }
}

/// An event refers only to the types of its own record.
pub(super) fn event_references(event: &EventDef, known: usize) -> Result<(), SpecError> {
    let checked = event.fields.iter().try_for_each(|field| references(&field.ty, known));
    checked.map_err(|flaw| SpecError::invalid(Place::Event(event.name.clone()), flaw))
}

impl Spec {
    /// Everything that can be said once the records are merged.
    pub(super) fn check(&self) -> Result<(), SpecError> {
        let contract = |flaw| SpecError::invalid(Place::Contract, flaw);
        [&self.version, &self.docs, &self.source, &self.toolchain]
            .into_iter()
            .try_for_each(|t| text(t))
            .map_err(contract)?;
        list(&self.types)
            .and(list(&self.methods))
            .and(list(&self.events))
            .and(list(&self.storage))
            .map_err(contract)?;
        let mut sizes = Sizes { types: &self.types, known: alloc::vec![Known::No; self.types.len()] };
        for (i, def) in self.types.iter().enumerate() {
            sizes.named(i, 0).map_err(|flaw| SpecError::invalid(Place::Type(def.name.clone()), flaw))?;
        }
        for (i, method) in self.methods.iter().enumerate() {
            if !is_method_name(&method.name) {
                return Err(SpecError::invalid(Place::MethodAt(i), Flaw::MethodName));
            }
            self.check_method(method, &mut sizes)
                .map_err(|flaw| SpecError::invalid(Place::Method(method.name.clone()), flaw))?;
        }
        unique(self.methods.iter().map(|m| m.name.as_str())).map_err(contract)?;
        for event in &self.events {
            let checked = text(&event.docs)
                .and_then(|()| fields(&event.fields))
                .and_then(|()| event.fields.iter().try_for_each(|field| sizes.ty(&field.ty, 0).map(drop)));
            checked.map_err(|flaw| SpecError::invalid(Place::Event(event.name.clone()), flaw))?;
        }
        unique(self.events.iter().map(|e| e.name.as_str())).map_err(contract)?;
        for (i, field) in self.storage.iter().enumerate() {
            name(&field.name).map_err(|flaw| SpecError::invalid(Place::StorageAt(i), flaw))?;
            let checked = text(&field.docs).and_then(|()| match &field.layout {
                Layout::Item(value) => references(value, self.types.len()).and_then(|()| sizes.ty(value, 0).map(drop)),
                Layout::Map { key, value, .. } => [key, value].into_iter().try_for_each(|ty| {
                    references(ty, self.types.len())?;
                    sizes.ty(ty, 0).map(drop)
                }),
            });
            checked.map_err(|flaw| SpecError::invalid(Place::Storage(field.name.clone()), flaw))?;
        }
        unique(self.storage.iter().map(|f| f.name.as_str())).map_err(contract)
    }

    fn check_method(&self, method: &Method, sizes: &mut Sizes<'_>) -> Result<(), Flaw> {
        let fits = match method.kind {
            MethodKind::Init => method.name == INIT,
            MethodKind::Migrate => method.name == MIGRATE,
            MethodKind::Call | MethodKind::View => method.name != INIT && method.name != MIGRATE,
        };
        if !fits {
            return Err(Flaw::Reserved);
        }
        text(&method.docs)?;
        fields(&method.args)?;
        let types = method.args.iter().map(|arg| &arg.ty).chain([&method.result]).chain(&method.error);
        for ty in types {
            references(ty, self.types.len())?;
            sizes.ty(ty, 0)?;
        }
        match &method.error {
            None => Ok(()),
            Some(Type::Named(index)) if matches!(self.types[*index as usize].shape, Shape::Enum(_)) => Ok(()),
            Some(_) => Err(Flaw::ErrorType),
        }
    }
}

/// What is known of a named type.
#[derive(Clone, Copy)]
enum Known {
    No,
    InProgress,
    Yes(Extent),
}

/// Levels of a type, and bytes of its smallest value.
#[derive(Clone, Copy)]
struct Extent {
    levels: usize,
    bytes: usize,
}

struct Sizes<'a> {
    types: &'a [TypeDef],
    known: Vec<Known>,
}

impl Sizes<'_> {
    fn named(&mut self, index: usize, above: usize) -> Result<Extent, Flaw> {
        match self.known[index] {
            Known::InProgress => Err(Flaw::Recursive),
            Known::Yes(extent) if above + extent.levels > MAX_DEPTH => Err(Flaw::Depth),
            Known::Yes(extent) => Ok(extent),
            Known::No if above >= MAX_DEPTH => Err(Flaw::Depth),
            Known::No => {
                self.known[index] = Known::InProgress;
                let def = &self.types[index];
                let extent = match &def.shape {
                    Shape::Enum(variants) => {
                        let mut levels = 0;
                        let mut bytes = usize::MAX;
                        for variant in variants {
                            let extent = self.all(variant_members(&variant.fields), above + 1)?;
                            levels = levels.max(extent.levels);
                            bytes = bytes.min(extent.bytes);
                        }
                        Extent { levels, bytes: bytes.saturating_add(1) }
                    }
                    shape => self.all(members(shape), above + 1)?,
                };
                let extent = deeper(extent, above)?;
                self.known[index] = Known::Yes(extent);
                Ok(extent)
            }
        }
    }

    /// Extent of a type that stands under `above` other levels.
    fn ty(&mut self, ty: &Type, above: usize) -> Result<Extent, Flaw> {
        if above >= MAX_DEPTH {
            return Err(Flaw::Depth);
        }
        let leaf = |bytes| Extent { levels: 0, bytes };
        let extent = match ty {
            Type::Unit => leaf(0),
            Type::Bool | Type::U8 | Type::I8 | Type::String | Type::Bytes => leaf(1),
            Type::U16 | Type::I16 => leaf(2),
            Type::U32 | Type::I32 => leaf(4),
            Type::U64 | Type::I64 => leaf(8),
            Type::U128 | Type::I128 => leaf(16),
            Type::AccountId | Type::ContractId | Type::Hash => leaf(32),
            Type::FixedBytes(n) => leaf(*n as usize),
            Type::Option(inner) => Extent { bytes: 1, ..self.ty(inner, above + 1)? },
            Type::List(inner) | Type::Set(inner) => Extent { bytes: 1, ..self.element(inner, above)? },
            Type::Array(inner, 0) => Extent { bytes: 0, ..self.ty(inner, above + 1)? },
            Type::Array(inner, n) => {
                let inner = self.element(inner, above)?;
                Extent { bytes: inner.bytes.saturating_mul(*n as usize), ..inner }
            }
            Type::Map(key, value) => {
                let levels = self.element(key, above)?.levels.max(self.ty(value, above + 1)?.levels);
                Extent { levels, bytes: 1 }
            }
            Type::Result(a, b) => {
                let (a, b) = (self.ty(a, above + 1)?, self.ty(b, above + 1)?);
                Extent { levels: a.levels.max(b.levels), bytes: a.bytes.min(b.bytes).saturating_add(1) }
            }
            Type::Tuple(parts) => self.all(parts.iter().collect(), above + 1)?,
            Type::Named(index) => return self.named(*index as usize, above),
        };
        deeper(extent, above)
    }

    fn element(&mut self, ty: &Type, above: usize) -> Result<Extent, Flaw> {
        let extent = self.ty(ty, above + 1)?;
        if extent.bytes == 0 { Err(Flaw::EmptyElement) } else { Ok(extent) }
    }

    fn all(&mut self, types: Vec<&Type>, above: usize) -> Result<Extent, Flaw> {
        let mut sum = Extent { levels: 0, bytes: 0 };
        for ty in types {
            let extent = self.ty(ty, above)?;
            sum = Extent { levels: sum.levels.max(extent.levels), bytes: sum.bytes.saturating_add(extent.bytes) };
        }
        Ok(sum)
    }
}

fn deeper(extent: Extent, above: usize) -> Result<Extent, Flaw> {
    let levels = extent.levels + 1;
    if above + levels > MAX_DEPTH {
        return Err(Flaw::Depth);
    }
    if extent.bytes > MAX_MIN_SIZE { Err(Flaw::Size) } else { Ok(Extent { levels, ..extent }) }
}
