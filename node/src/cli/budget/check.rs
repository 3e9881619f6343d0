//! The rules of a file that need no node: what stands twice, what does not go together, what closes in which order. They are those of the
//! contracts, told for all rows at once. Not here: what depends on the chain (`plan`), the form of single values (`text`).
//! Invariant: a file without problems is refused by the contracts only for what they alone know: rights, and sums that depend on what is there.

use std::collections::{BTreeMap, BTreeSet};

use super::command::FIRST_DOCUMENTS;
use super::decimal::has_exact_product;
use super::file::{AmountType, File, Group, Item, ItemType, Mode, Project, Projected, Subproject};
use super::problem::{Problems, within};
use super::resource::Level;
use super::rights::{Catalogue, Intent, Rights};
use super::text::{Id, Line, Long, Role, Tag};

/// Tags of a thing.
const MAX_TAGS: usize = 32;
/// Bytes of all additional data of a thing.
const MAX_ADDITIONAL: usize = 8 * 1024;
/// Projected budgets of a thing.
const MAX_PROJECTED: usize = 64;
/// Items of an order list.
const MAX_ORDER: usize = 500;
/// Documents of an item.
const MAX_DOCUMENTS: usize = 200;
/// Bytes of all texts that one thing is created with: one entry of its history has them.
const MAX_TEXTS: usize = 60_000;

/// What the rules need to know beside the file.
pub(super) struct Known<'a> {
    /// All intents.
    pub(super) catalogue: &'a Catalogue,
    /// All currencies.
    pub(super) currencies: &'a BTreeSet<String>,
    /// Roles, those of the file and those on the chain.
    pub(super) roles: &'a BTreeMap<String, Vec<Intent>>,
}

impl Known<'_> {
    fn intents_of(&self, role: &Role) -> Option<Vec<Intent>> {
        self.roles.get(role.as_str()).cloned()
    }

    /// What a list of rights of a file stands for; bad rows are told.
    pub(super) fn rights(
        &self,
        rows: &[super::file::Right],
        level: Level,
        path: &str,
        problems: &mut Problems,
    ) -> Rights {
        let mut rights = Rights::new();
        for (n, row) in rows.iter().enumerate() {
            if let Err(why) = self.catalogue.add(&mut rights, level, row, |role| self.intents_of(role)) {
                problems.add(within(path, &format!("rights[{n}]")), why);
            }
        }
        rights
    }

    fn currency(&self, code: &str, path: String, problems: &mut Problems) {
        if !self.currencies.contains(code) {
            problems.add(path, format!("{code:?} is no currency of ISO 4217: write one of its codes, such as \"EUR\""));
        }
    }
}

/// Checks a whole file.
pub(super) fn check(file: &File, known: &Known<'_>, problems: &mut Problems) {
    once("users", "user", file.users.iter().map(|user| user.user.as_str()), problems);
    once("groups", "group", file.groups.iter().map(|group| group.group.as_str()), problems);
    once("roles", "role", file.roles.iter().map(|role| role.role.as_str()), problems);
    let mut accounts = BTreeMap::new();
    for (n, user) in file.users.iter().enumerate() {
        if let Some(first) = accounts.insert(user.account.0, n) {
            problems.add(
                format!("users[{n}].account"),
                format!("users[{first}] has it already: an account belongs to one user"),
            );
        }
        known.rights(&user.rights, Level::User, &format!("users[{n}]"), problems);
    }
    for (n, role) in file.roles.iter().enumerate() {
        if role.intents.is_empty() {
            problems.add(format!("roles[{n}].intents"), "it is empty: name at least one intent");
        }
        if let Err(why) = known.catalogue.read(&role.intents) {
            problems.add(format!("roles[{n}].intents"), why);
        }
    }
    for (n, group) in file.groups.iter().enumerate() {
        once(&format!("groups[{n}].members"), "", group.members.iter().map(|member| member.as_str()), problems);
        known.rights(&group.rights, Level::Group, &format!("groups[{n}]"), problems);
    }
    if let Err(n) = in_order(&file.groups) {
        problems
            .add(format!("groups[{n}].members"), "the group is in itself, over the groups in it: take one of them out");
    }
    known.rights(&file.rights, Level::Global, "", problems);
    once("projects", "id", ids(file.projects.iter().map(|project| project.id.as_ref())), problems);
    for (n, project) in file.projects.iter().enumerate() {
        check_project(project, &format!("projects[{n}]"), known, problems);
    }
}

/// Places of the groups, each behind those that are in it.
///
/// # Errors
/// The place of one that is in itself.
pub(super) fn in_order(groups: &[Group]) -> Result<Vec<usize>, usize> {
    let places: BTreeMap<&str, usize> = groups.iter().enumerate().map(|(n, group)| (group.group.as_str(), n)).collect();
    let inner = |n: usize| groups.get(n).into_iter().flat_map(|group| &group.members);
    let mut missing: Vec<usize> =
        (0..groups.len()).map(|n| inner(n).filter(|member| places.contains_key(member.as_str())).count()).collect();
    let mut outer: Vec<Vec<usize>> = vec![Vec::new(); groups.len()];
    for n in 0..groups.len() {
        for member in inner(n) {
            if let Some(of) = places.get(member.as_str()).and_then(|place| outer.get_mut(*place)) {
                of.push(n);
            }
        }
    }
    let mut order: Vec<usize> = (0..groups.len()).filter(|n| missing.get(*n) == Some(&0)).collect();
    let mut at = 0;
    while let Some(&n) = order.get(at) {
        at += 1;
        for &around in outer.get(n).into_iter().flatten() {
            if let Some(count) = missing.get_mut(around) {
                *count -= 1;
                if *count == 0 {
                    order.push(around);
                }
            }
        }
    }
    match missing.iter().position(|count| *count > 0) {
        Some(n) => Err(n),
        None => Ok(order),
    }
}

fn ids<'a>(ids: impl Iterator<Item = Option<&'a Id>>) -> impl Iterator<Item = &'a str> {
    ids.map(|id| id.map_or("", Id::as_str))
}

/// Tells what stands twice in a list. `field` is empty if the entries are the values themselves.
fn once<'a>(list: &str, field: &str, values: impl Iterator<Item = &'a str>, problems: &mut Problems) {
    let mut seen = BTreeMap::new();
    for (n, value) in values.enumerate() {
        let Some(first) = seen.insert(value, n) else { continue };
        let dot = if field.is_empty() { "" } else { "." };
        let hint = if field == "id" { "; things of one name below one parent need an `id` each" } else { "" };
        problems.add(format!("{list}[{n}]{dot}{field}"), format!("{value:?} stands at {list}[{first}] already{hint}"));
    }
}

fn check_project(project: &Project, path: &str, known: &Known<'_>, problems: &mut Problems) {
    let Project { description, markdown, thumbnail, .. } = project;
    check_shared(&project.tags, &project.additional, path, problems);
    let texts = [description.as_ref(), markdown.as_ref()];
    check_size(&project.name, &texts, thumbnail.as_ref(), &project.additional, 0, path, problems);
    check_projected(&project.projected, path, known, problems);
    known.rights(&project.rights, Level::Project, path, problems);
    once(&format!("{path}.subprojects"), "id", ids(project.subprojects.iter().map(|sub| sub.id.as_ref())), problems);
    for (n, subproject) in project.subprojects.iter().enumerate() {
        let path = format!("{path}.subprojects[{n}]");
        if project.closed && !subproject.closed {
            problems
                .add(format!("{path}.closed"), "it is open in a closed project: close it, or leave the project open");
        }
        check_subproject(subproject, &path, known, problems);
    }
}

fn check_subproject(subproject: &Subproject, path: &str, known: &Known<'_>, problems: &mut Problems) {
    let Subproject { description, markdown, thumbnail, .. } = subproject;
    check_shared(&subproject.tags, &subproject.additional, path, problems);
    let texts = [description.as_ref(), markdown.as_ref()];
    check_size(&subproject.name, &texts, thumbnail.as_ref(), &subproject.additional, 0, path, problems);
    check_projected(&subproject.projected, path, known, problems);
    known.currency(subproject.currency.as_str(), format!("{path}.currency"), problems);
    known.rights(&subproject.rights, Level::Subproject, path, problems);
    for (n, redacted) in subproject.redacted.iter().enumerate() {
        let text = format!(
            "item {:?} was not seen by who exported the file: export it again as somebody who may see it, or remove this row",
            redacted.id.as_str()
        );
        problems.add(format!("{path}.redacted[{n}]"), text);
    }
    once(&format!("{path}.items"), "id", ids(subproject.items.iter().map(|item| item.id.as_ref())), problems);
    check_order(subproject, path, problems);
    let mut earlier: BTreeMap<&str, &Item> = BTreeMap::new();
    let mut first_open = None;
    for (n, item) in subproject.items.iter().enumerate() {
        let path = format!("{path}.items[{n}]");
        if !item.is_closed() {
            first_open.get_or_insert(n);
            if subproject.closed {
                problems.add(
                    format!("{path}.closed"),
                    "it is open in a closed subproject: close it, or leave the subproject open",
                );
            }
        } else if let (Some(open), Mode::Ordered) = (first_open, subproject.mode) {
            let text = format!(
                "items[{open}] is open and stands before it: in an ordered subproject items close one after the other"
            );
            problems.add(format!("{path}.closed"), text);
        }
        check_item(item, subproject, &earlier, &path, known, problems);
        if let Some(id) = &item.id {
            earlier.insert(id.as_str(), item);
        }
    }
}

fn check_order(subproject: &Subproject, path: &str, problems: &mut Problems) {
    let order = &subproject.order;
    once(&format!("{path}.order"), "", order.iter().map(Id::as_str), problems);
    if order.len() > MAX_ORDER {
        problems.add(format!("{path}.order"), format!("{} items are too many: at most {MAX_ORDER}", order.len()));
    }
    if order.is_empty() {
        return;
    }
    let open: BTreeSet<&str> = subproject
        .items
        .iter()
        .filter(|item| !item.is_closed())
        .filter_map(|item| Some(item.id.as_ref()?.as_str()))
        .collect();
    for (n, id) in order.iter().enumerate().filter(|(_, id)| !open.contains(id.as_str())) {
        problems.add(format!("{path}.order[{n}]"), format!("{:?} is no open item of this subproject", id.as_str()));
    }
}

fn check_item(
    item: &Item,
    subproject: &Subproject,
    earlier: &BTreeMap<&str, &Item>,
    path: &str,
    known: &Known<'_>,
    problems: &mut Problems,
) {
    check_shared(&item.tags, &item.additional, path, problems);
    let documents = item.documents.iter().take(FIRST_DOCUMENTS);
    let bytes = documents.map(|document| {
        let url = document.url.as_ref().map_or(0, |url| url.as_str().len());
        150 + document.name.as_str().len() + url
    });
    let texts = [item.description.as_ref(), item.markdown.as_ref()];
    check_size(&item.name, &texts, None, &item.additional, bytes.sum(), path, problems);
    known.rights(&item.rights, Level::Item, path, problems);
    if item.closed && item.rejected.is_some() {
        problems.add(format!("{path}.closed"), "what is `rejected` is closed already: leave `closed` out");
    }
    if subproject.item_type.is_some_and(|item_type| item_type != item.item_type) {
        let given = if item.item_type == ItemType::General { "general" } else { "restricted" };
        problems
            .add(format!("{path}.itemType"), format!("\"{given}\": the subproject takes only items of the other type"));
    }
    check_documents(item, path, problems);
    check_amount(item, subproject, path, known, problems);
    if let Some(id) = &item.corrects {
        let why = match earlier.get(id.as_str()) {
            None => "is no item further up in this subproject",
            Some(corrected) if !corrected.is_closed() => "is open: only what is closed is corrected",
            Some(corrected) if corrected.rejected.is_some() => "was rejected, so there is no amount to correct",
            Some(corrected) if corrected.corrects.is_some() => {
                "is a correction itself: correct the item that it points to"
            }
            Some(corrected)
                if corrected.amount_type == AmountType::NotApplicable || corrected.amount_type != item.amount_type =>
            {
                "has another amount type"
            }
            Some(_) => return,
        };
        problems.add(format!("{path}.corrects"), format!("{:?} {why}", id.as_str()));
    }
}

fn check_amount(item: &Item, subproject: &Subproject, path: &str, known: &Known<'_>, problems: &mut Problems) {
    if item.amount_type == AmountType::NotApplicable {
        let given = [
            ("amount", item.amount.is_some()),
            ("currency", item.currency.is_some()),
            ("rate", item.rate.is_some()),
            ("billingDate", item.billing_date.is_some()),
        ];
        for (field, _) in given.into_iter().filter(|(_, given)| *given) {
            let text =
                "an item of amount type \"notApplicable\" has none: leave it out, or give it another `amountType`";
            problems.add(format!("{path}.{field}"), text);
        }
        return;
    }
    if let Some(amount) = &item.amount
        && amount.as_str().starts_with('-')
        && item.corrects.is_none()
    {
        let text = format!("{:?} is below 0: only an item that `corrects` another one is", amount.as_str());
        problems.add(format!("{path}.amount"), text);
    }
    if let Some(currency) = &item.currency {
        known.currency(currency.as_str(), format!("{path}.currency"), problems);
        let is_own = *currency == subproject.currency;
        match &item.rate {
            Some(rate) if is_own && rate.value.as_str() != "1" => {
                let text = format!(
                    "{:?}: the currency is the subproject's, so that it is 1: leave it out",
                    rate.value.as_str()
                );
                problems.add(format!("{path}.rate.value"), text);
            }
            None if !is_own => {
                let text =
                    format!("it is missing: the currency {currency} is not the subproject's, {}", subproject.currency);
                problems.add(format!("{path}.rate"), text);
            }
            _ => {}
        }
    }
    if !item.is_closed() || item.rejected.is_some() {
        return;
    }
    for (field, is_missing) in [("amount", item.amount.is_none()), ("currency", item.currency.is_none())] {
        if is_missing {
            problems
                .add(format!("{path}.{field}"), "it is missing: to be closed, an item with an amount type needs it");
        }
    }
    if let (Some(amount), Some(rate)) = (&item.amount, &item.rate)
        && !has_exact_product(amount.as_str(), rate.value.as_str())
    {
        let text = format!("{amount} x {} would have to be rounded: use fewer digits after the point", rate.value);
        problems.add(format!("{path}.amount"), text);
    }
}

fn check_documents(item: &Item, path: &str, problems: &mut Problems) {
    once(&format!("{path}.documents"), "id", item.documents.iter().map(|document| document.id.as_str()), problems);
    if item.documents.len() > MAX_DOCUMENTS {
        let text = format!("{} documents are too many: at most {MAX_DOCUMENTS}", item.documents.len());
        problems.add(format!("{path}.documents"), text);
    }
    for (n, document) in item.documents.iter().enumerate() {
        let path = format!("{path}.documents[{n}]");
        match (&document.url, document.hash, document.size) {
            (Some(_), _, None) | (None, Some(_), Some(_)) => {}
            (Some(_), _, Some(_)) => {
                problems.add(path.clone(), "a link has no `size`: leave it out, or leave the `url` out")
            }
            _ => problems.add(path.clone(), "give a `url`, or the `hash` and `size` of a file"),
        }
        if document.validated && document.hash.is_none() {
            problems.add(format!("{path}.validated"), "what was validated has a `hash`");
        }
    }
}

fn check_projected(all: &[Projected], path: &str, known: &Known<'_>, problems: &mut Problems) {
    let mut seen = BTreeSet::new();
    for (n, projected) in all.iter().enumerate() {
        let path = format!("{path}.projected[{n}]");
        known.currency(projected.currency.as_str(), format!("{path}.currency"), problems);
        if !seen.insert((projected.organisation.as_str(), projected.currency.as_str())) {
            let Projected { organisation, currency, .. } = projected;
            problems.add(path, format!("there are two of {organisation} in {currency}: add them up"));
        }
    }
    if all.len() > MAX_PROJECTED {
        let text = format!("{} projected budgets are too many: at most {MAX_PROJECTED}", all.len());
        problems.add(format!("{path}.projected"), text);
    }
}

fn check_shared(tags: &[Tag], additional: &BTreeMap<Line, Long>, path: &str, problems: &mut Problems) {
    once(&format!("{path}.tags"), "", tags.iter().map(Tag::as_str), problems);
    if tags.len() > MAX_TAGS {
        problems.add(format!("{path}.tags"), format!("{} tags are too many: at most {MAX_TAGS}", tags.len()));
    }
    let bytes: usize = additional.iter().map(|(key, value)| key.as_str().len() + value.as_str().len()).sum();
    if bytes > MAX_ADDITIONAL {
        problems.add(format!("{path}.additional"), format!("{bytes} bytes are too many: at most {MAX_ADDITIONAL}"));
    }
}

/// What a thing is created with stands in one entry of its history.
fn check_size(
    name: &Line,
    texts: &[Option<&Long>],
    thumbnail: Option<&Line>,
    additional: &BTreeMap<Line, Long>,
    documents: usize,
    path: &str,
    problems: &mut Problems,
) {
    let texts: usize = texts.iter().flatten().map(|text| text.as_str().len()).sum();
    let additional: usize = additional.iter().map(|(key, value)| 30 + key.as_str().len() + value.as_str().len()).sum();
    let line = |line: &Line| line.as_str().len();
    let bytes = 2_000 + line(name) + texts + thumbnail.map_or(0, line) + additional + documents;
    if bytes > MAX_TEXTS {
        problems.add(path, format!("its texts have {bytes} bytes: at most {MAX_TEXTS} at once, shorten some of them"));
    }
}

#[cfg(test)]
mod tests;
