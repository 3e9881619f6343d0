//! A contract with every shape of type, imported from its spec: the same types, the same bytes, the same answers.

use coffer_abi::Encode;
use coffer_abi::spec::Spec;
use coffer_sdk::call::Refused;
use coffer_sdk::contract::Contract;
use coffer_sdk::native::{MemoryHost, with_host};
use coffer_sdk::prelude::*;

import_contract!(
    /// Read from the file beside this one; the test below writes it with `BLESS=1`.
    pub mod imported = "tests/it/import.spec"
);

/// A type of the name that a client has by default.
#[contract_type]
pub struct Client;

/// Every shape.
#[contract_type]
pub struct Every {
    /// A keyword.
    pub r#type: u8,
    pub numbers: (u16, u32, u64, u128, i8, i16, i32, i64, i128),
    pub texts: Option<Vec<String>>,
    pub bytes: (Vec<u8>, [u8; 3], [u16; 2]),
    pub ids: (AccountId, ContractId, Hash),
    pub sets: (BTreeMap<u8, bool>, BTreeSet<u16>),
    pub pair: Pair,
    pub choice: Vec<Choice>,
}

#[contract_type]
pub struct Pair(pub u8, pub Box<(bool,)>);

/// One of several.
#[contract_type]
pub enum Choice {
    /// This one.
    Nothing,
    Two(u8, ()),
    Named {
        /// Its name.
        r#fn: String,
    },
}

/// Of no method, so not imported.
#[contract_type]
pub struct Unused(u8);

#[error]
pub enum Wrong {
    Choice(Choice),
}

#[contract]
pub struct Everything {
    unused: Item<Unused>,
}

#[contract]
impl Everything {
    /// Gives it back.
    pub fn echo(&self, r#match: Every) -> Every {
        r#match
    }

    pub fn r#do(&mut self, client: Client, new: Choice) -> Result<u8, Wrong> {
        let Client = client;
        match new {
            Choice::Nothing => Ok(1),
            other => Err(Wrong::Choice(other)),
        }
    }

    pub fn migrate(&mut self, by: u8) -> Result<(), Wrong> {
        self.unused.set(&Unused(by));
        Ok(())
    }
}

/// The same interface, told with the imported types.
#[contract]
pub struct Again {
    unused: Item<Unused>,
}

#[contract]
impl Again {
    /// Gives it back.
    pub fn echo(&self, r#match: imported::Every) -> imported::Every {
        r#match
    }

    pub fn r#do(&mut self, client: imported::Client, new: imported::Choice) -> Result<u8, imported::Wrong> {
        let (imported::Client, _) = (client, new);
        Ok(0)
    }

    pub fn migrate(&mut self, by: u8) -> Result<(), imported::Wrong> {
        self.unused.set(&Unused(by));
        Ok(())
    }
}

fn every() -> imported::Every {
    imported::Every {
        r#type: 1,
        numbers: (2, 3, 4, 5, -6, -7, -8, -9, -10),
        texts: Some(vec!["eleven".to_owned()]),
        bytes: (vec![12], [13; 3], [14; 2]),
        ids: (AccountId([15; 32]), ContractId([16; 32]), Hash([17; 32])),
        sets: (BTreeMap::from([(18, true)]), BTreeSet::from([19])),
        pair: imported::Pair(19, (true,)),
        choice: vec![imported::Choice::Two(20, ()), imported::Choice::Named { r#fn: "x".to_owned() }],
    }
}

#[test]
fn what_is_imported_is_described_as_it_was() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/import.spec");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, Everything::RECORD).unwrap();
    }
    assert_eq!(std::fs::read(path).unwrap(), Everything::RECORD, "BLESS=1 writes {path} anew");
    let (original, mut again) =
        (Spec::from_section(Everything::RECORD).unwrap(), Spec::from_section(Again::RECORD).unwrap());
    again.name.clone_from(&original.name);
    again.docs.clone_from(&original.docs);
    assert_eq!(again, original);
}

#[test]
fn every_shape_of_value_goes_to_the_other_contract_and_back() {
    let contract = ContractId([1; 32]);
    with_host(MemoryHost::default().with::<Everything>(contract).with_code::<Everything>(CodeHash([2; 32])), || {
        let mut client = imported::EverythingClient::at(contract);
        assert_eq!(client.echo(every()), Ok(every()));
        assert_eq!(client.r#do(imported::Client, imported::Choice::Nothing), Ok(1));
        let named = || imported::Choice::Named { r#fn: "f".to_owned() };
        assert_eq!(client.r#do(imported::Client, named()), Err(CallError::Failed(imported::Wrong::Choice(named()))));
        let made = imported::EverythingClient::init(NewContract::of(CodeHash([2; 32]))).expect("it has no `init`");
        assert_eq!(made.echo(every()), Ok(every()));
        let nowhere = imported::EverythingClient::at(ContractId([3; 32]));
        assert_eq!(nowhere.echo(every()), Err(CallError::Refused(Refused::NoSuchContract)));
    });
}

#[test]
fn a_migration_runs_once_the_node_says_so() {
    let (ended, host) = MemoryHost::default().run::<Everything>("migrate", (7u8,));
    assert_eq!((ended, host.output), (Ok(()), Some(vec![])));
    assert_eq!(host.storage.into_values().collect::<Vec<_>>(), [Unused(7).encode()]);
}
