//! The generated parsing, registration and subscription, seen from a client of a small namespace.

use std::sync::Arc;

use coffer_api_macros::api;
use jsonrpsee::RpcModule;
use serde_json::{Value, json};

use super::Fields;
use crate::error::Error;
use crate::table::{Access, Items, Kind, ParamInfo};
use crate::types::{Args, Number};

#[derive(Clone)]
struct Caller(&'static str);

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Filter {
    names: Vec<String>,
    #[serde(default)]
    limits: Vec<u8>,
}

/// A namespace for tests.
#[api(namespace = "test")]
trait TestApi {
    /// Says who asks and what for.
    ///
    /// More about it.
    #[method(access = tenant, errors = [NOT_FOUND], params = r#"{"wantedHeight": 1}"#, result = r#""x""#)]
    async fn echo_all(
        &self,
        ctx: Self::Context,
        /// A height.
        wanted_height: Number,
        /// A filter.
        filter: Option<Filter>,
        /// A flag.
        flag: Option<bool>,
    ) -> Result<String, Error>;

    /// Counts to three.
    #[subscription(access = public, unsubscribe = "stop", errors = [], params = r#"{}"#, result = "1")]
    async fn start(&self) -> Result<Items<u32>, Error>;

    /// Never works.
    #[method(access = public, errors = [], params = r#"{}"#, result = "null")]
    async fn fail(&self) -> Result<(), Error>;
}

struct Echo;

impl TestApi for Echo {
    type Context = Caller;

    async fn echo_all(
        &self,
        ctx: Caller,
        wanted_height: Number,
        filter: Option<Filter>,
        flag: Option<bool>,
    ) -> Result<String, Error> {
        let names = filter.map(|f| f.names.join("+"));
        Ok(format!("{} {} {names:?} {flag:?}", ctx.0, wanted_height.0))
    }

    async fn start(&self) -> Result<Items<u32>, Error> {
        Ok(Box::pin(futures::stream::iter([1, 2, 3])))
    }

    async fn fail(&self) -> Result<(), Error> {
        Err(Error::not_found("thing", "0x1"))
    }
}

fn module() -> RpcModule<Echo> {
    let mut module = register(Arc::new(Echo)).unwrap();
    module.extensions_mut().insert(Caller("bob"));
    module
}

async fn ask(method: &str, params: &str) -> Value {
    let request = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}","params":{params}}}"#);
    let (answer, _) = module().raw_json_request(&request, 1).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(answer["id"], 7);
    answer
}

/// Path and message of the parameter error.
async fn refusal(params: &str) -> (String, String) {
    let answer = ask("test_echoAll", params).await;
    let error = &answer["error"];
    assert_eq!(error["code"], -32602, "{params} gave {answer}");
    assert_eq!(error["data"]["kind"], "invalidParams");
    (error["data"]["path"].as_str().unwrap().into(), error["message"].as_str().unwrap().into())
}

#[tokio::test]
async fn named_parameters_reach_the_method_with_the_caller() {
    let answer = ask("test_echoAll", r#"{"wantedHeight": 5, "filter": {"names": ["a", "b"]}, "flag": null}"#).await;
    assert_eq!(answer["result"], "bob 5 Some(\"a+b\") None");
}

#[tokio::test]
async fn a_missing_parameter_is_named() {
    let (path, message) = refusal("{}").await;
    assert_eq!(path, "wantedHeight");
    assert!(message.contains("`wantedHeight` is missing"), "{message}");
    assert_eq!(refusal("[]").await.0, "wantedHeight");
    assert_eq!(refusal("null").await.0, "wantedHeight");
}

#[tokio::test]
async fn an_unknown_parameter_gets_the_nearest_name() {
    let (path, message) = refusal(r#"{"wanted_height": 1}"#).await;
    assert_eq!(path, "wanted_height");
    assert!(message.contains("did you mean `wantedHeight`"), "{message}");
    let (path, message) = refusal(r#"{"wantedHeight": 1, "zzz": 1}"#).await;
    assert_eq!(path, "zzz");
    assert!(message.contains("test_echoAll. Its parameters: `wantedHeight`, `filter`"), "{message}");
}

#[tokio::test]
async fn a_mistyped_parameter_is_refused_by_its_path() {
    let (path, message) = refusal(r#"{"wantedHeight": "5"}"#).await;
    assert_eq!(path, "wantedHeight");
    assert_eq!(
        message,
        "invalid parameters: `wantedHeight`: expected a whole number from 0 to 9007199254740991, found the string \"5\""
    );
    let (path, _) = refusal(r#"{"wantedHeight": 1, "filter": {"names": ["a", 2]}}"#).await;
    assert_eq!(path, "filter.names[1]");
    let (path, message) = refusal(r#"{"wantedHeight": 1, "filter": {"names": [], "x": 1}}"#).await;
    assert!(path.starts_with("filter") && message.contains("unknown field `x`"), "{path} {message}");
    for (value, found) in [
        ("1.5", "1.5"),
        ("1e3", "1000.0"),
        ("-1", "-1"),
        ("9007199254740992", "9007199254740992"),
        ("18446744073709551616", "a larger number"),
        ("true", "true"),
        ("[]", "a list"),
    ] {
        let message = refusal(&format!(r#"{{"wantedHeight": {value}}}"#)).await.1;
        assert!(message.contains(found), "{message}");
        assert!(message.contains("whole number from 0 to 9007199254740991"), "{message}");
    }
    let message = refusal(r#"{"wantedHeight": 1e999}"#).await.1;
    assert!(message.contains("too large") && !message.contains("out of range"), "{message}");
    let (path, message) = refusal(r#"{"wantedHeight": 1, "flag": 1}"#).await;
    assert_eq!(
        (path.as_str(), message.as_str()),
        ("flag", "invalid parameters: `flag`: expected true or false, found the number 1")
    );
}

#[tokio::test]
async fn parameters_by_position_are_refused_with_the_way_out() {
    let (path, message) = refusal("[5]").await;
    assert_eq!(path, "");
    assert!(message.contains("by name") && message.contains("\"wantedHeight\""), "{message}");
    assert!(refusal("5").await.1.contains("object"));
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused() {
    assert!(refusal(r#"{"wantedHeight": 1, "wantedHeight": 2}"#).await.1.contains("twice"));
}

#[test]
fn an_argument_that_stands_twice_is_refused_by_its_path() {
    let known: &[ParamInfo] = &[ParamInfo { name: "args", docs: "", required: true, schema: |_| Default::default() }];
    let refusal = |args: &str| {
        let params = format!(r#"{{"args": {args}}}"#);
        let mut fields = Fields::read("test", known, Some(&params)).unwrap();
        fields.required::<Args>("args").unwrap_err().to_string()
    };
    assert_eq!(refusal(r#"{"by": 1, "by": 1}"#), "invalid parameters: `args.by` stands twice");
    let nested = r#"{"items": [{"a": 1}, {"a": {"b": 1, "c": 2, "b": 3}}]}"#;
    assert_eq!(refusal(nested), "invalid parameters: `args.items[1].a.b` stands twice");
    assert_eq!(refusal(r#"{"a": 1, "\u0061": 2}"#), "invalid parameters: `args.a` stands twice");
    assert!(refusal("[1]").contains("by name"));
    let deep = format!(r#"{{"a": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal(&deep).contains("args.a"));
}

#[tokio::test]
async fn deeply_nested_parameters_are_refused() {
    let deep = format!(r#"{{"wantedHeight": {}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(refusal(&deep).await.0.split('[').next(), Some("wantedHeight"));
}

#[tokio::test]
async fn an_error_of_the_method_carries_its_kind() {
    let answer = ask("test_fail", "{}").await;
    assert_eq!(answer["error"]["code"], -31001);
    assert_eq!(answer["error"]["data"], json!({"kind": "notFound", "what": "thing", "id": "0x1"}));
}

#[tokio::test]
async fn a_request_without_a_caller_is_a_fault_of_the_node() {
    let module = register(Arc::new(Echo)).unwrap();
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"test_echoAll","params":{"wantedHeight":1}}"#;
    let (answer, _) = module.raw_json_request(request, 1).await.unwrap();
    assert!(answer.get().contains("-32603"), "{}", answer.get());
}

#[tokio::test]
async fn a_subscription_sends_its_items_in_order() {
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"test_start","params":{}}"#;
    let (_, mut items) = module().raw_json_request(request, 8).await.unwrap();
    for expected in 1..=3 {
        let item: Value = serde_json::from_str(items.recv().await.unwrap().get()).unwrap();
        assert_eq!(item["params"]["result"], expected);
        assert_eq!(item["method"], "test_start");
    }
    assert!(items.recv().await.is_none());
}

#[tokio::test]
async fn a_subscription_with_wrong_parameters_is_refused() {
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"test_start","params":{"x":1}}"#;
    let (answer, _) = module().raw_json_request(request, 8).await.unwrap();
    assert!(answer.get().contains("`x` is not a parameter of test_start"), "{}", answer.get());
}

#[test]
fn the_table_has_what_the_trait_says() {
    let [echo, start, _] = METHODS else { panic!("three methods") };
    assert_eq!(
        (echo.name, echo.summary, echo.description),
        ("test_echoAll", "Says who asks and what for.", "More about it.")
    );
    assert_eq!((echo.access, echo.kind), (Access::Tenant, Kind::Call));
    let params: Vec<_> = echo.params.iter().map(|p| (p.name, p.docs, p.required)).collect();
    assert_eq!(
        params,
        [("wantedHeight", "A height.", true), ("filter", "A filter.", false), ("flag", "A flag.", false)]
    );
    assert_eq!(start.kind, Kind::Subscription { unsubscribe: "test_stop" });
    assert!((echo.check_example)(&echo.example).is_ok());
    let wrong = crate::table::Example { params: "{}", result: "\"x\"" };
    assert!((echo.check_example)(&wrong).is_err());
}
