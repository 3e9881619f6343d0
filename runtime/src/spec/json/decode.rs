//! Bytes -> JSON. Invariant: only the canonical encoding is decoded, and what comes out has at most [`MAX_VALUES`] values.

use coffer_abi::id::hex_text;
use coffer_abi::spec::{Field, Shape, Spec, Type, Variant, VariantFields};
use serde_json::{Map, Value};

use super::error::{ConvertError, Path, Step};
use super::order::ordering_key;
use super::reader::Reader;
use super::{MAX_LEVELS, may_be_null, named};
use crate::spec::names::{expected_enum, type_name};

/// JSON values made from one encoding. Input and output of a call are bounded in bytes; types without bytes are not.
const MAX_VALUES: usize = 1 << 19;

/// Reads values one after the other.
pub(super) struct Decoder<'s, 'b> {
    spec: &'s Spec,
    reader: Reader<'b>,
    total: usize,
    values: usize,
}

type Decoded = Result<Value, ConvertError>;

impl<'s, 'b> Decoder<'s, 'b> {
    pub(super) fn new(spec: &'s Spec, bytes: &'b [u8]) -> Self {
        Self { spec, reader: Reader::new(bytes), total: bytes.len(), values: 0 }
    }

    pub(super) fn finish(self, path: &Path<'_>) -> Result<(), ConvertError> {
        match self.reader.rest().len() {
            0 => Ok(()),
            left => Err(ConvertError::not_canonical(path, "the end of the bytes", format!("{left} bytes more"))),
        }
    }

    pub(super) fn value<'p>(&mut self, ty: &'p Type, path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        self.values += 1;
        if level > MAX_LEVELS || self.values > MAX_VALUES {
            let expected = format!("at most {MAX_LEVELS} levels and {MAX_VALUES} values");
            return Err(ConvertError::too_large(path, expected, "more"));
        }
        let level = level + 1;
        macro_rules! number {
            ($number:ty, $as_json:expr) => {
                self.read(ty, path, |reader| reader.array().map(<$number>::from_le_bytes)).map($as_json)
            };
        }
        macro_rules! small {
            ($number:ty) => {
                number!($number, |n| Value::from(n))
            };
        }
        macro_rules! wide {
            ($number:ty) => {
                number!($number, |n| Value::from(n.to_string()))
            };
        }
        match ty {
            Type::Unit => Ok(Value::Null),
            Type::Bool => self.read(ty, path, Reader::flag).map(Value::from),
            Type::U8 => small!(u8),
            Type::U16 => small!(u16),
            Type::U32 => small!(u32),
            Type::I8 => small!(i8),
            Type::I16 => small!(i16),
            Type::I32 => small!(i32),
            Type::U64 => wide!(u64),
            Type::U128 => wide!(u128),
            Type::I64 => wide!(i64),
            Type::I128 => wide!(i128),
            Type::String => {
                let text = self.read(ty, path, |reader| std::str::from_utf8(reader.bytes()?).ok())?;
                Ok(Value::from(text))
            }
            Type::Bytes => self.read(ty, path, Reader::bytes).map(|bytes| hex_text(bytes).into()),
            Type::FixedBytes(len) => {
                self.read(ty, path, |reader| reader.take(*len as usize)).map(|bytes| hex_text(bytes).into())
            }
            Type::AccountId | Type::ContractId | Type::Hash => {
                self.read(ty, path, |reader| reader.take(32)).map(|bytes| hex_text(bytes).into())
            }
            Type::Option(inner) => {
                if !self.read(ty, path, Reader::flag)? {
                    return Ok(Value::Null);
                }
                let value = self.value(inner, path, level)?;
                Ok(if may_be_null(self.spec, inner, 0) { Value::Array(vec![value]) } else { value })
            }
            Type::List(inner) => {
                let len = self.read(ty, path, Reader::length)?;
                self.repeat(inner, len, path, level)
            }
            Type::Array(inner, len) => self.repeat(inner, *len as usize, path, level),
            Type::Tuple(parts) => self.tuple(parts, path, level),
            Type::Set(inner) => self.sorted(ty, path, inner, |decoder, path| {
                let value = decoder.value(inner, path, level)?;
                Ok((decoder.reader.rest().len(), value))
            }),
            Type::Map(key_ty, value_ty) => self.sorted(ty, path, key_ty, |decoder, path| {
                let key = path.step(Step::Index(0), |path| decoder.value(key_ty, path, level))?;
                let left = decoder.reader.rest().len();
                let value = path.step(Step::Index(1), |path| decoder.value(value_ty, path, level))?;
                Ok((left, Value::Array(vec![key, value])))
            }),
            Type::Result(ok, error) => {
                let (name, ty) = if self.read(ty, path, Reader::flag)? { ("Err", error) } else { ("Ok", ok) };
                let inside = path.step(Step::Field(name), |path| self.value(ty, path, level))?;
                Ok(object(name, inside))
            }
            Type::Named(index) => match &named(self.spec, *index, path)?.shape {
                Shape::Struct(fields) => self.fields(fields, path, level),
                Shape::Tuple(parts) => self.positional(parts, path, level),
                Shape::Enum(variants) => self.variant(variants, path, level),
            },
        }
    }

    pub(super) fn fields<'p>(&mut self, fields: &'p [Field], path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        let mut object = Map::new();
        for field in fields {
            let value = path.step(Step::Field(&field.name), |path| self.value(&field.ty, path, level))?;
            object.insert(field.name.clone(), value);
        }
        Ok(Value::Object(object))
    }

    fn read<T>(
        &mut self,
        ty: &Type,
        path: &Path<'_>,
        read: impl FnOnce(&mut Reader<'b>) -> Option<T>,
    ) -> Result<T, ConvertError> {
        let position = self.total - self.reader.rest().len();
        read(&mut self.reader).ok_or_else(|| {
            let found = format!("other bytes or too few at byte {position} of {}", self.total);
            ConvertError::not_canonical(path, format!("an encoded {}", type_name(self.spec, ty)), found)
        })
    }

    fn repeat<'p>(&mut self, inner: &'p Type, len: usize, path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        // Not allocated at once: the length is only what the bytes claim.
        let mut items = Vec::new();
        for i in 0..len {
            items.push(path.step(Step::Index(i), |path| self.value(inner, path, level))?);
        }
        Ok(Value::Array(items))
    }

    fn tuple<'p>(&mut self, parts: &'p [Type], path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        let items =
            parts.iter().enumerate().map(|(i, part)| path.step(Step::Index(i), |path| self.value(part, path, level)));
        items.collect::<Result<_, _>>().map(Value::Array)
    }

    fn positional<'p>(&mut self, parts: &'p [Type], path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        match parts {
            [part] => self.value(part, path, level),
            parts => self.tuple(parts, path, level),
        }
    }

    fn variant<'p>(&mut self, variants: &'p [Variant], path: &mut Path<'p>, level: usize) -> Decoded
    where
        's: 'p,
    {
        let index = self.reader.byte();
        let Some(variant) = index.and_then(|index| variants.get(usize::from(index))) else {
            let found = index.map_or("no byte".into(), |index| format!("variant number {index}"));
            return Err(ConvertError::not_canonical(path, expected_enum(variants), found));
        };
        let name = variant.name.as_str();
        let inside = match &variant.fields {
            VariantFields::Unit => return Ok(Value::from(name)),
            VariantFields::Tuple(parts) => path.step(Step::Field(name), |path| self.positional(parts, path, level))?,
            VariantFields::Struct(fields) => path.step(Step::Field(name), |path| self.fields(fields, path, level))?,
        };
        Ok(object(name, inside))
    }

    /// The members of a map or set, which must stand in the order of their keys. `member` reads one and returns how many bytes were
    /// left behind its key.
    fn sorted<'p>(
        &mut self,
        ty: &Type,
        path: &mut Path<'p>,
        key_ty: &Type,
        mut member: impl FnMut(&mut Self, &mut Path<'p>) -> Result<(usize, Value), ConvertError>,
    ) -> Decoded
    where
        's: 'p,
    {
        let mut items = Vec::new();
        let mut last = None;
        for i in 0..self.read(ty, path, Reader::length)? {
            path.step(Step::Index(i), |path| {
                let before = self.reader.rest();
                let (left, item) = member(self, path)?;
                let key = ordering_key(self.spec, key_ty, &before[..before.len() - left]);
                if last.is_some() && last >= key {
                    return Err(ConvertError::not_canonical(
                        path,
                        "a key above the one before it",
                        "the same or a lower one",
                    ));
                }
                last = key;
                items.push(item);
                Ok(())
            })?;
        }
        Ok(Value::Array(items))
    }
}

fn object(name: &str, inside: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), inside)]))
}
