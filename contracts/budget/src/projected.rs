//! Projected budgets: what an organisation means to give, by currency. Not here: what is spent (`ledger`). Invariant: a thing has at most one
//! for each organisation and currency, and a subproject's ledger has the sum of those in its own currency.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::Right;
use crate::amount;
use crate::command::Command;
use crate::error::Error;
use crate::event::{BudgetDeleted, BudgetSet};
use crate::history::{ChangeKind, FieldChange, difference};
use crate::ledger::sum;
use crate::money::Decimal;
use crate::permission::Resource;
use crate::text::{invalid, required};
use crate::thing::{Enforcement, Kind, Path};

/// Projected budgets of one project or subproject.
pub const MAX_PROJECTED: usize = 64;
/// Bytes of an organisation's name: it stands in a storage key.
pub const MAX_ORGANISATION: usize = 128;

/// A projected budget to be set.
#[contract_type]
pub struct NewProjected {
    /// Whose money it is.
    pub organisation: String,
    /// How much: a decimal, not below 0.
    pub value: String,
    /// In which currency, a code of ISO 4217.
    pub currency: String,
}

/// A projected budget.
#[contract_type]
pub struct Projected {
    /// Whose money it is.
    pub organisation: String,
    /// In which currency.
    pub currency: String,
    /// How much.
    pub value: String,
}

/// Organisation, currency and value of a projected budget, checked.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Missing`].
fn read(new: &NewProjected) -> Result<(String, String, Decimal), Error> {
    let organisation = required("projected.organisation", &new.organisation)?;
    if organisation.len() > MAX_ORGANISATION {
        return Err(invalid("projected.organisation", &organisation, "an organisation's name has at most 128 bytes"));
    }
    let value = amount::decimal("projected.value", &new.value)?;
    if value < Decimal::ZERO {
        return Err(invalid("projected.value", &new.value, "a projected budget is not below 0"));
    }
    Ok((organisation, amount::currency("projected.currency", &new.currency)?, value))
}

fn too_many(given: usize) -> Error {
    Error::TooMuch { what: "projected budgets".to_owned(), given: given as u64, most: MAX_PROJECTED as u64 }
}

/// A projected budget as it is kept: organisation, currency, value.
type Kept = (String, String, Decimal);

/// Checks the projected budgets that something is created with, and what its history says of them.
///
/// # Errors
/// What is wrong with one; the same organisation and currency twice.
pub fn read_all(new: &[NewProjected]) -> Result<(Vec<Kept>, Vec<FieldChange>), Error> {
    if new.len() > MAX_PROJECTED {
        return Err(too_many(new.len()));
    }
    let (mut budgets, mut changes) = (Vec::new(), Vec::new());
    for new in new {
        let (organisation, currency, value) = read(new)?;
        let same = |(one, two, _): &Kept| (one, two) == (&organisation, &currency);
        if budgets.iter().any(same) {
            let pair = format!("{organisation} {currency}");
            return Err(invalid("projected", &pair, "there are two of this organisation and currency"));
        }
        let field = format!("projected.{organisation}.{currency}");
        changes.extend(difference(&field, None, Some(value.text())));
        budgets.push((organisation, currency, value));
    }
    Ok((budgets, changes))
}

impl Budget {
    /// Keeps the projected budgets that something is created with.
    ///
    /// # Errors
    /// [`Error::NotExact`].
    pub(crate) fn first_projected(&mut self, path: &Path, projected: Vec<Kept>) -> Result<(), Error> {
        for (organisation, currency, value) in projected {
            self.count_projected(path, &currency, Decimal::ZERO, value, Enforcement::Off)?;
            self.projected.set(&(path.0.clone(), path.1.clone(), organisation, currency), &value);
        }
        Ok(())
    }

    /// Projected budgets of a project or subproject, by organisation and currency.
    pub(crate) fn projected_of(&self, path: &Path) -> impl Iterator<Item = Kept> + '_ {
        let budgets = self.projected.iter_under(&(path.0.clone(), path.1.clone()));
        budgets.map(|((_, _, organisation, currency), value)| (organisation, currency, value))
    }

    /// See `Budget::budget_set`.
    pub(crate) fn set_projected(
        &mut self,
        resource: Resource,
        new: &NewProjected,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        let mut command = self.begin_open(resource, &[Right::UpdateProjected], seen)?;
        let (organisation, currency, value) = read(new)?;
        let key = (command.path.0.clone(), command.path.1.clone(), organisation.clone(), currency.clone());
        let before = self.projected.get(&key);
        if before.is_none() && self.projected_of(&command.path).count() >= MAX_PROJECTED {
            return Err(too_many(MAX_PROJECTED + 1));
        }
        if before == Some(value) {
            return Err(Error::NoChange { resource: command.resource });
        }
        let ceilings = self.ceilings_of(&command)?;
        let warnings = self.count_projected(&command.path, &currency, before.unwrap_or_default(), value, ceilings)?;
        self.projected.set(&key, &value);
        let field = format!("projected.{organisation}.{currency}");
        let change = difference(&field, before.map(Decimal::text), Some(value.text()));
        let new = self.finish(&mut command, ChangeKind::BudgetSet, change.into_iter().collect())?;
        let (actor, resource, value) = (command.actor.user, command.resource, value.text());
        emit(BudgetSet {
            actor,
            resource,
            old: new - 1,
            new,
            organisation,
            currency,
            value,
            warnings: warnings.clone(),
        });
        Ok(warnings)
    }

    /// See `Budget::budget_delete`.
    pub(crate) fn delete_projected(
        &mut self,
        resource: Resource,
        organisation: &str,
        currency: String,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        let mut command = self.begin_open(resource, &[Right::DeleteProjected], seen)?;
        let organisation = required("organisation", organisation)?;
        let currency = amount::currency("currency", &currency)?;
        let key = (command.path.0.clone(), command.path.1.clone(), organisation.clone(), currency.clone());
        let Some(before) = self.projected.get(&key) else { return Ok(Vec::new()) };
        let ceilings = self.ceilings_of(&command)?;
        let warnings = self.count_projected(&command.path, &currency, before, Decimal::ZERO, ceilings)?;
        self.projected.remove(&key);
        let field = format!("projected.{organisation}.{currency}");
        let change = difference(&field, Some(before.text()), None);
        let new = self.finish(&mut command, ChangeKind::BudgetDeleted, change.into_iter().collect())?;
        let (actor, resource) = (command.actor.user, command.resource);
        emit(BudgetDeleted { actor, resource, old: new - 1, new, organisation, currency, warnings: warnings.clone() });
        Ok(warnings)
    }

    /// The ceilings that hold for a project or subproject. A project's own projected budgets are under none.
    fn ceilings_of(&self, command: &Command) -> Result<Enforcement, Error> {
        match command.thing.kind {
            Kind::Subproject(_) => Ok(self.policies(&command.path)?.ceilings),
            _ => Ok(Enforcement::Off),
        }
    }

    /// Counts a projected budget into the ledger of its subproject, if it is in the subproject's currency; returns warnings.
    fn count_projected(
        &mut self,
        path: &Path,
        currency: &str,
        before: Decimal,
        value: Decimal,
        ceilings: Enforcement,
    ) -> Result<Vec<String>, Error> {
        if path.1.is_empty() || self.terms(path)?.currency != currency {
            return Ok(Vec::new());
        }
        let old = self.ledger(path);
        let mut ledger = old.clone();
        // The old value is part of the sum, so taking it away cannot go wrong.
        ledger.projected = sum(ledger.projected.minus(before).unwrap_or_default(), value)?;
        let warnings = ledger.check_ceilings(&old, ceilings)?;
        self.set_ledger(path, &ledger);
        Ok(warnings)
    }
}
