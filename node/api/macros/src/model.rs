//! Reads the trait into a model, with errors that point at the offending line. Not here: what is emitted (`emit`).
//! Invariant: whatever passes here has a summary, an access class, an example and documented parameters.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, ItemTrait, LitStr, Pat, PathArguments, ReceiverKind, Result,
    ReturnType, Token, TraitItem, TraitItemFn, Type, Visibility, bracketed,
};

use crate::text;

/// Who may call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Public,
    Tenant,
    Operator,
}

/// One argument of a method.
pub struct Param {
    pub ident: Ident,
    pub json: String,
    pub docs: String,
    /// The type; of an `Option<T>` the `T`.
    pub ty: Type,
    pub required: bool,
}

/// One method or subscription.
pub struct Method {
    pub ident: Ident,
    pub name: String,
    pub docs: String,
    pub access: Access,
    pub params: Vec<Param>,
    /// What a success carries; of a subscription, the item.
    pub output: Type,
    /// The declared return type.
    pub returns: Type,
    pub example_params: LitStr,
    pub example_result: LitStr,
    pub errors: Vec<Ident>,
    /// Full name of the counterpart, for a subscription.
    pub unsubscribe: Option<String>,
}

/// The whole trait.
pub struct Namespace {
    pub name: String,
    pub docs: Vec<Attribute>,
    pub vis: Visibility,
    pub ident: Ident,
    pub methods: Vec<Method>,
}

impl Namespace {
    /// Reads attribute and trait.
    pub fn read(attribute: TokenStream, item: ItemTrait) -> Result<Self> {
        let header: Header = syn::parse2(attribute)?;
        let prefix = format!("{}{}", header.namespace, header.separator);
        if !item.generics.params.is_empty() {
            return Err(Error::new(item.generics.span(), "an API trait takes no generic parameters"));
        }
        let mut methods = Vec::new();
        for entry in item.items {
            match entry {
                TraitItem::Fn(function) => methods.push(Method::read(&prefix, function)?),
                other => return Err(Error::new(other.span(), "an API trait holds methods only")),
            }
        }
        Ok(Self { name: header.namespace, docs: item.attrs, vis: item.vis, ident: item.ident, methods })
    }
}

struct Header {
    namespace: String,
    separator: String,
}

impl Parse for Header {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut namespace, mut separator) = (None, "_".to_owned());
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: LitStr = input.parse()?;
            match key.to_string().as_str() {
                "namespace" => namespace = Some(value.value()),
                "separator" => separator = value.value(),
                _ => return Err(Error::new(key.span(), "expected `namespace` or `separator`")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let namespace = namespace.ok_or_else(|| Error::new(Span::call_site(), "write #[api(namespace = \"…\")]"))?;
        Ok(Self { namespace, separator })
    }
}

/// What stands in `#[method(…)]` or `#[subscription(…)]`.
#[derive(Default)]
struct Facts {
    name: Option<String>,
    access: Option<Access>,
    errors: Vec<Ident>,
    params: Option<LitStr>,
    result: Option<LitStr>,
    unsubscribe: Option<String>,
}

impl Parse for Facts {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut facts = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "name" => facts.name = Some(input.parse::<LitStr>()?.value()),
                "unsubscribe" => facts.unsubscribe = Some(input.parse::<LitStr>()?.value()),
                "params" => facts.params = Some(input.parse()?),
                "result" => facts.result = Some(input.parse()?),
                "access" => {
                    let class: Ident = input.parse()?;
                    facts.access = Some(match class.to_string().as_str() {
                        "public" => Access::Public,
                        "tenant" => Access::Tenant,
                        "operator" => Access::Operator,
                        _ => return Err(Error::new(class.span(), "access is `public`, `tenant` or `operator`")),
                    });
                }
                "errors" => {
                    let list;
                    bracketed!(list in input);
                    facts.errors = Punctuated::<Ident, Token![,]>::parse_terminated(&list)?.into_iter().collect();
                }
                _ => {
                    let known = "expected `access`, `errors`, `params`, `result`, `name` or `unsubscribe`";
                    return Err(Error::new(key.span(), known));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(facts)
    }
}

impl Method {
    fn read(prefix: &str, function: TraitItemFn) -> Result<Self> {
        let sig = &function.sig;
        let span = sig.ident.span();
        let missing = |what: &str| Error::new(span, what);
        if sig.asyncness.is_none() {
            return Err(missing("an API method is an `async fn`"));
        }
        if function.default.is_some() {
            return Err(missing("an API method has no default body"));
        }
        let (facts, subscription) = facts_of(&function)?;
        let docs = text::docs(&function.attrs);
        if docs.is_empty() {
            return Err(missing("write a doc comment: its first paragraph is the method's summary"));
        }
        let access = facts.access.ok_or_else(|| missing("say who may call: access = public, tenant or operator"))?;
        let params = read_params(&function, access)?;
        let ReturnType::Type(_, returns) = &sig.output else {
            return Err(missing("an API method returns `Result<T, Error>`"));
        };
        let mut output = inner(returns, "Result")
            .ok_or_else(|| Error::new(returns.span(), "an API method returns `Result<T, Error>`"))?;
        if subscription {
            output = inner(&output, "Items")
                .ok_or_else(|| Error::new(returns.span(), "a subscription returns `Result<Items<T>, Error>`"))?;
        }
        let unsubscribe = match (subscription, facts.unsubscribe) {
            (true, Some(name)) => Some(format!("{prefix}{name}")),
            (true, None) => return Err(missing("a subscription names its counterpart: unsubscribe = \"…\"")),
            (false, Some(_)) => return Err(missing("`unsubscribe` belongs to a #[subscription(…)]")),
            (false, None) => None,
        };
        let own = facts.name.unwrap_or_else(|| text::camel_case(&sig.ident.to_string()));
        Ok(Self {
            ident: sig.ident.clone(),
            name: format!("{prefix}{own}"),
            docs,
            access,
            params,
            output,
            returns: (**returns).clone(),
            example_params: facts.params.ok_or_else(|| missing("give an example: params = r#\"{…}\"#"))?,
            example_result: facts.result.ok_or_else(|| missing("give an example: result = r#\"…\"#"))?,
            errors: facts.errors,
            unsubscribe,
        })
    }
}

fn facts_of(function: &TraitItemFn) -> Result<(Facts, bool)> {
    for attribute in &function.attrs {
        if attribute.path().is_ident("method") {
            return Ok((attribute.parse_args()?, false));
        }
        if attribute.path().is_ident("subscription") {
            return Ok((attribute.parse_args()?, true));
        }
    }
    Err(Error::new(function.sig.ident.span(), "write #[method(…)] or #[subscription(…)] above it"))
}

fn read_params(function: &TraitItemFn, access: Access) -> Result<Vec<Param>> {
    let mut inputs = function.sig.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) => {}
        _ => {
            return Err(Error::new(function.sig.ident.span(), "the first argument of an API method is `&self`"));
        }
    }
    let mut params = Vec::new();
    let mut has_context = false;
    for (position, input) in inputs.enumerate() {
        let FnArg::Typed(typed) = input else { continue };
        let Pat::Ident(name) = &*typed.pat else {
            return Err(Error::new(typed.span(), "an argument is a plain name"));
        };
        if name.ident == "ctx" {
            if position != 0 {
                return Err(Error::new(name.span(), "`ctx` comes right after `&self`"));
            }
            has_context = true;
            continue;
        }
        let docs = text::docs(&typed.attrs);
        if docs.is_empty() {
            return Err(Error::new(
                name.span(),
                "write a doc comment on the argument: it is the parameter's description",
            ));
        }
        let optional = inner(&typed.ty, "Option");
        params.push(Param {
            ident: name.ident.clone(),
            json: text::camel_case(&name.ident.to_string()),
            docs: docs.replace('\n', " "),
            required: optional.is_none(),
            ty: optional.unwrap_or_else(|| (*typed.ty).clone()),
        });
    }
    let span = function.sig.ident.span();
    match (access, has_context) {
        (Access::Public, true) => Err(Error::new(span, "a public method takes no `ctx`; or say access = tenant")),
        (Access::Tenant | Access::Operator, false) => {
            Err(Error::new(span, "take `ctx: Self::Context` right after `&self`; or say access = public"))
        }
        _ => Ok(params),
    }
}

/// `T` of `wrapper<T, …>`.
fn inner(ty: &Type, wrapper: &str) -> Option<Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != wrapper {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(ty) => Some(ty.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
