//! What changed: against what was sent of this issue, against the view before the
//! last change, against the last issue of the kind; as text and in the sheet.

use std::time::Duration;

use serde::Serialize;
use similar::{ChangeTag, DiffTag, TextDiff};

use crate::desk::app::App;
use crate::desk::issue::Look;
use crate::desk::live::View;
use crate::desk::{Earlier, Trouble};

/// For how long the shortest difference is looked for; then a longer one will do.
const PATIENCE: Duration = Duration::from_millis(120);
/// Unchanged lines that are shown around a change.
const AROUND: usize = 3;

/// What may be compared with: name in addresses, word.
const AGAINST: [(&str, &str); 3] = [
    ("sent", "What was sent"),
    ("preview", "The view before the last change"),
    ("last", "The last issue sent"),
];

#[derive(Serialize)]
struct Head {
    fixed: bool,
    against: Vec<Choice>,
    shown: Vec<Choice>,
    /// What is compared with, or why there is nothing.
    name: String,
    nothing: bool,
    same: bool,
    added: usize,
    removed: usize,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Choice {
    word: &'static str,
    href: String,
    current: bool,
}

#[derive(Serialize)]
struct Line {
    /// `same`, `added`, `removed` or `gap`.
    kind: &'static str,
    /// The sign in the margin, for who sees no colour.
    sign: &'static str,
    pieces: Vec<Piece>,
}

#[derive(Serialize)]
struct Piece {
    text: String,
    /// The words that changed within a line.
    strong: bool,
}

impl App {
    /// What a look is compared with.
    fn earlier(&self, look: &Look) -> Result<Result<Earlier, &'static str>, Trouble> {
        let reader = look.reader.as_deref();
        let found = match look.against.as_str() {
            "preview" => {
                let before = self.live.before(&look.name());
                let before = before.map(|proof| Earlier {
                    name: "the view before the last change".to_owned(),
                    html: proof.html.clone(),
                    text: proof.text.clone(),
                });
                before.ok_or("Nothing changed since the desk was opened.")
            }
            "last" => self
                .room
                .last_sent(&look.path, reader)?
                .ok_or("No earlier issue of this language was mailed from this list."),
            _ => self
                .room
                .confirmed(&look.path, reader)?
                .ok_or("This issue was not mailed yet."),
        };
        Ok(found)
    }

    /// The difference as text.
    pub(super) fn difference_html(&self, look: &Look, view: &View) -> Result<String, Trouble> {
        let earlier = self.earlier(look)?;
        let (lines, added, removed) = match &earlier {
            Ok(earlier) => lines(&earlier.text, &view.proof.text),
            Err(_) => (Vec::new(), 0, 0),
        };
        Ok(self.difference_page(look, earlier, lines, added, removed))
    }

    /// What stands above the sheet with its changes.
    pub(super) fn difference_head(&self, look: &Look, view: &View) -> Result<String, Trouble> {
        let earlier = self.earlier(look)?;
        let (added, removed) = match &earlier {
            Ok(earlier) => {
                let (_, added, removed) = lines(&earlier.text, &view.proof.text);
                (added, removed)
            }
            Err(_) => (0, 0),
        };
        Ok(self.difference_page(look, earlier, Vec::new(), added, removed))
    }

    fn difference_page(
        &self,
        look: &Look,
        earlier: Result<Earlier, &'static str>,
        lines: Vec<Line>,
        added: usize,
        removed: usize,
    ) -> String {
        let against = AGAINST.map(|(name, word)| Choice {
            word,
            href: look.link("issue", &[("against", name)]),
            current: look.against == name,
        });
        let shown = [("text", "Text"), ("sheet", "In the sheet")].map(|(name, word)| Choice {
            word,
            href: look.link("issue", &[("shown", name)]),
            current: look.shown == name,
        });
        let head = Head {
            fixed: look.fixed,
            against: against.into(),
            shown: shown.into(),
            nothing: earlier.is_err(),
            same: earlier.is_ok() && added + removed == 0,
            name: match earlier {
                Ok(earlier) => earlier.name,
                Err(why) => why.to_owned(),
            },
            added,
            removed,
            lines,
        };
        self.pages.fill("difference", &head)
    }

    /// The sheet with its changes.
    pub(super) fn difference_sheet(&self, look: &Look) -> Result<String, Trouble> {
        let view = self.view(look)?;
        Ok(match self.earlier(look)? {
            Ok(earlier) => marked(&earlier.html, &view.proof.html),
            Err(_) => view.proof.html.clone(),
        })
    }
}

/// The lines of a difference, and how many were added and removed.
fn lines(old: &str, new: &str) -> (Vec<Line>, usize, usize) {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let (mut lines, mut added, mut removed) = (Vec::new(), 0, 0);
    for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if index > 0 {
            lines.push(Line {
                kind: "gap",
                sign: "⋯",
                pieces: Vec::new(),
            });
        }
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let (kind, sign) = match change.tag() {
                ChangeTag::Equal => ("same", ""),
                ChangeTag::Insert => ("added", "+"),
                ChangeTag::Delete => ("removed", "−"),
            };
            added += usize::from(kind == "added");
            removed += usize::from(kind == "removed");
            let pieces = change.iter_strings_lossy().map(|(strong, text)| Piece {
                text: text.trim_end_matches('\n').to_owned(),
                strong,
            });
            lines.push(Line {
                kind,
                sign,
                pieces: pieces.collect(),
            });
        }
    }
    (lines, added, removed)
}

/// Marks of changed blocks in a sheet: struck through and soft, or on shade with a
/// bar.
const STYLE: &str = "<style>[data-changed=added]{background:#F6F4EF!important;\
    box-shadow:-4px 0 0 #2B6A3F}[data-changed=removed],[data-changed=removed] *\
    {text-decoration:line-through!important;color:#68625A!important}</style>";

/// The new document with the blocks that are new marked, and those that are gone put
/// back, struck through.
fn marked(old: &str, new: &str) -> String {
    let (old, new) = (blocks(old), blocks(new));
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_slices(&old, &new);
    let mut out = String::new();
    for op in diff.ops() {
        let (tag, before, after) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            new[after].iter().for_each(|block| out.push_str(block));
            continue;
        }
        for block in &old[before] {
            // Only what can stand anywhere is put back.
            if let Some(block) = changed(block, "removed") {
                out.push_str(&block);
            }
        }
        for block in &new[after] {
            match changed(block, "added") {
                Some(block) => out.push_str(&block),
                None => out.push_str(block),
            }
        }
    }
    out.replacen("</head>", &format!("{STYLE}</head>"), 1)
}

/// A document cut into rows, paragraphs and headings, and what lies between them.
fn blocks(html: &str) -> Vec<&str> {
    const STARTS: [&str; 5] = ["<tr>", "<p>", "<p ", "<h1", "<li>"];
    let mut cuts = vec![0];
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let here = at + found;
        let rest = &html[here..];
        if rest.starts_with("</tr>") {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                cuts.push(here + "</tr>".len());
            }
        } else if depth == 0 && STARTS.iter().any(|start| rest.starts_with(start)) {
            cuts.push(here);
            // The rows of the frame itself hold all others.
            depth += usize::from(rest.starts_with("<tr>") && is_row_of_items(rest));
        } else if depth > 0 && rest.starts_with("<tr") {
            depth += 1;
        } else if depth == 0 && (rest.starts_with("</p>") || rest.starts_with("</h1>")) {
            let end = rest.find('>').map_or(html.len(), |end| here + end + 1);
            cuts.push(end);
        }
        at = here + 1;
    }
    cuts.push(html.len());
    cuts.dedup();
    cuts.windows(2)
        .map(|pair| &html[pair[0]..pair[1]])
        .collect()
}

/// Whether a row is one of the table of items: no table stands at its begin.
fn is_row_of_items(row: &str) -> bool {
    let end = row.find("</tr>").unwrap_or(row.len());
    !row[..end].contains("<table")
}

/// A block with the mark of its change; `None` where it is no whole block.
fn changed(block: &str, how: &str) -> Option<String> {
    let name = ["tr", "p", "h1", "li"].into_iter().find(|name| {
        let open = block
            .strip_prefix('<')
            .and_then(|rest| rest.strip_prefix(name));
        open.is_some_and(|rest| rest.starts_with(['>', ' ']))
    })?;
    let whole = block.trim_end().ends_with(&format!("</{name}>"));
    whole.then(|| format!("<{name} data-changed=\"{how}\"{}", &block[1 + name.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_was_added_and_what_is_gone() {
        let (lines, added, removed) = lines("one\ntwo\nthree\n", "one\n2\nthree\nfour\n");
        let signs: Vec<&str> = lines.iter().map(|line| line.sign).collect();
        assert_eq!(signs, ["", "−", "+", "", "+"]);
        assert_eq!((added, removed), (2, 1));
    }

    #[test]
    fn a_changed_row_is_marked_and_a_lost_one_is_put_back() {
        let frame = |rows: &str| {
            format!(
                "<html><head></head><body><table><tr><td><table>{rows}</table></td></tr></table>\
                 </body></html>"
            )
        };
        let old = frame("<tr><td>a</td></tr>\n<tr><td>b</td></tr>\n");
        let new = frame("<tr><td>a</td></tr>\n<tr><td>c</td></tr>\n");
        let marked = marked(&old, &new);
        assert!(
            marked.contains("<tr data-changed=\"removed\"><td>b</td></tr>"),
            "{marked}"
        );
        assert!(
            marked.contains("<tr data-changed=\"added\"><td>c</td></tr>"),
            "{marked}"
        );
        assert!(marked.contains("<tr><td>a</td></tr>"), "{marked}");
    }

    #[test]
    fn blocks_are_the_whole_document() {
        let html = "<p>a</p>x<h1 class=s>t</h1><table><tr><td><table><tr><td>r</td></tr></table>";
        assert_eq!(blocks(html).concat(), html);
        assert_eq!(blocks("").concat(), "");
    }
}
