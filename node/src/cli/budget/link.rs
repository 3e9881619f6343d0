//! The line to the two contracts of a programme: views and calls over JSON-RPC, a bounded number of them at the same time. Not here: what is asked.
//! Invariants: a request is sent again only when the node was not reached, was busy, or did not say what became of it; when a command that may
//! have been carried out before is refused as a repetition, it is done.

use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use coffer_abi::{AccountId, ContractId};
use coffer_api::chain::HeadParams;
use coffer_api::contract::{CallParams, QueryParams, SpecParams};
use coffer_api::psi::RootParams;
use coffer_api::table::Params;
use coffer_api::types::{Account, Args, Number, Text};
use coffer_api::{Client, ClientError};
use coffer_runtime::trace::printable;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::answer::{self, Wide};
use super::rights::Catalogue;
use crate::cli::contract::remote::{self, Remote};

/// How long a node may stay away before the command gives up.
const PATIENCE: Duration = Duration::from_secs(60);
/// First pause before a request is sent again; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(50);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Which of the two contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Projects, subprojects, workflow items.
    Budget,
    /// Users, groups, rights.
    Permission,
}

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// The contract refuses it; others may still succeed.
    Refused {
        /// Name of the contract's error; empty if it trapped.
        name: String,
        /// For the reader.
        text: String,
    },
    /// Nothing more can be asked.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Failed {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl From<Failed> for anyhow::Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused { text, .. } => anyhow!(text),
            Failed::Broken(error) => error,
        }
    }
}

/// The line.
pub(super) struct Link {
    client: Client,
    budget: ContractId,
    permission: ContractId,
    private: bool,
    from: Account,
    height: Option<u64>,
    window: Semaphore,
    /// Who asks.
    pub(super) me: Me,
    /// All intents.
    pub(super) catalogue: Catalogue,
    /// Time of the newest block when the line was opened, in milliseconds.
    pub(super) now: u64,
}

/// The user who asks, and its account.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Me {
    /// `organisation/id`.
    pub(super) user: String,
    /// What it signs with.
    pub(super) account: Text<AccountId>,
}

impl Link {
    /// Opens the line to a budget contract and the permission contract it is linked with, for at most `window` requests at a time. Does not
    /// wait for a node that is not there.
    ///
    /// # Errors
    /// When the contract is no budget, or who asks is no user of the programme.
    pub(super) async fn open(
        remote: &Remote,
        budget: ContractId,
        from: Account,
        window: usize,
    ) -> anyhow::Result<Self> {
        let client = remote.client()?;
        let ask = async |params| client.request(&params).await.map_err(remote::told);
        let spec = ask(SpecParams { contract: Text(budget), height: None }).await?;
        let is_budget = ["about", "project_create", "ordered", "currencies"]
            .iter()
            .all(|name| spec.spec.methods.iter().any(|method| method.name == *name));
        if !is_budget {
            bail!(
                "{budget} is a contract {:?} and no budget contract: give the id of one with --budget",
                spec.spec.name
            );
        }
        let head = client.request(&HeadParams {}).await.map_err(remote::told)?;
        let mut link = Self {
            client,
            budget,
            permission: ContractId([0; 32]),
            private: spec.private,
            from,
            height: None,
            window: Semaphore::new(window),
            me: Me { user: String::new(), account: Text(AccountId([0; 32])) },
            catalogue: Catalogue::default(),
            now: head.time,
        };
        let about: Option<answer::About> = link.view(Part::Budget, "about", json!({})).await?;
        let Some(about) = about else { bail!("the budget {budget} was never set up: deploy it with its `init`") };
        link.permission = about.permission.0;
        let me: Option<Me> = link.view(Part::Permission, "who_asks", json!({})).await?;
        let Some(me) = me else {
            bail!("{} is no user of this programme: name one of its users' accounts with --from", link.from);
        };
        link.me = me;
        let intents: Vec<answer::IntentName> = link.view(Part::Permission, "intents", json!({})).await?;
        link.catalogue = Catalogue::new(intents.into_iter().map(|intent| (intent.intent, intent.name)));
        Ok(link)
    }

    /// From now on everything is read after the newest block there is by now, so that it fits together. Returns its height.
    ///
    /// # Errors
    /// When the node does not answer.
    pub(super) async fn stay(&mut self) -> anyhow::Result<u64> {
        let height = match self.private {
            true => self.patient(&RootParams { height: None }).await.map_err(|(error, _)| remote::told(error))?.height,
            false => self.patient(&HeadParams {}).await.map_err(|(error, _)| remote::told(error))?.height,
        };
        self.height = Some(height);
        Ok(height)
    }

    fn id(&self, part: Part) -> ContractId {
        match part {
            Part::Budget => self.budget,
            Part::Permission => self.permission,
        }
    }

    /// The result of a view.
    ///
    /// # Errors
    /// [`Failed::Refused`] with the contract's own error.
    pub(super) async fn view<T: DeserializeOwned>(&self, part: Part, method: &str, args: Value) -> Result<T, Failed> {
        let params = QueryParams {
            contract: Text(self.id(part)),
            method: method.into(),
            args: Some(arguments(args)),
            from: Some(self.from.clone()),
            gas_limit: None,
            height: self.height.map(Number),
        };
        let answer = self.patient(&params).await.map_err(|(error, _)| failed(error))?;
        let read = serde_json::from_value(answer.result);
        read.map_err(|error| Failed::Broken(anyhow!("`{method}` answers in a form that is not known here: {error}")))
    }

    /// Gives a command and waits for its block.
    ///
    /// # Errors
    /// [`Failed::Refused`] with the contract's own error.
    pub(super) async fn call(&self, part: Part, method: &str, args: Value) -> Result<(), Failed> {
        let params = CallParams {
            contract: Text(self.id(part)),
            method: method.into(),
            args: Some(arguments(args)),
            private: Some(self.private.into()),
            from: Some(self.from.clone()),
            gas_limit: None,
        };
        match self.patient(&params).await {
            Ok(_) => Ok(()),
            Err((error, true)) if is_repetition(&error) => Ok(()),
            Err((error, _)) => Err(failed(error)),
        }
    }

    /// An answer, asked for as often as it takes. With an error: whether the request may have been carried out before it.
    async fn patient<P: Params>(&self, params: &P) -> Result<P::Output, (ClientError, bool)> {
        let (mut since, mut lost, mut pause) = (None::<Instant>, false, PAUSE);
        loop {
            let answer = {
                let _place = self.window.acquire().await;
                self.client.request(params).await
            };
            let error = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match standing(&error) {
                Standing::Final => return Err((error, lost)),
                Standing::NotDone => {}
                Standing::Unknown => lost = true,
            }
            if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return Err((error, lost));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// What an error says of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// It will not be otherwise.
    Final,
    /// Nothing was done; later it may be.
    NotDone,
    /// It may have been done, or still be.
    Unknown,
}

fn standing(error: &ClientError) -> Standing {
    match (error, error.kind()) {
        (ClientError::Transport { .. }, _) | (_, Some("timeout")) => Standing::Unknown,
        (_, Some("busy" | "overQuota" | "held")) => Standing::NotDone,
        _ => Standing::Final,
    }
}

/// The error of a contract: its name and what it carries.
fn of_contract(error: &ClientError) -> Option<(&str, &Value)> {
    match error {
        ClientError::Rpc { data, .. } => Some((data["error"]["name"].as_str()?, &data["error"]["data"])),
        _ => None,
    }
}

/// True for what a contract says to a command that was carried out already.
fn is_repetition(error: &ClientError) -> bool {
    match of_contract(error) {
        Some(("AlreadyExists" | "NameTaken" | "AccountTaken" | "NoChange", _)) => true,
        Some(("Invalid", data)) => data["field"] == "document.id",
        _ => false,
    }
}

fn failed(error: ClientError) -> Failed {
    if let Some((name, data)) = of_contract(&error) {
        let told = if data.is_null() { String::new() } else { format!(" {}", printable(&data.to_string())) };
        return Failed::Refused { name: name.into(), text: format!("the contract refuses it: {name}{told}") };
    }
    match error.kind() {
        Some("trap" | "outOfGas" | "refused" | "invalidParams" | "account") => {
            Failed::Refused { name: String::new(), text: remote::told(error).to_string() }
        }
        Some("pruned") => Failed::Broken(anyhow!(
            "{error}: the chain moved on while this was read. Run it again while less is written, or on a node that keeps more (`history`, `archive`)"
        )),
        _ => Failed::Broken(remote::told(error)),
    }
}

fn arguments(args: Value) -> Args {
    match args {
        Value::Object(members) => Args(members),
        _ => Args::default(),
    }
}

/// A whole number as contracts take wide ones.
pub(super) fn wide(number: u64) -> Value {
    json!(Wide(number).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rpc(kind: &str, error: Value) -> ClientError {
        ClientError::Rpc { code: -31010, message: "no".into(), data: json!({ "kind": kind, "error": error }) }
    }

    #[test]
    fn only_what_may_become_otherwise_is_asked_again() {
        let away = ClientError::Transport { url: "http://a".into(), reason: "refused".into() };
        assert_eq!(standing(&away), Standing::Unknown);
        assert_eq!(standing(&rpc("timeout", Value::Null)), Standing::Unknown);
        assert_eq!(standing(&rpc("busy", Value::Null)), Standing::NotDone);
        for kind in ["contractError", "trap", "notFound", "internal", "account", "pruned"] {
            assert_eq!(standing(&rpc(kind, Value::Null)), Standing::Final, "{kind}");
        }
    }

    #[test]
    fn a_repetition_is_told_from_other_refusals() {
        let refused = |name: &str, data: Value| rpc("contractError", json!({ "name": name, "code": 1, "data": data }));
        assert!(is_repetition(&refused("AlreadyExists", json!({}))));
        assert!(is_repetition(&refused("Invalid", json!({"field": "document.id"}))));
        assert!(!is_repetition(&refused("Invalid", json!({"field": "amount"}))));
        assert!(!is_repetition(&refused("NotAllowed", json!({}))));
        assert!(!is_repetition(&rpc("trap", Value::Null)));
    }

    #[test]
    fn a_refusal_is_told_with_what_the_contract_says() {
        let error = rpc("contractError", json!({ "name": "NotFirst", "code": 1, "data": {"first": "a"} }));
        let Failed::Refused { name, text } = failed(error) else { panic!("not refused") };
        assert_eq!((name.as_str(), text.as_str()), ("NotFirst", r#"the contract refuses it: NotFirst {"first":"a"}"#));
        assert!(
            matches!(failed(rpc("pruned", Value::Null)), Failed::Broken(error) if error.to_string().contains("archive"))
        );
    }
}
