//! Compares what two versions of a contract store: would the new code read what the old code wrote? From the specs alone, by structure:
//! what a named type is called does not count, what its fields and variants are called does, because meaning hangs on it.
//! Not here: whether a `migrate` covers a difference (who asks decides). Invariant: the same two specs give the same answer on every
//! node, within a bounded number of steps.

use std::collections::BTreeSet;
use std::fmt;

use coffer_abi::spec::{Field, Layout, Shape, Spec, StorageField, Type, TypeDef, Variant, VariantFields};

use super::text::{clean, rust};

/// Differences told; a comparison ends there.
const MAX_DIFFERENCES: usize = 64;
/// Pairs of types compared; a comparison that needs more ends with a difference. No contract that people wrote comes near it.
const MAX_STEPS: usize = 200_000;
/// Characters of a type or definition in a text.
const MAX_TEXT: usize = 400;

/// One reason why the new code may not read what the old code wrote. Its text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The old code says nothing of its storage.
    NoOldSpec,
    /// The new code says nothing of its storage.
    NoNewSpec,
    /// A field is not there any more.
    Removed {
        /// Name of the field.
        field: String,
        /// What it was.
        was: String,
    },
    /// A field is another kind of collection.
    Collection {
        /// Name of the field.
        field: String,
        /// What it was.
        was: String,
        /// What it is.
        now: String,
    },
    /// A type is another one.
    Type {
        /// Name of the field.
        field: String,
        /// Where in it: empty, or a path such as `About.decimals`.
        place: String,
        /// True in the keys of a map.
        in_key: bool,
        /// What it was.
        was: String,
        /// What it is.
        now: String,
    },
    /// The specs are too large to compare.
    TooLarge,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOldSpec => {
                f.write_str("the code that the contract has says nothing of its storage (no readable spec)")
            }
            Self::NoNewSpec => f.write_str("the new code says nothing of its storage (no readable spec)"),
            Self::Removed { field, was } => write!(
                f,
                "storage field `{field}` was {was} and is gone; a field that has another name now keeps its storage with #[key(\"{field}\")]"
            ),
            Self::Collection { field, was, now } => write!(f, "storage field `{field}` was {was} and is {now}"),
            Self::Type { field, place, in_key, was, now } => {
                let part = if *in_key { "the keys of storage field" } else { "storage field" };
                let place = if place.is_empty() { String::new() } else { format!(", `{place}`") };
                write!(f, "{part} `{field}`{place}: was {was} and is {now}")
            }
            Self::TooLarge => f.write_str("the types of the two modules are too many to compare"),
        }
    }
}

/// What stands between the storage of the old code and the new code; empty if the new code reads all of it. Without both specs nothing is
/// known, which is a difference too. Fields that are new are none, and neither are variants that an enum got at its end.
pub fn compare(old: Option<&Spec>, new: Option<&Spec>) -> Vec<Difference> {
    first(old, new, MAX_DIFFERENCES)
}

/// True if [`compare`] finds nothing; cheaper where it finds much.
pub fn is_compatible(old: Option<&Spec>, new: Option<&Spec>) -> bool {
    first(old, new, 1).is_empty()
}

fn first(old: Option<&Spec>, new: Option<&Spec>, limit: usize) -> Vec<Difference> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, Some(_)) => return vec![Difference::NoOldSpec],
        (Some(_), None) => return vec![Difference::NoNewSpec],
        (None, None) => return vec![Difference::NoOldSpec, Difference::NoNewSpec],
    };
    let (place, seen) = (Vec::new(), BTreeSet::new());
    let mut walk = Walk { old, new, field: "", in_key: false, place, seen, steps: 0, limit, found: Vec::new() };
    old.storage.iter().for_each(|field| walk.field(field));
    if walk.steps > MAX_STEPS { vec![Difference::TooLarge] } else { walk.found }
}

/// A step into a type.
#[derive(Clone, Copy)]
enum Part<'a> {
    Name(&'a str),
    Index(usize),
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => index.fmt(f),
        }
    }
}

struct Walk<'a> {
    old: &'a Spec,
    new: &'a Spec,
    /// The storage field looked at.
    field: &'a str,
    in_key: bool,
    /// Where in it.
    place: Vec<Part<'a>>,
    /// Pairs of named types looked at in this field: what differs in them is told once.
    seen: BTreeSet<(u32, u32)>,
    steps: usize,
    limit: usize,
    found: Vec<Difference>,
}

impl<'a> Walk<'a> {
    fn field(&mut self, old: &'a StorageField) {
        if self.is_over() {
            return;
        }
        let Some(new) = self.new.storage.iter().find(|new| new.name == old.name) else {
            let was = collection(self.old, &old.layout);
            return self.found.push(Difference::Removed { field: old.name.clone(), was });
        };
        self.seen.clear();
        self.field = &old.name;
        match (&old.layout, &new.layout) {
            (Layout::Item(was), Layout::Item(now)) => self.top(was, now, false),
            (
                Layout::Map { key, value, ordered },
                Layout::Map { key: new_key, value: new_value, ordered: new_ordered },
            ) if ordered == new_ordered => {
                self.top(key, new_key, true);
                self.top(value, new_value, false);
            }
            (was, now) => {
                let (was, now) = (collection(self.old, was), collection(self.new, now));
                self.found.push(Difference::Collection { field: old.name.clone(), was, now });
            }
        }
    }

    fn top(&mut self, was: &'a Type, now: &'a Type, in_key: bool) {
        self.in_key = in_key;
        self.ty(was, now);
    }

    fn is_over(&mut self) -> bool {
        self.steps += 1;
        self.steps > MAX_STEPS || self.found.len() >= self.limit
    }

    fn ty(&mut self, was: &'a Type, now: &'a Type) {
        if self.is_over() {
            return;
        }
        match (was, now) {
            (Type::Named(was), Type::Named(now)) => self.named(*was, *now),
            (Type::Option(was), Type::Option(now))
            | (Type::List(was), Type::List(now))
            | (Type::Set(was), Type::Set(now)) => self.ty(was, now),
            (Type::Array(was, length), Type::Array(now, new_length)) if length == new_length => self.ty(was, now),
            (Type::Map(a, b), Type::Map(new_a, new_b)) | (Type::Result(a, b), Type::Result(new_a, new_b)) => {
                self.ty(a, new_a);
                self.ty(b, new_b);
            }
            (Type::Tuple(was), Type::Tuple(now)) if was.len() == now.len() => {
                was.iter().zip(now).for_each(|(was, now)| self.ty(was, now));
            }
            // What is left has no named type inside, or differs by its outer form already.
            (was, now) if was == now => {}
            (was, now) => self.differ(rust(self.old, was), rust(self.new, now)),
        }
    }

    fn named(&mut self, was: u32, now: u32) {
        let (old, new) = (self.old, self.new);
        let (Some(was_def), Some(now_def)) = (old.types.get(was as usize), new.types.get(now as usize)) else {
            // A sound spec has no such index.
            return self.differ(rust(old, &Type::Named(was)), rust(new, &Type::Named(now)));
        };
        if !self.seen.insert((was, now)) {
            return;
        }
        let outermost = self.place.is_empty();
        if outermost {
            self.place.push(Part::Name(&was_def.name));
        }
        match (&was_def.shape, &now_def.shape) {
            (Shape::Struct(was), Shape::Struct(now)) if same_names(was, now) => self.fields(was, now),
            (Shape::Tuple(was), Shape::Tuple(now)) if was.len() == now.len() => self.parts(was, now),
            (Shape::Enum(was), Shape::Enum(now)) if is_start(was, now) => {
                for (was, now) in was.iter().zip(now) {
                    self.place.push(Part::Name(&was.name));
                    self.variant(was, now);
                    self.place.pop();
                }
            }
            _ => self.differ(definition(old, was_def), definition(new, now_def)),
        }
        if outermost {
            self.place.pop();
        }
    }

    fn variant(&mut self, was: &'a Variant, now: &'a Variant) {
        if self.is_over() {
            return;
        }
        match (&was.fields, &now.fields) {
            (VariantFields::Unit, VariantFields::Unit) => {}
            (VariantFields::Tuple(was), VariantFields::Tuple(now)) if was.len() == now.len() => self.parts(was, now),
            (VariantFields::Struct(was), VariantFields::Struct(now)) if same_names(was, now) => self.fields(was, now),
            _ => self.differ(variant(self.old, was), variant(self.new, now)),
        }
    }

    fn fields(&mut self, was: &'a [Field], now: &'a [Field]) {
        for (was, now) in was.iter().zip(now) {
            self.place.push(Part::Name(&was.name));
            self.ty(&was.ty, &now.ty);
            self.place.pop();
        }
    }

    fn parts(&mut self, was: &'a [Type], now: &'a [Type]) {
        for (index, (was, now)) in was.iter().zip(now).enumerate() {
            self.place.push(Part::Index(index));
            self.ty(was, now);
            self.place.pop();
        }
    }

    fn differ(&mut self, was: String, now: String) {
        let place: Vec<_> = self.place.iter().map(Part::to_string).collect();
        // The outermost name alone says no more than the definitions do.
        let place = if place.len() > 1 { place.join(".") } else { String::new() };
        let (field, in_key) = (self.field.to_owned(), self.in_key);
        self.found.push(Difference::Type { field, place, in_key, was: cut(&was), now: cut(&now) });
    }
}

fn same_names(was: &[Field], now: &[Field]) -> bool {
    was.len() == now.len() && was.iter().zip(now).all(|(was, now)| was.name == now.name)
}

/// True if the old variants stand in the new enum, in their places: old values keep their codes.
fn is_start(was: &[Variant], now: &[Variant]) -> bool {
    was.len() <= now.len() && was.iter().zip(now).all(|(was, now)| was.name == now.name)
}

fn collection(spec: &Spec, layout: &Layout) -> String {
    cut(&match layout {
        Layout::Item(value) => format!("Item<{}>", rust(spec, value)),
        Layout::Map { key, value, ordered: true } => format!("Map<{}, {}>", rust(spec, key), rust(spec, value)),
        Layout::Map { key, value, ordered: false } => format!("LookupMap<{}, {}>", rust(spec, key), rust(spec, value)),
    })
}

fn definition(spec: &Spec, def: &TypeDef) -> String {
    let name = &def.name;
    match &def.shape {
        Shape::Struct(members) => format!("struct {name} {}", fields(spec, members)),
        Shape::Tuple(parts) => format!("struct {name}{}", tuple(spec, parts)),
        Shape::Enum(variants) => {
            let variants: Vec<_> = variants.iter().map(|one| variant(spec, one)).collect();
            format!("enum {name} {{ {} }}", variants.join(", "))
        }
    }
}

fn variant(spec: &Spec, variant: &Variant) -> String {
    match &variant.fields {
        VariantFields::Unit => variant.name.clone(),
        VariantFields::Tuple(parts) => format!("{}{}", variant.name, tuple(spec, parts)),
        VariantFields::Struct(members) => format!("{} {}", variant.name, fields(spec, members)),
    }
}

fn fields(spec: &Spec, members: &[Field]) -> String {
    let members: Vec<_> = members.iter().map(|field| format!("{}: {}", field.name, rust(spec, &field.ty))).collect();
    format!("{{ {} }}", members.join(", "))
}

fn tuple(spec: &Spec, parts: &[Type]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| rust(spec, part)).collect();
    format!("({})", parts.join(", "))
}

/// A module's own text is bounded and has no control characters when it is shown.
fn cut(text: &str) -> String {
    let text = clean(text);
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
