//! What is wrong with a file: each place with its path, the value, the rule and a way out. Invariant: however many there are, a bounded number is
//! kept, in the order they were found, and all are counted.

use std::fmt;

use serde::Serialize;

/// Problems that are told one by one.
const KEPT: usize = 100;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// Where, such as `projects[3].subprojects[0].items[17].amount`; empty for the whole file.
    pub(super) path: String,
    /// What is wrong and what would do.
    pub(super) text: String,
}

/// The problems found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Problems {
    kept: Vec<Problem>,
    count: usize,
}

impl Problems {
    /// Notes one.
    pub(super) fn add(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < KEPT {
            self.kept.push(Problem { path: path.into(), text: text.into() });
        }
    }

    /// Notes those of another list behind one's own.
    pub(super) fn extend(&mut self, other: Self) {
        let room = KEPT.saturating_sub(self.kept.len());
        self.count += other.count;
        self.kept.extend(other.kept.into_iter().take(room));
    }

    /// True if there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The first ones.
    pub(super) fn kept(&self) -> &[Problem] {
        &self.kept
    }

    /// How many there are beside the first ones.
    pub(super) fn more(&self) -> usize {
        self.count - self.kept.len()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Problem { path, text }) in self.kept.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            if path.is_empty() { write!(f, "{end}{text}")? } else { write!(f, "{end}{path}: {text}")? }
        }
        match self.more() {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// The path of a field of something; of the whole file the field alone.
pub(super) fn within(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_problems_are_told_and_the_others_counted() {
        let mut problems = Problems::default();
        for n in 0..102 {
            problems.add(format!("items[{n}]"), "bad");
        }
        let text = problems.to_string();
        assert!(text.starts_with("items[0]: bad\n") && text.ends_with("items[99]: bad\nand 2 more"), "{text}");
        assert_eq!((problems.count(), problems.more()), (102, 2));
    }
}
