//! What a checker says about a proof, as text: the same code in the module and in the tests beside it.
//! Invariant: equal texts mean equal verdicts and equal values.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use coffer_abi::codec::{Decode, Encode, decode};
use coffer_abi::{AccountId, ContractId, Hash};
use coffer_proof::{ChainProof, PrivateProof, PrivateTrust, PublicProof, TrustedBlock, Verified};

/// What is to be checked, for whom.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Question {
    /// The chain.
    pub chain_id: Hash,
    /// Hash of the validator set that is trusted.
    pub validators: Hash,
    /// Set for a private proof.
    pub private: Option<PrivateQuestion>,
    /// True for a proof of a chain.
    pub chain: bool,
    /// The proof: its bytes, or the text of its JSON form.
    pub proof: Vec<u8>,
}

/// What else a private proof is checked against.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PrivateQuestion {
    /// The node whose word counts.
    pub node: AccountId,
    /// Path of the private state.
    pub path: [u8; 32],
    /// Known path keys.
    pub path_keys: Vec<(ContractId, [u8; 32])>,
}

/// The verdict about an encoded question.
pub fn verdict(question: &[u8]) -> String {
    match decode::<Question>(question) {
        Ok(question) => question.verdict(),
        Err(error) => format!("no question: {error}"),
    }
}

impl Question {
    fn verdict(&self) -> String {
        if self.chain {
            return self.block().unwrap_or_else(|reason| reason);
        }
        match self.verified() {
            Ok(verified) => format!("proved at {}: {:?}", verified.height(), verified.contracts()),
            Err(reason) => reason,
        }
    }

    fn block(&self) -> Result<String, String> {
        let is_json = self.proof.first() == Some(&b'{');
        let text = || core::str::from_utf8(&self.proof).map_err(|error| error.to_string());
        let proof = if is_json { ChainProof::from_json(text()?) } else { ChainProof::from_bytes(&self.proof) };
        let verified = proof.map_err(|error| error.to_string())?.verify(&self.chain_id, &self.validators);
        let block = verified.map_err(|error| error.to_string())?;
        Ok(format!("proved at {}: {}", block.header().height, block.hash()))
    }

    fn verified(&self) -> Result<Verified, String> {
        let block = TrustedBlock::Validators { chain_id: self.chain_id, validators: self.validators };
        let text = || core::str::from_utf8(&self.proof).map_err(|error| error.to_string());
        let is_json = self.proof.first() == Some(&b'{');
        match &self.private {
            None => {
                let proof =
                    if is_json { PublicProof::from_json(text()?) } else { PublicProof::from_bytes(&self.proof) };
                proof.map_err(|error| error.to_string())?.verify(&block).map_err(|error| error.to_string())
            }
            Some(private) => {
                let PrivateQuestion { node, path, path_keys } = private;
                let trust = PrivateTrust { block, nodes: &[*node], path: *path, path_keys };
                let proof =
                    if is_json { PrivateProof::from_json(text()?) } else { PrivateProof::from_bytes(&self.proof) };
                let verified = proof.map_err(|error| error.to_string())?.verify(&trust);
                verified.map(|verified| verified.state().clone()).map_err(|error| error.to_string())
            }
        }
    }
}
