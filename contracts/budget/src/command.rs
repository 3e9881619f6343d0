//! What all commands have in common: find the thing, ask for the right, compare the version; afterwards count the version, store, remember.
//! Not here: what a command changes. Invariant: a thing is stored only through `finish` or `create`, with a version and a history entry for each change.

use coffer_sdk::prelude::*;

use crate::Budget;
use crate::access::{Actor, Right};
use crate::error::Error;
use crate::event::Created;
use crate::history::{ChangeKind, FieldChange, differences};
use crate::order;
use crate::permission::Resource;
use crate::text;
use crate::thing::{Closing, Kind, Path, Terms, Texts, Thing, parent_of, path_of, resource_at};

/// A command on a thing that is there, by a signer who may give it.
pub struct Command {
    /// The thing.
    pub resource: Resource,
    /// Where it is.
    pub path: Path,
    /// Its record, to be changed and handed to `finish`.
    pub thing: Thing,
    /// Who commands.
    pub actor: Actor,
}

/// What is to be created.
pub struct Creation {
    /// The id, if one is given.
    pub id: Option<String>,
    /// The thing, as `blank` made it and fields were set.
    pub thing: Thing,
    /// Its texts.
    pub texts: Texts,
    /// Who gets the rights on it in place of its creator.
    pub restricted_to: Option<String>,
    /// What its history begins with besides its fields.
    pub more: Vec<FieldChange>,
}

/// A thing that is about to be created; `create` gives it its number and place.
pub fn blank(actor: &Actor, kind: Kind) -> Thing {
    let user = actor.user.clone();
    Thing {
        version: 0,
        created: block_time(),
        creator: user.clone(),
        number: 0,
        place: 0,
        closing: None::<Closing>,
        name: String::new(),
        assignee: user,
        tags: Vec::new(),
        kind,
    }
}

impl Budget {
    /// A thing.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn thing(&self, path: &Path) -> Result<Thing, Error> {
        self.things.get(path).ok_or_else(|| Error::NotFound { resource: resource_at(path) })
    }

    /// What is fixed of the subproject that an item or a subproject belongs to.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn terms(&self, path: &Path) -> Result<Terms, Error> {
        let path = (path.0.clone(), path.1.clone(), String::new());
        match self.thing(&path)?.kind {
            Kind::Subproject(terms) => Ok(terms),
            _ => Err(Error::NotFound { resource: resource_at(&path) }),
        }
    }

    /// Starts a command: finds the thing, makes sure of the rights, and that nobody has changed it since.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotAllowed`], [`Error::NotAUser`], [`Error::Changed`].
    pub(crate) fn begin(&self, resource: Resource, rights: &[Right], seen: Option<u32>) -> Result<Command, Error> {
        let path = path_of(&resource)?;
        let thing = self.thing(&path)?;
        let actor = self.authorise(rights.iter().map(|right| (*right, resource.clone())).collect())?;
        match seen {
            Some(seen) if seen != thing.version => Err(Error::Changed { resource, seen, version: thing.version }),
            _ => Ok(Command { resource, path, thing, actor }),
        }
    }

    /// As `begin`, for what only open things take.
    ///
    /// # Errors
    /// As `begin`, and [`Error::Closed`].
    pub(crate) fn begin_open(&self, resource: Resource, rights: &[Right], seen: Option<u32>) -> Result<Command, Error> {
        let command = self.begin(resource, rights, seen)?;
        command.thing.must_be_open(&command.resource)?;
        Ok(command)
    }

    /// Ends a command: the thing gets the next version and is stored. Returns that version.
    ///
    /// # Errors
    /// As `Budget::record`.
    pub(crate) fn finish(
        &mut self,
        command: &mut Command,
        kind: ChangeKind,
        fields: Vec<FieldChange>,
    ) -> Result<u32, Error> {
        command.thing.version += 1;
        self.record(&command.path, command.thing.version, &command.actor.user, kind, fields)?;
        self.things.set(&command.path, &command.thing);
        Ok(command.thing.version)
    }

    /// Creates something below `parent`, gives its creator or assignee the rights on it, and returns its id.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], what is wrong with the id, and as `Budget::record`.
    pub(crate) fn create(&mut self, actor: &Actor, parent: &Path, new: Creation) -> Result<Path, Error> {
        let Creation { id, mut thing, texts, restricted_to, more } = new;
        let mut ledger = self.ledger(parent);
        let id = match id {
            Some(id) => text::id("id", &id)?,
            None => derived(parent, ledger.created),
        };
        let path = match (parent.0.is_empty(), parent.1.is_empty()) {
            (true, _) => (id.clone(), String::new(), String::new()),
            (_, true) => (parent.0.clone(), id.clone(), String::new()),
            _ => (parent.0.clone(), parent.1.clone(), id.clone()),
        };
        let resource = resource_at(&path);
        if self.things.contains(&path) {
            return Err(Error::AlreadyExists { resource });
        }
        (thing.version, thing.number) = (1, ledger.created);
        thing.place = order::unlisted(thing.number);
        ledger.created += 1;
        ledger.open += 1;
        self.set_ledger(parent, &ledger);
        self.order.set(&(parent.0.clone(), parent.1.clone(), thing.place), &id);
        let mut changes = differences(None, (&thing, &texts));
        changes.extend(more);
        self.record(&path, 1, &actor.user, ChangeKind::Created, changes)?;
        self.things.set(&path, &thing);
        self.keep_texts(&path, &texts);
        self.now_assigned(&thing.assignee, &path);
        self.tell_created(resource.clone(), restricted_to)?;
        emit(Created { actor: actor.user.clone(), resource, old: 0, new: 1, assignee: thing.assignee });
        Ok(path)
    }

    /// Stores the texts of a thing, if it has any.
    pub(crate) fn keep_texts(&mut self, path: &Path, texts: &Texts) {
        if *texts != Texts::default() || self.texts.contains(path) {
            self.texts.set(path, texts);
        }
    }

    /// What a closing or reopening means for the count of the open above it.
    pub(crate) fn count_open(&mut self, path: &Path, change: impl FnOnce(u64) -> u64) {
        let parent = parent_of(path);
        let mut ledger = self.ledger(&parent);
        ledger.open = change(ledger.open);
        self.set_ledger(&parent, &ledger);
    }
}

impl Thing {
    /// Makes sure that it is open.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn must_be_open(&self, resource: &Resource) -> Result<(), Error> {
        if self.is_open() { Ok(()) } else { Err(Error::Closed { resource: resource.clone() }) }
    }
}

/// An id that nothing below `parent` has: 32 digits of a hash over the parent and the number.
fn derived(parent: &Path, number: u64) -> String {
    let mut bytes = Vec::new();
    // No id has a 0, so the parts cannot run into each other.
    for part in [parent.0.as_bytes(), &[0], parent.1.as_bytes(), &[0], &number.to_be_bytes()] {
        bytes.extend_from_slice(part);
    }
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' - 10 + half });
    crypto::blake3(&bytes).0.iter().take(16).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
