//! What a subproject's money adds up to, and the ceilings over it. Not here: sums for readers, who may not see everything (`totals`).
//! Invariant: `allocated` and `disbursed` are the sums of the amounts of exactly those items that are closed and not rejected.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::organisation_of;
use crate::error::Error;
use crate::money::Decimal;
use crate::thing::{AmountType, Enforcement, Ledger, Path, Terms, Thing};

/// A closed item's money, as the index for totals has it.
#[contract_type]
pub struct Spent {
    /// What the amount is: never `NotApplicable`.
    pub amount_type: AmountType,
    /// How much, in the subproject's currency.
    pub amount: Decimal,
    /// That currency.
    pub currency: String,
    /// The organisation of the item's creator.
    pub organisation: String,
    /// Who pays.
    pub funding: Option<String>,
}

impl Spent {
    /// The money of an item.
    pub fn of(item: &Thing, amount: Decimal, terms: &Terms) -> Self {
        let work = item.work();
        Self {
            amount_type: work.amount_type,
            amount,
            currency: terms.currency.clone(),
            organisation: organisation_of(&item.creator).to_owned(),
            funding: work.funding,
        }
    }
}

/// A sum, or why it cannot be kept.
///
/// # Errors
/// [`Error::NotExact`].
pub fn sum(one: Decimal, two: Decimal) -> Result<Decimal, Error> {
    one.plus(two).ok_or_else(|| Error::NotExact { what: "a sum of amounts: it does not fit".to_owned() })
}

impl Ledger {
    /// Adds an amount.
    ///
    /// # Errors
    /// [`Error::NotExact`].
    pub fn add(&mut self, amount_type: AmountType, amount: Decimal) -> Result<(), Error> {
        match amount_type {
            AmountType::Allocated => self.allocated = sum(self.allocated, amount)?,
            AmountType::Disbursed => self.disbursed = sum(self.disbursed, amount)?,
            AmountType::NotApplicable => {}
        }
        Ok(())
    }

    /// Takes an amount away again.
    ///
    /// # Errors
    /// [`Error::NotExact`].
    pub fn subtract(&mut self, amount_type: AmountType, amount: Decimal) -> Result<(), Error> {
        let amount = Decimal::ZERO.minus(amount);
        self.add(amount_type, amount.ok_or_else(|| Error::NotExact { what: "a sum of amounts".to_owned() })?)
    }

    /// The ceilings that are exceeded now and by more than before, in words.
    fn exceeded(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |low: [Decimal; 2], high: [Decimal; 2], text: &str| {
            let over = |at: usize| low[at].units.saturating_sub(high[at].units);
            if over(1) > 0 && over(1) > over(0) {
                found.push(format!("{text}: {} > {}", low[1].text(), high[1].text()));
            }
        };
        compare([before.allocated, self.allocated], [before.projected, self.projected], "allocated is above projected");
        compare([before.disbursed, self.disbursed], [before.allocated, self.allocated], "disbursed is above allocated");
        found
    }

    /// What a change of the sums means for the ceilings: warnings, if they only warn.
    ///
    /// # Errors
    /// [`Error::Policy`] if they block.
    pub fn check_ceilings(&self, before: &Self, ceilings: Enforcement) -> Result<Vec<String>, Error> {
        if ceilings == Enforcement::Off {
            return Ok(Vec::new());
        }
        let exceeded = self.exceeded(before);
        if ceilings == Enforcement::Block && !exceeded.is_empty() {
            return Err(Error::Policy { policy: "ceilings".to_owned(), why: exceeded.join("; ") });
        }
        Ok(exceeded)
    }
}

impl Budget {
    /// The counts and sums of what is below something.
    pub(crate) fn ledger(&self, parent: &Path) -> Ledger {
        self.ledgers.get_or_default(&(parent.0.clone(), parent.1.clone()))
    }

    /// Keeps them.
    pub(crate) fn set_ledger(&mut self, parent: &Path, ledger: &Ledger) {
        self.ledgers.set(&(parent.0.clone(), parent.1.clone()), ledger);
    }
}
