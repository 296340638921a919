//! Reading any bytes, and taking back any damage.

use std::sync::LazyLock;

use letterpress::diagnostic::{Diagnostic, SourceFile};
use letterpress::issue::{Issue, Reader, Settings, canonical_url, tracking_parameters};
use proptest::prelude::*;

/// One for all cases: compiling its patterns takes longer than reading.
static READER: LazyLock<Reader> =
    LazyLock::new(|| Reader::new(Settings::default()).expect("the default settings are sound"));

/// Every place lies in the text, on character boundaries, and has a position.
fn assert_sound(source: &SourceFile, issue: &Issue, diagnostics: &[Diagnostic]) {
    let fields = issue.front_matter.fields.iter().map(|field| field.span);
    let title = issue.title.as_ref().and_then(|title| title.span);
    let spans = diagnostics.iter().filter_map(|diagnostic| diagnostic.span);
    for span in spans.chain(fields).chain(title) {
        assert!(source.text().get(span.range()).is_some(), "{span:?}");
        let (start, end) = (source.position(span.start), source.position(span.end));
        assert!(start <= end, "{start:?} {end:?}");
    }
}

fn read(path: &str, bytes: &[u8]) {
    let text = READER.decode(path, bytes);
    let (issue, diagnostics) = READER.parse(&text);
    assert_sound(&text.source, &issue, &diagnostics);
    let summary = issue.summary();
    assert!(summary.description.chars().count() <= 300);
    // Positions of the mended text run forward through the stored one.
    let mut last = text.source.position(0);
    for (offset, _) in text.source.text().char_indices() {
        let position = text.source.position(offset);
        assert!(position >= last, "{position:?} after {last:?}");
        last = position;
    }
}

/// Pieces out of which front matter, titles, dates and damage are made.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "---",
        "+++",
        "...",
        "\n",
        "\r\n",
        "\r",
        "\n\n",
        "title: ",
        "Title: ",
        "date: ",
        "date = ",
        "number: ",
        "tags: [",
        "]",
        "{",
        "}",
        "- ",
        "&a ",
        "*a",
        "'",
        "\"",
        ": ",
        "# ",
        "## ",
        "#12",
        "第 3 期",
        "Vol.",
        "2023-06-10",
        "2023-13-40",
        "June 10, 2023",
        "2023年",
        "6月",
        "12:00",
        " +0800",
        "TODO",
        "<!-- ",
        " -->",
        "‚Äú",
        "â€œ",
        "Ã©",
        "ü¶Ñ",
        "\u{F8FF}ü¶Ñ",
        "\u{200B}",
        "\u{FEFF}",
        "é",
        "e\u{301}",
        "池",
        "🦆",
        "a",
        " ",
        "[original version](https://example.com/)",
        "~",
        "１２",
        "\u{A0}»",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What a program shows that takes UTF-8 for a code page.
fn damage(text: &str, page: &'static encoding_rs::Encoding) -> String {
    let misread = |byte: u8| page.decode_without_bom_handling(&[byte]).0.into_owned();
    text.bytes().map(misread).collect()
}

/// A sentence with enough that is not ASCII to know how it was damaged.
fn sentence() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "früh",
        "Möwe",
        "l’été",
        "déjà",
        "“reeds”",
        "池のほとり",
        "芦苇里",
        "연못가에",
        "камыши",
        "цапля",
        "🦆",
        "λίμνη",
        "pond",
        "heron 12",
        "still",
        "żabka",
        "Hồ",
        "– ",
        "…",
    ]);
    let sure = prop::sample::select(vec![
        "芦苇里站着苍鹭",
        "池のほとりに",
        "🦆🐸🐟",
        "Камыши шуршат",
    ]);
    (prop::collection::vec(words, 0..12), sure, 0..12_usize).prop_map(|(mut words, sure, place)| {
        words.insert(place.min(words.len()), sure);
        words.join(" ")
    })
}

/// Sound sentences of several languages, in any mix.
fn sound_text() -> impl Strategy<Value = String> {
    let sentences = prop::sample::select(vec![
        "Der Fluss ist früh über die Ufer getreten: „schön“, sagte Jörg – 5 °C.",
        "L’été, à l’étang, on a déjà contrôlé\u{A0}; «\u{A0}voilà\u{A0}» dit-il\u{A0}!",
        "¿Dónde está la rana? Mañana será otro día, señor Ñíguez…",
        "Не шуми, камыш – сказала цапля («Ёлка» № 5).",
        "苍鹭说：“安静一点……”——然后飞走了。",
        "鷺は「静かに」と言って、飛んでいった。",
        "왜가리가 ‘조용히’ 하라고 했다.",
        "Žába řekla: „Příliš žluťoučký kůň“ a šla spát.",
        "Η λίμνη είναι ήσυχη.",
        "The area is √2 × π ≈ 4.44 m², isn’t it? — “Yes”, ½ of it.",
        "Kurbağa gölde yüzüyor, değil mi?",
        "Ếch ngồi đáy giếng, đường về quê.",
        "Blåbærsyltetøy på brød, æ e å!",
        "plain ASCII words, nothing else",
    ]);
    prop::collection::vec(sentences, 1..8).prop_map(|sentences| sentences.join("\n\n"))
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read("a.md", &bytes);
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}", path in "[a-z0-9./ -]{0,20}") {
        read(&path, text.as_bytes());
    }

    #[test]
    fn any_mix_of_meaning_is_read(text in pieces()) {
        read("issues/2023-06-1-pond.en.md", text.as_bytes());
    }

    #[test]
    fn any_utf_16_is_read(units in prop::collection::vec(any::<u16>(), 0..100)) {
        let bytes: Vec<u8> = [0xFEFF].iter().chain(&units).flat_map(|unit| unit.to_le_bytes()).collect();
        read("a.md", &bytes);
    }

    #[test]
    fn damage_is_taken_back(text in sentence()) {
        for page in [encoding_rs::MACINTOSH, encoding_rs::WINDOWS_1252] {
            let damaged = damage(&text, page);
            let mended = READER.decode("a.md", damaged.as_bytes());
            prop_assert_eq!(mended.source.text(), &text, "{}", page.name());
            prop_assert!(mended.repair.is_some_and(|repair| repair.whole));
        }
    }

    #[test]
    fn sound_text_is_left_alone(text in sound_text()) {
        let read = READER.decode("a.md", text.as_bytes());
        prop_assert_eq!(read.source.text(), &text);
        prop_assert!(read.repair.is_none());
    }

    #[test]
    fn ways_of_writing_an_address_have_one_form(
        page in "[a-v][a-z]{0,7}\\.test(/[a-zA-Z0-9%._-]{1,8}){0,3}",
        query in prop::collection::vec("[a-z]{1,3}=[a-z0-9]{0,3}", 0..4),
    ) {
        let mark = |rest: &str| if query.is_empty() { format!("?{rest}") } else { format!("?{}&{rest}", query.join("&")) };
        let plain = format!("{page}?{}", query.join("&"));
        let canonical = canonical_url(&format!("https://{plain}"));
        for other in [
            format!("http://www.{plain}#part"),
            format!("//{plain}"),
            format!("https://{page}/{}", mark("utm_source=x&fbclid=y")),
        ] {
            prop_assert_eq!(&canonical_url(&other), &canonical, "{}", other);
        }
        let marked = format!("https://{page}{}", mark("gclid=1&utm_id=2"));
        prop_assert_eq!(tracking_parameters(&marked), ["gclid", "utm_id"]);
    }
}
