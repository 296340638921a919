//! Named sets of settings, and what is known without any.
//!
//! A preset fills what the settings leave open; it never overrules them. The
//! default, `auto`, tries every style on each section and knows the usual
//! words of all newsletters.

use crate::issue::model::Style;
use crate::issue::settings::Settings;

/// A named set of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Auto,
    NumberedLinks,
    CjkNumbered,
    BulletLinks,
    HeadingItems,
    Prose,
}

impl Preset {
    /// All of them, for messages and for reading.
    pub(crate) const ALL: [Preset; 6] = [
        Preset::Auto,
        Preset::NumberedLinks,
        Preset::CjkNumbered,
        Preset::BulletLinks,
        Preset::HeadingItems,
        Preset::Prose,
    ];

    /// Its name in settings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Preset::Auto => "auto",
            Preset::NumberedLinks => "numbered-links",
            Preset::CjkNumbered => "cjk-numbered",
            Preset::BulletLinks => "bullet-links",
            Preset::HeadingItems => "heading-items",
            Preset::Prose => "prose",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Preset> {
        Preset::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The preset whose styles an issue's sections mostly have.
    pub(crate) fn of_style(style: Style) -> Preset {
        match style {
            Style::Ordered | Style::Circled => Preset::NumberedLinks,
            Style::Cjk => Preset::CjkNumbered,
            Style::Bullet => Preset::BulletLinks,
            Style::Heading => Preset::HeadingItems,
            Style::Prose | Style::Outro => Preset::Prose,
        }
    }

    /// The styles that a section may have, first come first served.
    pub(crate) fn styles(self) -> &'static [Style] {
        match self {
            Preset::Auto => &[
                Style::Cjk,
                Style::Circled,
                Style::Ordered,
                Style::Bullet,
                Style::Heading,
            ],
            Preset::NumberedLinks => &[Style::Cjk, Style::Circled, Style::Ordered, Style::Bullet],
            Preset::CjkNumbered => &[Style::Cjk],
            Preset::BulletLinks => &[Style::Bullet],
            Preset::HeadingItems => &[Style::Bullet, Style::Heading],
            Preset::Prose => &[],
        }
    }

    /// Sections without items whatever they hold.
    pub(crate) fn prose_sections(self) -> &'static [&'static str] {
        match self {
            Preset::BulletLinks => &["Quote of the Week", "Crate of the Week"],
            _ => &[],
        }
    }
}

/// The titles of closing sections, unless the settings name some.
pub(crate) fn outro_sections(settings: &Settings) -> Vec<&str> {
    const USUAL: &[&str] = &[
        "Subscribe Welcome",
        "Welcome to Subscribe",
        "How to Subscribe",
        "Subscribe",
        "订阅",
        "欢迎订阅",
        "历史上的本周",
        "往年回顾",
        "赞助&支持",
        "关于周刊",
        "スポンサー＆サポート",
        "本週刊について",
    ];
    either(&settings.outro_sections, USUAL)
}

/// How paragraphs begin after which all is closing.
pub(crate) fn outro_markers(settings: &Settings) -> Vec<&str> {
    const USUAL: &[&str] = &["This Week in Rust is edited by"];
    either(&settings.outro_markers, USUAL)
}

/// Words of paragraphs in which the newsletter speaks of itself.
pub(crate) fn promo_markers(settings: &Settings) -> Vec<&str> {
    const USUAL: &[&str] = &[
        "every 30 issues forming a season",
        "If you find the weekly valuable",
    ];
    either(&settings.promo_markers, USUAL)
}

/// Words in brackets after a title that name a language, to its tag. Those of
/// the settings come on top.
pub(crate) const LANGUAGE_TAGS: &[(&str, &str)] = &[
    ("en", "en"),
    ("eng", "en"),
    ("english", "en"),
    ("英", "en"),
    ("英文", "en"),
    ("英语", "en"),
    ("英語", "en"),
    ("영문", "en"),
    ("영어", "en"),
    ("zh", "zh"),
    ("cn", "zh"),
    ("chinese", "zh"),
    ("中", "zh"),
    ("中文", "zh"),
    ("中国語", "zh"),
    ("中國語", "zh"),
    ("ja", "ja"),
    ("jp", "ja"),
    ("japanese", "ja"),
    ("日", "ja"),
    ("日文", "ja"),
    ("日语", "ja"),
    ("日本語", "ja"),
    ("ko", "ko"),
    ("kr", "ko"),
    ("korean", "ko"),
    ("韩", "ko"),
    ("韩文", "ko"),
    ("韓国語", "ko"),
    ("한국어", "ko"),
    ("de", "de"),
    ("german", "de"),
    ("deutsch", "de"),
    ("fr", "fr"),
    ("french", "fr"),
    ("français", "fr"),
    ("法文", "fr"),
    ("es", "es"),
    ("spanish", "es"),
    ("español", "es"),
    ("pt", "pt"),
    ("portuguese", "pt"),
    ("português", "pt"),
    ("it", "it"),
    ("italian", "it"),
    ("ru", "ru"),
    ("russian", "ru"),
    ("俄文", "ru"),
];

/// Whole titles of items whose content was taken out.
pub(crate) const DELETED_PATTERNS: &[&str] = &[
    r"(?i)^content (?:has been )?(?:deleted|removed)[.!]?$",
    r"(?i)\bhas been (?:deleted|removed)[.!]?$",
    r"^(?:此?内容)?已?(?:删除|被删除)[。！]?$|内容(?:已)?删除[。！]?$|已删除?[。！]?$",
    r"公開を終了しています。?$|削除(?:済み|されました|しました)。?$",
];

/// Who sent an item in; the first group is the name.
pub(crate) const CREDIT_PATTERNS: &[&str] = &[
    r"(?i)[(（]\s*(?:submitted|shared|contributed|recommended|suggested)\s+by:?\s+@?([^()（）]+?)\s*[)）]",
    r"(?i)[(（]\s*from:?\s+@([^()（）\s]+)\s*[)）]",
    r"(?i)@([^\s@:：()（）]+)\s+contribution\s*[:：]",
    r"[(（]\s*@([^()（）]+?)\s*投稿\s*[)）]",
    r"[(（]\s*投稿自\s*[:：]?\s*@?([^()（）]+?)\s*[)）]",
    r"@([^\s@:：()（）]+)\s*投稿\s*[:：]",
];

/// Whether one of [`CREDIT_PATTERNS`] may be found in a text; cheap.
pub(crate) fn may_credit(text: &str) -> bool {
    if text.contains('@') || text.contains("投稿") {
        return true;
    }
    // `submitted by`, `Shared BY`
    memchr::memchr2_iter(b'y', b'Y', text.as_bytes()).any(|end| {
        let before = text.get(..end).unwrap_or_default();
        let Some(before) = before.strip_suffix(['b', 'B']) else {
            return false;
        };
        let word = before.trim_end();
        let last = word.len().checked_sub(2).and_then(|at| word.get(at..));
        word.len() < before.len() && last.is_some_and(|last| last.eq_ignore_ascii_case("ed"))
    })
}

/// A count of stars: `(7K stars)`, `（star 2.6K）`, `1.2万 star`.
pub(crate) const STARS_PATTERN: &str = r"(?i)[(（]\s*(?:stars?|スター)\s*[数數]?\s*[:：]?\s*([0-9][0-9.,]*)\s*([kmw万千]?)\s*\+?\s*[)），,]|([0-9][0-9.,]*)\s*([kmw万千]?)\s*\+?\s*(?:github\s+)?(?:stars?\b|スター)";

fn either<'s>(own: &'s [String], usual: &[&'s str]) -> Vec<&'s str> {
    if own.is_empty() {
        usual.to_vec()
    } else {
        own.iter().map(String::as_str).collect()
    }
}
