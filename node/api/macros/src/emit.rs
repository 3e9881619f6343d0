//! Writes the Rust code of a namespace. Not here: reading and judging the trait (`model`).
//! Invariant: every method emitted is in `METHODS`, and every entry of `METHODS` is registered.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use crate::model::{Access, Method, Namespace};
use crate::text;

/// All items of one namespace.
pub fn namespace(ns: &Namespace) -> TokenStream {
    let structs = ns.methods.iter().map(params_struct);
    let trait_item = trait_item(ns);
    let table = table(ns);
    let register = register(ns);
    quote! { #trait_item #(#structs)* #table #register }
}

fn trait_item(ns: &Namespace) -> TokenStream {
    let Namespace { docs, vis, ident, .. } = ns;
    let needs_context = ns.methods.iter().any(|m| m.access != Access::Public);
    let context = needs_context.then(|| {
        quote! {
            /// Whose call it is. The transport puts a value of this type into the extensions of every request.
            type Context: Clone + Send + Sync + 'static;
        }
    });
    let methods = ns.methods.iter().map(|m| {
        let Method { ident, docs, returns, .. } = m;
        let ctx = (m.access != Access::Public).then(|| quote! { ctx: Self::Context, });
        let args = m.params.iter().map(|p| {
            let (name, ty) = (&p.ident, &p.ty);
            if p.required {
                quote! { #name: #ty }
            } else {
                quote! { #name: ::core::option::Option<#ty> }
            }
        });
        quote! {
            #[doc = #docs]
            ///
            /// # Errors
            /// Those of its entry in [`METHODS`].
            #[allow(clippy::too_many_arguments, reason = "one per named parameter of the request")]
            fn #ident(&self, #ctx #(#args),*) -> impl ::core::future::Future<Output = #returns> + Send;
        }
    });
    quote! {
        #(#docs)*
        #vis trait #ident: Send + Sync + 'static {
            #context
            #(#methods)*
        }
    }
}

fn params_ident(method: &Method) -> Ident {
    format_ident!("{}Params", text::pascal_case(&method.ident.to_string()))
}

fn params_struct(m: &Method) -> TokenStream {
    let ident = params_ident(m);
    let (name, output) = (&m.name, &m.output);
    let title = format!("Parameters of `{name}`.");
    let fields = m.params.iter().map(|p| {
        let (field, ty, docs, json) = (&p.ident, &p.ty, &p.docs, &p.json);
        if p.required {
            quote! { #[doc = #docs] #[serde(rename = #json)] pub #field: #ty }
        } else {
            quote! {
                #[doc = #docs]
                #[serde(rename = #json, skip_serializing_if = "Option::is_none")]
                pub #field: ::core::option::Option<#ty>
            }
        }
    });
    let infos = m.params.iter().map(|p| {
        let (json, docs, ty, required) = (&p.json, &p.docs, &p.ty, p.required);
        quote! {
            ::coffer_api::table::ParamInfo {
                name: #json,
                docs: #docs,
                required: #required,
                schema: |generator| generator.subschema_for::<#ty>(),
            }
        }
    });
    let reads = m.params.iter().map(|p| {
        let (field, json) = (&p.ident, &p.json);
        if p.required {
            quote! { #field: fields.required(#json)? }
        } else {
            quote! { #field: fields.optional(#json)? }
        }
    });
    quote! {
        #[doc = #title]
        #[derive(Clone, Debug, ::serde::Serialize)]
        pub struct #ident { #(#fields),* }

        impl ::coffer_api::table::Params for #ident {
            const METHOD: &'static str = #name;
            const FIELDS: &'static [::coffer_api::table::ParamInfo] = &[#(#infos),*];
            type Output = #output;

            fn parse(params: ::core::option::Option<&str>) -> ::core::result::Result<Self, ::coffer_api::Error> {
                #[allow(unused_mut, unused_variables)]
                let mut fields = ::coffer_api::strict::Fields::read(Self::METHOD, Self::FIELDS, params)?;
                Ok(Self { #(#reads),* })
            }
        }
    }
}

fn table(ns: &Namespace) -> TokenStream {
    let namespace = &ns.name;
    let doc = format!("Every method of the namespace `{namespace}`, in the order of the trait.");
    let rows = ns.methods.iter().map(|m| {
        let params = params_ident(m);
        let Method { name, output, example_params, example_result, errors, .. } = m;
        let (summary, description) = text::summary_and_description(&m.docs);
        let access = match m.access {
            Access::Public => quote! { Public },
            Access::Tenant => quote! { Tenant },
            Access::Operator => quote! { Operator },
        };
        let kind = match &m.unsubscribe {
            None => quote! { Call },
            Some(unsubscribe) => quote! { Subscription { unsubscribe: #unsubscribe } },
        };
        quote! {
            ::coffer_api::table::MethodInfo {
                name: #name,
                namespace: #namespace,
                summary: #summary,
                description: #description,
                access: ::coffer_api::table::Access::#access,
                kind: ::coffer_api::table::Kind::#kind,
                params: <#params as ::coffer_api::table::Params>::FIELDS,
                result: |generator| generator.subschema_for::<#output>(),
                example: ::coffer_api::table::Example { params: #example_params, result: #example_result },
                errors: &[#(::coffer_api::error::kind::#errors),*],
                check_example: ::coffer_api::table::check_example::<#params>,
            }
        }
    });
    quote! {
        #[doc = #doc]
        pub const METHODS: &[::coffer_api::table::MethodInfo] = &[#(#rows),*];
    }
}

fn register(ns: &Namespace) -> TokenStream {
    let ident = &ns.ident;
    let calls = ns.methods.iter().map(|m| {
        let params = params_ident(m);
        let (name, method) = (&m.name, &m.ident);
        let ctx =
            (m.access != Access::Public).then(|| quote! { ::coffer_api::strict::context::<A::Context>(&extensions)?, });
        let args = m.params.iter().map(|p| {
            let field = &p.ident;
            quote! { parsed.#field }
        });
        let start = quote! {
            #[allow(unused_variables)]
            let parsed = <#params as ::coffer_api::table::Params>::parse(params.as_str())?;
            A::#method(&*api, #ctx #(#args),*).await
        };
        match &m.unsubscribe {
            None => quote! {
                module.register_async_method(#name, |params, api, extensions| async move { #start })?;
            },
            Some(unsubscribe) => quote! {
                module.register_subscription(#name, #name, #unsubscribe, |params, pending, api, extensions| async move {
                    // What the transport put there lives as long as the subscription.
                    let extensions = extensions;
                    let started: ::core::result::Result<_, ::coffer_api::Error> = async { #start }.await;
                    ::coffer_api::table::pump(pending, started).await;
                })?;
            },
        }
    });
    let doc = format!("Registers the methods of [`{ident}`] as `api` implements them.");
    quote! {
        #[doc = #doc]
        ///
        /// # Errors
        /// Two methods have one name.
        pub fn register<A: #ident>(
            api: ::std::sync::Arc<A>,
        ) -> ::core::result::Result<::jsonrpsee::RpcModule<A>, ::jsonrpsee::core::RegisterMethodError> {
            let mut module = ::jsonrpsee::RpcModule::from_arc(api);
            #(#calls)*
            Ok(module)
        }
    }
}
