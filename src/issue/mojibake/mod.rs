//! Repair of text that was UTF-8 and was read as MacRoman or Windows-1252.
//!
//! Such damage is valid text, so no decoder sees it: `“` has become `‚Äú` or
//! `â€œ`. It is found by its pattern and taken back character for character.
//! Sound text that holds one of the patterns by chance (`l’été`, `√π`, a
//! no-break space before `»`) stays as it is; the rules are in `plan`.
//!
//! Linear in the length of the text; text without any pattern costs one look.

mod page;
mod plan;
mod scan;

#[cfg(test)]
mod tests;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::diagnostic::Span;
use crate::issue::Repair;
use crate::issue::mojibake::plan::Plan;
use crate::issue::mojibake::scan::glance;
use crate::issue::offsets::Offsets;

/// Text damaged on each of several ways is mended as often.
const ROUNDS: usize = 3;

/// A text with its damage taken back.
#[derive(Debug)]
pub(crate) struct Mended {
    /// The sound text.
    pub(crate) text: String,
    /// Where its bytes came from in the damaged text.
    pub(crate) offsets: Offsets,
    /// What was done.
    pub(crate) repair: Repair,
    /// The first mended character, in the sound text.
    pub(crate) first: Span,
    /// The first damaged sequence, in the damaged text.
    pub(crate) first_damage: Span,
}

/// Whether the text could hold damage at all; false for nearly all sound text.
pub(crate) fn is_suspicious(text: &str) -> bool {
    let glance = glance(text);
    glance.suspicious || glance.combining
}

/// Takes damage back; `None` when there is none.
pub(crate) fn mend(text: &str) -> Option<Mended> {
    let mut mended = mend_once(text)?;
    for _ in 1..ROUNDS {
        let Some(again) = mend_once(&mended.text) else {
            break;
        };
        mended.offsets = again.offsets.over(&mended.offsets);
        mended.text = again.text;
        if again.first.start <= mended.first.start {
            mended.first = again.first;
        }
    }
    Some(mended)
}

fn mend_once(text: &str) -> Option<Mended> {
    let glance = glance(text);
    let plan = glance.suspicious.then(|| Plan::best(text)).flatten();
    if glance.combining {
        // macOS takes letters apart (NFD), which breaks the patterns.
        let (composed, offsets) = compose(text);
        let better = Plan::best(&composed)
            .filter(|other| plan.as_ref().is_none_or(|plan| other.rank() > plan.rank()));
        if let Some(plan) = better {
            let mut mended = replace(&composed, &plan);
            mended.offsets = mended.offsets.over(&offsets);
            return Some(mended);
        }
    }
    plan.map(|plan| replace(text, &plan))
}

fn replace(text: &str, plan: &Plan) -> Mended {
    let mut sound = String::with_capacity(text.len());
    let mut offsets = Offsets::default();
    let mut done = 0;
    let mut first = None;
    for hit in &plan.hits {
        sound.push_str(&text[done..hit.start]);
        offsets.push(sound.len(), hit.start);
        let start = sound.len();
        sound.push(hit.character);
        first.get_or_insert((start..sound.len(), hit.start..hit.end));
        offsets.push(sound.len(), hit.end);
        done = hit.end;
    }
    sound.push_str(&text[done..]);
    let (first, first_damage) = first.unwrap_or_default();
    Mended {
        text: sound,
        offsets,
        repair: Repair {
            page: plan.page.name(),
            whole: plan.whole,
            sequences: plan.hits.len(),
        },
        first: first.into(),
        first_damage: first_damage.into(),
    }
}

/// NFC, cluster by cluster, so that places can be followed.
fn compose(text: &str) -> (String, Offsets) {
    let mut composed = String::with_capacity(text.len());
    let mut offsets = Offsets::default();
    let mut cluster = 0;
    let mut marked = false;
    let mut close = |range: std::ops::Range<usize>, marked: bool| {
        if marked {
            offsets.push(composed.len(), range.start);
            composed.extend(text[range.clone()].nfc());
            offsets.push(composed.len(), range.end);
        } else {
            composed.push_str(&text[range]);
        }
    };
    for (index, character) in text.char_indices() {
        if canonical_combining_class(character) != 0 {
            marked = true;
        } else {
            close(cluster..index, marked);
            (cluster, marked) = (index, false);
        }
    }
    close(cluster..text.len(), marked);
    (composed, offsets)
}
