//! A contestant runs in a process of its own, so that what it writes, computes and holds can be told apart, and so that it can be killed.
//! Both sides of the pipe are here: a line of JSON asks for work, a line answers. Invariant: a worker is idle unless asked, down to what it
//! left for its threads and for the kernel to write.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::peer::{Kind, Peer, Proofs};
use crate::work::{Block, Shape, World};

/// How long a process is watched to say that it does nothing.
const QUIET: Duration = Duration::from_millis(150);
/// Changes compared when contents are checked.
const SAMPLE: usize = 20_000;

#[derive(Serialize, Deserialize)]
enum Task {
    Open,
    Fill,
    Turn {
        blocks: u32,
    },
    Read {
        count: usize,
    },
    Prove {
        count: usize,
    },
    /// Closes the state and opens it again.
    Close,
    Check,
    /// Opens what a killed process left, after so many blocks were acknowledged.
    Recover {
        blocks: u32,
    },
    /// Stores blocks until the process is killed.
    Run,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    Done,
    Opened(f64),
    Turn(Turn),
    Read(Reads),
    Proofs(Option<Proofs>),
    Closed(Closed),
    Checked(Checked),
    Recovered(Recovered),
    /// One block of [`Task::Run`].
    Stored,
    Failed(String),
}

/// Some blocks in a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turn {
    /// Milliseconds until each was on the disk.
    pub blocks: Vec<f64>,
    /// Milliseconds the process went on working after the last one.
    pub left: f64,
    /// Milliseconds of processor time, all threads, for all of them.
    pub cpu: f64,
    /// Bytes given to the disk for all of them.
    pub written: f64,
    pub root: Option<[u8; 32]>,
}

/// Nanoseconds a read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Reads {
    pub present: f64,
    pub absent: f64,
}

/// What was put off until the state was closed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Closed {
    pub milliseconds: f64,
    /// Bytes given to the disk.
    pub written: f64,
}

/// What a check of contents and roots came to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Checked {
    /// True if roots were made anew and found equal.
    pub roots: bool,
    /// Peak of memory, bytes.
    pub memory: f64,
}

/// What was found after a kill.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Recovered {
    pub milliseconds: f64,
    /// Blocks found; the acknowledged ones, or one more.
    pub blocks: u32,
}

/// The far side, in the hands of the one who measures.
pub struct Worker {
    kind: Kind,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

macro_rules! ask {
    ($self:ident, $task:expr, $answer:pat => $value:expr) => {
        match $self.ask($task)? {
            $answer => Ok($value),
            _ => Err($self.ended()),
        }
    };
}

impl Worker {
    /// Starts this program again as the worker of one contestant.
    pub fn start(kind: Kind, folder: &Path, shape: Shape) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--worker", kind.name(), &serde_json::to_string(&shape)?]).arg(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let to = child.stdin.take().ok_or("no pipe to the worker")?;
        let from = BufReader::new(child.stdout.take().ok_or("no pipe from the worker")?);
        Ok(Self { kind, child, to, from })
    }

    /// Milliseconds to open the folder.
    pub fn open(&mut self) -> Result<f64, Failure> {
        ask!(self, &Task::Open, Answer::Opened(time) => time)
    }

    pub fn fill(&mut self) -> Result<(), Failure> {
        ask!(self, &Task::Fill, Answer::Done => ())
    }

    pub fn turn(&mut self, blocks: u32) -> Result<Turn, Failure> {
        ask!(self, &Task::Turn { blocks }, Answer::Turn(turn) => turn)
    }

    pub fn read(&mut self, count: usize) -> Result<Reads, Failure> {
        ask!(self, &Task::Read { count }, Answer::Read(reads) => reads)
    }

    pub fn prove(&mut self, count: usize) -> Result<Option<Proofs>, Failure> {
        ask!(self, &Task::Prove { count }, Answer::Proofs(proofs) => proofs)
    }

    pub fn close(&mut self) -> Result<Closed, Failure> {
        ask!(self, &Task::Close, Answer::Closed(closed) => closed)
    }

    pub fn check(&mut self) -> Result<Checked, Failure> {
        ask!(self, &Task::Check, Answer::Checked(checked) => checked)
    }

    pub fn recover(&mut self, blocks: u32) -> Result<Recovered, Failure> {
        ask!(self, &Task::Recover { blocks }, Answer::Recovered(found) => found)
    }

    /// Lets it store blocks and kills it in the middle of one, `later` after it acknowledged `blocks`. Gives how many it acknowledged.
    pub fn kill_after(mut self, blocks: u32, later: Duration) -> Result<u32, Failure> {
        writeln!(self.to, "{}", serde_json::to_string(&Task::Run)?)?;
        let mut stored = 0;
        while stored < blocks {
            match self.answer()? {
                Answer::Stored => stored += 1,
                _ => return Err(self.ended()),
            }
        }
        std::thread::sleep(later);
        self.child.kill()?;
        self.child.wait()?;
        while let Ok(Answer::Stored) = self.answer() {
            stored += 1;
        }
        Ok(stored)
    }

    fn ask(&mut self, task: &Task) -> Result<Answer, Failure> {
        writeln!(self.to, "{}", serde_json::to_string(task)?)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Answer, Failure> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        match serde_json::from_str(&line).map_err(|_| self.ended())? {
            Answer::Failed(cause) => Err(format!("{}: {cause}", self.kind.name()).into()),
            answer => Ok(answer),
        }
    }

    fn ended(&self) -> Failure {
        format!("the worker of {} ended", self.kind.name()).into()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Also ends a worker in the middle of some work.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The near side.
struct Near {
    kind: Kind,
    folder: PathBuf,
    world: World,
    peer: Option<Box<dyn Peer>>,
}

/// Does what it is asked until the pipe closes.
pub fn serve(kind: Kind, shape: Shape, folder: PathBuf) -> Result<(), Failure> {
    let mut near = Near { kind, folder, world: World::new(shape), peer: None };
    for line in std::io::stdin().lock().lines() {
        let task = serde_json::from_str(&line?)?;
        let answer = near.act(task).unwrap_or_else(|cause| Answer::Failed(cause.to_string()));
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Answer) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(answer)?)?;
    Ok(out.flush()?)
}

impl Near {
    fn act(&mut self, task: Task) -> Result<Answer, Failure> {
        Ok(match task {
            Task::Open => Answer::Opened(self.open()?),
            Task::Fill => {
                while let Some(block) = self.world.fill() {
                    self.peer()?.block(block)?;
                }
                settle(&self.folder)?;
                Answer::Done
            }
            Task::Turn { blocks } => Answer::Turn(self.turn(blocks)?),
            Task::Read { count } => Answer::Read(self.read(count)?),
            Task::Prove { count } => {
                let asked = self.world.sample(count, 11);
                Answer::Proofs(self.peer()?.prove(&asked)?)
            }
            Task::Close => {
                let (begun, written) = (Instant::now(), written()?);
                self.peer = None;
                let milliseconds = begun.elapsed().as_secs_f64() * 1e3 + settle(&self.folder)?;
                let closed = Closed { milliseconds, written: self::written()? - written };
                self.open()?;
                Answer::Closed(closed)
            }
            Task::Check => {
                let sample = self.world.sample(SAMPLE, 13);
                self.compare(&sample)?;
                let tries = self.world.shape().tries;
                let tries: Vec<_> = (0..tries).step_by((tries / 20).max(1) as usize).collect();
                let roots = self.open_peer()?.check_roots(&self.world, &tries)?.is_some();
                Answer::Checked(Checked { roots, memory: memory()? })
            }
            Task::Recover { blocks } => Answer::Recovered(self.recover(blocks)?),
            Task::Run => loop {
                let block = self.world.block();
                self.peer()?.block(block)?;
                say(&Answer::Stored)?;
            },
        })
    }

    fn open(&mut self) -> Result<f64, Failure> {
        let begun = Instant::now();
        self.peer = Some(self.kind.open(&self.folder, self.world.shape())?);
        Ok(begun.elapsed().as_secs_f64() * 1e3)
    }

    fn peer(&mut self) -> Result<&mut Box<dyn Peer>, Failure> {
        Ok(self.peer.as_mut().ok_or("not open")?)
    }

    fn open_peer(&self) -> Result<&dyn Peer, Failure> {
        Ok(self.peer.as_deref().ok_or("not open")?)
    }

    fn turn(&mut self, count: u32) -> Result<Turn, Failure> {
        let work: Vec<_> = (0..count).map(|_| self.world.block()).collect();
        let (cpu, written) = (ProcessTime::now(), written()?);
        let mut turn = Turn { blocks: Vec::new(), left: 0.0, cpu: 0.0, written: 0.0, root: None };
        for block in work {
            let took = self.peer()?.block(block)?;
            turn.blocks.push(took.milliseconds);
            turn.root = took.root;
        }
        turn.left = settle(&self.folder)?;
        turn.cpu = cpu.elapsed().as_secs_f64() * 1e3;
        turn.written = self::written()? - written;
        Ok(turn)
    }

    fn read(&mut self, count: usize) -> Result<Reads, Failure> {
        let sample = self.world.sample(count, 17);
        let keys: Vec<_> = sample.iter().map(|write| (write.trie, write.key)).collect();
        let bytes: usize = sample.iter().map(|write| write.value.len()).sum();
        let mut found = 0;
        let begun = Instant::now();
        self.peer()?.read(&keys, &mut |value| found += value.map_or(0, |value| value.len()))?;
        let present = begun.elapsed().as_secs_f64() * 1e9 / count as f64;
        if found != bytes {
            return Err(format!("{found} bytes were read for {bytes}").into());
        }
        let keys = self.world.absent(count / 10);
        let begun = Instant::now();
        self.peer()?.read(&keys, &mut |value| found += value.map_or(0, |value| value.len()))?;
        let absent = begun.elapsed().as_secs_f64() * 1e9 / keys.len() as f64;
        if found != bytes {
            return Err("something was read where nothing is".into());
        }
        Ok(Reads { present, absent })
    }

    /// All of these stand as they are.
    fn compare(&mut self, writes: &Block) -> Result<(), Failure> {
        let wrong = self.differing(writes)?;
        if wrong == 0 { Ok(()) } else { Err(format!("{wrong} of {} values are wrong", writes.len()).into()) }
    }

    fn differing(&mut self, writes: &Block) -> Result<usize, Failure> {
        let keys: Vec<_> = writes.iter().map(|write| (write.trie, write.key)).collect();
        let (mut expected, mut wrong) = (writes.iter(), 0);
        self.peer()?.read(&keys, &mut |value| {
            let same = expected.next().is_some_and(|write| value == Some(&write.value[..]));
            wrong += usize::from(!same);
        })?;
        Ok(wrong)
    }

    fn recover(&mut self, acknowledged: u32) -> Result<Recovered, Failure> {
        while self.world.fill().is_some() {}
        let mut last = Vec::new();
        for _ in 0..acknowledged {
            last = self.world.block();
        }
        let milliseconds = self.open()?;
        let mut blocks = acknowledged;
        // The one that was under way is there as a whole or not at all.
        let mut next = self.world.clone();
        let under_way = next.block();
        match self.differing(&under_way)? {
            0 => {
                self.world = next;
                blocks += 1;
            }
            wrong if wrong == under_way.len() => self.compare(&last)?,
            wrong => return Err(format!("{wrong} of {} changes of the last block are missing", under_way.len()).into()),
        }
        let sample = self.world.sample(SAMPLE, 19);
        self.compare(&sample)?;
        settle(&self.folder)?;
        Ok(Recovered { milliseconds, blocks })
    }
}

/// Waits until the process does nothing and the kernel has written what it was given. Gives the milliseconds the process went on working.
fn settle(folder: &Path) -> Result<f64, Failure> {
    let begun = Instant::now();
    let mut active = begun;
    while active.elapsed() < QUIET {
        let cpu = ProcessTime::now();
        std::thread::sleep(Duration::from_millis(25));
        if cpu.elapsed() > Duration::from_millis(1) {
            active = Instant::now();
        }
        if begun.elapsed() > Duration::from_secs(300) {
            return Err("it does not come to rest".into());
        }
    }
    let left = (active - begun).as_secs_f64() * 1e3;
    rustix::fs::syncfs(std::fs::File::open(folder)?)?;
    Ok(left)
}

/// Bytes this process gave to the disk so far.
fn written() -> Result<f64, Failure> {
    number("/proc/self/io", "write_bytes:")
}

/// Peak of memory, bytes.
fn memory() -> Result<f64, Failure> {
    Ok(number("/proc/self/status", "VmHWM:")? * 1024.0)
}

fn number(file: &str, name: &str) -> Result<f64, Failure> {
    let text = std::fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
