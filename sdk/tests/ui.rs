//! What the compiler tells the author of a contract. Each file in `ui/` is a mistake, the `.stderr` beside it what is said about it.
//! `TRYBUILD=overwrite` writes the files anew; read them before they are kept.

#[test]
fn a_mistake_is_shown_where_it_was_made_and_says_what_to_write() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
