//! Finding the sequences that a misread UTF-8 text is made of.

use encoding_rs::Encoding;
use unicode_properties::{GeneralCategory, UnicodeEmoji, UnicodeGeneralCategory};

use crate::issue::mojibake::page::Page;

/// A few characters that together are one misread character.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// First byte in the text.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// The character it was.
    pub(crate) character: char,
    /// How many bytes that character had: 2, 3 or 4; 3 for a weak one.
    pub(crate) length: usize,
    /// The first byte of that character.
    pub(crate) lead: u8,
    /// The second misread character.
    pub(crate) second: char,
    /// Whether it is proof enough alone.
    pub(crate) strong: bool,
    /// An emoji whose first byte was lost on the way, as programs do that drop
    /// private-use characters.
    pub(crate) weak: bool,
    /// Whether a no-break space is in it.
    pub(crate) has_nbsp: bool,
}

/// What one reading of a text by one page found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// The sequences, in order.
    pub(crate) hits: Vec<Hit>,
    /// Whether some character above U+007F is in no sequence.
    pub(crate) orphans: bool,
}

/// What a first glance at a text shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Glance {
    /// Some page has a first byte followed by a further one.
    pub(crate) suspicious: bool,
    /// It has combining marks of the Latin script, so it may not be NFC.
    pub(crate) combining: bool,
}

/// Looks once through the text without keeping anything, so that sound text is
/// let go cheaply: ASCII and the scripts of East Asia are stepped over.
pub(crate) fn glance(text: &str) -> Glance {
    let mut glance = Glance::default();
    let mut cursor = Cursor::new(text);
    // Whether the character before this one may begin a sequence, by page, and
    // where it ended.
    let mut open = [false; 2];
    let mut open_end = 0;
    while let Some(place) = cursor.next() {
        let Some(character) = place.character else {
            continue;
        };
        glance.combining |= ('\u{300}'..='\u{36F}').contains(&character);
        for (page, open) in Page::ALL.into_iter().zip(&mut open) {
            let byte = page.byte(character).unwrap_or(0);
            let follows = *open && open_end == place.start;
            glance.suspicious |= follows && (0x80..0xC0).contains(&byte);
            *open = (0xC2..=0xF4).contains(&byte) || is_weak_lead(page, character);
        }
        open_end = place.end;
        if glance.suspicious && glance.combining {
            break;
        }
    }
    glance
}

/// Reads the text as if it had been misread by `page`.
pub(crate) fn scan(text: &str, page: Page) -> Scan {
    let mut found = Scan::default();
    let mut cursor = Cursor::new(text);
    while let Some(place) = cursor.next() {
        let hit = place
            .character
            .and_then(|character| hit_at(text, place.start, character, page));
        match hit {
            Some(hit) => {
                cursor.offset = hit.end;
                found.hits.push(hit);
            }
            None => found.orphans = true,
        }
    }
    found
}

fn hit_at(text: &str, start: usize, first: char, page: Page) -> Option<Hit> {
    let lead = page.byte(first)?;
    let weak = is_weak_lead(page, first);
    let (mut bytes, mut filled, length) = match lead {
        _ if weak => ([0xF0, lead, 0, 0], 2, 4),
        0xC2..=0xDF => ([lead, 0, 0, 0], 1, 2),
        0xE0..=0xEF => ([lead, 0, 0, 0], 1, 3),
        0xF0..=0xF4 => ([lead, 0, 0, 0], 1, 4),
        _ => return None,
    };
    let mut end = start + first.len_utf8();
    let (mut second, mut has_nbsp, mut has_control) = (None, false, false);
    for character in text[end..].chars().take(length - filled) {
        let byte = page.byte(character).filter(|byte| *byte < 0xC0)?;
        second = second.or(Some(character));
        has_nbsp |= character == '\u{A0}';
        has_control |= ('\u{80}'..='\u{9F}').contains(&character);
        bytes[filled] = byte;
        filled += 1;
        end += character.len_utf8();
    }
    let second = second?;
    let character = std::str::from_utf8(bytes.get(..length)?)
        .ok()?
        .chars()
        .next()
        .filter(|&character| is_plausible(character))?;
    if weak && !character.is_emoji_char() {
        return None;
    }
    let strong = !weak
        && match page {
            _ if has_control => length > 2 || (0xC2..=0xC5).contains(&lead),
            Page::MacRoman => length > 2,
            Page::Windows1252 => {
                lead == 0xF0 || (matches!(lead, 0xE2 | 0xEF) && second != '\u{A0}')
            }
        };
    Some(Hit {
        start,
        end,
        character,
        length: if weak { 3 } else { length },
        lead: bytes[0],
        second,
        strong,
        weak,
        has_nbsp,
    })
}

/// `ü` is byte 0x9F of MacRoman, the second byte of every emoji.
fn is_weak_lead(page: Page, character: char) -> bool {
    page == Page::MacRoman && character == 'ü'
}

/// Unassigned and private characters are not what an editor wrote; the logo
/// U+F8FF and, in text damaged twice, C1 controls are.
fn is_plausible(character: char) -> bool {
    character == '\u{F8FF}'
        || !matches!(
            character.general_category(),
            GeneralCategory::Unassigned | GeneralCategory::PrivateUse
        )
}

/// Steps through the characters above U+007F.
struct Cursor<'t> {
    text: &'t str,
    offset: usize,
}

struct Place {
    start: usize,
    end: usize,
    /// `None` for a character that is in no page.
    character: Option<char>,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Cursor { text, offset: 0 }
    }

    #[inline]
    fn next(&mut self) -> Option<Place> {
        let bytes = self.text.as_bytes();
        let start = self.offset + Encoding::ascii_valid_up_to(&bytes[self.offset..]);
        let (length, character) = match *bytes.get(start)? {
            0xC2..=0xDF => (2, self.text[start..].chars().next()),
            // U+3000 to U+EFFF are in no page: the scripts of East Asia.
            0xE3..=0xEE => (3, None),
            0xE0..=0xEF => (3, self.text[start..].chars().next()),
            _ => (4, None),
        };
        self.offset = start + length;
        Some(Place {
            start,
            end: self.offset,
            character,
        })
    }
}
