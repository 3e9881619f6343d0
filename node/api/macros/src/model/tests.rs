//! What `#[api]` says to somebody who writes the trait wrongly.

use quote::quote;

use super::Namespace;

/// The message for a trait with this one method.
fn refusal(method: proc_macro2::TokenStream) -> String {
    let item = syn::parse2(quote! { pub trait Api { #method } }).unwrap();
    Namespace::read(quote! { namespace = "x" }, item).err().map(|e| e.to_string()).unwrap_or_default()
}

#[test]
fn a_complete_method_is_read() {
    let method = quote! {
        /// Adds.
        #[method(access = tenant, errors = [NOT_FOUND], params = "{}", result = "1")]
        async fn add_up(&self, ctx: Self::Context, #[doc = " What."] by_much: Option<u8>) -> Result<u8, Error>;
    };
    let item = syn::parse2(quote! { pub trait Api { #method } }).unwrap();
    let namespace = Namespace::read(quote! { namespace = "x" }, item).unwrap();
    let method = &namespace.methods[0];
    assert_eq!((method.name.as_str(), method.docs.as_str()), ("x_addUp", "Adds."));
    assert_eq!((method.params[0].json.as_str(), method.params[0].required), ("byMuch", false));
}

#[test]
fn what_is_missing_is_said() {
    let cases = [
        (quote! { async fn f(&self) -> Result<u8, Error>; }, "#[method(…)] or #[subscription(…)]"),
        (
            quote! { #[method(access = public, params = "{}", result = "1")] async fn f(&self) -> Result<u8, Error>; },
            "doc comment",
        ),
        (
            quote! { /// D.
            #[method(params = "{}", result = "1")] async fn f(&self) -> Result<u8, Error>; },
            "who may call",
        ),
        (
            quote! { /// D.
            #[method(access = tenant, params = "{}", result = "1")] async fn f(&self) -> Result<u8, Error>; },
            "take `ctx",
        ),
        (
            quote! { /// D.
            #[method(access = public, params = "{}", result = "1")]
            async fn f(&self, ctx: Self::Context) -> Result<u8, Error>; },
            "takes no `ctx`",
        ),
        (
            quote! { /// D.
            #[method(access = public, result = "1")] async fn f(&self) -> Result<u8, Error>; },
            "params = ",
        ),
        (
            quote! { /// D.
            #[method(access = public, params = "{}", result = "1")] fn f(&self) -> Result<u8, Error>; },
            "async fn",
        ),
        (
            quote! { /// D.
            #[method(access = public, params = "{}", result = "1")] async fn f(&self) -> u8; },
            "Result<T, Error>",
        ),
        (
            quote! { /// D.
            #[method(access = public, params = "{}", result = "1")] async fn f(&self, a: u8) -> Result<u8, Error>; },
            "doc comment on the argument",
        ),
        (
            quote! { /// D.
            #[method(access = all, params = "{}", result = "1")] async fn f(&self) -> Result<u8, Error>; },
            "`operator`",
        ),
        (
            quote! { /// D.
            #[subscription(access = public, params = "{}", result = "1")]
            async fn f(&self) -> Result<Items<u8>, Error>; },
            "unsubscribe",
        ),
        (
            quote! { /// D.
            #[subscription(access = public, unsubscribe = "g", params = "{}", result = "1")]
            async fn f(&self) -> Result<u8, Error>; },
            "Result<Items<T>, Error>",
        ),
    ];
    for (method, expected) in cases {
        let text = method.to_string();
        let message = refusal(method);
        assert!(message.contains(expected), "{text}: {message:?} lacks {expected:?}");
    }
}
