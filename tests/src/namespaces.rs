//! Hosts of their own for nodes on one machine: network namespaces, each on one of two switches that a wire joins, so that links can be
//! cut as a broken cable would. Needs `unshare` and `ip` and a kernel that lets users have namespaces; no rights otherwise.
//! Invariant: nothing is changed outside of the namespaces, which end with the test's process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

/// Set in the process that runs inside.
const INSIDE: &str = "COFFER_TEST_NAMESPACES";
/// Port of a node for its peers.
const PEER_PORT: u16 = 4_100;

/// Runs a test again inside of namespaces of its own, by its full name. True in there; false outside, once it has passed in there.
///
/// # Panics
/// When the test fails in there, or this machine has no namespaces: then the story is left out, and that must not pass for a success.
pub fn inside(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        run(&["mount", "-t", "tmpfs", "tmpfs", "/run"]);
        run(&["ip", "link", "set", "lo", "up"]);
        return true;
    }
    let possible = Command::new("unshare").args(["-Urnm", "ip", "link"]).output();
    let why = match &possible {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = why {
        panic!("LEFT OUT: {test}: this machine gives no network namespaces (unshare -Urnm ip link): {why}");
    }
    let exe = std::env::current_exe().unwrap_or_else(|e| panic!("the test's own program: {e}"));
    let mut again = Command::new("unshare");
    again.arg("-Urnm").arg(exe).args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    let done = again.status().unwrap_or_else(|e| panic!("{again:?}: {e}"));
    assert!(done.success(), "{test} failed inside of its namespaces");
    false
}

/// Hosts on two switches, by number from 0; the first half of them on the first.
pub struct Hosts {
    count: usize,
}

impl Hosts {
    /// Makes them, all joined. Only [`inside`].
    pub fn new(count: usize) -> Self {
        for switch in ["left", "right"] {
            run(&["ip", "link", "add", switch, "type", "bridge"]);
            run(&["ip", "link", "set", switch, "up"]);
        }
        run(&["ip", "link", "add", "joinl", "type", "veth", "peer", "name", "joinr"]);
        run(&["ip", "link", "set", "joinl", "master", "left", "up"]);
        run(&["ip", "link", "set", "joinr", "master", "right", "up"]);
        for n in 0..count {
            let (host, port, own) = (host(n), format!("port{n}"), format!("own{n}"));
            run(&["ip", "netns", "add", &host]);
            // One wire to the switch for peers, one to this process for clients; the second is never cut.
            run(&["ip", "link", "add", &port, "type", "veth", "peer", "name", "peers", "netns", &host]);
            run(&["ip", "link", "set", &port, "master", if n < count / 2 { "left" } else { "right" }, "up"]);
            run(&["ip", "link", "add", &own, "type", "veth", "peer", "name", "clients", "netns", &host]);
            run(&["ip", "addr", "add", &format!("10.78.{n}.1/24"), "dev", &own]);
            run(&["ip", "link", "set", &own, "up"]);
            for (device, addr) in [("peers", format!("10.77.0.{}/24", n + 1)), ("clients", format!("10.78.{n}.2/24"))] {
                run(&["ip", "-n", &host, "addr", "add", &addr, "dev", device]);
                run(&["ip", "-n", &host, "link", "set", device, "up"]);
            }
            run(&["ip", "-n", &host, "link", "set", "lo", "up"]);
        }
        Self { count }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where a host's peers find it.
    pub fn peer_addr(&self, n: usize) -> SocketAddr {
        (IpAddr::V4(Ipv4Addr::new(10, 77, 0, n as u8 + 1)), PEER_PORT).into()
    }

    /// Where its clients find it, on any port.
    pub fn client_addr(&self, n: usize) -> SocketAddr {
        (IpAddr::V4(Ipv4Addr::new(10, 78, n as u8, 2)), 0).into()
    }

    /// Cuts or mends the wire between the two switches.
    pub fn halves(&self, joined: bool) {
        run(&["ip", "link", "set", "joinl", if joined { "up" } else { "down" }]);
    }

    /// Cuts or mends the wire of one host to the others.
    pub fn one(&self, n: usize, joined: bool) {
        run(&["ip", "link", "set", &format!("port{n}"), if joined { "up" } else { "down" }]);
    }
}

/// Puts a file system of its own, of so many megabytes, in the place of a folder, with what was in it. Only [`inside`].
pub fn small_disk(folder: &Path, megabytes: u32) {
    let (folder, aside) = (folder.display().to_string(), folder.with_extension("aside").display().to_string());
    run(&["mv", &folder, &aside]);
    run(&["mkdir", &folder]);
    run(&["mount", "-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=0700"), "tmpfs", &folder]);
    run(&["cp", "-a", &format!("{aside}/."), &folder]);
    run(&["rm", "-r", &aside]);
}

/// A program that runs on a host.
pub fn command(n: usize, program: &Path) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &host(n)]).arg(program);
    command
}

fn host(n: usize) -> String {
    format!("host{n}")
}

fn run(words: &[&str]) {
    let done = Command::new(words[0]).args(&words[1..]).output();
    let done = done.unwrap_or_else(|e| panic!("{words:?}: {e}"));
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}
