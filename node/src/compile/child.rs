//! The compiler process, seen from the node: started for one module, fed, listened to, killed when its time is up. Not here: what it does
//! (`serve`). Invariant: a process that was started is waited for before `compile` returns, however that ends.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use coffer_runtime::engine::{CompileError, CompileRequest, Compiler, Slots};

use super::serve::{self, Order};

/// Bytes of what a process says on its error output that are kept.
const WORDS: u64 = 4 * 1024;
/// Signals that Linux sends for used up CPU time.
const SIGXCPU: i32 = 24;

/// Bounds of compiler processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Bytes of memory one may have.
    pub memory: u64,
    /// Seconds it may take, by the wall and in CPU time.
    pub seconds: u64,
    /// How many run at the same time; more wait, lanes in turn.
    pub at_once: u32,
}

impl Default for ChildLimits {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, |n| n.get() as u32);
        // One works in the background at times.
        Self { memory: 1 << 30, seconds: 30, at_once: (cores + 1).clamp(3, 8) }
    }
}

/// Compiles each module in a process of its own.
pub struct ChildProcess {
    program: PathBuf,
    limits: ChildLimits,
    turns: Slots,
    started: AtomicU64,
}

impl ChildProcess {
    /// A compiler in processes of `program`, which must be `coffer`.
    pub fn new(program: PathBuf, limits: ChildLimits) -> Self {
        // However much one lane asks for, there is a process for the others.
        let turns = Slots::new(limits.at_once, limits.at_once.saturating_sub(1));
        Self { program, limits, turns, started: AtomicU64::new(0) }
    }

    /// Processes started so far.
    pub fn started(&self) -> u64 {
        self.started.load(Ordering::Relaxed)
    }

    fn run(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        let mut child = self.command(request).spawn().map_err(|e| {
            let program = self.program.display();
            CompileError::Unavailable(format!("{program}: {e}"))
        })?;
        self.started.fetch_add(1, Ordering::Relaxed);
        let heard = thread::scope(|scope| {
            let heard = listen(scope, &mut child, request.module, Duration::from_secs(self.limits.seconds));
            // Its answer is there, or will never be. A process that ends by itself keeps the status it ends with.
            let _ = child.kill();
            heard.map(|Heard { answer, words }| (answer, words.join().unwrap_or_default()))
        });
        let status = child.wait().map_err(|e| CompileError::Crashed(format!("it cannot be waited for: {e}")))?;
        match heard.map_err(|e| CompileError::Unavailable(e.to_string()))? {
            (Some(Ok(code)), _) => Ok(code),
            (Some(Err(lacking)), words) => Err(self.why(status, &words, &lacking)),
            (None, _) => Err(CompileError::TooSlow(self.limits.seconds)),
        }
    }

    fn command(&self, request: &CompileRequest<'_>) -> Command {
        let ChildLimits { memory, seconds, .. } = self.limits;
        let order = Order { target: request.target, memory, seconds, background: request.background };
        let mut command = Command::new(&self.program);
        command.arg(serve::COMMAND).args(order.to_args());
        // Nothing of the node's environment, secrets above all, reaches it.
        command.env_clear().env("RAYON_NUM_THREADS", serve::THREADS.to_string()).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What a process without an answer died of.
    fn why(&self, status: ExitStatus, words: &str, lacking: &io::Error) -> CompileError {
        let words = words.trim();
        // What the allocator says before it aborts, and what the system says to who asks it for memory.
        if words.contains("memory allocation of") || words.contains("os error 12") {
            return CompileError::TooLarge(self.limits.memory);
        }
        if status.signal() == Some(SIGXCPU) {
            return CompileError::TooSlow(self.limits.seconds);
        }
        match status.code() {
            Some(serve::REFUSED) => CompileError::Refused(words.to_owned()),
            Some(0) => CompileError::Unavailable(format!("{} is not this program: {lacking}", self.program.display())),
            _ if words.is_empty() => CompileError::Crashed(status.to_string()),
            _ => CompileError::Crashed(format!("{status}: {words}")),
        }
    }
}

impl Compiler for ChildProcess {
    fn compile(&self, request: &CompileRequest<'_>) -> Result<Vec<u8>, CompileError> {
        let _turn = self.turns.take(request.lane);
        let started = Instant::now();
        let mut made = self.run(request);
        if let Err(error @ (CompileError::Crashed(_) | CompileError::Unavailable(_))) = &made {
            // A kill from outside or a shortage of the moment; what a module does to a compiler it does again.
            tracing::warn!(%error, "compiling contract code failed; trying once more");
            made = self.run(request);
        }
        let (bytes, took, backend) = (request.module.len(), started.elapsed(), request.target.backend);
        match &made {
            Ok(_) => {
                tracing::debug!(bytes, ?took, ?backend, purpose = ?request.target.purpose, "compiled contract code")
            }
            Err(error) => tracing::error!(%error, bytes, ?took, ?backend, "contract code cannot be compiled"),
        }
        made
    }
}

/// What a process told.
struct Heard<'scope> {
    /// Its answer, why that is none, or `None` when the time was up.
    answer: Option<io::Result<Vec<u8>>>,
    /// What it says on its error output until it ends.
    words: thread::ScopedJoinHandle<'scope, String>,
}

/// Feeds a process and waits for its answer.
fn listen<'scope>(
    scope: &'scope Scope<'scope, '_>,
    child: &mut Child,
    module: &'scope [u8],
    patience: Duration,
) -> io::Result<Heard<'scope>> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("the process has no pipes"));
    };
    let thread = || thread::Builder::new().name("coffer-compiler".into());
    // The process may end without having read all; what matters is its answer.
    thread().spawn_scoped(scope, move || drop(stdin.write_all(module)))?;
    let words = thread().spawn_scoped(scope, move || {
        let mut words = Vec::new();
        let mut stderr = stderr.take(WORDS);
        let _ = stderr.read_to_end(&mut words);
        // Read on, so that who talks much does not stop at a full pipe.
        let _ = io::copy(&mut stderr.into_inner(), &mut io::sink());
        String::from_utf8_lossy(&words).into_owned()
    })?;
    let (send, answer) = channel();
    thread().spawn_scoped(scope, move || send.send(serve::read_answer(stdout)))?;
    Ok(Heard { answer: answer.recv_timeout(patience).ok(), words })
}
