//! JSON <-> bytes of the canonical codec, by a walk over the spec; no contract code runs. JSON has for each type one form:
//! numbers up to 32 bits are numbers, wider ones decimal strings (numbers are accepted too); bytes and ids are `0x` and hex digits; an
//! absent option is `null`; an enum is `"Name"` or `{"Name": …}`; a map is a list of `[key, value]` pairs.
//! Invariant: what is encoded is canonical, and what is not canonical is not decoded.

mod decode;
mod encode;
mod error;
mod order;
mod reader;

#[cfg(test)]
mod tests;

pub use error::{ConvertError, ConvertErrorKind};

use coffer_abi::codec::MAX_DEPTH;
use coffer_abi::spec::{Field, Method, Shape, Spec, Type, TypeDef};
use serde::Serialize;
use serde_json::Value;

use decode::Decoder;
use encode::Encoder;
use error::Path;

/// Levels of nesting a walk follows; a sound spec has fewer.
const MAX_LEVELS: usize = MAX_DEPTH as usize;

/// A contract's error in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ErrorValue {
    /// Name of the variant.
    pub name: String,
    /// What it carries; `null` for nothing.
    pub data: Value,
}

/// The method of that name.
///
/// # Errors
/// Names the methods there are.
pub fn method<'s>(spec: &'s Spec, name: &str) -> Result<&'s Method, ConvertError> {
    let known = || spec.methods.iter().map(|method| method.name.as_str());
    spec.method(name).ok_or_else(|| ConvertError::unknown(&Path::at("method"), name, known()))
}

/// Encodes named arguments, an object with exactly the names of the method's arguments. `null` stands for no arguments.
///
/// # Errors
/// The first argument that is missing, unknown or of another type, with a path such as `args.items[3].name`.
pub fn encode_args(spec: &Spec, method: &Method, args: &Value) -> Result<Vec<u8>, ConvertError> {
    let mut path = Path::at("args");
    let mut encoder = Encoder::new(spec);
    match args {
        Value::Null if method.args.is_empty() => {}
        args => encoder.fields(&method.args, args, &mut path, 0)?,
    }
    encoder.finish(&path)
}

/// Encodes one value.
///
/// # Errors
/// Where and why it is not of that type.
pub fn encode_value(spec: &Spec, ty: &Type, value: &Value) -> Result<Vec<u8>, ConvertError> {
    let mut path = Path::at("value");
    let mut encoder = Encoder::new(spec);
    encoder.value(ty, value, &mut path, 0)?;
    encoder.finish(&path)
}

/// Decodes arguments into an object.
///
/// # Errors
/// Where the bytes are not the canonical encoding.
pub fn decode_args(spec: &Spec, method: &Method, bytes: &[u8]) -> Result<Value, ConvertError> {
    fields(spec, &method.args, bytes, "args")
}

/// Decodes one value.
///
/// # Errors
/// Where the bytes are not the canonical encoding of that type.
pub fn decode_value(spec: &Spec, ty: &Type, bytes: &[u8]) -> Result<Value, ConvertError> {
    value(spec, ty, bytes, "value")
}

/// Decodes what a method returned.
///
/// # Errors
/// Where the bytes are not the canonical encoding of its result.
pub fn decode_result(spec: &Spec, method: &Method, bytes: &[u8]) -> Result<Value, ConvertError> {
    value(spec, &method.result, bytes, "result")
}

/// Decodes the error a method ended with.
///
/// # Errors
/// When the method has no error in its spec, or the bytes are not the canonical encoding of it.
pub fn decode_error(spec: &Spec, method: &Method, bytes: &[u8]) -> Result<ErrorValue, ConvertError> {
    let Some(ty) = &method.error else {
        let found = format!("{} bytes of an error", bytes.len());
        return Err(ConvertError::mistyped(&Path::at("error"), "no error: the spec has none for this method", found));
    };
    // An enum shows as its variant's name, alone or over what it carries.
    match value(spec, ty, bytes, "error")? {
        Value::String(name) => Ok(ErrorValue { name, data: Value::Null }),
        Value::Object(fields) if fields.len() == 1 => {
            let (name, data) = fields.into_iter().next().unwrap_or_default();
            Ok(ErrorValue { name, data })
        }
        data => Ok(ErrorValue { name: super::names::type_name(spec, ty), data }),
    }
}

/// Decodes an event's fields into an object.
///
/// # Errors
/// When the spec has no such event, or the bytes are not the canonical encoding of it.
pub fn decode_event(spec: &Spec, name: &str, bytes: &[u8]) -> Result<Value, ConvertError> {
    let known = || spec.events.iter().map(|event| event.name.as_str());
    let event = spec.event(name).ok_or_else(|| ConvertError::unknown(&Path::at("event"), name, known()))?;
    fields(spec, &event.fields, bytes, name)
}

fn value(spec: &Spec, ty: &Type, bytes: &[u8], root: &str) -> Result<Value, ConvertError> {
    let mut path = Path::at(root);
    let mut decoder = Decoder::new(spec, bytes);
    let value = decoder.value(ty, &mut path, 0)?;
    decoder.finish(&path)?;
    Ok(value)
}

fn fields(spec: &Spec, fields: &[Field], bytes: &[u8], root: &str) -> Result<Value, ConvertError> {
    let mut path = Path::at(root);
    let mut decoder = Decoder::new(spec, bytes);
    let value = decoder.fields(fields, &mut path, 0)?;
    decoder.finish(&path)?;
    Ok(value)
}

/// The definition a [`Type::Named`] points to; only a spec that was never checked lacks one.
fn named<'s>(spec: &'s Spec, index: u32, path: &Path<'_>) -> Result<&'s TypeDef, ConvertError> {
    let def = spec.types.get(index as usize);
    def.ok_or_else(|| ConvertError::mistyped(path, "a type that the spec defines", format!("type number {index}")))
}

/// True if a value of this type may show as `null`; as the inside of an option it then stands in a list of its own.
fn may_be_null(spec: &Spec, ty: &Type, level: usize) -> bool {
    match ty {
        Type::Unit | Type::Option(_) => true,
        Type::Named(index) if level < MAX_LEVELS => match spec.types.get(*index as usize).map(|def| &def.shape) {
            Some(Shape::Tuple(parts)) if parts.len() == 1 => may_be_null(spec, &parts[0], level + 1),
            _ => false,
        },
        _ => false,
    }
}
