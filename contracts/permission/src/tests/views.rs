//! What views explain, and pages.

use super::*;

fn reason(principal: &str, through: &[&str], at: Resource) -> Reason {
    let through = through.iter().map(|group| (*group).to_owned()).collect();
    Reason { principal: principal.into(), through, at, until: None }
}

/// Rule: `why` explains a decision: the grant, through which group, from which ancestor (+)
#[coffer_test]
fn why_names_the_grant_the_groups_and_the_resource(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "team", &["donor/carol"]).unwrap();
    programme.new_group(ALICE, "builders", &["team"]).unwrap();
    programme.new_group(ALICE, "everybody", &["builders"]).unwrap();
    let update = Intent::WorkflowitemUpdate;
    let why = |programme: &Programme, principal: &str| {
        programme.ask(ALICE, |contract| contract.why(principal.into(), update, item())).unwrap()
    };
    assert_eq!(why(&programme, "donor/carol"), Explanation::NotGranted);
    programme.grant(ALICE, "everybody", &[update], project()).unwrap();
    let inherited = reason("everybody", &["team", "builders"], project());
    assert_eq!(why(&programme, "donor/carol"), Explanation::Allowed { reason: inherited });
    let of_group = reason("everybody", &[], project());
    assert_eq!(why(&programme, "builders"), Explanation::Allowed { reason: of_group });
    assert_eq!(why(&programme, "everybody"), Explanation::Allowed { reason: reason("everybody", &[], project()) });
    programme.deny(ALICE, "donor", &[update], subproject()).unwrap();
    let denied = reason("donor", &[], subproject());
    assert_eq!(why(&programme, "donor/carol"), Explanation::Denied { reason: denied.clone() });
    assert_eq!(why(&programme, "donor"), Explanation::Denied { reason: denied });
    programme.grant_as(ALICE, "donor/carol", &[update], item(), until(9_000)).unwrap();
    let own = Reason { until: Some(9_000), ..reason("donor/carol", &[], item()) };
    assert_eq!(why(&programme, "donor/carol"), Explanation::Allowed { reason: own });
    programme.disable(ALICE, "donor/carol").unwrap();
    assert_eq!(why(&programme, "donor/carol"), Explanation::Disabled);
}

/// Rule: `whoCan` names everybody who has a right, and the grant it comes from (+)
#[coffer_test]
fn who_can_is_exactly_who_is_allowed(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let close = Intent::WorkflowitemClose;
    programme.new_group(ALICE, "team", &["donor/carol", "acme/bob"]).unwrap();
    programme.new_group(ALICE, "builders", &["team"]).unwrap();
    programme.grant(ALICE, "builders", &[close], subproject()).unwrap();
    programme.grant(ALICE, "donor", &[close], project()).unwrap();
    programme.deny(ALICE, "donor/dave", &[close], item()).unwrap();
    let who = programme.ask(ALICE, |contract| contract.who_can(close, item(), None, 100)).unwrap();
    let expected = [
        ("acme/alice", reason("acme/alice", &[], item())),
        ("acme/bob", reason("builders", &["team"], subproject())),
        ("donor/carol", reason("builders", &["team"], subproject())),
    ];
    let expected = expected.map(|(user, reason)| Holder { user: user.into(), reason });
    assert_eq!((who.holders.as_slice(), who.next), (&expected[..], None));
    let who = programme.ask(ALICE, |contract| contract.who_can(close, project(), None, 100)).unwrap();
    let users: Vec<&str> = who.holders.iter().map(|holder| holder.user.as_str()).collect();
    assert_eq!(users, ["acme/alice", "donor/carol", "donor/dave"]);
    programme.disable(ALICE, "donor/dave").unwrap();
    let who = programme.ask(ALICE, |contract| contract.who_can(close, project(), None, 100)).unwrap();
    assert_eq!(who.holders.len(), 2);
}

/// Rule: listing with paging (+)
#[coffer_test]
fn pages_laid_end_to_end_are_the_whole(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "crowd", &[]).unwrap();
    for n in 0..120u8 {
        let mut account = [0; 32];
        account[..2].copy_from_slice(&[77, n]);
        let new = user("crowd-org", &format!("u{n}"), AccountId(account));
        let name = programme.by(ALICE, |contract| contract.create_user(new)).unwrap();
        programme.join(ALICE, "crowd", &name).unwrap();
        if n % 2 == 0 {
            programme.grant(ALICE, &name, &[Intent::ProjectList], project()).unwrap();
        }
    }
    programme.grant(ALICE, "crowd", &[Intent::ProjectUpdate], project()).unwrap();
    let (mut after, mut names) = (None, Vec::new());
    loop {
        let page = programme.ask(BOB, |contract| contract.members("crowd".into(), after.clone(), 7)).unwrap();
        names.extend(page.iter().map(|member| member.name.clone()));
        assert!(page.len() <= 7);
        match page.last() {
            Some(last) => after = Some(last.name.clone()),
            None => break,
        }
    }
    let expected: Vec<String> = (0..120).map(|n| format!("crowd-org/u{n}")).collect();
    assert_eq!(names, expected);
    for intent in [Intent::ProjectUpdate, Intent::ProjectList] {
        let (mut after, mut users) = (None, Vec::new());
        loop {
            let page = programme.ask(ALICE, |contract| contract.who_can(intent, project(), after, 9)).unwrap();
            users.extend(page.holders.into_iter().map(|holder| holder.user));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let all = expected.iter().enumerate().filter(|(n, _)| intent == Intent::ProjectUpdate || n % 2 == 0);
        let all: Vec<&str> = core::iter::once("acme/alice").chain(all.map(|(_, name)| name.as_str())).collect();
        assert_eq!(users, all, "{intent:?}");
    }
    let first = programme.ask(BOB, |contract| contract.identities(None, 1_000)).unwrap();
    assert_eq!(first.len(), 100, "a page is bounded");
    let page = programme.ask(ALICE, |contract| contract.permissions(project(), None, 3)).unwrap();
    let names: Vec<&str> = page.principals.iter().map(|entry| entry.principal.as_str()).collect();
    assert_eq!(names, ["acme/alice", "crowd", "crowd-org/u0"], "in the order they were created");
    let next = programme.ask(ALICE, |contract| contract.permissions(project(), Some("crowd".into()), 1)).unwrap();
    assert_eq!(next.principals[0].principal, "crowd-org/u0");
    assert_eq!((next.version, next.restricted), (62, false));
}

/// Rule: to see who has which right one needs `<level>.intent.listPermissions` (T)
#[coffer_test]
fn views_on_the_rights_of_others_need_the_right_to_list(test: &Test) {
    let mut programme = Programme::with_tree(test);
    let ask = |programme: &Programme, resource: Resource| {
        let list = programme.ask(BOB, |contract| contract.permissions(resource.clone(), None, 10)).map(drop);
        let who = programme.ask(BOB, |contract| contract.who_can(Intent::ProjectList, resource.clone(), None, 10));
        let why =
            programme.ask(BOB, |contract| contract.why("donor/carol".into(), Intent::ProjectList, resource.clone()));
        assert_eq!((&list, &who.map(drop)), (&why.map(drop), &list));
        list
    };
    let cases = [
        (Resource::Global, Intent::GlobalListPermissions),
        (project(), Intent::ProjectListPermissions),
        (subproject(), Intent::SubprojectListPermissions),
        (item(), Intent::WorkflowitemListPermissions),
    ];
    for (resource, right) in cases {
        assert_eq!(ask(&programme, resource.clone()), lacks(right, resource.clone()));
        programme.grant(ALICE, "acme/bob", &[right], resource.clone()).unwrap();
        assert_eq!(ask(&programme, resource), Ok(()));
    }
    // About oneself everybody may ask.
    let own = programme.ask(CAROL, |contract| contract.why("donor/carol".into(), Intent::ProjectList, project()));
    assert_eq!(own, Ok(Explanation::NotGranted));
    let anonymous = programme.ask(AccountId::ANONYMOUS, |contract| contract.permissions(project(), None, 10));
    let because = Absence::NotAUser { account: AccountId::ANONYMOUS };
    let right = Intent::ProjectListPermissions.name().to_owned();
    assert_eq!(anonymous.map(drop), Err(Error::NotAllowed { right, resource: project(), because }));
}

/// Rule: every refusal names the missing right and the resource (+)
#[coffer_test]
fn a_check_of_many_rights_tells_of_each_what_is_missing(test: &Test) {
    let mut programme = Programme::with_tree(test);
    programme.grant(ALICE, "acme/bob", &[Intent::SubprojectList], project()).unwrap();
    let asked = vec![
        (Intent::SubprojectList, subproject()),
        (Intent::SubprojectClose, subproject()),
        (Intent::WorkflowitemUpdate, item()),
    ];
    let verdicts = programme.ask(CAROL, |contract| contract.check(BOB, asked.clone()));
    let missing = |right: Intent, resource: Resource| Verdict::Missing {
        right: right.name().into(),
        resource,
        because: Absence::NotGranted,
    };
    let close = missing(Intent::SubprojectClose, subproject());
    let update = missing(Intent::WorkflowitemUpdate, item());
    assert_eq!(verdicts, [Verdict::Allowed, close.clone(), update]);
    let any = |asked: &[(Intent, Resource)]| programme.ask(CAROL, |contract| contract.check_any(BOB, asked.to_vec()));
    assert_eq!(any(&asked), Verdict::Allowed);
    assert_eq!(any(&asked[1..]), close, "what is missing of the first");
    let nobody = programme.ask(CAROL, |contract| contract.check_any(STRANGER, asked));
    assert!(matches!(nobody, Verdict::Missing { because: Absence::NotAUser { account: STRANGER }, .. }));
}

#[coffer_test]
fn an_identity_is_found_by_its_name(test: &Test) {
    let mut programme = Programme::new(test);
    programme.new_group(ALICE, "clerks", &["acme/bob"]).unwrap();
    let find = |name: &str| programme.ask(STRANGER, |contract| contract.identity(name.into()));
    let record = |name: &str, kind, members, version| {
        Some(IdentityRecord { name: name.into(), kind, enabled: true, members, version })
    };
    assert_eq!(find("acme/bob"), record("acme/bob", IdentityKind::User, 0, 1));
    assert_eq!(find("clerks"), record("clerks", IdentityKind::Group, 1, 1));
    assert_eq!(find("donor"), record("donor", IdentityKind::Organisation, 2, 0));
    assert_eq!(find("nobody"), None);
}
