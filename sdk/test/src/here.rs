//! Where a test stands: for the files it keeps. Invariant: two tests of one crate have two names.

use std::path::PathBuf;

/// Where a test stands; [`here!`](macro@crate::here) makes it.
#[derive(Clone, Copy, Debug)]
pub struct Here {
    /// Folder of the Cargo.toml.
    pub manifest: &'static str,
    /// Path of the module.
    pub module: &'static str,
    /// Name of the test.
    pub name: &'static str,
}

/// Where a test of this name stands.
#[macro_export]
macro_rules! here {
    ($name:expr) => {
        $crate::Here { manifest: env!("CARGO_MANIFEST_DIR"), module: module_path!(), name: stringify!($name) }
    };
}

impl Here {
    /// Name of the test in its crate, as part of a file's name.
    pub(crate) fn file_name(&self) -> String {
        let modules = self.module.split("::").skip(1).filter(|module| *module != "tests");
        let mut name = String::new();
        for module in modules {
            name.push_str(module);
            name.push('.');
        }
        name + self.name
    }

    /// A file beside the crate's manifest.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        PathBuf::from(self.manifest).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_modules_and_test() {
        let here = |module| Here { manifest: "/m", module, name: "a_test" }.file_name();
        assert_eq!(here("token::tests"), "a_test");
        assert_eq!(here("token::tests::allowances"), "allowances.a_test");
    }
}
