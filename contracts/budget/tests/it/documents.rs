//! Documents of workflow items.

use budget::{Content, Document, Error, NewDocument, NewItem, Resource};
use coffer_sdk::Hash;

use coffer_test::prelude::*;

use crate::given::*;
use crate::world::World;

/// A file whose hash is all of one byte.
pub fn file(id: &str, byte: u8) -> NewDocument {
    NewDocument {
        id: id.to_owned(),
        name: format!("{id}.pdf"),
        comment: String::new(),
        content: Content::File { hash: Hash([byte; 32]), size: 1_000 },
    }
}

fn link(id: &str, hash: Option<Hash>) -> NewDocument {
    let content = Content::Link { url: "https://example.org/a".to_owned(), hash };
    NewDocument { content, ..file(id, 0) }
}

fn documents(world: &mut World, of: &Resource) -> Vec<(String, Document)> {
    world.look(ROOT, |budget| budget.documents(of.clone(), None, 15)).expect("root may").documents
}

/// Rule: documents append, a stored hash or link is never overwritten (T)
#[coffer_test]
fn documents_are_added_and_none_replaces_another(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, NewItem { documents: vec![file("one", 1), link("two", None)], ..new_item("a") });
    world.ok(ROOT, |budget| budget.document_add(a.clone(), file("three", 3), None));
    for again in [file("one", 9), link("one", None), file("three", 3)] {
        let error = world.refused(ROOT, |budget| budget.document_add(a.clone(), again, None));
        assert!(is_invalid(&error, "document.id"), "{error:?}");
    }
    let kept = documents(&mut world, &a);
    assert_eq!(kept.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["one", "three", "two"]);
    assert_eq!(kept[0].1.content, Content::File { hash: Hash([1; 32]), size: 1_000 });
    assert_eq!((kept[0].1.by.as_str(), kept[0].1.name.as_str()), (ROOT, "one.pdf"));
    assert_eq!(world.work(&a).documents, 3);
    let twice = NewItem { documents: vec![file("x", 1), file("x", 2)], ..new_item("b") };
    let error = world.refused(ROOT, |budget| budget.item_create("p".into(), "s".into(), twice, None));
    assert!(is_invalid(&error, "documents.id"), "{error:?}");
}

/// Rule: document: id, file name, SHA-256, size, comment; or link with optional hash (T)
#[coffer_test]
fn a_document_is_a_file_with_its_hash_or_a_link(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, new_item("a"));
    let wrong = [
        (NewDocument { id: "a/b".into(), ..file("x", 1) }, "document.id"),
        (NewDocument { name: "a\u{0}".into(), ..file("x", 1) }, "document.name"),
        (NewDocument { comment: "x".repeat(251), ..file("x", 1) }, "document.comment"),
    ];
    for (document, field) in wrong {
        let error = world.refused(ROOT, |budget| budget.document_add(a.clone(), document, None));
        assert!(is_invalid(&error, field), "{error:?}");
    }
    let nowhere = NewDocument { content: Content::Link { url: " ".into(), hash: None }, ..file("x", 1) };
    let error = world.refused(ROOT, |budget| budget.document_add(a.clone(), nowhere, None));
    assert!(is_missing(&error, "document.url"), "{error:?}");
    let error = world.refused(ROOT, |budget| budget.document_add(project("p"), file("x", 1), None));
    assert_eq!(error, Error::NotFound { resource: project("p") });
}

/// Rule: deletion of a document by `update`, open only (+)
#[coffer_test]
fn a_document_is_deleted_while_its_item_is_open_with_the_right_to_update(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, NewItem { documents: vec![file("d", 1), file("e", 2)], ..new_item("a") });
    world.deny(BOB, &[permission::Intent::WorkflowitemUpdate], &a);
    let error = world.refused(BOB, |budget| budget.document_delete(a.clone(), "d".into(), None));
    assert_eq!(error, Error::NotAllowed { intent: "workflowitem.update".into(), resource: a.clone() });
    world.ok(ROOT, |budget| budget.document_delete(a.clone(), "d".into(), None));
    let error = world.refused(ROOT, |budget| budget.document_delete(a.clone(), "d".into(), None));
    assert!(is_invalid(&error, "document"), "{error:?}");
    assert_eq!(documents(&mut world, &a).len(), 1);
    world.close(&a);
    let error = world.refused(ROOT, |budget| budget.document_delete(a.clone(), "e".into(), None));
    assert_eq!(error, Error::Closed { resource: a });
}

/// Rule: validation compares the file's hash with the one in the contract and needs `validateDocument` (+)
#[coffer_test]
fn a_document_is_validated_by_its_hash(test: &Test) {
    let mut world = World::new(test);
    let a = world.item(ROOT, NewItem { documents: vec![file("d", 7), link("l", None)], ..new_item("a") });
    let validate = |world: &mut World, user: &str, id: &str, byte: u8| {
        world.run(user, |budget| budget.document_validate(a.clone(), id.into(), Hash([byte; 32]), None))
    };
    assert!(is_invalid(&validate(&mut world, ROOT, "d", 8).unwrap_err(), "hash"));
    world.deny(BOB, &[permission::Intent::WorkflowitemValidateDocument], &a);
    let error = validate(&mut world, BOB, "d", 7).unwrap_err();
    assert_eq!(error, Error::NotAllowed { intent: "workflowitem.validateDocument".into(), resource: a.clone() });
    validate(&mut world, CAROL, "d", 7).unwrap();
    assert_eq!(validate(&mut world, CAROL, "d", 7), Err(Error::NoChange { resource: a.clone() }));
    // A link without a hash gets that of the bytes that were looked at; from then on it is fixed.
    validate(&mut world, CAROL, "l", 9).unwrap();
    let kept = documents(&mut world, &a);
    assert_eq!(kept[0].1.validated.as_ref().map(|done| done.by.as_str()), Some(CAROL));
    assert!(matches!(kept[1].1.content, Content::Link { hash: Some(Hash([9, ..])), .. }));
    assert_eq!(world.work(&a).validated, 2);
    world.ok(ROOT, |budget| budget.document_delete(a.clone(), "l".into(), None));
    assert_eq!((world.work(&a).documents, world.work(&a).validated), (1, 1));
}

/// Rule: Every list is indexed and paged: documents (+)
#[coffer_test]
fn documents_come_in_pages(test: &Test) {
    let mut world = World::new(test);
    let many = (0..20).map(|number| file(&format!("d{number:02}"), 1)).collect();
    let a = world.item(ROOT, NewItem { documents: many, ..new_item("a") });
    let mut page = |after: Option<String>| world.look(ROOT, |budget| budget.documents(a.clone(), after, 100)).unwrap();
    let first = page(None);
    assert_eq!((first.documents.len(), first.next.as_deref()), (15, Some("d14")));
    let second = page(first.next);
    assert_eq!((second.documents.len(), second.documents[0].0.as_str(), second.next), (5, "d15", None));
}
