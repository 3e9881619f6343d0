//! The amount of a workflow item with what belongs to it: its currency, rate and billing date. Not here: sums (`ledger`), arithmetic
//! (`money`). Invariant: an item without an amount type has none of the four, and a currency other than the subproject's has a rate.

use coffer_sdk::prelude::*;

use crate::error::Error;
use crate::history::{FieldChange, difference};
use crate::money::{Decimal, is_currency};
use crate::text::{invalid, missing, required};
use crate::thing::{AmountType, Rate, Terms, Work};

/// Where a rate of 1 comes from that nobody published.
const SAME_CURRENCY: &str = "same currency";

/// Reads an amount and writes it as it is kept.
///
/// # Errors
/// [`Error::Invalid`].
pub fn decimal(field: &str, text: &str) -> Result<Decimal, Error> {
    let why = "write a decimal such as 1234.56: at most 18 digits before and 18 after the point";
    let value =
        Decimal::parse(text.trim()).filter(|value| value.units.unsigned_abs() < Decimal::BOUND.units.unsigned_abs());
    value.ok_or_else(|| invalid(field, text, why))
}

/// Reads the code of a currency.
///
/// # Errors
/// [`Error::Invalid`].
pub fn currency(field: &str, code: &str) -> Result<String, Error> {
    if is_currency(code) {
        return Ok(code.to_owned());
    }
    Err(invalid(field, code, "it is no currency of ISO 4217: write its three capital letters, such as EUR"))
}

/// Reads a rate.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Missing`].
pub fn rate(given: Rate) -> Result<Rate, Error> {
    let value = decimal("rate", &given.value)?;
    if value <= Decimal::ZERO {
        return Err(invalid("rate", &given.value, "an exchange rate is above 0"));
    }
    Ok(Rate { value: value.text(), source: required("rate.source", &given.source)?, date: given.date })
}

/// Which of the four a command gives a value.
#[derive(Default)]
pub struct Given {
    /// Amount, currency or billing date.
    pub some: bool,
    /// The rate.
    pub rate: bool,
}

/// Brings an item's amount into order after its fields were set: the rules that hold while it is open.
///
/// # Errors
/// What does not go together.
pub fn settle(work: &mut Work, before: &Work, given: &Given, terms: &Terms) -> Result<(), Error> {
    if work.amount_type == AmountType::NotApplicable {
        if given.some || given.rate {
            let why = "an item of amount type NotApplicable has no amount, currency, rate and billing date: leave them out, or give it another type";
            return Err(invalid("amount_type", "NotApplicable", why));
        }
        (work.amount, work.currency, work.rate, work.billing_date) = (None, None, None, None);
        return Ok(());
    }
    let negative = work.amount.as_deref().is_some_and(|amount| amount.starts_with('-'));
    if negative && work.corrects.is_none() {
        let amount = work.amount.as_deref().unwrap_or_default();
        return Err(invalid("amount", amount, "only an item that corrects another one has an amount below 0"));
    }
    let Some(currency) = &work.currency else { return Ok(()) };
    if *currency == terms.currency {
        let one = work.rate.as_ref().is_some_and(|rate| rate.value == "1");
        if given.rate && !one {
            let value = work.rate.as_ref().map(|rate| rate.value.as_str()).unwrap_or_default();
            return Err(invalid("rate", value, "the currency is the subproject's: the rate is 1, leave it out"));
        }
        if !one {
            work.rate = Some(Rate { value: "1".to_owned(), source: SAME_CURRENCY.to_owned(), date: block_time() });
        }
        return Ok(());
    }
    let stale = before.currency != work.currency && !given.rate;
    if work.rate.is_none() || stale {
        return Err(missing("rate", &format!("the currency {currency} is not the subproject's, {}", terms.currency)));
    }
    Ok(())
}

/// The amount in the subproject's currency, once the item is complete; of an item that is not about money nothing. Gives a billing date to
/// an item that has none.
///
/// # Errors
/// What is missing, or [`Error::NotExact`].
pub fn complete(work: &mut Work) -> Result<Option<Decimal>, Error> {
    if work.amount_type == AmountType::NotApplicable {
        return Ok(None);
    }
    let why = "to be closed, an item with an amount type needs amount, currency and rate";
    let amount = work.amount.as_deref().ok_or_else(|| missing("amount", why))?;
    if work.currency.is_none() {
        return Err(missing("currency", why));
    }
    let rate = work.rate.as_ref().ok_or_else(|| missing("rate", why))?;
    let product = decimal("amount", amount)?.times(decimal("rate", &rate.value)?);
    let what =
        || format!("{amount} x {}: the product needs more than 18 digits after the point, or is too large", rate.value);
    let product = product.ok_or_else(|| Error::NotExact { what: what() })?;
    work.billing_date = Some(work.billing_date.unwrap_or_else(block_time));
    Ok(Some(product))
}

/// What differs between two states of an item.
pub fn differences(before: Option<&Work>, now: &Work) -> Vec<FieldChange> {
    let none = Work::default();
    let before = before.unwrap_or(&none);
    let date = |date: Option<u64>| date.map(|date| date.to_string());
    let rate =
        |rate: &Option<Rate>| rate.as_ref().map(|rate| format!("{} ({}, {})", rate.value, rate.source, rate.date));
    let kind = |kind: AmountType| match kind {
        AmountType::NotApplicable => None,
        AmountType::Allocated => Some("allocated".to_owned()),
        AmountType::Disbursed => Some("disbursed".to_owned()),
    };
    let changes = [
        difference("amount_type", kind(before.amount_type), kind(now.amount_type)),
        difference("amount", before.amount.clone(), now.amount.clone()),
        difference("currency", before.currency.clone(), now.currency.clone()),
        difference("rate", rate(&before.rate), rate(&now.rate)),
        difference("billing_date", date(before.billing_date), date(now.billing_date)),
        difference("due_date", date(before.due_date), date(now.due_date)),
        difference("funding", before.funding.clone(), now.funding.clone()),
        difference("corrects", before.corrects.clone(), now.corrects.clone()),
    ];
    changes.into_iter().flatten().collect()
}
