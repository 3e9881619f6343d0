//! `#[contract]` on a struct: its fields become storage, each with keys of its own.
//! Invariant: the prefix of a field's keys depends on its name only.

use std::collections::BTreeMap;

use proc_macro2::{Literal, TokenStream as Tokens};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Field, Fields, ItemStruct, LitStr};

use crate::text::{also, docs, name};
use crate::types;

/// First byte of the prefix handed to a storage type: that of a plain key.
const KEY_PLAIN: u8 = 0;

/// The struct, and its `ContractState`.
pub fn expand(mut item: ItemStruct) -> Tokens {
    let mut errors = None;
    if !item.generics.params.is_empty() {
        also(
            &mut errors,
            syn::Error::new_spanned(&item.generics, "a contract has no type parameters and no lifetimes"),
        );
    }
    if let Fields::Unnamed(fields) = &item.fields {
        let text = "the fields of a contract have names, because their storage keys derive from them: write `{ name: Item<..>, .. }`";
        also(&mut errors, syn::Error::new_spanned(fields, text));
    }
    let mut taken = BTreeMap::new();
    let mut described = Tokens::new();
    let mut opened = Tokens::new();
    for field in item.fields.iter().filter(|field| field.ident.is_some()) {
        match key(field) {
            Ok(key) => {
                if let Some(other) = taken.insert(key.clone(), field.ident.clone()) {
                    let other = other.map(|other| other.to_string()).unwrap_or_default();
                    let text = format!(
                        "the field `{other}` has the storage keys of `{key}` already: give one of them another `#[key(\"..\")]`"
                    );
                    also(&mut errors, syn::Error::new_spanned(field, text));
                }
                let (ident, ty, text) = (&field.ident, &field.ty, docs(&field.attrs));
                let prefix = Literal::byte_string(&prefix(&key));
                let storage = quote_spanned!(ty.span()=> <#ty as __sdk::StorageType>);
                described.extend(quote!(__sdk::StorageDesc { name: #key, docs: #text, layout: #storage::LAYOUT },));
                opened.extend(quote!(#ident: #storage::at(#prefix),));
            }
            Err(error) => also(&mut errors, error),
        }
    }
    if let Err(error) = name(&item.ident) {
        also(&mut errors, error);
    }
    for field in &mut item.fields {
        field.attrs.retain(|attribute| !is_key(attribute));
    }
    let (ident, text) = (&item.ident, docs(&item.attrs));
    let contract_name = ident.to_string();
    let open = match &errors {
        None => quote!(Self { #opened }),
        Some(_) => quote!(::core::unreachable!()),
    };
    let (start, types, end) = item.generics.split_for_impl();
    let has_methods = errors.is_none().then(|| {
        quote_spanned! {ident.span()=>
            const _: fn() = || {
                fn has_methods<T: __sdk::Contract>() {}
                has_methods::<#ident>();
            };
        }
    });
    let errors = errors.map(syn::Error::into_compile_error);
    quote! {
        #item
        #[allow(unused_qualifications)]
        const _: () = {
            use ::coffer_sdk::__private as __sdk;
            impl #start __sdk::ContractState for #ident #types #end {
                const NAME: &'static str = #contract_name;
                const VERSION: &'static str = ::core::env!("CARGO_PKG_VERSION");
                const DOCS: &'static str = #text;
                const STORAGE: &'static [__sdk::StorageDesc] = &[#described];

                fn open() -> Self {
                    #open
                }
            }
            #has_methods
        };
        #errors
    }
}

fn is_key(attribute: &Attribute) -> bool {
    attribute.path().is_ident("key")
}

/// The name that a field's storage keys derive from.
fn key(field: &Field) -> syn::Result<String> {
    types::check(&field.ty)?;
    let Some(ident) = &field.ident else { return Err(syn::Error::new_spanned(field, "a storage field has a name")) };
    let own = name(ident)?;
    let Some(attribute) = field.attrs.iter().find(|attribute| is_key(attribute)) else { return Ok(own) };
    let given = attribute.parse_args::<LitStr>().map_err(|_| {
        syn::Error::new_spanned(attribute, format!("write the name the field's keys derive from: `#[key(\"{own}\")]`"))
    })?;
    match given.parse::<syn::Ident>() {
        Ok(ident) => name(&ident).map_err(|error| syn::Error::new(given.span(), error)),
        Err(_) => Err(syn::Error::new(given.span(), "the name for a storage key is the name a field could have")),
    }
}

/// Kind, length of the name, name. The length keeps the prefix of one field from starting that of another.
fn prefix(key: &str) -> Vec<u8> {
    let length = u8::try_from(key.len()).unwrap_or(u8::MAX);
    [&[KEY_PLAIN, length], key.as_bytes()].concat()
}
