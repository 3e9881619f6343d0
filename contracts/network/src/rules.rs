//! What all nodes share: the parameters, and the version of the protocol by height. Not here: who may change them (`vote`), what a version means (the node). Invariants: a chain can live
//! with its parameters; versions follow each other without a gap; one that a block makes the rule begins some blocks later, so that nodes can warn before.

use coffer_sdk::prelude::*;

use crate::Network;
use crate::check;
use crate::error::Error;
use crate::event::{ParametersChanged, ProtocolChanges};
use crate::record::{Parameters, Version};

/// Blocks between the vote and the first block of a version, at least.
const NOTICE: u64 = 10;
/// The same at most: a mistaken height is not out of reach.
const MOST_NOTICE: u64 = 1_000_000;
/// The highest version: it bounds the list.
const MAX_VERSION: u16 = 1_000;

impl Network {
    pub(crate) fn may_set(&self, parameters: &Parameters) -> Result<(), Error> {
        check::parameters(parameters)?;
        if self.parameters.get().as_ref() == Some(parameters) {
            return Err(Error::NoChange { what: "the chain has these parameters".to_owned() });
        }
        Ok(())
    }

    pub(crate) fn set_parameters(&mut self, parameters: Parameters) -> Result<(), Error> {
        self.may_set(&parameters)?;
        self.parameters.set(&parameters);
        emit(ParametersChanged { parameters });
        Ok(())
    }

    pub(crate) fn may_begin(&self, version: u16, height: u64) -> Result<(), Error> {
        let next = self.in_force().saturating_add(1);
        if version != next || version > MAX_VERSION {
            let (field, value) = ("version".to_owned(), version.to_string());
            return Err(Error::Invalid { field, value, why: format!("the next version of this chain is {next}") });
        }
        let (least, most) = (block_height() + NOTICE, block_height() + MOST_NOTICE);
        if !(least..=most).contains(&height) {
            return Err(Error::Height { height, least, most });
        }
        if self.versions.get_or_default().last() == Some(&Version { version, since: height }) {
            return Err(Error::NoChange { what: "the version begins at that height".to_owned() });
        }
        Ok(())
    }

    pub(crate) fn begin_version(&mut self, version: u16, height: u64) -> Result<(), Error> {
        self.may_begin(version, height)?;
        let mut versions = self.versions.get_or_default();
        // One that has not begun makes room.
        versions.retain(|known| known.version < version);
        versions.push(Version { version, since: height });
        self.versions.set(&versions);
        emit(ProtocolChanges { version, height });
        Ok(())
    }

    /// The version of the next block.
    fn in_force(&self) -> u16 {
        let next = block_height() + 1;
        let versions = self.versions.get_or_default();
        versions.iter().rev().find(|known| known.since <= next).map_or(0, |known| known.version)
    }
}
