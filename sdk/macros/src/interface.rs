//! `#[interface]`: a trait's functions become the methods of a client, which calls another contract. Invariant: a client encodes what the
//! callee's `#[contract]` decodes, because one reader ([`Method`]) serves both.

use proc_macro2::{Span, TokenStream as Tokens};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ItemTrait, TraitItem};

use crate::method::{Kind, Method};
use crate::text::also;

/// The client in place of the trait.
pub fn expand(item: ItemTrait) -> Tokens {
    let mut errors = None;
    let mut refuse = |at: &dyn quote::ToTokens, text: &str| also(&mut errors, syn::Error::new_spanned(at, text));
    if let Some(unsafety) = &item.unsafety {
        refuse(unsafety, "calling another contract is not `unsafe`: remove it");
    }
    if !item.generics.params.is_empty() || item.generics.where_clause.is_some() {
        refuse(&item.generics, "an interface has no type parameters and no lifetimes: write the types its methods use");
    }
    if !item.supertraits.is_empty() {
        refuse(&item.supertraits, "an interface stands alone: write the methods of the other one here too");
    }
    let mut functions = Vec::new();
    for member in &item.items {
        let TraitItem::Fn(function) = member else {
            refuse(member, "an interface has methods only");
            continue;
        };
        if let Some(body) = &function.default {
            refuse(body, "the other contract has the body: write `;` instead");
        }
        if function.sig.ident == "migrate" {
            refuse(&function.sig.ident, "no contract can call `migrate`: the node runs it at an upgrade");
            continue;
        }
        functions.push(function);
    }
    let mut methods = Vec::new();
    for function in functions {
        match Method::read(&function.attrs, &function.sig) {
            Ok(method) => methods.push(client_method(&function.attrs, &method)),
            Err(error) => also(&mut errors, error),
        }
    }
    let errors = errors.map(syn::Error::into_compile_error);
    let (attributes, visibility, ident) = (&item.attrs, &item.vis, &item.ident);
    quote! {
        #(#attributes)*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #visibility struct #ident(::coffer_sdk::call::Callee);
        impl ::coffer_sdk::call::ContractClient for #ident {
            fn of(callee: ::coffer_sdk::call::Callee) -> Self {
                Self(callee)
            }
            fn callee(&self) -> ::coffer_sdk::call::Callee {
                self.0
            }
        }
        impl #ident {
            #(#methods)*
        }
        #errors
    }
}

fn client_method(attributes: &[Attribute], method: &Method) -> Tokens {
    let attributes = attributes.iter().filter(|attribute| !crate::method::is_reentrant(attribute));
    let (ident, name, result) = (&method.ident, &method.name, &method.result);
    let parameters = method.arguments.iter().map(|argument| {
        let (name, ty) = (&argument.ident, &argument.ty);
        quote!(#name: #ty)
    });
    // Names that no argument can have. What the compiler says of a type is shown at the type.
    let [new, arguments] = ["new", "arguments"].map(|name| Ident::new(name, Span::mixed_site()));
    let pushes = method.arguments.iter().map(|argument| {
        let name = &argument.ident;
        quote_spanned!(argument.ty.span()=> #arguments.push(&#name);)
    });
    let mutable = (!method.arguments.is_empty()).then(|| quote!(mut));
    let encoded = quote! {
        let #mutable #arguments = ::coffer_sdk::call::Arguments::new();
        #(#pushes)*
    };
    let run = |run: &str| {
        let run = Ident::new(run, result.span());
        quote_spanned!(result.span()=> ::coffer_sdk::__private::#run::<#result>)
    };
    if method.kind == Kind::Init {
        let run = run("create");
        return quote! {
            #(#attributes)*
            ///
            /// Makes a contract: the result is its client.
            ///
            /// # Errors
            /// Why there is no new contract.
            pub fn #ident(
                #new: ::coffer_sdk::call::NewContract,
                #(#parameters),*
            ) -> ::core::result::Result<
                Self,
                ::coffer_sdk::call::CallError<<#result as ::coffer_sdk::__private::Returns>::Error>,
            > {
                #encoded
                #run(&#new, &#arguments).map(Self)
            }
        };
    }
    let outcome = quote_spanned!(result.span()=> ::coffer_sdk::call::Outcome<#result>);
    let (receiver, run) = match method.kind {
        Kind::View => (quote!(&self), run("view")),
        _ => (quote!(&mut self), run("call")),
    };
    quote_spanned! {result.span()=>
        #(#attributes)*
        ///
        /// # Errors
        /// Why there is no value.
        pub fn #ident(#receiver, #(#parameters),*) -> #outcome {
            #encoded
            #run(&self.0, #name, &#arguments)
        }
    }
}
