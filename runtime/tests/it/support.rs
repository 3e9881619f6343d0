//! What the tests of execution share: a runtime for each backend, modules from text, one call with everything set but what a test is
//! about. Invariant: every outcome is computed on both backends and compared before a test sees it.

use std::sync::OnceLock;

use coffer_abi::export::MethodKind;
use coffer_abi::{AccountId, ContractId, Gas, Hash, Height, StateId, Status, Time};
use coffer_runtime::{Backend, BlockContext, Call, Code, Config, Executed, MemoryState, Runtime};

/// The contract every test calls.
pub const CONTRACT: ContractId = ContractId([0xc0; 32]);
/// Gas that no short test uses up.
pub const PLENTY: u64 = 100_000_000;

/// One shared runtime a backend: an engine reserves much address space.
pub fn runtimes() -> &'static [Runtime; 2] {
    static RUNTIMES: OnceLock<[Runtime; 2]> = OnceLock::new();
    RUNTIMES.get_or_init(|| {
        [Backend::Winch, Backend::Cranelift]
            .map(|backend| Runtime::new(Config { backend, slots: 8, ..Config::default() }).expect("an engine"))
    })
}

/// A module on both backends.
pub struct Contract {
    codes: [Code; 2],
}

/// A call of `method` of `kind` with `input`.
pub fn call<'a>(kind: MethodKind, method: &'a str, input: &'a [u8]) -> Call<'a> {
    Call {
        kind,
        method,
        input,
        contract: CONTRACT,
        state_id: StateId([0x50; 32]),
        caller: AccountId([0xca; 32]),
        origin: AccountId([0x0a; 32]),
        block: BlockContext { height: Height(7), time: Time(1_700_000_000_000), chain_id: Hash([0x1d; 32]) },
        seed: Hash([0x5e; 32]),
        gas_limit: Gas(PLENTY),
    }
}

impl Contract {
    /// From WebAssembly text.
    pub fn wat(text: &str) -> Self {
        Self::wasm(&wat::parse_str(text).expect("sound text"))
    }

    /// From bytes.
    pub fn wasm(wasm: &[u8]) -> Self {
        Self { codes: runtimes().each_ref().map(|runtime| runtime.prepare(wasm).expect("a valid contract")) }
    }

    /// Executes on both backends.
    pub fn execute(&self, call: &Call<'_>, state: &MemoryState) -> Executed {
        let [winch, cranelift] = [0, 1].map(|i| runtimes()[i].execute(&self.codes[i], call, state).expect("no fault"));
        assert_eq!(winch, cranelift, "the backends differ");
        winch
    }

    /// Status of `call go` on an empty state with plenty of gas.
    pub fn go(&self) -> Status {
        self.execute(&call(MethodKind::Call, "go", b""), &MemoryState::default()).status
    }
}

/// A module whose method `call go` has this body, with all host functions imported by their names and one page of memory.
pub fn going(body: &str) -> String {
    module(&format!(r#"(func (export "call go") {body})"#))
}

/// A module with these definitions, all host functions imported by their names, and one page of memory.
pub fn module(definitions: &str) -> String {
    format!("(module {} (memory (export \"memory\") 1) {definitions})", imports())
}

/// Imports of all host functions, each as `$name`.
pub fn imports() -> String {
    use coffer_abi::host::{HOST_FUNCTIONS, MODULE, WasmType};
    let ty = |ty: &WasmType| match ty {
        WasmType::I32 => "i32",
        WasmType::I64 => "i64",
    };
    let import = |f: &coffer_abi::host::HostFunction| {
        let params: Vec<_> = f.params.iter().map(ty).collect();
        let result = f.result.as_ref().map_or(String::new(), |r| format!("(result {})", ty(r)));
        format!(r#"(import "{MODULE}" "{0}" (func ${0} (param {1}) {result}))"#, f.name, params.join(" "))
    };
    HOST_FUNCTIONS.iter().map(import).collect()
}
