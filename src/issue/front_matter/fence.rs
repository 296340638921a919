//! Finding front matter between lines of `---` or `+++`.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Span};
use crate::issue::front_matter::{FrontMatter, FrontMatterKind, headers, keys, toml_block, yaml};

/// Front matter is no place for more than this.
const MAX_BYTES: usize = 64 << 10;

/// A block that begins with a fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    kind: FrontMatterKind,
    /// The first fence, without its line end.
    fence: Range<usize>,
    /// What is between the fences.
    inner: Range<usize>,
    /// First byte of the body.
    end: usize,
    /// Whether the second fence was found.
    closed: bool,
}

/// The block at the begin of `text`, after empty lines at most. A line `---`
/// that is followed by no key is a rule of the body, not a fence.
pub(crate) fn find(text: &str) -> Option<Block> {
    let start = text.len() - text.trim_start().len();
    let line_end = text[start..].find('\n').map(|length| start + length)?;
    let fence = start..start + text[start..line_end].trim_end().len();
    let kind = match &text[fence.clone()] {
        "---" => FrontMatterKind::Yaml,
        "+++" => FrontMatterKind::Toml,
        _ => return None,
    };
    if start > 0 && text[..start].rfind('\n') != Some(start - 1) {
        return None; // an indented fence is text
    }
    let inner_start = line_end + 1;
    let mut at = inner_start;
    for line in text[inner_start..].split_inclusive('\n') {
        let is_fence = match line.trim_end() {
            "+++" => kind == FrontMatterKind::Toml,
            "---" | "..." => kind == FrontMatterKind::Yaml,
            _ => false,
        };
        if is_fence {
            let inner = inner_start..at;
            let block = Block {
                kind,
                fence,
                inner,
                end: at + line.len(),
                closed: true,
            };
            return block.is_front_matter(text).then_some(block);
        }
        at += line.len();
        if at - inner_start > MAX_BYTES {
            break;
        }
    }
    let lines = headers::extent(&text[inner_start..]);
    let block = Block {
        kind,
        fence,
        inner: inner_start..inner_start + lines,
        end: inner_start + lines,
        closed: false,
    };
    (lines > 0 && block.is_front_matter(text)).then_some(block)
}

impl Block {
    /// Reads the keys of the block.
    pub(crate) fn read(&self, text: &str) -> (FrontMatter, Vec<Diagnostic>) {
        let inner = &text[self.inner.clone()];
        let base = self.inner.start;
        let mut diagnostics = Vec::new();
        let fields = if !self.closed {
            let fence = &text[self.fence.clone()];
            diagnostics.push(
                Diagnostic::error("bad-front-matter", "the front matter never ends")
                    .at(self.fence.clone())
                    .label("begins here")
                    .help(format!("put a line `{fence}` after its last key")),
            );
            headers::salvage(inner, base)
        } else if self.kind == FrontMatterKind::Toml {
            toml_block::read(inner, base, &mut diagnostics)
        } else {
            yaml::read(inner, base, &mut diagnostics)
        };
        let front_matter = FrontMatter {
            kind: self.kind,
            span: Span::from(0..self.end),
            fields,
        };
        (front_matter, diagnostics)
    }

    /// Whether the first line that says something has a key.
    fn is_front_matter(&self, text: &str) -> bool {
        let mut lines = text[self.inner.clone()]
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(first) = lines.next() else {
            // `---` twice with nothing between: empty front matter, as site
            // generators have it; two rules would have text between them.
            return self.closed;
        };
        match self.kind {
            FrontMatterKind::Toml => first.starts_with('[') || first.contains('='),
            // Below a rule a paragraph may begin with a word and a colon.
            _ if !self.closed => {
                headers::key(first).is_some_and(|key| keys::begins_headers(&keys::canonical(key)))
            }
            _ => headers::key(first).is_some() || first.starts_with(['{', '<']),
        }
    }
}
