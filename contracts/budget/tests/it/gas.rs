//! What commands and views cost, by the committed table `gas.txt`.

use budget::{AmountType, Field, HistoryFilter};
use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

/// Rule: a page of 50 asks the permission contract once (+)
#[coffer_test]
fn what_commands_and_pages_cost(test: &Test) {
    let mut world = World::empty(test);
    test.measured("create a project", || world.ok(ROOT, |budget| budget.project_create(new_project("p"))));
    let s = subproject("p", "s");
    test.measured("create a subproject", || {
        world.ok(ROOT, |budget| budget.subproject_create("p".into(), new_subproject("s"), None));
    });
    let a = test.measured("create an item", || world.item(ROOT, paid("a", AmountType::Allocated, "5")));
    let name = vec![Field::Name("other".to_owned())];
    test.measured("update an item", || world.ok(ROOT, |budget| budget.update(a.clone(), name, None)));
    test.measured("refuse an update", || world.refused(BOB, |budget| budget.update(a.clone(), vec![], None)));
    test.measured("close an item", || world.close(&a));
    for number in 0..60 {
        world.item(ROOT, new_item(&format!("i{number}")));
    }
    test.measured("a page of 50 items", || world.look(ROOT, |budget| budget.list(s.clone(), None, 50))).expect("seen");
    test.measured("totals of a subproject", || world.look(ROOT, |budget| budget.totals(s.clone(), None)))
        .expect("seen");
    let filter = HistoryFilter::default;
    test.measured("a history", || world.look(ROOT, |budget| budget.history(a.clone(), filter(), 0, 50))).expect("seen");
}
