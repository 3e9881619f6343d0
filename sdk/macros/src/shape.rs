//! The description of a struct or enum: for `#[contract_type]`, `#[error]` and the fields of events.
//! Invariant: what is described is what the derived encoding writes, so nothing that changes the encoding is let through.

use proc_macro2::TokenStream as Tokens;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Fields, Generics, Ident, Item, ItemEnum};

use crate::text::{also, docs, name};
use crate::types;

/// Variants of an enum: the index is one byte.
const MAX_VARIANTS: usize = 256;

/// The item with its encoding, and its `Describe`; `error` for `#[error]`.
pub fn expand(item: Item, error: bool) -> Tokens {
    let (ident, generics, attributes, shape) = match &item {
        Item::Struct(item) => (&item.ident, &item.generics, &item.attrs, fields(&item.ident, &item.fields)),
        Item::Enum(item) => (&item.ident, &item.generics, &item.attrs, variants(item)),
        other => return quote!(#other),
    };
    let (shape, errors) = shape;
    let mut errors = errors;
    if let Err(error) = plain(ident, generics, attributes) {
        also(&mut errors, error);
    }
    if let Some(errors) = errors {
        let errors = errors.into_compile_error();
        return quote!(#item #errors);
    }
    let item = encoded(&item, attributes);
    let text = docs(attributes);
    let type_name = ident.to_string();
    let marker = error.then(|| quote!(impl __sdk::ContractError for #ident {}));
    quote! {
        #item
        #[allow(unused_qualifications)]
        const _: () = {
            use ::coffer_sdk::__private as __sdk;
            impl __sdk::Describe for #ident {
                const TYPE: &'static __sdk::Ty = &__sdk::Ty::Named(&__sdk::NamedTy {
                    id: ::core::concat!(::core::module_path!(), "::", #type_name, ":", ::core::line!(), ":", ::core::column!()),
                    name: #type_name,
                    docs: #text,
                    shape: #shape,
                });
            }
            #marker
        };
    }
}

/// The item with the derives that every type of the interface has.
pub fn encoded(item: &impl quote::ToTokens, attributes: &[Attribute]) -> Tokens {
    let given = derives(attributes);
    let derives =
        ["Clone", "Debug", "PartialEq", "Eq"].into_iter().filter(|name| !given.iter().any(|given| given == name));
    let derives = derives.map(|name| Ident::new(name, proc_macro2::Span::call_site()));
    quote! {
        #[derive(#(#derives,)* ::coffer_sdk::__private::codec::Encode, ::coffer_sdk::__private::codec::Decode)]
        #[codec(crate = ::coffer_sdk::__private::codec)]
        #item
    }
}

/// Names of the derives the author wrote below the macro.
fn derives(attributes: &[Attribute]) -> Vec<Ident> {
    let mut names = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        // A derive that does not parse is the compiler's to report.
        let _ = attribute.parse_nested_meta(|derive| {
            names.extend(derive.path.segments.last().map(|last| last.ident.clone()));
            Ok(())
        });
    }
    names
}

/// What every type of the interface is: named in ASCII, without parameters, with the derived encoding.
///
/// # Errors
/// What it is instead.
pub fn plain(ident: &Ident, generics: &Generics, attributes: &[Attribute]) -> syn::Result<()> {
    name(ident)?;
    if !generics.params.is_empty() || generics.where_clause.is_some() {
        return Err(syn::Error::new_spanned(
            generics,
            format!("`{ident}`: a type of a contract's interface has no parameters: write one type for each case"),
        ));
    }
    no_codec(attributes)
}

fn no_codec(attributes: &[Attribute]) -> syn::Result<()> {
    match attributes.iter().find(|attribute| attribute.path().is_ident("codec")) {
        Some(codec) => Err(syn::Error::new_spanned(
            codec,
            "the encoding of a contract's types cannot be changed: remove `#[codec]`",
        )),
        None => Ok(()),
    }
}

/// `ShapeDesc` of the fields of `owner` or of a variant of it, and the errors met.
fn fields(owner: &Ident, fields: &Fields) -> (Tokens, Option<syn::Error>) {
    match fields {
        Fields::Named(_) => {
            let (list, errors) = named(owner, fields);
            (quote!(__sdk::ShapeDesc::Struct(&[#list])), errors)
        }
        Fields::Unnamed(_) | Fields::Unit => {
            let mut errors = None;
            let parts = fields.iter().map(|field| {
                if let Err(error) = no_codec(&field.attrs).and_then(|()| types::check_member(&field.ty, owner)) {
                    also(&mut errors, error);
                }
                described(&field.ty)
            });
            let parts: Vec<Tokens> = parts.collect();
            (quote!(__sdk::ShapeDesc::Tuple(&[#(#parts),*])), errors)
        }
    }
}

/// `FieldDesc`s of the named fields of `owner`, each followed by a comma, and the errors met.
pub fn named(owner: &Ident, fields: &Fields) -> (Tokens, Option<syn::Error>) {
    let mut errors = None;
    let mut list = Tokens::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let checked = name(ident).and_then(|name| {
            no_codec(&field.attrs)?;
            types::check_member(&field.ty, owner)?;
            Ok(name)
        });
        match checked {
            Ok(name) => {
                let text = docs(&field.attrs);
                let ty = described(&field.ty);
                list.extend(quote!(__sdk::FieldDesc { name: #name, ty: #ty, docs: #text },));
            }
            Err(error) => also(&mut errors, error),
        }
    }
    (list, errors)
}

/// The description of a type; an error that it has none points at the type. A function call, because of a path the compiler would also
/// tell each thing that a description needs.
pub fn described(ty: &syn::Type) -> Tokens {
    quote_spanned!(ty.span()=> __sdk::type_of::<#ty>())
}

fn variants(item: &ItemEnum) -> (Tokens, Option<syn::Error>) {
    let mut errors = None;
    let mut list = Tokens::new();
    if item.variants.is_empty() || item.variants.len() > MAX_VARIANTS {
        let text = format!(
            "an enum of a contract's interface has 1 to {MAX_VARIANTS} variants, `{}` has {}",
            item.ident,
            item.variants.len()
        );
        also(&mut errors, syn::Error::new_spanned(&item.ident, text));
    }
    for variant in &item.variants {
        let (shape, wrong) = fields(&item.ident, &variant.fields);
        if let Some(wrong) = wrong {
            also(&mut errors, wrong);
        }
        if let Some((_, value)) = &variant.discriminant {
            let text = "the index of a variant is its place in the list: remove the number and keep the order";
            also(&mut errors, syn::Error::new_spanned(value, text));
        }
        match name(&variant.ident).and_then(|name| no_codec(&variant.attrs).map(|()| name)) {
            Ok(name) => {
                let text = docs(&variant.attrs);
                list.extend(quote!(__sdk::VariantDesc { name: #name, docs: #text, fields: #shape },));
            }
            Err(error) => also(&mut errors, error),
        }
    }
    (quote!(__sdk::ShapeDesc::Enum(&[#list])), errors)
}
