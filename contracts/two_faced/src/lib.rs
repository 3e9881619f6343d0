//! A contract with faults on purpose: as Wasm it does not do what it does natively, and one of its rules can be broken. What it is good for is its
//! tests, which show that the harness finds the faults. Not here: anything to be deployed. Invariant: none; that is the point.
#![no_std]
use coffer_sdk::prelude::*;

const IS_WASM: bool = cfg!(target_arch = "wasm32");

/// Does something else as Wasm than natively.
#[contract]
pub struct TwoFaced {
    /// A number that is to stay below 100.
    level: Item<u64>,
    /// Numbers by name and account.
    notes: Map<(String, AccountId), i32>,
}

/// Something was noted.
#[event]
pub struct Noted {
    /// Under which name.
    pub name: String,
    /// What.
    pub number: i32,
}

/// Why a call failed.
#[error]
pub enum Error {
    /// The level would be odd.
    Odd {
        /// The level it would be.
        level: u64,
    },
    /// The other one failed, with its level.
    Other {
        /// The level.
        level: u64,
    },
}

/// Another one of these.
#[interface]
trait Another {
    fn raise(&mut self, by: u64) -> Result<u64, Error>;
}

#[contract]
impl TwoFaced {
    /// Another result as Wasm.
    pub fn face(&self) -> u8 {
        u8::from(IS_WASM)
    }

    /// Another result as Wasm, from the width of its addresses.
    pub fn width(&self) -> u32 {
        usize::BITS
    }

    /// Another value stored as Wasm.
    pub fn store_face(&mut self) {
        self.level.set(&u64::from(IS_WASM));
    }

    /// Another event as Wasm.
    pub fn tell_face(&mut self) {
        emit(Noted { name: "face".to_owned(), number: i32::from(IS_WASM) });
    }

    /// Another line logged as Wasm.
    pub fn log_face(&self) {
        log(if IS_WASM { "wasm" } else { "native" });
    }

    /// Panics as Wasm.
    pub fn panic_face(&self) {
        if IS_WASM {
            panic!("as Wasm");
        }
    }

    /// Panics with a text.
    pub fn panics(&self, text: String) {
        panic!("{text}");
    }

    /// Writes in a view, which traps.
    pub fn writes(&self) {
        emit(Noted { name: "a view".to_owned(), number: 0 });
    }

    /// Notes a number of the caller.
    pub fn note(&mut self, name: String, number: i32) {
        self.notes.set(&(name.clone(), caller()), &number);
        emit(Noted { name, number });
    }

    /// Raises the level, to an even one only. It forgets to keep it below 100.
    pub fn raise(&mut self, by: u64) -> Result<u64, Error> {
        let level = self.level().saturating_add(by);
        self.level.set(&level);
        emit(Noted { name: "level".to_owned(), number: 0 });
        if level % 2 == 1 {
            return Err(Error::Odd { level });
        }
        Ok(level)
    }

    /// Raises the level of another one, and then its own.
    pub fn raise_both(&mut self, other: ContractId, by: u64) -> Result<u64, Error> {
        match Another::at(other).raise(by) {
            Ok(_) => self.raise(by),
            Err(CallError::Failed(Error::Odd { level })) => Err(Error::Other { level }),
            Err(_) => Err(Error::Other { level: 0 }),
        }
    }

    /// Tries to raise the level of another one, and lives with it if that fails.
    pub fn try_other(&mut self, other: ContractId, by: u64) -> bool {
        let done = Another::at(other).raise(by).is_ok();
        self.note("tried".to_owned(), i32::from(done));
        done
    }

    /// Works in vain, this many times.
    pub fn work(&mut self, times: u32) {
        for _ in 0..times {
            self.level.set(&u64::from(times));
        }
    }

    /// Works without end.
    pub fn endless(&mut self) {
        loop {
            self.level.set(&0);
        }
    }

    /// The level.
    pub fn level(&self) -> u64 {
        self.level.get_or_default()
    }

    /// When and where it is.
    pub fn place(&self) -> (u64, u64, StateId) {
        (block_height(), block_time(), state_id())
    }

    /// Some bytes of the seeded generator, and a signature checked.
    pub fn checks(&self, key: [u8; 32], signature: Vec<u8>, message: String) -> (u64, bool) {
        let signature = signature.try_into().unwrap_or([0; 64]);
        let seeded = u64::from_le_bytes(coffer_sdk::context::random());
        (seeded, crypto::verify_ed25519(&key, &signature, message.as_bytes()))
    }

    /// The level of another one, which may be in the public state.
    pub fn level_of(&self, other: ContractId) -> Option<Vec<u8>> {
        coffer_sdk::call::view_raw(&other, "level", &[], None).ok()
    }
}

#[cfg(test)]
mod tests;
