//! The language of an issue: as written somewhere, else by its letters.

use std::sync::LazyLock;

use crate::issue::metadata::place::{Place, is_language_tag};

/// So many letters are looked at.
const LETTERS: usize = 6_000;

/// Small words are many; they are counted among so many letters.
const LETTERS_OF_SMALL_WORDS: usize = 5_000;

/// The language that a path says: the suffix `.en`, or a folder, nearest first.
/// `known` gives folder names of the settings.
pub(crate) fn of_path<'a>(
    place: &Place<'a>,
    known: impl Fn(&str) -> Option<&'a str>,
) -> Option<String> {
    let of_folder =
        |folder: &&'a str| known(folder).or_else(|| is_language_tag(folder).then_some(*folder));
    let tag = place
        .suffix
        .or_else(|| place.folders.iter().find_map(of_folder));
    tag.and_then(canonical)
}

/// A tag in its usual form: `zh-CN` for `zh_cn`, `zh-Hans` for `ZH-hans`; names
/// of languages become tags. `None` for what is no tag.
pub(crate) fn canonical(tag: &str) -> Option<String> {
    const NAMES: [(&str, &str); 14] = [
        ("english", "en"),
        ("chinese", "zh"),
        ("中文", "zh"),
        ("简体中文", "zh-Hans"),
        ("繁體中文", "zh-Hant"),
        ("japanese", "ja"),
        ("日本語", "ja"),
        ("korean", "ko"),
        ("한국어", "ko"),
        ("german", "de"),
        ("deutsch", "de"),
        ("french", "fr"),
        ("français", "fr"),
        ("spanish", "es"),
    ];
    let lower = tag.trim().to_lowercase();
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == lower) {
        return Some((*tag).to_owned());
    }
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let mut parts = lower.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    if !(2..=3).contains(&language.len()) || !is_part(language) || !parts.all(is_part) {
        return None;
    }
    // RFC 5646 §2.1.1
    let parts = lower
        .split(['-', '_'])
        .enumerate()
        .map(|(index, part)| match part.len() {
            2 if index > 0 => part.to_uppercase(),
            4 if index > 0 => part[..1].to_uppercase() + &part[1..],
            _ => part.to_owned(),
        });
    Some(parts.collect::<Vec<_>>().join("-"))
}

/// The language of a text by its letters and, where they are Latin, by its
/// smallest words. `None` when there is too little of both.
pub(crate) fn of_text<'t>(texts: impl Iterator<Item = &'t str>) -> Option<String> {
    let mut count = Count::default();
    for text in texts {
        count.add(text);
        if count.letters >= LETTERS {
            break;
        }
    }
    count.language().map(str::to_owned)
}

/// Small words of languages that are written with Latin letters, few of which
/// are words of another.
const SMALL_WORDS: [(&str, &[&str]); 8] = [
    (
        "en",
        &[
            "the", "and", "of", "to", "is", "for", "with", "this", "that", "from", "you", "by",
            "are", "how",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "und", "ist", "nicht", "mit", "ein", "eine", "von", "für", "auf",
            "wir",
        ],
    ),
    (
        "fr",
        &[
            "le", "la", "les", "et", "des", "est", "une", "du", "pour", "dans", "que", "qui",
            "avec",
        ],
    ),
    (
        "es",
        &[
            "el", "los", "las", "y", "que", "una", "por", "con", "para", "del", "es", "como",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "e", "que", "uma", "não", "um", "para", "dos", "da", "em", "mais",
        ],
    ),
    (
        "it",
        &[
            "il", "gli", "e", "che", "una", "di", "per", "con", "della", "sono", "non", "più",
        ],
    ),
    (
        "nl",
        &[
            "de", "het", "een", "en", "van", "niet", "met", "voor", "zijn", "dat", "wij",
        ],
    ),
    (
        "pl",
        &[
            "i", "w", "na", "nie", "się", "jest", "że", "dla", "jak", "oraz", "przez",
        ],
    ),
];

/// Places of the table of small words: several times as many as there are words.
const PLACES: usize = 512;

/// Every small word as its [`key`], with a bit for each of its languages in
/// [`SMALL_WORDS`], at the place that [`place_of`] says or the next free one;
/// every word of a text is looked up.
static KEYS: LazyLock<[(u64, u8); PLACES]> = LazyLock::new(|| {
    let mut keys = [(0, 0); PLACES];
    for (bit, (_, words)) in SMALL_WORDS.iter().enumerate() {
        for word in *words {
            let key = key(word.as_bytes());
            let mut place = place_of(key);
            while keys[place].0 != 0 && keys[place].0 != key {
                place = (place + 1) % PLACES;
            }
            keys[place] = (key, keys[place].1 | 1 << bit);
        }
    }
    keys
});

fn place_of(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55) as usize % PLACES
}

/// Bytes of the longest small word; most words are longer.
const LONGEST: usize = 5;

/// A short word as a number, the same in either case.
fn key(word: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = word.len().min(bytes.len());
    bytes[..length].copy_from_slice(&word[..length]);
    bytes.make_ascii_lowercase();
    u64::from_le_bytes(bytes)
}

/// The highest bit of each of eight bytes.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Eight bytes of an ASCII text, its letters in lower case; spaces after its end.
fn lower_eight(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| {
        let mut bytes = [0; 8];
        bytes[..rest.len()].copy_from_slice(rest);
        bytes
    });
    u64::from_le_bytes(bytes) | 0x2020_2020_2020_2020
}

/// The highest bit of each of eight ASCII bytes in lower case that is a letter. No
/// sum reaches into the byte above it.
fn letters(lower: u64) -> u64 {
    let each = |byte: u8| u64::from_ne_bytes([byte; 8]);
    let from_a = lower + each(0x80 - b'a');
    let after_z = lower + each(0x80 - b'z' - 1);
    from_a & !after_z & HIGH_BITS
}

#[derive(Default)]
struct Count {
    letters: usize,
    kana: usize,
    hangul: usize,
    han: usize,
    cyrillic: usize,
    /// Letters that Ukrainian has and Russian has not.
    ukrainian: usize,
    greek: usize,
    hebrew: usize,
    arabic: usize,
    thai: usize,
    devanagari: usize,
    small_words: [usize; SMALL_WORDS.len()],
}

impl Count {
    fn add(&mut self, text: &str) {
        if text.is_ascii() {
            self.add_ascii(text.as_bytes());
            return;
        }
        for word in text.split(|character: char| !character.is_alphabetic()) {
            self.add_small_word(word.as_bytes());
            if word.is_ascii() {
                self.letters += word.len();
            } else {
                word.chars()
                    .for_each(|character| self.add_letter(character));
            }
            if self.letters >= LETTERS {
                return;
            }
        }
    }

    /// The same, eight bytes at a time: most issues are written with such letters,
    /// and where their words end is hard to foretell for a processor.
    fn add_ascii(&mut self, text: &[u8]) {
        let keys = &*KEYS;
        let mut at = 0;
        while at < text.len() {
            let begun = letters(lower_eight(text, at)).trailing_zeros() as usize / 8;
            at += begun;
            if begun == 8 {
                continue;
            }
            let eight = lower_eight(text, at);
            let mut length = (!letters(eight) & HIGH_BITS).trailing_zeros() as usize / 8;
            if length <= LONGEST {
                self.add_key(keys, eight & ((1 << (8 * length)) - 1));
            } else if length == 8 {
                let rest = text[at + length..].iter();
                length += rest.take_while(|byte| byte.is_ascii_alphabetic()).count();
            }
            self.letters += length;
            if self.letters >= LETTERS {
                return;
            }
            at += length + 1;
        }
    }

    fn add_small_word(&mut self, word: &[u8]) {
        if !word.is_empty() && word.len() <= LONGEST {
            self.add_key(&KEYS, key(word));
        }
    }

    fn add_key(&mut self, keys: &[(u64, u8); PLACES], key: u64) {
        if self.letters >= LETTERS_OF_SMALL_WORDS {
            return;
        }
        let mut place = place_of(key);
        while keys[place].0 != 0 {
            if keys[place].0 == key {
                for (bit, count) in self.small_words.iter_mut().enumerate() {
                    *count += usize::from(keys[place].1 >> bit & 1);
                }
                return;
            }
            place = (place + 1) % PLACES;
        }
    }

    fn add_letter(&mut self, character: char) {
        self.letters += 1;
        let script = match character {
            '\u{3041}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}' => &mut self.kana,
            '\u{AC00}'..='\u{D7AF}' | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' => {
                &mut self.hangul
            }
            '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
                &mut self.han
            }
            '\u{400}'..='\u{52F}' => {
                self.ukrainian += usize::from(matches!(
                    character,
                    'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' | 'Ґ'
                ));
                &mut self.cyrillic
            }
            '\u{370}'..='\u{3FF}' => &mut self.greek,
            '\u{590}'..='\u{5FF}' => &mut self.hebrew,
            '\u{600}'..='\u{6FF}' => &mut self.arabic,
            '\u{E00}'..='\u{E7F}' => &mut self.thai,
            '\u{900}'..='\u{97F}' => &mut self.devanagari,
            _ => return,
        };
        *script += 1;
    }

    fn language(&self) -> Option<&'static str> {
        let over = |script: usize, percent: usize| script * 100 > self.letters * percent;
        // Text in these scripts has much Latin among it.
        let by_script = [
            (self.kana, 10, "ja"),
            (self.hangul, 20, "ko"),
            (self.han, 10, "zh"),
            (
                self.cyrillic,
                30,
                if self.ukrainian * 50 > self.cyrillic {
                    "uk"
                } else {
                    "ru"
                },
            ),
            (self.greek, 30, "el"),
            (self.hebrew, 30, "he"),
            (self.arabic, 30, "ar"),
            (self.thai, 30, "th"),
            (self.devanagari, 30, "hi"),
        ];
        let script = by_script
            .into_iter()
            .find(|&(count, percent, _)| over(count, percent));
        if let Some((_, _, language)) = script {
            return Some(language);
        }
        let (language, count) = SMALL_WORDS
            .iter()
            .zip(self.small_words)
            .rev()
            .max_by_key(|(_, count)| *count)
            .map(|((language, _), count)| (*language, count))?;
        (count >= 2).then_some(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_ascii_are_counted_as_those_of_any_text() {
        let texts = [
            "",
            "a",
            "the",
            "and of",
            " The END, of`a[long] {sentence}@with\tEverything~",
            "exactlyeight nine12345 of.the,and;you-is_are how",
            "y\u{7f}el\u{1}los [] \\ AZaz @`[{ by",
        ];
        for text in texts
            .iter()
            .flat_map(|text| (0..text.len()).map(|at| &text[at..]))
        {
            let mut quick = Count::default();
            quick.add_ascii(text.as_bytes());
            let mut slow = Count::default();
            for word in text.split(|character: char| !character.is_alphabetic()) {
                slow.add_small_word(word.as_bytes());
                slow.letters += word.len();
            }
            assert_eq!(quick.letters, slow.letters, "{text:?}");
            assert_eq!(quick.small_words, slow.small_words, "{text:?}");
        }
    }

    #[test]
    fn a_text_tells_its_language() {
        let cases = [
            (
                "The heron stands in the reeds, and it is still.",
                Some("en"),
            ),
            ("Der Reiher steht im Schilf und ist still.", Some("de")),
            ("Le héron et la grenouille dans les roseaux.", Some("fr")),
            (
                "Python 周刊：如何在 Rust 里写 parser，附 GitHub 链接",
                Some("zh"),
            ),
            ("Python で池を見る Weekly", Some("ja")),
            ("연못 소식 Frontend News", Some("ko")),
            ("Цапля стоит в камышах", Some("ru")),
            ("Чапля стоїть в очереті, її видно", Some("uk")),
            ("See one.example.com and two.example.com", None),
            ("xyz", None),
            ("", None),
        ];
        for (text, language) in cases {
            assert_eq!(of_text([text].into_iter()).as_deref(), language, "{text}");
        }
    }

    #[test]
    fn tags_take_their_usual_form() {
        for (tag, expected) in [
            ("zh_cn", "zh-CN"),
            ("ZH-hans", "zh-Hans"),
            ("English", "en"),
            ("中文", "zh"),
            ("en", "en"),
        ] {
            assert_eq!(canonical(tag).as_deref(), Some(expected));
        }
        for word in ["Klingon", "", "e", "en_US.UTF-8", "池", "en--us"] {
            assert_eq!(canonical(word), None, "{word}");
        }
    }

    #[test]
    fn the_nearest_folder_says_the_language() {
        let none = |_: &str| None;
        let of = |path| of_path(&Place::of(path), none);
        assert_eq!(of("zh/en/a.md").as_deref(), Some("en"));
        assert_eq!(of("zh/a.ja.md").as_deref(), Some("ja"));
        assert_eq!(of("issues/a.md"), None);
        let settings = |folder: &str| (folder == "cn").then_some("zh");
        let found = of_path(&Place::of("cn/a.md"), settings);
        assert_eq!(found.as_deref(), Some("zh"));
    }
}
