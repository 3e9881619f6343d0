//! What a marker of the chain is to the tenants of this node: which it names, and what their payload hides. Not here: executing it.
//! Invariant: a call that is handed out is of the marker that ordered it, which names its parties and no others.

use std::fmt;

use coffer_chain::{Envelope, InnerCall, Psi, TxBody};

use super::envelope::{content_key, open};
use super::marking::{Named, Shown, check, is_of};
use super::payloads::{Error, Payloads};
use super::resident::{EPOCH, Residents};

/// What a payload is to a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The call that the marker orders.
    Call(Box<InnerCall>),
    /// Nothing that any of the parties can execute.
    Unreadable,
    /// This party cannot read it, yet others may.
    Missing(Missing),
}

/// What a party lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The payload itself.
    Payload,
    /// Its content key: the wrap does not open.
    ContentKey,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Payload => "its payload is not on this node",
            Self::ContentKey => "its payload does not open for this party",
        })
    }
}

/// The private states that a transaction names, if it is a marker, with what its payload is to each.
///
/// # Errors
/// When the payload store cannot be read.
pub fn openings(payloads: &Payloads, residents: &Residents, body: &TxBody) -> Result<Vec<(Psi, Opening)>, Error> {
    let Some(shown) = Shown::of(body) else { return Ok(Vec::new()) };
    let named = residents.named(&shown);
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let stored = payloads.get(&shown.marker.payload)?;
    let envelope = stored.map(|bytes| Envelope::decode(&bytes));
    let read = |(psi, named): (&Psi, Named)| {
        let opening = match &envelope {
            None => Opening::Missing(Missing::Payload),
            Some(Err(_)) => Opening::Unreadable,
            Some(Ok(envelope)) => read(residents, &shown, envelope, psi, &named),
        };
        (psi.clone(), opening)
    };
    Ok(named.into_iter().map(read).collect())
}

fn read(residents: &Residents, shown: &Shown<'_>, envelope: &Envelope, psi: &Psi, named: &Named) -> Opening {
    // First what everybody who has the payload sees alike: such a call fails at all parties, whoever cannot open it.
    if !is_of(&envelope.header, shown) || envelope.wraps.rows().len() != shown.marker.slots.rows().len() {
        return Opening::Unreadable;
    }
    let secret = residents.secret(psi).map(|tenant| tenant.encryption());
    let key = secret.and_then(|secret| content_key(envelope, named.place, &named.party, EPOCH, &secret).ok());
    let Some(key) = key else { return Opening::Missing(Missing::ContentKey) };
    let text = open(envelope, &key).ok().filter(|text| check(shown, envelope, text, residents).is_ok());
    text.map_or(Opening::Unreadable, |text| Opening::Call(Box::new(text.call)))
}
