//! Blocks of Markdown as lines of text.

use pulldown_cmark::{Event, Tag};
use unicode_width::UnicodeWidthStr;

use crate::diagnostic::Span;
use crate::issue::{Events, Issue};
use crate::render::address::Address;
use crate::render::escape;
use crate::render::events::closing;
use crate::render::fragment::Addresses;
use crate::render::table;
use crate::render::text::inline::{Inline, MARK, State};
use crate::render::text::{LinkPlace, TextStyle, wrap};

/// Writes lines; blocks are parted by one empty line.
pub(crate) struct Writer<'w, 's> {
    pub(crate) issue: &'w Issue<'s>,
    addresses: &'w Addresses,
    pub(crate) style: TextStyle,
    out: String,
    state: State,
    /// Links numbered before those of `notes`.
    pub(crate) notes_before: usize,
    /// Addresses to be written as notes.
    notes: Vec<String>,
    /// Whether the next block begins without an empty line.
    tight: bool,
}

impl<'w, 's> Writer<'w, 's> {
    pub(crate) fn new(issue: &'w Issue<'s>, addresses: &'w Addresses, style: TextStyle) -> Self {
        Writer {
            issue,
            addresses,
            style,
            out: String::new(),
            state: State::default(),
            notes_before: 0,
            notes: Vec::new(),
            tight: false,
        }
    }

    /// Writes whole blocks. `first` goes before the first line, `rest` before
    /// all others.
    pub(crate) fn blocks(&mut self, events: Events, first: &str, rest: &str, cuts: &[Span]) {
        let all = &self.issue.document.events;
        let mut first = first;
        let mut at = events.start;
        while at < events.end.min(all.len()) {
            let end = self.block_end(at, events.end);
            let before = self.out.len();
            self.block(at..end, first, rest, cuts);
            if self.out.len() > before {
                first = rest;
            }
            at = end;
        }
    }

    /// As [`Writer::blocks`], without empty lines between the blocks.
    pub(crate) fn tight_blocks(&mut self, events: Events, first: &str, rest: &str) {
        let before = std::mem::replace(&mut self.tight, true);
        self.blocks(events, first, rest, &[]);
        self.tight = before;
    }

    /// The end of the block at `at`; loose inline events are one block.
    fn block_end(&self, at: usize, to: usize) -> usize {
        let all = &self.issue.document.events;
        if is_block(&all[at].0) {
            return closing(all, at, to);
        }
        let mut end = at;
        while end < to && !is_block(&all[end].0) {
            end = closing(all, end, to);
        }
        end
    }

    fn block(&mut self, events: Events, first: &str, rest: &str, cuts: &[Span]) {
        let all = &self.issue.document.events;
        let inside = events.start + 1..events.end.max(events.start + 2) - 1;
        match &all[events.start].0 {
            Event::Rule => {
                self.gap();
                self.line(first, "* * *");
            }
            Event::Start(tag) => match tag {
                Tag::BlockQuote(_) => {
                    self.blocks(inside, &format!("{first}> "), &format!("{rest}> "), cuts);
                }
                Tag::List(start) => self.list(inside, *start, first, rest),
                Tag::Item => self.blocks(inside, first, rest, cuts),
                Tag::CodeBlock(_) => self.code(inside, first, rest),
                Tag::Table(_) => self.table(events, first, rest),
                Tag::FootnoteDefinition(name) => {
                    let label = format!("{first}[^{}] ", escape::without_controls(name));
                    self.blocks(inside, &label, &format!("{rest}    "), cuts);
                }
                Tag::Paragraph | Tag::Heading { .. } | Tag::HtmlBlock => {
                    let inline = self.inline(inside, cuts);
                    self.state.end_block();
                    self.paragraph(inline, first, rest);
                }
                _ => {
                    let inline = self.inline(events, cuts);
                    self.state.end_block();
                    self.paragraph(inline, first, rest);
                }
            },
            _ => {
                let inline = self.inline(events, cuts);
                self.state.end_block();
                self.paragraph(inline, first, rest);
            }
        }
    }

    fn paragraph(&mut self, inline: Inline, first: &str, rest: &str) {
        if !inline.text.trim().is_empty() {
            self.gap();
            self.inline_block(inline, first, rest);
        }
    }

    fn list(&mut self, items: Events, start: Option<u64>, first: &str, rest: &str) {
        let all = &self.issue.document.events;
        self.gap();
        let before = std::mem::replace(&mut self.tight, true);
        let mut number = start;
        let mut first = first;
        let mut at = items.start;
        while at < items.end {
            let end = closing(all, at, items.end);
            // Numbered as written.
            let marker = number.map_or_else(|| "- ".to_owned(), |number| format!("{number}. "));
            number = number.map(|number| number.saturating_add(1));
            let indent = " ".repeat(marker.len());
            self.blocks(
                at..end,
                &format!("{first}{marker}"),
                &format!("{rest}{indent}"),
                &[],
            );
            first = rest;
            at = end;
        }
        self.tight = before;
    }

    fn code(&mut self, inside: Events, first: &str, rest: &str) {
        self.gap();
        let mut code = String::new();
        for (event, _) in &self.issue.document.events[inside] {
            if let Event::Text(text) = event {
                code.push_str(text);
            }
        }
        let code = escape::without_controls(code.strip_suffix('\n').unwrap_or(&code)).into_owned();
        for (index, line) in code.split('\n').enumerate() {
            let prefix = if index == 0 { first } else { rest };
            self.line(&format!("{prefix}    "), line);
        }
    }

    fn table(&mut self, events: Events, first: &str, rest: &str) {
        let all = &self.issue.document.events;
        let table = &all[events.clone()];
        let start = events.start;
        let at = |cell: &std::ops::Range<usize>| start + cell.start..start + cell.end;
        self.gap();
        if let Some(rows) = table::wide_rows(table) {
            for (index, row) in rows.iter().enumerate() {
                if index > 0 {
                    self.blank();
                }
                for cell in row {
                    let mut inline = self.inline(at(&cell.value), &[]);
                    if !cell.label.is_empty() {
                        inline.text = format!("{}: {}", cell.label, inline.text);
                    }
                    let prefix = if index == 0 { first } else { rest };
                    self.inline_block(inline, prefix, &format!("{rest}  "));
                }
            }
            return;
        }
        let mut links = Vec::new();
        let mut rows = Vec::new();
        for row in table::cells(table) {
            let mut cells = Vec::new();
            for cell in row {
                let inline = self.inline(at(&cell), &[]);
                let text = inline.text.replace('\n', " ").replace(MARK, "");
                links.extend(inline.links);
                cells.push(text.trim().to_owned());
            }
            rows.push(cells);
        }
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                rows.iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for (index, row) in rows.iter().enumerate() {
            let padded: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.width())))
                .collect();
            let prefix = if index == 0 { first } else { rest };
            self.line(prefix, padded.join("  ").trim_end());
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                self.line(rest, &rule.join("  "));
            }
        }
        for url in links {
            if let Some(url) = self.resolved(Address::read(&url)) {
                self.line(rest, &url);
            }
        }
    }

    /// The words of inline events.
    pub(crate) fn inline(&mut self, events: Events, cuts: &[Span]) -> Inline {
        let all = &self.issue.document.events;
        Inline::of(all.get(events).unwrap_or_default(), cuts, &mut self.state)
    }

    /// Writes words and, by the style, the addresses that they lead to.
    pub(crate) fn inline_block(&mut self, inline: Inline, first: &str, rest: &str) {
        let urls: Vec<Option<String>> = inline
            .links
            .iter()
            .map(|url| self.resolved(Address::read(url)))
            .collect();
        let shown = urls.iter().flatten().count();
        let ends_with_link = inline
            .text
            .trim_end_matches(|c: char| c.is_whitespace() || ".。!！:：".contains(c))
            .ends_with(MARK);
        let plain = self.style.links == LinkPlace::Line && shown == 1 && ends_with_link;
        let mut text = String::with_capacity(inline.text.len());
        let mut own = Vec::new();
        let mut urls = urls.into_iter();
        for character in inline.text.chars() {
            if character != MARK {
                text.push(character);
                continue;
            }
            let Some(Some(url)) = urls.next() else {
                continue;
            };
            if plain {
                own.push(url);
                continue;
            }
            let number = self.next_note() + own.len() + 1;
            text.push_str(&format!("[{number}]"));
            own.push(format!("[{number}] {url}"));
        }
        let width = self.style.width.saturating_sub(rest.width()).max(16);
        for (index, line) in wrap(text.trim(), width).iter().enumerate() {
            self.line(if index == 0 { first } else { rest }, line);
        }
        if plain {
            own.iter().for_each(|line| self.line(rest, line));
        } else if self.style.links == LinkPlace::Line {
            own.iter().for_each(|line| self.line(rest, line));
            self.notes_before += own.len();
        } else {
            self.notes.extend(own);
        }
    }

    /// How many notes have been numbered.
    pub(crate) fn next_note(&self) -> usize {
        self.notes_before + self.notes.len()
    }

    /// Writes the notes that are still to come.
    pub(crate) fn flush_notes(&mut self) {
        if self.notes.is_empty() {
            return;
        }
        self.notes_before += self.notes.len();
        self.gap();
        for note in std::mem::take(&mut self.notes) {
            self.line("", &note);
        }
    }

    /// The absolute form of an address that readers may follow.
    pub(crate) fn resolved(&self, address: Address) -> Option<String> {
        match address {
            Address::Absolute(url) => Some(url),
            Address::Relative(reference) => Some(self.addresses.target(&reference).url),
            Address::Local | Address::Refused => None,
        }
    }

    /// Parts the next block from what is before it.
    pub(crate) fn gap(&mut self) {
        if !self.tight {
            self.blank();
        }
    }

    /// One empty line more, but none at the start and at most two.
    pub(crate) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n\n") {
            self.out.push('\n');
        }
    }

    /// A line directly below the last, unless it is empty.
    pub(crate) fn after_line(&mut self, line: &str) {
        if !line.is_empty() {
            self.line("", line);
        }
    }

    /// Words directly below the last line.
    pub(crate) fn after_text(&mut self, text: &str, prefix: &str) {
        if !text.is_empty() {
            let width = self.style.width.saturating_sub(prefix.width()).max(16);
            for line in wrap(text, width) {
                self.line(prefix, &line);
            }
        }
    }

    fn line(&mut self, prefix: &str, line: &str) {
        if line.is_empty() {
            self.out.push_str(prefix.trim_end());
        } else {
            self.out.push_str(prefix);
            self.out.push_str(line);
        }
        self.out.push('\n');
    }

    /// The text, ending with one line end.
    pub(crate) fn finish(mut self) -> String {
        self.flush_notes();
        let end = self.out.trim_end().len();
        self.out.truncate(end);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }
}

fn is_block(event: &Event<'_>) -> bool {
    match event {
        Event::Rule => true,
        Event::Start(tag) => crate::issue::is_block(tag),
        _ => false,
    }
}
