//! Projects, subprojects and workflow items as they are created: ids, texts, what is fixed.

use budget::{Budget, Error, Field, ItemType, Kind, Mode, NewItem, NewProject, NewSubproject, Resource};
use coffer_sdk::prelude::*;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

fn named(name: &str) -> NewProject {
    NewProject { id: None, name: name.to_owned(), ..new_project("x") }
}

/// Rule: Ids: up to 32 characters, given or derived; unique per level (T)
#[coffer_test]
fn an_id_is_given_or_derived_and_unique_within_its_parent(test: &Test) {
    let mut world = World::new(test);
    let longest = "a-Z_0".repeat(7)[..32].to_owned();
    let given = world.ok(ROOT, |budget| budget.project_create(new_project(&longest)));
    assert_eq!(given, longest);
    for wrong in ["", "a b", "a/b", "é", &"x".repeat(33)] {
        let error = world.refused(ROOT, |budget| budget.project_create(new_project(wrong)));
        assert!(is_invalid(&error, "id"), "{wrong}: {error:?}");
    }
    let taken = world.refused(ROOT, |budget| budget.project_create(new_project("p")));
    assert_eq!(taken, Error::AlreadyExists { resource: project("p") });

    let one = world.ok(ROOT, |budget| budget.project_create(named("one")));
    let two = world.ok(ROOT, |budget| budget.project_create(named("two")));
    assert!(one != two && one.len() == 32, "{one} {two}");

    // The same id can stand below another parent.
    world.ok(ROOT, |budget| budget.subproject_create(longest.clone(), new_subproject("s"), None));
    world.item(ROOT, new_item("s"));
    let taken = world.refused(ROOT, |budget| budget.item_create("p".into(), "s".into(), new_item("s"), None));
    assert_eq!(taken, Error::AlreadyExists { resource: item("p", "s", "s") });
}

/// Rule: Text is trimmed, control characters refused, at most 250 characters (descriptions 4,000) (T)
#[coffer_test]
fn texts_are_trimmed_and_bounded_and_have_no_control_characters(test: &Test) {
    let mut world = World::new(test);
    let p = project("p");
    let set =
        |world: &mut World, field: Field| world.run(ROOT, |budget| budget.update(project("p"), vec![field], None));
    set(&mut world, Field::Name("  Wasser für alle \n".to_owned())).unwrap();
    assert_eq!(world.thing(&p).name, "Wasser für alle");
    set(&mut world, Field::Name("ü".repeat(250))).unwrap();
    set(&mut world, Field::Description("ü".repeat(4_000))).unwrap();
    set(&mut world, Field::Description("two\nlines\tand a tab".to_owned())).unwrap();
    set(&mut world, Field::Markdown("# Title\n\n- point".to_owned())).unwrap();
    let wrong = [
        (Field::Name("x".repeat(251)), "name"),
        (Field::Name("a\u{7}b".to_owned()), "name"),
        (Field::Name("two\nlines".to_owned()), "name"),
        (Field::Description("x".repeat(4_001)), "description"),
        (Field::Description("a\0b".to_owned()), "description"),
        (Field::Markdown("x".repeat(4_001)), "markdown"),
        (Field::Thumbnail(Some("x".repeat(251))), "thumbnail"),
    ];
    for (field, name) in wrong {
        let error = set(&mut world, field).unwrap_err();
        assert!(is_invalid(&error, name), "{error:?}");
    }
    let empty = set(&mut world, Field::Name(" ".to_owned())).unwrap_err();
    assert!(is_missing(&empty, "name"), "{empty:?}");
}

/// Rule: project: tags (<= 15 characters, unique) (T)
#[coffer_test]
fn tags_have_at_most_15_characters_and_stand_there_once(test: &Test) {
    let mut world = World::new(test);
    let set = |world: &mut World, tags: &[&str]| {
        let tags = Field::Tags(tags.iter().map(|tag| (*tag).to_owned()).collect());
        world.run(ROOT, |budget| budget.update(project("p"), vec![tags], None))
    };
    set(&mut world, &["water", " fifteen-letters"]).unwrap();
    assert_eq!(world.thing(&project("p")).tags, ["water", "fifteen-letters"]);
    for wrong in [["water", "water "], ["x", "sixteen-letters-"], ["x", "a\u{1}"]] {
        let error = set(&mut world, &wrong).unwrap_err();
        assert!(is_invalid(&error, "tags"), "{error:?}");
    }
    assert!(is_missing(&set(&mut world, &[""]).unwrap_err(), "tags"));
    let many: Vec<String> = (0..33).map(|tag| tag.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(matches!(set(&mut world, &many), Err(Error::TooMuch { most: 32, .. })));
}

/// Rule: subproject: currency, validator, type, mode are fixed at creation (T)
#[coffer_test]
fn currency_validator_item_type_and_mode_of_a_subproject_are_fixed_when_it_is_created(test: &Test) {
    let mut world = World::with_subproject(
        test,
        NewSubproject {
            currency: "KES".to_owned(),
            validator: Some(BOB.to_owned()),
            item_type: Some(ItemType::General),
            mode: Mode::Unordered,
            ..new_subproject("s")
        },
    );
    let before = world.thing(&subproject("p", "s"));
    let Kind::Subproject(terms) = &before.kind else { panic!("a subproject") };
    assert_eq!((terms.currency.as_str(), terms.validator.as_deref()), ("KES", Some(BOB)));
    assert_eq!((terms.item_type, terms.mode), (Some(ItemType::General), Mode::Unordered));
    // No field of an update touches them: those of that name are an item's.
    for field in [currency("EUR"), Field::AmountType(budget::AmountType::Allocated)] {
        let error = world.refused(ROOT, |budget| budget.update(subproject("p", "s"), vec![field], None));
        assert!(is_invalid(&error, "fields"), "{error:?}");
    }
    assert_eq!(world.thing(&subproject("p", "s")), before);
    let wrong = NewSubproject { currency: "EURO".to_owned(), ..new_subproject("t") };
    let error = world.refused(ROOT, |budget| budget.subproject_create("p".into(), wrong, None));
    assert!(is_invalid(&error, "currency"), "{error:?}");
    let nobody = NewSubproject { validator: Some("Acme/nobody".to_owned()), ..new_subproject("t") };
    let error = world.refused(ROOT, |budget| budget.subproject_create("p".into(), nobody, None));
    assert!(matches!(error, Error::NoIdentity { ref field, .. } if field == "validator"), "{error:?}");
}

/// Rule: subproject: workflow mode (ordered default / unordered) (T)
#[test]
fn a_subproject_is_ordered_and_an_item_general_unless_something_else_is_said() {
    assert_eq!(Mode::default(), Mode::Ordered);
    assert_eq!(ItemType::default(), ItemType::General);
}

/// Rule: Creating an item: type equals the subproject's if set (T)
#[coffer_test]
fn an_item_has_the_type_that_its_subproject_demands(test: &Test) {
    let mut world =
        World::with_subproject(test, NewSubproject { item_type: Some(ItemType::Restricted), ..new_subproject("s") });
    let create = |new: NewItem| move |budget: &ClientOf<Budget>| budget.item_create("p".into(), "s".into(), new, None);
    let error = world.refused(ROOT, create(new_item("a")));
    assert!(is_invalid(&error, "item_type"), "{error:?}");
    world.ok(ROOT, create(NewItem { item_type: ItemType::Restricted, ..new_item("a") }));
}

/// Rule: a creator is the assignee unless another is named (T)
#[coffer_test]
fn a_creator_is_the_assignee_unless_another_or_a_validator_is_named(test: &Test) {
    let mut world =
        World::with_subproject(test, NewSubproject { validator: Some(BOB.to_owned()), ..new_subproject("s") });
    assert_eq!(world.thing(&project("p")).assignee, ROOT);
    let by_default = world.item(ROOT, new_item("a"));
    assert_eq!(world.thing(&by_default).assignee, BOB, "the validator");
    let named = world.item(ROOT, NewItem { assignee: Some(CAROL.to_owned()), ..new_item("b") });
    let thing = world.thing(&named);
    assert_eq!((thing.assignee.as_str(), thing.creator.as_str(), thing.version), (CAROL, ROOT, 1));
}

/// Rule: fields that only another level has are refused (+)
#[coffer_test]
fn items_have_no_thumbnail_and_projects_no_amount(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    let thumbnail = Field::Thumbnail(Some("https://example.org/a.png".to_owned()));
    world.ok(ROOT, |budget| budget.update(project("p"), vec![thumbnail.clone()], None));
    assert!(is_invalid(&world.refused(ROOT, |budget| budget.update(a, vec![thumbnail], None)), "fields"));
    assert!(is_invalid(&world.refused(ROOT, |budget| budget.update(project("p"), vec![amount("1")], None)), "fields"));
    let unknown = world.refused(ROOT, |budget| budget.update(Resource::Global, vec![], None));
    assert_eq!(unknown, Error::NotFound { resource: Resource::Global });
    let empty = world.refused(ROOT, |budget| budget.update(subproject("p", ""), vec![], None));
    assert_eq!(empty, Error::NotFound { resource: subproject("p", "") });
}

/// Rule: Every action on the chain is signed by the acting user's key; contracts check that key (+)
#[coffer_test]
fn the_signer_decides_and_not_the_contract_in_between(test: &Test) {
    let mut world = World::new(test);
    world.user("Acme/mallory");
    let a = world.item(ROOT, new_item("a"));
    let rename = || vec![Field::Name("mine".to_owned())];
    let mallory = world.budget.as_account(test.account("Acme/mallory"));
    // Somebody without rights signs, and a contract calls whose id is root's account: that is no matter.
    let through = mallory.through(ContractId(test.account(ROOT).0));
    let done = through.update(a.clone(), rename(), None);
    assert!(matches!(done, Err(Error::NotAllowed { ref intent, .. }) if intent == "workflowitem.update"), "{done:?}");
    let root = world.budget.as_account(test.account(ROOT)).through(ContractId(test.account("Acme/mallory").0));
    assert_eq!(root.update(a, rename(), None), Ok(2));
    let nobody = world.refused("Acme/nobody", |budget| budget.project_create(new_project("q")));
    assert_eq!(nobody, Error::NotAUser { account: test.account("Acme/nobody") });
}

/// Rule: a programme is made for its parties (+)
#[coffer_test]
fn a_programme_names_each_of_its_parties_once(test: &Test) {
    let start = |parties: &[&str]| {
        let parties = parties.iter().map(|party| (*party).to_owned()).collect();
        test.advance(1, 0);
        let state = test.private(&format!("programme {}", test.height()));
        state.contract::<Budget>("budget").init(ContractId([1; 32]), parties)
    };
    assert_eq!(start(&["Acme", "Umbrella"]), Ok(()));
    assert!(is_missing(&start(&[]).unwrap_err(), "parties"));
    assert!(is_missing(&start(&[" "]).unwrap_err(), "parties"));
    assert!(is_invalid(&start(&["Acme", "Acme "]).unwrap_err(), "parties"));
}
