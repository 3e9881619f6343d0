//! From the rules in a chain's genesis to the engine that keeps them. Not here: what a node decides alone (its backend).
//! Invariant: a node that would compute something else than the chain does not get an engine at all.

use coffer_chain::Parameters;
use coffer_runtime::meter::{PASS_VERSION, Schedule};
use coffer_runtime::{Backend, Config};

/// The chain executes by rules this node does not have or cannot keep. Permanent for this version of the program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ForeignRules {
    /// Another version of what turns uploaded modules into code that counts its gas, or of what computation costs.
    #[error(
        "the chain's {what} has version {chain}, this program has version {ours}: every receipt would differ; start the version of \
        coffer that the other nodes of the chain run"
    )]
    Version {
        /// `metering pass` or `gas schedule`.
        what: &'static str,
        /// The chain's.
        chain: u32,
        /// This program's newest.
        ours: u32,
    },
    /// Caps that no node can keep.
    #[error("the chain's caps on contract modules contradict themselves: {0}; the chain needs another genesis")]
    Caps(&'static str),
}

/// What to make the engine of a node on a chain with these parameters with.
///
/// # Errors
/// [`ForeignRules`] says which rule this program does not have.
pub fn engine_config(parameters: &Parameters, backend: Backend) -> Result<Config, ForeignRules> {
    let Parameters { pass_version, schedule_version, caps, .. } = parameters;
    if *pass_version != PASS_VERSION {
        return Err(ForeignRules::Version { what: "metering pass", chain: *pass_version, ours: PASS_VERSION });
    }
    let ours = Schedule::default().version;
    let foreign = || ForeignRules::Version { what: "gas schedule", chain: *schedule_version, ours };
    let schedule = Schedule::of(*schedule_version).ok_or_else(foreign)?;
    if let Some(contradiction) = caps.contradiction() {
        return Err(ForeignRules::Caps(contradiction));
    }
    Ok(Config { backend, schedule, caps: caps.clone(), ..Config::default() })
}

#[cfg(test)]
mod tests {
    use coffer_abi::Caps;

    use super::*;

    #[test]
    fn the_engine_is_made_from_the_chains_parameters() {
        let caps = Caps { functions: 17, ..Caps::default() };
        let parameters = Parameters { caps: caps.clone(), ..Parameters::default() };
        let config = engine_config(&parameters, Backend::Cranelift).unwrap();
        assert_eq!((config.caps, config.backend), (caps, Backend::Cranelift));
        assert_eq!(config.schedule.version, parameters.schedule_version);
    }

    #[test]
    fn a_version_this_program_does_not_have_is_named_with_the_way_out() {
        let pass = Parameters { pass_version: PASS_VERSION + 1, ..Parameters::default() };
        let refused = engine_config(&pass, Backend::Winch).unwrap_err().to_string();
        assert!(refused.starts_with("the chain's metering pass has version "), "{refused}");
        assert!(refused.contains("start the version of coffer that the other nodes of the chain run"), "{refused}");
        let schedule = Parameters { schedule_version: 99, ..Parameters::default() };
        let refused = engine_config(&schedule, Backend::Winch).unwrap_err();
        assert!(matches!(refused, ForeignRules::Version { what: "gas schedule", chain: 99, .. }), "{refused}");
    }

    #[test]
    fn caps_no_node_can_keep_are_refused() {
        let caps = Caps { initial_pages: 300, ..Caps::default() };
        let refused = engine_config(&Parameters { caps, ..Parameters::default() }, Backend::Winch).unwrap_err();
        assert!(refused.to_string().contains("initial_pages is above max_pages"), "{refused}");
    }
}
