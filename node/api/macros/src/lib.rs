//! `#[api]`: one trait is the table from which a namespace of the JSON-RPC surface is made. From the trait come the trait to implement,
//! a parameter struct per method with strict parsing, schemas, examples, documented errors, access classes and the registration.
//! Not here: what the generated code calls at run time (`coffer_api::table`, `coffer_api::strict`).
//! Invariant: nothing about a method is written twice; the trait is the only place.

mod emit;
mod model;
mod text;

use proc_macro::TokenStream;
use syn::{ItemTrait, parse_macro_input};

/// Turns a trait into a namespace of the JSON-RPC surface.
///
/// ```text
/// #[api(namespace = "contract")]
/// pub trait ContractApi {
///     /// Runs a view and returns its result.
///     #[method(access = tenant, errors = [NOT_FOUND], params = r#"{"contract": "0x…"}"#, result = r#"{"gasUsed": 1}"#)]
///     async fn query(
///         &self,
///         ctx: Self::Context,
///         /// The contract.
///         contract: Text<ContractId>,
///     ) -> Result<Queried, Error>;
/// }
/// ```
///
/// - `namespace`, and optionally `separator` (default `_`), make the name: `contract_query`. A method's own part is its Rust name in
///   camelCase, or `name = "…"`.
/// - `access` is `public` (no context), `tenant` or `operator` (first argument `ctx: Self::Context`).
/// - The doc comment's first paragraph is the summary, the rest the description. Each argument has a doc comment.
/// - `Option<T>` makes a parameter optional.
/// - `params` and `result` are the example, as JSON; a test parses them with the real types.
/// - `errors` names constants of `coffer_api::error::kind`.
/// - `#[subscription(…, unsubscribe = "unsubscribeHeads")]` on a method that returns `Result<Items<T>, Error>` makes a subscription;
///   its `result` example is one item.
///
/// Besides the trait it emits, into the same module: `NameParams` per method, `METHODS` and `register`.
#[proc_macro_attribute]
pub fn api(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let input = parse_macro_input!(item as ItemTrait);
    match model::Namespace::read(attribute.into(), input) {
        Ok(namespace) => emit::namespace(&namespace).into(),
        Err(error) => error.to_compile_error().into(),
    }
}
