//! What a type is called, and what an error says was expected of it. Not here: the spec as JSON shows it (`coffer_api`).
//! Invariant: a text names the type and nothing of a value.

use coffer_abi::spec::{Shape, Spec, Type, TypeDef, Variant, VariantFields};

/// Fields or variants that an error names.
const MAX_NAMED_IN_EXPECTED: usize = 24;

fn type_names(spec: &Spec, types: &[Type]) -> Vec<String> {
    types.iter().map(|ty| type_name(spec, ty)).collect()
}

/// A type as JSON names it: `u64`, `option<u64>`, `map<accountId, u128>`, or the name of a named type.
pub fn type_name(spec: &Spec, ty: &Type) -> String {
    let name = |ty: &Type| type_name(spec, ty);
    match ty {
        Type::Unit => "unit".into(),
        Type::Bool => "bool".into(),
        Type::U8 => "u8".into(),
        Type::U16 => "u16".into(),
        Type::U32 => "u32".into(),
        Type::U64 => "u64".into(),
        Type::U128 => "u128".into(),
        Type::I8 => "i8".into(),
        Type::I16 => "i16".into(),
        Type::I32 => "i32".into(),
        Type::I64 => "i64".into(),
        Type::I128 => "i128".into(),
        Type::String => "string".into(),
        Type::Bytes => "bytes".into(),
        Type::FixedBytes(len) => format!("bytes<{len}>"),
        Type::AccountId => "accountId".into(),
        Type::ContractId => "contractId".into(),
        Type::Hash => "hash".into(),
        Type::Option(inner) => format!("option<{}>", name(inner)),
        Type::List(inner) => format!("list<{}>", name(inner)),
        Type::Array(inner, len) => format!("array<{}, {len}>", name(inner)),
        Type::Tuple(parts) => format!("tuple<{}>", type_names(spec, parts).join(", ")),
        Type::Map(key, value) => format!("map<{}, {}>", name(key), name(value)),
        Type::Set(inner) => format!("set<{}>", name(inner)),
        Type::Result(ok, error) => format!("result<{}, {}>", name(ok), name(error)),
        Type::Named(index) => {
            spec.types.get(*index as usize).map_or_else(|| format!("type{index}"), |def| def.name.clone())
        }
    }
}

/// What JSON of a type looks like, for errors.
pub(super) fn expected(spec: &Spec, ty: &Type) -> String {
    let range = |low: i64, high: i64| format!("{}: a number from {low} to {high}", type_name(spec, ty));
    match ty {
        Type::Unit => "null".into(),
        Type::Bool => "true or false".into(),
        Type::U8 => range(0, i64::from(u8::MAX)),
        Type::U16 => range(0, i64::from(u16::MAX)),
        Type::U32 => range(0, i64::from(u32::MAX)),
        Type::I8 => range(i64::from(i8::MIN), i64::from(i8::MAX)),
        Type::I16 => range(i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::I32 => range(i64::from(i32::MIN), i64::from(i32::MAX)),
        Type::U64 | Type::U128 => {
            format!("{}: a whole number from 0, or its decimal digits as a string", type_name(spec, ty))
        }
        Type::I64 | Type::I128 => format!("{}: a whole number, or its decimal digits as a string", type_name(spec, ty)),
        Type::String => "a string".into(),
        Type::Bytes => "bytes: 0x and pairs of hex digits".into(),
        Type::FixedBytes(len) => format!("{len} bytes: 0x and {} hex digits", 2 * u64::from(*len)),
        Type::AccountId => "an account id: 0x and 64 hex digits".into(),
        Type::ContractId => "a contract id: 0x and 64 hex digits".into(),
        Type::Hash => "a hash: 0x and 64 hex digits".into(),
        Type::Option(inner) => format!("null or {}", expected(spec, inner)),
        Type::List(inner) => format!("a list of {}", type_name(spec, inner)),
        Type::Array(inner, len) => format!("a list of exactly {len} {}", type_name(spec, inner)),
        Type::Tuple(parts) => format!("a list of exactly {}: {}", parts.len(), type_names(spec, parts).join(", ")),
        Type::Map(key, value) => format!("a list of pairs [{}, {}]", type_name(spec, key), type_name(spec, value)),
        Type::Set(inner) => format!("a list of different {}", type_name(spec, inner)),
        Type::Result(ok, error) => {
            format!("{{\"Ok\": {}}} or {{\"Err\": {}}}", type_name(spec, ok), type_name(spec, error))
        }
        Type::Named(index) => match spec.types.get(*index as usize) {
            Some(TypeDef { shape: Shape::Enum(variants), .. }) => expected_enum(variants),
            Some(TypeDef { shape: Shape::Struct(fields), name, .. }) => {
                let fields: Vec<_> =
                    fields.iter().map(|field| field.name.as_str()).take(MAX_NAMED_IN_EXPECTED).collect();
                format!("{name}: an object with {}", fields.join(", "))
            }
            _ => type_name(spec, ty),
        },
    }
}

/// What JSON of these variants looks like, for errors.
pub(super) fn expected_enum(variants: &[Variant]) -> String {
    let form = |variant: &Variant| match &variant.fields {
        VariantFields::Unit => format!("\"{}\"", variant.name),
        VariantFields::Tuple(_) | VariantFields::Struct(_) => format!("{{\"{}\": …}}", variant.name),
    };
    let forms: Vec<_> = variants.iter().take(MAX_NAMED_IN_EXPECTED).map(form).collect();
    let more = if variants.len() > forms.len() { " or another variant" } else { "" };
    format!("{}{more}", forms.join(" or "))
}
