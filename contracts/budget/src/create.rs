//! Creating projects, subprojects and workflow items. Not here: what creating anything does (`command`). Invariant: nothing is created
//! under something closed.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Actor, Right};
use crate::amount;
use crate::command::{Creation, blank};
use crate::document::NewDocument;
use crate::error::Error;
use crate::field::{self, Field};
use crate::history::{FieldChange, difference};
use crate::permission::Resource;
use crate::projected::{self, NewProjected};
use crate::text::invalid;
use crate::thing::{AmountType, ItemType, Kind, Mode, Path, Policies, Terms, Texts, Thing, Work, path_of, resource_at};

/// A project to be created.
#[contract_type]
pub struct NewProject {
    /// Its id, 1 to 32 characters of `A-Z`, `a-z`, `0-9`, `-`, `_`; without one it gets one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// User or group that is to see to it; without one its creator.
    pub assignee: Option<String>,
    /// Its projected budgets, one for each organisation and currency.
    pub projected: Vec<NewProjected>,
    /// What it demands of its items.
    pub policies: Policies,
    /// Further fields.
    pub fields: Vec<Field>,
}

/// A subproject to be created. Currency, validator, item type and mode are fixed from then on.
#[contract_type]
pub struct NewSubproject {
    /// Its id; without one it gets one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its currency, a code of ISO 4217.
    pub currency: String,
    /// User or group that is to see to it; without one its creator.
    pub assignee: Option<String>,
    /// The user or group that alone closes its items, and is their assignee unless another is named.
    pub validator: Option<String>,
    /// The only type that its items can have.
    pub item_type: Option<ItemType>,
    /// In which order its items are closed.
    pub mode: Mode,
    /// Its projected budgets, one for each organisation and currency.
    pub projected: Vec<NewProjected>,
    /// Further fields.
    pub fields: Vec<Field>,
}

/// A workflow item to be created.
#[contract_type]
pub struct NewItem {
    /// Its id; without one it gets one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// What its amount is.
    pub amount_type: AmountType,
    /// User or group that is to see to it; without one the subproject's validator, or else its creator.
    pub assignee: Option<String>,
    /// Who gets the rights on it.
    pub item_type: ItemType,
    /// The closed item of the same subproject whose amount it corrects.
    pub corrects: Option<String>,
    /// Further fields.
    pub fields: Vec<Field>,
    /// Documents.
    pub documents: Vec<NewDocument>,
}

impl Budget {
    /// See `Budget::project_create`.
    pub(crate) fn new_project(&mut self, new: NewProject) -> Result<String, Error> {
        let actor = self.authorise(vec![(Right::Create, Resource::Global)])?;
        let policies = new.policies;
        let (mut thing, mut texts) = (blank(&actor, Kind::Project(policies.clone())), Texts::default());
        self.name_and_assign(&mut thing, &new.name, new.assignee)?;
        field::set(&mut thing, &mut texts, new.fields)?;
        let (projected, mut more) = projected::read_all(&new.projected)?;
        more.extend(Policies::default().differences(&policies));
        let creation = Creation { id: new.id, thing, texts, restricted_to: None, more };
        let path = self.create(&actor, &Path::default(), creation)?;
        self.first_projected(&path, projected)?;
        Ok(path.0)
    }

    /// See `Budget::subproject_create`.
    pub(crate) fn new_subproject(
        &mut self,
        project: String,
        new: NewSubproject,
        seen: Option<u32>,
    ) -> Result<String, Error> {
        let parent = Resource::Project { project };
        let command = self.begin_open(parent, &[Right::Create], seen)?;
        let validator = match new.validator {
            Some(validator) => Some(self.check_identity("validator", &validator)?),
            None => None,
        };
        let currency = amount::currency("currency", &new.currency)?;
        let terms = Terms { currency, validator, item_type: new.item_type, mode: new.mode };
        let fixed = terms.differences();
        let (mut thing, mut texts) = (blank(&command.actor, Kind::Subproject(terms)), Texts::default());
        self.name_and_assign(&mut thing, &new.name, new.assignee)?;
        field::set(&mut thing, &mut texts, new.fields)?;
        let (projected, mut more) = projected::read_all(&new.projected)?;
        more.extend(fixed);
        let creation = Creation { id: new.id, thing, texts, restricted_to: None, more };
        let path = self.create(&command.actor, &command.path, creation)?;
        self.first_projected(&path, projected)?;
        Ok(path.1)
    }

    /// See `Budget::item_create`.
    pub(crate) fn new_item(
        &mut self,
        project: String,
        subproject: String,
        new: NewItem,
        seen: Option<u32>,
    ) -> Result<String, Error> {
        let parent = Resource::Subproject { project, subproject };
        let restricted = new.item_type == ItemType::Restricted;
        let rights: &[Right] = if restricted { &[Right::Create, Right::Grant] } else { &[Right::Create] };
        let command = self.begin_open(parent, rights, seen)?;
        let terms = self.terms(&command.path)?;
        if terms.item_type.is_some_and(|item_type| item_type != new.item_type) {
            let given = if restricted { "Restricted" } else { "General" };
            return Err(invalid("item_type", given, "the subproject takes only items of the other type"));
        }
        let (item_type, amount_type, corrects) = (new.item_type, new.amount_type, new.corrects);
        let work = Work { item_type, amount_type, corrects, ..Work::default() };
        let (mut thing, mut texts) = (blank(&command.actor, Kind::Workflowitem(work)), Texts::default());
        if let (None, Some(validator)) = (&new.assignee, &terms.validator) {
            thing.assignee.clone_from(validator);
        }
        self.name_and_assign(&mut thing, &new.name, new.assignee)?;
        field::set_item(&mut thing, &mut texts, new.fields, &terms)?;
        self.check_correction(&command.path, &thing)?;
        self.create_item(&command.actor, &command.path, new.id, thing, texts, new.documents)
    }

    fn create_item(
        &mut self,
        actor: &Actor,
        parent: &Path,
        id: Option<String>,
        mut thing: Thing,
        texts: Texts,
        documents: Vec<NewDocument>,
    ) -> Result<String, Error> {
        let mut work = thing.work();
        let restricted_to = (work.item_type == ItemType::Restricted).then(|| thing.assignee.clone());
        let documents = crate::document::read(documents, &mut work, &actor.user)?;
        let more = documents.iter().filter_map(|(id, document)| document.difference(id)).collect();
        thing.kind = Kind::Workflowitem(work);
        let path = self.create(actor, parent, Creation { id, thing, texts, restricted_to, more })?;
        for (id, document) in documents {
            self.keep_document(&path, id, &document)?;
        }
        Ok(path.2)
    }

    /// Makes sure that what an item corrects can be corrected by it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Open`], [`Error::Invalid`].
    pub(crate) fn check_correction(&self, parent: &Path, thing: &Thing) -> Result<Option<Path>, Error> {
        let work = thing.work();
        let Some(id) = work.corrects else { return Ok(None) };
        let path = (parent.0.clone(), parent.1.clone(), id.clone());
        let resource = resource_at(&path);
        path_of(&resource)?;
        let corrected = self.thing(&path)?;
        let closing = corrected.closing.as_ref().ok_or(Error::Open { resource })?;
        if closing.rejected.is_some() {
            return Err(invalid("corrects", &id, "it was rejected, so there is no amount to correct"));
        }
        if corrected.work().corrects.is_some() {
            return Err(invalid("corrects", &id, "it is a correction itself: correct the item that it points to"));
        }
        let amount_type = corrected.work().amount_type;
        if amount_type == AmountType::NotApplicable || amount_type != work.amount_type {
            return Err(invalid("corrects", &id, "a correction has the amount type of what it corrects"));
        }
        Ok(Some(path))
    }

    fn name_and_assign(&self, thing: &mut Thing, name: &str, assignee: Option<String>) -> Result<(), Error> {
        thing.name = crate::text::required("name", name)?;
        if let Some(assignee) = assignee {
            thing.assignee = self.check_identity("assignee", &assignee)?;
        }
        Ok(())
    }
}

impl Terms {
    /// What the history says of what is fixed when a subproject is created.
    fn differences(&self) -> Vec<FieldChange> {
        let item_type = self.item_type.map(|item_type| match item_type {
            ItemType::General => "general".to_owned(),
            ItemType::Restricted => "restricted".to_owned(),
        });
        let mode = match self.mode {
            Mode::Ordered => "ordered",
            Mode::Unordered => "unordered",
        };
        let changes = [
            difference("currency", None, Some(self.currency.clone())),
            difference("validator", None, self.validator.clone()),
            difference("item_type", None, item_type),
            difference("mode", None, Some(mode.to_owned())),
        ];
        changes.into_iter().flatten().collect()
    }
}
