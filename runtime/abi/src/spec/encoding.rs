//! What can be said of the encoding of a type while a contract is compiled. The SDK leaves out of a contract what its types never need:
//! allocation for values that fit on the stack, comparison for values that have one spelling.

use super::describe::{FieldDesc, ShapeDesc, Ty};

impl Ty {
    /// True if a decoder that reads all bytes can still accept a second spelling of a value: sets and maps out of order. Everything
    /// else has one spelling in SCALE.
    pub const fn has_loose_order(&self) -> bool {
        match self {
            Self::Map(..) | Self::Set(_) => true,
            Self::Option(inner) | Self::List(inner) | Self::Array(inner, _) => inner.has_loose_order(),
            Self::Tuple(parts) => any_loose(parts),
            Self::Named(named) => named.shape.has_loose_order(),
            _ => false,
        }
    }

    /// Bytes of the longest encoding of a value; `usize::MAX` if there is no bound.
    pub const fn max_size(&self) -> usize {
        match self {
            Self::Unit => 0,
            Self::Bool | Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 => 8,
            Self::U128 | Self::I128 => 16,
            Self::AccountId | Self::ContractId | Self::Hash => 32,
            Self::FixedBytes(n) => *n as usize,
            Self::String | Self::Bytes | Self::List(_) | Self::Map(..) | Self::Set(_) => usize::MAX,
            Self::Option(inner) => inner.max_size().saturating_add(1),
            Self::Array(inner, n) => inner.max_size().saturating_mul(*n as usize),
            Self::Tuple(parts) => sum(parts),
            Self::Named(named) => named.shape.max_size(),
        }
    }
}

impl ShapeDesc {
    const fn has_loose_order(&self) -> bool {
        match *self {
            Self::Tuple(parts) => any_loose(parts),
            Self::Struct(mut fields) => {
                while let [first, rest @ ..] = fields {
                    if first.ty.has_loose_order() {
                        return true;
                    }
                    fields = rest;
                }
                false
            }
            Self::Enum(mut variants) => {
                while let [first, rest @ ..] = variants {
                    if first.fields.has_loose_order() {
                        return true;
                    }
                    variants = rest;
                }
                false
            }
        }
    }

    const fn max_size(&self) -> usize {
        match *self {
            Self::Tuple(parts) => sum(parts),
            Self::Struct(fields) => max_size_of_fields(fields),
            Self::Enum(mut variants) => {
                let mut largest = 0;
                while let [first, rest @ ..] = variants {
                    let size = first.fields.max_size();
                    if size > largest {
                        largest = size;
                    }
                    variants = rest;
                }
                largest.saturating_add(1)
            }
        }
    }
}

/// Bytes of the longest encoding of some fields, one after the other; `usize::MAX` if there is no bound.
pub const fn max_size_of_fields(mut fields: &[FieldDesc]) -> usize {
    let mut size = 0usize;
    while let [first, rest @ ..] = fields {
        size = size.saturating_add(first.ty.max_size());
        fields = rest;
    }
    size
}

const fn any_loose(mut parts: &[&Ty]) -> bool {
    while let [first, rest @ ..] = parts {
        if first.has_loose_order() {
            return true;
        }
        parts = rest;
    }
    false
}

const fn sum(mut parts: &[&Ty]) -> usize {
    let mut size = 0usize;
    while let [first, rest @ ..] = parts {
        size = size.saturating_add(first.max_size());
        parts = rest;
    }
    size
}
