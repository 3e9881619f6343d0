//! Programs that are measured: started in a folder of their own with their output in a file, ended with this program. Their processor time and
//! the bytes they wrote are read from the system. Invariant: none is left behind.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::Failure;

/// A program that runs.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts it; what it writes stands in `log`.
    pub fn start(mut command: Command, log: &Path) -> Result<Self, Failure> {
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { child: command.spawn().map_err(|e| format!("{command:?}: {e}"))? })
    }

    /// Starts it and reads the line of JSON that it writes when it is ready.
    pub fn start_ready(mut command: Command, log: &Path) -> Result<(Self, Value), Failure> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(log)?);
        let mut child = command.spawn().map_err(|e| format!("{command:?}: {e}"))?;
        let stdout = child.stdout.take();
        let process = Self { child };
        let mut line = String::new();
        BufReader::new(stdout.ok_or("no output")?).read_line(&mut line)?;
        let ready = serde_json::from_str(&line);
        Ok((process, ready.map_err(|e| format!("{command:?}: {line:?}: {e}; more is in {}", log.display()))?))
    }

    /// Processor time it took so far, in milliseconds, and bytes it had written to disks.
    pub fn usage(&self) -> Result<(f64, f64), Failure> {
        let id = self.child.id();
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // The second field is its name in parentheses, with anything in it.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
        let io = std::fs::read_to_string(format!("/proc/{id}/io"))?;
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
        Ok((ticks as f64 * 1_000.0 / rustix::param::clock_ticks_per_second() as f64, written.unwrap_or_default()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time of this program so far, in milliseconds.
pub fn own_time() -> Result<f64, Failure> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Ok(ticks as f64 * 1_000.0 / rustix::param::clock_ticks_per_second() as f64)
}

/// Ports that are free now, all different.
pub fn free_ports(count: usize) -> Result<Vec<SocketAddr>, Failure> {
    let held = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
    Ok(held.iter().map(TcpListener::local_addr).collect::<Result<_, _>>()?)
}
