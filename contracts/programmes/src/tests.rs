//! The contract with the real permission and budget contracts, natively and as Wasm.

use super::*;
use ::budget::{About, Budget, NewProject, Policies, Resource};
use ::permission::{Intent, Permission, UserRecord};
use coffer_test::prelude::*;
use coffer_test::{here, spec_is_current};

fn codes(test: &Test) -> Codes {
    Codes { permission: test.code::<Permission>(), budget: test.code::<Budget>() }
}

fn ada(test: &Test) -> NewUser {
    let (organisation, id) = ("Ministry".to_owned(), "ada".to_owned());
    NewUser { organisation, id, account: test.account("ada"), display: Hash([7; 32]) }
}

fn parties() -> Vec<String> {
    vec!["Ministry".to_owned(), "Bank".to_owned()]
}

fn deployed(test: &Test, on: &ClientOf<Programmes>, name: &str) -> Result<Programme, Error> {
    on.deploy(name.to_owned(), codes(test), ada(test), parties())
}

fn project(id: &str) -> NewProject {
    NewProject {
        id: Some(id.to_owned()),
        name: "A road".to_owned(),
        assignee: None,
        projected: vec![],
        policies: Policies::default(),
        fields: vec![],
    }
}

#[coffer_test]
fn one_call_makes_both_contracts_and_links_them(test: &Test) {
    let programmes = test.contract::<Programmes>("programmes");
    let mut made = None;
    test.measured("deploy a programme", || made = Some(deployed(test, &programmes, "health")));
    let Programme { name, permission, budget, deployer, height } = made.unwrap().unwrap();
    assert_eq!((&*name, deployer, height), ("health", test.account("alice"), test.height()));
    let told = ProgrammeDeployed { name, permission, budget, by: deployer };
    assert_eq!(test.events_of::<ProgrammeDeployed>(&programmes), [told]);

    let (rights, money) = (test.at::<Permission>(permission), test.at::<Budget>(budget));
    assert_eq!(rights.linked(), Some(budget));
    assert_eq!(money.about(), Some(About { permission, parties: parties() }));
    let user: UserRecord = rights.who(test.account("ada")).unwrap();
    assert_eq!((&*user.user, user.enabled), ("Ministry/ada", true));
    assert_eq!(rights.who(deployer), None, "whoever deploys gets no rights by it");

    let ada = money.as_account(test.account("ada"));
    assert_eq!(ada.project_create(project("road")), Ok("road".to_owned()));
    assert!(money.project_create(project("other")).is_err(), "the deployer is no user");
    let road = ::permission::Resource::Project { project: "road".to_owned() };
    let granted = rights.check(test.account("ada"), vec![(Intent::ProjectClose, road)]);
    assert_eq!(
        granted,
        [::permission::Verdict::Allowed],
        "what the budget announced is known to the permission contract"
    );
}

#[coffer_test]
fn the_same_request_again_has_the_same_answer_and_changes_nothing(test: &Test) {
    let programmes = test.contract::<Programmes>("programmes");
    let first = deployed(test, &programmes, "health").unwrap();
    test.forget_events();
    let root = test.own().root();
    test.advance(3, 1_000);
    assert_eq!(deployed(test, &programmes, "health"), Ok(first));
    assert_eq!((test.own().root(), test.emitted().len()), (root, 0));
}

#[coffer_test]
fn a_name_belongs_to_one_programme(test: &Test) {
    let programmes = test.contract::<Programmes>("programmes");
    deployed(test, &programmes, "health").unwrap();
    let taken = Err(Error::NameTaken { name: "health".to_owned(), deployer: test.account("alice") });
    let bob = programmes.as_account(test.account("bob"));
    assert_eq!(deployed(test, &bob, "health"), taken, "somebody else's");
    let others = vec!["Ministry".to_owned()];
    let ask = |administrator, parties| programmes.deploy("health".to_owned(), codes(test), administrator, parties);
    assert_eq!(ask(ada(test), others), taken, "other parties");
    assert_eq!(ask(NewUser { id: "eve".to_owned(), ..ada(test) }, parties()), taken, "another administrator");

    let (one, two) = (deployed(test, &programmes, "roads").unwrap(), deployed(test, &bob, "schools").unwrap());
    assert!(one.permission != two.permission && one.budget != two.budget);
    let road = test.at::<Budget>(one.budget).as_account(test.account("ada"));
    assert_eq!(road.project_create(project("road")), Ok("road".to_owned()));
    let school = test.at::<Budget>(two.budget).as_account(test.account("ada"));
    assert!(school.get(Resource::Project { project: "road".to_owned() }).is_err(), "programmes do not share projects");
}

#[coffer_test]
fn programmes_come_in_pages_by_name(test: &Test) {
    let programmes = test.contract::<Programmes>("programmes");
    for name in ["b", "a", "c"] {
        deployed(test, &programmes, name).unwrap();
    }
    let names = |after: &str, limit| -> Vec<String> {
        programmes.list(after.to_owned(), limit).into_iter().map(|programme| programme.name).collect()
    };
    assert_eq!(names("", 2), ["a", "b"]);
    assert_eq!(names("b", 100), ["c"]);
    assert_eq!(names("c", 100), [""; 0]);
    assert_eq!((names("", 0), names(&"x".repeat(300), 9)), (vec![], vec![]));
    assert_eq!(programmes.programme("b".to_owned()).unwrap().name, "b");
    assert_eq!((programmes.programme("d".to_owned()), programmes.programme("x".repeat(300))), (None, None));
}

/// Why a programme is refused; whatever it is, nothing of it stays.
#[track_caller]
fn refused(test: &Test, deploy: impl FnOnce(&ClientOf<Programmes>) -> Result<Programme, Error>) -> Error {
    let programmes = test.contract::<Programmes>(&format!("programmes-{}", test.height()));
    test.advance(1, 1_000);
    let root = test.own().root();
    let error = deploy(&programmes).unwrap_err();
    assert_eq!((test.own().root(), test.emitted().len()), (root, 0));
    assert_eq!(programmes.list(String::new(), 9), []);
    error
}

#[coffer_test]
fn what_cannot_be_a_programme_is_refused_as_a_whole_with_the_field(test: &Test) {
    let field = |error: Error| match error {
        Error::Invalid { field, .. } => field,
        other => panic!("{other:?}"),
    };
    let codes = codes(test);
    for name in ["", "a b", "a/b", &"x".repeat(49)] {
        let error = refused(test, |on| on.deploy(name.to_owned(), codes.clone(), ada(test), parties()));
        assert_eq!(field(error), "name", "{name:?}");
    }
    let health = || "health".to_owned();
    let nobody = NewUser { id: "a b".to_owned(), ..ada(test) };
    assert_eq!(field(refused(test, |on| on.deploy(health(), codes.clone(), nobody, parties()))), "id");
    let nowhere = NewUser { organisation: String::new(), ..ada(test) };
    assert_eq!(field(refused(test, |on| on.deploy(health(), codes.clone(), nowhere, parties()))), "organisation");
    let many: Vec<String> = (0..65).map(|n| format!("party {n}")).collect();
    for parties in [vec![], vec!["Bank".to_owned(); 2], many] {
        let error = refused(test, |on| on.deploy(health(), codes.clone(), ada(test), parties));
        assert_eq!(field(error), "parties");
    }
}

#[coffer_test]
fn code_that_is_not_there_or_of_another_contract_makes_no_programme(test: &Test) {
    let (codes, unknown) = (codes(test), CodeHash([9; 32]));
    let contract = |codes: Codes| match refused(test, |on| on.deploy("health".to_owned(), codes, ada(test), parties()))
    {
        Error::NotMade { contract, .. } => contract,
        other => panic!("{other:?}"),
    };
    assert_eq!(contract(Codes { permission: unknown, budget: codes.budget }), "permission");
    assert_eq!(contract(Codes { permission: codes.permission, budget: unknown }), "budget");
    // Each in the other's place.
    assert_eq!(contract(Codes { permission: codes.budget, budget: codes.permission }), "permission");
}

#[test]
fn the_spec_of_the_budget_contract_is_current() {
    spec_is_current::<Budget>(here!(the_spec_of_the_budget_contract_is_current), "budget.spec");
}
