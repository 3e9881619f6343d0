//! Random sequences of commands by random users with random rights, on both engines, and what must always hold afterwards.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use budget::{AmountType, Budget, Details, Enforcement, Error, Field, HistoryFilter, ItemType, Kind, Mode, NewItem};
use budget::{NewSubproject, Policies, Resource, Row, Thing, Totals};
use coffer_test::prelude::*;
use coffer_test::proptest::prelude::any;
use coffer_test::{Here, Saved, Sequences, here, prepared};
use permission::{Explanation, Intent};

use crate::given::*;
use crate::world::World;

/// Sequences of each of the two tests, which run on two cores.
const SEQUENCES: u32 = 1_000;
/// Commands of a sequence at most.
const LENGTH: usize = 40;

const USERS: [&str; 4] = [ROOT, ALICE, BOB, CAROL];
const PROJECTS: [&str; 2] = ["p", "q"];
const SUBPROJECTS: [&str; 2] = ["s", "t"];
const ITEMS: [&str; 4] = ["a", "b", "c", "d"];
const AMOUNTS: [&str; 8] = ["0", "10", "0.01", "99.99", "-5", "1000000.000001", "3", "-0.01"];
const RATES: [&str; 3] = ["1", "0.9", "117.0333"];

/// A generator of numbers that its seed decides (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

/// Two projects; root with all rights, alice with nearly all, carol with a few.
fn base(test: &Test) {
    let mut world = World::empty(test);
    world.group("all", &[ROOT, ALICE, BOB]);
    for id in PROJECTS {
        world.ok(ROOT, |budget| budget.project_create(new_project(id)));
        world.grant(ALICE, &all_intents(), &project(id));
        world.grant(CAROL, &[Intent::ProjectList, Intent::SubprojectList, Intent::SubprojectClose], &project(id));
    }
}

/// The same with some rights for bob, his organisation or everybody, with policies, subprojects and items.
fn begin<'t>(test: &'t Test, base: &Saved, random: &mut Random) -> World<'t> {
    let mut world = World::again(test, base);
    for id in PROJECTS {
        let some: Vec<Intent> = all_intents().into_iter().filter(|_| random.one_in(2)).collect();
        let principal = random.of(&[BOB, "Umbrella", "all"]);
        world.grant(principal, &some, &project(id));
        let ceilings = random.of(&[Enforcement::Off, Enforcement::Warn, Enforcement::Block]);
        let policies = Policies { ceilings, ..Policies::default() };
        if policies != Policies::default() {
            world.ok(ROOT, |budget| budget.policies_set(id.into(), policies, None));
        }
    }
    for (id, currency, mode) in [("s", "EUR", Mode::Ordered), ("t", "KES", Mode::Unordered)] {
        let new = NewSubproject {
            currency: currency.to_owned(),
            mode,
            assignee: Some("all".to_owned()),
            projected: vec![projected("Acme", "1000", currency)],
            ..new_subproject(id)
        };
        world.ok(ROOT, |budget| budget.subproject_create("p".into(), new, None));
        for item in &ITEMS[..3] {
            let new = new_of(random, item);
            // Some are refused; then there is one less.
            let _ = world.run(ROOT, |budget| budget.item_create("p".into(), id.to_owned(), new, None));
        }
    }
    world
}

fn anything(random: &mut Random) -> Resource {
    match random.below(10) {
        0 => project(random.of(&PROJECTS)),
        1 | 2 => subproject("p", random.of(&SUBPROJECTS)),
        _ => any_item(random),
    }
}

fn any_item(random: &mut Random) -> Resource {
    // Most commands are about one project, so that something comes together there.
    let project_id = if random.one_in(20) { "q" } else { "p" };
    let id = if random.one_in(5) { random.of(&ITEMS) } else { random.of(&ITEMS[..3]) };
    item(project_id, random.of(&SUBPROJECTS), id)
}

fn fields(random: &mut Random) -> Vec<Field> {
    let mut fields = Vec::new();
    while fields.is_empty() || random.one_in(2) {
        fields.push(match random.below(8) {
            0 => Field::Name(format!("name {}", random.below(1_000))),
            1 => Field::Tags(vec!["x".into()]),
            2 => {
                Field::AmountType(random.of(&[AmountType::NotApplicable, AmountType::Allocated, AmountType::Disbursed]))
            }
            3 | 4 => amount(random.of(&AMOUNTS)),
            5 => currency(random.of(&["EUR", "KES", "USD"])),
            6 => Field::Rate(Some(rate(random.of(&RATES)))),
            _ => Field::Funding(Some(random.of(&["World Bank", "EU"]).to_owned())),
        });
    }
    fields
}

fn new_of(random: &mut Random, id: &str) -> NewItem {
    let amount_type = random.of(&[AmountType::NotApplicable, AmountType::Allocated, AmountType::Disbursed]);
    let mut new = NewItem { assignee: Some("all".to_owned()), amount_type, ..new_item(id) };
    if amount_type != AmountType::NotApplicable {
        new.fields = vec![amount(random.of(&AMOUNTS)), currency(random.of(&["EUR", "KES"]))];
        if random.one_in(2) {
            new.fields.push(Field::Rate(Some(rate(random.of(&RATES)))));
        }
    }
    if random.one_in(6) {
        new.corrects = Some(random.of(&ITEMS).to_owned());
    }
    if random.one_in(8) {
        new.item_type = ItemType::Restricted;
        new.assignee = Some(random.of(&USERS).to_owned());
    }
    new
}

/// One random command; the right that it needs, and how it ended.
fn step(world: &mut World<'_>, random: &mut Random, user: &str) -> (Intent, Resource, Result<(), Error>) {
    let what = anything(random);
    let at = |resource: &Resource, intents: [Intent; 3]| match resource {
        Resource::Project { .. } => intents[0],
        Resource::Subproject { .. } => intents[1],
        _ => intents[2],
    };
    let close = at(&what, [Intent::ProjectClose, Intent::SubprojectClose, Intent::WorkflowitemClose]);
    let seen = random.one_in(10).then(|| random.below(4) as u32 + 1);
    match random.below(20) {
        0..=3 => {
            let Resource::Item { project, subproject, .. } = any_item(random) else { unreachable!() };
            let id = random.of(&ITEMS);
            let new = new_of(random, id);
            let on = crate::given::subproject(&project, &subproject);
            let done = world.run(user, |budget| budget.item_create(project, subproject, new, seen).map(drop));
            (Intent::SubprojectCreateWorkflowitem, on, done)
        }
        4..=9 => (close, what.clone(), world.run(user, |budget| budget.close(what, None, seen).map(drop))),
        10 => {
            let done = world.run(user, |budget| budget.close(what.clone(), Some("no".into()), seen).map(drop));
            (close, what, done)
        }
        11 | 12 => {
            let agrees = !random.one_in(5);
            let done = world.run(user, |budget| budget.reopen(what.clone(), agrees, seen).map(drop));
            (close, what, done)
        }
        13 | 14 => {
            let right = at(&what, [Intent::ProjectUpdate, Intent::SubprojectUpdate, Intent::WorkflowitemUpdate]);
            let fields = fields(random);
            (right, what.clone(), world.run(user, |budget| budget.update(what, fields, seen).map(drop)))
        }
        15 => {
            let right = at(&what, [Intent::ProjectAssign, Intent::SubprojectAssign, Intent::WorkflowitemAssign]);
            let to = random.of(&[ROOT, BOB, "all"]).to_owned();
            (right, what.clone(), world.run(user, |budget| budget.assign(what, to, seen).map(drop)))
        }
        16 => {
            let on = subproject("p", random.of(&SUBPROJECTS));
            let Resource::Subproject { project, subproject } = on.clone() else { unreachable!() };
            let mut items: Vec<String> = ITEMS[..3].iter().map(|id| (*id).to_owned()).collect();
            let (one, two, count) = (random.below(3), random.below(3), random.below(4));
            items.swap(one, two);
            items.truncate(count);
            let done = world.run(user, |budget| budget.reorder(project, subproject, items, seen).map(drop));
            (Intent::SubprojectReorderWorkflowitems, on, done)
        }
        17 | 18 => {
            let on = if random.one_in(2) { project("p") } else { subproject("p", random.of(&SUBPROJECTS)) };
            let intents = [Intent::ProjectUpdateProjected, Intent::SubprojectUpdateProjected];
            let right = at(&on, [intents[0], intents[1], intents[1]]);
            let new = projected(random.of(&["Acme", "EU"]), random.of(&AMOUNTS), random.of(&["EUR", "KES"]));
            (right, on.clone(), world.run(user, |budget| budget.budget_set(on, new, seen).map(drop)))
        }
        _ => {
            let on = crate::given::project(random.of(&PROJECTS));
            let Resource::Project { project } = on.clone() else { unreachable!() };
            let new = NewSubproject { currency: random.of(&["EUR", "KES"]).to_owned(), ..new_subproject("t") };
            let new = NewSubproject { assignee: Some("all".to_owned()), ..new };
            let done = world.run(user, |budget| budget.subproject_create(project, new, seen).map(drop));
            (Intent::ProjectCreateSubproject, on, done)
        }
    }
}

/// All rows below something, page by page.
fn rows(budget: &ClientOf<Budget>, parent: &Resource) -> Result<Vec<Row>, Error> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = budget.list(parent.clone(), after, 3)?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}

/// All of a total.
fn totals(world: &mut World<'_>, user: &str, scope: &Resource) -> Totals {
    whole(|so_far| world.look(user, |budget| budget.totals(scope.clone(), so_far)).expect("may be seen"))
}

/// A decimal with at most 12 digits behind the point, in units of 10^-12: what the sequences make needs no more.
fn units(text: &str) -> i128 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<12}");
    assert!(part.len() == 12, "{text} has more digits than sequences can make");
    sign * (whole.parse::<i128>().unwrap() * 1_000_000_000_000 + part.parse::<i128>().unwrap())
}

/// By organisation, funding organisation, currency: allocated and disbursed.
type Sums = BTreeMap<(String, Option<String>, String), [i128; 2]>;

/// Adds the amount of an item that counts.
fn count(sums: &mut Sums, thing: &Thing, currency: &str) {
    let Kind::Workflowitem(work) = &thing.kind else { panic!("an item") };
    let which = match work.amount_type {
        AmountType::NotApplicable => return,
        AmountType::Allocated => 0,
        AmountType::Disbursed => 1,
    };
    let product = units(work.amount.as_ref().unwrap()) * units(&work.rate.as_ref().unwrap().value);
    assert_eq!(product % 1_000_000_000_000, 0, "the product is exact");
    let organisation = thing.creator.split_once('/').unwrap().0.to_owned();
    let sum = sums.entry((organisation, work.funding.clone(), currency.to_owned())).or_default();
    sum[which] += product / 1_000_000_000_000;
}

/// What must hold of what a user sees of a project: its totals are the sums over exactly the items that it sees.
fn check_totals(world: &mut World<'_>, user: &str, project_id: &str) {
    let of_project = world.look(user, |budget| {
        let mut sums = Sums::new();
        for row in rows(budget, &project(project_id))? {
            let Row::Full { id, thing } = row else { panic!("subprojects are never redacted") };
            let Kind::Subproject(terms) = &thing.kind else { panic!("a subproject") };
            for row in rows(budget, &subproject(project_id, &id))? {
                if let Row::Full { thing, .. } = row
                    && thing.closing.as_ref().is_some_and(|closing| closing.rejected.is_none())
                {
                    count(&mut sums, &thing, &terms.currency);
                }
            }
        }
        Ok::<Sums, Error>(sums)
    });
    let Ok(expected) = of_project else { return };
    let totals = totals(world, user, &project(project_id));
    let mut found = Sums::new();
    for total in totals.totals {
        let sums = [units(&total.allocated), units(&total.disbursed)];
        if total.projected == "0" || sums != [0, 0] {
            found.insert((total.organisation, total.funding, total.currency), sums);
        }
    }
    let expected: Sums =
        expected.into_iter().filter(|(key, sums)| *sums != [0, 0] || found.contains_key(key)).collect();
    let found: Sums = found.into_iter().filter(|(key, sums)| *sums != [0, 0] || expected.contains_key(key)).collect();
    assert_eq!(found, expected, "totals of {project_id} for {user}");
}

/// What must hold of all there is, as root sees it: nothing is hidden from root but restricted items.
fn check_world(world: &mut World<'_>) {
    let mut open = Open::default();
    for project_id in PROJECTS {
        let above = world.thing(&project(project_id));
        open.add(&project(project_id), &above);
        let subprojects = world.look(ROOT, |budget| rows(budget, &project(project_id))).unwrap();
        for row in subprojects {
            let Row::Full { id, thing } = row else { panic!("subprojects are never redacted") };
            assert!(above.is_open() || !thing.is_open(), "{id} is open under a closed project");
            open.add(&subproject(project_id, &id), &thing);
            check_subproject(world, project_id, &id, &thing, &mut open);
        }
    }
    let mut found = Open::default();
    for identity in [ROOT, ALICE, BOB, CAROL, "all"] {
        let mut after = None;
        loop {
            let page = world.look(ROOT, |budget| budget.assignments(identity.to_owned(), after, 3)).unwrap();
            found.assigned.extend(page.assignments.iter().map(|resource| (identity.to_owned(), there(resource))));
            found.hidden += page.left_out;
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    assert_eq!(found, open, "what is assigned is what is open");
}

/// What is open and to whom it is assigned.
#[derive(Debug, Default, PartialEq)]
struct Open {
    assigned: BTreeSet<(String, permission::Resource)>,
    /// How many open items root may not see.
    hidden: u32,
}

impl Open {
    fn add(&mut self, resource: &Resource, thing: &Thing) {
        if thing.is_open() {
            self.assigned.insert((thing.assignee.clone(), there(resource)));
        }
    }
}

fn check_subproject(world: &mut World<'_>, project_id: &str, subproject_id: &str, above: &Thing, seen: &mut Open) {
    let parent = subproject(project_id, subproject_id);
    let items = world.look(ROOT, |budget| rows(budget, &parent)).unwrap();
    let mut ids = BTreeSet::new();
    let mut last_closed = Some(0);
    for row in items {
        let (id, open, closed) = match &row {
            Row::Full { id, thing } => (id, thing.is_open(), thing.closing.as_ref().map(|closing| closing.at)),
            Row::Redacted(redacted) => (&redacted.id, redacted.open, redacted.closed),
        };
        assert!(ids.insert(id.clone()), "{id} stands in the order twice");
        assert!(above.is_open() || !open, "{id} is open under a closed subproject");
        match (last_closed, closed) {
            (Some(before), Some(now)) => assert!(before <= now, "the closed are ordered by time"),
            (None, Some(_)) => panic!("{id} is closed and stands behind an open one"),
            _ => {}
        }
        last_closed = closed;
        match &row {
            Row::Full { thing, .. } => {
                let at = item(project_id, subproject_id, id);
                seen.add(&at, thing);
                check_item(world, &at, thing);
            }
            Row::Redacted(_) => seen.hidden += u32::from(open),
        }
    }
    for id in ITEMS {
        let there = !matches!(
            world.look(ROOT, |budget| budget.get(item(project_id, subproject_id, id))),
            Err(Error::NotFound { .. })
        );
        assert_eq!(there, ids.contains(id), "the order has exactly the items there are");
    }
}

fn check_item(world: &mut World<'_>, at: &Resource, thing: &Thing) {
    if let Kind::Workflowitem(work) = &thing.kind {
        let has = [work.amount.is_some(), work.currency.is_some(), work.rate.is_some(), work.billing_date.is_some()];
        let counts = thing.closing.as_ref().is_some_and(|closing| closing.rejected.is_none());
        match work.amount_type {
            AmountType::NotApplicable => assert_eq!(has, [false; 4]),
            _ if counts => assert_eq!(has, [true; 4]),
            _ => {}
        }
        let negative = work.amount.as_deref().is_some_and(|amount| amount.starts_with('-'));
        assert!(!negative || work.corrects.is_some(), "only corrections are negative");
    }
    let history = world.look(ROOT, |budget| budget.history(at.clone(), HistoryFilter::default(), 0, 100));
    if let Ok(page) = history {
        let versions: Vec<u32> = page.changes.iter().map(|(version, _)| *version).collect();
        assert_eq!(versions, (1..=thing.version).collect::<Vec<u32>>(), "a history entry for each version");
    }
    assert!(matches!(world.look(ROOT, |budget| budget.get(at.clone())), Ok(Details::Full { .. })));
}

/// What came of all commands so far.
#[derive(Default)]
struct Ended {
    done: Cell<u32>,
    refused: RefCell<BTreeMap<String, u32>>,
}

/// One sequence: each command by a number, which decides who gives it and what it is.
fn sequence(test: &Test, base: &Saved, commands: &[u64], ended: &Ended) {
    let mut random = Random(commands.first().copied().unwrap_or_default());
    let mut world = begin(test, base, &mut random);
    for &command in commands {
        let mut random = Random(command);
        let user = random.of(&[ROOT, ROOT, ALICE, ALICE, BOB, CAROL]);
        let before = test.save();
        let (intent, on, result) = step(&mut world, &mut random, user);
        match result {
            Ok(()) => {
                ended.done.set(ended.done.get() + 1);
                // Nobody did anything that no grant explained.
                let (there, after) = (there(&on), test.save());
                test.go_back(&before);
                let why = world.rights(user, |permission| permission.why(user.to_owned(), intent, there));
                assert!(matches!(why, Explanation::Allowed { .. }), "{user} did {intent:?} on {on:?}: {why:?}");
                test.go_back(&after);
            }
            Err(Error::NoPermissionContract { why }) => panic!("the permission contract did not answer: {why}"),
            Err(error) => {
                let text = format!("{error:?}");
                let name = text[..text.find(['{', ' ']).unwrap_or(text.len())].to_owned();
                *ended.refused.borrow_mut().entry(name).or_default() += 1;
            }
        }
    }
    check_world(&mut world);
    for user in USERS {
        for project_id in PROJECTS {
            check_totals(&mut world, user, project_id);
        }
    }
}

/// Plays sequences of random commands.
fn play(here: Here, seed: u64) {
    let (base, ended) = (prepared(here, base), Ended::default());
    let sequences = Sequences::new(here).seed(seed).sequences(SEQUENCES).commands(LENGTH);
    sequences.run(any::<u64>(), |test, commands| sequence(test, &base, commands, &ended));
    let (done, refused) = (ended.done.get(), ended.refused.into_inner());
    println!("{done} commands succeeded; refused: {refused:?}");
    // Each sequence counts twice, once on each engine.
    let enough = sequences.count() * 2 * 3;
    assert!(done > enough, "only {done} commands succeeded, {enough} are enough");
}

/// Rule: totals equal the sum of the visible items, no open child under a closed parent, order lists hold exactly the open items, money never rounds (+)
#[test]
fn whatever_random_users_do_the_invariants_hold() {
    play(here!(whatever_random_users_do_the_invariants_hold), 1);
}

/// Rule: native and Wasm are equal in random sequences of commands (+)
#[test]
fn random_commands_end_alike_on_both_engines() {
    play(here!(random_commands_end_alike_on_both_engines), 2);
}
