use crate::issue::{MojibakeMode, Reader, Settings, Text};

fn decode_by(settings: Settings, bytes: &[u8]) -> Text {
    Reader::new(settings).unwrap().decode("a.md", bytes)
}

fn decode(bytes: &[u8]) -> Text {
    decode_by(Settings::default(), bytes)
}

/// `code line:column` of each diagnostic.
fn places(text: &Text) -> Vec<String> {
    text.diagnostics
        .iter()
        .map(|diagnostic| match diagnostic.span {
            Some(span) => {
                let at = text.source.position(span.start);
                format!("{} {}:{}", diagnostic.code, at.line, at.column)
            }
            None => diagnostic.code.to_owned(),
        })
        .collect()
}

fn utf_16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = "\u{FEFF}".encode_utf16().chain(text.encode_utf16());
    let bytes = units.map(|unit| {
        if big_endian {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    });
    bytes.flatten().collect()
}

#[test]
fn every_sound_form_of_unicode_is_read() {
    let text = "# 池\n🦆 é\n";
    let marked = format!("\u{FEFF}{text}");
    let utf_16 = [utf_16(text, true), utf_16(text, false)];
    for bytes in [text.as_bytes(), marked.as_bytes(), &utf_16[0], &utf_16[1]] {
        let read = decode(bytes);
        assert_eq!(read.source.text(), text);
        assert_eq!(read.source.stored_text(), text);
        assert!(read.readable && read.diagnostics.is_empty());
    }
}

#[test]
fn all_line_ends_become_line_feeds_and_places_stay() {
    let read = decode("一\r\n二\r三\n\r\nx\r".as_bytes());
    assert_eq!(read.source.text(), "一\n二\n三\n\nx\n");
    let place = |word: &str| {
        let at = read.source.position(read.source.text().find(word).unwrap());
        (at.line, at.column)
    };
    assert_eq!(place("二"), (2, 1));
    assert_eq!(place("三"), (3, 1));
    assert_eq!(place("x"), (5, 1));
}

#[test]
fn bytes_that_are_not_utf_8_are_told_with_line_and_column() {
    let read = decode(b"one\r\n\xE6\xB1\xA0 caf\xE9 x\r\n");
    assert_eq!(places(&read), ["not-utf8 2:6"]);
    assert_eq!(read.source.text(), "one\n池 caf\u{FFFD} x\n");
    let read = decode(&[0xFE, 0xFF, 0, b'a', 0xD8, 0x00, 0, b'b']);
    assert_eq!(places(&read), ["not-utf8 1:2"]);
}

#[test]
fn the_encoding_of_the_settings_reads_what_is_not_unicode() {
    let by = |label: &str, bytes: &[u8]| {
        let settings = Settings {
            encoding: Some(label.to_owned()),
            ..Settings::default()
        };
        decode_by(settings, bytes)
    };
    let read = by("windows-1252", b"caf\xE9 \x93x\x94\n");
    assert_eq!(read.source.text(), "café “x”\n");
    assert!(read.diagnostics.is_empty());
    let read = by("gb18030", &[0xB3, 0xD8, b'\n']);
    assert_eq!(read.source.text(), "池\n");
    // UTF-8 stays UTF-8.
    assert_eq!(by("gb18030", "池\n".as_bytes()).source.text(), "池\n");
    let read = by("utf-16le", b"a\0b\0\n\0");
    assert_eq!(read.source.text(), "ab\n");
    assert_eq!(by("utf-16le", b"ab\n").source.text(), "ab\n");
    assert_eq!(places(&by("shift_jis", b"ok \xFF\n")), ["not-utf8 1:4"]);
}

#[test]
fn what_is_no_text_is_refused() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "empty-file"),
        (b" \n\t\r\n", "empty-file"),
        ("\u{FEFF}\n".as_bytes(), "empty-file"),
        (b"\x89PNG\r\n\x1A\n\0\0", "binary-file"),
        (b"words\0words", "binary-file"),
    ];
    for (bytes, code) in cases {
        let read = decode(bytes);
        assert_eq!(places(&read), [code]);
        assert!(!read.readable && read.source.text().is_empty());
    }
    let settings = Settings {
        max_bytes: 4,
        ..Settings::default()
    };
    assert_eq!(
        places(&decode_by(settings.clone(), b"12345")),
        ["file-too-large"]
    );
    assert!(decode_by(settings, b"1234").readable);
}

const DAMAGED: &str = "one\r\ntwo ‚Äúthree‚Äù four\r\nfive\r\n";

#[test]
fn repair_is_told_where_it_began_and_places_are_those_of_the_file() {
    let read = decode(DAMAGED.as_bytes());
    assert_eq!(read.source.text(), "one\ntwo “three” four\nfive\n");
    assert_eq!(places(&read), ["mojibake-repaired 2:5"]);
    let repair = read.repair.as_ref().unwrap();
    assert_eq!(
        (repair.page, repair.whole, repair.sequences),
        ("mac_roman", true, 2)
    );
    let place = |word: &str| {
        let at = read.source.position(read.source.text().find(word).unwrap());
        (at.line, at.column)
    };
    assert_eq!(place("three"), (2, 8));
    assert_eq!(place("four"), (2, 17));
    assert_eq!(place("five"), (3, 1));
    assert_eq!(read.source.stored_line(5), "two ‚Äúthree‚Äù four");
}

#[test]
fn the_mode_of_repair_is_the_front_matters_then_the_settings() {
    let by = |mode: MojibakeMode, text: &str| {
        let settings = Settings {
            mojibake: mode,
            ..Settings::default()
        };
        let read = decode_by(settings, text.as_bytes());
        let codes = read
            .diagnostics
            .iter()
            .map(|diagnostic| diagnostic.code)
            .collect();
        (read.source.text().contains('“'), codes)
    };
    let with = |mode: &str| format!("---\nmojibake: {mode}\n---\n{DAMAGED}");
    let repaired = (true, vec!["mojibake-repaired"]);
    let suspect = (false, vec!["mojibake-suspect"]);
    let nothing: (bool, Vec<&str>) = (false, vec![]);
    assert_eq!(by(MojibakeMode::Report, DAMAGED), suspect);
    assert_eq!(by(MojibakeMode::Off, DAMAGED), nothing);
    assert_eq!(by(MojibakeMode::Off, &with("auto")), repaired);
    assert_eq!(by(MojibakeMode::Auto, &with("report")), suspect);
    assert_eq!(by(MojibakeMode::Auto, &with("off")), nothing);
    assert_eq!(by(MojibakeMode::Auto, &with("what")), repaired);
}

#[test]
fn one_file_gives_many_issues_with_the_places_of_the_file() {
    let all = |pattern: &str, text: &str| {
        let settings = Settings {
            split_on: Some(pattern.to_owned()),
            ..Settings::default()
        };
        let reader = Reader::new(settings).unwrap();
        reader.split(reader.decode("a.md", text.as_bytes()))
    };
    let bodies = |texts: &[Text]| -> Vec<String> {
        texts
            .iter()
            .map(|text| text.source.text().to_owned())
            .collect()
    };
    let texts = all(
        "# Pond",
        "# Pond 1\r\n一\u{200B}\r\n# Pond 2\r\n二\u{200B}\r\n",
    );
    assert_eq!(
        bodies(&texts),
        ["# Pond 1\n一\u{200B}\n", "# Pond 2\n二\u{200B}\n"]
    );
    assert_eq!(places(&texts[0]), ["invisible-char 2:2"]);
    assert_eq!(places(&texts[1]), ["invisible-char 4:2"]);
    let texts = all("%%%", "%%%\none\n%%%\n\n%%%\ntwo\n");
    assert_eq!(bodies(&texts), ["one\n", "two\n"]);
    assert_eq!(texts[1].source.line(0), 6);
    let texts = all("# ", "---\nauthor: Ada\n---\n# One\n# Two\n");
    assert_eq!(
        bodies(&texts),
        ["---\nauthor: Ada\n---\n# One\n", "# Two\n"]
    );
    assert_eq!(bodies(&all("%%%", "one\n")), ["one\n"]);
    assert_eq!(all("%%%", "").len(), 1);
}
