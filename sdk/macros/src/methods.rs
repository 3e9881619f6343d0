//! `#[contract]` on an `impl`: its `pub` functions become the contract's methods, and the contract's record of the spec is made.
//! Invariant: one `impl` holds all methods of a contract, so that its record is complete.

use proc_macro2::TokenStream as Tokens;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ItemImpl, Visibility};

use crate::client;
use crate::method::{Method, is_reentrant};
use crate::text::also;

/// The `impl`, the functions behind its exports, and its `Contract`.
pub fn expand(mut item: ItemImpl) -> Tokens {
    let mut errors = None;
    if let Some((path, _)) = &item.trait_ {
        also(
            &mut errors,
            syn::Error::new_spanned(path, "the methods of a contract stand in a plain `impl`, without a trait"),
        );
    }
    if !item.generics.params.is_empty() {
        also(
            &mut errors,
            syn::Error::new_spanned(&item.generics, "a contract has no type parameters and no lifetimes"),
        );
    }
    if errors.is_some() {
        let errors = errors.map(syn::Error::into_compile_error);
        return quote!(#item #errors);
    }
    let mut methods: Vec<Method> = Vec::new();
    for member in &item.items {
        let ImplItem::Fn(function) = member else { continue };
        match &function.vis {
            Visibility::Public(_) => {}
            _ if function.sig.ident == "init" || function.sig.ident == "migrate" => {
                let text = format!("`{}` is run by the node: write `pub fn`", function.sig.ident);
                also(&mut errors, syn::Error::new_spanned(function.sig.fn_token, text));
                continue;
            }
            _ => {
                if let Some(marker) = function.attrs.iter().find(|attribute| is_reentrant(attribute)) {
                    let text =
                        format!("`{}` is no method: write `pub fn`, or remove `#[reentrant]`", function.sig.ident);
                    also(&mut errors, syn::Error::new_spanned(marker, text));
                }
                continue;
            }
        }
        match Method::read(&function.attrs, &function.sig) {
            // The compiler reports the second definition by itself, so that only one entry must be made here.
            Ok(method) if methods.iter().any(|other| other.name == method.name) => {}
            Ok(method) => methods.push(method),
            Err(error) => also(&mut errors, error),
        }
    }
    if methods.is_empty() && errors.is_none() {
        let text = "this contract has no methods: write `pub` in front of those that can be called";
        also(&mut errors, syn::Error::new_spanned(&item.self_ty, text));
    }
    strip(&mut item);
    // A contract with a mistake in it is tested by nobody yet.
    let client = errors.is_none().then(|| client::of(&item.self_ty, &methods));
    let errors = errors.map(syn::Error::into_compile_error);
    let glue = glue(&item, &methods, client);
    quote!(#item #glue #errors)
}

fn glue(item: &ItemImpl, methods: &[Method], client: Option<Tokens>) -> Tokens {
    let contract = &item.self_ty;
    let descriptions = methods.iter().map(Method::description);
    let functions = methods.iter().map(|method| method.entry_function(contract));
    let exports = methods.iter().map(Method::export);
    let entries = methods.iter().map(Method::entry);
    let reentrant = methods.iter().filter(|method| method.reentrant().is_some()).map(Method::export);
    let describe = quote_spanned!(contract.span()=> __sdk::describe::<#contract>);
    quote! {
        #[allow(unused_qualifications)]
        const _: () = {
            use ::coffer_sdk::__private as __sdk;
            #(#functions)*
            const LEN: usize = __sdk::emit::contract_len(&<#contract as __sdk::Contract>::DESC);
            impl __sdk::Contract for #contract {
                const DESC: __sdk::ContractDesc = #describe(
                    &[#(#descriptions),*],
                    ::core::option_env!("COFFER_SOURCE_COMMIT"),
                    ::core::option_env!("COFFER_TOOLCHAIN"),
                );
                const RECORD: &'static [u8] = &__sdk::emit::contract::<LEN>(&Self::DESC);
                const ENTRIES: &'static [__sdk::Entry] = &[#((#exports, #entries)),*];
                const REENTRANT: &'static [&'static str] = &[#(#reentrant),*];
            }
            #[cfg(not(target_arch = "wasm32"))]
            const _: &[u8] = <#contract as __sdk::Contract>::RECORD;
            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code)]
            #[unsafe(link_section = "coffer_spec")]
            static RECORD: [u8; LEN] = __sdk::emit::contract(&<#contract as __sdk::Contract>::DESC);
            #client
        };
    }
}

/// Comments on arguments are in the spec now, and the compiler allows none there; nor does it know `#[reentrant]`.
fn strip(item: &mut ItemImpl) {
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else { continue };
        function.attrs.retain(|attribute| !is_reentrant(attribute));
        for input in &mut function.sig.inputs {
            if let FnArg::Typed(typed) = input {
                typed.attrs.retain(|attribute| !attribute.path().is_ident("doc"));
            }
        }
    }
}
