//! What a compiler process does: takes its bounds, reads a module from its standard input, writes native code to its standard output.
//! It knows no settings, no folder and no network. Invariant: before it reads a byte of the module, it cannot open any file or
//! connection, and has bounds on memory and CPU time.

use std::io::{self, Read, Write};

use coffer_runtime::engine::{CompileError, Target, Tuning, compile};
use coffer_runtime::{Backend, Purpose};
use rustix::process::{Resource, Rlimit, setrlimit};

/// Name of the command, which is not for people.
pub const COMMAND: &str = "compile-code";
/// Threads it compiles with: more would take more memory for little time.
pub(super) const THREADS: u32 = 4;
/// Exit code of a process whose compiler refused the module.
pub(super) const REFUSED: i32 = 3;

/// Bytes of a module it reads: far above what the chain's caps allow an instrumented one.
const MAX_MODULE: u64 = 64 << 20;
/// Bytes of native code it answers with.
const MAX_CODE: u64 = 512 << 20;
/// First bytes of an answer.
const MAGIC: &[u8; 16] = b"coffer code v1\r\n";
/// How much a process for which nobody waits stands back.
const NICE: i32 = 10;

/// What to compile for, and within which bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What for.
    pub target: Target,
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of CPU time.
    pub seconds: u64,
    /// True if nobody waits.
    pub background: bool,
}

impl Order {
    /// The command's arguments.
    pub(super) fn to_args(self) -> Vec<String> {
        let Self { target: Target { purpose, backend, tuning }, memory, seconds, background } = self;
        let purpose = match purpose {
            Purpose::Execute => "execute",
            Purpose::Query => "query",
        };
        let backend = match backend {
            Backend::Winch => "winch",
            Backend::Cranelift => "cranelift",
        };
        let (memory, seconds) = (memory.to_string(), seconds.to_string());
        let switches = [tuning.copy_on_write, tuning.pooling, tuning.parallel, background].map(|on| on.to_string());
        [purpose.into(), backend.into(), memory, seconds].into_iter().chain(switches).collect()
    }

    /// The order that the command's arguments give.
    ///
    /// # Errors
    /// [`ServeError::Arguments`] for anything but what a node of this version passes.
    pub fn from_args(args: &[String]) -> Result<Self, ServeError> {
        let wrong = || ServeError::Arguments(args.join(" "));
        let [purpose, backend, memory, seconds, copy_on_write, pooling, parallel, background] = args else {
            return Err(wrong());
        };
        let switch = |text: &String| text.parse::<bool>().map_err(|_| wrong());
        let number = |text: &String| text.parse::<u64>().map_err(|_| wrong());
        let purpose = match purpose.as_str() {
            "execute" => Purpose::Execute,
            "query" => Purpose::Query,
            _ => return Err(wrong()),
        };
        let backend = match backend.as_str() {
            "winch" => Backend::Winch,
            "cranelift" => Backend::Cranelift,
            _ => return Err(wrong()),
        };
        let tuning = Tuning {
            copy_on_write: switch(copy_on_write)?,
            pooling: switch(pooling)?,
            parallel: switch(parallel)?,
            backtraces: false,
        };
        Ok(Self {
            target: Target { purpose, backend, tuning },
            memory: number(memory)?,
            seconds: number(seconds)?,
            background: switch(background)?,
        })
    }
}

/// Why a compiler process has no answer. Its text goes to the node through the error output.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The command was called by something else than a node.
    #[error("`{COMMAND}` is called by a node, not by people; it does not know these arguments: {0}")]
    Arguments(String),
    /// The system does not give the bounds asked for.
    #[error("the bounds of a compiler process cannot be set: {0}")]
    Bounds(#[from] rustix::io::Errno),
    /// The pipes.
    #[error("the node is gone: {0}")]
    Pipe(#[from] io::Error),
    /// The compiler.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl ServeError {
    /// Exit code that tells the node which it is.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Compile(CompileError::Refused(_)) => REFUSED as u8,
            _ => 1,
        }
    }
}

/// Compiles one module: this process's whole life.
///
/// # Errors
/// [`ServeError`]; the process ends with its text and code.
pub fn serve(order: &Order) -> Result<(), ServeError> {
    bound(order)?;
    let mut module = Vec::new();
    io::stdin().lock().take(MAX_MODULE).read_to_end(&mut module)?;
    let code = compile(&order.target, &module)?;
    write_answer(&mut io::stdout().lock(), &code)?;
    Ok(())
}

/// Gives up what a compiler does not need.
fn bound(order: &Order) -> Result<(), ServeError> {
    let most = |resource, value| setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
    most(Resource::Core, 0)?;
    // Pipes are not files: the answer still goes out.
    most(Resource::Fsize, 0)?;
    // No new descriptor: no file, no connection, no process to talk to.
    most(Resource::Nofile, 0)?;
    // A second later the kernel kills; the signal before it says why.
    let seconds = order.seconds.max(1);
    setrlimit(Resource::Cpu, Rlimit { current: Some(seconds), maximum: Some(seconds.saturating_add(1)) })?;
    // What can be written to, mapped or on the heap. The address space as a whole is no measure: threads reserve much and use little.
    most(Resource::Data, order.memory)?;
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    if order.background {
        rustix::process::nice(NICE)?;
    }
    Ok(())
}

fn write_answer(out: &mut impl Write, code: &[u8]) -> io::Result<()> {
    out.write_all(MAGIC)?;
    out.write_all(&(code.len() as u64).to_le_bytes())?;
    out.write_all(code)?;
    out.flush()
}

/// Reads an answer.
///
/// # Errors
/// When it is cut short, too long, or none.
pub(super) fn read_answer(mut from: impl Read) -> io::Result<Vec<u8>> {
    let (mut magic, mut len) = ([0; 16], [0; 8]);
    from.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it answers with something else"));
    }
    from.read_exact(&mut len)?;
    let len = u64::from_le_bytes(len);
    if len > MAX_CODE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("its answer has {len} bytes")));
    }
    let mut code = Vec::new();
    from.take(len).read_to_end(&mut code)?;
    if code.len() as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_survives_the_command_line_and_nothing_else_does() {
        for bits in 0..64_u64 {
            let on = |bit: u32| bits & 1 << bit != 0;
            let target = Target {
                purpose: if on(0) { Purpose::Execute } else { Purpose::Query },
                backend: if on(1) { Backend::Winch } else { Backend::Cranelift },
                tuning: Tuning { copy_on_write: on(2), pooling: on(3), parallel: on(4), backtraces: false },
            };
            let order = Order { target, memory: bits << 30, seconds: bits, background: on(5) };
            assert_eq!(Order::from_args(&order.to_args()).unwrap(), order);
            let short = &order.to_args()[1..];
            assert!(Order::from_args(short).unwrap_err().to_string().contains("not by people"));
        }
    }

    #[test]
    fn an_answer_cut_short_or_of_another_program_is_none() {
        let mut answer = Vec::new();
        write_answer(&mut answer, b"native code").unwrap();
        assert_eq!(read_answer(&*answer).unwrap(), b"native code");
        for len in 0..answer.len() {
            assert!(read_answer(&answer[..len]).is_err(), "{len}");
        }
        assert!(read_answer(&b"Usage: coffer [OPTIONS] <COMMAND>"[..]).is_err());
        let endless = [&MAGIC[..], &u64::MAX.to_le_bytes()].concat();
        assert!(read_answer(&*endless).unwrap_err().to_string().contains("bytes"));
    }
}
