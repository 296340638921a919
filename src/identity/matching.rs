//! Which file is which pinned issue.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Diagnostic, Finding};
use crate::identity::pin::Pin;
use crate::identity::sketch;
use crate::issue::Summary;

/// A link that more issues have than this says nothing about which one it is.
const COMMON: usize = 8;
/// Fewer links in common prove nothing.
const ENOUGH: usize = 3;

/// What was found, files and pins by index.
pub(crate) struct Matches {
    /// For each file the pin that it is.
    pub(crate) pins: Vec<Option<usize>>,
    /// For files that are no pin, one that they look like.
    pub(crate) doubts: BTreeMap<usize, Doubt>,
    pub(crate) findings: Vec<Finding>,
}

pub(crate) struct Doubt {
    pub(crate) pin: usize,
    pub(crate) reason: Reason,
}

/// What a file has in common with a pin.
pub(crate) enum Reason {
    Number(u64),
    Links { shared: usize, of: usize },
}

impl Matches {
    /// Same path first, then the id that the front matter gives, then, among the
    /// pins whose file is gone, most of the links, the number, or the name.
    pub(crate) fn find(pins: &[&Pin], summaries: &[Summary], languages: &[String]) -> Matches {
        let mut matches = Matches {
            pins: vec![None; summaries.len()],
            doubts: BTreeMap::new(),
            findings: Vec::new(),
        };
        let mut used: BTreeSet<usize> = BTreeSet::new();
        let by_path: BTreeMap<&str, usize> = index_of(pins, |pin| &pin.path);
        for (index, summary) in summaries.iter().enumerate() {
            if let Some(&pin) = by_path.get(summary.path.as_str())
                && used.insert(pin)
            {
                matches.pins[index] = Some(pin);
            }
        }
        matches.find_by_id(pins, summaries, &mut used);

        // Most of the time every file lies where it lay.
        if matches.pins.iter().all(Option::is_some) {
            return matches;
        }
        let likeness = Likeness::new(pins);
        let mut moves: Vec<(usize, usize, usize)> = Vec::new();
        for (index, summary) in summaries.iter().enumerate() {
            if matches.pins[index].is_none() {
                let found = likeness.strong(pins, summary, &languages[index], &used);
                moves.extend(found.into_iter().map(|(score, pin)| (score, index, pin)));
            }
        }
        moves.sort_by(|left, right| {
            right
                .0
                .cmp(&left.0)
                .then((left.1, left.2).cmp(&(right.1, right.2)))
        });
        for (_, index, pin) in moves {
            if matches.pins[index].is_none() && used.insert(pin) {
                matches.pins[index] = Some(pin);
            }
        }
        for (index, summary) in summaries.iter().enumerate() {
            if matches.pins[index].is_none()
                && let Some(doubt) = likeness.doubt(pins, summary, &languages[index])
            {
                matches.doubts.insert(index, doubt);
            }
        }
        matches
    }

    fn find_by_id(&mut self, pins: &[&Pin], summaries: &[Summary], used: &mut BTreeSet<usize>) {
        let by_id: BTreeMap<&str, usize> = index_of(pins, |pin| &pin.id);
        let mut claimed: BTreeMap<&str, &str> = BTreeMap::new();
        let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
        for (index, pin) in self.pins.iter().enumerate() {
            owners.extend(pin.map(|pin| (pin, index)));
        }
        for (index, summary) in summaries.iter().enumerate() {
            let Some(id) = summary.id.as_deref() else {
                continue;
            };
            let pin = by_id.get(id).copied();
            if self.pins[index].is_none()
                && let Some(pin) = pin
                && used.insert(pin)
            {
                self.pins[index] = Some(pin);
                owners.insert(pin, index);
            }
            let owner = pin.and_then(|pin| owners.get(&pin));
            let owner = owner.map(|&owner| summaries[owner].path.as_str());
            let owner = *claimed.entry(id).or_insert(owner.unwrap_or(&summary.path));
            if owner != summary.path {
                let message = format!("the id `{id}` belongs to {owner}");
                let help = "an id is of one issue alone: give this one another, or none";
                let diagnostic = Diagnostic::error("duplicate-id", message).help(help);
                self.findings
                    .push(Finding::whole_file(&summary.path, diagnostic));
            }
        }
    }
}

fn index_of<'p>(pins: &[&'p Pin], name: impl Fn(&'p Pin) -> &'p str) -> BTreeMap<&'p str, usize> {
    let named = pins
        .iter()
        .enumerate()
        .filter(|(_, pin)| !name(pin).is_empty());
    named.map(|(index, pin)| (name(pin), index)).collect()
}

/// Where numbers, names and links of pins are found.
struct Likeness<'p> {
    by_number: BTreeMap<(u64, &'p str), Vec<usize>>,
    by_stem: BTreeMap<(&'p str, &'p str), Vec<usize>>,
    by_link: BTreeMap<u32, Vec<usize>>,
}

impl<'p> Likeness<'p> {
    fn new(pins: &[&'p Pin]) -> Self {
        let mut likeness = Likeness {
            by_number: BTreeMap::new(),
            by_stem: BTreeMap::new(),
            by_link: BTreeMap::new(),
        };
        for (index, pin) in pins.iter().enumerate() {
            let language = pin.language.as_str();
            if let Some(number) = pin.number {
                likeness
                    .by_number
                    .entry((number, language))
                    .or_default()
                    .push(index);
            }
            likeness
                .by_stem
                .entry((&pin.stem, language))
                .or_default()
                .push(index);
            for link in &pin.links {
                likeness.by_link.entry(*link).or_default().push(index);
            }
        }
        likeness
    }

    /// The pins of this language that are this file beyond doubt if their own
    /// file is gone, with how sure that is.
    fn strong(
        &self,
        pins: &[&Pin],
        summary: &Summary,
        language: &str,
        used: &BTreeSet<usize>,
    ) -> Vec<(usize, usize)> {
        let shared = self.shared_links(summary);
        let mut scores: BTreeMap<usize, usize> = BTreeMap::new();
        for (&pin, &count) in &shared {
            if pins[pin].language == language && most(count, pins[pin].links.len()) {
                *scores.entry(pin).or_default() += 10 + count;
            }
        }
        let number = summary.number.map(|number| (number.value, language));
        let named = self.by_stem.get(&(summary.stem.as_str(), language));
        let numbered = number.and_then(|number| self.by_number.get(&number));
        for (pins_found, worth) in [(numbered, 5), (named, 4)] {
            for &pin in pins_found.into_iter().flatten() {
                if !self.contradicts(pins[pin], summary, shared.get(&pin)) {
                    *scores.entry(pin).or_default() += worth;
                }
            }
        }
        scores.retain(|pin, _| !used.contains(pin));
        scores
            .into_iter()
            .map(|(pin, score)| (score, pin))
            .collect()
    }

    /// A pin that this file may be.
    fn doubt(&self, pins: &[&Pin], summary: &Summary, language: &str) -> Option<Doubt> {
        if let Some(number) = summary.number {
            let found = self.by_number.get(&(number.value, language));
            let pin = found.into_iter().flatten().next();
            if let Some(&pin) = pin {
                return Some(Doubt {
                    pin,
                    reason: Reason::Number(number.value),
                });
            }
        }
        let shared = self.shared_links(summary);
        let best = shared
            .iter()
            .filter(|&(&pin, &count)| {
                pins[pin].language == language && most(count, pins[pin].links.len())
            })
            .max_by_key(|&(&pin, &count)| (count, std::cmp::Reverse(pin)));
        best.map(|(&pin, &shared)| Doubt {
            pin,
            reason: Reason::Links {
                shared,
                of: pins[pin].links.len(),
            },
        })
    }

    /// Both have links, and none is the same.
    fn contradicts(&self, pin: &Pin, summary: &Summary, shared: Option<&usize>) -> bool {
        pin.links.len() >= ENOUGH && summary.links.len() >= ENOUGH && shared.is_none()
    }

    fn shared_links(&self, summary: &Summary) -> BTreeMap<usize, usize> {
        let mut shared = BTreeMap::new();
        if self.by_link.is_empty() {
            return shared;
        }
        let links = summary.links.iter().map(|link| sketch::short(link.hash));
        let mut links: Vec<u32> = links.collect();
        links.sort_unstable();
        links.dedup();
        for link in links {
            let owners = self
                .by_link
                .get(&link)
                .filter(|owners| owners.len() <= COMMON);
            for &pin in owners.into_iter().flatten() {
                *shared.entry(pin).or_default() += 1;
            }
        }
        shared
    }
}

/// Whether so many links in common, of those that are kept, are most of them.
fn most(shared: usize, of: usize) -> bool {
    shared >= ENOUGH && shared * 2 > of
}
