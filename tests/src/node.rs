//! A real `coffer dev` or `coffer run` process: started, asked, killed, started again on the same data. Its output is kept and shown when the
//! test that owns it fails. Never left behind: dropping it kills it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::build;
use crate::namespaces;
use crate::rpc::Client;

/// How long a start or a clean stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a node is started.
#[derive(Clone, Debug, Default)]
pub struct Dev {
    data: Option<PathBuf>,
    seed: Option<u64>,
    rpc: Option<String>,
    args: Vec<String>,
    for_people: bool,
}

impl Dev {
    /// With fresh temporary data, keys drawn at random, on a port that the system picks.
    pub fn new() -> Self {
        Self::default()
    }

    /// On this data folder.
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_path_buf());
        self
    }

    /// With keys, ids and clock fixed by a seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Listening there.
    pub fn rpc(mut self, addr: &str) -> Self {
        self.rpc = Some(addr.into());
        self
    }

    /// With one more argument.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With the screen that a person sees, in place of one line of JSON.
    pub fn for_people(mut self) -> Self {
        self.for_people = true;
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it ends or stays silent instead; with all it wrote.
    pub fn start(&self) -> Node {
        self.try_start().unwrap_or_else(|ended| panic!("coffer dev did not start: {ended:?}"))
    }

    /// Starts it and waits until it answers or ends.
    ///
    /// # Errors
    /// What it left behind when it ended.
    ///
    /// # Panics
    /// When it neither answers nor ends in time.
    pub fn try_start(&self) -> Result<Node, Ended> {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        command.args(["dev", "--rpc", self.rpc.as_deref().unwrap_or("127.0.0.1:0")]);
        if !self.for_people {
            command.arg("--json");
        }
        if let Some(data) = &self.data {
            command.arg("--data").arg(data);
        }
        if let Some(seed) = self.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        command.args(&self.args);
        Node::spawn(command)
    }
}

/// Which program a node is started with.
#[derive(Clone, Debug, Default)]
pub struct Build {
    /// The program; the one built from the sources as they are if left out.
    pub program: Option<PathBuf>,
    /// The newest version of the protocol that it is to know, which only a debug build can be told.
    pub known: Option<u16>,
}

impl Build {
    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.program.clone().unwrap_or_else(build::coffer)
    }
}

/// How a node of a network of several is started.
#[derive(Clone, Debug)]
pub struct Run {
    config: PathBuf,
    host: Option<usize>,
    build: Build,
    environment: Vec<(OsString, OsString)>,
}

impl Run {
    /// With the settings of a file.
    pub fn config(file: &Path) -> Self {
        Self { config: file.to_path_buf(), host: None, build: Build::default(), environment: Vec::new() }
    }

    /// With that program.
    pub fn build(mut self, build: &Build) -> Self {
        self.build = build.clone();
        self
    }

    /// On one of the hosts.
    pub fn on(mut self, host: Option<usize>) -> Self {
        self.host = host;
        self
    }

    /// With this in its environment.
    pub fn environment(mut self, more: &[(OsString, OsString)]) -> Self {
        self.environment.extend_from_slice(more);
        self
    }

    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it ends or stays silent instead; with all it wrote.
    pub fn start(&self) -> Node {
        self.try_start().unwrap_or_else(|ended| panic!("coffer run did not start: {ended:?}"))
    }

    /// Starts it and waits until it answers or ends.
    ///
    /// # Errors
    /// What it left behind when it ended.
    ///
    /// # Panics
    /// When it neither answers nor ends in time.
    pub fn try_start(&self) -> Result<Node, Ended> {
        Node::spawn(self.command())
    }

    /// Starts it, and waits for nothing. Its log tells more than usually.
    ///
    /// # Panics
    /// When there is no such process.
    pub fn begin(&self) -> Begun {
        let mut command = self.command();
        command.args(["--log", "warn,coffer=debug"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        let (send, lines) = channel();
        if let Some(pipe) = child.stderr.take() {
            let lines = BufReader::new(pipe).lines().map_while(Result::ok);
            std::thread::spawn(move || lines.map(|line| send.send(line)).take_while(Result::is_ok).count());
        }
        Begun { child, lines, seen: Mutex::default() }
    }

    fn command(&self) -> Command {
        let program = self.build.path();
        let mut command = self.host.map_or_else(|| Command::new(&program), |n| namespaces::command(n, &program));
        build::clean(&mut command);
        command.args(["run", "--json", "--config"]).arg(&self.config).envs(self.environment.iter().cloned());
        if let Some(known) = self.build.known {
            command.env("COFFER_KNOWN_VERSION", known.to_string());
        }
        command
    }
}

/// A process that may not be ready for long. Dropping it kills it.
pub struct Begun {
    child: Child,
    lines: Receiver<String>,
    seen: Mutex<String>,
}

impl Begun {
    /// Waits until a line of its log has these words.
    ///
    /// # Panics
    /// When none comes in time.
    pub fn until(&self, words: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let line = line.unwrap_or_else(|e| panic!("no {words:?} in the log: {e}\n{seen}"));
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(words) {
                return;
            }
        }
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) -> Ended {
        let _ = self.child.kill();
        let status = self.child.wait().unwrap_or_else(|e| panic!("the process is lost: {e}"));
        let mut stderr = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.lines.iter().for_each(|line| {
            stderr.push_str(&line);
            stderr.push('\n');
        });
        Ended { status, stderr }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an ended process left behind.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote to its error output.
    pub stderr: String,
}

/// A running node.
pub struct Node {
    child: Child,
    addr: SocketAddr,
    /// The line it wrote when it was ready: `rpc`, `data`, `tenants`, `accounts`. `Null` on the screen for people.
    pub ready: Value,
    /// The lines it had written when it was ready.
    pub screen: Vec<String>,
    lines: Receiver<String>,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Node {
    /// `coffer run` with these words, on a port that the system picks; waits until it answers.
    ///
    /// # Panics
    /// When it ends or stays silent instead; with all it wrote.
    pub fn run(args: &[&str]) -> Self {
        let mut command = Command::new(build::coffer());
        build::clean(&mut command);
        command.args(["run", "--rpc", "127.0.0.1:0", "--json"]).args(args);
        Self::spawn(command).unwrap_or_else(|ended| panic!("coffer run did not start: {ended:?}"))
    }

    fn spawn(mut command: Command) -> Result<Self, Ended> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?} does not start: {e}"));
        let (send, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            std::thread::spawn(move || lines.map(|line| send.send(line)).take_while(Result::is_ok).count());
        }
        let stderr = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|pipe| {
            let kept = Arc::clone(&stderr);
            std::thread::spawn(move || keep(pipe, &kept))
        });
        let addr = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut node = Self { child, addr, ready: Value::Null, screen: Vec::new(), lines, stderr, reader };
        loop {
            match node.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    node.ready = serde_json::from_str(&line).unwrap_or(Value::Null);
                    let url = node.ready["rpc"].as_str().or(line.strip_prefix("Coffer is ready on "));
                    let addr = url.and_then(|url| url.strip_prefix("http://")?.split_whitespace().next());
                    let addr = addr.map(|addr| addr.parse().unwrap_or_else(|e| panic!("{line}: {e}")));
                    node.screen.push(line);
                    if let Some(addr) = addr {
                        node.addr = addr;
                        return Ok(node);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(node.ended()),
                Err(RecvTimeoutError::Timeout) => panic!("coffer was not ready after {PATIENCE:?}"),
            }
        }
    }

    /// Somebody who talks to it and names no private state.
    pub fn client(&self) -> Client {
        Client::new(self.addr)
    }

    /// Somebody in a private state, acting as the account `alice`.
    pub fn tenant(&self, psi: &str) -> Client {
        self.client().psi(psi).from("alice")
    }

    /// Waits until every private state has executed what the chain had ordered by now. After a kill they may trail the chain.
    ///
    /// # Panics
    /// When they do not get there in time.
    pub fn settled(self) -> Self {
        let started = Instant::now();
        while self.client().call("psi_trieRoot", json!({}))["sealed"] != true {
            assert!(started.elapsed() < PATIENCE, "private states trail the chain for {PATIENCE:?}");
        }
        self
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The id of a named test account.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn account(&self, name: &str) -> String {
        let id = self.ready["accounts"][name].as_str();
        id.unwrap_or_else(|| panic!("no account {name} in {}", self.ready)).into()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All it wrote to its error output so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(mut self) -> Ended {
        let _ = self.child.kill();
        self.ended()
    }

    /// Sends it the signal of Ctrl-C and waits until it has ended.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn stop(self) -> Ended {
        let signal = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status();
        assert!(signal.is_ok_and(|s| s.success()), "the signal could not be sent");
        self.end()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn end(mut self) -> Ended {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return self.ended(),
                Err(RecvTimeoutError::Timeout) => panic!("coffer went on for {PATIENCE:?}"),
            }
        }
    }

    /// Waits for a process that is known to end, and for the last it wrote.
    fn ended(&mut self) -> Ended {
        let status = self.child.wait().unwrap_or_else(|e| panic!("the process is lost: {e}"));
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        Ended { status, stderr: self.stderr() }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.ended();
        if std::thread::panicking() {
            let text = self.stderr();
            let from = text.floor_char_boundary(text.len().saturating_sub(16 * 1024));
            std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("--- coffer wrote:\n{}\n---\n", &text[from..]).as_bytes(),
            )
            .ok();
        }
    }
}

/// Appends what a pipe gives to `kept` until it is closed.
fn keep(mut pipe: impl Read, kept: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = pipe.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
    }
}
