//! Namespace `contract`, the part that changes a contract: new code, another authority, the consents to them. Not here: deploying and
//! calling (`contract`). Invariant: whatever says who may change a contract shows accounts by id and reads them by id or name.

use coffer_abi::{AccountId, CodeHash, ContractId, Hash};
use coffer_api_macros::api;
use coffer_chain::{Authority as ChainAuthority, Consent};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::private::Private;
use crate::tx::TxStatus;
use crate::types::{Account, Args, Base64, Event, Number, Text};

/// Who may give a contract new code or another authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Authority {
    /// Nobody, for good.
    None,
    /// One account.
    Account(Account),
    /// 2 to 32 accounts, every one of which must consent.
    Parties(Vec<Account>),
}

impl From<&ChainAuthority> for Authority {
    fn from(authority: &ChainAuthority) -> Self {
        match authority {
            ChainAuthority::None => Self::None,
            ChainAuthority::Account(account) => Self::Account(Account::Id(*account)),
            ChainAuthority::Parties(parties) => {
                Self::Parties(parties.accounts().iter().map(|account| Account::Id(*account)).collect())
            }
        }
    }
}

/// A contract as its state knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContractInfo {
    /// The contract.
    pub contract: Text<ContractId>,
    /// True if it lives in the caller's private state, false if in the public one.
    pub private: bool,
    /// Its module.
    pub code_hash: Text<CodeHash>,
    /// Who deployed it.
    pub deployer: Text<AccountId>,
    /// Height of the block that deployed it.
    pub height: u64,
    /// Who may change it.
    pub authority: Authority,
    /// How often its code or its authority were changed.
    pub revision: u64,
}

/// A contract has new code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Upgraded {
    /// The transaction; of a private contract its marker.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// The new module.
    pub code_hash: Text<CodeHash>,
    /// How often code or authority were changed, this time included.
    pub revision: u64,
    /// What `migrate` returned; `null` if there is none.
    pub result: Value,
    /// Events of `migrate` in the order of emission.
    pub events: Vec<Event>,
    /// Gas used.
    pub gas_used: u64,
}

/// A consent that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MissingConsent {
    /// Whose.
    pub account: Text<AccountId>,
    /// `notAuthorised`: there is none; `badConsent`: it is for something else; `consentExpired`; `noAuthority`: renounced.
    pub reason: String,
}

/// What an upgrade would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpgradeCheck {
    /// How it would end once everybody had consented.
    pub status: TxStatus,
    /// What `migrate` would return; `null` if there is none.
    pub result: Value,
    /// Why it would fail: the same `data` as the error of `contract_upgrade`; `null` if it would not.
    pub error: Value,
    /// Events of `migrate`.
    pub events: Vec<Event>,
    /// Gas it would use.
    pub gas_used: u64,
    /// The new module.
    pub code_hash: Text<CodeHash>,
    /// How often the contract was changed before; consents name it.
    pub revision: u64,
    /// What the new module stores in another form, for people.
    pub differences: Vec<String>,
    /// True if the new module has `migrate`, which answers for every difference.
    pub migrates: bool,
    /// Storage entries that would be written or removed.
    pub changes: u64,
    /// Whose consent is still missing.
    pub missing: Vec<MissingConsent>,
}

/// A contract has another authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthoritySet {
    /// The transaction; of a private contract its marker.
    pub tx: Text<Hash>,
    /// Height of its block.
    pub height: u64,
    /// Who may change it from now on.
    pub authority: Authority,
    /// How often code or authority were changed, this time included.
    pub revision: u64,
    /// Gas used.
    pub gas_used: u64,
}

/// A signed consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConsentGiven {
    /// What goes into `consents` of whoever makes the change.
    pub consent: Text<Consent>,
    /// Who consents.
    pub party: Text<AccountId>,
    /// How often the contract was changed before; after the next change the consent is worth nothing.
    pub revision: u64,
    /// Last height of a block in which it counts.
    pub valid_until: u64,
    /// The module consented to, if it is to new code.
    pub code_hash: Option<Text<CodeHash>>,
}

/// Changes of contracts.
#[api(namespace = "contract")]
pub trait UpgradeApi {
    /// A contract's module, deployer and authority; also of a contract without a spec.
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
            "deployer": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "height": 3,
            "authority": {"account": "0x4444444444444444444444444444444444444444444444444444444444444444"},
            "revision": 0
        }"#
    )]
    async fn info(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// As of the block of this height; the newest if left out.
        height: Option<Number>,
    ) -> Result<ContractInfo, Error>;

    /// Gives a contract new code, runs the new code's `migrate` if it has one, and waits for the block.
    ///
    /// The contract's authority must allow it: an account sends it itself; of several parties one sends it and the others consent with
    /// `contract_consent`. Storage stays as it is. If the new module would read a field in another form than the old one wrote it, and has
    /// no `migrate`, nothing is sent and `data.differences` tells what differs. If `migrate` fails, the old code stays.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, CODE_REFUSED, LAYOUT_CHANGED, ACCOUNT, UNCONFIGURED, CONTRACT, TRAP, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "wasm": "AGFzbQEAAAA=",
            "args": {"factor": 10},
            "private": true,
            "from": "alice"
        }"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 5,
            "codeHash": "0x9999999999999999999999999999999999999999999999999999999999999999",
            "revision": 1,
            "result": null,
            "events": [],
            "gasUsed": 1541210
        }"#
    )]
    async fn upgrade(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// The new Wasm module.
        wasm: Base64,
        /// Arguments of its `migrate`, by name.
        args: Option<Args>,
        /// Consents of the parties that are not `from`, as `contract_consent` gives them.
        consents: Option<Vec<Text<Consent>>>,
        /// Refused unless the contract was changed this often before; what it is now if left out.
        revision: Option<Number>,
        /// `true`: the contract is in the caller's own private state. An object: for several parties, `{"parties": ["0x…"], "flag": 0, "mode": "all"}`, whose private states all
        /// execute it; the caller's own is always among them. `false` or left out: in the public state.
        private: Option<Private>,
        /// Who acts; the node's default account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<Upgraded, Error>;

    /// Tells what an upgrade would do: all of it runs on the newest state, and nothing is kept.
    ///
    /// It runs as if everybody had consented; `missing` has those who have not. The contract is looked for in the caller's private state
    /// first, then in the public one.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, CODE_REFUSED, ACCOUNT],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "wasm": "AGFzbQEAAAA="
        }"#,
        result = r#"{
            "status": "refused",
            "result": null,
            "error": {"kind": "refused", "reason": "layoutChanged", "gasUsed": 1440200},
            "events": [],
            "gasUsed": 1440200,
            "codeHash": "0x9999999999999999999999999999999999999999999999999999999999999999",
            "revision": 0,
            "differences": ["storage field `value`: was u64 and is u128"],
            "migrates": false,
            "changes": 0,
            "missing": [{
                "account": "0x4444444444444444444444444444444444444444444444444444444444444444",
                "reason": "notAuthorised"
            }]
        }"#
    )]
    async fn check_upgrade(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// The new Wasm module.
        wasm: Base64,
        /// Arguments of its `migrate`, by name.
        args: Option<Args>,
        /// Consents there are so far.
        consents: Option<Vec<Text<Consent>>>,
        /// Who would act; the node's default account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<UpgradeCheck, Error>;

    /// Gives a contract another authority, or none for good, and waits for the block.
    ///
    /// Whoever may upgrade the contract may do this. `"none"` renounces: nobody can ever change the contract again.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, ACCOUNT, UNCONFIGURED, OUT_OF_GAS, REFUSED, NOT_DELIVERED, HELD, UNUSABLE],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "authority": {"parties": ["alice", "0x4444444444444444444444444444444444444444444444444444444444444444"]},
            "private": true,
            "from": "alice"
        }"#,
        result = r#"{
            "tx": "0x7777777777777777777777777777777777777777777777777777777777777777",
            "height": 6,
            "authority": {"parties": [
                "0x3333333333333333333333333333333333333333333333333333333333333333",
                "0x4444444444444444444444444444444444444444444444444444444444444444"
            ]},
            "revision": 2,
            "gasUsed": 60000
        }"#
    )]
    async fn set_authority(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// `"none"`, `{"account": …}` or `{"parties": [… , …]}`.
        authority: Authority,
        /// Consents of the parties that are not `from`, as `contract_consent` gives them.
        consents: Option<Vec<Text<Consent>>>,
        /// Refused unless the contract was changed this often before; what it is now if left out.
        revision: Option<Number>,
        /// `true`: the contract is in the caller's own private state. An object: for several parties, `{"parties": ["0x…"], "flag": 0, "mode": "all"}`, whose private states all
        /// execute it; the caller's own is always among them. `false` or left out: in the public state.
        private: Option<Private>,
        /// Who acts; the node's default account if left out.
        from: Option<Account>,
        /// Gas it may use; the node's default if left out.
        gas_limit: Option<Number>,
    ) -> Result<AuthoritySet, Error>;

    /// Signs the consent of one of the node's accounts to exactly one change of a contract; nothing is sent.
    ///
    /// To new code: give `wasm`, and `args` as the upgrade will. To another authority: give `authority`. The consent holds for the contract
    /// as it is now; any change of its code or authority ends it. The contract is looked for in the caller's private state first, then in
    /// the public one.
    #[method(
        access = tenant,
        errors = [NOT_FOUND, CODE_REFUSED, ACCOUNT],
        params = r#"{
            "contract": "0x8888888888888888888888888888888888888888888888888888888888888888",
            "wasm": "AGFzbQEAAAA=",
            "args": {"factor": 10},
            "from": "bob"
        }"#,
        result = r#"{
            "consent": "0x4444444444444444444444444444444444444444444444444444444444444444ed0300000000000055555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555555",
            "party": "0x4444444444444444444444444444444444444444444444444444444444444444",
            "revision": 0,
            "validUntil": 1005,
            "codeHash": "0x9999999999999999999999999999999999999999999999999999999999999999"
        }"#
    )]
    async fn consent(
        &self,
        ctx: Self::Context,
        /// The contract.
        contract: Text<ContractId>,
        /// The new Wasm module, for a consent to new code.
        wasm: Option<Base64>,
        /// Arguments of its `migrate`, by name.
        args: Option<Args>,
        /// The new authority, for a consent to that.
        authority: Option<Authority>,
        /// Last height of a block in which the consent counts; 1,000 blocks ahead if left out.
        valid_until: Option<Number>,
        /// Who consents; the node's default account if left out.
        from: Option<Account>,
    ) -> Result<ConsentGiven, Error>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_authority_is_read_in_its_three_forms_and_in_no_other() {
        let read = |json: Value| serde_json::from_value::<Authority>(json);
        assert_eq!(read(json!("none")).unwrap(), Authority::None);
        assert_eq!(read(json!({"account": "alice"})).unwrap(), Authority::Account(Account::Name("alice".into())));
        let id = AccountId([4; 32]);
        let both = Authority::Parties(vec![Account::Name("bob".into()), Account::Id(id)]);
        assert_eq!(read(json!({"parties": ["bob", id.to_string()]})).unwrap(), both);
        for bad in
            [json!("alice"), json!({"none": 1}), json!(["alice"]), json!({"account": "a", "parties": []}), json!(null)]
        {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
