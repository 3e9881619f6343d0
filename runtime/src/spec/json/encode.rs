//! JSON -> bytes. Invariant: at most [`MAX_INPUT`] bytes come out, and they are canonical: maps and sets are sorted and without
//! duplicates whatever their order in the JSON is.

use std::str::FromStr;

use coffer_abi::id::parse_hex32;
use coffer_abi::limits::MAX_INPUT;
use coffer_abi::spec::{Field, Shape, Spec, Type, Variant, VariantFields};
use parity_scale_codec::{Compact, Encode};
use serde_json::Value;

use super::error::{ConvertError, Path, Step, quoted};
use super::order::ordering_key;
use super::{MAX_LEVELS, may_be_null, named};
use crate::spec::names::{expected, expected_enum, type_name};

/// From here on a JSON number may have lost digits: 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes values one after the other.
pub(super) struct Encoder<'s> {
    spec: &'s Spec,
    out: Vec<u8>,
}

type Done = Result<(), ConvertError>;

impl<'s> Encoder<'s> {
    pub(super) fn new(spec: &'s Spec) -> Self {
        Self { spec, out: Vec::new() }
    }

    pub(super) fn finish(self, path: &Path<'_>) -> Result<Vec<u8>, ConvertError> {
        self.check_size(path)?;
        Ok(self.out)
    }

    fn check_size(&self, path: &Path<'_>) -> Done {
        if self.out.len() > MAX_INPUT {
            let found = format!("{} bytes or more", self.out.len());
            return Err(ConvertError::too_large(path, format!("at most {MAX_INPUT} bytes when encoded"), found));
        }
        Ok(())
    }

    pub(super) fn value<'p>(&mut self, ty: &Type, value: &'p Value, path: &mut Path<'p>, level: usize) -> Done
    where
        's: 'p,
    {
        if level > MAX_LEVELS {
            return Err(ConvertError::too_large(path, format!("at most {MAX_LEVELS} levels"), "more"));
        }
        self.check_size(path)?;
        let level = level + 1;
        match ty {
            Type::Unit => match value {
                Value::Null => Ok(()),
                _ => self.mistyped(ty, value, path),
            },
            Type::Bool => match value {
                Value::Bool(b) => self.write(&[u8::from(*b)]),
                _ => self.mistyped(ty, value, path),
            },
            Type::U8 => self.small::<u8>(ty, value, path),
            Type::U16 => self.small::<u16>(ty, value, path),
            Type::U32 => self.small::<u32>(ty, value, path),
            Type::I8 => self.small::<i8>(ty, value, path),
            Type::I16 => self.small::<i16>(ty, value, path),
            Type::I32 => self.small::<i32>(ty, value, path),
            Type::U64 => self.wide::<u64>(ty, value, path),
            Type::U128 => self.wide::<u128>(ty, value, path),
            Type::I64 => self.wide::<i64>(ty, value, path),
            Type::I128 => self.wide::<i128>(ty, value, path),
            Type::String => match value {
                Value::String(text) => self.sized(text.as_bytes(), path),
                _ => self.mistyped(ty, value, path),
            },
            Type::Bytes => match hex_bytes(value) {
                Some(bytes) => self.sized(&bytes, path),
                None => self.mistyped(ty, value, path),
            },
            Type::FixedBytes(len) => match hex_bytes(value) {
                Some(bytes) if bytes.len() == *len as usize => self.write(&bytes),
                _ => self.mistyped(ty, value, path),
            },
            Type::AccountId | Type::ContractId | Type::Hash => match value.as_str().map(parse_hex32) {
                Some(Ok(id)) => self.write(&id),
                Some(Err(error)) => {
                    let found = format!("{}, which {error}", quoted(value));
                    Err(ConvertError::mistyped(path, expected(self.spec, ty), found))
                }
                None => self.mistyped(ty, value, path),
            },
            Type::Option(inner) => self.option(ty, inner, value, path, level),
            Type::List(inner) => {
                let items = self.items(ty, value, path)?;
                self.length(items.len(), path)?;
                self.each(items, path, |encoder, item, path| encoder.value(inner, item, path, level))
            }
            Type::Array(inner, len) => {
                let items = self.items(ty, value, path)?;
                if items.len() != *len as usize {
                    return self.mistyped(ty, value, path);
                }
                self.each(items, path, |encoder, item, path| encoder.value(inner, item, path, level))
            }
            Type::Tuple(parts) => self.tuple(parts, ty, value, path, level),
            Type::Set(inner) => self.sorted(ty, value, path, inner, |encoder, item, path| {
                encoder.value(inner, item, path, level)?;
                Ok(encoder.out.len())
            }),
            Type::Map(key_ty, value_ty) => self.sorted(ty, value, path, key_ty, |encoder, item, path| match item {
                Value::Array(pair) if pair.len() == 2 => {
                    path.step(Step::Index(0), |path| encoder.value(key_ty, &pair[0], path, level))?;
                    let key_end = encoder.out.len();
                    path.step(Step::Index(1), |path| encoder.value(value_ty, &pair[1], path, level))?;
                    Ok(key_end)
                }
                _ => Err(ConvertError::mistyped(path, "a pair [key, value]", quoted(item))),
            }),
            Type::Result(ok, error) => match single(value) {
                Some(("Ok", inside)) => {
                    self.out.push(0);
                    path.step(Step::Field("Ok"), |path| self.value(ok, inside, path, level))
                }
                Some(("Err", inside)) => {
                    self.out.push(1);
                    path.step(Step::Field("Err"), |path| self.value(error, inside, path, level))
                }
                _ => self.mistyped(ty, value, path),
            },
            Type::Named(index) => match &named(self.spec, *index, path)?.shape {
                Shape::Struct(fields) => self.fields(fields, value, path, level),
                Shape::Tuple(parts) => self.positional(parts, ty, value, path, level),
                Shape::Enum(variants) => self.variant(variants, value, path, level),
            },
        }
    }

    /// An object with exactly these fields.
    pub(super) fn fields<'p>(
        &mut self,
        fields: &'p [Field],
        value: &'p Value,
        path: &mut Path<'p>,
        level: usize,
    ) -> Done
    where
        's: 'p,
    {
        let Value::Object(object) = value else {
            let names: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            let expected =
                format!("an object with {}", if names.is_empty() { "no fields".into() } else { names.join(", ") });
            return Err(ConvertError::mistyped(path, expected, quoted(value)));
        };
        if let Some(extra) = object.keys().find(|name| fields.iter().all(|field| field.name != **name)) {
            let known = fields.iter().map(|field| field.name.as_str());
            return path.step(Step::Field(extra), |path| Err(ConvertError::unknown(path, extra, known)));
        }
        for field in fields {
            path.step(Step::Field(&field.name), |path| match object.get(&field.name) {
                Some(value) => self.value(&field.ty, value, path, level),
                None => Err(ConvertError::missing(path, expected(self.spec, &field.ty))),
            })?;
        }
        Ok(())
    }

    fn mistyped(&self, ty: &Type, value: &Value, path: &Path<'_>) -> Done {
        Err(ConvertError::mistyped(path, expected(self.spec, ty), quoted(value)))
    }

    fn write(&mut self, bytes: &[u8]) -> Done {
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn length(&mut self, len: usize, path: &Path<'_>) -> Done {
        let len = u32::try_from(len)
            .map_err(|_| ConvertError::too_large(path, "at most 4294967295 members", len.to_string()))?;
        Compact(len).encode_to(&mut self.out);
        Ok(())
    }

    fn sized(&mut self, bytes: &[u8], path: &Path<'_>) -> Done {
        self.length(bytes.len(), path)?;
        self.write(bytes)
    }

    fn small<T: TryFrom<i64> + Encode>(&mut self, ty: &Type, value: &Value, path: &Path<'_>) -> Done {
        self.check_whole(ty, value, path)?;
        match value.as_i64().and_then(|n| T::try_from(n).ok()) {
            Some(number) => {
                number.encode_to(&mut self.out);
                Ok(())
            }
            None => self.mistyped(ty, value, path),
        }
    }

    /// Refuses a number with a point or an exponent, also where its value is whole: `1.0`, `1e3`, `-0`.
    fn check_whole(&self, ty: &Type, value: &Value, path: &Path<'_>) -> Done {
        match value.as_number().filter(|number| number.is_f64()) {
            Some(number) if number.as_f64().is_some_and(|n| n.abs() < MAX_EXACT) => {
                let expected = format!("a whole number ({})", type_name(self.spec, ty));
                Err(ConvertError::mistyped(path, expected, number.to_string()))
            }
            _ => Ok(()),
        }
    }

    fn wide<T: FromStr + Encode>(&mut self, ty: &Type, value: &Value, path: &Path<'_>) -> Done {
        self.check_whole(ty, value, path)?;
        // A JSON number prints back as it was written unless it has too many digits.
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_u64() || number.is_i64() => number.to_string(),
            Value::Number(number) => {
                let found = format!("the number {number}: JSON numbers this large lose digits, write it as a string");
                return Err(ConvertError::mistyped(path, expected(self.spec, ty), found));
            }
            _ => return self.mistyped(ty, value, path),
        };
        match is_decimal(&text).then(|| text.parse::<T>().ok()).flatten() {
            Some(number) => {
                number.encode_to(&mut self.out);
                Ok(())
            }
            None => self.mistyped(ty, value, path),
        }
    }

    fn option<'p>(&mut self, ty: &Type, inner: &Type, value: &'p Value, path: &mut Path<'p>, level: usize) -> Done
    where
        's: 'p,
    {
        if value.is_null() {
            return self.write(&[0]);
        }
        self.out.push(1);
        if !may_be_null(self.spec, inner, 0) {
            return self.value(inner, value, path, level);
        }
        match value {
            Value::Array(items) if items.len() == 1 => {
                path.step(Step::Index(0), |path| self.value(inner, &items[0], path, level))
            }
            _ => self.mistyped(ty, value, path),
        }
    }

    fn items<'v>(&self, ty: &Type, value: &'v Value, path: &Path<'_>) -> Result<&'v [Value], ConvertError> {
        value
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| ConvertError::mistyped(path, expected(self.spec, ty), quoted(value)))
    }

    fn each<'p>(
        &mut self,
        items: &'p [Value],
        path: &mut Path<'p>,
        mut work: impl FnMut(&mut Self, &'p Value, &mut Path<'p>) -> Done,
    ) -> Done {
        items.iter().enumerate().try_for_each(|(i, item)| path.step(Step::Index(i), |path| work(self, item, path)))
    }

    fn tuple<'p>(&mut self, parts: &[Type], ty: &Type, value: &'p Value, path: &mut Path<'p>, level: usize) -> Done
    where
        's: 'p,
    {
        let items = self.items(ty, value, path)?;
        if items.len() != parts.len() {
            return self.mistyped(ty, value, path);
        }
        let mut types = parts.iter();
        self.each(items, path, |encoder, item, path| match types.next() {
            Some(part) => encoder.value(part, item, path, level),
            None => Ok(()),
        })
    }

    /// Fields by position; a single one shows as itself.
    fn positional<'p>(&mut self, parts: &[Type], ty: &Type, value: &'p Value, path: &mut Path<'p>, level: usize) -> Done
    where
        's: 'p,
    {
        match parts {
            [part] => self.value(part, value, path, level),
            parts => self.tuple(parts, ty, value, path, level),
        }
    }

    fn variant<'p>(&mut self, variants: &'p [Variant], value: &'p Value, path: &mut Path<'p>, level: usize) -> Done
    where
        's: 'p,
    {
        let (name, inside) = match value {
            Value::String(name) => (name.as_str(), None),
            value => match single(value) {
                Some((name, inside)) => (name, Some(inside)),
                None => return Err(ConvertError::mistyped(path, expected_enum(variants), quoted(value))),
            },
        };
        let known = || variants.iter().map(|variant| variant.name.as_str());
        let index =
            known().position(|known| known == name).ok_or_else(|| ConvertError::unknown(path, name, known()))?;
        let variant = &variants[index];
        self.out.push(
            u8::try_from(index)
                .map_err(|_| ConvertError::too_large(path, "at most 256 variants", index.to_string()))?,
        );
        match (&variant.fields, inside) {
            (VariantFields::Unit, None) => Ok(()),
            (VariantFields::Tuple(parts), Some(inside)) => {
                let ty = Type::Tuple(parts.clone());
                path.step(Step::Field(&variant.name), |path| self.positional(parts, &ty, inside, path, level))
            }
            (VariantFields::Struct(fields), Some(inside)) => {
                path.step(Step::Field(&variant.name), |path| self.fields(fields, inside, path, level))
            }
            _ => Err(ConvertError::mistyped(path, expected_enum(std::slice::from_ref(variant)), quoted(value))),
        }
    }

    /// The members of a map or set in the order of their keys. `member` writes one and returns where its key ends.
    fn sorted<'p>(
        &mut self,
        ty: &Type,
        value: &'p Value,
        path: &mut Path<'p>,
        key_ty: &Type,
        mut member: impl FnMut(&mut Self, &'p Value, &mut Path<'p>) -> Result<usize, ConvertError>,
    ) -> Done
    where
        's: 'p,
    {
        let items = self.items(ty, value, path)?;
        self.length(items.len(), path)?;
        let start = self.out.len();
        let mut members = Vec::with_capacity(items.len());
        self.each(items, path, |encoder, item, path| {
            let from = encoder.out.len();
            let key_end = member(encoder, item, path)?;
            let key = ordering_key(encoder.spec, key_ty, &encoder.out[from..key_end]);
            members.push((key, from..encoder.out.len(), item));
            Ok(())
        })?;
        members.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        if let Some(twice) = members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(ConvertError::duplicate(path, twice[0].2));
        }
        let unsorted = self.out.split_off(start);
        for (_, range, _) in members {
            self.out.extend_from_slice(&unsorted[range.start - start..range.end - start]);
        }
        Ok(())
    }
}

/// Name and content of an object with one field.
fn single(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, inside)| (name.as_str(), inside))
}

/// `0x` and an even number of hex digits.
fn hex_bytes(value: &Value) -> Option<Vec<u8>> {
    hex::decode(value.as_str()?.strip_prefix("0x")?).ok()
}

/// The one spelling of a whole number: no `+`, no zeros in front.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" && text == "0" || !digits.starts_with('0'))
}
