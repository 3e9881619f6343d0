//! The client by which tests call a contract: its methods once more, on a struct that only says whom to call. Off Wasm only. Invariant: a
//! method that is refused elsewhere gives no second error here, because what its types lack is asked for only where the client is used.

use proc_macro2::{Span, TokenStream as Tokens};
use quote::{format_ident, quote};
use syn::{Ident, Type};

use crate::method::{Kind, Method};

/// The client of `contract` and its `Tested`.
pub fn of(contract: &Type, methods: &[Method]) -> Tokens {
    let name = contract_name(contract);
    let client = format_ident!("{name}Client");
    let functions = methods.iter().map(function);
    let text = format!("Calls `{name}` in a test.");
    quote! {
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            #[doc = #text]
            #[derive(Clone, Debug)]
            pub struct #client(__sdk::Recipient);
            impl __sdk::Client for #client {
                fn of(recipient: __sdk::Recipient) -> Self {
                    Self(recipient)
                }
                fn recipient(&self) -> &__sdk::Recipient {
                    &self.0
                }
            }
            #[allow(missing_docs, dead_code, clippy::missing_errors_doc, clippy::too_many_arguments)]
            impl #client {
                #(#functions)*
            }
            impl __sdk::Tested for #contract {
                type Client = #client;
                const MANIFEST: &'static str = ::core::env!("CARGO_MANIFEST_DIR");
                const PACKAGE: &'static str = ::core::env!("CARGO_PKG_NAME");
                const CRATE: &'static str = ::core::env!("CARGO_CRATE_NAME");
            }
        };
    }
}

fn contract_name(contract: &Type) -> String {
    match contract {
        Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

fn function(method: &Method) -> Tokens {
    let (ident, name, result) = (&method.ident, &method.name, &method.result);
    let names: Vec<&Ident> = method.arguments.iter().map(|argument| &argument.ident).collect();
    let types: Vec<&Type> = method.arguments.iter().map(|argument| &argument.ty).collect();
    let input = Ident::new("input", Span::mixed_site());
    let kind = match method.kind {
        Kind::Init => quote!(Init),
        Kind::Call => quote!(Call),
        Kind::View => quote!(View),
        Kind::Migrate => quote!(Migrate),
    };
    let mutable = (!names.is_empty()).then(|| quote!(mut));
    // A bound over every lifetime is looked at where the method is called, not where it stands.
    quote! {
        #[track_caller]
        pub fn #ident(&self, #(#names: #types),*) -> #result
        where
            #(for<'__coffer> #types: __sdk::Describe,)*
            for<'__coffer> #result: __sdk::Returns,
        {
            let #mutable #input = __sdk::Vec::new();
            #(__sdk::codec::Encode::encode_to(&#names, &mut #input);)*
            __sdk::send(&self.0, __sdk::MethodKind::#kind, #name, #input)
        }
    }
}
