//! The versions of the protocol that this program has, and what to make the engine of one with. Not here: what a version means (`coffer_chain::versions`), from when on
//! a chain has it (its network contract). Invariant: a node never builds, executes or decides a block of a version that it does not have.

use coffer_abi::Height;
use coffer_chain::network::VersionRecord;
use coffer_chain::versions::{self, Meaning};
use coffer_chain::{BlockRules, Parameters};
use coffer_runtime::meter::Schedule;
use coffer_runtime::{Backend, Config};

use super::Executor;
use crate::state::{Error, View};

/// Environment variable that makes a debug build know versions up to this number, fewer or more than it has; one more means what the newest does. For stories of upgrades.
#[cfg(debug_assertions)]
pub const KNOWN_VERSION: &str = "COFFER_KNOWN_VERSION";

/// The chain runs, or will run, by a version that this program does not have. Permanent for this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "from block {since} on the chain runs version {version} of the protocol, and this program has version {newest} at most: install a newer \
     coffer and start the node again; nothing is lost, it goes on where it is"
)]
pub struct UnknownVersion {
    /// The version.
    pub version: u16,
    /// Height of its first block.
    pub since: Height,
    /// The newest version that this program has.
    pub newest: u16,
}

/// The versions that a program has: from 1 to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    newest: u16,
}

impl Known {
    /// Those of this program.
    pub fn of_program() -> Self {
        Self { newest: from_environment().unwrap_or(versions::NEWEST) }
    }

    /// The newest.
    pub fn newest(self) -> u16 {
        self.newest
    }

    /// What a version means.
    ///
    /// # Errors
    /// [`UnknownVersion`] if this program does not have it.
    pub fn meaning(self, VersionRecord { version, since }: VersionRecord) -> Result<Meaning, UnknownVersion> {
        let meaning = versions::meaning(version.min(versions::NEWEST)).filter(|_| version <= self.newest);
        meaning.ok_or(UnknownVersion { version, since, newest: self.newest })
    }

    /// What to make the engine of a node on a chain of a version with.
    ///
    /// # Errors
    /// [`UnknownVersion`].
    pub fn engine(self, version: VersionRecord, backend: Backend) -> Result<Config, UnknownVersion> {
        let Meaning { schedule_version, caps, .. } = self.meaning(version)?;
        let VersionRecord { version, since } = version;
        let schedule = Schedule::of(schedule_version);
        let schedule = schedule.ok_or(UnknownVersion { version, since, newest: self.newest })?;
        Ok(Config { backend, schedule, caps, ..Config::default() })
    }
}

#[cfg(debug_assertions)]
fn from_environment() -> Option<u16> {
    std::env::var(KNOWN_VERSION).ok()?.parse().ok()
}

#[cfg(not(debug_assertions))]
fn from_environment() -> Option<u16> {
    None
}

/// The versions of a chain as one block leaves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// That of the next block.
    pub next: VersionRecord,
    /// One that is decided and begins later.
    pub coming: Option<VersionRecord>,
}

impl Executor {
    /// The rules of the block behind the one that a view of the public state stands after. They let no block be empty: what ends is
    /// [`View::next_end`], which is asked only where there is no transaction.
    ///
    /// # Errors
    /// [`Error`]: this node cannot read.
    pub fn rules(&self, public: &View) -> Result<BlockRules, Error> {
        let (version, parameters) = (self.versions(public)?.next.version, self.parameters(public)?);
        Ok(BlockRules { version, parameters, next_end: None, recovery: public.recovery().cloned() })
    }

    /// The parameters in a public state; those of the genesis on a chain without a network contract.
    ///
    /// # Errors
    /// [`Error`]: this node cannot read.
    pub fn parameters(&self, public: &View) -> Result<Parameters, Error> {
        Ok(public.network_parameters()?.unwrap_or_else(|| self.first.parameters.clone()))
    }

    /// The versions in a public state; that of the genesis on a chain without a network contract.
    ///
    /// # Errors
    /// [`Error`]: this node cannot read.
    pub fn versions(&self, public: &View) -> Result<Versions, Error> {
        let next = Height(public.height().0.saturating_add(1));
        let kept = public.protocol_versions()?;
        let first = VersionRecord { version: self.first.version, since: Height(0) };
        let in_force = kept.iter().rev().find(|known| known.since <= next).copied();
        Ok(Versions { next: in_force.unwrap_or(first), coming: versions::after(&kept, next) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_has_the_versions_of_the_table_and_says_what_to_do_about_others() {
        let known = Known { newest: versions::NEWEST };
        let at = |version| VersionRecord { version, since: Height(70) };
        assert_eq!(known.meaning(at(1)).ok(), versions::meaning(1));
        let refused = known.engine(at(versions::NEWEST + 1), Backend::Winch).unwrap_err();
        assert_eq!(refused.newest, versions::NEWEST);
        let told = refused.to_string();
        assert!(told.starts_with("from block 70 on the chain runs version 2 of the protocol"), "{told}");
        assert!(told.contains("install a newer coffer"), "{told}");
    }

    #[test]
    fn the_engine_is_made_by_what_the_version_means() {
        let config = Known { newest: 1 }.engine(VersionRecord { version: 1, since: Height(0) }, Backend::Cranelift);
        let (config, meaning) = (config.unwrap(), versions::meaning(1).unwrap());
        assert_eq!((config.caps, config.schedule.version), (meaning.caps, meaning.schedule_version));
        assert_eq!(config.backend, Backend::Cranelift);
        assert_eq!(meaning.pass_version, coffer_runtime::meter::PASS_VERSION, "the runtime has one pass");
    }

    #[test]
    fn a_version_more_or_less_for_stories_means_what_the_newest_does() {
        let at = |version| VersionRecord { version, since: Height(1) };
        let more = Known { newest: versions::NEWEST + 1 };
        assert_eq!(more.meaning(at(versions::NEWEST + 1)).ok(), versions::meaning(versions::NEWEST));
        assert!(more.meaning(at(versions::NEWEST + 2)).is_err());
    }
}
