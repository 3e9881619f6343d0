//! What can be said of a type by looking at it: the types whose error from the compiler would not tell what to write instead.
//! Not here: whether a named type is one of the interface; the compiler knows that (`Describe`). Invariant: a type that is refused here
//! could not compile either.

use proc_macro2::{Span, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Ident, PathArguments, Type};

/// Every reason why `ty` cannot stand in a contract's interface or storage.
///
/// # Errors
/// All of them, combined, each at the part of the type it is about.
pub fn check(ty: &Type) -> syn::Result<()> {
    let refused = |text: String| Err(syn::Error::new_spanned(ty, text));
    match ty {
        Type::Reference(reference) => {
            let owned = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
                Type::Slice(slice) => format!("Vec<{}>", source(&slice.elem)),
                other => source(other),
            };
            refused(format!("a contract's interface has no references: write `{owned}` instead of `{}`", source(ty)))
        }
        Type::Slice(slice) => refused(format!("write `Vec<{}>` instead of `{}`", source(&slice.elem), source(ty))),
        Type::Ptr(_) | Type::FnPtr(_) | Type::Never(_) | Type::Infer(_) => {
            refused(format!("`{}` cannot stand in a contract's interface", source(ty)))
        }
        Type::ImplTrait(_) | Type::TraitObject(_) => refused(format!(
            "`{}` cannot stand in a contract's interface: write a type that is known by name",
            source(ty)
        )),
        Type::Array(array) => check(&array.elem),
        Type::Paren(inner) => check(&inner.elem),
        Type::Group(inner) => check(&inner.elem),
        Type::Tuple(tuple) => all(&tuple.elems),
        Type::Path(path) => {
            let segments = &path.path.segments;
            if segments.first().is_some_and(|first| first.ident == "Self") {
                return refused(
                    "write the type's name instead of `Self`: the interface is described outside of the `impl`"
                        .to_owned(),
                );
            }
            let Some(last) = segments.last() else { return Ok(()) };
            if let Some(hint) = hint(&last.ident.to_string()) {
                return Err(syn::Error::new_spanned(path, hint));
            }
            match &last.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    all(arguments.args.iter().filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    }))
                }
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Checks the type of a field of `owner`, which cannot contain itself.
///
/// # Errors
/// As [`check`].
pub fn check_member(ty: &Type, owner: &Ident) -> syn::Result<()> {
    check(ty)?;
    match ty.to_token_stream().into_iter().find_map(|token| find(token, owner)) {
        None => Ok(()),
        Some(found) => Err(syn::Error::new(
            found,
            format!(
                "`{owner}` contains itself: the types of a contract have a bounded depth; refer to the inner ones by an index or a key"
            ),
        )),
    }
}

fn find(token: TokenTree, name: &Ident) -> Option<Span> {
    match token {
        TokenTree::Ident(ident) if ident == *name => Some(ident.span()),
        TokenTree::Group(group) => group.stream().into_iter().find_map(|token| find(token, name)),
        _ => None,
    }
}

/// Checks several types.
///
/// # Errors
/// As [`check`], for all of them together.
pub fn all<'a>(types: impl IntoIterator<Item = &'a Type>) -> syn::Result<()> {
    let mut errors = None;
    for ty in types {
        if let Err(error) = check(ty) {
            crate::text::also(&mut errors, error);
        }
    }
    errors.map_or(Ok(()), Err)
}

fn hint(name: &str) -> Option<&'static str> {
    Some(match name {
        "f32" | "f64" => {
            "floats are not the same on every machine, so contracts have none: write an integer, for example an amount in its smallest unit"
        }
        "usize" => "the size of `usize` depends on the machine: write `u32` or `u64`",
        "isize" => "the size of `isize` depends on the machine: write `i32` or `i64`",
        "char" => "`char` cannot stand in a contract's interface: write `String` or `u32`",
        "str" => "write `String` instead of `str`",
        "HashMap" => "the order of a `HashMap` is not the same on every machine: write `BTreeMap`",
        "HashSet" => "the order of a `HashSet` is not the same on every machine: write `BTreeSet`",
        _ => return None,
    })
}

/// A type as its author would write it.
fn source(ty: &Type) -> String {
    let tokens = ty.to_token_stream().to_string();
    tokens
        .replace(" < ", "<")
        .replace(" >", ">")
        .replace(" ,", ",")
        .replace("& ", "&")
        .replace(" :: ", "::")
        .replace("[ ", "[")
        .replace(" ]", "]")
}
