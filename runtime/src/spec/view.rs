//! A spec as JSON shows it (`contract_spec`): names in camelCase, types as short texts such as `option<u64>`, indices resolved to
//! names. Also what an error says was expected of a type. Invariant: nothing of the spec is left out.

use coffer_abi::export::MethodKind;
use coffer_abi::spec::{
    EventDef, Field, Layout, Method, Shape, Spec, StorageField, Type, TypeDef, Variant, VariantFields,
};
use serde::Serialize;

/// Fields or variants that an error names.
const MAX_NAMED_IN_EXPECTED: usize = 24;

/// A spec, ready to be serialised.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SpecView<'s> {
    /// ABI version it was built for.
    pub abi: u16,
    /// Name of the contract.
    pub name: &'s str,
    /// Version of its crate.
    pub version: &'s str,
    /// Documentation.
    pub docs: &'s str,
    /// Commit of its source, or empty.
    pub source: &'s str,
    /// Toolchain, or empty.
    pub toolchain: &'s str,
    /// Methods in the order of the source.
    pub methods: Vec<MethodView<'s>>,
    /// Events by name.
    pub events: Vec<EventView<'s>>,
    /// Named types.
    pub types: Vec<TypeView<'s>>,
    /// Storage fields in the order of the source.
    pub storage: Vec<StorageView<'s>>,
}

/// A method.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodView<'s> {
    /// Name as called.
    pub name: &'s str,
    /// `init`, `call`, `view` or `migrate`.
    pub kind: &'static str,
    /// Documentation.
    pub docs: &'s str,
    /// Arguments.
    pub args: Vec<FieldView<'s>>,
    /// Type of the result.
    pub result: String,
    /// Type of the error, or `null`.
    pub error: Option<String>,
}

/// A name with a type.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldView<'s> {
    /// Name.
    pub name: &'s str,
    /// Type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Documentation.
    pub docs: &'s str,
}

/// An event.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventView<'s> {
    /// Name.
    pub name: &'s str,
    /// Documentation.
    pub docs: &'s str,
    /// Fields.
    pub fields: Vec<FieldView<'s>>,
}

/// A named type.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeView<'s> {
    /// Name.
    pub name: &'s str,
    /// Documentation.
    pub docs: &'s str,
    /// Its shape.
    #[serde(flatten)]
    pub shape: ShapeView<'s>,
}

/// Shape of a named type.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum ShapeView<'s> {
    /// Named fields.
    Struct {
        /// The fields.
        fields: Vec<FieldView<'s>>,
    },
    /// Fields by position; a single one shows as itself.
    Tuple {
        /// Their types.
        items: Vec<String>,
    },
    /// Variants.
    Enum {
        /// In the order of their codes.
        variants: Vec<VariantView<'s>>,
    },
}

/// One variant; with neither `items` nor `fields` it is its name alone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantView<'s> {
    /// Name.
    pub name: &'s str,
    /// Documentation.
    pub docs: &'s str,
    /// Types of the fields by position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
    /// Named fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldView<'s>>>,
}

/// A storage field.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageView<'s> {
    /// Name that its key derives from.
    pub name: &'s str,
    /// Documentation.
    pub docs: &'s str,
    /// What is stored.
    #[serde(flatten)]
    pub layout: LayoutView,
}

/// Shape of a storage field.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum LayoutView {
    /// One value.
    Item {
        /// Its type.
        value: String,
    },
    /// Values by key.
    Map {
        /// Type of the keys.
        key: String,
        /// Type of the values.
        value: String,
        /// True if it can be walked in the order of its keys.
        ordered: bool,
    },
}

impl<'s> SpecView<'s> {
    /// The whole spec.
    pub fn new(spec: &'s Spec) -> Self {
        Self {
            abi: spec.abi,
            name: &spec.name,
            version: &spec.version,
            docs: &spec.docs,
            source: &spec.source,
            toolchain: &spec.toolchain,
            methods: spec.methods.iter().map(|method| MethodView::new(spec, method)).collect(),
            events: spec.events.iter().map(|event| EventView::new(spec, event)).collect(),
            types: spec.types.iter().map(|def| TypeView::new(spec, def)).collect(),
            storage: spec.storage.iter().map(|field| StorageView::new(spec, field)).collect(),
        }
    }
}

impl<'s> MethodView<'s> {
    fn new(spec: &Spec, method: &'s Method) -> Self {
        Self {
            name: &method.name,
            kind: kind_name(method.kind),
            docs: &method.docs,
            args: fields(spec, &method.args),
            result: type_name(spec, &method.result),
            error: method.error.as_ref().map(|error| type_name(spec, error)),
        }
    }
}

impl<'s> EventView<'s> {
    fn new(spec: &Spec, event: &'s EventDef) -> Self {
        Self { name: &event.name, docs: &event.docs, fields: fields(spec, &event.fields) }
    }
}

impl<'s> TypeView<'s> {
    fn new(spec: &Spec, def: &'s TypeDef) -> Self {
        let shape = match &def.shape {
            Shape::Struct(members) => ShapeView::Struct { fields: fields(spec, members) },
            Shape::Tuple(parts) => ShapeView::Tuple { items: type_names(spec, parts) },
            Shape::Enum(variants) => {
                ShapeView::Enum { variants: variants.iter().map(|variant| VariantView::new(spec, variant)).collect() }
            }
        };
        Self { name: &def.name, docs: &def.docs, shape }
    }
}

impl<'s> VariantView<'s> {
    fn new(spec: &Spec, variant: &'s Variant) -> Self {
        let (items, members) = match &variant.fields {
            VariantFields::Unit => (None, None),
            VariantFields::Tuple(parts) => (Some(type_names(spec, parts)), None),
            VariantFields::Struct(members) => (None, Some(fields(spec, members))),
        };
        Self { name: &variant.name, docs: &variant.docs, items, fields: members }
    }
}

impl<'s> StorageView<'s> {
    fn new(spec: &Spec, field: &'s StorageField) -> Self {
        let layout = match &field.layout {
            Layout::Item(value) => LayoutView::Item { value: type_name(spec, value) },
            Layout::Map { key, value, ordered } => {
                LayoutView::Map { key: type_name(spec, key), value: type_name(spec, value), ordered: *ordered }
            }
        };
        Self { name: &field.name, docs: &field.docs, layout }
    }
}

fn fields<'s>(spec: &Spec, fields: &'s [Field]) -> Vec<FieldView<'s>> {
    let view = |field: &'s Field| FieldView { name: &field.name, ty: type_name(spec, &field.ty), docs: &field.docs };
    fields.iter().map(view).collect()
}

fn type_names(spec: &Spec, types: &[Type]) -> Vec<String> {
    types.iter().map(|ty| type_name(spec, ty)).collect()
}

/// `init`, `call`, `view` or `migrate`.
pub fn kind_name(kind: MethodKind) -> &'static str {
    match kind {
        MethodKind::Init => "init",
        MethodKind::Call => "call",
        MethodKind::View => "view",
        MethodKind::Migrate => "migrate",
    }
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
