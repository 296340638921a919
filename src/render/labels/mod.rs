//! The few words that the program itself says to readers, by language.
//!
//! Templates may say others. What a language lacks is said in English.

mod dates;
mod names;
mod words;

use chrono::NaiveDate;
use serde::Serialize;

use crate::issue::Precision;
use crate::render::outline::is_cjk;
use words::{AR, DE, EN, ES, FR, HE, JA, KO, ZH, ZH_HANT};

pub(crate) use names::language_name;
pub use names::own_name;

/// Words around an issue, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Labels {
    /// The tag that these words belong to.
    #[serde(skip)]
    tag: &'static str,
    /// Link to the issue's page.
    pub read_in_browser: &'static str,
    /// The link that ends a subscription.
    pub unsubscribe: &'static str,
    /// The link to the reader's settings.
    pub preferences: &'static str,
    /// The link to the archive.
    pub all_issues: &'static str,
    /// Why the mail came; `{address}` and `{newsletter}` stand in it.
    pub reason: &'static str,
    /// The line for those to whom it was forwarded.
    pub forwarded: &'static str,
    /// The word on what to do then.
    pub subscribe: &'static str,
    /// Label of the field for a mail address.
    pub mail_address: &'static str,
    /// What follows from writing one there.
    pub promise: &'static str,
    /// The issue before.
    pub older: &'static str,
    /// The issue after.
    pub newer: &'static str,
    /// Archive navigation.
    pub issues: &'static str,
    /// Archive navigation.
    pub feeds: &'static str,
    /// Name of the list of sections.
    pub contents: &'static str,
    /// Marks a paid item.
    pub ad: &'static str,
    /// Who sent an item in; `{name}` stands in it.
    pub from: &'static str,
    /// Who wrote what an item links to; `{name}` stands in it.
    pub by: &'static str,
    /// One link.
    pub link: &'static str,
    /// Several links.
    pub links: &'static str,
    /// What the page of an old address says.
    pub moved: &'static str,
    /// What an index without issues says.
    pub no_issues: &'static str,
    /// Label of a season; `{n}` stands in it.
    pub season: &'static str,
    /// Link from an item to its own place; `{n}` stands in it.
    pub permalink: &'static str,
    /// What the feeds page says on top.
    pub feeds_lead: &'static str,
    /// Name of the feed of single items.
    pub every_link: &'static str,
    /// Name of the documents of older entries.
    pub older_entries: &'static str,
    /// Stands in place of what is for subscribers alone.
    pub for_subscribers: &'static str,
    /// Title of the page at an address where there is none.
    pub no_page: &'static str,
    /// What it says.
    pub no_page_text: &'static str,
}

impl Labels {
    /// The words of a language; those of English for one that is not known.
    pub fn of(language: &str) -> &'static Labels {
        let language = language.to_ascii_lowercase();
        let traditional = ["zh-hant", "zh-tw", "zh-hk", "zh-mo"];
        if traditional.iter().any(|tag| language.starts_with(tag)) {
            return &ZH_HANT;
        }
        let primary = language.split('-').next().unwrap_or("");
        let known = [&EN, &ZH, &JA, &KO, &DE, &FR, &ES, &AR, &HE];
        known
            .into_iter()
            .find(|labels| labels.tag == primary)
            .unwrap_or(&EN)
    }

    /// A day in words.
    pub fn day(language: &str, day: NaiveDate) -> String {
        Labels::date(language, day, Precision::Day)
    }

    /// A whole number with its thousands parted as the language does it.
    pub fn thousands(language: &str, number: u64) -> String {
        let gap = match language.split('-').next().unwrap_or("") {
            "de" | "es" => '.',
            "fr" => '\u{202f}',
            _ => ',',
        };
        let digits = number.to_string();
        let mut out = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                out.push(gap);
            }
            out.push(digit);
        }
        out
    }

    /// `33 links`, parted as the language does it.
    pub fn count_of_links(language: &str, count: usize) -> String {
        let labels = Labels::of(language);
        let number = Labels::thousands(language, count as u64);
        let word = if count == 1 {
            labels.link
        } else {
            labels.links
        };
        let parted = if is_cjk(language) { "" } else { "\u{a0}" };
        format!("{number}{parted}{word}")
    }
}

/// Stars of a project: `★ 3.7k`, parted by a space that does not break.
pub(crate) fn stars(count: u64) -> String {
    let shown = match count {
        0..1_000 => count.to_string(),
        1_000..100_000 => {
            let tenths = (count + 50) / 100;
            match tenths % 10 {
                0 => format!("{}k", tenths / 10),
                tenth => format!("{}.{tenth}k", tenths / 10),
            }
        }
        _ => format!("{}k", (count + 500) / 1_000),
    };
    format!("★\u{a0}{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_fall_back_to_their_family_and_then_to_english() {
        let cases = [
            ("en-GB", "Older"),
            ("zh-Hans-CN", "上一期"),
            ("zh-TW", "上一期"),
            ("nl", "Older"),
            ("", "Older"),
        ];
        for (tag, older) in cases {
            assert_eq!(Labels::of(tag).older, older, "{tag}");
        }
        assert_eq!(Labels::of("zh-HK").unsubscribe, "取消訂閱");
    }

    #[test]
    fn dates_and_numbers_are_said_as_each_language_says_them() {
        let date = NaiveDate::from_ymd_opt(2023, 7, 15).unwrap();
        let day = |tag| Labels::date(tag, date, Precision::Day);
        assert_eq!(day("en"), "15 July 2023");
        assert_eq!(day("zh-Hans"), "2023年7月15日");
        assert_eq!(day("ko"), "2023년 7월 15일");
        assert_eq!(day("nl"), "2023-07-15");
        assert_eq!(Labels::date("ja", date, Precision::Month), "2023年7月");
        assert_eq!(Labels::thousands("en", 1_234_567), "1,234,567");
        assert_eq!(Labels::thousands("de", 1204), "1.204");
        assert_eq!(Labels::count_of_links("en", 1), "1\u{a0}link");
        assert_eq!(Labels::count_of_links("zh", 33), "33个链接");
        assert_eq!(Labels::count_of_links("he", 33), "33\u{a0}קישורים");
        assert_eq!(day("ar"), "15 يوليو 2023");
        assert_eq!(day("he"), "15 ביולי 2023");
        assert_eq!(language_name("en", "zh-TW"), "英文");
        assert_eq!(language_name("ko", "zh-TW"), "韓文");
        assert_eq!(own_name("zh"), "中文");
    }

    #[test]
    fn stars_are_short() {
        let cases = [
            (7, "7"),
            (999, "999"),
            (1_900, "1.9k"),
            (3_000, "3k"),
            (12_345, "12.3k"),
            (123_456, "123k"),
        ];
        for (count, shown) in cases {
            assert_eq!(stars(count), format!("★\u{a0}{shown}"));
        }
    }
}
