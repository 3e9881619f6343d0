//! The attribute macros of the Coffer contract SDK. Not here: what their output does (`coffer-sdk`, `coffer-abi`).
//! Invariants: every error points at what the author wrote and says what to write; what a macro could not use, it still passes on, so
//! that one mistake gives one error.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::Item;

mod state;
mod methods;
mod method;
mod client;
mod coffer_test;
mod event;
mod interface;
mod import;
mod shape;
mod types;
mod text;

/// Makes a struct a contract's storage, and the `pub` methods of its `impl` the contract's methods. Write it above both.
///
/// On the struct: every field is an `Item`, `Map`, `LookupMap` or `Set`. `#[key("old_name")]` above a field keeps the storage keys it had under
/// another name. On the `impl`: `&self` makes a view, `&mut self` a call; `init` and `migrate` are run at deployment and upgrade.
/// `#[reentrant]` above a method lets it be called while this contract is in the middle of another call; without it such a call is refused.
/// Arguments are taken by value. A method returns nothing, a value, or `Result` of a value and an enum with `#[error]`. Comments (`///`) of the
/// contract, its methods, arguments, fields and types stand in the spec.
#[proc_macro_attribute]
pub fn contract(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("contract", attribute, item, |item| match item {
        Item::Struct(item) => Ok(state::expand(item)),
        Item::Impl(item) => Ok(methods::expand(item)),
        other => Err(syn::Error::new_spanned(
            first_token(&other),
            "`#[contract]` stands above the contract's struct and above its `impl`",
        )),
    })
}

/// Makes a struct with named fields an event, to be emitted with `emit(Name { .. })`.
#[proc_macro_attribute]
pub fn event(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("event", attribute, item, |item| match item {
        Item::Struct(item) => Ok(event::expand(item)),
        other => Err(syn::Error::new_spanned(
            first_token(&other),
            "an event is a struct with named fields: write `#[event] pub struct Added { .. }`",
        )),
    })
}

/// Makes an enum an error that methods can fail with. The index of a variant is the error's code: add new ones at the end.
#[proc_macro_attribute]
pub fn error(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("error", attribute, item, |item| match item {
        Item::Enum(item) => Ok(shape::expand(Item::Enum(item), true)),
        other => Err(syn::Error::new_spanned(
            first_token(&other),
            "a contract's error is an enum, each kind of failure a variant: write `#[error] pub enum Error { NotOwner, .. }`",
        )),
    })
}

/// Makes a struct or enum usable in arguments, results, events, errors and storage. Derives its encoding and `Clone`, `Debug`,
/// `PartialEq`, `Eq`; further derives stand below it.
#[proc_macro_attribute]
pub fn contract_type(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("contract_type", attribute, item, |item| match item {
        item @ (Item::Struct(_) | Item::Enum(_)) => Ok(shape::expand(item, false)),
        other => {
            Err(syn::Error::new_spanned(first_token(&other), "`#[contract_type]` stands above a struct or an enum"))
        }
    })
}

/// Makes a trait a client of other contracts: a struct of the trait's name whose methods call those of another contract. `Name::at(id)` is
/// the client of a contract, `with_gas` bounds what a call of it may use.
///
/// A method is declared as the other contract declares it: `&self` for a view, `&mut self` for a call, arguments by value, and its result
/// as it is there. The client's method returns `Result<value, CallError<error>>`. A function `init` makes new contracts: of the client it
/// takes a `NewContract` and the arguments, and returns the new contract's client.
#[proc_macro_attribute]
pub fn interface(attribute: TokenStream, item: TokenStream) -> TokenStream {
    expand("interface", attribute, item, |item| match item {
        Item::Trait(item) => Ok(interface::expand(item)),
        other => Err(syn::Error::new_spanned(
            first_token(&other),
            "an interface is a trait, each method of the other contract a function of it: write `#[interface] pub trait Name { .. }`",
        )),
    })
}

/// Makes a module out of another contract's Wasm: `import_contract!(pub mod token = "token.wasm");`. The path starts at the folder of
/// `Cargo.toml`. The module has the `Client` (see `#[interface]`), and the structs, enums and errors that its methods use.
///
/// The file is a contract's module, or only its spec, as `coffer contract inspect token.wasm --save token.spec` writes it: small enough to be
/// kept beside the source. The other contract's crate is never a dependency: its exports would become this contract's.
#[proc_macro]
pub fn import_contract(input: TokenStream) -> TokenStream {
    let import = syn::parse_macro_input!(input as import::Import);
    import::expand(&import).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes a function over a `Test` a test that runs natively and as Wasm: `#[coffer_test] fn name(test: &Test) { .. }`. The crate
/// `coffer-test` says what such a test can do. `#[coffer_test(wasm)]` and `#[coffer_test(native)]` run it on one engine alone.
#[proc_macro_attribute]
pub fn coffer_test(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let original = Tokens::from(item.clone());
    let parser = syn::punctuated::Punctuated::<syn::Ident, syn::Token![,]>::parse_terminated;
    let parsed = syn::parse::Parser::parse(parser, attribute).and_then(|engines| Ok((engines, syn::parse(item)?)));
    match parsed {
        Ok((engines, function)) => coffer_test::expand(&engines, function).into(),
        Err(error) => {
            let error = error.into_compile_error();
            quote!(#original #error).into()
        }
    }
}

fn expand(
    name: &str,
    attribute: TokenStream,
    item: TokenStream,
    expand: impl FnOnce(Item) -> syn::Result<Tokens>,
) -> TokenStream {
    let attribute = Tokens::from(attribute);
    let original = Tokens::from(item.clone());
    let expanded = syn::parse::<Item>(item).and_then(|item| {
        if attribute.is_empty() {
            return expand(item);
        }
        Err(syn::Error::new_spanned(&attribute, format!("`#[{name}]` takes nothing in parentheses")))
    });
    expanded
        .unwrap_or_else(|error| {
            let error = error.into_compile_error();
            quote!(#original #error)
        })
        .into()
}

fn first_token(item: &Item) -> Tokens {
    let visible = quote!(#item).into_iter().find(|token| !matches!(token, proc_macro2::TokenTree::Punct(_)));
    visible.into_iter().collect()
}
