//! `#[coffer_test]`: a function over a `Test` becomes a test that runs it on both engines. Not here: running it (`coffer-test`). Invariant: the
//! test has the name, the place and the attributes that were written.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Ident, ItemFn, Token};

use crate::text::also;

/// The test. `engines` is what stands in the parentheses: nothing, `wasm` or `native`.
pub fn expand(engines: &Punctuated<Ident, Token![,]>, mut item: ItemFn) -> Tokens {
    let mut errors = None;
    if item.sig.inputs.len() != 1 {
        let text = "a test of a contract takes the test itself: write `fn name(test: &Test)`";
        also(&mut errors, syn::Error::new_spanned(&item.sig, text));
    }
    if let Some(asyncness) = &item.sig.asyncness {
        also(&mut errors, syn::Error::new_spanned(asyncness, "a test of a contract waits for nothing: remove `async`"));
    }
    let mut chosen = quote!(Both);
    match engines.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [engine] if *engine == "wasm" => chosen = quote!(Wasm),
        [engine] if *engine == "native" => chosen = quote!(Native),
        _ => {
            let text = "write `#[coffer_test]` for both engines, or the only one: `#[coffer_test(wasm)]`, `#[coffer_test(native)]`";
            also(&mut errors, syn::Error::new_spanned(engines, text));
        }
    }
    if let Some(errors) = errors {
        let errors = errors.into_compile_error();
        return quote!(#item #errors);
    }
    let attributes = std::mem::take(&mut item.attrs);
    let (visibility, name) = (item.vis.clone(), item.sig.ident.clone());
    item.vis = syn::Visibility::Inherited;
    quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        #visibility fn #name() {
            #item
            ::coffer_test::run(::coffer_test::here!(#name), ::coffer_test::Engines::#chosen, #name);
        }
    }
}
