//! A finished document that is never whole in memory.

use std::borrow::Cow;
use std::ops::Range;

/// A feed's document as the pieces that it is made of, in order: a feed of many
/// entries holds megabytes that the entries have already.
#[derive(Clone, Debug, Default)]
pub struct Document<'e> {
    /// What the pieces between the contents are cut from.
    skeleton: Vec<u8>,
    pieces: Vec<Piece<'e>>,
}

#[derive(Clone, Debug)]
enum Piece<'e> {
    Skeleton(Range<usize>),
    Fixed(&'static str),
    Content(Cow<'e, str>, Range<usize>),
}

impl<'e> Document<'e> {
    /// A document without any piece yet, to be cut from `skeleton`.
    pub(crate) fn over(skeleton: Vec<u8>) -> Document<'e> {
        Document {
            skeleton,
            pieces: Vec::new(),
        }
    }

    pub(crate) fn skeleton(&self) -> &[u8] {
        &self.skeleton
    }

    /// Appends a part of the skeleton.
    pub(crate) fn push_skeleton(&mut self, bytes: Range<usize>) {
        self.pieces.push(Piece::Skeleton(bytes));
    }

    pub(crate) fn push_fixed(&mut self, text: &'static str) {
        self.pieces.push(Piece::Fixed(text));
    }

    /// Appends a content inside of a CDATA section. XML 1.0 §2.7: `]]>` ends the
    /// section, so it is divided between two.
    pub(crate) fn push_cdata(&mut self, text: Cow<'e, str>) {
        let mut done = 0;
        let mut ends = Vec::new();
        // One byte is found many times faster than three.
        for at in memchr::memchr_iter(b']', text.as_bytes()) {
            if text[at..].starts_with("]]>") {
                ends.push(done..at);
                done = at + 3;
            }
        }
        for part in ends {
            self.pieces.push(Piece::Content(text.clone(), part));
            self.push_fixed("]]]]><![CDATA[>");
        }
        let rest = done..text.len();
        self.pieces.push(Piece::Content(text, rest));
    }

    /// Its bytes, piece by piece.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.pieces.iter().map(|piece| match piece {
            Piece::Skeleton(bytes) => &self.skeleton[bytes.clone()],
            Piece::Fixed(text) => text.as_bytes(),
            Piece::Content(text, bytes) => &text.as_bytes()[bytes.clone()],
        })
    }

    /// All of it at once.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces().collect::<Vec<&[u8]>>().concat()
    }
}

impl From<Vec<u8>> for Document<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        let mut document = Document::over(bytes);
        document.push_skeleton(0..document.skeleton.len());
        document
    }
}
