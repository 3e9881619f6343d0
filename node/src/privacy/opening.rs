//! What a marker of the chain is to the tenants of this node: which it names, and what their payload hides. Not here: executing it.
//! Invariant: a call that is handed out is of the marker that ordered it, which names its parties and no others.

use std::fmt;
use std::sync::OnceLock;

use coffer_chain::{Envelope, InnerCall, Psi, TxBody};

use super::directory::Directory;
use super::envelope::{content_key, open};
use super::keys::EncryptionSecret;
use super::marking::{Named, Shown, check, is_of};
use super::payloads::{self, Payloads};
use super::resident::{Residents, TenantSecret};
use super::wraps::ContentKey;

/// Keys that are tried at most for a call of the past.
const EPOCHS: usize = 64;

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
    /// What the members of a contract that it joins hand over.
    Transfer,
    /// What they handed over is not the same.
    Agreement,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Payload => "its payload is not on this node",
            Self::ContentKey => "its payload does not open for this party",
            Self::Transfer => "the members of the contracts that it joins have not all handed them over yet",
            Self::Agreement => "the members of the contracts that it joins handed over different states of them, so one of them is wrong: void the marker and let them find out",
        })
    }
}

/// A marker of a block, and what was found out of it for all private states of this node alike: it holds for one node and the marker's height, and is worth some dozen operations on curves.
#[derive(Debug)]
pub struct Looked {
    named: Vec<(Psi, Named)>,
    names_its_parties: OnceLock<bool>,
}

impl Looked {
    /// Looks whom a transaction names by a directory of its height; `None` if it is no marker.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn at<D: Directory>(residents: &Residents, directory: &D, body: &TxBody) -> Result<Option<Self>, D::Error> {
        let Some(shown) = Shown::of(body) else { return Ok(None) };
        let named = residents.named(directory, &shown)?;
        Ok(Some(Self { named, names_its_parties: OnceLock::new() }))
    }

    /// The private states that it names, each once, in the order of the slots.
    pub fn named(&self) -> impl Iterator<Item = &(Psi, Named)> {
        self.named.iter()
    }
}

/// How a transaction names a private state, and what its payload is to that; `None` if it is no marker that does. `directory` is that after the marker's block.
///
/// # Errors
/// When the payload store or the directory cannot be read.
pub fn opening<D: Directory, E: From<payloads::Error> + From<D::Error>>(
    payloads: &Payloads,
    residents: &Residents,
    directory: &D,
    (body, looked): (&TxBody, &Looked),
    psi: &Psi,
) -> Result<Option<(Named, Opening)>, E> {
    let Some(shown) = Shown::of(body) else { return Ok(None) };
    let named = looked.named().find(|(other, _)| other == psi);
    let Some(named) = named.map(|(_, named)| named.clone()) else { return Ok(None) };
    let stored = payloads.get(&shown.marker.payload)?;
    let opening = match stored.map(|bytes| Envelope::decode(&bytes)) {
        None => Opening::Missing(Missing::Payload),
        Some(Err(_)) => Opening::Unreadable,
        Some(Ok(envelope)) => {
            let secret = residents.secret(psi);
            let key = || secret.as_deref().and_then(|secret| own_key(secret, &envelope, &named));
            match (read(key, directory, (&shown, looked), &envelope)?, &secret) {
                (Opening::Missing(Missing::ContentKey), Some(secret)) => {
                    let given = payloads.key(secret, &shown.marker.payload, &envelope.header)?;
                    read(|| given, directory, (&shown, looked), &envelope)?
                }
                (read, _) => read,
            }
        }
    };
    Ok(Some((named, opening)))
}

/// The call of a marker that a private state of this node executed already, to tell of it. Nothing is checked again, and no directory is needed: that of an old height may be gone.
/// `newest` is the epoch of the party's newest key.
///
/// # Errors
/// When the payload store cannot be read.
pub fn executed(
    payloads: &Payloads,
    residents: &Residents,
    psi: &Psi,
    body: &TxBody,
    newest: u32,
) -> Result<Option<InnerCall>, payloads::Error> {
    let Some(shown) = Shown::of(body) else { return Ok(None) };
    let (Some((place, party)), Some(secret)) = (residents.addressed(psi, &shown), residents.secret(psi)) else {
        return Ok(None);
    };
    let Some(bytes) = payloads.get(&shown.marker.payload)? else { return Ok(None) };
    let Ok(envelope) = Envelope::decode(&bytes) else { return Ok(None) };
    let opens = |epoch| content_key(&envelope, place, &party, epoch, &secret.encryption(epoch)).ok();
    let key = match (0..=newest).rev().take(EPOCHS).find_map(opens) {
        Some(key) => Some(key),
        None => payloads.key(&secret, &shown.marker.payload, &envelope.header)?,
    };
    let text = key.and_then(|key| open(&envelope, &key).ok());
    Ok(text.map(|text| text.call))
}

fn read<D: Directory>(
    key: impl FnOnce() -> Option<ContentKey>,
    directory: &D,
    (shown, looked): (&Shown<'_>, &Looked),
    envelope: &Envelope,
) -> Result<Opening, D::Error> {
    // First what everybody who has the payload sees alike: such a call fails at all parties, whoever cannot open it.
    if !is_of(&envelope.header, shown) || envelope.wraps.rows().len() != shown.marker.slots.rows().len() {
        return Ok(Opening::Unreadable);
    }
    let Some(key) = key() else { return Ok(Opening::Missing(Missing::ContentKey)) };
    let Ok(text) = open(envelope, &key) else { return Ok(Opening::Unreadable) };
    // Whoever opens a payload opens the same text: the header is committed to its key.
    let names_its_parties = match looked.names_its_parties.get() {
        Some(known) => *known,
        None => {
            let found = check(shown, envelope, &text, directory)?.is_ok();
            *looked.names_its_parties.get_or_init(|| found)
        }
    };
    Ok(if names_its_parties { Opening::Call(Box::new(text.call)) } else { Opening::Unreadable })
}

/// The content key, by the key in force or the one before. What is sealed for a published key that is not the tenant's own of that epoch does not open here, and that is told.
fn own_key(secret: &TenantSecret, envelope: &Envelope, named: &Named) -> Option<ContentKey> {
    named.keys.iter().find_map(|published| {
        let own: EncryptionSecret = secret.encryption(published.epoch);
        let opened = content_key(envelope, named.place, &named.party, published.epoch, &own).ok();
        if opened.is_none() && *own.key().published() != published.key.0 {
            let (party, epoch, key) = (named.party, published.epoch, published.key);
            tracing::error!(%party, epoch, %key, "the encryption key on the chain is not that of this node; what is sealed for it does not open here");
        }
        opened
    })
}
