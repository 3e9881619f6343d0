//! Where and of what the figures are. Invariant: nothing here is measured.

use std::collections::BTreeMap;

use serde::Serialize;

/// The machine, how busy it was at the start, and the versions.
#[derive(Serialize)]
pub struct Machine {
    processor: String,
    cores: usize,
    kernel: String,
    load_before: String,
    versions: BTreeMap<&'static str, String>,
}

impl Machine {
    /// Of this machine; versions are of what is measured.
    pub fn look(versions: impl IntoIterator<Item = (&'static str, Option<impl Into<String>>)>) -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown processor", |(_, model)| model).to_owned(),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            kernel: read("/proc/sys/kernel/osrelease"),
            load_before: read("/proc/loadavg"),
            versions: versions
                .into_iter()
                .map(|(name, version)| (name, version.map(Into::into).unwrap_or_default()))
                .collect(),
        }
    }

    /// One line of it.
    pub fn line(&self) -> String {
        let versions: Vec<_> = self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let Self { processor, cores, kernel, load_before, .. } = self;
        format!("{processor}, {cores} cores, Linux {kernel}, load before {load_before}\n{}", versions.join(", "))
    }
}

/// The version a lock file has of a package; the last if there are several.
pub fn version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let package = format!("name = \"{name}\"\nversion = \"");
    let at = lock.rfind(&package)? + package.len();
    lock[at..].split('"').next()
}
