//! The two code pages by which newsletters are misread most often.

/// A code page: a table from characters to the bytes 0x80 to 0xFF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// MacRoman, the encoding of classic Mac OS.
    MacRoman,
    /// Windows-1252, where undefined bytes and C1 controls stand for themselves.
    Windows1252,
}

impl Page {
    /// Both, in the order in which they are tried.
    pub(crate) const ALL: [Page; 2] = [Page::MacRoman, Page::Windows1252];

    /// The word in JSON and diagnostics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Page::MacRoman => "mac_roman",
            Page::Windows1252 => "windows_1252",
        }
    }

    /// The byte that this character was made from, 0x80 or above.
    #[inline]
    pub(crate) fn byte(self, character: char) -> Option<u8> {
        let code = character as usize;
        let byte = match (self, character) {
            (Page::MacRoman, '\u{F8FF}') => 0xF0,
            (Page::MacRoman, '\u{FB01}') => 0xDE,
            (Page::MacRoman, '\u{FB02}') => 0xDF,
            _ if code >= TABLE_LENGTH => 0,
            (Page::MacRoman, _) => MAC_ROMAN_BYTES[code],
            (Page::Windows1252, _) => WINDOWS_1252_BYTES[code],
        };
        (byte != 0).then_some(byte)
    }

    /// The character that a byte of 0x80 or above is misread as.
    #[cfg(test)]
    pub(crate) fn character(self, byte: u8) -> char {
        let table = match self {
            Page::MacRoman => &MAC_ROMAN,
            Page::Windows1252 => &WINDOWS_1252,
        };
        table[usize::from(byte) - 0x80]
    }
}

/// Above the last table character but for U+F8FF and two ligatures.
const TABLE_LENGTH: usize = 0x25CB;

static MAC_ROMAN_BYTES: [u8; TABLE_LENGTH] = {
    let mut bytes = invert(&MAC_ROMAN);
    bytes[0x2126] = 0xBD; // ohm sign, which NFC turns into omega
    bytes[0x00A4] = 0xDB; // currency sign, before 1998 in the euro's place
    bytes
};

static WINDOWS_1252_BYTES: [u8; TABLE_LENGTH] = {
    let mut bytes = invert(&WINDOWS_1252);
    let mut control = 0x80;
    while control < 0xA0 {
        bytes[control] = control as u8;
        control += 1;
    }
    bytes
};

const fn invert(table: &[char; 128]) -> [u8; TABLE_LENGTH] {
    let mut bytes = [0; TABLE_LENGTH];
    let mut index = 0;
    while index < table.len() {
        let code = table[index] as usize;
        if code < TABLE_LENGTH {
            bytes[code] = 0x80 + index as u8;
        }
        index += 1;
    }
    bytes
}

#[rustfmt::skip]
const MAC_ROMAN: [char; 128] = [
    'Ä', 'Å', 'Ç', 'É', 'Ñ', 'Ö', 'Ü', 'á', 'à', 'â', 'ä', 'ã', 'å', 'ç', 'é', 'è',
    'ê', 'ë', 'í', 'ì', 'î', 'ï', 'ñ', 'ó', 'ò', 'ô', 'ö', 'õ', 'ú', 'ù', 'û', 'ü',
    '†', '°', '¢', '£', '§', '•', '¶', 'ß', '®', '©', '™', '´', '¨', '≠', 'Æ', 'Ø',
    '∞', '±', '≤', '≥', '¥', 'µ', '∂', '∑', '∏', 'π', '∫', 'ª', 'º', 'Ω', 'æ', 'ø',
    '¿', '¡', '¬', '√', 'ƒ', '≈', '∆', '«', '»', '…', '\u{A0}', 'À', 'Ã', 'Õ', 'Œ', 'œ',
    '–', '—', '“', '”', '‘', '’', '÷', '◊', 'ÿ', 'Ÿ', '⁄', '€', '‹', '›', 'ﬁ', 'ﬂ',
    '‡', '·', '‚', '„', '‰', 'Â', 'Ê', 'Á', 'Ë', 'È', 'Í', 'Î', 'Ï', 'Ì', 'Ó', 'Ô',
    '\u{F8FF}', 'Ò', 'Ú', 'Û', 'Ù', 'ı', 'ˆ', '˜', '¯', '˘', '˙', '˚', '¸', '˝', '˛', 'ˇ',
];

#[rustfmt::skip]
const WINDOWS_1252: [char; 128] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    '\u{A0}', '¡', '¢', '£', '¤', '¥', '¦', '§', '¨', '©', 'ª', '«', '¬', '\u{AD}', '®', '¯',
    '°', '±', '²', '³', '´', 'µ', '¶', '·', '¸', '¹', 'º', '»', '¼', '½', '¾', '¿',
    'À', 'Á', 'Â', 'Ã', 'Ä', 'Å', 'Æ', 'Ç', 'È', 'É', 'Ê', 'Ë', 'Ì', 'Í', 'Î', 'Ï',
    'Ð', 'Ñ', 'Ò', 'Ó', 'Ô', 'Õ', 'Ö', '×', 'Ø', 'Ù', 'Ú', 'Û', 'Ü', 'Ý', 'Þ', 'ß',
    'à', 'á', 'â', 'ã', 'ä', 'å', 'æ', 'ç', 'è', 'é', 'ê', 'ë', 'ì', 'í', 'î', 'ï',
    'ð', 'ñ', 'ò', 'ó', 'ô', 'õ', 'ö', '÷', 'ø', 'ù', 'ú', 'û', 'ü', 'ý', 'þ', 'ÿ',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        for page in Page::ALL {
            for byte in 0x80..=0xFF {
                assert_eq!(page.byte(page.character(byte)), Some(byte), "{page:?}");
            }
        }
    }

    #[test]
    fn other_characters_have_no_byte() {
        for character in ['a', '一', '\u{25CB}', '\u{1F984}'] {
            assert_eq!(Page::MacRoman.byte(character), None);
            assert_eq!(Page::Windows1252.byte(character), None);
        }
        assert_eq!(Page::MacRoman.byte('\u{2126}'), Some(0xBD));
        assert_eq!(Page::MacRoman.byte('¤'), Some(0xDB));
        assert_eq!(Page::Windows1252.byte('\u{9D}'), Some(0x9D));
        assert_eq!(Page::Windows1252.byte('\u{80}'), Some(0x80));
    }
}
