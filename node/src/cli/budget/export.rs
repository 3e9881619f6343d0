//! `coffer budget export`. Not here: the form of what is written (`written`, `sheets`). Invariants: everything is read after one block, so that it fits
//! together; only what the reader may see is in it, and it says how much was left out; one project is in memory at a time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use coffer_api::types::Text;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::answer::{Kind, Row};
use super::file::{Export, Group, Item, Project, Redacted, Right, Role, Subproject, User};
use super::link::{Failed, Link};
use super::look::Sight;
use super::resource::{Level, Resource};
use super::rights::{CREATOR, Rights};
use super::sheets::Sheets;
use super::text::{Group as GroupName, Id, Principal, Role as RoleName, User as UserName};
use super::written::Written;
use super::{Programme, blocking};
use crate::cli::print::note;

/// Things that are read side by side; the line bounds the requests.
const SIDE_BY_SIDE: usize = 64;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coffer budget export --programme health --psi PS1 --from alice --out programme.json
  coffer budget export --programme health --psi PS1 --from alice | jq '.projects[].name'
  coffer budget export --programme health --psi PS1 --from alice --format csv --out ./sheets

It has what that account may see, after the newest block. JSON can be imported again; CSV is for spreadsheets: a text that one of them would
take for a formula gets a ' in front.")]
pub(super) struct ExportArgs {
    /// One file that can be imported, or a folder with one sheet for each kind of row
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// File, or folder for sheets, to write; the standard output for JSON if left out
    #[arg(long, value_name = "PATH", required_if_eq("format", "csv"))]
    out: Option<PathBuf>,
    #[command(flatten)]
    programme: Programme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Csv,
}

/// What takes an export in, part by part.
pub(super) trait Sink {
    /// Users, groups, roles and rights on the programme, which come first.
    fn begin(&mut self, people: &People) -> anyhow::Result<()>;

    /// One project with all in it.
    fn project(&mut self, project: &Project) -> anyhow::Result<()>;

    /// The end. Only now is anything to be found under its final name.
    fn finish(self: Box<Self>, export: &Export) -> anyhow::Result<()>;
}

/// Who is in a programme.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) users: Vec<User>,
    pub(super) groups: Vec<Group>,
    pub(super) roles: Vec<Role>,
    pub(super) rights: Vec<Right>,
}

/// Runs the command.
pub(super) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    blocking(export(args))
}

async fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let mut sink: Box<dyn Sink> = match (args.format, &args.out) {
        (Format::Json, out) => Box::new(Written::open(out.as_deref())?),
        (Format::Csv, Some(folder)) => Box::new(Sheets::open(folder)?),
        (Format::Csv, None) => bail!("sheets are files of a folder: name it with --out"),
    };
    let mut link = args.programme.open().await?;
    let height = link.stay().await?;
    let reader = Reader { link: &link, redacted: Cell::new(0), rights_left_out: Cell::new(0) };
    sink.begin(&reader.people().await?)?;
    let (mut after, mut projects) = (None::<String>, 0u64);
    loop {
        let page = link.page(&Resource::Global, after.as_deref()).await?;
        for row in page.rows {
            let Row::Full { id } = row else { continue };
            if let Some(project) = reader.project(&Id::kept(id)).await? {
                sink.project(&project)?;
                projects += 1;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let (redacted, rights_left_out) = (reader.redacted.get(), reader.rights_left_out.get());
    sink.finish(&Export { height, by: Some(link.me.user.clone()), redacted, rights_left_out })?;
    if args.programme.json() && args.out.is_some() {
        crate::cli::print::say!(
            "{}",
            json!({ "height": height, "projects": projects, "redacted": redacted, "rightsLeftOut": rights_left_out })
        );
    } else {
        note!("{projects} projects as {} sees them after block {height}", link.me.user);
    }
    if redacted > 0 {
        note!("{redacted} workflow items were left out but for their ids: that user may not list them");
    }
    if rights_left_out > 0 {
        note!(
            "rights on {rights_left_out} users, groups, projects, subprojects or items were left out: that user may not list them"
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// One who reads a programme.
struct Reader<'a> {
    link: &'a Link,
    redacted: Cell<u64>,
    rights_left_out: Cell<u64>,
}

impl Reader<'_> {
    async fn rights(&self, resource: &Resource) -> Result<Rights, Failed> {
        let found = self.link.rights(resource).await?;
        if found.is_none() {
            self.rights_left_out.set(self.rights_left_out.get() + 1);
        }
        Ok(found.unwrap_or_default())
    }

    async fn rows(&self, resource: &Resource) -> Result<Vec<Right>, Failed> {
        Ok(self.link.catalogue.rows(&self.rights(resource).await?, resource.level()))
    }

    async fn people(&self) -> Result<People, Failed> {
        // By their names: the order in which they were created says nothing.
        let all = self.link.identities("identities", json!({})).await?;
        let named: BTreeMap<String, Kind> = all.into_iter().map(|identity| (identity.name, identity.kind)).collect();
        let of = |kind: Kind| named.iter().filter(move |(_, own)| **own == kind).map(|(name, _)| name.as_str());
        let users = stream::iter(of(Kind::User)).map(|name| self.user(name)).buffered(SIDE_BY_SIDE);
        let users: Vec<Option<User>> = users.try_collect().await?;
        let groups = stream::iter(of(Kind::Group)).map(|name| self.group(name)).buffered(SIDE_BY_SIDE);
        let groups = groups.try_collect().await?;
        let name = |word: &String| self.link.catalogue.dotted(word);
        let roles = self.link.roles().await?.into_iter().map(|role| Role {
            role: RoleName::kept(role.role),
            intents: role.intents.iter().filter_map(name).collect(),
        });
        let roles = roles.collect();
        let rights = self.rows(&Resource::Global).await?;
        Ok(People { users: users.into_iter().flatten().collect(), groups, roles, rights })
    }

    async fn user(&self, name: &str) -> Result<Option<User>, Failed> {
        let Some(record) = self.link.user(name).await? else { return Ok(None) };
        let resource = Resource::User { user: name.into() };
        let display = Some(record.display).filter(|display| *display != Text(coffer_abi::Hash::ZERO));
        let rights = self.rows(&resource).await?;
        Ok(Some(User { user: UserName::kept(name), account: record.account, display, enabled: record.enabled, rights }))
    }

    async fn group(&self, name: &str) -> Result<Group, Failed> {
        let mut members = self.link.members(name).await?;
        members.sort_unstable();
        let mut rights = self.rights(&Resource::Group { group: name.into() }).await?;
        let all = self.link.catalogue.of_creator(Level::Group);
        let has = |to: &String, intent| rights.get(&(to.clone(), intent)) == Some(&CREATOR);
        let mut administrators: Vec<String> = rights.keys().map(|(to, _)| to.clone()).collect();
        administrators.dedup();
        administrators.retain(|to| all.iter().all(|intent| has(to, *intent)));
        rights.retain(|(to, _), _| !administrators.contains(to));
        Ok(Group {
            group: GroupName::kept(name),
            members: members.into_iter().map(Principal::kept).collect(),
            administrators: administrators.into_iter().map(Principal::kept).collect(),
            rights: self.link.catalogue.rows(&rights, Level::Group),
        })
    }

    /// A project with all in it; nothing if it may not be seen.
    async fn project(&self, id: &Id) -> Result<Option<Project>, Failed> {
        let Sight::Here(mut project) = self.link.project(id).await? else { return Ok(None) };
        let resource = Resource::Project { project: id.to_string() };
        project.rights = self.rows(&resource).await?;
        for row in self.below(&resource).await? {
            let Row::Full { id: subproject } = row else { continue };
            project.subprojects.extend(self.subproject(id, &Id::kept(subproject)).await?);
        }
        Ok(Some(*project))
    }

    async fn subproject(&self, project: &Id, id: &Id) -> Result<Option<Subproject>, Failed> {
        let Sight::Here(mut subproject) = self.link.subproject(project, id).await? else { return Ok(None) };
        let resource = Resource::Subproject { project: project.to_string(), subproject: id.to_string() };
        subproject.rights = self.rows(&resource).await?;
        let mut seen = Vec::new();
        for row in self.below(&resource).await? {
            match row {
                Row::Full { id } => seen.push(Id::kept(id)),
                Row::Redacted(row) => {
                    self.redacted.set(self.redacted.get() + 1);
                    let (created, closed_at) = (row.created.0, row.closed.map(|closed| closed.0));
                    subproject.redacted.push(Redacted { id: Id::kept(row.id), created, closed_at });
                }
            }
        }
        let items = stream::iter(&seen).map(|item| self.item((project, id), item, &subproject)).buffered(SIDE_BY_SIDE);
        let items: Vec<Option<Item>> = items.try_collect().await?;
        subproject.items = items.into_iter().flatten().collect();
        Ok(Some(*subproject))
    }

    async fn item(&self, (project, subproject): (&Id, &Id), id: &Id, of: &Subproject) -> Result<Option<Item>, Failed> {
        let Sight::Here(mut item) = self.link.item(project, subproject, id).await? else { return Ok(None) };
        let (project, subproject) = (project.to_string(), subproject.to_string());
        let resource = Resource::Item { project, subproject, item: id.to_string() };
        item.rights = self.rows(&resource).await?;
        // The rate of the subproject's own currency is 1; the chain writes when it first saw that.
        if item.currency.as_ref() == Some(&of.currency) {
            item.rate = None;
        }
        Ok(Some(*item))
    }

    /// All rows below something.
    async fn below(&self, parent: &Resource) -> Result<Vec<Row>, Failed> {
        let (mut rows, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self.link.page(parent, after.as_deref()).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(rows),
            }
        }
    }
}
