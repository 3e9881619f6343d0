//! The form of a budget file: what an export writes and an import reads. Not here: what makes values go together (`check`), reading with
//! the place of every mistake (`parse`). Invariants: money is text and never a float; a field that is not named here is refused; what the chain
//! alone sets stands under `chain` and `export`, which an import does not look at.

use std::collections::BTreeMap;

use coffer_abi::{AccountId, Hash};
use coffer_api::types::{Number, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::{
    Amount, Currency, Group as GroupName, Id, Line, Long, NotNegative, Organisation, Positive, Principal, Remark,
    Role as RoleName, Tag, User as UserName,
};

/// The value of `format`.
pub(super) const FORMAT: &str = "coffer-budget-1";

/// A programme: its users, groups, roles, rights, and projects with what is in them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    /// Always `coffer-budget-1`.
    pub(super) format: String,
    /// What an export says of itself. An import does not look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) export: Option<Export>,
    /// Users.
    #[serde(default)]
    pub(super) users: Vec<User>,
    /// Groups.
    #[serde(default)]
    pub(super) groups: Vec<Group>,
    /// Roles.
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    /// Rights on the whole programme.
    #[serde(default)]
    pub(super) rights: Vec<Right>,
    /// Projects.
    #[serde(default)]
    pub(super) projects: Vec<Project>,
}

/// Where an export comes from, and what it does not have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Export {
    /// Height of the block after which everything was read.
    pub(super) height: u64,
    /// The user who read it.
    pub(super) by: Option<String>,
    /// Workflow items of which that user saw only that they are there.
    pub(super) redacted: u64,
    /// Users, groups, projects, subprojects and items whose rights that user may not see; they have no `rights`.
    pub(super) rights_left_out: u64,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct User {
    /// `ORGANISATION/ID`. The first user of an organisation brings it in.
    pub(super) user: UserName,
    /// What it signs with.
    pub(super) account: Text<AccountId>,
    /// Commitment to what it is called; zeros if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<Text<Hash>>,
    /// False: it is disabled once everything else is imported.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(super) enabled: bool,
    /// Rights on the user, beside those that it and its creator have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Group {
    /// Its name.
    pub(super) group: GroupName,
    /// Users and groups that are in it.
    #[serde(default)]
    pub(super) members: Vec<Principal>,
    /// Who has all rights on it: to add, to remove and to administer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) administrators: Vec<Principal>,
    /// Other rights on the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right>,
}

/// A role: intents that are granted at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Role {
    /// Its name.
    pub(super) role: RoleName,
    /// What it grants, by the dotted names of intents.
    pub(super) intents: Vec<String>,
}

/// Rights of somebody on what they stand at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Right {
    /// Whom: a user, a group or an organisation.
    pub(super) to: Principal,
    /// Dotted names of intents, such as `workflowitem.close`; `*` for all that a creator gets there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) intents: Vec<String>,
    /// In place of intents: those of a role that fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<RoleName>,
    /// True: the rights are denied.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) deny: bool,
    /// False: not on what is below.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(super) inheritable: bool,
    /// Until when, in milliseconds since 1970-01-01 UTC; without an end if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<Number>,
}

impl Right {
    /// All that a creator gets there, for somebody.
    pub(super) fn all(to: &Principal) -> Self {
        Self { to: to.clone(), intents: vec!["*".into()], role: None, deny: false, inheritable: true, until: None }
    }
}

/// What the chain alone sets. An import does not look at it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Chain {
    /// Version.
    pub(super) version: u32,
    /// When it was created, in milliseconds.
    pub(super) created: u64,
    /// The user who did.
    pub(super) creator: String,
    /// When it was closed, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closed_at: Option<u64>,
    /// The user who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closed_by: Option<String>,
}

/// A project. `S` is a subproject, or its text that is not read yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "S: Deserialize<'de>"))]
pub(super) struct Project<S = Subproject> {
    /// Id; derived from the name if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Id>,
    /// Name.
    pub(super) name: Line,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Long>,
    /// User or group that is to see to it; who imports if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assignee: Option<Principal>,
    /// Words to find it by, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Tag>,
    /// Text with marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) markdown: Option<Long>,
    /// Whatever else somebody wants to keep, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) additional: BTreeMap<Line, Long>,
    /// Link to a small picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thumbnail: Option<Line>,
    /// Projected budgets, one for each organisation and currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) projected: Vec<Projected>,
    /// What it demands of its items; set once everything below it is imported.
    #[serde(default, skip_serializing_if = "Policies::are_off")]
    pub(super) policies: Policies,
    /// True: it is closed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) closed: bool,
    /// Rights on it, beside those that its creator has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right>,
    /// What the chain alone sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chain: Option<Chain>,
    /// Subprojects, in their order.
    #[serde(default)]
    pub(super) subprojects: Vec<S>,
}

/// A subproject. `I` is a workflow item, or its text that is not read yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound(deserialize = "I: Deserialize<'de>"))]
pub(super) struct Subproject<I = Item> {
    /// Id; derived from the names of the project and the subproject if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Id>,
    /// Name.
    pub(super) name: Line,
    /// Currency, by ISO 4217.
    pub(super) currency: Currency,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Long>,
    /// User or group that is to see to it; who imports if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assignee: Option<Principal>,
    /// The user or group that alone closes its items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) validator: Option<Principal>,
    /// The only type that its items can have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) item_type: Option<ItemType>,
    /// In which order its items are closed.
    #[serde(default)]
    pub(super) mode: Mode,
    /// Words to find it by, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Tag>,
    /// Text with marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) markdown: Option<Long>,
    /// Whatever else somebody wants to keep, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) additional: BTreeMap<Line, Long>,
    /// Link to a small picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thumbnail: Option<Line>,
    /// Projected budgets, one for each organisation and currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) projected: Vec<Projected>,
    /// True: it is closed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) closed: bool,
    /// Rights on it, beside those that its creator has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right>,
    /// What the chain alone sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chain: Option<Chain>,
    /// The open items that come before the others, by id, at most 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) order: Vec<Id>,
    /// Workflow items, in their order: closed ones first, by the time they closed.
    #[serde(default)]
    pub(super) items: Vec<I>,
    /// Items of which the exporting user saw only that they are there. An import refuses them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) redacted: Vec<Redacted>,
}

/// A workflow item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Item {
    /// Id; derived from the names of project, subproject and item if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Id>,
    /// Name.
    pub(super) name: Line,
    /// Description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<Long>,
    /// User or group that is to see to it; the validator, or who imports, if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assignee: Option<Principal>,
    /// Who gets the rights on it.
    #[serde(default)]
    pub(super) item_type: ItemType,
    /// What its amount is.
    #[serde(default)]
    pub(super) amount_type: AmountType,
    /// The amount; below 0 only in a correction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<Amount>,
    /// The amount's currency, by ISO 4217.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<Currency>,
    /// How it becomes one of the subproject's currency; of that currency itself left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rate: Option<Rate>,
    /// When it is billed, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) billing_date: Option<Number>,
    /// When it is due, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due_date: Option<Number>,
    /// Who pays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) funding: Option<Line>,
    /// The closed item further up in the same subproject that this one corrects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrects: Option<Id>,
    /// Words to find it by, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<Tag>,
    /// Text with marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) markdown: Option<Long>,
    /// Whatever else somebody wants to keep, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) additional: BTreeMap<Line, Long>,
    /// Documents, by their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) documents: Vec<Document>,
    /// True: it is closed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) closed: bool,
    /// Why it was rejected; then it is closed, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rejected: Option<Line>,
    /// Rights on it, beside those that its creator has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) rights: Vec<Right>,
    /// What the chain alone sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chain: Option<Chain>,
}

impl Item {
    /// True if it is closed, rejected or not.
    pub(super) fn is_closed(&self) -> bool {
        self.closed || self.rejected.is_some()
    }
}

/// A workflow item of which only this was seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Redacted {
    /// Its id.
    pub(super) id: Id,
    /// When it was created, in milliseconds.
    pub(super) created: u64,
    /// When it was closed, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closed_at: Option<u64>,
}

/// A projected budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Projected {
    /// Whose money it is.
    pub(super) organisation: Organisation,
    /// How much.
    pub(super) value: NotNegative,
    /// In which currency, by ISO 4217.
    pub(super) currency: Currency,
}

/// An exchange rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rate {
    /// What one unit of the item's currency is in the subproject's.
    pub(super) value: Positive,
    /// Who published it.
    pub(super) source: Line,
    /// When it was published, in milliseconds.
    pub(super) date: Number,
}

/// A document: of a file its hash and size, of a link its `url`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Document {
    /// Its id, unique within the item.
    pub(super) id: Id,
    /// Name of the file, or what the link is called.
    pub(super) name: Line,
    /// What somebody has to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<Remark>,
    /// SHA-256 of the bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hash: Option<Text<Hash>>,
    /// Of a file: its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<Number>,
    /// Of a link: where the bytes are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<Line>,
    /// True: somebody found the bytes to be those of the hash.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) validated: bool,
}

/// What a project demands of its items before they close.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Policies {
    /// Who closes an item is not who created it.
    #[serde(default)]
    pub(super) four_eyes: Enforcement,
    /// Every document of an item has been validated.
    #[serde(default)]
    pub(super) documents_validated: Enforcement,
    /// In each subproject: disbursed <= allocated <= projected, in its currency.
    #[serde(default)]
    pub(super) ceilings: Enforcement,
}

impl Policies {
    /// True if nothing is demanded.
    pub(super) fn are_off(&self) -> bool {
        *self == Self::default()
    }
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase")]
        pub(super) enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// The name that the contract has for it.
            pub(super) fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            /// By the contract's name for it.
            pub(super) fn of_word(word: &str) -> Option<Self> {
                match word {
                    $(stringify!($variant) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// What becomes of a change that breaks a policy.
    Enforcement {
        /// The policy is not looked at.
        #[default]
        Off,
        /// The change is made, with a warning.
        Warn,
        /// It is refused.
        Block
    }
    /// In which order items are closed.
    Mode {
        /// One after the other.
        #[default]
        Ordered,
        /// As it comes.
        Unordered
    }
    /// Who gets the rights on an item.
    ItemType {
        /// Its creator, besides those who inherit them.
        #[default]
        General,
        /// Its assignee alone.
        Restricted
    }
    /// What an item's amount is.
    AmountType {
        /// The item is not about money.
        #[default]
        NotApplicable,
        /// Money that is set aside.
        Allocated,
        /// Money that is paid out.
        Disbursed
    }
}

fn yes() -> bool {
    true
}

/// For serde, which hands in a reference.
fn is_true(value: &bool) -> bool {
    *value
}

/// For serde, which hands in a reference.
fn is_false(value: &bool) -> bool {
    !*value
}
