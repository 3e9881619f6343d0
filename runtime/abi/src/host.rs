//! THE host function table. Guest externs, host dispatch, the native seam, gas of host calls and docs/GAS.md are all made from it.
//! Lengths come first, then the host copies into guest memory: the host never calls back into the guest's allocator.
//! Invariant: a row is never changed after release; a new function is a new row, a changed one a new ABI version.
//!
//! A row reads: Wasm parameters and result; how the host sees them (`bytes(ptr, len)` is a slice of guest memory, `value(x)` a
//! plain number of 32 bits, `wide(x)` one of 64); what comes back (`none`, `value`, or `reply(out, cap)`); gas as base + per byte.
//!
//! `reply(out, cap)`: the host keeps the bytes as this frame's reply, copies them to `out` if they fit into `cap`, and returns their
//! length, or -1 for "nothing there". When they did not fit, the guest allocates and fetches them with `reply_read`.
//! The bytes of all slices are paid before the work, those of a reply after it (a reply is bounded).
//!
//! A contract imports the functions with the types of the table. The metering pass adds one i64 to each: the gas left goes in as the last
//! parameter and comes back as the last result, so that counting crosses the border in registers.

/// Key derivation context of the seeded generator: BLAKE3's extendable output over the seed and the number of the request, 8 bytes
/// little endian (BLAKE3 paper, section 2.6).
pub const GENERATOR_CONTEXT: &str = "coffer v1 seeded generator";

/// Import module of the host functions; the number is [`crate::ABI_VERSION`].
pub const MODULE: &str = "coffer_1";

/// Prices are in units of about 0.2 ns on the machine of docs/PERFORMANCE.md, by the benchmarks `calibration` and `commit`. A write or an
/// event is paid for when it is made, but most of its work comes later: the trie, sealing, the log, the database.
///
/// Calls `$callback! { rows }`. Each row:
/// `"doc" fn name(wasm_param: type, …) -> wasm_result; host(arg: kind(param, …), …) -> return_kind; gas(base, per_byte);`
#[macro_export]
macro_rules! host_functions {
    ($callback:ident) => {
        $callback! {
            "The arguments of this call."
            fn input(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "Copies the last reply, from its byte `from` on, into `len` bytes at `out`."
            fn reply_read(from: u32, out: u32, len: u32) -> (); host(from: value(from)) -> copy(out, len); gas(100, 1);

            "Sets the result of this call. Once; not after `error`."
            fn output(ptr: u32, len: u32) -> (); host(data: bytes(ptr, len)) -> none; gas(100, 1);

            "Ends this call as a contract error: `code` is the variant's index, `data` the encoded error. Once; not after `output`. The method returns by itself."
            fn error(code: u32, ptr: u32, len: u32) -> (); host(code: value(code), data: bytes(ptr, len)) -> none; gas(100, 1);

            "Ends the call at once with a text."
            fn panic(ptr: u32, len: u32) -> (); host(text: bytes(ptr, len)) -> none; gas(100, 1);

            "The value stored under a key, or -1."
            fn storage_get(key: u32, key_len: u32, out: u32, cap: u32) -> i64; host(key: bytes(key, key_len)) -> reply(out, cap); gas(10_000, 2);

            "Stores a value under a key. The first byte of a key is its kind: 0 plain, 1 ordered (visited by scans)."
            fn storage_set(key: u32, key_len: u32, value: u32, value_len: u32) -> (); host(key: bytes(key, key_len), value: bytes(value, value_len)) -> none; gas(80_000, 10);

            "Removes a key; 1 if there was a value, else 0."
            fn storage_remove(key: u32, key_len: u32) -> u32; host(key: bytes(key, key_len)) -> value; gas(80_000, 10);

            "A page of entries whose ordered key starts with `prefix`, in byte order, after the key `after` (empty: from the start), at most `limit`. Each entry: u32 key length, key, u32 value length, value, little-endian. -1: no entry left."
            fn storage_scan(prefix: u32, prefix_len: u32, after: u32, after_len: u32, limit: u32, out: u32, cap: u32) -> i64; host(prefix: bytes(prefix, prefix_len), after: bytes(after, after_len), limit: value(limit)) -> reply(out, cap); gas(20_000, 4);

            "Emits an event under the name it has in the spec."
            fn event(name: u32, name_len: u32, data: u32, data_len: u32) -> (); host(name: bytes(name, name_len), data: bytes(data, data_len)) -> none; gas(40_000, 4);

            "The account or contract that made this call, 32 bytes; zeros for an anonymous view."
            fn caller(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "The account that signed the transaction, 32 bytes; zeros for an anonymous view."
            fn origin(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "This contract's own id, 32 bytes."
            fn own_id(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "The id of the state this contract lives in, 32 bytes."
            fn state_id(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "The chain's id, 32 bytes: the hash of its genesis."
            fn chain_id(out: u32, cap: u32) -> i64; host() -> reply(out, cap); gas(100, 1);

            "Height of the block that contains the transaction."
            fn block_height() -> u64; host() -> value; gas(100, 0);

            "Time of that block in milliseconds since 1970-01-01 UTC."
            fn block_time() -> u64; host() -> value; gas(100, 0);

            "BLAKE3 of some bytes, 32 bytes."
            fn hash_blake3(ptr: u32, len: u32, out: u32, cap: u32) -> i64; host(data: bytes(ptr, len)) -> reply(out, cap); gas(400, 2);

            "SHA-256 of some bytes, 32 bytes."
            fn hash_sha256(ptr: u32, len: u32, out: u32, cap: u32) -> i64; host(data: bytes(ptr, len)) -> reply(out, cap); gas(400, 8);

            "Calls a method of kind `call` of another contract in this state. `gas` bounds what it may use; u64::MAX: all but a 64th of what is left. The reply is the encoded outcome (`Status`) of the callee, whose writes and events are undone unless it is ok. Traps in a view."
            fn call(contract: u32, contract_len: u32, method: u32, method_len: u32, input: u32, input_len: u32, gas: u64, out: u32, cap: u32) -> i64; host(contract: bytes(contract, contract_len), method: bytes(method, method_len), input: bytes(input, input_len), gas: wide(gas)) -> reply(out, cap); gas(2_000, 1);

            "Calls a method of kind `view` of another contract, in this state or, from a private one, in the public state at the same position. Otherwise as `call`."
            fn view(contract: u32, contract_len: u32, method: u32, method_len: u32, input: u32, input_len: u32, gas: u64, out: u32, cap: u32) -> i64; host(contract: bytes(contract, contract_len), method: bytes(method, method_len), input: bytes(input, input_len), gas: wide(gas)) -> reply(out, cap); gas(2_000, 1);

            "Makes a contract of code that this state holds already (`code`: its hash), runs its `init` with `input`, and replies with the encoded outcome followed by the new id, 32 bytes. `salt`, 32 bytes, makes the ids of several instances differ. Gas as in `call`. Traps in a view."
            fn create(code: u32, code_len: u32, salt: u32, salt_len: u32, input: u32, input_len: u32, gas: u64, out: u32, cap: u32) -> i64; host(code: bytes(code, code_len), salt: bytes(salt, salt_len), input: bytes(input, input_len), gas: wide(gas)) -> reply(out, cap); gas(100_000, 1);

            "Checks an Ed25519 signature (64 bytes) of some bytes under a public key (32 bytes), strictly: no key or point of small order. 1 if it holds, else 0."
            fn verify_ed25519(key: u32, key_len: u32, signature: u32, signature_len: u32, message: u32, message_len: u32) -> u32; host(key: bytes(key, key_len), signature: bytes(signature, signature_len), message: bytes(message, message_len)) -> value; gas(200_000, 4);

            "The next `len` bytes of a generator seeded with the transaction's id, alike on every node. Anyone can compute them once the transaction is known and its sender can choose among ids, so they keep no secret and decide no lottery."
            fn random(len: u32, out: u32, cap: u32) -> i64; host(len: value(len)) -> reply(out, cap); gas(600, 2);

            "A line for the developer's log. It has no effect on anything else."
            fn log(ptr: u32, len: u32) -> (); host(text: bytes(ptr, len)) -> none; gas(100, 2);
        }
    };
}

/// A Wasm value type of the host ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WasmType {
    /// `i32`.
    I32,
    /// `i64`.
    I64,
}

/// One row of the table, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// Import name in [`MODULE`].
    pub name: &'static str,
    /// One sentence for docs/GAS.md.
    pub doc: &'static str,
    /// Wasm parameters, in order.
    pub params: &'static [WasmType],
    /// Wasm result.
    pub result: Option<WasmType>,
    /// Gas of any call.
    pub gas_base: u64,
    /// Gas of each byte that goes in or out.
    pub gas_per_byte: u64,
}

macro_rules! wasm_type {
    (u32) => {
        WasmType::I32
    };
    (u64) => {
        WasmType::I64
    };
    (i64) => {
        WasmType::I64
    };
}

macro_rules! wasm_result {
    (()) => {
        None
    };
    ($ty:tt) => {
        Some(wasm_type!($ty))
    };
}

macro_rules! table {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host $args:tt -> $kind:ident $(($($out:ident),*))?; gas($base:literal, $per_byte:literal);)*) => {
        /// Every host function, in the order of the table.
        pub const HOST_FUNCTIONS: &[HostFunction] = &[$(HostFunction {
            name: stringify!($name),
            doc: $doc,
            params: &[$(wasm_type!($ty)),*],
            result: wasm_result!($result),
            gas_base: $base,
            gas_per_byte: $per_byte,
        }),*];
    };
}
host_functions!(table);

macro_rules! host_argument {
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

macro_rules! host_result {
    (reply) => { Option<usize> };
    (copy) => { () };
    (none) => { () };
    (value) => { u64 };
}

macro_rules! host_trait {
    ($($doc:literal fn $name:ident($($param:ident: $ty:tt),*) -> $result:tt; host($($arg:ident: $akind:ident($($from:ident),*)),*) -> $kind:ident $(($($out:ident),*))?; gas($base:literal, $per_byte:literal);)*) => {
        /// The host's side of the table, without Wasm: the runtime implements it over a call's frames, a native test over a mock.
        /// Gas and pointers are dealt with before a method is called. A method must be deterministic. `Halt` ends the call
        /// (a trap, a panic) or reports a fault of the node.
        pub trait HostFunctions {
            /// Why the call cannot go on.
            type Halt;
            /// The bytes of the last `reply`.
            fn reply(&self) -> &[u8];
            $(
                #[doc = $doc]
                /// # Errors
                /// Whatever ends the call.
                fn $name(&mut self $(, $arg: host_argument!($akind))*) -> Result<host_result!($kind), Self::Halt>;
            )*
        }
    };
}
host_functions!(host_trait);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_small_and_has_unique_names() {
        assert!(HOST_FUNCTIONS.len() < 30);
        for (i, f) in HOST_FUNCTIONS.iter().enumerate() {
            assert!(HOST_FUNCTIONS[..i].iter().all(|g| g.name != f.name), "{} stands twice", f.name);
        }
        assert_eq!(MODULE, alloc::format!("coffer_{}", crate::ABI_VERSION));
    }
}
