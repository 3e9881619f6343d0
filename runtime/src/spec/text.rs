//! A spec as text for people (`coffer contract inspect`): signatures as in Rust, documentation under them.
//! Invariant: plain text; control characters of a contract's own texts do not reach a terminal.

use std::fmt::{self, Write};

use coffer_abi::spec::{Field, Layout, Method, Shape, Spec, Type, VariantFields};

/// The whole spec, ending with a line break.
pub fn text(spec: &Spec) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_spec(&mut out, spec);
    out
}

fn write_spec(out: &mut String, spec: &Spec) -> fmt::Result {
    write!(out, "contract {}", spec.name)?;
    if !spec.version.is_empty() {
        write!(out, " {}", clean(&spec.version))?;
    }
    writeln!(out, " (ABI {})", spec.abi)?;
    docs(out, 2, &spec.docs)?;
    for (name, value) in [("source", &spec.source), ("toolchain", &spec.toolchain)] {
        if !value.is_empty() {
            writeln!(out, "  {name}: {}", clean(value))?;
        }
    }
    section(out, "methods", &spec.methods, |out, method| {
        writeln!(out, "  {}", signature(spec, method))?;
        docs(out, 6, &method.docs)
    })?;
    section(out, "events", &spec.events, |out, event| {
        writeln!(out, "  {} {}", event.name, braced(spec, &event.fields))?;
        docs(out, 6, &event.docs)
    })?;
    section(out, "types", &spec.types, |out, def| {
        match &def.shape {
            Shape::Struct(fields) => writeln!(out, "  struct {} {}", def.name, braced(spec, fields))?,
            Shape::Tuple(parts) => writeln!(out, "  struct {}({})", def.name, list(spec, parts))?,
            Shape::Enum(_) => writeln!(out, "  enum {}", def.name)?,
        }
        docs(out, 6, &def.docs)?;
        let Shape::Enum(variants) = &def.shape else { return Ok(()) };
        for (code, variant) in variants.iter().enumerate() {
            match &variant.fields {
                VariantFields::Unit => writeln!(out, "    {code} {}", variant.name)?,
                VariantFields::Tuple(parts) => writeln!(out, "    {code} {}({})", variant.name, list(spec, parts))?,
                VariantFields::Struct(fields) => writeln!(out, "    {code} {} {}", variant.name, braced(spec, fields))?,
            }
            docs(out, 8, &variant.docs)?;
        }
        Ok(())
    })?;
    section(out, "storage", &spec.storage, |out, field| {
        match &field.layout {
            Layout::Item(value) => writeln!(out, "  {}: Item<{}>", field.name, rust(spec, value))?,
            Layout::Map { key, value, ordered } => {
                let order = if *ordered { " in key order" } else { "" };
                writeln!(out, "  {}: Map<{}, {}>{order}", field.name, rust(spec, key), rust(spec, value))?;
            }
        }
        docs(out, 6, &field.docs)
    })
}

/// A method as Rust writes it: `call transfer(to: AccountId, amount: u128) -> Result<(), Error>`.
pub fn signature(spec: &Spec, method: &Method) -> String {
    let args: Vec<_> = method.args.iter().map(|arg| format!("{}: {}", arg.name, rust(spec, &arg.ty))).collect();
    let kind = method.kind.name();
    let name = if kind == method.name { method.name.clone() } else { format!("{kind} {}", method.name) };
    let result = match (&method.result, &method.error) {
        (Type::Unit, None) => String::new(),
        (result, None) => format!(" -> {}", rust(spec, result)),
        (result, Some(error)) => format!(" -> Result<{}, {}>", rust(spec, result), rust(spec, error)),
    };
    format!("{name}({}){result}", args.join(", "))
}

fn section<T>(
    out: &mut String,
    title: &str,
    items: &[T],
    mut item: impl FnMut(&mut String, &T) -> fmt::Result,
) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    items.iter().try_for_each(|one| item(out, one))
}

fn docs(out: &mut String, indent: usize, docs: &str) -> fmt::Result {
    docs.trim().lines().try_for_each(|line| writeln!(out, "{:indent$}{}", "", clean(line.trim_end())))
}

pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn braced(spec: &Spec, fields: &[Field]) -> String {
    if fields.is_empty() {
        return "{}".into();
    }
    let fields: Vec<_> = fields.iter().map(|field| format!("{}: {}", field.name, rust(spec, &field.ty))).collect();
    format!("{{ {} }}", fields.join(", "))
}

fn list(spec: &Spec, types: &[Type]) -> String {
    types.iter().map(|ty| rust(spec, ty)).collect::<Vec<_>>().join(", ")
}

/// A type as Rust writes it.
pub(super) fn rust(spec: &Spec, ty: &Type) -> String {
    let name = |ty: &Type| rust(spec, ty);
    match ty {
        Type::Unit => "()".into(),
        Type::String => "String".into(),
        Type::Bytes => "Vec<u8>".into(),
        Type::FixedBytes(len) => format!("[u8; {len}]"),
        Type::AccountId => "AccountId".into(),
        Type::ContractId => "ContractId".into(),
        Type::Hash => "Hash".into(),
        Type::Option(inner) => format!("Option<{}>", name(inner)),
        Type::List(inner) => format!("Vec<{}>", name(inner)),
        Type::Array(inner, len) => format!("[{}; {len}]", name(inner)),
        Type::Tuple(parts) if parts.len() == 1 => format!("({},)", name(&parts[0])),
        Type::Tuple(parts) => format!("({})", list(spec, parts)),
        Type::Map(key, value) => format!("BTreeMap<{}, {}>", name(key), name(value)),
        Type::Set(inner) => format!("BTreeSet<{}>", name(inner)),
        Type::Result(ok, error) => format!("Result<{}, {}>", name(ok), name(error)),
        Type::Bool
        | Type::U8
        | Type::U16
        | Type::U32
        | Type::U64
        | Type::U128
        | Type::I8
        | Type::I16
        | Type::I32
        | Type::I64
        | Type::I128
        | Type::Named(_) => super::names::type_name(spec, ty),
    }
}
