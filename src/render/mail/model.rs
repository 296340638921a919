//! What a mail's templates can say: the variables of docs/templates.md.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::issue::{Item, Section};
use crate::render::accent::Look;
use crate::render::address::Address;
use crate::render::anchors::Anchors;
use crate::render::direction;
use crate::render::fragment::Fragment;
use crate::render::html::{self, COLUMN, Style, View};
use crate::render::labels::Labels;
use crate::render::mail::{MailRequest, display_title, preheader};
use crate::render::outline::{self, Part};
use crate::render::page;
use crate::render::text::{intro_text, section_text};

#[derive(Serialize)]
struct IssueModel {
    title: String,
    subject: String,
    number: Option<u64>,
    date: String,
    date_words: String,
    language: String,
    link_count: usize,
    link_words: String,
    preheader: String,
    intro: String,
    intro_text: String,
    title_text: String,
    text_width: usize,
    sections: Vec<SectionModel>,
}

#[derive(Serialize)]
struct SectionModel {
    title: String,
    emoji: Option<String>,
    slug: String,
    url: Option<String>,
    level: u8,
    nested: bool,
    heading: String,
    text: String,
    blocks: Vec<BlockModel>,
    items: Vec<ItemModel>,
}

#[derive(Default, Serialize)]
struct BlockModel {
    prose: Option<String>,
    promo: Option<String>,
    list: Vec<LineModel>,
    list_tag: &'static str,
    items: Vec<ItemModel>,
}

#[derive(Serialize)]
struct LineModel {
    inline: String,
    lang: Option<&'static str>,
    /// Its direction, where it is not the issue's: for its words alone, since the
    /// mark of a list stands on one side for all.
    dir: Option<&'static str>,
    value: Option<u64>,
}

#[derive(Clone, Serialize)]
struct ItemModel {
    number: Option<u64>,
    title: String,
    title_html: String,
    level: u8,
    url: String,
    linked: bool,
    destination: Option<String>,
    meta: String,
    remark: String,
    language: Option<String>,
    lang: Option<&'static str>,
    turned: &'static str,
    tags: Vec<String>,
    byline: Option<String>,
    suffix: Option<String>,
    stars: Vec<u64>,
    contributor: Option<String>,
    deleted: bool,
    ad: bool,
    body: String,
}

/// The variables of one issue's mail, without the recipient's.
pub(crate) fn model(request: &MailRequest<'_, '_>) -> Json {
    let model = Model {
        request,
        anchors: Anchors::of(request.issue),
        labels: Labels::of(request.language),
        right_to_left: direction::is_right_to_left(request.language),
    };
    let newsletter = request.newsletter;
    json!({
        "newsletter": {
            "title": newsletter.title,
            "description": newsletter.description,
            "url": newsletter.url.as_str(),
            "language": newsletter.language,
            "author": newsletter.author,
            "address": newsletter.address,
        },
        "issue": model.issue(),
        "labels": model.labels,
        "look": look(request.language, request.look),
    })
}

/// Faces and sizes by language, in the short form of CSS `font`; second colour
/// and logo.
pub(crate) fn look(language: &str, own: &Look) -> Json {
    // Every system knows a face by these names, or puts its own in their place:
    // what stands on each title need not name the generic one.
    let meta = "Arial";
    let lower = language.to_ascii_lowercase();
    let cjk = match lower.split('-').next().unwrap_or("") {
        "zh" if ["zh-hant", "zh-tw", "zh-hk"]
            .iter()
            .any(|tag| lower.starts_with(tag)) =>
        {
            "Arial,'PingFang TC','Microsoft JhengHei','Noto Sans CJK TC',sans-serif"
        }
        "zh" => "Arial,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif",
        "ja" => "Arial,'Hiragino Sans','Yu Gothic UI','Noto Sans CJK JP',sans-serif",
        "ko" => "Arial,'Apple SD Gothic Neo','Malgun Gothic','Noto Sans CJK KR',sans-serif",
        _ => "",
    };
    let right_to_left = direction::is_right_to_left(language);
    let (start, end) = match right_to_left {
        true => ("right", "left"),
        false => ("left", "right"),
    };
    // Behind the top of `padding`: the distance of the margin to the text, and of
    // cells to each other.
    let (gap, cell) = match right_to_left {
        true => ("0 0 12px", "0 4px 16px"),
        false => ("12px 0 0", "16px 4px 0"),
    };
    let (face, text, title) = match cjk {
        "" => ("Georgia,serif", "17px/27px", "18px/25px"),
        cjk => (cjk, "16px/28px", "18px/27px"),
    };
    // Android knows no Georgia and takes its own face of that kind.
    let short = if cjk.is_empty() { face } else { meta };
    json!({
        "text": format!("{text} {face}"),
        "h1": format!("bold 32px/38px {face}"),
        "h2": format!("bold 23px/30px {short}"),
        "sub": format!("bold 20px/28px {short}"),
        // Han and Hangul faces are found by the language alone; the list of
        // them on each title would weigh more than the titles.
        "h3": format!("bold {title} {short}"),
        "meta": meta,
        "lean": false,
        "rtl": right_to_left,
        "start": start,
        "end": end,
        "gap": gap,
        "cell": cell,
        "accent": own.accent.light(),
        "accent_dark": own.accent.dark(),
        "logo": own.logo.as_ref().map(url::Url::as_str),
    })
}

struct Model<'m, 'i, 's> {
    request: &'m MailRequest<'i, 's>,
    anchors: Anchors<'m>,
    labels: &'static Labels,
    right_to_left: bool,
}

impl Model<'_, '_, '_> {
    fn issue(&self) -> IssueModel {
        let request = self.request;
        let (issue, language) = (request.issue, request.language);
        let title = display_title(&request.summary.title);
        let (intro_text, mut note) = intro_text(issue, request.addresses, language, request.text);
        let sections = issue
            .sections
            .iter()
            .enumerate()
            .map(|(index, section)| self.section(index, section, &mut note))
            .collect();
        let links = request.summary.link_count;
        IssueModel {
            subject: request.summary.title.clone(),
            number: request.summary.number.map(|number| number.value),
            date: request
                .date
                .map(|(date, _)| date.to_string())
                .unwrap_or_default(),
            date_words: request
                .date
                .map(|(date, precision)| Labels::date(language, date, precision))
                .unwrap_or_default(),
            language: language.to_owned(),
            link_count: links,
            link_words: if links == 0 {
                String::new()
            } else {
                Labels::count_of_links(language, links)
            },
            preheader: preheader(request.summary, issue, language),
            intro: self.intro(),
            intro_text,
            title_text: crate::render::text::wrap(&title, request.text.width).join("\n"),
            text_width: request.text.width,
            title,
            sections,
        }
    }

    fn intro(&self) -> String {
        let issue = self.request.issue;
        let title = issue.title_events.as_ref();
        let own = |content: &&crate::issue::Content| !matches!(content, crate::issue::Content::Prose(events) if Some(events) == title);
        let contents: Vec<_> = issue.intro.iter().filter(own).cloned().collect();
        let mut out = String::new();
        for part in outline::parts(issue, &contents, None) {
            match part {
                Part::Prose(events) => out.push_str(&self.blocks(events, 3)),
                Part::Lines(events) => out.push_str(&self.lines(events, 3)),
                Part::Promo(events) => {
                    out.push_str(&format!(
                        "<div class=\"g\">{}</div>",
                        self.blocks(events, 3)
                    ));
                }
                Part::Items(_) | Part::List(_) => {}
            }
        }
        out
    }

    fn section(&self, index: usize, section: &Section, note: &mut usize) -> SectionModel {
        let request = self.request;
        let events = &request.issue.document.events;
        let level = 2 + outline::depth(request.issue, section);
        let cuts = outline::heading_cuts(events, section);
        let style = Style {
            cuts: &cuts,
            ..Style::of(View::Mail, false)
        };
        let heading = html::write(
            events,
            &self.anchors,
            outline::heading_inside(events, section),
            style,
        );
        let (text, next) = section_text(
            request.issue,
            section,
            request.addresses,
            request.language,
            request.text,
            *note,
        );
        *note = next;
        let mut blocks = Vec::new();
        for part in outline::parts(request.issue, &section.content, Some(section)) {
            blocks.push(self.part(part, section, level + 1));
        }
        let items = section
            .items
            .iter()
            .map(|item| self.item(item, level + 1))
            .collect();
        SectionModel {
            title: section.title.clone(),
            emoji: section.emoji.clone(),
            slug: self.anchors.section(index).to_owned(),
            url: section.url.clone(),
            level,
            nested: level > 2,
            heading: self.finished(heading),
            text: text.trim_end().to_owned(),
            blocks,
            items,
        }
    }

    fn part(&self, part: Part, section: &Section, level: u8) -> BlockModel {
        let mut block = BlockModel {
            list_tag: "ul",
            ..BlockModel::default()
        };
        match part {
            Part::Prose(events) => block.prose = Some(self.blocks(events, level)),
            Part::Lines(events) => block.prose = Some(self.lines(events, level)),
            Part::Promo(events) => block.promo = Some(self.blocks(events, level)),
            Part::Items(items) => {
                block.items = items
                    .iter()
                    .map(|&item| self.item(&section.items[item], level))
                    .collect();
            }
            Part::List(items) => {
                let ordered = section.style == crate::issue::Style::Ordered;
                block.list_tag = if ordered { "ol" } else { "ul" };
                let lines = items
                    .iter()
                    .map(|&item| self.line(&section.items[item], ordered));
                block.list = lines.collect();
            }
        }
        block
    }

    fn item(&self, item: &Item, level: u8) -> ItemModel {
        let request = self.request;
        let (issue, language) = (request.issue, request.language);
        let events = &issue.document.events;
        let several = page::own_links(issue, item);
        let url = match item.url.as_deref().map(Address::read) {
            Some(Address::Absolute(url)) => url,
            Some(Address::Relative(reference)) => request.addresses.target(&reference).url,
            Some(Address::Local | Address::Refused) | None => String::new(),
        };
        let linked = !several && !url.is_empty();
        let title = page::title(issue, &self.anchors, item, View::Mail);
        ItemModel {
            number: item.number,
            title: item.title.clone(),
            title_html: self.finished(title),
            level: level.min(5),
            destination: outline::destination(item).filter(|_| linked),
            linked,
            url,
            meta: outline::meta(issue, item, self.labels, language).join(" · "),
            remark: self.finished(page::remark(issue, &self.anchors, item, View::Mail)),
            language: item.language.clone(),
            lang: outline::other_language(events, item, language),
            turned: direction::turned(&item.title, self.right_to_left),
            tags: item.tags.clone(),
            byline: item.byline.clone(),
            suffix: item.suffix.clone(),
            stars: item.stars.clone(),
            contributor: item.contributor.clone(),
            deleted: item.deleted,
            ad: outline::is_ad(item),
            body: self.body(item, level),
        }
    }

    /// The description. Its first paragraph stands without tags of its own:
    /// the cell is its block.
    fn body(&self, item: &Item, level: u8) -> String {
        let events = &self.request.issue.document.events;
        let cuts = outline::cuts(events, item);
        let style = Style {
            cuts: &cuts,
            heading_floor: (level + 1).min(6),
            right_to_left: direction::runs_right_to_left(&item.title).unwrap_or(self.right_to_left),
            ..Style::of(View::Mail, self.request.linkify)
        };
        let lead = html::write(events, &self.anchors, item.lead.clone(), style);
        let mut body = self.finished(lead).trim().to_owned();
        for block in &item.blocks {
            let block = self.finished(html::write(events, &self.anchors, block.clone(), style));
            let block = block.trim_end();
            let first = body.is_empty().then(|| block.strip_prefix("<p>")).flatten();
            match first.and_then(|inside| inside.split_once("</p>")) {
                Some((inside, rest)) => body = format!("{inside}{rest}"),
                None => body.push_str(block),
            }
        }
        body
    }

    fn line(&self, item: &Item, ordered: bool) -> LineModel {
        let events = &self.request.issue.document.events;
        let right_to_left =
            direction::runs_right_to_left(&item.title).unwrap_or(self.right_to_left);
        let style = Style {
            right_to_left,
            ..Style::of(View::Mail, self.request.linkify)
        };
        let mut inline = String::new();
        for range in &item.events {
            let inside = outline::inside(events, range.clone());
            inline.push_str(&self.finished(html::write(events, &self.anchors, inside, style)));
        }
        let inline = inline.trim();
        let bare = inline
            .strip_prefix("<p>")
            .and_then(|inside| inside.strip_suffix("</p>"))
            .filter(|inside| !inside.contains("<p>"));
        let inline = bare.unwrap_or(inline);
        let blocks = [
            "<p",
            "<ul",
            "<ol",
            "<pre",
            "<blockquote",
            "<table",
            "<div",
            "<img",
        ];
        let is_line = !blocks.into_iter().any(|block| inline.contains(block));
        LineModel {
            inline: inline.to_owned(),
            lang: outline::other_language(events, item, self.request.language),
            dir: (is_line && right_to_left != self.right_to_left).then_some(if right_to_left {
                "rtl"
            } else {
                "ltr"
            }),
            value: item.number.filter(|_| ordered),
        }
    }

    /// Lines of a list whose list is elsewhere.
    fn lines(&self, events: std::ops::Range<usize>, level: u8) -> String {
        format!("<ul class=\"c\">{}</ul>", self.blocks(events, level))
    }

    fn blocks(&self, events: std::ops::Range<usize>, level: u8) -> String {
        let style = Style {
            heading_floor: level.min(6),
            right_to_left: self.right_to_left,
            ..Style::of(View::Mail, self.request.linkify)
        };
        let blocks = html::write(
            &self.request.issue.document.events,
            &self.anchors,
            events,
            style,
        );
        self.finished(blocks)
    }

    fn finished(&self, fragment: Fragment) -> String {
        // Word takes the attribute, all others the style sheet; a height would
        // distort what a narrow window shrinks.
        fragment.resolve_sized(self.request.addresses, |width, _| {
            format!("\" width=\"{}", width.min(COLUMN))
        })
    }
}
