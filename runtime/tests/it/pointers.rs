//! Every pointer of every host function, taken from the table itself: outside of memory is a trap, up to its last byte is fine.

use coffer_abi::{Status, TrapKind};

use crate::support::{Contract, going};

/// Name, Wasm parameters with their types, and the (pointer, length) pairs among them.
pub struct Row {
    pub name: &'static str,
    pub params: &'static [(&'static str, &'static str)],
    pub result: bool,
    pub slices: Vec<(&'static str, &'static str)>,
}

macro_rules! pairs {
    (bytes $ptr:ident $len:ident) => {
        Some((stringify!($ptr), stringify!($len)))
    };
    (value $value:ident) => {
        None
    };
    (wide $value:ident) => {
        None
    };
    (reply $out:ident $cap:ident) => {
        Some((stringify!($out), stringify!($cap)))
    };
    (copy $out:ident $len:ident) => {
        Some((stringify!($out), stringify!($len)))
    };
    ($kind:ident) => {
        None
    };
}

macro_rules! rows {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas($base:literal, $per_byte:literal);)*) => {
        /// The table with its pointers.
        pub fn rows() -> Vec<Row> {
            vec![$(Row {
                name: stringify!($name),
                params: &[$((stringify!($param), stringify!($ty))),*],
                result: stringify!($result) != "()",
                slices: [$(pairs!($akind $($from)*),)* pairs!($kind $($($out)*)?)].into_iter().flatten().collect::<Vec<_>>(),
            }),*]
        }
    };
}
coffer_abi::host_functions!(rows);

/// Status of one call of a host function with all parameters 0 but one pair. Memory is one page.
fn status(row: &Row, (ptr, len): (&str, &str), at: (u32, u32)) -> Status {
    let value = |name: &str| match name {
        name if name == ptr => at.0,
        name if name == len => at.1,
        _ => 0,
    };
    let args: String =
        row.params.iter().map(|(name, ty)| format!("({}.const {})", ty.replace('u', "i"), value(name))).collect();
    let call = format!("(call ${} {args})", row.name);
    Contract::wat(&going(&if row.result { format!("(drop {call})") } else { call })).go()
}

#[test]
fn a_pointer_outside_of_memory_is_a_trap_in_every_host_function() {
    let mut pairs = 0;
    for row in rows() {
        for &slice in &row.slices {
            for at in
                [(65_536, 1), (65_535, 2), (0, 65_537), (65_537, 0), (u32::MAX, u32::MAX), (0, u32::MAX), (u32::MAX, 1)]
            {
                assert_eq!(
                    status(&row, slice, at),
                    Status::Trapped(TrapKind::BadPointer),
                    "{} {slice:?} {at:?}",
                    row.name
                );
            }
            for at in [(65_536, 0), (0, 0)] {
                assert_ne!(
                    status(&row, slice, at),
                    Status::Trapped(TrapKind::BadPointer),
                    "{} {slice:?} {at:?}",
                    row.name
                );
            }
            pairs += 1;
        }
    }
    assert!(pairs >= 25, "{pairs}");
}
