//! Finished HTML of which several feeds hold the same part.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use crate::render::escape::first_unfit;

/// Finished, clean HTML, or a part of one: an issue and each of its sections are
/// one text in memory, in however many feeds they stand. Cheap to clone.
#[derive(Clone, Default)]
pub struct Html {
    text: Arc<String>,
    bytes: Range<usize>,
    fit: bool,
}

impl Html {
    /// A part of it; nothing where it has no such part.
    pub(crate) fn part(&self, bytes: Range<usize>) -> Html {
        if self.get(bytes.clone()).is_none() {
            return Html::default();
        }
        let start = self.bytes.start;
        Html {
            bytes: start + bytes.start..start + bytes.end,
            ..self.clone()
        }
    }

    /// Whether it is known to hold no character that XML does not.
    pub(crate) fn is_fit(&self) -> bool {
        self.fit
    }

    /// The HTML.
    pub fn as_str(&self) -> &str {
        &self.text[self.bytes.clone()]
    }
}

impl Deref for Html {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Html {
    fn from(html: &str) -> Html {
        Html::from(html.to_owned())
    }
}

impl From<String> for Html {
    fn from(mut html: String) -> Html {
        // It is kept for long, and grew by guesses.
        html.shrink_to_fit();
        Html {
            bytes: 0..html.len(),
            fit: first_unfit(&html).is_none(),
            text: Arc::new(html),
        }
    }
}

impl PartialEq for Html {
    fn eq(&self, other: &Html) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Html {}

impl fmt::Debug for Html {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(formatter)
    }
}
