//! A wrong clock for one process: a library that stands before the system's own and adds seconds to the time of day, made by the C compiler
//! that linking needs anyway. Not here: clocks that measure how long something takes, which stay as they are.
//! Invariant: nothing but the process that is started with [`Clock::wrong_by`] sees it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*system)(clockid_t, struct timespec *);
    static long wrong;
    if (!system) {
        const char *by = getenv("COFFER_TEST_CLOCK");
        wrong = by ? atol(by) : 0;
        system = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int failed = system(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += wrong;
    return failed;
}
"#;

/// The library, as long as this is there.
pub struct Clock {
    folder: tempfile::TempDir,
}

impl Clock {
    /// Makes it.
    ///
    /// # Panics
    /// When there is no C compiler, with what it said.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
        let clock = Self { folder };
        let source = clock.folder.path().join("clock.c");
        std::fs::write(&source, SOURCE).unwrap_or_else(|e| panic!("{}: {e}", source.display()));
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.library()).arg(&source).arg("-ldl");
        let done = compiler.output().unwrap_or_else(|e| panic!("{compiler:?}: {e}"));
        assert!(done.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&done.stderr));
        clock
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("clock.so")
    }

    /// The environment of a process whose clock is so many seconds ahead, or behind.
    pub fn wrong_by(&self, seconds: i64) -> [(OsString, OsString); 2] {
        [("LD_PRELOAD".into(), self.library().into()), ("COFFER_TEST_CLOCK".into(), seconds.to_string().into())]
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}
