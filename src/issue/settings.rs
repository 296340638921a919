//! What an editor may say about how their issues are written.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How damaged text is treated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MojibakeMode {
    /// Repair it and warn.
    #[default]
    Auto,
    /// Leave it and warn.
    Report,
    /// Leave it.
    Off,
}

/// A section that the newsletter is known to have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KnownSection {
    /// Other titles of the same section.
    pub aliases: Vec<String>,
    /// Style of its items, as in [`Settings::item_style`].
    pub item_style: Option<String>,
    /// `subscribers`: it is for them alone; `public` or nothing: for everybody.
    pub access: Option<String>,
    /// Whether readers may leave it out of their mail.
    pub optional: bool,
}

/// The settings of reading, the table `[issues]` of the configuration. The
/// default understands a folder of any known newsletter without a word.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A named set of the settings below: `auto` (by content), `numbered-links`,
    /// `cjk-numbered`, `bullet-links`, `heading-items` or `prose`.
    pub preset: String,
    /// Encoding of files that are neither UTF-8 nor marked UTF-16, as a label
    /// of the WHATWG Encoding Standard.
    pub encoding: Option<String>,
    /// What to do with text decoded by a wrong code page.
    pub mojibake: MojibakeMode,
    /// Whether bare addresses become links.
    pub linkify: bool,
    /// Sources of the date, in order: `front_matter`, `title`, `file_name`,
    /// `folder`.
    pub date_from: Vec<String>,
    /// Days that two sources of the date may differ.
    pub date_tolerance_days: u32,
    /// A pattern whose first group is the number, tried on title and file name.
    pub number_regex: Option<String>,
    /// Title of issues that have none, with `{number}` `{date}` `{stem}`.
    pub title_template: Option<String>,
    /// Issues in a season.
    pub season_length: Option<u64>,
    /// Language of issues that do not say theirs.
    pub language: Option<String>,
    /// Folder names that mean a language, beside the usual tags.
    pub language_folders: BTreeMap<String, String>,
    /// Heading levels that open sections; empty means all.
    pub section_levels: Vec<u8>,
    /// Known sections by name.
    pub sections: BTreeMap<String, KnownSection>,
    /// `auto`, `cjk`, `circled`, `ordered`, `bullet`, `heading` or `none`.
    pub item_style: String,
    /// Level of headings that are items, when the style is `heading`.
    pub item_heading_level: Option<u8>,
    /// Titles of closing sections.
    pub outro_sections: Vec<String>,
    /// Beginnings of paragraphs after which all is closing.
    pub outro_markers: Vec<String>,
    /// Words of paragraphs in which the newsletter speaks of itself.
    pub promo_markers: Vec<String>,
    /// Words in brackets that name a language, to its tag.
    pub language_tags: BTreeMap<String, String>,
    /// Patterns of items whose content was taken out.
    pub deleted_patterns: Vec<String>,
    /// Patterns whose first group is who sent the item in.
    pub credit_patterns: Vec<String>,
    /// Where relative links of the text lead.
    pub base_url: Option<String>,
    /// Levels of diagnostics by code: `error`, `warning`, `note` or `off`.
    pub levels: BTreeMap<String, String>,
    /// A pattern for the begin of a line that parts one file into several
    /// issues. Where it is a heading, that begins the next issue.
    pub split_on: Option<String>,
    /// The largest file that is read, in bytes.
    pub max_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            preset: "auto".to_owned(),
            encoding: None,
            mojibake: MojibakeMode::Auto,
            linkify: true,
            date_from: ["front_matter", "title", "file_name", "folder"]
                .map(str::to_owned)
                .to_vec(),
            date_tolerance_days: 0,
            number_regex: None,
            title_template: None,
            season_length: None,
            language: None,
            language_folders: BTreeMap::new(),
            section_levels: Vec::new(),
            sections: BTreeMap::new(),
            item_style: "auto".to_owned(),
            item_heading_level: None,
            outro_sections: Vec::new(),
            outro_markers: Vec::new(),
            promo_markers: Vec::new(),
            language_tags: BTreeMap::new(),
            deleted_patterns: Vec::new(),
            credit_patterns: Vec::new(),
            base_url: None,
            levels: BTreeMap::new(),
            split_on: None,
            max_bytes: 8 << 20,
        }
    }
}
