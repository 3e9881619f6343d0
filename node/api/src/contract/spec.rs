//! A contract's spec as JSON shows it. Not here: the spec model (`coffer_abi::spec`). Invariant: a type's text names every type it is
//! made of, so that a client needs nothing but this document to build arguments.

use coffer_abi::spec::{Field, Layout, Shape, Spec, Type, TypeDef, VariantFields};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything a contract says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecView {
    /// Version of the agreement with the node it was built for.
    pub abi: u16,
    /// Name of the contract.
    pub name: String,
    /// Version of its crate.
    pub version: String,
    /// Its documentation.
    pub docs: String,
    /// Commit of its source, if the build said so.
    pub source: String,
    /// Toolchain it was built with, if the build said so.
    pub toolchain: String,
    /// Methods in the order of the source.
    pub methods: Vec<SpecMethod>,
    /// Events.
    pub events: Vec<SpecEvent>,
    /// Types that methods and events name.
    pub types: Vec<SpecType>,
    /// Storage fields.
    pub storage: Vec<SpecStorage>,
}

/// One method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecMethod {
    /// Name as called.
    pub name: String,
    /// `init`, `call`, `view` or `migrate`.
    pub kind: String,
    /// Documentation.
    pub docs: String,
    /// Arguments.
    pub args: Vec<SpecField>,
    /// Type of the result.
    pub result: String,
    /// Type of its error, if it can fail.
    pub error: Option<String>,
}

/// A name with a type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecField {
    /// Name; of a field by position its number.
    pub name: String,
    /// Type: `u64`, `String`, `AccountId`, `Option<T>`, `List<T>`, a name out of `types`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Documentation.
    pub docs: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecEvent {
    /// Name.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// Fields.
    pub fields: Vec<SpecField>,
}

/// One named type: a struct has `fields`, an enum `variants`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecType {
    /// Name.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// `struct`, `tuple` or `enum`.
    pub shape: String,
    /// Fields of a struct or tuple.
    pub fields: Vec<SpecField>,
    /// Variants of an enum.
    pub variants: Vec<SpecVariant>,
}

/// One variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecVariant {
    /// Name.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// What it carries.
    pub fields: Vec<SpecField>,
}

/// One storage field: a map has a `key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SpecStorage {
    /// Name.
    pub name: String,
    /// Documentation.
    pub docs: String,
    /// Type of the keys, if it is a map.
    pub key: Option<String>,
    /// Type of the values.
    pub value: String,
    /// True if its entries are visited in the order of their keys.
    pub ordered: bool,
}

impl From<&Spec> for SpecView {
    fn from(spec: &Spec) -> Self {
        let text = |ty: &Type| type_text(ty, &spec.types, 0);
        let field = |f: &Field| SpecField { name: f.name.clone(), ty: text(&f.ty), docs: f.docs.clone() };
        let by_position = |types: &[Type]| {
            let fields = types.iter().enumerate();
            fields.map(|(i, ty)| SpecField { name: i.to_string(), ty: text(ty), docs: String::new() }).collect()
        };
        let named_type = |def: &TypeDef| {
            let (shape, fields, variants) = match &def.shape {
                Shape::Struct(fields) => ("struct", fields.iter().map(field).collect(), Vec::new()),
                Shape::Tuple(types) => ("tuple", by_position(types), Vec::new()),
                Shape::Enum(variants) => {
                    let variants = variants.iter().map(|v| SpecVariant {
                        name: v.name.clone(),
                        docs: v.docs.clone(),
                        fields: match &v.fields {
                            VariantFields::Unit => Vec::new(),
                            VariantFields::Tuple(types) => by_position(types),
                            VariantFields::Struct(fields) => fields.iter().map(field).collect(),
                        },
                    });
                    ("enum", Vec::new(), variants.collect())
                }
            };
            SpecType { name: def.name.clone(), docs: def.docs.clone(), shape: shape.into(), fields, variants }
        };
        let methods = spec.methods.iter().map(|m| SpecMethod {
            name: m.name.clone(),
            kind: m.kind.name().into(),
            docs: m.docs.clone(),
            args: m.args.iter().map(field).collect(),
            result: text(&m.result),
            error: m.error.as_ref().map(text),
        });
        let events = spec.events.iter().map(|e| SpecEvent {
            name: e.name.clone(),
            docs: e.docs.clone(),
            fields: e.fields.iter().map(field).collect(),
        });
        let storage = spec.storage.iter().map(|s| {
            let (key, value, ordered) = match &s.layout {
                Layout::Item(ty) => (None, text(ty), false),
                Layout::Map { key, value, ordered } => (Some(text(key)), text(value), *ordered),
            };
            SpecStorage { name: s.name.clone(), docs: s.docs.clone(), key, value, ordered }
        });
        Self {
            abi: spec.abi,
            name: spec.name.clone(),
            version: spec.version.clone(),
            docs: spec.docs.clone(),
            source: spec.source.clone(),
            toolchain: spec.toolchain.clone(),
            methods: methods.collect(),
            events: events.collect(),
            types: spec.types.iter().map(named_type).collect(),
            storage: storage.collect(),
        }
    }
}

/// A spec comes from an uploaded module: nesting is cut where no real type goes.
const MAX_DEPTH: usize = 16;

fn type_text(ty: &Type, types: &[TypeDef], depth: usize) -> String {
    if depth > MAX_DEPTH {
        return "…".into();
    }
    let text = |ty: &Type| type_text(ty, types, depth + 1);
    match ty {
        Type::Unit => "()".into(),
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
        Type::String => "String".into(),
        Type::Bytes => "Bytes".into(),
        Type::FixedBytes(n) => format!("Bytes<{n}>"),
        Type::AccountId => "AccountId".into(),
        Type::ContractId => "ContractId".into(),
        Type::Hash => "Hash".into(),
        Type::Option(inner) => format!("Option<{}>", text(inner)),
        Type::List(inner) => format!("List<{}>", text(inner)),
        Type::Array(inner, n) => format!("[{}; {n}]", text(inner)),
        Type::Tuple(parts) => format!("({})", parts.iter().map(text).collect::<Vec<_>>().join(", ")),
        Type::Map(key, value) => format!("Map<{}, {}>", text(key), text(value)),
        Type::Set(inner) => format!("Set<{}>", text(inner)),
        Type::Result(ok, err) => format!("Result<{}, {}>", text(ok), text(err)),
        Type::Named(index) => types.get(*index as usize).map_or_else(|| "?".into(), |def| def.name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_like_rust() {
        let defs = [TypeDef { name: "Entry".into(), docs: String::new(), shape: Shape::Tuple(vec![]) }];
        let ty = Type::Option(Box::new(Type::Map(Box::new(Type::AccountId), Box::new(Type::Named(0)))));
        assert_eq!(type_text(&ty, &defs, 0), "Option<Map<AccountId, Entry>>");
        assert_eq!(type_text(&Type::Named(9), &defs, 0), "?");
    }

    #[test]
    fn a_spec_in_json_names_its_types() {
        use coffer_abi::spec::{EventDef, Method, MethodKind, StorageField, Variant};
        let field = |name: &str, ty| Field { name: name.into(), ty, docs: String::new() };
        let too_little = VariantFields::Struct(vec![field("have", Type::U128)]);
        let variants = vec![Variant { name: "TooLittle".into(), docs: String::new(), fields: too_little }];
        let spec = Spec {
            types: vec![TypeDef { name: "Error".into(), docs: String::new(), shape: Shape::Enum(variants) }],
            methods: vec![Method {
                name: "transfer".into(),
                kind: MethodKind::Call,
                docs: "Moves tokens.".into(),
                args: vec![field("to", Type::AccountId), field("amount", Type::Option(Box::new(Type::U128)))],
                result: Type::Unit,
                error: Some(Type::Named(0)),
            }],
            events: vec![EventDef {
                name: "Moved".into(),
                docs: String::new(),
                fields: vec![field("parts", Type::List(Box::new(Type::Tuple(vec![Type::U8, Type::Bytes]))))],
            }],
            storage: vec![StorageField {
                name: "balances".into(),
                docs: String::new(),
                layout: Layout::Map { key: Type::AccountId, value: Type::U128, ordered: true },
            }],
            ..Spec::default()
        };
        let view = SpecView::from(&spec);
        let method = &view.methods[0];
        assert_eq!((method.kind.as_str(), method.docs.as_str()), ("call", "Moves tokens."));
        assert_eq!((method.args[0].name.as_str(), method.args[0].ty.as_str()), ("to", "AccountId"));
        assert_eq!((method.args[1].ty.as_str(), method.result.as_str()), ("Option<u128>", "()"));
        assert_eq!(method.error.as_deref(), Some("Error"));
        let error = &view.types[0];
        assert_eq!((error.shape.as_str(), error.variants[0].name.as_str()), ("enum", "TooLittle"));
        assert_eq!(
            (error.variants[0].fields[0].name.as_str(), error.variants[0].fields[0].ty.as_str()),
            ("have", "u128")
        );
        assert_eq!(view.events[0].fields[0].ty, "List<(u8, Bytes)>");
        let storage = &view.storage[0];
        assert_eq!(
            (storage.key.as_deref(), storage.value.as_str(), storage.ordered),
            (Some("AccountId"), "u128", true)
        );
    }
}
