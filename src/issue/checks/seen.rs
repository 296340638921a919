//! Links that an earlier issue had already.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostic;
use crate::issue::model::{Issue, Style};
use crate::issue::summary::LinkMark;

/// How many issues back a link is remembered.
const ISSUES: usize = 25;

/// Notes for items whose link stands in one of the last 25 earlier issues, which
/// are given newest first: a name to show (`issue 12`) and the links.
/// `hash` gives the mark of an address, as in [`LinkMark::hash`].
pub fn seen_before(
    issue: &Issue,
    earlier: &[(&str, &[LinkMark])],
    hash: impl Fn(&str) -> u64,
) -> Vec<Diagnostic> {
    let mut known: BTreeMap<u64, (&str, u32)> = BTreeMap::new();
    for (name, links) in earlier.iter().take(ISSUES) {
        for link in *links {
            // The newest mention counts.
            known.entry(link.hash).or_insert((*name, link.line));
        }
    }
    let mut found = Vec::new();
    for (index, item) in issue.items() {
        let Some(url) = item.url.as_deref() else {
            continue;
        };
        if issue.sections[index].style == Style::Outro || item.deleted {
            continue;
        }
        let Some((name, line)) = known.get(&hash(url)) else {
            continue;
        };
        let span = item
            .links
            .iter()
            .find(|link| link.url == url)
            .map_or(item.span, |link| link.span);
        let message = format!("{name} had this link already, in line {line}");
        found.push(Diagnostic::note("seen-before", message).at(span));
    }
    found
}
