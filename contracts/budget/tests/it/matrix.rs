//! Who may do what: every command, by everybody who may have the right for it and everybody who may not, on what is open and what is closed.

use budget::{Budget, Error, Field, ItemType, NewItem, Policies, Resource};
use coffer_sdk::Hash;
use coffer_test::prelude::*;
use permission::Intent;

use crate::given::*;
use crate::world::World;

type Contract = ClientOf<Budget>;

/// Who gives the commands.
const SUBJECT: &str = "Umbrella/subject";

/// How the subject got the right.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    NoRight,
    Right,
    ByGroup,
    ByNestedGroup,
    ByOrganisation,
    Inherited,
    DeniedBelow,
    Expired,
}

const HOWS: [How; 8] = [
    How::NoRight,
    How::Right,
    How::ByGroup,
    How::ByNestedGroup,
    How::ByOrganisation,
    How::Inherited,
    How::DeniedBelow,
    How::Expired,
];

/// What the thing is that the command is for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Open,
    Closed,
    ParentClosed,
}

const STATES: [State; 3] = [State::Open, State::Closed, State::ParentClosed];

/// What the command does with something closed.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Change,
    Close,
    Reopen,
}

struct Row {
    name: &'static str,
    on: Resource,
    intents: Vec<Intent>,
    kind: Kind,
    run: fn(&Contract, Resource) -> Result<(), Error>,
}

fn row(
    name: &'static str,
    on: Resource,
    intents: &[Intent],
    kind: Kind,
    run: fn(&Contract, Resource) -> Result<(), Error>,
) -> Row {
    Row { name, on, intents: intents.to_vec(), kind, run }
}

fn rows() -> Vec<Row> {
    use Intent as I;
    let (p, s, a) = (|| project("p"), || subproject("p", "s"), || item("p", "s", "a"));
    let rename = |budget: &Contract, on| budget.update(on, vec![Field::Name("new".into())], None).map(drop);
    let assign = |budget: &Contract, on| budget.assign(on, BOB.into(), None).map(drop);
    let close = |budget: &Contract, on| budget.close(on, None, None).map(drop);
    let reject = |budget: &Contract, on| budget.close(on, Some("no".into()), None).map(drop);
    let reopen = |budget: &Contract, on| budget.reopen(on, true, None).map(drop);
    let set = |budget: &Contract, on| budget.budget_set(on, projected("Acme", "1", "EUR"), None).map(drop);
    let delete = |budget: &Contract, on| budget.budget_delete(on, "Acme".into(), "EUR".into(), None).map(drop);
    let create_restricted = |budget: &Contract, _| {
        let new = NewItem { item_type: ItemType::Restricted, ..new_item("new") };
        budget.item_create("p".into(), "s".into(), new, None).map(drop)
    };
    let create_item =
        |budget: &Contract, _| budget.item_create("p".into(), "s".into(), new_item("new"), None).map(drop);
    let create_subproject =
        |budget: &Contract, _| budget.subproject_create("p".into(), new_subproject("new"), None).map(drop);
    let policies = Policies { four_eyes: budget::Enforcement::Warn, ..Policies::default() };
    assert_ne!(policies, Policies::default());
    let set_policies = |budget: &Contract, _| {
        let policies = Policies { four_eyes: budget::Enforcement::Warn, ..Policies::default() };
        budget.policies_set("p".into(), policies, None).map(drop)
    };
    let reorder = |budget: &Contract, _| budget.reorder("p".into(), "s".into(), vec!["a".into()], None).map(drop);
    let add = |budget: &Contract, on| budget.document_add(on, crate::documents::file("new", 1), None);
    let validate = |budget: &Contract, on| budget.document_validate(on, "d".into(), Hash([7; 32]), None);
    let remove = |budget: &Contract, on| budget.document_delete(on, "d".into(), None);
    vec![
        row("project_create", Resource::Global, &[I::GlobalCreateProject], Kind::Change, |budget, _| {
            budget.project_create(new_project("new")).map(drop)
        }),
        row("subproject_create", p(), &[I::ProjectCreateSubproject], Kind::Change, create_subproject),
        row("policies_set", p(), &[I::ProjectUpdate], Kind::Change, set_policies),
        row("update a project", p(), &[I::ProjectUpdate], Kind::Change, rename),
        row("assign a project", p(), &[I::ProjectAssign], Kind::Change, assign),
        row("budget_set of a project", p(), &[I::ProjectUpdateProjected], Kind::Change, set),
        row("budget_delete of a project", p(), &[I::ProjectDeleteProjected], Kind::Change, delete),
        row("close a project", p(), &[I::ProjectClose], Kind::Close, close),
        row("reopen a project", p(), &[I::ProjectClose], Kind::Reopen, reopen),
        row("item_create", s(), &[I::SubprojectCreateWorkflowitem], Kind::Change, create_item),
        row(
            "item_create, restricted",
            s(),
            &[I::SubprojectCreateWorkflowitem, I::SubprojectGrantPermission],
            Kind::Change,
            create_restricted,
        ),
        row("reorder", s(), &[I::SubprojectReorderWorkflowitems], Kind::Change, reorder),
        row("update a subproject", s(), &[I::SubprojectUpdate], Kind::Change, rename),
        row("assign a subproject", s(), &[I::SubprojectAssign], Kind::Change, assign),
        row("budget_set of a subproject", s(), &[I::SubprojectUpdateProjected], Kind::Change, set),
        row("budget_delete of a subproject", s(), &[I::SubprojectDeleteProjected], Kind::Change, delete),
        row("close a subproject", s(), &[I::SubprojectClose], Kind::Close, close),
        row("reopen a subproject", s(), &[I::SubprojectClose], Kind::Reopen, reopen),
        row("update an item", a(), &[I::WorkflowitemUpdate], Kind::Change, rename),
        row("assign an item", a(), &[I::WorkflowitemAssign], Kind::Change, assign),
        row("document_add", a(), &[I::WorkflowitemUpdate], Kind::Change, add),
        row("document_validate", a(), &[I::WorkflowitemValidateDocument], Kind::Change, validate),
        row("document_delete", a(), &[I::WorkflowitemUpdate], Kind::Change, remove),
        row("close an item", a(), &[I::WorkflowitemClose], Kind::Close, close),
        row("reject an item", a(), &[I::WorkflowitemClose], Kind::Close, reject),
        row("reopen an item", a(), &[I::WorkflowitemClose], Kind::Reopen, reopen),
    ]
}

/// A project, a subproject and an item that root and the subject are to see to, and nobody else's rights in them.
fn base(test: &Test) -> World<'_> {
    let mut world = World::empty(test);
    world.user(SUBJECT);
    world.group("inner", &[SUBJECT]);
    world.group("outer", &["inner"]);
    world.group("all", &[ROOT, SUBJECT]);
    let all = || Some("all".to_owned());
    world.ok(ROOT, |b| b.project_create(budget::NewProject { assignee: all(), ..new_project("p") }));
    let new = budget::NewSubproject { assignee: all(), ..new_subproject("s") };
    world.ok(ROOT, |budget| budget.subproject_create("p".into(), new, None));
    let documents = vec![crate::documents::file("d", 7)];
    world.item(ROOT, NewItem { assignee: all(), documents, ..new_item("a") });
    world
}

fn above(resource: &Resource) -> Option<Resource> {
    match resource {
        Resource::Subproject { .. } => Some(project("p")),
        Resource::Item { .. } => Some(subproject("p", "s")),
        _ => None,
    }
}

/// Brings the thing into this state, with all below it closed where the state needs that. `None` where there is no such state.
fn bring(world: &mut World<'_>, row: &Row, state: State) -> Option<()> {
    let chain = [item("p", "s", "a"), subproject("p", "s"), project("p")];
    let at = chain.iter().position(|resource| *resource == row.on);
    let closed = match (state, at) {
        // What is to be closed has nothing open below it.
        (State::Open, Some(at)) if row.kind == Kind::Close => at,
        (State::Open, _) => 0,
        (State::Closed, at) => at? + 1,
        (State::ParentClosed, at) => {
            above(&row.on)?;
            at? + 2
        }
    };
    for resource in &chain[..closed] {
        world.close(resource);
    }
    Some(())
}

/// Gives the subject the row's rights; false if it has them in no such way.
fn give(world: &mut World<'_>, row: &Row, how: How) -> Option<bool> {
    let (on, intents) = (&row.on, &row.intents);
    match how {
        How::NoRight => return Some(false),
        How::Right => world.grant(SUBJECT, intents, on),
        How::ByGroup => world.grant("inner", intents, on),
        How::ByNestedGroup => world.grant("outer", intents, on),
        How::ByOrganisation => world.grant("Umbrella", intents, on),
        How::Inherited => world.grant(SUBJECT, intents, &above(on)?),
        How::DeniedBelow => {
            world.grant(SUBJECT, intents, &above(on).unwrap_or_else(|| on.clone()));
            world.deny("inner", &intents[..1], on);
            return Some(false);
        }
        How::Expired => {
            let soon = world.test.time() + 5_000;
            world.grant_until(SUBJECT, intents, on, soon);
            world.test.travel_to(soon);
            return Some(false);
        }
    }
    Some(true)
}

/// How the row's command ends for somebody who may give it.
fn expected(row: &Row, state: State) -> Result<(), Error> {
    match (row.kind, state) {
        (Kind::Change | Kind::Close, State::Open) | (Kind::Close, _) => Ok(()),
        (Kind::Change, _) => Err(Error::Closed { resource: row.on.clone() }),
        (Kind::Reopen, State::Open) => Err(Error::Open { resource: row.on.clone() }),
        (Kind::Reopen, State::Closed) => Ok(()),
        (Kind::Reopen, State::ParentClosed) => Err(Error::Closed { resource: above(&row.on).expect("it has one") }),
    }
}

/// Rule: Who-may-do-what: every command by every way of having its right or not, on the open, the closed and what is under the closed (+)
#[coffer_test]
fn a_command_succeeds_with_its_right_on_what_is_open_and_is_refused_otherwise(test: &Test) {
    let mut world = base(test);
    let base = test.save();
    let mut cells = 0;
    for row in rows() {
        for state in STATES {
            test.go_back(&base);
            if bring(&mut world, &row, state).is_none() {
                continue;
            }
            let ready = test.save();
            for how in HOWS {
                test.go_back(&ready);
                let Some(allowed) = give(&mut world, &row, how) else { continue };
                let done = world.run(SUBJECT, |budget| (row.run)(budget, row.on.clone()));
                let intent = || row.intents[0].name().to_owned();
                let missing = || Err(Error::NotAllowed { intent: intent(), resource: row.on.clone() });
                let expected = if allowed { expected(&row, state) } else { missing() };
                assert_eq!(done, expected, "{}, {how:?}, {state:?}", row.name);
                cells += 1;
            }
        }
    }
    assert!(cells > 500, "{cells} cells");
}
