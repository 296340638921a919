//! Files as they are: damaged, endless, in other encodings, of our own form.

use crate::subscriber::list::tests::{entry, now, options, read, read_as, standings};
use crate::subscriber::list::{
    Bad, CSV_HEADER, Format, Item, ListError, Options, Reader, Remark, Survey, What, csv_line,
    json_line,
};
use crate::subscriber::{Reason, Suppression};

#[test]
fn a_list_named_by_the_editor_must_say_who_left() {
    let options = Options {
        format: Some(Format::Substack),
        ..options("")
    };
    let error = read_as(options, b"email,expiry\na@example.org,\n", 9).unwrap_err();
    assert_eq!(
        error,
        ListError::Missing {
            format: Format::Substack,
            column: "email_disabled"
        }
    );
}

#[test]
fn files_that_are_no_lists_are_named() {
    let cases: [(&[u8], ListError); 6] = [
        (b"", ListError::Empty),
        (b"\xef\xbb\xbf \r\n\r\n", ListError::Empty),
        (b"[{\"email\":\"a@example.org\"}]", ListError::Array),
        (b"PK\x03\x04rest", ListError::Archive),
        (b"name,city\nAda,London\n", ListError::NoAddresses),
        (b"email,\"open\n", ListError::Header(Bad::Unclosed)),
    ];
    for (bytes, expected) in cases {
        for piece in [1, usize::MAX] {
            let read = read_as(options(""), bytes, piece);
            assert_eq!(read.unwrap_err(), expected);
        }
    }
    let wide = ",".repeat(1_000_000);
    let error = read_as(options(""), wide.as_bytes(), 4096).unwrap_err();
    assert_eq!(error, ListError::Header(Bad::ManyCells(1_000)));
}

#[test]
fn half_a_character_never_gets_into_a_name() {
    // A surrogate without its other half: written as UTF-8, which has none, and as
    // UTF-16.
    let eight = b"email,name\r\nada@example.org,A\xed\xa0\xbdda\r\n".to_vec();
    let units = "\u{feff}email,name\r\nada@example.org,A".encode_utf16();
    let units = units.chain([0xD83D]).chain("da\r\n".encode_utf16());
    let sixteen: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    for (file, expected) in [(eight, "Aí\u{a0}½da"), (sixteen, "A\u{fffd}da")] {
        let (lines, _) = read("list.csv", &file);
        let name = &entry(&lines[0]).subscriber.name;
        assert_eq!(name.replace('\u{a0}', " "), expected.replace('\u{a0}', " "));
    }
}

#[test]
fn encodings_are_told_apart() {
    let text = "email;name\r\nada@example.org;Zoë \"Z\" 林\r\n";
    let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    };
    let files = [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ];
    for file in files {
        let (lines, _) = read("list.csv", file);
        assert_eq!(entry(&lines[0]).subscriber.name, "Zoë \"Z\" 林");
    }
    let (lines, _) = read("list.csv", b"email,name\nada@example.org,Zo\xeb\x80\n");
    assert_eq!(entry(&lines[0]).subscriber.name, "Zoë€");
}

#[test]
fn bad_lines_are_numbered_and_stop_nothing() {
    let long = "x".repeat(300);
    let text = format!(
        "sep=;\r\nemail;name\r\n\
         ok1@example.org;\"two\r\nlines\"\r\n\
         not an address;x\r\n\
         ;y\r\n\
         a@example.org;b;c\r\n\
         \"a b\"@example.org;quoted\r\n\
         a@example.org.;dot\r\n\
         {long}@example.org;long\r\n\
         a\0b@example.org;nul\r\n\
         ok2@münchen.example;IDN\r\n\
         ok3@example.org;\u{202e}rtl\0\u{202c} \"q\"\r\n\
         ;;\r\n\
         ok4@example.org\r\n"
    );
    let (lines, _) = read("list.csv", text);
    let bad: Vec<(u64, bool)> = lines
        .iter()
        .map(|line| (line.number, matches!(line.what, What::Bad(_))))
        .collect();
    let expected = [
        (3, false),
        (5, true),
        (6, true),
        (7, true),
        (8, true),
        (9, true),
        (10, true),
        (11, true),
        (12, false),
        (13, false),
        (15, false),
    ];
    assert_eq!(bad, expected);
    assert_eq!(entry(&lines[0]).subscriber.name, "two lines");
    assert_eq!(lines[2].what, What::Bad(Bad::NoAddress));
    let cells = Bad::Cells {
        found: 3,
        expected: 2,
    };
    assert_eq!(lines[3].what, What::Bad(cells));
    let idn = &entry(&lines[8]).subscriber;
    assert_eq!(idn.address.as_str(), "ok2@xn--mnchen-3ya.example");
    assert_eq!(entry(&lines[9]).subscriber.name, "rtl \"q\"");
}

#[test]
fn old_line_ends_are_line_ends() {
    let (lines, _) = read("list.csv", "email,name\ra@example.org,A\rb@example.org,B");
    assert_eq!(standings(&lines), ["a pending", "b pending"]);
    assert_eq!(lines[1].number, 3);
}

#[test]
fn a_quote_that_is_never_closed_costs_one_line() {
    let mut text = "email,name\na@example.org,\"open\n".to_owned();
    for number in 0..5 {
        text += &format!("b{number}@example.org,B\n");
    }
    let (lines, _) = read("list.csv", &text);
    assert_eq!(lines[0].number, 2);
    assert_eq!(lines[0].what, What::Bad(Bad::Unclosed));
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[5].number, 7);

    // Also where the end of the file is far away.
    for number in 0..80_000 {
        text += &format!("c{number}@example.org,C\n");
    }
    let (lines, _) = read_as(options("list.csv"), text.as_bytes(), 65_536).unwrap();
    assert_eq!(lines.len(), 80_006);
    assert_eq!(lines[80_005].number, 80_007);
}

#[test]
fn a_line_that_does_not_end_is_bounded() {
    let mut text = b"email,name\na@example.org,".to_vec();
    text.resize(5 << 20, b'x');
    text.extend_from_slice(b"\nb@example.org,B\n");
    let mut reader = Reader::new(options("list.csv"));
    let mut lines = Vec::new();
    for piece in text.chunks(65_536) {
        reader.feed(piece, &mut lines).unwrap();
        assert!(reader.held() <= (1 << 20) + 2 * 65_536);
    }
    reader.finish(&mut lines).unwrap();
    assert_eq!(lines[0].what, What::Bad(Bad::Long(1 << 20)));
    assert_eq!(lines[0].number, 2);
    assert_eq!(entry(&lines[1]).subscriber.name, "B");
    assert_eq!(lines[1].number, 3);
}

#[test]
fn an_opt_out_anywhere_in_a_list_wins() {
    let text = "email,status\n\
        Ada@example.org,confirmed\n\
        bob@example.org,confirmed\n\
        ada@EXAMPLE.org,unsubscribed\n\
        ADA@example.org,confirmed\n\
        bob@example.org,confirmed\n";
    let (mut lines, _) = read("list.csv", text);
    let mut survey = Survey::default();
    lines.iter().for_each(|line| survey.note(line));
    assert_eq!(survey.lines(), 5);
    let mut repeats = survey.repeats();
    let firsts: Vec<Option<u64>> = lines.iter_mut().map(|line| repeats.settle(line)).collect();
    assert_eq!(firsts, [None, None, Some(2), Some(2), Some(3)]);
    assert_eq!(
        standings(&lines),
        [
            "Ada pending",
            "bob confirmed",
            "ada unsubscribed/unsubscribed",
            "ADA pending",
            "bob confirmed",
        ]
    );
    assert_eq!(lines[0].remarks, [Remark::LeftElsewhere]);
}

#[test]
fn our_own_list_keeps_domains_suppressions_and_the_erased() {
    let suppression = |reason| Suppression {
        reason,
        at: now(),
        note: "=HYPERLINK(\"x\")\r\nsecond line".to_owned(),
    };
    let address = "+ada@example.org".parse().unwrap();
    let items = [
        Item::Suppressed(address, suppression(Reason::Complaint)),
        Item::Domain("example.net".to_owned(), suppression(Reason::Manual)),
        Item::Erased("00ff:aa11".to_owned()),
    ];
    let csv: String = items.iter().map(csv_line).collect();
    let json: String = items.iter().map(json_line).collect();
    assert!(!csv.contains(",=") && !csv.contains("\"=") && !csv.starts_with('+'));
    for text in [format!("{CSV_HEADER}{csv}"), json] {
        let (lines, format) = read("list", text);
        assert_eq!(format, Format::Letterpress);
        let read: Vec<What> = lines.into_iter().map(|line| line.what).collect();
        let expected: Vec<What> = items.iter().cloned().map(What::Item).collect();
        assert_eq!(read, expected);
    }
    let (lines, _) = read("erased.ndjson", json_line(&items[2]));
    assert_eq!(lines[0].what, What::Item(items[2].clone()));
}
