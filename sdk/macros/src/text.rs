//! Names and documentation as the spec has them. Invariant: a name that passes here passes the node's check.

use syn::ext::IdentExt;
use syn::{Attribute, Expr, Ident, Lit, Meta};

/// Bytes of a name; the same bound as in `coffer_abi::spec::bounds`.
const MAX_NAME: usize = 64;

/// The text of the `///` comments, without the space that follows the slashes.
pub fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(doc) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &doc.value else { return None };
        match &literal.lit {
            Lit::Str(text) if doc.path.is_ident("doc") => Some(text.value()),
            _ => None,
        }
    });
    let lines: Vec<String> = lines.map(|line| line.strip_prefix(' ').map_or(line.clone(), str::to_owned)).collect();
    lines.join("\n").trim().to_owned()
}

/// The name of a field, argument, type or variant.
pub fn name(ident: &Ident) -> syn::Result<String> {
    let name = ident.unraw().to_string();
    if !name.is_ascii() {
        return Err(syn::Error::new_spanned(ident, format!("`{name}`: names of a contract's interface are ASCII")));
    }
    if name.len() > MAX_NAME {
        return Err(syn::Error::new_spanned(ident, format!("`{name}` is longer than {MAX_NAME} bytes")));
    }
    Ok(name)
}

/// Joins two errors that may be there.
pub fn also(errors: &mut Option<syn::Error>, error: syn::Error) {
    match errors {
        Some(errors) => errors.combine(error),
        None => *errors = Some(error),
    }
}
