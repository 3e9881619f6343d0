//! `import_contract!`: another contract's spec becomes a module with its types and a client. Not here: what a client is (`interface`).
//! Invariant: the types made encode as the spec says, because they go through the macros that made the spec.

use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream as Tokens};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitStr, Token, Visibility};

mod file;
mod items;

/// `pub mod token = "token.wasm"`.
pub struct Import {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    path: LitStr,
}

impl Parse for Import {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let parts = || -> syn::Result<Self> {
            let (attributes, visibility) = (input.call(Attribute::parse_outer)?, input.parse()?);
            input.parse::<Token![mod]>()?;
            let name = input.parse()?;
            input.parse::<Token![=]>()?;
            let path = input.parse()?;
            input.parse::<Option<Token![;]>>()?;
            Ok(Self { attributes, visibility, name, path })
        };
        let span = input.span();
        let form = "write a module's name and a file: `import_contract!(pub mod token = \"token.wasm\");`";
        parts().ok().filter(|_| input.is_empty()).ok_or_else(|| syn::Error::new(span, form))
    }
}

/// The module.
///
/// # Errors
/// Why the file gives none, at its name.
pub fn expand(import: &Import) -> syn::Result<Tokens> {
    let at_path = |text: String| syn::Error::new(import.path.span(), text);
    let folder = folder();
    let file = folder.join(import.path.value());
    let bytes = std::fs::read(&file).map_err(|error| at_path(unreadable(&file, &folder, &error)))?;
    let spec = file::spec(&bytes).map_err(|reason| at_path(format!("`{}`: {reason}", import.path.value())))?;
    let items = items::of(&spec).map_err(|reason| at_path(format!("`{}`: {reason}", import.path.value())))?;
    let Import { attributes, visibility, name, .. } = import;
    let docs =
        format!("The contract `{}`, version {}, as `{}` describes it.", spec.name, spec.version, import.path.value());
    // Names the file to the compiler, so that a change of it is seen.
    let watched = file.to_str().map(|path| {
        let path = LitStr::new(path, Span::call_site());
        quote!(
            const _: &[u8] = ::core::include_bytes!(#path);
        )
    });
    Ok(quote! {
        #[doc = #docs]
        #(#attributes)*
        #[allow(dead_code, missing_docs)]
        #visibility mod #name {
            #watched
            #items
        }
    })
}

/// The folder of the contract's Cargo.toml. A second manifest that builds the same source as a library, of a package `<name>-native`, is one
/// folder further down.
fn folder() -> PathBuf {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let is_second = std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name.ends_with("-native"));
    match folder.parent().filter(|above| is_second && above.join("Cargo.toml").is_file()) {
        Some(above) => above.to_owned(),
        None => folder,
    }
}

fn unreadable(file: &Path, folder: &Path, error: &std::io::Error) -> String {
    let shown = file.strip_prefix(folder).unwrap_or(file).display();
    format!(
        "cannot read `{shown}`: {}; the path starts at the folder of Cargo.toml, and the file is a built contract, or the spec of one \
         that `coffer contract inspect FILE --save SPEC` wrote",
        match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        }
    )
}
