//! The JSON form of proofs, as docs/PROTOCOL.md has it. Not here: what the members mean (the types of the same names).
//! Invariant: strict: every member is there once, under its name, none beside; so a text that is read says what it says
//! completely, and what is written reads back as the same proof.

mod read;
mod shape;
mod text;
mod write;

pub use shape::{ChainJson, PrivateJson, PublicJson};
pub use text::Hex;

use alloc::string::{String, ToString};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::invalid::Unreadable;
use crate::{ChainProof, MAX_BYTES, PrivateProof, PublicProof};

impl PublicProof {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Unreadable::Size`], [`Unreadable::Json`].
    pub fn from_json(text: &str) -> Result<Self, Unreadable> {
        parse::<PublicJson>(text)?.try_into()
    }

    /// The JSON form, without white space.
    ///
    /// # Errors
    /// [`Unreadable::Number`].
    pub fn to_json(&self) -> Result<String, Unreadable> {
        print(&PublicJson::try_from(self)?)
    }
}

impl PrivateProof {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Unreadable::Size`], [`Unreadable::Json`].
    pub fn from_json(text: &str) -> Result<Self, Unreadable> {
        parse::<PrivateJson>(text)?.try_into()
    }

    /// The JSON form, without white space.
    ///
    /// # Errors
    /// [`Unreadable::Number`].
    pub fn to_json(&self) -> Result<String, Unreadable> {
        print(&PrivateJson::try_from(self)?)
    }
}

impl ChainProof {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`Unreadable::Size`], [`Unreadable::Json`].
    pub fn from_json(text: &str) -> Result<Self, Unreadable> {
        parse::<ChainJson>(text)?.try_into()
    }

    /// The JSON form, without white space.
    ///
    /// # Errors
    /// [`Unreadable::Number`].
    pub fn to_json(&self) -> Result<String, Unreadable> {
        print(&ChainJson::try_from(self)?)
    }
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable::Size(text.len()));
    }
    serde_json::from_str(text).map_err(|error| Unreadable::Json(error.to_string()))
}

fn print<T: Serialize>(value: &T) -> Result<String, Unreadable> {
    serde_json::to_string(value).map_err(|error| Unreadable::Json(error.to_string()))
}
