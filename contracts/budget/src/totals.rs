//! What budgets and items add up to, for a reader: of what it may see and of nothing else. Not here: the sums that ceilings are compared
//! with (`ledger`). Invariants: a sum is exactly that of the things the reader may see, or the answer says that something was left out;
//! nothing is rounded, and nothing of two currencies is added.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Right, SEEN_BY};
use crate::error::Error;
use crate::ledger::{Spent, sum};
use crate::money::Decimal;
use crate::permission::Resource;
use crate::thing::{AmountType, Path, path_of, resource_at};
use crate::view::child;

/// Things that are looked at in one step.
const MAX_LOOKED_AT: usize = 100;
/// Rows of one answer.
const MAX_ROWS: usize = 300;
/// Bytes of the names in one answer; a result has at most 64 KiB.
const MAX_NAMES: usize = 20_000;

/// What is projected, allocated and disbursed by one organisation out of the money of one funding organisation in one currency.
#[contract_type]
pub struct Total {
    /// Of a projected budget its organisation, of an item its creator's.
    pub organisation: String,
    /// Who pays; nothing of projected budgets, and of items that name nobody.
    pub funding: Option<String>,
    /// The currency; of items that of their subproject.
    pub currency: String,
    /// Projected budgets: of a project or subproject its own, of the programme those of its projects.
    pub projected: String,
    /// Allocated by closed items that were not rejected.
    pub allocated: String,
    /// Disbursed by closed items that were not rejected.
    pub disbursed: String,
}

/// Where the adding up goes on.
#[contract_type]
pub enum TotalsStep {
    /// Projected budgets of the projects from this place on.
    Projected(u128),
    /// Items from this one on.
    Items(String, String, String),
}

/// Totals. They are whole when `next` is empty; until then the answer is handed in again and comes back with more in it.
#[contract_type]
#[derive(Default)]
pub struct Totals {
    /// The sums, each organisation, funding organisation and currency once.
    pub totals: Vec<Total>,
    /// How many things were left out because the reader may not see them.
    pub left_out: u64,
    /// Where it goes on.
    pub next: Option<TotalsStep>,
}

impl Budget {
    /// See `Budget::totals`.
    pub(crate) fn add_up(&self, scope: &Resource, so_far: Option<Totals>) -> Result<Totals, Error> {
        let path = match scope {
            Resource::Global => Path::default(),
            Resource::Project { .. } | Resource::Subproject { .. } => {
                let path = path_of(scope)?;
                self.thing(&path)?;
                self.require_any(&SEEN_BY, scope)?;
                path
            }
            _ => return Err(Error::NotFound { resource: scope.clone() }),
        };
        let first = TotalsStep::Items(path.0.clone(), path.1.clone(), String::new());
        let mut totals = match so_far {
            Some(so_far) => so_far,
            None if path.0.is_empty() => Totals { next: Some(TotalsStep::Projected(0)), ..Totals::default() },
            None => {
                let mut totals = Totals { next: Some(first.clone()), ..Totals::default() };
                totals.add_projected(self.projected_of(&path))?;
                totals
            }
        };
        match totals.next.take() {
            Some(TotalsStep::Projected(from)) => self.add_projects(&mut totals, from, first)?,
            Some(TotalsStep::Items(project, subproject, item)) => {
                self.add_items(&mut totals, &path, (project, subproject, item))?;
            }
            None => {}
        }
        Ok(totals)
    }

    /// Adds the projected budgets of some projects.
    fn add_projects(&self, totals: &mut Totals, from: u128, then: TotalsStep) -> Result<(), Error> {
        let root = Path::default();
        let mut found = self.children(&root, from).map(|(place, id)| (place, child(&root, id)));
        let projects: Vec<(u128, Path)> = found.by_ref().take(MAX_LOOKED_AT).collect();
        totals.next = Some(found.next().map_or(then, |(place, _)| TotalsStep::Projected(place)));
        let wanted = projects.iter().map(|(_, path)| resource_at(path)).collect();
        for ((_, path), visible) in projects.iter().zip(self.sees(wanted, &SEEN_BY)?) {
            if visible {
                totals.add_projected(self.projected_of(path))?;
            } else {
                totals.left_out += 1;
            }
        }
        Ok(())
    }

    /// Adds some items.
    fn add_items(&self, totals: &mut Totals, scope: &Path, from: Path) -> Result<(), Error> {
        let within =
            |path: &Path| (scope.0.is_empty() || path.0 == scope.0) && (scope.1.is_empty() || path.1 == scope.1);
        let mut found = self.spent.iter_from(&from).take_while(|(path, _)| within(path));
        let items: Vec<(Path, Spent)> = found.by_ref().take(MAX_LOOKED_AT).collect();
        totals.next = found.next().map(|((project, subproject, item), _)| TotalsStep::Items(project, subproject, item));
        // Each subproject once, however many of its items there are.
        let mut parents: Vec<Resource> = Vec::new();
        for (path, _) in &items {
            let parent = resource_at(&(path.0.clone(), path.1.clone(), String::new()));
            if parents.last() != Some(&parent) {
                parents.push(parent);
            }
        }
        let listed = self.ask(items.iter().map(|(path, _)| (Right::List, resource_at(path))).collect())?;
        let open = self.sees(parents, &SEEN_BY)?;
        let (mut parent, mut at): (Option<(&str, &str)>, usize) = (None, 0);
        for ((path, spent), missing) in items.iter().zip(listed) {
            let own = (path.0.as_str(), path.1.as_str());
            if parent.is_some_and(|parent| parent != own) {
                at += 1;
            }
            parent = Some(own);
            if missing.is_none() && open.get(at).copied().unwrap_or(false) {
                totals.add_spent(spent)?;
            } else {
                totals.left_out += 1;
            }
        }
        Ok(())
    }
}

impl Totals {
    fn add_projected(&mut self, projected: impl Iterator<Item = (String, String, Decimal)>) -> Result<(), Error> {
        for (organisation, currency, value) in projected {
            let total = self.row(organisation, None, currency)?;
            add(&mut total.projected, value)?;
        }
        Ok(())
    }

    fn add_spent(&mut self, spent: &Spent) -> Result<(), Error> {
        let total = self.row(spent.organisation.clone(), spent.funding.clone(), spent.currency.clone())?;
        match spent.amount_type {
            AmountType::Allocated => add(&mut total.allocated, spent.amount),
            AmountType::Disbursed => add(&mut total.disbursed, spent.amount),
            AmountType::NotApplicable => Ok(()),
        }
    }

    fn row(&mut self, organisation: String, funding: Option<String>, currency: String) -> Result<&mut Total, Error> {
        let same = |total: &Total| {
            total.organisation == organisation && total.funding == funding && total.currency == currency
        };
        let at = self.totals.iter().position(same).unwrap_or(self.totals.len());
        let name = |total: &Total| total.organisation.len() + total.funding.as_ref().map_or(0, String::len);
        if at == MAX_ROWS || (at == self.totals.len() && self.totals.iter().map(name).sum::<usize>() > MAX_NAMES) {
            let what = "organisations, funding organisations and currencies: ask for one project at a time".to_owned();
            return Err(Error::TooMuch { what, given: at as u64 + 1, most: at as u64 });
        }
        if at == self.totals.len() {
            let zero = || "0".to_owned();
            let (projected, allocated, disbursed) = (zero(), zero(), zero());
            self.totals.push(Total { organisation, funding, currency, projected, allocated, disbursed });
        }
        let too_many = Error::TooMuch { what: "totals".to_owned(), given: at as u64, most: MAX_ROWS as u64 };
        self.totals.get_mut(at).ok_or(too_many)
    }
}

/// Adds to a sum that is written as text.
fn add(total: &mut String, value: Decimal) -> Result<(), Error> {
    let so_far = Decimal::parse(total).ok_or_else(|| crate::text::invalid("so_far", total, "it is no decimal"))?;
    *total = sum(so_far, value)?.text();
    Ok(())
}
