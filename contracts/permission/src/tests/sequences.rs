//! Random commands by random users beside a model that is as simple as can be: a flat list of grants that every question walks through.

use core::cell::Cell;

use coffer_test::proptest::prelude::*;
use coffer_test::{Sequences, here};

use super::*;

/// Sequences that are played.
const SEQUENCES: u32 = 2_000;
/// Commands of each at most.
const LENGTH: usize = 20;

const USERS: [(&str, &str, AccountId); 4] = [
    ("acme/alice", "acme", ALICE),
    ("acme/bob", "acme", BOB),
    ("donor/carol", "donor", CAROL),
    ("donor/dave", "donor", DAVE),
];
const GROUPS: [&str; 3] = ["inner", "outer", "crew"];

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Grant(String, Intent, Resource, Terms),
    Deny(String, Intent, Resource, Terms),
    Revoke(String, Intent, Resource),
    Join(String, String),
    Leave(String, String),
    Disable(String),
    Enable(String),
    Create(Option<String>),
    Assign(String),
    Wait,
}

fn survey() -> Resource {
    Resource::Item { project: "road".into(), subproject: "bridge".into(), item: "survey".into() }
}

fn resources() -> Vec<Resource> {
    vec![
        Resource::Global,
        Resource::User { user: "acme/bob".into() },
        group("crew"),
        project(),
        subproject(),
        item(),
        survey(),
    ]
}

fn random_step(dice: &mut Dice) -> Step {
    let users: Vec<String> = USERS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let mut principals = users.clone();
    principals.extend(GROUPS.map(String::from));
    principals.extend(["acme".to_owned(), "donor".to_owned()]);
    let resource = dice.of(&resources());
    // Mostly what decides most: the rights to grant and revoke, and one plain right.
    let level = resource.level();
    let below: Vec<Intent> = Intent::ALL.iter().copied().filter(|intent| level.holds(intent.level())).collect();
    let some =
        [level.right_to_grant(), level.right_to_revoke(), dice.of(&below), dice.of(&below), dice.of(Intent::ALL)];
    let intent = dice.of(&some);
    let terms = Terms {
        inheritable: dice.below(4) > 0,
        until: (dice.below(3) == 0).then(|| 1_000 + 50 * dice.below(8) as u64),
    };
    let principal = dice.of(&principals);
    match dice.below(16) {
        0..6 => Step::Grant(principal, intent, resource, terms),
        6 | 7 => Step::Deny(principal, intent, resource, terms),
        8..11 => Step::Revoke(principal, intent, resource),
        11 => Step::Join(dice.of(&GROUPS).into(), principal),
        12 => Step::Leave(dice.of(&GROUPS).into(), principal),
        13 if dice.below(2) == 0 => Step::Enable(dice.of(&users)),
        13 => Step::Disable(dice.of(&users)),
        14 if dice.below(2) == 0 => Step::Assign(principal),
        14 => Step::Create((dice.below(2) == 0).then_some(principal)),
        _ => Step::Wait,
    }
}

/// A grant or a denial in the flat list.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    principal: String,
    intent: Intent,
    resource: Resource,
    denied: bool,
    terms: Terms,
}

/// The model.
#[derive(Clone, Debug)]
struct Model {
    entries: Vec<Entry>,
    disabled: BTreeSet<String>,
    groups: BTreeMap<String, BTreeSet<String>>,
    /// The item that random commands create, and whether it is restricted.
    survey: Option<bool>,
    now: u64,
}

fn covers(has: &Terms, asked: &Terms) -> bool {
    let long_enough = has.until.is_none() || asked.until.is_some_and(|asked| asked <= has.until.unwrap_or(0));
    long_enough && (has.inheritable || !asked.inheritable)
}

impl Model {
    fn new() -> Self {
        let mut model =
            Self { entries: Vec::new(), disabled: BTreeSet::new(), groups: BTreeMap::new(), survey: None, now: 1_000 };
        model.give("acme/alice", &Resource::Global, |intent| intent.level() == Level::Global);
        for resource in resources() {
            let level = resource.level();
            match resource {
                Resource::Global => {}
                Resource::User { .. } => {
                    model.give("acme/alice", &resource, |intent| intent.level() == level);
                    model.give("acme/bob", &resource, |intent| intent.level() == level);
                }
                resource if resource == survey() => {}
                resource => model.give("acme/alice", &resource, |intent| level.holds(intent.level())),
            }
        }
        for name in GROUPS {
            model.groups.insert(name.into(), BTreeSet::new());
        }
        model.groups.get_mut("inner").unwrap().extend(["acme/bob".to_owned(), "donor/carol".to_owned()]);
        model.groups.get_mut("outer").unwrap().insert("inner".into());
        model
    }

    fn give(&mut self, to: &str, resource: &Resource, which: impl Fn(Intent) -> bool) {
        for &intent in Intent::ALL.iter().filter(|intent| which(**intent)) {
            self.set(Entry { principal: to.into(), intent, resource: resource.clone(), denied: false, terms: FOREVER });
        }
    }

    fn set(&mut self, entry: Entry) {
        self.entries.retain(|other| {
            (&other.principal, other.intent, &other.resource) != (&entry.principal, entry.intent, &entry.resource)
        });
        self.entries.push(entry);
    }

    /// The user, its organisation, and every group that has one of these in it.
    fn principals(&self, user: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::from([user.to_owned()]);
        loop {
            let more = self.groups.iter().filter(|(_, members)| members.iter().any(|member| all.contains(member)));
            let more: Vec<String> = more.map(|(name, _)| name.clone()).filter(|name| !all.contains(name)).collect();
            if more.is_empty() {
                break;
            }
            all.extend(more);
        }
        if let Some((_, organisation, _)) = USERS.iter().find(|(name, ..)| *name == user) {
            all.insert((*organisation).to_owned());
        }
        all
    }

    /// The grant that gives a user a right for at least these terms; with none, for any.
    fn holds(&self, user: &str, intent: Intent, resource: &Resource, terms: Option<&Terms>) -> Option<&Entry> {
        if self.disabled.contains(user) || !resource.level().holds(intent.level()) {
            return None;
        }
        let principals = self.principals(user);
        let mut at = Some(resource.clone());
        while let Some(here) = at {
            let counts = |entry: &&Entry| {
                entry.intent == intent
                    && entry.resource == here
                    && principals.contains(&entry.principal)
                    && entry.terms.until.is_none_or(|until| until > self.now)
                    && (entry.terms.inheritable || here == *resource)
            };
            let found: Vec<&Entry> = self.entries.iter().filter(counts).collect();
            if found.iter().any(|entry| entry.denied) {
                return None;
            }
            let enough = found.into_iter().find(|entry| terms.is_none_or(|terms| covers(&entry.terms, terms)));
            if enough.is_some() {
                return enough;
            }
            if here == survey() && self.survey == Some(true) {
                return None;
            }
            at = here.parent();
        }
        None
    }

    fn may(&self, user: &str, intent: Intent, resource: &Resource) -> bool {
        self.holds(user, intent, resource, None).is_some()
    }

    fn exists(&self, resource: &Resource) -> bool {
        *resource != survey() || self.survey.is_some()
    }

    /// True if every guarded right has an enabled user who has it for good.
    fn is_sound(&self) -> bool {
        let holder = |right: Intent, resource: &Resource| {
            USERS.iter().filter(|(user, ..)| !self.disabled.contains(*user)).any(|(user, ..)| {
                let principals = self.principals(user);
                self.entries.iter().any(|entry| {
                    (entry.intent, &entry.resource) == (right, resource)
                        && !entry.denied
                        && entry.terms == FOREVER
                        && principals.contains(&entry.principal)
                })
            })
        };
        let own = Resource::User { user: "acme/bob".into() };
        let keeps_own = self.entries.iter().any(|entry| {
            (entry.principal.as_str(), entry.intent, &entry.resource) == ("acme/bob", Intent::UserGrantPermission, &own)
                && entry.terms.until.is_none()
        });
        keeps_own
            && holder(Intent::GlobalGrantPermission, &Resource::Global)
            && holder(Intent::GroupAdminister, &group("crew"))
            && holder(Intent::ProjectGrantPermission, &project())
            && holder(Intent::SubprojectGrantPermission, &project())
            && holder(Intent::WorkflowitemGrantPermission, &project())
            && (self.survey != Some(true) || holder(Intent::WorkflowitemGrantPermission, &survey()))
    }

    /// The model after a step, or nothing if the step is refused.
    fn after(&self, user: &str, step: &Step) -> Option<Self> {
        let mut next = self.clone();
        if let Step::Wait = step {
            next.now += 60;
            return Some(next);
        }
        if self.disabled.contains(user) {
            return None;
        }
        match step {
            Step::Grant(to, intent, on, terms) => {
                next.change(user, to, *intent, on, Some((false, terms)), on.level().right_to_grant())?;
            }
            Step::Deny(to, intent, on, terms) => {
                next.change(user, to, *intent, on, Some((true, terms)), on.level().right_to_revoke())?;
            }
            Step::Revoke(of, intent, on) => {
                next.change(user, of, *intent, on, None, on.level().right_to_revoke())?;
            }
            Step::Join(name, member) => {
                self.may(user, Intent::GroupAddUser, &group(name)).then_some(())?;
                (!["acme", "donor"].contains(&member.as_str())).then_some(())?;
                (!self.principals(name).contains(member)).then_some(())?;
                next.groups.get_mut(name)?.insert(member.clone());
            }
            Step::Leave(name, member) => {
                self.may(user, Intent::GroupRemoveUser, &group(name)).then_some(())?;
                next.groups.get_mut(name)?.remove(member);
            }
            Step::Disable(name) => {
                self.may(user, Intent::GlobalDisableUser, &Resource::Global).then_some(())?;
                next.disabled.insert(name.clone());
            }
            Step::Enable(name) => {
                self.may(user, Intent::GlobalEnableUser, &Resource::Global).then_some(())?;
                next.disabled.remove(name);
            }
            Step::Create(restricted_to) => {
                self.survey.is_none().then_some(())?;
                next.survey = Some(restricted_to.is_some());
                match restricted_to {
                    None => next.give(user, &survey(), |intent| intent.level() == Level::Item),
                    Some(owner) => next.hand_over(&[user], owner)?,
                }
            }
            Step::Assign(owner) => {
                (self.survey == Some(true)).then_some(())?;
                self.may(user, Intent::WorkflowitemGrantPermission, &survey()).then_some(())?;
                next.hand_over(&[user], owner)?;
            }
            Step::Wait => {}
        }
        next.is_sound().then_some(next)
    }

    fn hand_over(&mut self, issuers: &[&str], owner: &str) -> Option<()> {
        (!["acme", "donor"].contains(&owner)).then_some(())?;
        for issuer in issuers.iter().filter(|issuer| **issuer != owner) {
            self.entries.retain(|entry| (entry.principal.as_str(), &entry.resource) != (*issuer, &survey()));
            self.give(issuer, &survey(), |intent| intent == Intent::WorkflowitemList);
        }
        self.give(owner, &survey(), |intent| intent.level() == Level::Item);
        Some(())
    }

    fn change(
        &mut self,
        user: &str,
        principal: &str,
        intent: Intent,
        on: &Resource,
        to: Option<(bool, &Terms)>,
        right: Intent,
    ) -> Option<()> {
        let level = on.level();
        (self.exists(on) && self.may(user, right, on) && level.holds(intent.level())).then_some(())?;
        let is_same =
            |entry: &&Entry| (entry.principal.as_str(), entry.intent, &entry.resource) == (principal, intent, on);
        let before = self.entries.iter().find(is_same).cloned();
        let after = match to {
            None => None,
            Some((denied, terms)) => {
                (!denied || !intent.is_right_to_grant()).then_some(())?;
                terms.until.is_none_or(|until| until > self.now).then_some(())?;
                let inheritable = terms.inheritable || intent.level() == level;
                let terms = Terms { inheritable, ..terms.clone() };
                Some(Entry { principal: principal.into(), intent, resource: on.clone(), denied, terms })
            }
        };
        if before == after {
            return Some(());
        }
        let live = |entry: Option<&Entry>| {
            entry.filter(|entry| entry.terms.until.is_none_or(|until| until > self.now)).cloned()
        };
        let (old, new) = (live(before.as_ref()), live(after.as_ref()));
        let still =
            |old: &Entry| new.as_ref().is_some_and(|new| new.denied == old.denied && covers(&new.terms, &old.terms));
        let mut given = Vec::new();
        let mut takes = false;
        if let Some(new) = &new {
            if new.denied {
                takes = true;
            } else {
                given.push(new.terms.clone());
            }
        }
        if let Some(old) = old.filter(|old| !still(old)) {
            if old.denied {
                given.push(Terms { until: None, ..old.terms });
            } else {
                takes = true;
            }
        }
        for terms in &given {
            self.may(user, intent, on).then_some(())?;
            self.holds(user, intent, on, Some(terms))?;
            self.may(user, level.right_to_grant(), on).then_some(())?;
        }
        if takes {
            self.may(user, level.right_to_revoke(), on).then_some(())?;
        }
        match after {
            Some(entry) => self.set(entry),
            None => self.entries.retain(|entry| !is_same(&entry)),
        }
        Some(())
    }
}

fn play(programme: &mut Programme<'_>, by: AccountId, step: &Step) -> Result<(), Error> {
    match step.clone() {
        Step::Grant(to, intent, on, terms) => programme.grant_as(by, &to, &[intent], on, terms).map(drop),
        Step::Deny(to, intent, on, terms) => {
            programme.by(by, |contract| contract.deny(to, vec![intent], on, terms, None)).map(drop)
        }
        Step::Revoke(of, intent, on) => programme.revoke(by, &of, &[intent], on).map(drop),
        Step::Join(group, member) => programme.join(by, &group, &member).map(drop),
        Step::Leave(group, member) => programme.leave(by, &group, &member).map(drop),
        Step::Disable(user) => programme.disable(by, &user).map(drop),
        Step::Enable(user) => programme.by(by, |contract| contract.enable_user(user, None)).map(drop),
        Step::Create(restricted_to) => programme.created(by, survey(), restricted_to.as_deref()),
        Step::Assign(to) => {
            programme.through(BUDGET, by, |contract| contract.resource_assigned(survey(), None, to)).map(drop)
        }
        Step::Wait => {
            programme.at(programme.time() + 60);
            Ok(())
        }
    }
}

/// The rights of everybody are as the model says, and what is held is explained by a grant of the model. Of all rights a sixth is looked at,
/// another one after each sequence.
fn is_explained(programme: &Programme<'_>, model: &Model, dice: &mut Dice) {
    let all: Vec<(Intent, Resource)> =
        resources().into_iter().flat_map(|on| Intent::ALL.iter().map(move |intent| (*intent, on.clone()))).collect();
    let all: Vec<(Intent, Resource)> = all.into_iter().filter(|_| dice.below(6) == 0).collect();
    for (user, _, account) in USERS {
        let verdicts = programme.ask(account, |contract| contract.check(account, all.clone()));
        for ((intent, resource), verdict) in all.iter().zip(verdicts) {
            let entry = model.holds(user, *intent, resource, None);
            assert_eq!(verdict == Verdict::Allowed, entry.is_some(), "{user} {intent:?} {resource:?}");
            if entry.is_none() || dice.below(20) > 0 {
                continue;
            }
            let why = programme.ask(account, |contract| contract.why(user.into(), *intent, resource.clone())).unwrap();
            let Explanation::Allowed { reason } = why else { panic!("{user} {intent:?} {resource:?}: {why:?}") };
            let stands = model.entries.iter().any(|entry| {
                (&entry.principal, entry.intent, &entry.resource) == (&reason.principal, *intent, &reason.at)
                    && !entry.denied
            });
            assert!(stands && model.principals(user).contains(&reason.principal), "{reason:?}");
        }
    }
}

/// The programme that each sequence begins with, and the model of it.
fn begun(test: &Test) -> (Programme<'_>, Model) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "inner", &["acme/bob", "donor/carol"]).unwrap();
    programme.new_group(ALICE, "outer", &["inner"]).unwrap();
    programme.new_group(ALICE, "crew", &[]).unwrap();
    let mut model = Model::new();
    // Of inner and outer nothing but the members is compared: nobody is granted anything on them later.
    for name in ["inner", "outer"] {
        programme.grant(ALICE, "donor/dave", &[Intent::GroupAddUser, Intent::GroupRemoveUser], group(name)).unwrap();
        for user in ["acme/alice", "donor/dave"] {
            model.give(user, &group(name), |intent| matches!(intent, Intent::GroupAddUser | Intent::GroupRemoveUser));
        }
    }
    (programme, model)
}

/// Rule: nobody holds a right that no grant explains (+)
#[test]
fn random_commands_end_as_in_a_naive_model_and_nobody_holds_a_right_that_no_grant_explains() {
    let commands = any::<u64>().prop_map(|seed| {
        let mut dice = Dice(seed);
        let (user, _, account) = if dice.below(2) == 0 { USERS[0] } else { dice.of(&USERS) };
        (user, account, random_step(&mut dice), dice.0)
    });
    let (done, refused) = (Cell::new(0), Cell::new(0));
    let sequences = Sequences::new(here!(random_commands)).sequences(SEQUENCES).commands(LENGTH);
    sequences.run(commands, |test, commands| {
        let (mut programme, mut model) = begun(test);
        for (user, account, step, _) in commands {
            let result = play(&mut programme, *account, step);
            let next = model.after(user, step);
            assert_eq!(result.is_ok(), next.is_some(), "{user}: {step:?}: {result:?}");
            let counter = if next.is_some() { &done } else { &refused };
            counter.set(counter.get() + 1);
            model = next.unwrap_or(model);
        }
        let mut dice = Dice(commands.last().map_or(0, |(.., seed)| *seed));
        is_explained(&programme, &model, &mut dice);
    });
    let (done, refused): (u32, u32) = (done.get(), refused.get());
    assert!(done > SEQUENCES && refused > SEQUENCES, "{done} done, {refused} refused: the commands are not mixed well");
}
