//! Flags of commands that write to private states: whether they do, and for whom. Not here: what the node makes of it. Invariant: `--party` and `--mode` mean nothing without a private state, so they ask for one.

use clap::{Args, ValueEnum};
use coffer_abi::AccountId;
use coffer_api::private::{Mode, Private, PrivateTo};
use coffer_api::types::Text;

/// In which state, and for whom.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct To {
    /// In the private state, not in the public one
    #[arg(long)]
    private: bool,
    /// A party that executes it too, by its identity; may be repeated
    #[arg(long = "party", value_name = "KEY", requires = "private")]
    parties: Vec<AccountId>,
    /// Whose word is needed before it is ordered; all if left out
    #[arg(long, value_enum, requires = "private")]
    mode: Option<Word>,
}

/// The modes as words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Word {
    /// The nodes of all parties have it
    All,
    /// For each party its node or one of its custodians has it
    Async,
}

impl To {
    /// As the node takes it.
    pub(super) fn private(self) -> Private {
        let Self { private, parties, mode } = self;
        if parties.is_empty() && mode.is_none() {
            return Private::Own(private);
        }
        let mode = mode.map(|word| match word {
            Word::All => Mode::All,
            Word::Async => Mode::Async,
        });
        Private::Parties(PrivateTo { parties: parties.into_iter().map(Text).collect(), mode, ..PrivateTo::default() })
    }
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn parse(words: &[&str]) -> Result<Private, String> {
        let command = To::augment_args(clap::Command::new("call").no_binary_name(true));
        let matches = command.try_get_matches_from(words).map_err(|error| error.to_string())?;
        To::from_arg_matches(&matches).map(To::private).map_err(|error| error.to_string())
    }

    #[test]
    fn parties_are_named_one_by_one_and_ask_for_a_private_state() {
        let [one, two] = [1, 2].map(|n| AccountId([n; 32]));
        assert_eq!(parse(&[]), Ok(Private::Own(false)));
        assert_eq!(parse(&["--private"]), Ok(Private::Own(true)));
        let (first, second) = (one.to_string(), two.to_string());
        let named = ["--private", "--party", &first, "--party", &second, "--mode", "async"];
        let expected =
            PrivateTo { parties: vec![Text(one), Text(two)], mode: Some(Mode::Async), ..PrivateTo::default() };
        assert_eq!(parse(&named), Ok(Private::Parties(expected)));
        assert!(parse(&["--party", &first]).unwrap_err().contains("--private"));
        assert!(parse(&["--private", "--mode", "some"]).unwrap_err().contains("async"));
    }
}
