//! The order of map keys and set members: that of Rust's `Ord` on the decoded values, which the encodings themselves do not have
//! (numbers are little-endian, texts start with their length). Invariant: comparing two ordering keys as bytes compares the values.

use coffer_abi::spec::{Shape, Spec, Type, VariantFields};

use super::MAX_LEVELS;
use super::reader::Reader;

/// The ordering key of an encoded value, or `None` if the bytes do not encode one.
pub(super) fn ordering_key(spec: &Spec, ty: &Type, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut walk = Walk { spec, reader: Reader::new(bytes), out: Vec::with_capacity(bytes.len() + 2) };
    walk.value(ty, 0)?;
    Some(walk.out)
}

struct Walk<'s, 'b> {
    spec: &'s Spec,
    reader: Reader<'b>,
    out: Vec<u8>,
}

impl Walk<'_, '_> {
    fn value(&mut self, ty: &Type, level: usize) -> Option<()> {
        if level > MAX_LEVELS {
            return None;
        }
        let level = level + 1;
        match ty {
            Type::Unit => Some(()),
            Type::Bool | Type::U8 => self.raw(1),
            Type::U16 => self.number(2, 0),
            Type::U32 => self.number(4, 0),
            Type::U64 => self.number(8, 0),
            Type::U128 => self.number(16, 0),
            Type::I8 => self.number(1, 0x80),
            Type::I16 => self.number(2, 0x80),
            Type::I32 => self.number(4, 0x80),
            Type::I64 => self.number(8, 0x80),
            Type::I128 => self.number(16, 0x80),
            Type::String | Type::Bytes => self.text(),
            Type::FixedBytes(len) => self.raw(*len as usize),
            Type::AccountId | Type::ContractId | Type::Hash => self.raw(32),
            Type::Option(inner) => {
                let some = self.flag()?;
                if some { self.value(inner, level) } else { Some(()) }
            }
            Type::Result(ok, error) => {
                let failed = self.flag()?;
                self.value(if failed { error } else { ok }, level)
            }
            Type::List(inner) | Type::Set(inner) => self.members(&[inner], level),
            Type::Map(key, value) => self.members(&[key, value], level),
            Type::Array(inner, len) => (0..*len).try_for_each(|_| self.value(inner, level)),
            Type::Tuple(parts) => self.all(parts.iter(), level),
            Type::Named(index) => match &self.spec.types.get(*index as usize)?.shape {
                Shape::Struct(fields) => self.all(fields.iter().map(|field| &field.ty), level),
                Shape::Tuple(parts) => self.all(parts.iter(), level),
                Shape::Enum(variants) => {
                    let index = self.reader.byte()?;
                    self.out.push(index);
                    match &variants.get(usize::from(index))?.fields {
                        VariantFields::Unit => Some(()),
                        VariantFields::Tuple(parts) => self.all(parts.iter(), level),
                        VariantFields::Struct(fields) => self.all(fields.iter().map(|field| &field.ty), level),
                    }
                }
            },
        }
    }

    fn all<'t>(&mut self, mut types: impl Iterator<Item = &'t Type>, level: usize) -> Option<()> {
        types.try_for_each(|ty| self.value(ty, level))
    }

    fn raw(&mut self, len: usize) -> Option<()> {
        self.out.extend_from_slice(self.reader.take(len)?);
        Some(())
    }

    fn flag(&mut self) -> Option<bool> {
        let flag = self.reader.flag()?;
        self.out.push(u8::from(flag));
        Some(flag)
    }

    /// Most significant byte first; the sign's bit turned, so that negative numbers come first.
    fn number(&mut self, len: usize, sign: u8) -> Option<()> {
        let start = self.out.len();
        self.out.extend(self.reader.take(len)?.iter().rev());
        self.out[start] ^= sign;
        Some(())
    }

    /// A zero byte inside is marked, and two zeros end it, so that a text comes before its continuations.
    fn text(&mut self) -> Option<()> {
        for &byte in self.reader.bytes()? {
            self.out.push(byte);
            if byte == 0 {
                self.out.push(0xff);
            }
        }
        self.out.extend_from_slice(&[0, 0]);
        Some(())
    }

    fn members(&mut self, types: &[&Type], level: usize) -> Option<()> {
        for _ in 0..self.reader.length()? {
            self.out.push(1);
            self.all(types.iter().copied(), level)?;
        }
        self.out.push(0);
        Some(())
    }
}
