//! The host functions as imports of the module, and the safe functions over them. Guest only.
//! Invariant: the import module is the one of this ABI version.

const _: () = assert!(coffer_abi::ABI_VERSION == 1, "the import module below names the ABI version");

macro_rules! externs {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host $args:tt -> $kind:ident $(($($out:ident),*))?; gas $gas:tt;)*) => {
        #[allow(unsafe_code)]
        mod raw {
            // SAFETY: the host defines these functions with exactly these types; validation refuses a module where they differ.
            #[link(wasm_import_module = "coffer_1")]
            unsafe extern "C" {
                $(pub fn $name($($param: $ty),*) -> $result;)*
            }
        }
    };
}
coffer_abi::host_functions!(externs);

macro_rules! argument {
    (bytes) => {
        &[u8]
    };
    (value) => {
        u32
    };
    (wide) => {
        u64
    };
}

/// Binds the Wasm parameters of one argument.
macro_rules! bind {
    (bytes $arg:ident $ptr:ident $len:ident) => {
        let ($ptr, $len) = ($arg.as_ptr() as u32, $arg.len() as u32);
    };
    ($number:tt $arg:ident $param:ident) => {
        let $param = $arg;
    };
}

// SAFETY, for all four: every pointer comes from a slice of this module's memory that outlives the call, with that slice's length;
// the host reads the shared ones, writes at most `cap` or `len` bytes into the exclusive one, and keeps none.
macro_rules! function {
    (reply ($out:ident $cap:ident) $name:ident ($($param:ident)*) ($($arg:ident: $akind:ident($($from:ident)*))*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind),)* reply: &mut [u8]) -> Option<usize> {
            $(bind!($akind $arg $($from)*);)*
            let ($out, $cap) = (reply.as_mut_ptr() as u32, reply.len() as u32);
            let length = unsafe { raw::$name($($param),*) };
            (length >= 0).then_some(length as usize)
        }
    };
    (copy ($out:ident $len:ident) $name:ident ($($param:ident)*) ($($arg:ident: $akind:ident($($from:ident)*))*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind),)* into: &mut [u8]) {
            $(bind!($akind $arg $($from)*);)*
            let ($out, $len) = (into.as_mut_ptr() as u32, into.len() as u32);
            unsafe { raw::$name($($param),*) }
        }
    };
    ($kind:ident () $name:ident ($($param:ident)*) ($($arg:ident: $akind:ident($($from:ident)*))*) $result:tt) => {
        pub(crate) fn $name($($arg: argument!($akind)),*) -> $result {
            $(bind!($akind $arg $($from)*);)*
            unsafe { raw::$name($($param),*) }
        }
    };
}

macro_rules! functions {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas $gas:tt;)*) => {
        #[allow(unsafe_code)]
        mod safe {
            use super::raw;
            $(function!($kind ($($($out)*)?) $name ($($param)*) ($($arg: $akind($($from)*))*) $result);)*
        }
    };
}
coffer_abi::host_functions!(functions);

pub(crate) use safe::*;
