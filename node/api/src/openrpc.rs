//! The surface as an OpenRPC 1.3 document (<https://spec.open-rpc.org>). Not here: facts about methods (the table).
//! Invariant: every reference in the document points inside it.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::error::ErrorInfo;
use crate::table::{self, COMMON_ERRORS, Kind, MethodInfo};

/// Version of the OpenRPC specification the document follows.
pub const VERSION: &str = "1.3.2";

/// The document.
pub fn document() -> Value {
    // OpenRPC 1.3 schemas are JSON Schema draft 7; definitions go where OpenRPC keeps its own.
    let settings = SchemaSettings::draft07().with(|s| {
        s.definitions_path = "/components/schemas".into();
        s.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let methods: Vec<Value> = table::all().flat_map(|m| method(m, &mut generator)).collect();
    json!({
        "openrpc": VERSION,
        "info": {
            "title": "Coffer",
            "description": "JSON-RPC surface of a Coffer node. Parameters go by name. Heights, gas and counts are numbers below 2^53; \
                            identifiers are 0x and 64 hex digits. Decide by `error.data.kind`.",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0 OR MIT" }
        },
        "methods": methods,
        "components": { "schemas": generator.take_definitions(true), "errors": errors() }
    })
}

fn errors() -> Value {
    let entries = crate::error::kind::ALL.iter().map(|e| (e.kind.to_owned(), error(e)));
    Value::Object(entries.collect())
}

fn error(info: &ErrorInfo) -> Value {
    json!({ "code": info.code, "message": info.meaning, "data": { "kind": info.kind } })
}

fn method(info: &MethodInfo, generator: &mut SchemaGenerator) -> Vec<Value> {
    let params = info.params.iter().map(
        |p| json!({ "name": p.name, "description": p.docs, "required": p.required, "schema": (p.schema)(generator) }),
    );
    let params: Vec<Value> = params.collect();
    let item = (info.result)(generator).to_value();
    let (result, example_result) = match info.kind {
        Kind::Call => (json!({ "name": "result", "schema": item }), parsed(info.example.result)),
        Kind::Subscription { .. } => (json!({ "name": "subscription", "schema": subscription_id() }), json!(1)),
    };
    let references = info.errors.iter().chain(COMMON_ERRORS);
    let errors: Vec<Value> = references.map(|e| json!({ "$ref": format!("#/components/errors/{}", e.kind) })).collect();
    let mut object = json!({
        "name": info.name,
        "summary": info.summary,
        "tags": [{ "name": info.namespace }],
        "paramStructure": "by-name",
        "params": params,
        "result": result,
        "errors": errors,
        "examples": [{
            "name": info.name,
            "params": example_params(info.example.params),
            "result": { "name": "result", "value": example_result }
        }],
        "x-access": info.access.name()
    });
    if !info.description.is_empty() {
        object["description"] = info.description.into();
    }
    let Kind::Subscription { unsubscribe } = info.kind else {
        return vec![object];
    };
    object["x-subscription"] = json!({ "unsubscribe": unsubscribe, "notification": info.name, "item": item });
    vec![object, counterpart(info, unsubscribe)]
}

fn counterpart(info: &MethodInfo, name: &str) -> Value {
    json!({
        "name": name,
        "summary": format!("Ends a subscription made by `{}`.", info.name),
        "tags": [{ "name": info.namespace }],
        "paramStructure": "by-name",
        "params": [{
            "name": "subscription",
            "description": "What the subscription was answered with.",
            "required": true,
            "schema": subscription_id()
        }],
        "result": { "name": "ended", "schema": { "type": "boolean", "description": "False if there was none of that id." } },
        "errors": [{ "$ref": "#/components/errors/invalidParams" }],
        "examples": [{
            "name": name,
            "params": [{ "name": "subscription", "value": 1 }],
            "result": { "name": "ended", "value": true }
        }],
        "x-access": info.access.name()
    })
}

fn subscription_id() -> Value {
    json!({ "type": ["integer", "string"], "description": "Id of the subscription." })
}

fn example_params(text: &str) -> Value {
    let members = match parsed(text) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// Examples are checked by a test; one that does not parse would show as `null`.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every `$ref` in `value`.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    found.push(reference.clone());
                }
                members.values().for_each(|v| references(v, found));
            }
            Value::Array(items) => items.iter().for_each(|v| references(v, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_points_inside_the_document() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference} is not there");
        }
    }

    #[test]
    fn every_method_has_summary_parameters_result_example_and_errors() {
        let document = document();
        assert_eq!(document["openrpc"], VERSION);
        for field in ["title", "version"] {
            assert!(document["info"][field].is_string());
        }
        for method in document["methods"].as_array().unwrap() {
            let name = method["name"].as_str().unwrap();
            assert!(!method["summary"].as_str().unwrap().is_empty(), "{name}");
            assert_eq!(method["paramStructure"], "by-name", "{name}");
            for param in method["params"].as_array().unwrap() {
                assert!(param["name"].is_string() && param["required"].is_boolean(), "{name}");
                assert!(param["schema"].is_object() && !param["description"].as_str().unwrap().is_empty(), "{name}");
            }
            assert!(method["result"]["name"].is_string() && method["result"]["schema"].is_object_or_true(), "{name}");
            let examples = method["examples"].as_array().unwrap();
            assert!(!examples.is_empty() && examples[0]["params"].is_array(), "{name}");
            assert!(!examples[0]["result"]["value"].is_null(), "{name}");
            assert!(!method["errors"].as_array().unwrap().is_empty(), "{name}");
            assert!(["public", "tenant", "operator"].contains(&method["x-access"].as_str().unwrap()), "{name}");
        }
    }

    #[test]
    fn the_methods_of_the_first_release_are_there() {
        let document = document();
        let names: Vec<&str> =
            document["methods"].as_array().unwrap().iter().filter_map(|m| m["name"].as_str()).collect();
        let expected = [
            "chain_head",
            "chain_block",
            "chain_parameters",
            "chain_proof",
            "chain_subscribeHeads",
            "chain_unsubscribeHeads",
            "contract_deploy",
            "contract_call",
            "contract_query",
            "contract_spec",
            "contract_events",
            "contract_info",
            "contract_upgrade",
            "contract_checkUpgrade",
            "contract_setAuthority",
            "contract_consent",
            "programme_deploy",
            "programme_list",
            "tx_receipt",
            "tx_subscribe",
            "tx_unsubscribe",
            "debug_traceTransaction",
            "debug_traceCall",
            "state_root",
            "state_proof",
            "psi_current",
            "psi_status",
            "psi_root",
            "psi_trieRoot",
            "psi_txStatus",
            "psi_anchor",
            "psi_proof",
            "privacy_void",
            "privacy_metadata",
            "privacy_parties",
            "privacy_list",
            "privacy_proposal",
            "privacy_accept",
            "privacy_extend",
            "privacy_remove",
            "tenant_list",
            "tenant_get",
            "tenant_create",
            "tenant_setAccounts",
            "tenant_setLimits",
            "tenant_suspend",
            "tenant_resume",
            "tenant_close",
            "tenant_rotate",
            "network_status",
            "network_peers",
            "network_joinRequests",
            "network_equivocations",
            "network_organisations",
            "network_nodes",
            "network_validators",
            "network_parameters",
            "network_proposals",
            "network_parties",
            "rpc.discover",
        ];
        assert_eq!(names, expected);
    }

    trait SchemaShape {
        fn is_object_or_true(&self) -> bool;
    }

    impl SchemaShape for Value {
        fn is_object_or_true(&self) -> bool {
            self.is_object() || *self == json!(true)
        }
    }
}
