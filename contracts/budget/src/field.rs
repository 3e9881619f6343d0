//! The fields that creating and updating set: one list of values for all levels. Not here: what is fixed at creation.
//! Invariant: a field that a thing's level does not have is refused.

use coffer_sdk::prelude::*;

use crate::amount::{self, Given};
use crate::error::Error;
use crate::text;
use crate::thing::{AmountType, Kind, Rate, Terms, Texts, Thing, Work};

/// A field with its new value. Projects and subprojects have those up to `Thumbnail`, workflow items all but that.
#[contract_type]
pub enum Field {
    /// Name, 1 to 250 characters.
    Name(String),
    /// Description, at most 4,000 characters.
    Description(String),
    /// Tags, each once and of at most 15 characters.
    Tags(Vec<String>),
    /// Text with marks, at most 4,000 characters.
    Markdown(String),
    /// Additional data: keys that are not named stay, one without a value is removed.
    Additional(BTreeMap<String, Option<String>>),
    /// Link to a small picture; nothing removes it.
    Thumbnail(Option<String>),
    /// What the amount is.
    AmountType(AmountType),
    /// The amount, a decimal such as `1234.56`; nothing removes it.
    Amount(Option<String>),
    /// The amount's currency, a code of ISO 4217; nothing removes it.
    Currency(Option<String>),
    /// The exchange rate into the subproject's currency; nothing removes it.
    Rate(Option<Rate>),
    /// When the item is billed, in milliseconds; nothing removes it.
    BillingDate(Option<u64>),
    /// When the item is due, in milliseconds; nothing removes it.
    DueDate(Option<u64>),
    /// The organisation that pays; nothing removes it.
    Funding(Option<String>),
}

/// Sets fields of a project or subproject.
///
/// # Errors
/// What is wrong with a value.
pub fn set(thing: &mut Thing, texts: &mut Texts, fields: Vec<Field>) -> Result<(), Error> {
    for field in fields {
        match field {
            Field::Thumbnail(link) => {
                texts.thumbnail = match link {
                    Some(link) => text::required("thumbnail", &link)?,
                    None => String::new(),
                }
            }
            field => match set_common(thing, texts, field)? {
                None => {}
                Some(_) => {
                    return Err(text::invalid(
                        "fields",
                        "amount, currency, rate, billing date, due date, funding",
                        "only workflow items have these",
                    ));
                }
            },
        }
    }
    Ok(())
}

/// Sets fields of a workflow item in a subproject of these terms.
///
/// # Errors
/// What is wrong with a value, or does not go together.
pub fn set_item(thing: &mut Thing, texts: &mut Texts, fields: Vec<Field>, terms: &Terms) -> Result<(), Error> {
    let before = thing.work();
    let mut work = before.clone();
    let mut given = Given::default();
    for field in fields {
        match set_common(thing, texts, field)? {
            None => {}
            Some(Field::Thumbnail(_)) => {
                return Err(text::invalid("fields", "thumbnail", "workflow items have none"));
            }
            Some(field) => set_work(&mut work, field, &mut given)?,
        }
    }
    amount::settle(&mut work, &before, &given, terms)?;
    thing.kind = Kind::Workflowitem(work);
    Ok(())
}

/// Sets a field that every level has, or gives it back.
fn set_common(thing: &mut Thing, texts: &mut Texts, field: Field) -> Result<Option<Field>, Error> {
    match field {
        Field::Name(name) => thing.name = text::required("name", &name)?,
        Field::Description(description) => texts.description = text::long("description", &description)?,
        Field::Tags(tags) => thing.tags = text::tags(&tags)?,
        Field::Markdown(markdown) => texts.markdown = text::long("markdown", &markdown)?,
        Field::Additional(data) => text::merge(&mut texts.additional, data)?,
        other => return Ok(Some(other)),
    }
    Ok(None)
}

fn set_work(work: &mut Work, field: Field, given: &mut Given) -> Result<(), Error> {
    match field {
        Field::AmountType(amount_type) => work.amount_type = amount_type,
        Field::Amount(amount) => {
            given.some |= amount.is_some();
            work.amount = match amount {
                Some(amount) => Some(amount::decimal("amount", &amount)?.text()),
                None => None,
            };
        }
        Field::Currency(code) => {
            given.some |= code.is_some();
            work.currency = match code {
                Some(code) => Some(amount::currency("currency", &code)?),
                None => None,
            };
        }
        Field::Rate(rate) => {
            given.rate |= rate.is_some();
            work.rate = match rate {
                Some(rate) => Some(amount::rate(rate)?),
                None => None,
            };
        }
        Field::BillingDate(date) => {
            given.some |= date.is_some();
            work.billing_date = date;
        }
        Field::DueDate(date) => work.due_date = date,
        Field::Funding(organisation) => {
            work.funding = match organisation {
                Some(organisation) => Some(text::required("funding", &organisation)?),
                None => None,
            };
        }
        _ => {}
    }
    Ok(())
}
