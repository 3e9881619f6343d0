//! Who may do what: every command and view of this contract that needs a right, by every way to have the right or not.

use super::*;

/// How Bob has the right that a command needs, or why he has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Nothing,
    Directly,
    ByGroup,
    ByNestedGroup,
    ByOrganisation,
    Inherited,
    Denied,
    DeniedBelow,
    Expired,
}

const WAYS: [Way; 9] = [
    Way::Nothing,
    Way::Directly,
    Way::ByGroup,
    Way::ByNestedGroup,
    Way::ByOrganisation,
    Way::Inherited,
    Way::Denied,
    Way::DeniedBelow,
    Way::Expired,
];

/// Something that needs a right on a resource.
struct Command {
    name: &'static str,
    right: Intent,
    resource: Resource,
    /// What it needs besides.
    also: Vec<Intent>,
    run: fn(&mut Programme<'_>, &Resource) -> Result<(), Error>,
}

fn carol() -> Resource {
    Resource::User { user: "donor/carol".into() }
}

/// An intent of the resource's level that is no right to grant or revoke.
fn plain(resource: &Resource) -> Intent {
    match resource.level() {
        Level::Global => Intent::GlobalCreateProject,
        Level::User => Intent::UserList,
        Level::Group => Intent::GroupAddUser,
        Level::Project => Intent::ProjectUpdate,
        Level::Subproject => Intent::SubprojectUpdate,
        Level::Item => Intent::WorkflowitemUpdate,
    }
}

fn commands() -> Vec<Command> {
    let mut commands = Vec::new();
    let mut global = |name, right, run| {
        commands.push(Command { name, right, resource: Resource::Global, also: vec![], run });
    };
    global("create_user", Intent::GlobalCreateUser, |programme, _| {
        programme.by(BOB, |contract| contract.create_user(user("donor", "eve", STRANGER))).map(drop)
    });
    global("disable_user", Intent::GlobalDisableUser, |programme, _| programme.disable(BOB, "donor/dave").map(drop));
    global("enable_user", Intent::GlobalEnableUser, |programme, _| {
        programme.by(BOB, |contract| contract.enable_user("donor/dave".into(), None)).map(drop)
    });
    global("create_group", Intent::GlobalCreateGroup, |programme, _| programme.new_group(BOB, "new", &["donor/carol"]));
    global("define_role", Intent::GlobalGrantPermission, |programme, _| {
        programme.by(BOB, |contract| contract.define_role("r".into(), vec![Intent::ProjectList], None)).map(drop)
    });
    global("remove_role", Intent::GlobalGrantPermission, |programme, _| {
        programme.by(BOB, |contract| contract.remove_role("r".into(), None))
    });
    commands.push(Command {
        name: "grant_all",
        right: Intent::GlobalGrantAllPermissions,
        resource: Resource::Global,
        also: Intent::of(Level::Global).filter(|intent| *intent != Intent::GlobalGrantAllPermissions).collect(),
        run: |programme, _| programme.by(BOB, |contract| contract.grant_all("donor/dave".into(), None)).map(drop),
    });
    let mut of = |name, right, resource, run| commands.push(Command { name, right, resource, also: vec![], run });
    of("update_user", Intent::UserChangePassword, carol(), |programme, _| {
        let changes = UserChanges { account: None, display: Some(Hash([3; 32])) };
        programme.by(BOB, |contract| contract.update_user("donor/carol".into(), changes, None)).map(drop)
    });
    of("add_member", Intent::GroupAddUser, group("crew"), |programme, _| {
        programme.join(BOB, "crew", "donor/carol").map(drop)
    });
    of("remove_member", Intent::GroupRemoveUser, group("crew"), |programme, _| {
        programme.leave(BOB, "crew", "donor/dave").map(drop)
    });
    for resource in [Resource::Global, carol(), group("crew"), project(), subproject(), item()] {
        let level = resource.level();
        let also = vec![plain(&resource)];
        commands.push(Command {
            name: "grant",
            right: level.right_to_grant(),
            resource: resource.clone(),
            also: also.clone(),
            run: |programme, resource| {
                programme.grant(BOB, "donor/dave", &[plain(resource)], resource.clone()).map(drop)
            },
        });
        commands.push(Command {
            name: "grant_role",
            right: level.right_to_grant(),
            resource: resource.clone(),
            also,
            run: |programme, resource| {
                let role = || format!("role-{}", resource.level() as u8);
                let intents = vec![plain(resource)];
                programme.by(ALICE, |contract| contract.define_role(role(), intents, None)).unwrap();
                let grant = |contract: &Contract| {
                    contract.grant_role("donor/dave".into(), role(), resource.clone(), FOREVER, None)
                };
                programme.by(BOB, grant).map(drop)
            },
        });
        let mut here = |name, right, run| {
            commands.push(Command { name, right, resource: resource.clone(), also: vec![], run });
        };
        here("deny", level.right_to_revoke(), |programme, resource| {
            programme.deny(BOB, "donor/dave", &[plain(resource)], resource.clone()).map(drop)
        });
        here("revoke", level.right_to_revoke(), |programme, resource| {
            programme.revoke(BOB, "donor/dave", &[plain(resource)], resource.clone()).map(drop)
        });
        here("permissions", level.right_to_list(), |programme, resource| {
            programme.ask(BOB, |contract| contract.permissions(resource.clone(), None, 10)).map(drop)
        });
        here("who_can", level.right_to_list(), |programme, resource| {
            programme.ask(BOB, |contract| contract.who_can(plain(resource), resource.clone(), None, 10)).map(drop)
        });
        here("why", level.right_to_list(), |programme, resource| {
            let why = |contract: &Contract| contract.why("donor/dave".into(), plain(resource), resource.clone());
            programme.ask(BOB, why).map(drop)
        });
    }
    commands
}

/// A programme in which Bob has the right in that way; nothing if there is no such way.
fn prepared<'t>(test: &'t Test, command: &Command, way: Way) -> Option<Programme<'t>> {
    let mut programme = Programme::with_tree(test);
    programme.new_group(ALICE, "crew", &["donor/dave"]).unwrap();
    programme.new_group(ALICE, "inner", &["acme/bob"]).unwrap();
    programme.new_group(ALICE, "outer", &["inner"]).unwrap();
    programme.by(ALICE, |contract| contract.define_role("r".into(), vec![Intent::ProjectClose], None)).unwrap();
    let (right, resource) = (command.right, command.resource.clone());
    if !command.also.is_empty() {
        programme.grant(ALICE, "acme/bob", &command.also, resource.clone()).unwrap();
    }
    let above = resource.parent().filter(|parent| *parent != Resource::Global);
    let mut grant = |to: &str, on| assert!(programme.grant(ALICE, to, &[right], on).is_ok());
    match way {
        Way::Nothing => {}
        Way::Directly => grant("acme/bob", resource.clone()),
        Way::ByGroup | Way::Denied => grant("inner", resource.clone()),
        Way::ByNestedGroup => grant("outer", resource.clone()),
        Way::ByOrganisation => grant("acme", resource.clone()),
        Way::Inherited | Way::DeniedBelow => grant("acme/bob", above?),
        Way::Expired => {
            programme.grant_as(ALICE, "acme/bob", &[right], resource.clone(), until(2_000)).unwrap();
            programme.at(2_000);
        }
    }
    if matches!(way, Way::Denied | Way::DeniedBelow) {
        let denied = programme.deny(ALICE, "acme/bob", &[right], resource);
        if right.is_right_to_grant() {
            assert_eq!(denied, Err(Error::CannotDeny { right: right.name().into() }));
            return None;
        }
        denied.unwrap();
    }
    Some(programme)
}

/// Rule: who may do what: each command needs its right, had in any of the ways there are (+)
#[coffer_test]
fn every_command_is_done_by_who_has_its_right_and_refused_to_everybody_else(test: &Test) {
    let mut cells = 0;
    for command in commands() {
        for way in WAYS {
            let Some(mut programme) = prepared(test, &command, way) else { continue };
            cells += 1;
            let (right, resource) = (command.right.name().to_owned(), command.resource.clone());
            let refused = |because| Err(Error::NotAllowed { right, resource, because });
            let expected = match way {
                Way::Nothing | Way::Expired => refused(Absence::NotGranted),
                Way::Denied | Way::DeniedBelow => {
                    refused(Absence::Denied { principal: "acme/bob".into(), at: command.resource.clone() })
                }
                _ => Ok(()),
            };
            let done = (command.run)(&mut programme, &command.resource);
            assert_eq!(done, expected, "{} on {:?}, {way:?}", command.name, command.resource);
        }
    }
    assert!(cells > 350, "{cells}");
}
