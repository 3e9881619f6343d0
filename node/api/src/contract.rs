//! Namespace `contract`: deploy, call, query, and what a contract says of itself. Not here: how JSON becomes bytes (the runtime's
//! spec module does, the node calls it). Invariant: a call that is in a block always tells transaction, height and gas, failed or not.

use coffer_abi::{CodeHash, ContractId, Hash};
use coffer_api_macros::api;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::private::Private;
use crate::types::{Account, Args, Base64, Event, Number, Text};
use crate::upgrade::Authority;

mod spec;

pub use spec::{SpecEvent, SpecField, SpecMethod, SpecStorage, SpecType, SpecVariant, SpecView};

/// Events of one page when the request does not say.
pub const DEFAULT_LIMIT: u64 = 100;
/// Events of the longest page.
pub const MAX_LIMIT: u64 = 1_000;

/// A contract was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployed {
    /// The new contract.
    pub contract: Text<ContractId>,
    /// The transaction; of a private deployment its marker.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// Gas used.
    pub gas_used: u64,
}

/// A call succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Called {
    /// The transaction; of a private call its marker.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// `ok`; anything else is an error of the request.
    pub status: String,
    /// What the method returned.
    pub result: Value,
    /// Events in the order of emission.
    pub events: Vec<Event>,
    /// Gas used.
    pub gas_used: u64,
}

/// A view returned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Queried {
    /// What the method returned.
    pub result: Value,
    /// Gas it would have used.
    pub gas_used: u64,
}

/// A contract and what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractSpec {
    /// The contract.
    pub contract: Text<ContractId>,
    /// True if it lives in the caller's private state, false if in the public one.
    pub private: bool,
    /// Its module.
    pub code_hash: Text<CodeHash>,
    /// Who may give it new code.
    pub authority: Authority,
    /// How often its code or its authority were changed.
    pub revision: u64,
    /// The spec inside the module.
    pub spec: SpecView,
}

/// An event with its place in the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlacedEvent {
    /// Height of the block.
    pub height: u64,
    /// The transaction; of a private call its marker.
    pub tx: Text<Hash>,
    /// Position of the transaction in its block, from 0.
    pub index: u32,
    /// Number among the contract's events, from 0.
    pub number: u64,
    /// Its name in the spec.
    pub name: String,
    /// Its fields by name.
    pub data: Value,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventPage {
    /// Oldest first.
    pub items: Vec<PlacedEvent>,
    /// `cursor` of the next page; `null` when there is nothing more by now.
    pub next: Option<String>,
}

/// Contracts.
#[api(namespace = "contract")]
pub trait ContractApi {
    /// Makes a contract from a Wasm module and waits for its block.
    ///
    /// Without `private` the contract is public; with `private: true` it lives in the caller's private state only; with
    /// `private: {"parties": …}` in those of all these parties, once the nodes that serve them have said that they have the payload. In
    /// mode `async` the word of a custodian of a party is enough, and its node fetches the payload later.
    ///
    /// A `salt` does not mean the same in both. The id of a public contract derives from account, module and salt: the same again is
    /// refused as `contractExists`. The id of a private one derives from the sealed call, which is new each time: the same salt twice
    /// makes two contracts.
    #[method(
        access = tenant,
        errors = [CODE_REFUSED, ACCOUNT, UNCONFIGURED, CONTRACT, TRAP, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{"wasm": "AGFzbQEAAAA=", "init": {"start": 5}, "private": true, "from": "alice"}"#,
        result = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 3,
            "gasUsed": 41210
        }"#
    )]
    async fn deploy(
        &self,
        ctx: Self::Context,
        /// The Wasm module.
        wasm: Base64,
        /// Arguments of the contract's `init`, by name.
        init: Option<Args>,
        /// 32 bytes that make the ids of two public instances of one module by one account differ; random if left out.
        salt: Option<Text<Hash>>,
        /// `true`: in the caller's own private state. An object: for several parties, `{"parties": ["0x…"], "flag": 0, "mode": "all"}`, whose private states all
        /// execute it; the caller's own is always among them. `false` or left out: in the public state.
        private: Option<Private>,
        /// Who acts; the node's default account if left out.
        from: Option<Account>,
        /// Who may give it new code later: `"none"`, `{"account": …}` or `{"parties": [… , …]}`; who acts if left out.
        authority: Option<Authority>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<Deployed, Error>;

    /// Calls a method that may write and waits for its block.
    ///
    /// When the contract fails, the answer is an error; its `data` has `tx`, `height` and `gasUsed`, because the transaction is in
    /// the chain all the same.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, UNCONFIGURED, CONTRACT, TRAP, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "method": "add",
            "args": {"by": 2},
            "private": true,
            "from": "alice"
        }"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 4,
            "status": "ok",
            "result": "7",
            "events": [{
                "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
                "name": "Added",
                "data": {"value": "7"}
            }],
            "gasUsed": 9120
        }"#
    )]
    async fn call(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// A method of kind call.
        method: String,
        /// Its arguments, by name.
        args: Option<Args>,
        /// `true`: the contract is in the caller's own private state. An object: for several parties, `{"parties": ["0x…"], "flag": 0, "mode": "all"}`, whose private states all
        /// execute it; the caller's own is always among them. `false` or left out: in the public state.
        private: Option<Private>,
        /// Who acts; the node's default account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<Called, Error>;

    /// Runs a view and returns its result; nothing is written and no block is made.
    ///
    /// The contract is looked for in the caller's private state first, then in the public one. Ids never collide.
    /// At the head its time is that of the newest block or of this node's clock, whichever is later, so that what ended shows as ended before a block says so; at an older height it is that block's.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, PRUNED, CONTRACT, TRAP, OUT_OF_GAS],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "method": "value"
        }"#,
        result = r#"{"result": "7", "gasUsed": 2210}"#
    )]
    async fn query(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// A method of kind view.
        method: String,
        /// Its arguments, by name.
        args: Option<Args>,
        /// Whom the view sees as its caller; the anonymous caller if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
        /// State after the block of this height; the newest if left out.
        height: Option<Number>,
    ) -> Result<Queried, Error>;

    /// What a contract says of itself: methods, types, events, errors, storage.
    ///
    /// The contract is looked for in the caller's private state first, then in the public one.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, PRUNED],
        params = r#"{"contract": "0x8888888888888888888888888888888888888888888888888888888888888888"}"#,
        result = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "private": true,
            "codeHash": "0x9999999999999999999999999999999999999999999999999999999999999999",
            "authority": {"account": "0x4444444444444444444444444444444444444444444444444444444444444444"},
            "revision": 0,
            "spec": {
                "abi": 1, "name": "Counter", "version": "0.1.0", "docs": "Counts.", "source": "", "toolchain": "",
                "methods": [{
                    "name": "value", "kind": "view", "docs": "The count.", "args": [], "result": "u64", "error": null
                }],
                "events": [{"name": "Added", "docs": "", "fields": [{"name": "value", "type": "u64", "docs": ""}]}],
                "types": [],
                "storage": [{"name": "value", "docs": "", "key": null, "value": "u64", "ordered": false}]
            }
        }"#
    )]
    async fn spec(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// As of the block of this height; the newest if left out.
        height: Option<Number>,
    ) -> Result<ContractSpec, Error>;

    /// Events of a contract, oldest first, in pages.
    ///
    /// Of each item, `number` counts the contract's events from 0, without gaps over all names; `index` is the position of the
    /// transaction in its block.
    #[method(
        access = tenant,
        errors = [NOT_FOUND],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "names": ["Added"],
            "limit": 10
        }"#,
        result = r#"{
            "items": [{
                "height": 4,
                "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
                "index": 0,
                "number": 0,
                "name": "Added",
                "data": {"value": "7"}
            }],
            "next": null
        }"#
    )]
    async fn events(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// Only events of these names.
        names: Option<Vec<String>>,
        /// Only events of blocks from this height on.
        from_height: Option<Number>,
        /// Only events of blocks up to this height.
        to_height: Option<Number>,
        /// `next` of the page before.
        cursor: Option<String>,
        /// Events of this page, at most 1,000; 100 if left out.
        limit: Option<Number>,
    ) -> Result<EventPage, Error>;
}
