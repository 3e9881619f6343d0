//! An export as a folder of CSV files (RFC 4180), one for each kind of row, for spreadsheets. Not here: anything that is imported again; JSON is.
//! Invariants: until it is whole there is nothing under its final name; a text that a spreadsheet would take for a formula gets a `'` in front,
//! amounts and other values that are no free text never do.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use serde::Serialize;
use tempfile::TempDir;

use super::export::{People, Sink};
use super::file::{Chain, Export, Project, Projected, Right, Subproject};
use super::text::Tag;

/// The sheets with their columns.
const SHEETS: [(&str, &[&str]); 9] = [
    ("users", &["user", "account", "display", "enabled"]),
    ("groups", &["group", "member"]),
    ("roles", &["role", "intent"]),
    ("rights", &["project", "subproject", "item", "user", "group", "to", "intent", "deny", "inheritable", "until"]),
    (
        "projects",
        &[
            "project",
            "name",
            "description",
            "assignee",
            "tags",
            "markdown",
            "additional",
            "thumbnail",
            "fourEyes",
            "documentsValidated",
            "ceilings",
            "closed",
            "version",
            "created",
            "creator",
            "closedAt",
            "closedBy",
        ],
    ),
    (
        "subprojects",
        &[
            "project",
            "subproject",
            "name",
            "currency",
            "description",
            "assignee",
            "validator",
            "itemType",
            "mode",
            "tags",
            "markdown",
            "additional",
            "thumbnail",
            "closed",
            "version",
            "created",
            "creator",
            "closedAt",
            "closedBy",
        ],
    ),
    (
        "items",
        &[
            "project",
            "subproject",
            "item",
            "redacted",
            "name",
            "description",
            "assignee",
            "itemType",
            "amountType",
            "amount",
            "currency",
            "rate",
            "rateSource",
            "rateDate",
            "billingDate",
            "dueDate",
            "funding",
            "corrects",
            "tags",
            "markdown",
            "additional",
            "closed",
            "rejected",
            "version",
            "created",
            "creator",
            "closedAt",
            "closedBy",
        ],
    ),
    (
        "documents",
        &["project", "subproject", "item", "document", "name", "comment", "hash", "size", "url", "validated"],
    ),
    ("projected", &["project", "subproject", "organisation", "value", "currency"]),
];

/// Which sheet; the order is that of [`SHEETS`].
#[derive(Clone, Copy)]
enum Sheet {
    Users,
    Groups,
    Roles,
    Rights,
    Projects,
    Subprojects,
    Items,
    Documents,
    Projected,
}

/// The sheets, in a folder beside the one they become.
pub(super) struct Sheets {
    folder: TempDir,
    path: PathBuf,
    sheets: Vec<csv::Writer<BufWriter<File>>>,
}

impl Sheets {
    /// Begins the sheets.
    ///
    /// # Errors
    /// When nothing can be written there, or the folder has something in it.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path.read_dir().is_ok_and(|mut entries| entries.next().is_some()) || path.is_file() {
            bail!("{} is there and not empty: name another folder, or remove it", path.display());
        }
        let parent = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = tempfile::Builder::new().prefix(".coffer-export-").tempdir_in(parent);
        let folder = folder.with_context(|| format!("cannot write into {}", parent.display()))?;
        let mut sheets = Vec::new();
        for (name, columns) in SHEETS {
            let file = File::create(folder.path().join(format!("{name}.csv")))?;
            let mut sheet =
                csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(BufWriter::new(file));
            sheet.write_record(columns)?;
            sheets.push(sheet);
        }
        Ok(Self { folder, path: path.to_owned(), sheets })
    }

    fn put(&mut self, sheet: Sheet, cells: &[String]) -> anyhow::Result<()> {
        match self.sheets.get_mut(sheet as usize) {
            Some(sheet) => sheet.write_record(cells).context("cannot write a sheet"),
            None => Ok(()),
        }
    }

    /// Rights at a place: ids of project, subproject and item, user, group.
    fn rights(&mut self, at: [&str; 5], rights: &[Right]) -> anyhow::Result<()> {
        for right in rights {
            for intent in &right.intents {
                let mut cells = at.map(text).to_vec();
                cells.extend([
                    text(right.to.as_str()),
                    text(intent),
                    said(right.deny),
                    said(right.inheritable),
                    said(right.until),
                ]);
                self.put(Sheet::Rights, &cells)?;
            }
        }
        Ok(())
    }

    fn projected(&mut self, project: &str, subproject: &str, all: &[Projected]) -> anyhow::Result<()> {
        for Projected { organisation, value, currency } in all {
            let cells = [
                text(project),
                text(subproject),
                text(organisation.as_str()),
                plain(Some(value.as_str())),
                said(currency),
            ];
            self.put(Sheet::Projected, &cells)?;
        }
        Ok(())
    }

    fn subproject(&mut self, project: &str, subproject: &Subproject) -> anyhow::Result<()> {
        let id = subproject.id.as_ref().map_or("", |id| id.as_str());
        let mut cells = vec![text(project), text(id), said(&subproject.name), said(&subproject.currency)];
        cells.extend([said(&subproject.description), said(&subproject.assignee), said(&subproject.validator)]);
        cells.extend([
            said(subproject.item_type),
            said(subproject.mode),
            tags(&subproject.tags),
            said(&subproject.markdown),
        ]);
        cells.extend([json(&subproject.additional), said(&subproject.thumbnail), said(subproject.closed)]);
        cells.extend(chain(subproject.chain.as_ref()));
        self.put(Sheet::Subprojects, &cells)?;
        self.projected(project, id, &subproject.projected)?;
        self.rights([project, id, "", "", ""], &subproject.rights)?;
        for item in &subproject.items {
            let own = item.id.as_ref().map_or("", |id| id.as_str());
            let rate = item.rate.as_ref();
            let mut cells =
                vec![text(project), text(id), text(own), said(false), said(&item.name), said(&item.description)];
            cells.extend([
                said(&item.assignee),
                said(item.item_type),
                said(item.amount_type),
                plain(item.amount.as_ref().map(|amount| amount.as_str())),
            ]);
            cells.extend([
                said(&item.currency),
                plain(rate.map(|rate| rate.value.as_str())),
                said(rate.map(|rate| &rate.source)),
                said(rate.map(|rate| rate.date)),
            ]);
            cells.extend([
                said(item.billing_date),
                said(item.due_date),
                said(&item.funding),
                said(&item.corrects),
                tags(&item.tags),
            ]);
            cells.extend([said(&item.markdown), json(&item.additional), said(item.is_closed()), said(&item.rejected)]);
            cells.extend(chain(item.chain.as_ref()));
            self.put(Sheet::Items, &cells)?;
            self.rights([project, id, own, "", ""], &item.rights)?;
            for document in &item.documents {
                let mut cells = vec![text(project), text(id), text(own), said(&document.id), said(&document.name)];
                cells.extend([
                    said(&document.comment),
                    said(document.hash),
                    said(document.size),
                    said(&document.url),
                    said(document.validated),
                ]);
                self.put(Sheet::Documents, &cells)?;
            }
        }
        for redacted in &subproject.redacted {
            let mut cells = vec![text(project), text(id), said(&redacted.id), said(true)];
            cells.resize(columns(Sheet::Items).len(), String::new());
            for (column, value) in [
                ("closed", said(redacted.closed_at.is_some())),
                ("created", said(redacted.created)),
                ("closedAt", said(redacted.closed_at)),
            ] {
                let at = columns(Sheet::Items).iter().position(|name| *name == column);
                if let Some(cell) = at.and_then(|at| cells.get_mut(at)) {
                    *cell = value;
                }
            }
            self.put(Sheet::Items, &cells)?;
        }
        Ok(())
    }
}

impl Sink for Sheets {
    fn begin(&mut self, people: &People) -> anyhow::Result<()> {
        for user in &people.users {
            let cells = [said(&user.user), said(user.account), said(user.display), said(user.enabled)];
            self.put(Sheet::Users, &cells)?;
            self.rights(["", "", "", user.user.as_str(), ""], &user.rights)?;
        }
        for group in &people.groups {
            for member in &group.members {
                self.put(Sheet::Groups, &[said(&group.group), said(member)])?;
            }
            // A group without members is there, too.
            if group.members.is_empty() {
                self.put(Sheet::Groups, &[said(&group.group), String::new()])?;
            }
            let administrators: Vec<Right> = group.administrators.iter().map(Right::all).collect();
            self.rights(["", "", "", "", group.group.as_str()], &administrators)?;
            self.rights(["", "", "", "", group.group.as_str()], &group.rights)?;
        }
        for role in &people.roles {
            for intent in &role.intents {
                self.put(Sheet::Roles, &[said(&role.role), text(intent)])?;
            }
        }
        self.rights([""; 5], &people.rights)
    }

    fn project(&mut self, project: &Project) -> anyhow::Result<()> {
        let id = project.id.as_ref().map_or("", |id| id.as_str());
        let policies = &project.policies;
        let mut cells = vec![
            text(id),
            said(&project.name),
            said(&project.description),
            said(&project.assignee),
            tags(&project.tags),
        ];
        cells.extend([
            said(&project.markdown),
            json(&project.additional),
            said(&project.thumbnail),
            said(policies.four_eyes),
        ]);
        cells.extend([said(policies.documents_validated), said(policies.ceilings), said(project.closed)]);
        cells.extend(chain(project.chain.as_ref()));
        self.put(Sheet::Projects, &cells)?;
        self.projected(id, "", &project.projected)?;
        self.rights([id, "", "", "", ""], &project.rights)?;
        project.subprojects.iter().try_for_each(|subproject| self.subproject(id, subproject))
    }

    fn finish(self: Box<Self>, _: &Export) -> anyhow::Result<()> {
        for sheet in self.sheets {
            let file = sheet.into_inner().map_err(|error| anyhow!("cannot write a sheet: {}", error.error()))?;
            let file =
                file.into_inner().map_err(|error| anyhow!(error.into_error())).context("cannot write a sheet")?;
            file.sync_all().context("cannot write a sheet")?;
        }
        let failed = || format!("cannot write {}", self.path.display());
        // As other folders of this user: a temporary one is for its owner alone.
        std::fs::rename(self.folder.path(), &self.path).with_context(failed)?;
        let _ = self.folder.keep();
        Ok(())
    }
}

fn columns(sheet: Sheet) -> &'static [&'static str] {
    SHEETS.get(sheet as usize).map_or(&[], |(_, columns)| columns)
}

/// A text of somebody, which must not become a formula.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// A value that has a form of its own, such as an amount.
fn plain(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

/// A value as the file of an import has it; of nothing nothing.
fn said(value: impl Serialize) -> String {
    match serde_json::to_value(value).unwrap_or_default() {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(value) => text(&value),
        other => other.to_string(),
    }
}

fn tags(tags: &[Tag]) -> String {
    text(&tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", "))
}

/// Additional data as JSON, which no spreadsheet takes for a formula.
fn json<K: Serialize, V: Serialize>(map: &std::collections::BTreeMap<K, V>) -> String {
    if map.is_empty() { String::new() } else { serde_json::to_string(map).unwrap_or_default() }
}

fn chain(chain: Option<&Chain>) -> [String; 5] {
    let Some(chain) = chain else { return Default::default() };
    [said(chain.version), said(chain.created), said(&chain.creator), said(chain.closed_at), said(&chain.closed_by)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(folder: &Path, name: &str) -> Vec<Vec<String>> {
        let reader = csv::ReaderBuilder::new().has_headers(false).from_path(folder.join(format!("{name}.csv")));
        let rows = reader.unwrap().into_records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
        rows.collect()
    }

    fn project() -> Project {
        serde_json::from_value(serde_json::json!({
            "id": "p", "name": "=HYPERLINK(\"x\")", "description": "two\nlines, and \"marks\"", "tags": ["a", "b"],
            "projected": [{"organisation": "@acme", "value": "10", "currency": "EUR"}],
            "rights": [{"to": "acme/bob", "intents": ["project.list", "project.close"]}],
            "subprojects": [{"id": "-s", "name": "+1", "currency": "EUR",
                "redacted": [{"id": "r", "created": 5, "closedAt": 6}],
                "items": [{"id": "i", "name": "Back", "amountType": "disbursed", "amount": "-5.5", "currency": "EUR", "corrects": "j",
                    "documents": [{"id": "d", "name": "Bill", "url": "https://x"}]}]
            }]
        }))
        .unwrap()
    }

    #[test]
    fn every_kind_of_row_has_a_sheet_and_no_text_becomes_a_formula() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sheets");
        let mut sheets = Box::new(Sheets::open(&path).unwrap());
        sheets.begin(&People::default()).unwrap();
        sheets.project(&project()).unwrap();
        assert!(!path.exists(), "not before it is whole");
        sheets.finish(&Export::default()).unwrap();
        for (name, columns) in SHEETS {
            let rows = sheet(&path, name);
            assert_eq!(rows[0], columns, "{name}");
            assert!(rows.iter().all(|row| row.len() == columns.len()), "{name}");
        }
        let projects = sheet(&path, "projects");
        assert_eq!(projects[1][..3], ["p", "'=HYPERLINK(\"x\")", "two\nlines, and \"marks\""]);
        assert_eq!(sheet(&path, "projected")[1], ["p", "", "'@acme", "10", "EUR"]);
        assert_eq!(sheet(&path, "rights").len(), 3);
        assert_eq!(sheet(&path, "subprojects")[1][1..3], ["'-s", "'+1"]);
        let items = sheet(&path, "items");
        let amount = columns(Sheet::Items).iter().position(|name| *name == "amount").unwrap();
        assert_eq!(items[1][amount], "-5.5", "an amount is no text of somebody");
        assert_eq!(items[2][..4], ["p", "'-s", "r", "true"]);
        assert_eq!(items[2][items[2].len() - 2], "6");
        let raw = std::fs::read(path.join("groups.csv")).unwrap();
        assert_eq!(raw, b"group,member\r\n");
        assert!(Sheets::open(&path).err().unwrap().to_string().contains("not empty"));
    }

    #[test]
    fn sheets_that_are_broken_off_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Sheets::open(&folder.path().join("sheets")).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
