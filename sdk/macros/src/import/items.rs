//! A spec as Rust source: structs, enums and the interface. Invariant: only types that a method can reach are made, each under its name in
//! the spec.

use std::collections::BTreeSet;

use coffer_abi::spec::{Field, Method, MethodKind, Shape, Spec, Type, TypeDef, VariantFields};
use proc_macro2::{Literal, TokenStream as Tokens};
use quote::quote;
use syn::Ident;

/// Name of the client.
const CLIENT: &str = "Client";

/// The items of the module.
///
/// # Errors
/// What of the spec Rust cannot say.
pub fn of(spec: &Spec) -> Result<Tokens, String> {
    let mut reached = BTreeSet::new();
    let mut errors = BTreeSet::new();
    for method in &spec.methods {
        for ty in method.args.iter().map(|argument| &argument.ty).chain([&method.result]).chain(&method.error) {
            reach(spec, ty, &mut reached);
        }
        if let Some(Type::Named(index)) = &method.error {
            errors.insert(*index);
        }
    }
    let mut items = Tokens::new();
    for index in reached {
        let Some(def) = spec.types.get(index as usize) else { continue };
        items.extend(definition(spec, def, errors.contains(&index))?);
    }
    let taken = spec.types.iter().any(|def| def.name == CLIENT);
    let client = ident(&if taken { format!("{}{CLIENT}", spec.name) } else { CLIENT.to_owned() })?;
    let docs = &spec.docs;
    // A contract without `init` is made without arguments.
    let has_init = spec.methods.iter().any(|method| method.kind == MethodKind::Init);
    let init = (!has_init).then(|| {
        quote!(
            fn init(&mut self);
        )
    });
    let methods = spec.methods.iter().filter(|method| method.kind != MethodKind::Migrate);
    let methods = methods.map(|method| function(spec, method)).collect::<Result<Vec<_>, _>>()?;
    Ok(quote! {
        #items
        #[doc = #docs]
        #[::coffer_sdk::interface]
        pub trait #client {
            #init
            #(#methods)*
        }
    })
}

/// Collects the named types of a type.
fn reach(spec: &Spec, ty: &Type, reached: &mut BTreeSet<u32>) {
    match ty {
        Type::Named(index) => {
            if !reached.insert(*index) {
                return;
            }
            let fields = |list: &[Field], reached: &mut BTreeSet<u32>| {
                list.iter().for_each(|field| reach(spec, &field.ty, reached));
            };
            match spec.types.get(*index as usize).map(|def| &def.shape) {
                Some(Shape::Struct(list)) => fields(list, reached),
                Some(Shape::Tuple(parts)) => parts.iter().for_each(|part| reach(spec, part, reached)),
                Some(Shape::Enum(variants)) => variants.iter().for_each(|variant| match &variant.fields {
                    VariantFields::Unit => {}
                    VariantFields::Tuple(parts) => parts.iter().for_each(|part| reach(spec, part, reached)),
                    VariantFields::Struct(list) => fields(list, reached),
                }),
                None => {}
            }
        }
        Type::Option(inner) | Type::List(inner) | Type::Array(inner, _) | Type::Set(inner) => {
            reach(spec, inner, reached);
        }
        Type::Tuple(parts) => parts.iter().for_each(|part| reach(spec, part, reached)),
        Type::Map(one, two) | Type::Result(one, two) => {
            reach(spec, one, reached);
            reach(spec, two, reached);
        }
        _ => {}
    }
}

fn definition(spec: &Spec, def: &TypeDef, is_error: bool) -> Result<Tokens, String> {
    let (name, docs) = (ident(&def.name)?, &def.docs);
    let attribute = if is_error { quote!(::coffer_sdk::error) } else { quote!(::coffer_sdk::contract_type) };
    let item = match &def.shape {
        Shape::Struct(list) => {
            let fields = fields(spec, list, &quote!(pub))?;
            quote!(pub struct #name { #fields })
        }
        Shape::Tuple(parts) if parts.is_empty() => quote!(pub struct #name;),
        Shape::Tuple(parts) => {
            let parts = types(spec, parts)?;
            quote!(pub struct #name(#(pub #parts),*);)
        }
        Shape::Enum(list) => {
            let mut variants = Tokens::new();
            for variant in list {
                let (name, docs) = (ident(&variant.name)?, &variant.docs);
                let carried = match &variant.fields {
                    VariantFields::Unit => quote!(),
                    VariantFields::Tuple(parts) => {
                        let parts = types(spec, parts)?;
                        quote!((#(#parts),*))
                    }
                    VariantFields::Struct(list) => {
                        let fields = fields(spec, list, &quote!())?;
                        quote!({ #fields })
                    }
                };
                variants.extend(quote!(#[doc = #docs] #name #carried,));
            }
            quote!(pub enum #name { #variants })
        }
    };
    Ok(quote!(#[doc = #docs] #[#attribute] #item))
}

fn fields(spec: &Spec, list: &[Field], visibility: &Tokens) -> Result<Tokens, String> {
    let mut fields = Tokens::new();
    for field in list {
        let (name, docs, ty) = (ident(&field.name)?, &field.docs, ty(spec, &field.ty)?);
        fields.extend(quote!(#[doc = #docs] #visibility #name: #ty,));
    }
    Ok(fields)
}

fn function(spec: &Spec, method: &Method) -> Result<Tokens, String> {
    let (name, docs) = (ident(&method.name)?, &method.docs);
    let receiver = if method.kind == MethodKind::View { quote!(&self) } else { quote!(&mut self) };
    let mut arguments = Tokens::new();
    for argument in &method.args {
        let (name, ty) = (ident(&argument.name)?, ty(spec, &argument.ty)?);
        arguments.extend(quote!(#name: #ty,));
    }
    let value = ty(spec, &method.result)?;
    let result = match &method.error {
        Some(error) => {
            let error = ty(spec, error)?;
            quote!(::core::result::Result<#value, #error>)
        }
        None => value,
    };
    Ok(quote!(#[doc = #docs] fn #name(#receiver, #arguments) -> #result;))
}

fn types(spec: &Spec, list: &[Type]) -> Result<Vec<Tokens>, String> {
    list.iter().map(|part| ty(spec, part)).collect()
}

fn ty(spec: &Spec, shown: &Type) -> Result<Tokens, String> {
    let sdk = quote!(::coffer_sdk::__private);
    Ok(match shown {
        Type::Unit => quote!(()),
        Type::Bool => quote!(bool),
        Type::U8 => quote!(u8),
        Type::U16 => quote!(u16),
        Type::U32 => quote!(u32),
        Type::U64 => quote!(u64),
        Type::U128 => quote!(u128),
        Type::I8 => quote!(i8),
        Type::I16 => quote!(i16),
        Type::I32 => quote!(i32),
        Type::I64 => quote!(i64),
        Type::I128 => quote!(i128),
        Type::String => quote!(#sdk::String),
        Type::Bytes => quote!(#sdk::Vec<u8>),
        Type::FixedBytes(n) => {
            let n = Literal::u32_unsuffixed(*n);
            quote!([u8; #n])
        }
        Type::AccountId => quote!(#sdk::AccountId),
        Type::ContractId => quote!(#sdk::ContractId),
        Type::Hash => quote!(#sdk::Hash),
        Type::Option(inner) => {
            let inner = ty(spec, inner)?;
            quote!(::core::option::Option<#inner>)
        }
        Type::List(inner) => {
            let inner = ty(spec, inner)?;
            quote!(#sdk::Vec<#inner>)
        }
        Type::Array(inner, n) => {
            let (inner, n) = (ty(spec, inner)?, Literal::u32_unsuffixed(*n));
            quote!([#inner; #n])
        }
        Type::Tuple(parts) => {
            let parts = types(spec, parts)?;
            quote!((#(#parts,)*))
        }
        Type::Map(key, value) => {
            let (key, value) = (ty(spec, key)?, ty(spec, value)?);
            quote!(#sdk::BTreeMap<#key, #value>)
        }
        Type::Set(inner) => {
            let inner = ty(spec, inner)?;
            quote!(#sdk::BTreeSet<#inner>)
        }
        Type::Result(..) => return Err("a `Result` inside of another type has no Rust type of a contract".to_owned()),
        Type::Named(index) => {
            let def = spec.types.get(*index as usize).ok_or("it refers to a type that it does not have")?;
            let name = ident(&def.name)?;
            quote!(self::#name)
        }
    })
}

/// A name as an identifier; a keyword in its raw form.
fn ident(name: &str) -> Result<Ident, String> {
    let parsed = syn::parse_str::<Ident>(name).ok();
    let raw = || syn::parse_str::<Ident>(&format!("r#{name}")).ok();
    parsed.or_else(raw).ok_or_else(|| format!("`{name}` cannot be a name in Rust"))
}
