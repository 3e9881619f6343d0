//! What names may look like. Not here: whether they are taken. Invariant: no name contains a slash but a user's, which has exactly one, so
//! that a name alone tells what it is.

use coffer_sdk::prelude::*;

use crate::error::Error;
use crate::identity::shortened;

/// Characters of an id of a user, a group or an organisation.
pub const MAX_ID: usize = 64;
/// Characters of a role's name: a role's name is a key, and so must be short.
pub const MAX_ROLE: usize = 32;

/// Fails unless `name` is 1 to `most` letters, digits 0-9, `_` and `-`.
pub fn check(field: &str, name: &str, most: usize) -> Result<(), Error> {
    let bad = |why: String| Err(Error::BadName { field: field.to_owned(), name: shortened(name), why });
    if name.is_empty() {
        return bad("it is empty".to_owned());
    }
    if let Some(wrong) = name.chars().find(|c| !(c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | '-'))) {
        let mut why = "it may have letters, the digits 0-9, `_` and `-`, and has `".to_owned();
        why.push(wrong);
        why.push('`');
        return bad(why);
    }
    if name.chars().count() > most {
        let mut why = "it may have at most ".to_owned();
        why.push_str(&most.to_string());
        why.push_str(" characters");
        return bad(why);
    }
    Ok(())
}

/// A user's name.
pub fn of_user(organisation: &str, id: &str) -> String {
    let mut name = organisation.to_owned();
    name.push('/');
    name.push_str(id);
    name
}
