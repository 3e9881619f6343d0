//! What is stored of projects, subprojects and workflow items, which have most in common. Not here: the rules of each (`project`,
//! `subproject`, `item`). Invariant: a thing's version grows by one with every change of it, and by nothing else.

use coffer_sdk::prelude::*;

use crate::error::Error;
use crate::money::Decimal;
use crate::permission::Resource;

/// Where a thing is: ids of project, subproject and item; the last ones are empty for a project or a subproject.
pub type Path = (String, String, String);

/// A project, subproject or workflow item, without its long texts.
#[contract_type]
pub struct Thing {
    /// Starts at 1.
    pub version: u32,
    /// When it was created, in milliseconds.
    pub created: u64,
    /// The user who did.
    pub creator: String,
    /// Its number among those of the same parent, from 0.
    pub number: u64,
    /// Its place among them (`order`).
    pub place: u128,
    /// How it was closed, if it is.
    pub closing: Option<Closing>,
    /// Name.
    pub name: String,
    /// User or group that is to see to it.
    pub assignee: String,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What only its level has.
    pub kind: Kind,
}

/// How something was closed.
#[contract_type]
pub struct Closing {
    /// When, in milliseconds.
    pub at: u64,
    /// By which user.
    pub by: String,
    /// Why it was rejected, if it was.
    pub rejected: Option<String>,
}

/// What only a level has.
#[contract_type]
pub enum Kind {
    /// A project.
    Project(Policies),
    /// A subproject.
    Subproject(Terms),
    /// A workflow item.
    Workflowitem(Work),
}

/// What a project demands of its items before they close.
#[contract_type]
#[derive(Default)]
pub struct Policies {
    /// Who closes an item is not who created it.
    pub four_eyes: Enforcement,
    /// Every document of an item has been validated.
    pub documents_validated: Enforcement,
    /// In each subproject: disbursed <= allocated <= projected, in its currency.
    pub ceilings: Enforcement,
}

/// What becomes of a change that breaks a policy.
#[contract_type]
#[derive(Clone, Copy, Default)]
pub enum Enforcement {
    /// Nothing: the policy is not looked at.
    #[default]
    Off,
    /// It is made, and its event carries a warning.
    Warn,
    /// It is refused.
    Block,
}

/// What is fixed when a subproject is created.
#[contract_type]
pub struct Terms {
    /// Currency, by ISO 4217.
    pub currency: String,
    /// The user or group that alone closes items.
    pub validator: Option<String>,
    /// The only type that its items can have, if there is one.
    pub item_type: Option<ItemType>,
    /// The order in which items are closed.
    pub mode: Mode,
}

/// In which order items are closed.
#[contract_type]
#[derive(Clone, Copy, Default)]
pub enum Mode {
    /// One after the other.
    #[default]
    Ordered,
    /// As it comes.
    Unordered,
}

/// Who gets the rights on an item.
#[contract_type]
#[derive(Clone, Copy, Default)]
pub enum ItemType {
    /// Its creator, besides those who inherit them.
    #[default]
    General,
    /// Its assignee alone; who assigned it can list it.
    Restricted,
}

/// What an item's amount is.
#[contract_type]
#[derive(Clone, Copy, Default)]
pub enum AmountType {
    /// The item is not about money.
    #[default]
    NotApplicable,
    /// Money that is set aside.
    Allocated,
    /// Money that is paid out.
    Disbursed,
}

/// How an amount becomes one of the subproject's currency.
#[contract_type]
pub struct Rate {
    /// What one unit of the item's currency is in the subproject's: a positive decimal.
    pub value: String,
    /// Who published it.
    pub source: String,
    /// When it was published, in milliseconds.
    pub date: u64,
}

/// What only a workflow item has.
#[contract_type]
#[derive(Default)]
pub struct Work {
    /// Who gets the rights on it.
    pub item_type: ItemType,
    /// What the amount is.
    pub amount_type: AmountType,
    /// The amount, a decimal.
    pub amount: Option<String>,
    /// Its currency, by ISO 4217.
    pub currency: Option<String>,
    /// How it becomes one of the subproject's currency.
    pub rate: Option<Rate>,
    /// When it is billed, in milliseconds.
    pub billing_date: Option<u64>,
    /// When the item is due, in milliseconds.
    pub due_date: Option<u64>,
    /// Who pays.
    pub funding: Option<String>,
    /// The item of the same subproject that this one corrects.
    pub corrects: Option<String>,
    /// Documents.
    pub documents: u32,
    /// Documents that have been validated.
    pub validated: u32,
}

/// The closed items that correct another one.
#[contract_type]
#[derive(Default)]
pub struct Corrections {
    /// How many.
    pub count: u32,
    /// What they add up to, in the subproject's currency.
    pub sum: Decimal,
}

/// The long texts of a thing, which lists do not show.
#[contract_type]
#[derive(Default)]
pub struct Texts {
    /// Description.
    pub description: String,
    /// Link to a small picture; of projects and subprojects.
    pub thumbnail: String,
    /// Text with marks.
    pub markdown: String,
    /// Whatever else somebody wants to keep, by key.
    pub additional: BTreeMap<String, String>,
}

/// What a project or subproject counts of what is below it, or the programme of its projects.
#[contract_type]
#[derive(Default)]
pub struct Ledger {
    /// Things created right below.
    pub created: u64,
    /// Those of them that are open.
    pub open: u64,
    /// Of a subproject: its projected budgets in its own currency.
    pub projected: Decimal,
    /// Of a subproject: allocated by closed items that are not rejected.
    pub allocated: Decimal,
    /// Of a subproject: disbursed by closed items that are not rejected.
    pub disbursed: Decimal,
}

impl Thing {
    /// True until it is closed.
    pub fn is_open(&self) -> bool {
        self.closing.is_none()
    }

    /// What a workflow item has; of something else nothing.
    pub fn work(&self) -> Work {
        match &self.kind {
            Kind::Workflowitem(work) => work.clone(),
            _ => Work::default(),
        }
    }
}

/// The path of a resource.
///
/// # Errors
/// [`Error::NotFound`] for what is no project, subproject or workflow item.
pub fn path_of(resource: &Resource) -> Result<Path, Error> {
    let path = match resource.clone() {
        Resource::Project { project } => (project, String::new(), String::new()),
        Resource::Subproject { project, subproject } => (project, subproject, String::new()),
        Resource::Item { project, subproject, item } => (project, subproject, item),
        _ => return Err(Error::NotFound { resource: resource.clone() }),
    };
    // An empty id would make it the path of another level.
    let empty = |id: &String| id.is_empty();
    let sound = match resource {
        Resource::Project { .. } => !empty(&path.0),
        Resource::Subproject { .. } => !empty(&path.0) && !empty(&path.1),
        _ => !empty(&path.0) && !empty(&path.1) && !empty(&path.2),
    };
    if sound { Ok(path) } else { Err(Error::NotFound { resource: resource.clone() }) }
}

/// The resource at a path.
pub fn resource_at(path: &Path) -> Resource {
    let (project, subproject, item) = path.clone();
    match (project.is_empty(), subproject.is_empty(), item.is_empty()) {
        (true, ..) => Resource::Global,
        (_, true, _) => Resource::Project { project },
        (_, _, true) => Resource::Subproject { project, subproject },
        _ => Resource::Item { project, subproject, item },
    }
}

/// The path one step up; of a project that of the programme, which is empty.
pub fn parent_of(path: &Path) -> Path {
    let (project, subproject, item) = path.clone();
    match (subproject.is_empty(), item.is_empty()) {
        (true, _) => Path::default(),
        (_, true) => (project, String::new(), String::new()),
        _ => (project, subproject, String::new()),
    }
}
