//! The surface as Markdown: docs/RPC.md. Not here: facts about methods (the table). Invariant: the file in the repository is what
//! [`markdown`] gives; a test compares them and rewrites it under `BLESS=1`.

use std::fmt::Write;

use serde_json::Value;

use crate::error::{ErrorInfo, kind};
use crate::openrpc;
use crate::table::{self, COMMON_ERRORS, Kind, MethodInfo};

const HEAD: &str = "\
<!-- Made from the API traits by `BLESS=1 cargo test -p coffer-api reference`. Do not edit. -->
# JSON-RPC reference

One port serves HTTP (`POST`, any path) and WebSocket. Parameters go by name, as an object. Heights, gas and counts are numbers below
2^53; identifiers are `0x` and 64 lower-case hex digits. `rpc.discover` answers with this surface as an OpenRPC document.

A request is for one private state (PSI). In this order: URL parameter `?PSI=PS1`, header `PSI`, header `Quorum-PSI`, else `private`.
For a WebSocket, URL and headers of the connection hold. A private state that the node does not have reads as empty and takes no writes.

```sh
curl -s 'http://127.0.0.1:8545/?PSI=PS1' -H 'content-type: application/json' \\
  -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"psi_current\",\"params\":{}}'
```

A request has an `id`: a string, `null` or a whole number from 0 to 2^64-1. A request with any other `id` is answered with
`invalidRequest` and `id` null. A request without `id` is a notification: it gets no answer (HTTP status 204) and is never executed,
because nobody would learn how it went. A batch is answered in its order, without the notifications; a subscription cannot stand in one.

Who may call: `public` anybody, `tenant` whoever acts for a tenant, `operator` the operator of the node.
";

/// The whole document.
pub fn markdown() -> String {
    let document = openrpc::document();
    let mut out = HEAD.to_owned();
    // Writing into a String cannot fail, so the results of `writeln!` are dropped throughout this file.
    let mut namespace = "";
    for method in table::all() {
        if method.namespace != namespace {
            namespace = method.namespace;
            let _ = writeln!(out, "\n## {namespace}");
        }
        write_method(&mut out, method, &document);
    }
    write_errors(&mut out);
    out
}

fn write_method(out: &mut String, method: &MethodInfo, document: &Value) {
    let _ = writeln!(out, "\n### {}\n\n{} Access: {}.", method.name, method.summary, method.access.name());
    if !method.description.is_empty() {
        let _ = writeln!(out, "\n{}", method.description);
    }
    if let Kind::Subscription { unsubscribe } = method.kind {
        let _ = writeln!(out, "\nEnd it with `{unsubscribe}` `{{\"subscription\": ID}}`.");
    }
    let schemas = document["methods"].as_array().into_iter().flatten().find(|m| m["name"] == method.name);
    if !method.params.is_empty() {
        let _ = writeln!(out, "\n| parameter | type | |\n|---|---|---|");
    }
    for (position, param) in method.params.iter().enumerate() {
        let schema = schemas.map_or(&Value::Null, |m| &m["params"][position]["schema"]);
        let optional = if param.required { "" } else { "?" };
        let _ = writeln!(out, "| `{}`{optional} | {} | {} |", param.name, type_words(schema), param.docs);
    }
    let _ = writeln!(out, "\n```json\n// params\n{}", dedent(method.example.params));
    let label = if method.kind == Kind::Call { "result" } else { "one item" };
    let _ = writeln!(out, "// {label}\n{}\n```", dedent(method.example.result));
    if !method.errors.is_empty() {
        let kinds: Vec<String> = method.errors.iter().map(|e| format!("`{}`", e.kind)).collect();
        let _ = writeln!(out, "\nErrors: {}, and those of every method.", kinds.join(", "));
    }
}

fn write_errors(out: &mut String) {
    let _ =
        writeln!(out, "\n## Errors\n\nDecide by `error.data.kind`; it never changes its meaning. Messages may change.");
    let common: Vec<String> = COMMON_ERRORS.iter().map(|e| format!("`{}`", e.kind)).collect();
    let _ = writeln!(out, "\nEvery method may answer with {}.\n\n| kind | code | |\n|---|---|---|", common.join(", "));
    for ErrorInfo { code, kind, meaning } in kind::ALL {
        let _ = writeln!(out, "| `{kind}` | {code} | {meaning} |");
    }
}

fn type_words(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str()) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", type_words(&schema["items"])),
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

/// The text without the indentation it has in the source.
fn dedent(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let least = text.lines().skip(1).filter(|l| !l.trim().is_empty()).map(indent).min().unwrap_or(0);
    let lines = text.lines().enumerate().map(|(i, line)| if i == 0 { line } else { line.get(least..).unwrap_or("") });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_in_docs_is_the_one_the_table_gives() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/RPC.md");
        let made = markdown();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == made, "docs/RPC.md is out of date: run `BLESS=1 cargo test -p coffer-api reference`");
    }
}
