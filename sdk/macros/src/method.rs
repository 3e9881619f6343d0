//! One method of a contract: what the interface needs of it, and what of it the interface cannot have.

use proc_macro2::TokenStream as Tokens;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, Ident, Meta, Pat, PatType, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type};

use crate::shape::described;
use crate::text::{also, docs, name};
use crate::types;

/// Arguments of a method.
const MAX_ARGUMENTS: usize = 12;
/// In front of an export's name it marks the method as re-entrant; the same as in `coffer_abi::export`.
const REENTRANT: &str = "reentrant ";

/// A method of the interface.
pub struct Method {
    pub ident: Ident,
    pub name: String,
    pub kind: Kind,
    pub arguments: Vec<Argument>,
    pub result: Tokens,
    docs: String,
    reentrant: bool,
}

pub struct Argument {
    pub ident: Ident,
    name: String,
    pub ty: Type,
    docs: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Init,
    Call,
    View,
    Migrate,
}

impl Method {
    /// Reads a `pub` function of a contract, or a function of an interface.
    ///
    /// # Errors
    /// Everything that keeps it from being a method, combined.
    pub fn read(attributes: &[Attribute], signature: &Signature) -> syn::Result<Self> {
        let mut errors = None;
        let mut refuse = |at: &dyn ToTokens, text: &str| also(&mut errors, syn::Error::new_spanned(at, text));
        if let Some(asyncness) = &signature.asyncness {
            refuse(
                asyncness,
                "a method of a contract cannot be `async`: a call runs to its end without waiting for anything",
            );
        }
        if let Safety::Unsafe(unsafety) = &signature.safety {
            refuse(unsafety, "a method of a contract cannot be `unsafe`: anybody may call it");
        }
        if let Some(abi) = &signature.abi {
            refuse(abi, "write a plain `pub fn`: the export is made from it");
        }
        if !signature.generics.params.is_empty() || signature.generics.where_clause.is_some() {
            refuse(
                &signature.generics,
                "a method of a contract has no type parameters and no lifetimes: write the types its callers use",
            );
        }
        if let Some(conditional) = attributes.iter().find(|a| a.path().is_ident("cfg") || a.path().is_ident("cfg_attr"))
        {
            refuse(conditional, "a method of a contract is always there: remove the condition, or the `pub`");
        }
        let name = match method_name(&signature.ident) {
            Ok(name) => name,
            Err(error) => {
                also(&mut errors, error);
                String::new()
            }
        };
        let kind = match kind(&name, signature.receiver(), &signature.ident) {
            Ok(kind) => kind,
            Err(error) => {
                also(&mut errors, error);
                Kind::View
            }
        };
        let marker = attributes.iter().find(|attribute| is_reentrant(attribute));
        match marker.map(|marker| (marker, &marker.meta, kind)) {
            Some((marker, _, Kind::Init | Kind::Migrate)) => {
                let text = format!("nothing calls `{name}` but the node: remove `#[reentrant]`");
                also(&mut errors, syn::Error::new_spanned(marker, text));
            }
            Some((_, Meta::Path(_), _)) | None => {}
            Some((marker, ..)) => {
                also(&mut errors, syn::Error::new_spanned(marker, "`#[reentrant]` takes nothing in parentheses"));
            }
        }
        let mut arguments = Vec::new();
        for (position, input) in signature.inputs.iter().filter_map(typed).enumerate() {
            if position == MAX_ARGUMENTS {
                let text = format!(
                    "a method takes at most {MAX_ARGUMENTS} arguments: put them into a struct with `#[contract_type]`"
                );
                also(&mut errors, syn::Error::new_spanned(input, text));
            }
            match argument(input) {
                Ok(argument) => arguments.push(argument),
                Err(error) => also(&mut errors, error),
            }
        }
        let result = match &signature.output {
            ReturnType::Default => quote!(()),
            ReturnType::Type(_, ty) => {
                if let Err(error) = types::check(ty) {
                    also(&mut errors, error);
                }
                ty.to_token_stream()
            }
        };
        match errors {
            Some(errors) => Err(errors),
            None => {
                let (ident, docs, reentrant) = (signature.ident.clone(), docs(attributes), marker.is_some());
                Ok(Self { ident, name, kind, docs, reentrant, arguments, result })
            }
        }
    }

    /// Name of the export.
    pub fn export(&self) -> String {
        match self.kind {
            Kind::Init | Kind::Migrate => self.name.clone(),
            Kind::Call => format!("call {}", self.name),
            Kind::View => format!("view {}", self.name),
        }
    }

    /// Name of the export that marks it as re-entrant, if it is.
    pub fn reentrant(&self) -> Option<String> {
        self.reentrant.then(|| format!("{REENTRANT}{}", self.export()))
    }

    /// Name of the function that runs it.
    pub fn entry(&self) -> Ident {
        format_ident!("__coffer_{}", self.name)
    }

    /// The function that takes the arguments from the host and gives it the result, and on Wasm its export.
    pub fn entry_function(&self, contract: &Type) -> Tokens {
        let (ident, name, entry, export) = (&self.ident, &self.name, self.entry(), self.export());
        let values: Vec<Ident> = (0..self.arguments.len()).map(|i| format_ident!("argument_{i}")).collect();
        let types: Vec<&Type> = self.arguments.iter().map(|argument| &argument.ty).collect();
        let exported = format_ident!("__coffer_export_{}", self.name);
        // What the compiler says of this is shown at the method's name.
        let run = quote_spanned! {ident.span()=>
            __sdk::run(#name, |contract: &mut #contract, (#(#values,)*): (#(#types,)*)| contract.#ident(#(#values),*))
        };
        let marker = self.reentrant().map(|export| {
            let marker = format_ident!("__coffer_reentrant_{}", self.name);
            quote! {
                #[cfg(target_arch = "wasm32")]
                #[allow(unsafe_code)]
                #[unsafe(export_name = #export)]
                extern "C" fn #marker() {}
            }
        });
        quote! {
            #marker
            // The tuple of the arguments is nobody's to read.
            #[allow(clippy::type_complexity)]
            fn #entry() {
                #run
            }
            #[cfg(target_arch = "wasm32")]
            #[allow(unsafe_code)]
            #[unsafe(export_name = #export)]
            extern "C" fn #exported() {
                #entry()
            }
        }
    }

    /// Its `MethodDesc`.
    pub fn description(&self) -> Tokens {
        let (name, docs) = (&self.name, &self.docs);
        let kind = match self.kind {
            Kind::Init => quote!(Init),
            Kind::Call => quote!(Call),
            Kind::View => quote!(View),
            Kind::Migrate => quote!(Migrate),
        };
        let arguments = self.arguments.iter().map(|argument| {
            let (name, docs, ty) = (&argument.name, &argument.docs, described(&argument.ty));
            quote!(__sdk::FieldDesc { name: #name, ty: #ty, docs: #docs })
        });
        let result = &self.result;
        let (value, error) = (
            quote_spanned!(result.span()=> __sdk::value_of::<#result>()),
            quote_spanned!(result.span()=> __sdk::error_of::<#result>()),
        );
        quote! {
            __sdk::MethodDesc {
                name: #name,
                kind: __sdk::MethodKind::#kind,
                docs: #docs,
                args: &[#(#arguments),*],
                result: #value,
                error: #error,
            }
        }
    }
}

/// True for `#[reentrant]`.
pub fn is_reentrant(attribute: &Attribute) -> bool {
    attribute.path().is_ident("reentrant")
}

fn typed(input: &FnArg) -> Option<&PatType> {
    match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    }
}

fn method_name(ident: &Ident) -> syn::Result<String> {
    let name = name(ident)?;
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if fits {
        return Ok(name);
    }
    Err(syn::Error::new_spanned(
        ident,
        format!("`{name}`: a method's name is of a-z, 0-9 and `_`, and starts with a letter"),
    ))
}

fn kind(name: &str, receiver: Option<&Receiver>, ident: &Ident) -> syn::Result<Kind> {
    let Some(receiver) = receiver else {
        return Err(syn::Error::new_spanned(
            ident,
            format!(
                "`{ident}` has no receiver: write `&self` for a view, which only reads, or `&mut self` for a call, which may write; \
                 a function that is no method of the contract is not `pub`"
            ),
        ));
    };
    let writes = match &receiver.kind {
        ReceiverKind::Reference(_, None, mutable) => mutable.is_some(),
        _ => {
            return Err(syn::Error::new_spanned(
                receiver,
                "write `&self` for a view, which only reads, or `&mut self` for a call, which may write",
            ));
        }
    };
    match (name, writes) {
        ("init", true) => Ok(Kind::Init),
        ("migrate", true) => Ok(Kind::Migrate),
        ("init" | "migrate", false) => Err(syn::Error::new_spanned(
            receiver,
            format!("`{name}` writes the contract's storage: write `&mut self`; a view has another name"),
        )),
        (_, true) => Ok(Kind::Call),
        (_, false) => Ok(Kind::View),
    }
}

fn argument(input: &PatType) -> syn::Result<Argument> {
    let ident = match &*input.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => &pattern.ident,
        pattern => {
            let text =
                "an argument has a name, by which callers give it: write `name: type`, and take it apart in the method";
            return Err(syn::Error::new_spanned(pattern, text));
        }
    };
    let name = name(ident)?;
    types::check(&input.ty)?;
    Ok(Argument { ident: ident.clone(), name, docs: docs(&input.attrs), ty: (*input.ty).clone() })
}
