//! Turns the const tree of [`super::describe`] into the bytes of a spec record while the contract is compiled, so that a plain
//! `cargo build` emits the spec. Two passes: the first counts, the second fills an array of that length.
//! A record is a u32 little-endian length and a payload; the payload's first byte is [`CONTRACT`] or [`EVENT`].
//! A bound that is broken panics while the contract is compiled; `track_caller` makes the compiler show the contract, not this file.
//! Invariant: the bytes are the SCALE encoding of the model in [`super`], which `section` reads.

use super::bounds::{MAX_DEPTH, MAX_LIST, MAX_NAME, MAX_TEXT};
use super::describe::{
    ContractDesc, EventDesc, FieldDesc, LayoutDesc, MethodDesc, NamedTy, ShapeDesc, StorageDesc, Ty, VariantDesc,
};
use crate::export::MethodKind;

/// First byte of a record that holds a [`super::Spec`] without events.
pub const CONTRACT: u8 = 0;
/// First byte of a record that holds the named types of one event, then the [`super::EventDef`].
pub const EVENT: u8 = 1;

/// Bytes of a contract's record.
#[track_caller]
pub const fn contract_len(contract: &ContractDesc) -> usize {
    let mut w = Writer::<0>::new();
    w.contract(contract);
    w.len
}

/// A contract's record; `N` is its [`contract_len`].
///
/// # Panics
/// At compile time, if the contract is above a bound of [`super::bounds`] or two of its types have one name.
#[track_caller]
pub const fn contract<const N: usize>(contract: &ContractDesc) -> [u8; N] {
    let mut w = Writer::<N>::new();
    w.contract(contract);
    w.finish()
}

/// Bytes of an event's record.
#[track_caller]
pub const fn event_len(event: &EventDesc) -> usize {
    let mut w = Writer::<0>::new();
    w.event(event);
    w.len
}

/// An event's record; `N` is its [`event_len`].
///
/// # Panics
/// As [`contract`].
#[track_caller]
pub const fn event<const N: usize>(event: &EventDesc) -> [u8; N] {
    let mut w = Writer::<N>::new();
    w.event(event);
    w.finish()
}

/// The named types of one record, in the order in which they are met.
struct Types {
    found: [Option<&'static NamedTy>; MAX_LIST],
    len: usize,
}

impl Types {
    const fn new() -> Self {
        Self { found: [None; MAX_LIST], len: 0 }
    }

    const fn index(&self, name: &str) -> Option<usize> {
        let mut i = 0;
        while i < self.len {
            if let Some(named) = self.found[i]
                && same(named.name, name)
            {
                return Some(i);
            }
            i += 1;
        }
        None
    }

    #[track_caller]
    const fn ty(&mut self, ty: &Ty, depth: usize) {
        assert!(depth <= MAX_DEPTH, "a type of the contract's interface or storage is nested deeper than 32 levels");
        match ty {
            Ty::Option(inner) | Ty::List(inner) | Ty::Array(inner, _) | Ty::Set(inner) => self.ty(inner, depth + 1),
            Ty::Map(key, value) => {
                self.ty(key, depth + 1);
                self.ty(value, depth + 1);
            }
            Ty::Tuple(parts) => self.tuple(parts, depth + 1),
            Ty::Named(named) => self.named(named, depth + 1),
            _ => {}
        }
    }

    #[track_caller]
    const fn named(&mut self, named: &'static NamedTy, depth: usize) {
        if let Some(i) = self.index(named.name) {
            match self.found[i] {
                Some(known) if same(known.id, named.id) => return,
                _ => two_types(named.name),
            }
        }
        assert!(self.len < MAX_LIST, "the contract's interface and storage have more than 256 structs and enums");
        self.found[self.len] = Some(named);
        self.len += 1;
        self.shape(&named.shape, depth);
    }

    #[track_caller]
    const fn shape(&mut self, shape: &ShapeDesc, depth: usize) {
        match *shape {
            ShapeDesc::Struct(fields) => self.fields(fields, depth),
            ShapeDesc::Tuple(parts) => self.tuple(parts, depth),
            ShapeDesc::Enum(mut variants) => {
                while let [first, rest @ ..] = variants {
                    self.shape(&first.fields, depth);
                    variants = rest;
                }
            }
        }
    }

    #[track_caller]
    const fn tuple(&mut self, mut parts: &[&Ty], depth: usize) {
        while let [first, rest @ ..] = parts {
            self.ty(first, depth);
            parts = rest;
        }
    }

    #[track_caller]
    const fn fields(&mut self, mut fields: &[FieldDesc], depth: usize) {
        while let [first, rest @ ..] = fields {
            self.ty(first.ty, depth);
            fields = rest;
        }
    }

    #[track_caller]
    const fn contract(&mut self, contract: &ContractDesc) {
        let mut methods = contract.methods;
        while let [m, rest @ ..] = methods {
            self.fields(m.args, 1);
            self.ty(m.result, 1);
            if let Some(error) = m.error {
                self.ty(error, 1);
            }
            methods = rest;
        }
        let mut storage = contract.storage;
        while let [field, rest @ ..] = storage {
            match field.layout {
                LayoutDesc::Item(value) => self.ty(value, 1),
                LayoutDesc::Map { key, value, .. } => {
                    self.ty(key, 1);
                    self.ty(value, 1);
                }
            }
            storage = rest;
        }
    }
}

/// `for` over a slice in a const function: the length as SCALE writes it, then each element.
macro_rules! list {
    ($w:ident, $list:expr, |$item:ident| $write:expr) => {{
        let mut rest = $list;
        $w.length(rest.len());
        while let [$item, tail @ ..] = rest {
            $write;
            rest = tail;
        }
    }};
}

/// `N` of 0 counts only.
struct Writer<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Writer<N> {
    const fn new() -> Self {
        let mut w = Self { bytes: [0; N], len: 0 };
        w.u32(N.saturating_sub(4) as u32);
        w
    }

    const fn text_only() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    const fn finish(self) -> [u8; N] {
        assert!(self.len == N, "the length given is not the record's");
        self.bytes
    }

    const fn raw(&mut self, bytes: &[u8]) {
        if N > 0 {
            let (_, free) = self.bytes.split_at_mut(self.len);
            let (place, _) = free.split_at_mut(bytes.len());
            place.copy_from_slice(bytes);
        }
        self.len += bytes.len();
    }

    const fn byte(&mut self, byte: u8) {
        self.raw(&[byte]);
    }

    const fn u32(&mut self, n: u32) {
        self.raw(&n.to_le_bytes());
    }

    /// SCALE's compact integer, as far as texts and lists need it.
    const fn compact(&mut self, n: usize) {
        match n {
            0..64 => self.byte((n as u8) << 2),
            64..16_384 => self.raw(&(((n as u16) << 2) | 1).to_le_bytes()),
            _ => self.raw(&(((n as u32) << 2) | 2).to_le_bytes()),
        }
    }

    #[track_caller]
    const fn length(&mut self, n: usize) {
        assert!(n <= MAX_LIST, "a contract's interface has at most 256 of anything: methods, fields, variants");
        self.compact(n);
    }

    #[track_caller]
    const fn text(&mut self, text: &str) {
        assert!(text.len() <= MAX_TEXT, "a documentation comment of the contract's interface is longer than 8 KiB");
        self.compact(text.len());
        self.raw(text.as_bytes());
    }

    #[track_caller]
    const fn name(&mut self, name: &str) {
        assert!(name.len() <= MAX_NAME, "a name of the contract's interface is longer than 64 bytes");
        self.text(name);
    }

    #[track_caller]
    const fn contract(&mut self, c: &ContractDesc) {
        let mut types = Types::new();
        types.contract(c);
        self.byte(CONTRACT);
        self.raw(&crate::ABI_VERSION.to_le_bytes());
        self.name(c.name);
        self.text(c.version);
        self.text(c.docs);
        self.text(c.source);
        self.text(c.toolchain);
        self.types(&types);
        list!(self, c.methods, |m| self.method(&types, m));
        self.length(0);
        list!(self, c.storage, |field| self.storage(&types, field));
    }

    #[track_caller]
    const fn event(&mut self, e: &EventDesc) {
        let mut types = Types::new();
        types.fields(e.fields, 1);
        self.byte(EVENT);
        self.types(&types);
        self.name(e.name);
        self.text(e.docs);
        self.fields(&types, e.fields);
    }

    #[track_caller]
    const fn types(&mut self, types: &Types) {
        self.length(types.len);
        let mut i = 0;
        while i < types.len {
            if let Some(named) = types.found[i] {
                self.name(named.name);
                self.text(named.docs);
                self.shape(types, &named.shape);
            }
            i += 1;
        }
    }

    #[track_caller]
    const fn shape(&mut self, types: &Types, shape: &ShapeDesc) {
        match shape {
            ShapeDesc::Struct(fields) => {
                self.byte(0);
                self.fields(types, fields);
            }
            ShapeDesc::Tuple(parts) => {
                self.byte(1);
                self.tuple(types, parts);
            }
            ShapeDesc::Enum(variants) => {
                self.byte(2);
                list!(self, *variants, |v| self.variant(types, v));
            }
        }
    }

    #[track_caller]
    const fn variant(&mut self, types: &Types, variant: &VariantDesc) {
        self.name(variant.name);
        self.text(variant.docs);
        match variant.fields {
            ShapeDesc::Tuple([]) => self.byte(0),
            ShapeDesc::Tuple(parts) => {
                self.byte(1);
                self.tuple(types, parts);
            }
            ShapeDesc::Struct(fields) => {
                self.byte(2);
                self.fields(types, fields);
            }
            ShapeDesc::Enum(_) => panic!("a variant carries fields, not variants"),
        }
    }

    #[track_caller]
    const fn tuple(&mut self, types: &Types, parts: &[&Ty]) {
        list!(self, parts, |part| self.ty(types, part));
    }

    #[track_caller]
    const fn fields(&mut self, types: &Types, fields: &[FieldDesc]) {
        list!(self, fields, |field| {
            self.name(field.name);
            self.ty(types, field.ty);
            self.text(field.docs);
        });
    }

    #[track_caller]
    const fn method(&mut self, types: &Types, m: &MethodDesc) {
        self.name(m.name);
        self.byte(match m.kind {
            MethodKind::Init => 0,
            MethodKind::Call => 1,
            MethodKind::View => 2,
            MethodKind::Migrate => 3,
        });
        self.text(m.docs);
        self.fields(types, m.args);
        self.ty(types, m.result);
        match m.error {
            None => self.byte(0),
            Some(error) => {
                self.byte(1);
                self.ty(types, error);
            }
        }
    }

    #[track_caller]
    const fn storage(&mut self, types: &Types, field: &StorageDesc) {
        self.name(field.name);
        self.text(field.docs);
        match field.layout {
            LayoutDesc::Item(value) => {
                self.byte(0);
                self.ty(types, value);
            }
            LayoutDesc::Map { key, value, ordered } => {
                self.byte(1);
                self.ty(types, key);
                self.ty(types, value);
                self.byte(ordered as u8);
            }
        }
    }

    #[track_caller]
    const fn ty(&mut self, types: &Types, ty: &Ty) {
        match *ty {
            Ty::Unit => self.byte(0),
            Ty::Bool => self.byte(1),
            Ty::U8 => self.byte(2),
            Ty::U16 => self.byte(3),
            Ty::U32 => self.byte(4),
            Ty::U64 => self.byte(5),
            Ty::U128 => self.byte(6),
            Ty::I8 => self.byte(7),
            Ty::I16 => self.byte(8),
            Ty::I32 => self.byte(9),
            Ty::I64 => self.byte(10),
            Ty::I128 => self.byte(11),
            Ty::String => self.byte(12),
            Ty::Bytes => self.byte(13),
            Ty::FixedBytes(n) => {
                self.byte(14);
                self.u32(n);
            }
            Ty::AccountId => self.byte(15),
            Ty::ContractId => self.byte(16),
            Ty::Hash => self.byte(17),
            Ty::Option(inner) => self.wrapped(types, 18, inner),
            Ty::List(inner) => self.wrapped(types, 19, inner),
            Ty::Array(inner, n) => {
                self.wrapped(types, 20, inner);
                self.u32(n);
            }
            Ty::Tuple(parts) => {
                self.byte(21);
                self.tuple(types, parts);
            }
            Ty::Map(key, value) => {
                self.wrapped(types, 22, key);
                self.ty(types, value);
            }
            Ty::Set(inner) => self.wrapped(types, 23, inner),
            Ty::Named(named) => {
                self.byte(25);
                match types.index(named.name) {
                    Some(i) => self.u32(i as u32),
                    None => panic!("every named type is collected before it is written"),
                }
            }
        }
    }

    #[track_caller]
    const fn wrapped(&mut self, types: &Types, tag: u8, inner: &Ty) {
        self.byte(tag);
        self.ty(types, inner);
    }
}

#[track_caller]
const fn two_types(name: &str) -> ! {
    let mut text = Writer::<256>::text_only();
    text.raw(b"the contract's interface has two different types named `");
    text.raw(name.as_bytes());
    text.raw(b"`, and it knows a type by its name: rename one of them");
    match core::str::from_utf8(text.bytes.split_at(text.len).0) {
        Ok(text) => panic!("{}", text),
        Err(_) => panic!("two different types of the contract's interface have one name"),
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    while let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) {
        if *x != *y {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    true
}

#[cfg(test)]
mod tests;
