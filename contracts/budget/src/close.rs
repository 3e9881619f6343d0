//! Closing and rejecting. Not here: opening again (`reopen`). Invariant: nothing closes while something below it is open, and what is closed
//! stays as it is.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::Right;
use crate::amount;
use crate::command::Command;
use crate::error::Error;
use crate::event::{Closed, Corrected, Rejected};
use crate::history::{ChangeKind, differences};
use crate::ledger::{Spent, sum};
use crate::money::Decimal;
use crate::order;
use crate::permission::Resource;
use crate::text::{invalid, required};
use crate::thing::{Closing, Enforcement, Kind, Path, Policies, Terms, Texts, Thing, Work, parent_of, resource_at};

impl Budget {
    /// See `Budget::close`.
    pub(crate) fn close_thing(
        &mut self,
        resource: Resource,
        rejected: Option<String>,
        seen: Option<u32>,
    ) -> Result<Vec<String>, Error> {
        let mut command = self.begin(resource, &[Right::Close], None)?;
        if !command.thing.is_open() {
            return Ok(Vec::new());
        }
        command.must_have_seen(seen)?;
        if !self.is_in(&command.thing.assignee)? {
            return Err(Error::NotAssignee { assignee: command.thing.assignee });
        }
        let rejected = match rejected {
            Some(reason) => Some(required("rejected", &reason)?),
            None => None,
        };
        let before = command.thing.clone();
        let warnings = match &command.thing.kind {
            Kind::Workflowitem(_) => self.close_item(&mut command, rejected.is_some())?,
            _ => self.close_parent(&command, rejected.as_deref())?,
        };
        let path = command.path.clone();
        let place = order::closed(block_time(), command.thing.number);
        self.move_to(&parent_of(&path), last_id(&path), &mut command.thing, place);
        self.count_open(&path, |open| open.saturating_sub(1));
        self.no_longer_assigned(&command.thing.assignee, &path);
        let by = command.actor.user.clone();
        command.thing.closing = Some(Closing { at: block_time(), by, rejected: rejected.clone() });
        let none = Texts::default();
        let mut changes = differences(Some((&before, &none)), (&command.thing, &none));
        changes.extend(crate::history::difference("rejected", None, rejected.clone()));
        let kind = if rejected.is_some() { ChangeKind::Rejected } else { ChangeKind::Closed };
        let new = self.finish(&mut command, kind, changes)?;
        let (actor, resource, old) = (command.actor.user.clone(), command.resource.clone(), new - 1);
        match rejected {
            Some(reason) => emit(Rejected { actor, resource, old, new, reason, warnings: warnings.clone() }),
            None => {
                emit(Closed { actor, resource, old, new, warnings: warnings.clone() });
                self.count_correction(&command, true)?;
            }
        }
        Ok(warnings)
    }

    fn close_parent(&self, command: &Command, rejected: Option<&str>) -> Result<Vec<String>, Error> {
        if let Some(reason) = rejected {
            return Err(invalid("rejected", reason, "only workflow items are rejected: leave it out"));
        }
        match self.ledger(&command.path).open {
            0 => Ok(Vec::new()),
            open => Err(Error::OpenBelow { resource: command.resource.clone(), open }),
        }
    }

    fn close_item(&mut self, command: &mut Command, rejected: bool) -> Result<Vec<String>, Error> {
        let parent = parent_of(&command.path);
        let terms = self.terms(&parent)?;
        if let Some(validator) = &terms.validator
            && !self.is_in(validator)?
        {
            return Err(Error::NotValidator { validator: validator.clone() });
        }
        if terms.mode == crate::thing::Mode::Ordered {
            match self.first_open(&parent) {
                Some((_, first)) if first != command.path.2 => return Err(Error::NotFirst { first }),
                _ => {}
            }
        }
        let policies = self.policies(&command.path)?;
        let mut work = command.thing.work();
        let mut warnings = policies.check(&command.thing, &work, &command.actor.user, rejected)?;
        if !rejected && let Some(amount) = amount::complete(&mut work)? {
            self.check_corrected(&parent, command, &work, amount)?;
            warnings.extend(self.count_amount(&command.path, &command.thing, &work, amount, &terms, &policies)?);
        }
        command.thing.kind = Kind::Workflowitem(work);
        Ok(warnings)
    }

    /// A correction cannot take back more than there is.
    fn check_corrected(&self, parent: &Path, command: &Command, work: &Work, amount: Decimal) -> Result<(), Error> {
        let Some(path) = self.check_correction(parent, &command.thing)? else { return Ok(()) };
        let first = self.spent.get(&path).map(|spent| spent.amount).unwrap_or_default();
        let left = sum(first, self.corrections.get_or_default(&path).sum)?;
        if sum(left, amount)? < Decimal::ZERO {
            let given = work.amount.as_deref().unwrap_or_default();
            let why = format!("it takes back more than is left of what it corrects: {}", left.text());
            return Err(invalid("amount", given, &why));
        }
        Ok(())
    }

    /// Counts an item's amount into its subproject's sums; returns warnings.
    fn count_amount(
        &mut self,
        path: &Path,
        thing: &Thing,
        work: &Work,
        amount: Decimal,
        terms: &Terms,
        policies: &Policies,
    ) -> Result<Vec<String>, Error> {
        let parent = parent_of(path);
        let old = self.ledger(&parent);
        let mut ledger = old.clone();
        ledger.add(work.amount_type, amount)?;
        let warnings = ledger.check_ceilings(&old, policies.ceilings)?;
        self.set_ledger(&parent, &ledger);
        self.spent.set(path, &Spent::of(thing, amount, terms));
        Ok(warnings)
    }

    /// Counts a correction to what it corrects when it closes, and takes it away when it is open again. That is a change of the corrected item.
    pub(crate) fn count_correction(&mut self, command: &Command, closed: bool) -> Result<(), Error> {
        let Some(id) = command.thing.work().corrects else { return Ok(()) };
        let path = (command.path.0.clone(), command.path.1.clone(), id);
        let Some(spent) = self.spent.get(&command.path) else { return Ok(()) };
        let mut corrections = self.corrections.get_or_default(&path);
        let before = corrections.sum;
        corrections.sum = if closed { before.plus(spent.amount) } else { before.minus(spent.amount) }
            .ok_or_else(|| Error::NotExact { what: "a sum of corrections".to_owned() })?;
        // What was taken back must still be there.
        let first = self.spent.get(&path).map(|spent| spent.amount).unwrap_or_default();
        if !closed && sum(first, corrections.sum)? < Decimal::ZERO {
            let given = command.thing.work().amount.unwrap_or_default();
            return Err(invalid("amount", &given, "other corrections have taken it back: reopen these first"));
        }
        corrections.count = if closed { corrections.count + 1 } else { corrections.count.saturating_sub(1) };
        self.corrections.set(&path, &corrections);
        let mut corrected = self.thing(&path)?;
        corrected.version += 1;
        let text = |sum: Decimal| (sum != Decimal::ZERO).then(|| sum.text());
        let change = crate::history::difference("corrected", text(before), text(corrections.sum));
        let (user, new) = (&command.actor.user, corrected.version);
        self.record(&path, new, user, ChangeKind::Corrected, change.into_iter().collect())?;
        self.things.set(&path, &corrected);
        let (resource, correction) = (resource_at(&path), command.path.2.clone());
        emit(Corrected { actor: user.clone(), resource, old: new - 1, new, correction });
        Ok(())
    }

    /// What a project demands of its items.
    pub(crate) fn policies(&self, path: &Path) -> Result<Policies, Error> {
        let path = (path.0.clone(), String::new(), String::new());
        match self.thing(&path)?.kind {
            Kind::Project(policies) => Ok(policies),
            _ => Err(Error::NotFound { resource: resource_at(&path) }),
        }
    }
}

impl Policies {
    /// What the policies on closing, without the ceilings, say: warnings, if they only warn.
    fn check(&self, thing: &Thing, work: &Work, closer: &str, rejected: bool) -> Result<Vec<String>, Error> {
        let mut warnings = Vec::new();
        let mut apply = |level: Enforcement, broken: bool, policy: &str, why: String| match level {
            Enforcement::Warn if broken => {
                warnings.push(format!("{policy}: {why}"));
                Ok(())
            }
            Enforcement::Block if broken => Err(Error::Policy { policy: policy.to_owned(), why }),
            _ => Ok(()),
        };
        let why = format!("{closer} created the item: somebody else has to close it");
        apply(self.four_eyes, thing.creator == closer, "four_eyes", why)?;
        let left = work.documents.saturating_sub(work.validated);
        let why = format!("{left} of {} documents are not validated", work.documents);
        apply(self.documents_validated, left > 0 && !rejected, "documents_validated", why)?;
        Ok(warnings)
    }
}

impl Command {
    /// Makes sure that nobody has changed the thing since this version.
    ///
    /// # Errors
    /// [`Error::Changed`].
    pub fn must_have_seen(&self, seen: Option<u32>) -> Result<(), Error> {
        let version = self.thing.version;
        match seen {
            Some(seen) if seen != version => Err(Error::Changed { resource: self.resource.clone(), seen, version }),
            _ => Ok(()),
        }
    }
}

/// The id at the end of a path.
pub fn last_id(path: &Path) -> &str {
    match (path.1.is_empty(), path.2.is_empty()) {
        (true, _) => &path.0,
        (_, true) => &path.1,
        _ => &path.2,
    }
}
