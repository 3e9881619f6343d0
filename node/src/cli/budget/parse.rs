//! Reading a budget file: bounded, row by row, so that every bad row is named and not only the first. Not here: rules over several values
//! (`check`). Invariants: a row that is taken was understood completely; every thing has an id afterwards, given or derived from the names down
//! to it, so that the same file always means the same things.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::file::{Export, FORMAT, File, Project, Subproject};
use super::problem::Problems;
use super::text::{Id, Line};

/// Bytes of the largest file that is read.
pub(super) const MAX_FILE: u64 = 256 * 1024 * 1024;
/// What ids are derived with, so that they are like no other hash.
const DERIVED: &str = "coffer budget file 1 id of a thing without one";

/// The file with its rows unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Outline<'a> {
    format: String,
    #[serde(default)]
    #[expect(dead_code, reason = "an import does not look at it, but it must have its form")]
    export: Option<Export>,
    #[serde(default, borrow)]
    users: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    groups: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    roles: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    rights: Vec<&'a RawValue>,
    #[serde(default, borrow)]
    projects: Vec<&'a RawValue>,
}

/// Reads a file from the disk, or the standard input for `-`.
///
/// # Errors
/// When it cannot be read, or is larger than [`MAX_FILE`].
pub(super) fn load(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = |text: &mut String| match path.as_os_str() == "-" {
        true => std::io::stdin().lock().take(MAX_FILE + 1).read_to_string(text),
        false => fs::File::open(path)?.take(MAX_FILE + 1).read_to_string(text),
    };
    read(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    if text.len() as u64 > MAX_FILE {
        anyhow::bail!("{} has more than {MAX_FILE} bytes: split it by projects into several files", path.display());
    }
    Ok(text)
}

/// Reads the rows of a file. With problems the file is not whole.
pub(super) fn read(text: &str) -> (File, Problems) {
    let mut problems = Problems::default();
    let mut file = File {
        format: FORMAT.into(),
        export: None,
        users: Vec::new(),
        groups: Vec::new(),
        roles: Vec::new(),
        rights: Vec::new(),
        projects: Vec::new(),
    };
    let outline: Outline<'_> = match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)) {
        Ok(outline) => outline,
        Err(error) => {
            // Of the whole file the line is what helps.
            problems.add("", format!("the file is not a budget file: {}", error.into_inner()));
            return (file, problems);
        }
    };
    if outline.format != FORMAT {
        let given = super::text::shown(&outline.format);
        problems.add("format", format!("{given} is not known here: this program reads {FORMAT:?}"));
        return (file, problems);
    }
    file.users = rows("users", &outline.users, &mut problems);
    file.groups = rows("groups", &outline.groups, &mut problems);
    file.roles = rows("roles", &outline.roles, &mut problems);
    file.rights = rows("rights", &outline.rights, &mut problems);
    for (n, text) in outline.projects.iter().enumerate() {
        let path = format!("projects[{n}]");
        if let Some(project) = row::<Project<&RawValue>>(text, &path, &mut problems) {
            file.projects.push(whole_project(project, &path, &mut problems));
        }
    }
    (file, problems)
}

fn whole_project(project: Project<&RawValue>, path: &str, problems: &mut Problems) -> Project {
    let id = project.id.unwrap_or_else(|| derived(None, &project.name));
    let mut subprojects = Vec::with_capacity(project.subprojects.len());
    for (n, text) in project.subprojects.iter().enumerate() {
        let path = format!("{path}.subprojects[{n}]");
        if let Some(subproject) = row::<Subproject<&RawValue>>(text, &path, problems) {
            subprojects.push(whole_subproject(subproject, &id, &path, problems));
        }
    }
    let Project { name, description, assignee, tags, markdown, additional, thumbnail, .. } = project;
    let Project { projected, policies, closed, rights, chain, .. } = project;
    Project {
        id: Some(id),
        name,
        description,
        assignee,
        tags,
        markdown,
        additional,
        thumbnail,
        projected,
        policies,
        closed,
        rights,
        chain,
        subprojects,
    }
}

fn whole_subproject(
    subproject: Subproject<&RawValue>,
    project: &Id,
    path: &str,
    problems: &mut Problems,
) -> Subproject {
    let id = subproject.id.unwrap_or_else(|| derived(Some(project.as_str()), &subproject.name));
    let parent = format!("{project}/{id}");
    let mut items: Vec<super::file::Item> = rows(&format!("{path}.items"), &subproject.items, problems);
    for item in &mut items {
        item.id.get_or_insert_with(|| derived(Some(&parent), &item.name));
    }
    let Subproject { name, currency, description, assignee, validator, item_type, mode, tags, markdown, .. } =
        subproject;
    let Subproject { additional, thumbnail, projected, closed, rights, chain, order, redacted, .. } = subproject;
    Subproject {
        id: Some(id),
        name,
        currency,
        description,
        assignee,
        validator,
        item_type,
        mode,
        tags,
        markdown,
        additional,
        thumbnail,
        projected,
        closed,
        rights,
        chain,
        order,
        items,
        redacted,
    }
}

/// Reads the rows of one list; bad ones are told and left out.
fn rows<T: DeserializeOwned>(list: &str, texts: &[&RawValue], problems: &mut Problems) -> Vec<T> {
    texts.iter().enumerate().filter_map(|(n, text)| row(text, &format!("{list}[{n}]"), problems)).collect()
}

/// Reads one row, or tells what is wrong in it and where.
fn row<'a, T: Deserialize<'a>>(text: &'a RawValue, path: &str, problems: &mut Problems) -> Option<T> {
    let mut reader = serde_json::Deserializer::from_str(text.get());
    match serde_path_to_error::deserialize(&mut reader) {
        Ok(row) => Some(row),
        Err(error) => {
            let inner = error.path().to_string();
            let at = if inner == "." { path.to_owned() } else { format!("{path}.{inner}") };
            let told = error.into_inner().to_string();
            // The line would be that of the row and not of the file.
            let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(told, _)| told);
            problems.add(at, told);
            None
        }
    }
}

/// The id of a thing that the file gives none: the same for the same names.
fn derived(parent: Option<&str>, name: &Line) -> Id {
    let mut hasher = blake3::Hasher::new_derive_key(DERIVED);
    for part in [parent.unwrap_or_default(), name.as_str()] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    Id::kept(hex::encode(hasher.finalize().as_bytes().get(..16).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
        "format": "coffer-budget-1",
        "users": [{"user": "acme/anna", "account": "0x1111111111111111111111111111111111111111111111111111111111111111"}],
        "projects": [{"name": "Road", "subprojects": [{"id": "s", "name": "Bridge", "currency": "EUR", "items": [
            {"name": "Steel", "amountType": "allocated", "amount": "01200.50", "currency": "EUR"},
            {"name": "Work"}
        ]}]}]
    }"#;

    fn told(text: &str) -> String {
        let (_, problems) = read(text);
        problems.to_string()
    }

    #[test]
    fn every_thing_has_an_id_that_depends_on_the_names_down_to_it_alone() {
        let (file, problems) = read(FILE);
        assert_eq!(problems.to_string(), "");
        let (again, _) = read(&FILE.replace("\"Steel\", ", "\"Steel\", \"description\": \"other\", "));
        let ids = |file: &File| {
            let project = file.projects[0].clone();
            let items = project.subprojects[0].items.iter().map(|item| item.id.clone());
            [project.id.clone(), project.subprojects[0].id.clone()].into_iter().chain(items).collect::<Vec<_>>()
        };
        assert_eq!(ids(&file), ids(&again));
        assert_eq!(ids(&file)[1], Some(Id::kept("s")));
        let mut all = ids(&file);
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4, "no two are alike");
        let (other, _) = read(&FILE.replace("Road", "Rail"));
        assert_ne!(ids(&file)[2], ids(&other)[2], "the same item of another project");
        assert_eq!(file.projects[0].subprojects[0].items[0].amount, Some(super::super::text::Amount::kept("1200.5")));
    }

    #[test]
    fn every_bad_row_is_named_with_its_path_value_and_rule() {
        let bad = FILE
            .replace("0x1111", "0x11")
            .replace("\"01200.50\"", "1200.5")
            .replace("{\"name\": \"Work\"}", "{\"name\": \"Work\", \"ammount\": \"5\"}");
        let told = told(&bad);
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), 3, "{told}");
        assert!(lines[0].starts_with("users[0].account: "), "{told}");
        assert!(
            lines[1].starts_with("projects[0].subprojects[0].items[0].amount: invalid type: floating point"),
            "{told}"
        );
        assert!(lines[2].starts_with("projects[0].subprojects[0].items[1]"), "{told}");
        assert!(
            lines[2].contains("unknown field `ammount`, expected one of") && lines[2].contains("`amount`"),
            "{told}"
        );
    }

    #[test]
    fn a_value_that_breaks_a_rule_is_quoted() {
        let line = told(&FILE.replace("\"01200.50\"", "\"1,200.50\""));
        assert!(line.starts_with("projects[0].subprojects[0].items[0].amount: \"1,200.50\" is no amount"), "{line}");
        let line = told(&FILE.replace("\"EUR\", \"items\"", "\"euro\", \"items\""));
        assert!(line.starts_with("projects[0].subprojects[0].currency: \"euro\" is no currency"), "{line}");
        let line = told(&FILE.replace("{\"id\": \"s\", \"name\": \"Bridge\", ", "{\"id\": \"s\", "));
        assert!(line.starts_with("projects[0].subprojects[0]: missing field `name`"), "{line}");
    }

    #[test]
    fn what_is_no_budget_file_is_told_with_its_line() {
        assert!(told("{\n  \"format\": \"coffer-budget-1\",\n  \"users\": [}\n").contains("line 3"));
        assert!(told("[]").contains("not a budget file"));
        assert!(told(r#"{"format": "coffer-budget-2"}"#).contains("reads \"coffer-budget-1\""));
        assert!(told(r#"{"format": "coffer-budget-1", "project": []}"#).contains("unknown field `project`"));
    }

    #[test]
    fn a_file_above_the_limit_is_refused_before_it_is_read_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(MAX_FILE + 5).unwrap();
        assert!(load(file.path()).unwrap_err().to_string().contains("split it by projects"));
    }
}
