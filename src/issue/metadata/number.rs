//! The number of an issue, from a title or a file name.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::issue::metadata::{chinese, date};

/// The number that a title says with a word or sign for it: `第 5 期`, `#5`,
/// `Vol.5`, `Issue 5`, `No. 5`, `Newsletter - 5`.
pub(crate) fn of_title(title: &str) -> Option<u64> {
    let title = without_dates(&narrow(title));
    MARKED
        .iter()
        .find_map(|pattern| first_sound(pattern, &title))
        .or_else(|| chinese::value(CHINESE.captures(&title)?.get(1)?.as_str()))
}

/// The number with which a title ends, or a part of it before `:`, a dash or a
/// bracket: `Weekly 40 (2024-03-02)`.
pub(crate) fn at_end_of_title(title: &str) -> Option<u64> {
    let title = without_dates(&narrow(title));
    let mut candidates: Vec<Range<usize>> = DIGITS
        .find_iter(&title)
        .map(|digits| digits.range())
        .collect();
    candidates.reverse();
    candidates
        .into_iter()
        .filter(|range| is_bare(&title, range))
        .find_map(|range| sound(&title, range))
}

/// The number in the name of a file without its extension: `issue-300`,
/// `HelloGitHub99`, `300`, `300-some-words`, `weekly-300`. `folder` is the one
/// that the file lies in: `2023/05` is a month.
pub(crate) fn of_stem(stem: &str, folder: Option<&str>) -> Option<u64> {
    let stem = without_dates(stem);
    let stem = stem.trim_matches(|character: char| !character.is_alphanumeric());
    if let Some(value) = first_sound(&NAMED_STEM, stem) {
        return Some(value);
    }
    let is_whole = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
    let is_year = |folder: &str| folder.len() == 4 && folder.parse().is_ok_and(is_year);
    if is_whole && folder.is_some_and(is_year) {
        return None;
    }
    let (first, last) = (DIGITS.find(stem)?, DIGITS.find_iter(stem).last()?);
    let leads = first.start() == 0 && stem[first.end()..].starts_with(['-', '_', ' ']);
    if is_whole || leads {
        return sound(stem, first.range());
    }
    let name = stem[..last.start()].trim_end_matches(['-', '_', ' ']);
    let word = last_word(name);
    let ends = last.end() == stem.len()
        && word.chars().count() >= 4
        && !is_product(word)
        && !counts_something_else(word);
    (ends && word.chars().all(char::is_alphabetic))
        .then(|| sound(stem, last.range()))
        .flatten()
}

/// The number that a pattern of the settings gives by its first group.
pub(crate) fn by_pattern(pattern: &Regex, text: &str) -> Option<u64> {
    pattern.captures(text)?.get(1)?.as_str().trim().parse().ok()
}

/// A number as front matter has it: `12`, `"012"`, `"#12"`.
pub(crate) fn of_text(text: &str) -> Option<u64> {
    let text = narrow(text);
    let digits = text.trim().trim_start_matches('#').trim();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().ok();
    }
    of_title(&text)
}

static MARKED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"第\s*(\d+)\s*(?:期|号|號|回|刊|辑|輯)",
        r"제\s*(\d+)\s*(?:호|회)",
        r"[#＃]\s?(\d+)",
        r"(?i)\b(?:issue|edition|ausgabe|num[ée]ro|número|episode)\s*[:.–—-]?\s*(\d+)",
        r"(?i)(?:\bno\.|\bnr\.|№|\bn[°º]\.?)\s*(\d+)",
        r"(?i)\bvol(?:ume|\.)?\s*(\d+)",
        r"(?i)newsletter\s*[:–—-]?\s*(\d+)\s*(?:$|[:：(（\[|,–—-])",
    ]
    .map(pattern)
    .to_vec()
});

/// `第十二期`
static CHINESE: LazyLock<Regex> =
    LazyLock::new(|| pattern("第([〇零一二两三四五六七八九十百千]+)(?:期|号|號|回|刊|辑|輯)"));

static NAMED_STEM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[^a-z])(?:issue|vol|volume|no|nr|number|edition|newsletter|weekly)[-_ .#]*(\d+)",
    )
});

static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[0-9]+"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern that is written here is valid")
}

fn first_sound(pattern: &Regex, text: &str) -> Option<u64> {
    pattern.captures_iter(text).find_map(|captures| {
        let digits = captures.get(1)?.range();
        let sign = captures.get(0)?.start();
        (!is_name_with_sign(text, sign))
            .then(|| sound(text, digits))
            .flatten()
    })
}

/// The number at `digits`, unless it is a year, a part of a version or of a
/// range, or too long to count issues.
fn sound(text: &str, digits: Range<usize>) -> Option<u64> {
    let mut before = text[..digits.start].chars().rev();
    let mut after = text[digits.end..].chars();
    let value: u64 = text[digits].parse().ok()?;
    let (next, next_but_one) = (after.next(), after.next());
    let (last, last_but_one) = (before.next(), before.next());
    let is_digit = |side: Option<char>| side.is_some_and(|side| side.is_ascii_digit());
    let is_fraction = matches!(next, Some('.' | ',')) && is_digit(next_but_one)
        || matches!(last, Some('.' | ',')) && is_digit(last_but_one);
    let is_range = matches!(next, Some('~' | '～' | '-' | '–')) && is_digit(next_but_one)
        || matches!(last, Some('~' | '～' | '-' | '–')) && is_digit(last_but_one);
    let is_cut = is_digit(next) || is_digit(last) || matches!(next, Some('%' | '+'));
    (!is_fraction && !is_range && !is_cut && !is_year(value) && value < 100_000).then_some(value)
}

fn is_year(value: u64) -> bool {
    (1900..=2099).contains(&value)
}

/// Whether the sign `#` at `place` is that of a language such as `C#`.
fn is_name_with_sign(text: &str, place: usize) -> bool {
    let mut before = text[..place].chars().rev();
    text[place..].starts_with('#')
        && before
            .next()
            .is_some_and(|letter| letter.is_ascii_uppercase())
        && before
            .next()
            .is_none_or(|character| !character.is_alphanumeric())
}

/// Whether digits stand alone, with nothing of the same thought after them.
fn is_bare(text: &str, digits: &Range<usize>) -> bool {
    let before = &text[..digits.start];
    let after = text[digits.end..].trim_start();
    let starts = before.is_empty()
        || before.ends_with(|last: char| {
            last.is_whitespace() || matches!(last, '(' | '（' | '-' | '–' | '—')
        });
    let word = last_word(before.trim_end_matches(|character: char| {
        !character.is_alphanumeric() && !matches!(character, '#' | '+')
    }));
    let ends = after.is_empty()
        || after.starts_with([
            ':', '：', '(', '（', '-', '–', '—', '|', '·', ',', '，', ')', '）', '[', '【', '/',
        ]);
    let counts_issues =
        !counts_something_else(word) && (names_periodical(before) || !is_product(word));
    starts && ends && counts_issues && !before.trim_end().ends_with(['~', '～'])
}

/// Whether the last thought of a text is the name of something that comes out
/// again and again, so that a number after it counts its issues even where the
/// name ends with a product: `This Week in Rust 36`.
fn names_periodical(text: &str) -> bool {
    const WORDS: [&str; 12] = [
        "week", "month", "daily", "news", "digest", "letter", "brief", "bulletin", "roundup",
        "周刊", "週刊", "周报",
    ];
    let thought = text
        .rsplit([':', '：', '–', '—', '|'])
        .next()
        .unwrap_or_default();
    let thought = thought.to_lowercase();
    WORDS.iter().any(|word| thought.contains(word))
}

/// Products whose number is a version.
const PRODUCTS: &str = "python rust java javascript c c# c++ f# php ruby go node deno swift kotlin \
                        scala haskell ghc perl django rails laravel symfony angular react vue \
                        svelte next nuxt es html css http ios macos android windows ubuntu debian \
                        fedora postgresql postgres mysql gpt tensorflow";

/// Words whose number counts something else than issues; those of a year come
/// again in the next one.
const OTHER_COUNTS: &str = "part season chapter day week woche semaine kw year top quarter";

fn is_product(word: &str) -> bool {
    let word = word.to_lowercase();
    PRODUCTS.split(' ').any(|product| product == word)
}

fn counts_something_else(word: &str) -> bool {
    let lower = word.to_lowercase();
    OTHER_COUNTS.split(' ').any(|other| other == lower)
        || word.ends_with('季')
        || date::is_month_name(word)
}

fn last_word(text: &str) -> &str {
    let is_break =
        |character: char| character.is_whitespace() || matches!(character, '-' | '_' | '(' | '（');
    text.rsplit(is_break).next().unwrap_or_default()
}

/// Full-width digits and signs as ASCII.
fn narrow(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|character| match character {
            '０'..='９' => {
                char::from_u32(u32::from(character) - u32::from('０') + u32::from('0'))
                    .unwrap_or(character)
            }
            _ => character,
        })
        .collect::<String>()
        .into()
}

fn without_dates(text: &str) -> String {
    let mut dates = date::find(text);
    dates.extend(date::whole_month(text));
    let mut rest = text.to_owned();
    dates.sort_by_key(|found| std::cmp::Reverse(found.range.start));
    for found in dates {
        if rest.is_char_boundary(found.range.start) && found.range.end <= rest.len() {
            rest.replace_range(found.range, " ");
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(title: &str) -> Option<u64> {
        of_title(title).or_else(|| at_end_of_title(title))
    }

    #[test]
    fn titles_give_their_number() {
        let cases = [
            ("每周见闻（第 12 期）：三件小事", 12),
            ("《见闻》第07期", 7),
            ("제 3 호 소식", 3),
            ("池塘周刊 第十二期", 12),
            ("Pond Letters #6 (2023-06-10)", 6),
            ("池塘周刊＃１２：蛙", 12),
            ("池塘周刊#105：2025 年的蛙", 105),
            ("Pond Vol.99", 99),
            ("Issue 14 – the heron", 14),
            ("Pond News, No. 8", 8),
            ("Letters № 5 – fog", 5),
            ("Pond Newsletter - 31", 31),
            ("Pond Newsletter [EN] #2: reeds", 2),
            ("Vol. 3, Issue 21", 21),
            ("Pond Weekly 40 (2024-03-02)", 40),
            ("Pond Weekly 40: 5 ways to sit still", 40),
            ("This Week in Reeds 198", 198),
            ("This Week in Rust 36", 36),
            ("#0", 0),
            ("12 - Pond Days 2018", 12),
        ];
        for (text, number) in cases {
            assert_eq!(title(text), Some(number), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for text in [
            "2023-01",
            "Week Ending June 19, 2022",
            "The State of Reeds 0.7",
            "What is new in C# 12",
            "C#12 for ducks",
            "Ponds in 2024",
            "池塘周刊第一季合集（1~30）",
            "池塘周刊第3季（61~90）-纯链接版",
            "Pond Days (April 2020)",
            "Looking at Python 3",
            "Pond Weekly: looking at Python 3",
            "9 ways to sit still",
            "Pond Newsletter: 9 ways to sit still",
            "Pond News, Week 23, 2023",
            "Week Ending June 19",
            "池塘周刊第一季",
            "Season 2",
            "Ducks, TensorFlow 2.1, geese",
            "",
        ] {
            assert_eq!(title(text), None, "{text}");
        }
    }

    #[test]
    fn file_names_give_their_number() {
        let cases = [
            ("issue-300", Some(300)),
            ("2015-12-06-issue-0", Some(0)),
            ("HelloPond99", Some(99)),
            ("042", Some(42)),
            ("12-herons-and-fog", Some(12)),
            ("pond-weekly-7", Some(7)),
            ("2023-06-10-weekly", None),
            ("2018-01-14-update", None),
            ("2023-02", None),
            ("ponds_2_1,_reeds", None),
            ("season-3", None),
            ("v2", None),
            ("weekly", None),
        ];
        for (stem, number) in cases {
            assert_eq!(of_stem(stem, None), number, "{stem}");
        }
        assert_eq!(of_stem("05", Some("2023")), None);
        assert_eq!(of_stem("05", Some("issues")), Some(5));
    }

    #[test]
    fn front_matter_gives_its_number_in_every_form() {
        assert_eq!(of_text("012"), Some(12));
        assert_eq!(of_text(" #12 "), Some(12));
        assert_eq!(of_text("第 12 期"), Some(12));
        assert_eq!(of_text("twelve"), None);
        assert_eq!(of_text(""), None);
    }
}
