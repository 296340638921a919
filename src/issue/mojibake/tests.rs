use super::*;
use crate::issue::mojibake::page::Page;

/// What a program shows that takes UTF-8 for a code page.
fn damage(text: &str, page: Page) -> String {
    let misread = |byte: u8| match byte {
        0..0x80 => char::from(byte),
        _ => page.character(byte),
    };
    text.bytes().map(misread).collect()
}

fn mended(text: &str) -> Option<String> {
    mend(text).map(|mended| mended.text)
}

#[test]
fn whole_texts_come_back() {
    let texts = [
        "## 🦆 Ducks and “reeds”",
        "Ein Reiher steht früh am Üfer, Möwen kreischen.",
        "Un été à l’étang, déjà",
        "Две цапли стоят в камышах.",
        "池のほとりに鷺が立つ。",
        "芦苇里站着一只苍鹭。",
        "연못가에 왜가리가 서 있다.",
        "It’s 5 € … or – 中 – nothing",
    ];
    for text in texts {
        for page in Page::ALL {
            let damaged = damage(text, page);
            let repair = mend(&damaged).unwrap_or_else(|| panic!("{page:?} {damaged}"));
            assert_eq!(repair.text, text, "{page:?}");
            assert!(repair.repair.whole, "{page:?} {damaged}");
            assert_eq!(repair.repair.page, page.name());
        }
    }
}

#[test]
fn sound_texts_stay() {
    let texts = [
        "l’été",
        "«à la carte»",
        "il l’avait contrôlé\u{A0}» hier",
        "“MAÇÔ",
        "√π ≈ 1.77",
        "ƒ(x)≈π",
        "‚Äußerung‘",
        "№ 5 – «Ёлка»",
        "Ça va\u{A0}? Très bien\u{A0}! «\u{A0}été\u{A0}»",
        "Größe: 5 µm ± 2 °C – „schön“",
        "Señor Ñandú ¿cómo está?",
        "naïve café, Ångström, Øresund",
        "芦苇里站着一只苍鹭，“很静”……",
        "池のほとり「ＡＢＣ」…",
        "연못 – ‘왜가리’",
        "Przyszła żaba: „kum”",
        "Đường phố Hà Nội",
        "C’est là – à 5 €",
        "🦆👩\u{200D}💻🇫🇷",
        "plain words",
        "",
    ];
    for text in texts {
        assert_eq!(mended(text), None, "{text}");
    }
}

#[test]
fn damage_in_part_of_a_text_is_taken_back_alone() {
    let cases = [
        // Windows-1252, pasted into sound text
        ("“Quoted” and â€œquotedâ€\u{9D}", "“Quoted” and “quoted”"),
        (
            "Chez Zoë: le cafÃ© du coin – 5 €",
            "Chez Zoë: le café du coin – 5 €",
        ),
        ("苍鹭 ðŸ¦† 芦苇", "苍鹭 🦆 芦苇"),
        // MacRoman
        ("“Quoted” and ‚Äúquoted‚Äù", "“Quoted” and “quoted”"),
        ("苍鹭 \u{F8FF}ü¶Ü 芦苇", "苍鹭 🦆 芦苇"),
    ];
    for (damaged, sound) in cases {
        let repair = mend(damaged).unwrap_or_else(|| panic!("{damaged}"));
        assert_eq!(repair.text, sound);
        assert!(!repair.repair.whole, "{damaged}");
    }
}

#[test]
fn an_emoji_that_lost_its_first_byte_comes_back() {
    let damaged = damage("## 🦆 Ducks, “reeds” and 🐸", Page::MacRoman).replace('\u{F8FF}', "");
    assert_eq!(
        mended(&damaged).as_deref(),
        Some("## 🦆 Ducks, “reeds” and 🐸")
    );
}

#[test]
fn text_damaged_twice_comes_back() {
    let text = "“Ducks” – früh";
    for page in Page::ALL {
        let twice = damage(&damage(text, page), page);
        assert_eq!(mended(&twice).as_deref(), Some(text), "{page:?}");
    }
}

#[test]
fn damage_that_was_taken_apart_comes_back() {
    let text = "Früh am Üfer, déjà – “so”";
    for page in Page::ALL {
        let damaged: String = damage(text, page).nfd().collect();
        assert_eq!(mended(&damaged).as_deref(), Some(text), "{page:?}");
    }
    // Sound text that was taken apart is left so.
    let apart: String = "Früh am Üfer".nfd().collect();
    assert_eq!(mended(&apart), None);
}

#[test]
fn places_lead_back_to_the_damaged_text() {
    let damaged = "ab ‚Äúc‚Äù d";
    let found = mend(damaged).unwrap();
    assert_eq!(found.text, "ab “c” d");
    assert_eq!(found.first.range(), 3..6);
    let pairs = found.offsets.into_pairs();
    let sound_c = found.text.find('c').unwrap();
    let damaged_c = damaged.find('c').unwrap();
    assert!(pairs.contains(&(sound_c, damaged_c)), "{pairs:?}");
}
