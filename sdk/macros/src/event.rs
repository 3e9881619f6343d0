//! `#[event]`: a struct's encoding, its description, and its record in the spec.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Fields, ItemStruct};

use crate::shape::{encoded, named, plain};
use crate::text::{also, docs};

/// The struct, and its `Event`.
pub fn expand(item: ItemStruct) -> Tokens {
    let ident = &item.ident;
    let (fields, mut errors) = named(ident, &item.fields);
    if let Fields::Unnamed(fields) = &item.fields {
        let text = format!("the fields of an event have names: write `{ident} {{ name: type, .. }}`");
        also(&mut errors, syn::Error::new_spanned(fields, text));
    }
    if let Err(error) = plain(ident, &item.generics, &item.attrs) {
        also(&mut errors, error);
    }
    let text = docs(&item.attrs);
    let name = ident.to_string();
    if let Some(errors) = errors {
        let errors = errors.into_compile_error();
        return quote!(#item #errors);
    }
    let item = encoded(&item, &item.attrs);
    quote! {
        #item
        #[allow(unused_qualifications)]
        const _: () = {
            use ::coffer_sdk::__private as __sdk;
            const LEN: usize = __sdk::emit::event_len(&<#ident as __sdk::Event>::DESC);
            impl __sdk::Event for #ident {
                const DESC: __sdk::EventDesc = __sdk::EventDesc { name: #name, docs: #text, fields: &[#fields] };
                const RECORD: &'static [u8] = &__sdk::emit::event::<LEN>(&Self::DESC);
            }
            #[cfg(not(target_arch = "wasm32"))]
            const _: &[u8] = <#ident as __sdk::Event>::RECORD;
            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code)]
            #[unsafe(link_section = "coffer_spec")]
            static RECORD: [u8; LEN] = __sdk::emit::event(&<#ident as __sdk::Event>::DESC);
        };
    }
}
