//! Links between the pages of the documentation and to the files they tell of.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::source::walk;

/// One Markdown page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Path from the root of the repository, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Every Markdown page below `root`.
///
/// # Panics
/// When a page cannot be read.
pub fn pages(root: &Path) -> Vec<Page> {
    let mut found = Vec::new();
    walk(root, root, "md", &mut |path, text| found.push(Page { path, text }));
    found
}

/// Relative links whose target does not exist; `exists` answers for a path from the root.
pub fn dead_links(pages: &[Page], exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for page in pages {
        for target in targets(&page.text) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            if !within(&folder.join(path)).is_some_and(|path| exists(&path)) {
                found.push(format!("{}: the link to {target} leads nowhere", page.path));
            }
        }
    }
    found
}

/// Pages below `docs/` that no other page links to: nobody would find them.
pub fn lost_pages(pages: &[Page]) -> Vec<String> {
    let mut linked = BTreeSet::new();
    for page in pages {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        let paths = targets(&page.text).into_iter().filter_map(|t| within(&folder.join(t.split('#').next()?)));
        linked.extend(paths.filter(|path| path != Path::new(&page.path)));
    }
    let lost = pages.iter().filter(|page| page.path.starts_with("docs/") && !linked.contains(Path::new(&page.path)));
    lost.map(|page| format!("{}: no page links to it", page.path)).collect()
}

/// `x` of each `](x)` outside of code blocks.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        let mut rest = if in_code { "" } else { line };
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, next)) = after.split_once(')') else {
                break;
            };
            found.push(target.to_owned());
            rest = next;
        }
    }
    found
}

/// The path without `.` and `..`; `None` when it leaves the repository.
fn within(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}
