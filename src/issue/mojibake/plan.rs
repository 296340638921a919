//! Deciding which of the sequences found are damage.

use crate::issue::mojibake::page::Page;
use crate::issue::mojibake::scan::{Hit, Scan, scan};

/// What is to be replaced in a text.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The page by which it was misread.
    pub(crate) page: Page,
    /// Whether all of it was misread.
    pub(crate) whole: bool,
    /// The sequences to replace, in order; never empty.
    pub(crate) hits: Vec<Hit>,
}

impl Plan {
    /// The better plan of both pages, if any is sound.
    pub(crate) fn best(text: &str) -> Option<Plan> {
        Page::ALL
            .into_iter()
            .filter_map(|page| Plan::of(text, page, scan(text, page)))
            .reduce(|best, other| {
                if other.rank() > best.rank() {
                    other
                } else {
                    best
                }
            })
    }

    /// A match of the whole text first, then more bytes explained.
    pub(crate) fn rank(&self) -> (bool, usize) {
        (self.whole, self.hits.iter().map(|hit| hit.length).sum())
    }

    fn of(text: &str, page: Page, found: Scan) -> Option<Plan> {
        let Scan { hits, orphans } = found;
        let in_good_run = good_runs(&hits);
        let any_good_run = in_good_run.contains(&true);
        let short_hits = hits.iter().filter(|hit| hit.is_short()).count();
        if !orphans && (any_good_run || short_hits >= 2) {
            return Some(Plan {
                page,
                whole: true,
                hits,
            });
        }
        let chosen = choose(text, &hits, in_good_run, any_good_run);
        let hits: Vec<Hit> = hits
            .into_iter()
            .zip(chosen)
            .filter_map(|(hit, chosen)| chosen.then_some(hit))
            .collect();
        (!hits.is_empty()).then_some(Plan {
            page,
            whole: false,
            hits,
        })
    }
}

impl Hit {
    /// Two bytes that begin with C2 to C5: the letters of Latin languages.
    fn is_short(&self) -> bool {
        self.length == 2 && (0xC2..=0xC5).contains(&self.lead)
    }
}

/// For each hit, whether it is in a run that cannot be chance: adjacent hits
/// that number three, hold a strong one, or two of three or four bytes.
fn good_runs(hits: &[Hit]) -> Vec<bool> {
    let mut good = vec![false; hits.len()];
    let mut start = 0;
    while start < hits.len() {
        let mut end = start + 1;
        while end < hits.len()
            && hits[end - 1].end == hits[end].start
            && hits[end].weak == hits[start].weak
        {
            end += 1;
        }
        let run = &hits[start..end];
        let long = run.iter().filter(|hit| hit.length > 2).count();
        let is_good =
            !run[0].weak && (run.len() >= 3 || long >= 2 || run.iter().any(|hit| hit.strong));
        good[start..end].fill(is_good);
        start = end;
    }
    good
}

/// Chooses in a text that is damaged in part.
fn choose(text: &str, hits: &[Hit], in_good_run: Vec<bool>, any_good_run: bool) -> Vec<bool> {
    let mut chosen = in_good_run;
    for (hit, chosen) in hits.iter().zip(&mut chosen) {
        *chosen |= hit.is_short() && is_letter_in_word(text, hit);
    }
    if chosen.iter().filter(|chosen| **chosen).count() >= 3 {
        for (hit, chosen) in hits.iter().zip(&mut chosen) {
            *chosen |= match hit.length {
                _ if hit.weak => false,
                2 => matches!(hit.lead, 0xC2 | 0xC3),
                _ => !hit.has_nbsp,
            };
        }
    }
    let lone_weak: Vec<usize> = (0..hits.len())
        .filter(|&index| hits[index].weak && !is_beside_letter(text, &hits[index]))
        .collect();
    if any_good_run || lone_weak.len() >= 2 {
        for index in lone_weak {
            chosen[index] = true;
        }
    }
    chosen
}

/// Whether a short hit is a letter inside or at the edge of a word. What people
/// really write after such a first character (quotes, dashes, mathematical
/// signs) does not count.
fn is_letter_in_word(text: &str, hit: &Hit) -> bool {
    let (before, after) = neighbours(text, hit);
    let is_ascii_letter =
        |side: Option<char>| side.is_some_and(|character| character.is_ascii_alphabetic());
    let is_letter = |side: Option<char>| side.is_some_and(char::is_alphabetic);
    if !hit.character.is_alphabetic() || !(is_ascii_letter(before) || is_ascii_letter(after)) {
        return false;
    }
    match hit.second {
        '‘' | '’' | '‚' | '“' | '”' | '„' | '‹' | '›' | '–' | '—' | '…' | '€' | '™' => {
            false
        }
        'π' | '∞' | '∑' | '∏' | '∫' | 'Ω' | '\u{2126}' | '∂' | 'µ' => {
            is_letter(before) && is_letter(after)
        }
        _ => true,
    }
}

fn is_beside_letter(text: &str, hit: &Hit) -> bool {
    let (before, after) = neighbours(text, hit);
    before.is_some_and(char::is_alphabetic) || after.is_some_and(char::is_alphabetic)
}

fn neighbours(text: &str, hit: &Hit) -> (Option<char>, Option<char>) {
    (
        text[..hit.start].chars().next_back(),
        text[hit.end..].chars().next(),
    )
}
