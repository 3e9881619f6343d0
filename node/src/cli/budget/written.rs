//! An export as one JSON file that can be imported, written as it is read. Invariant: until it is whole there is nothing under its final name.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use serde::Serialize;
use tempfile::NamedTempFile;

use super::export::{People, Sink};
use super::file::{Export, FORMAT, Project};
use crate::cli::print::result;

/// The file, or the standard output.
pub(super) struct Written {
    to: To,
    projects: u64,
}

enum To {
    File { file: BufWriter<NamedTempFile>, path: PathBuf },
    Output,
}

impl Written {
    /// Begins a file beside the one that it becomes; without a path on the standard output.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let to = match path {
            None => To::Output,
            Some(path) => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let file = tempfile::Builder::new().prefix(".coffer-export-").tempfile_in(folder);
                let file = file.with_context(|| format!("cannot write into {}", folder.display()))?;
                To::File { file: BufWriter::new(file), path: path.to_owned() }
            }
        };
        Ok(Self { to, projects: 0 })
    }

    fn put(&mut self, text: &str) -> anyhow::Result<()> {
        match &mut self.to {
            To::File { file, path } => {
                file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
            }
            To::Output => result(format_args!("{text}")),
        }
        Ok(())
    }

    fn member(&mut self, name: &str, value: &impl Serialize) -> anyhow::Result<()> {
        let value = serde_json::to_string_pretty(value)?;
        self.put(&format!(",\n\"{name}\": {value}"))
    }
}

impl Sink for Written {
    fn begin(&mut self, people: &People) -> anyhow::Result<()> {
        self.put(&format!("{{\n\"format\": \"{FORMAT}\""))?;
        self.member("users", &people.users)?;
        self.member("groups", &people.groups)?;
        self.member("roles", &people.roles)?;
        self.member("rights", &people.rights)?;
        self.put(",\n\"projects\": [")
    }

    fn project(&mut self, project: &Project) -> anyhow::Result<()> {
        let comma = if self.projects == 0 { "" } else { "," };
        self.projects += 1;
        let project = serde_json::to_string_pretty(project)?;
        self.put(&format!("{comma}\n{project}"))
    }

    fn finish(mut self: Box<Self>, export: &Export) -> anyhow::Result<()> {
        self.put("]")?;
        self.member("export", export)?;
        self.put("\n}\n")?;
        if let To::File { file, path } = self.to {
            let failed = || format!("cannot write {}", path.display());
            let file = file.into_inner().map_err(|error| anyhow!(error.into_error())).with_context(failed)?;
            file.as_file().sync_all().with_context(failed)?;
            file.persist(&path).map_err(|error| anyhow!(error.error)).with_context(failed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn project(name: &str) -> Project {
        serde_json::from_value(serde_json::json!({ "id": name, "name": name })).unwrap()
    }

    #[test]
    fn what_is_written_can_be_read_and_is_there_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("programme.json");
        for projects in [0, 1, 3] {
            let mut written = Box::new(Written::open(Some(&path)).unwrap());
            written.begin(&People::default()).unwrap();
            (0..projects).for_each(|n| written.project(&project(&format!("p{n}"))).unwrap());
            let before = std::fs::read_to_string(&path).ok();
            written.finish(&Export { height: projects, ..Export::default() }).unwrap();
            let (file, problems) = parse::read(&std::fs::read_to_string(&path).unwrap());
            assert_eq!((problems.to_string(), file.projects.len() as u64), (String::new(), projects));
            assert_ne!(before, std::fs::read_to_string(&path).ok());
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn an_export_that_is_broken_off_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("programme.json");
        let mut written = Written::open(Some(&path)).unwrap();
        written.begin(&People::default()).unwrap();
        drop(written);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(Written::open(Some(&folder.path().join("no/such.json"))).is_err());
    }
}
