//! Lists of subscribers: what is written is read back as the same, by us and by
//! others, and no bytes bring the reader down.

use chrono::{DateTime, Utc};
use letterpress::subscriber::list::{
    Bad, CSV_HEADER, Item, Line, ListError, Options, Reader, Repeats, Survey, What, csv_line,
    json_line,
};
use letterpress::subscriber::{
    Address, Consent, Entry, Reason, Status, Subscriber, Suppression, clean_line, clean_name,
};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value as Json};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_366_400, 0).unwrap()
}

fn options(file: &str) -> Options {
    Options {
        format: None,
        file: file.to_owned(),
        status: None,
        now: now(),
    }
}

fn read(options: Options, bytes: &[u8], piece: usize) -> (Vec<Line>, Result<(), ListError>) {
    let mut reader = Reader::new(options);
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        if let Err(error) = reader.feed(piece, &mut lines) {
            return (lines, Err(error));
        }
        assert!(reader.held() <= (1 << 20) + piece.len() + 8);
    }
    let end = reader.finish(&mut lines);
    (lines, end)
}

/// Text with what spreadsheets, CSV and terminals stumble over.
fn awkward() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("=1+1"),
        Just("+"),
        Just("-"),
        Just("@"),
        Just("'"),
        Just("\""),
        Just("\"\""),
        Just(","),
        Just(";"),
        Just("\t"),
        Just("\r\n"),
        Just("\n"),
        Just(" "),
        Just("\0"),
        Just("\u{202e}"),
        Just("\u{feff}"),
        Just("林"),
        Just("é"),
        Just("null"),
        Just("{}"),
        Just("a"),
        Just("free"),
    ];
    vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn line() -> impl Strategy<Value = String> {
    awkward().prop_map(|text| clean_line(&text))
}

fn some_line() -> impl Strategy<Value = Option<String>> {
    line().prop_map(|text| (!text.is_empty()).then_some(text))
}

fn address() -> impl Strategy<Value = Address> {
    ("[a-zA-Z0-9=+'!-]{1,12}", "[a-z]{1,8}")
        .prop_map(|(local, host)| Address::parse(&format!("{local}@{host}.example.org")).unwrap())
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0i64..4_000_000_000, 0u32..1_000)
        .prop_map(|(seconds, milli)| DateTime::from_timestamp(seconds, milli * 1_000_000).unwrap())
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        awkward().prop_map(Json::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::from),
            btree_map(awkward(), inner, 0..3)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Map<String, Json>> {
    btree_map(awkward(), value(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn suppression() -> impl Strategy<Value = Suppression> {
    (0..Reason::ALL.len(), moment(), awkward()).prop_map(|(reason, at, note)| Suppression {
        reason: Reason::ALL[reason],
        at,
        note,
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Pending),
        Just(Status::Confirmed),
        Just(Status::Unsubscribed)
    ]
}

fn consent() -> impl Strategy<Value = Consent> {
    let times = (
        option::of(moment()),
        option::of(moment()),
        option::of(moment()),
    );
    // An entry without an origin gets the name of the file.
    let origin = line().prop_map(|text| format!("o{text}"));
    (origin, times, some_line(), some_line()).prop_map(
        |(origin, (joined_at, confirmed_at, left_at), joined_ip, confirmed_ip)| Consent {
            origin,
            joined_at,
            joined_ip,
            confirmed_at,
            confirmed_ip,
            left_at,
        },
    )
}

fn entry() -> impl Strategy<Value = Item> {
    let words = (
        awkward().prop_map(|name| clean_name(&name)),
        option::of("[a-z]{2,3}(-[A-Z]{2})?"),
        some_line(),
        btree_set(
            line().prop_filter("a tag says something", |tag| !tag.is_empty()),
            0..4,
        ),
    );
    let rest = (attributes(), consent(), option::of(moment()));
    (address(), status(), words, rest, option::of(suppression())).prop_map(
        |(address, status, words, rest, suppression)| {
            let mut person = Subscriber::new(address, status);
            (person.name, person.language, person.edition, person.tags) = words;
            (person.attributes, person.consent, person.edition_until) = rest;
            Item::Entry(Box::new(Entry {
                subscriber: person,
                suppression,
            }))
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    prop_oneof![
        8 => entry(),
        1 => (address(), suppression()).prop_map(|(address, why)| Item::Suppressed(address, why)),
        1 => suppression().prop_map(|why| Item::Domain("example.net".to_owned(), why)),
        1 => "[0-9a-f]{4}:[0-9a-f]{8}".prop_map(Item::Erased),
    ]
}

fn mailable(line: &Line) -> Option<&Address> {
    match &line.what {
        What::Item(Item::Entry(entry))
            if entry.subscriber.status == Status::Confirmed && entry.suppression.is_none() =>
        {
            Some(&entry.subscriber.address)
        }
        _ => None,
    }
}

fn settled(lines: &mut [Line]) -> Repeats {
    let mut survey = Survey::default();
    lines.iter().for_each(|line| survey.note(line));
    let mut repeats = survey.repeats();
    for line in lines.iter_mut() {
        repeats.settle(line);
    }
    repeats
}

const HEADERS: &[&str] = &[
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at",
    "Email Address,First Name,OPTIN_TIME,CONFIRM_TIME,UNSUB_TIME,LEID,EUID,TAGS",
    "id,email,name,note,subscribed_to_emails,created_at,deleted_at,labels,tiers",
    "uuid,email,name,attributes,status,created_at,updated_at",
    "email,First Name,Last Name,status,tier,created_at,unsubscribed_at",
    "email;First name;Last name;Data;Status;External ID",
    "email,type,tags,metadata",
    "email\tname\tunsubscribed\tConsent",
];

const CELLS: &[&str] = &[
    "a@example.org",
    "A@example.org",
    "b@example.org",
    "x@deletion-request.substack.com",
    "true",
    "false",
    "",
    "active",
    "enabled",
    "unsubscribed",
    "2024-01-01",
    "\"",
    "\"\"",
    "\"open",
    "{\"\"a\"\":1}",
    "\0",
    "\u{fffd}",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "{",
    "}",
    "[",
    "'=x",
    "\u{feff}",
    "confirmed",
    "regular",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_exported_is_imported_as_the_same(items in vec(item(), 1..6), piece in 1usize..200) {
        let csv = CSV_HEADER.to_owned() + &items.iter().map(csv_line).collect::<String>();
        let json: String = items.iter().map(json_line).collect();
        for text in [csv, json] {
            let (lines, end) = read(options("list"), text.as_bytes(), piece);
            prop_assert_eq!(end, Ok(()));
            let read: Vec<What> = lines.iter().map(|line| line.what.clone()).collect();
            let expected: Vec<What> = items.iter().cloned().map(What::Item).collect();
            prop_assert_eq!(read, expected, "{}", text);
            prop_assert!(lines.iter().all(|line| line.remarks.is_empty()));
        }
    }

    #[test]
    fn others_read_our_csv_as_we_do_and_run_nothing_of_it(item in item()) {
        let text = CSV_HEADER.to_owned() + &csv_line(&item);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), 1);
        prop_assert_eq!(records[0].len(), CSV_HEADER.split(',').count());
        for cell in &records[0] {
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{:?}", cell);
        }
        if let Item::Entry(entry) = &item {
            prop_assert_eq!(records[0][0].trim_start_matches('\''),
                entry.subscriber.address.as_str().trim_start_matches('\''));
        }
    }

    #[test]
    fn any_cells_are_read_in_any_pieces_as_the_same(
        header in 0..HEADERS.len(),
        cells in vec(0..CELLS.len(), 0..60),
        piece in 1usize..40,
    ) {
        let body: String = cells.iter().map(|cell| CELLS[*cell]).collect();
        let text = format!("{}\n{body}", HEADERS[header]);
        let whole = read(options("subscribed_x.csv"), text.as_bytes(), usize::MAX);
        let parts = read(options("subscribed_x.csv"), text.as_bytes(), piece);
        prop_assert_eq!(&whole, &parts);
        let mut lines = whole.0;
        settled(&mut lines);
        let count = u64::try_from(text.len()).unwrap();
        prop_assert!(lines.iter().all(|line| (1..=count).contains(&line.number)));
        prop_assert!(lines.windows(2).all(|pair| pair[0].number < pair[1].number));
        // Nobody is mailable of whom any line says that they left.
        let left = |address: &Address| lines.iter().any(|line| match &line.what {
            What::Item(Item::Entry(entry)) => {
                entry.subscriber.address.key() == address.key()
                    && (entry.suppression.is_some()
                        || entry.subscriber.status == Status::Unsubscribed)
            }
            _ => false,
        });
        for line in &lines {
            prop_assert!(!mailable(line).is_some_and(left), "{}", text);
        }
    }

    #[test]
    fn records_are_split_as_others_split_them(cells in vec(0..CELLS.len(), 0..40)) {
        let body: String = cells.iter().map(|cell| CELLS[*cell]).collect();
        let text = format!("email,a,b\n{body}");
        let (lines, _) = read(options(""), text.as_bytes(), 7);
        if lines.iter().any(|line| line.what == What::Bad(Bad::Unclosed)) {
            return Ok(());
        }
        let mut other = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .from_reader(text.as_bytes());
        let empty = |record: &csv::ByteRecord| record.iter().all(|cell| {
            String::from_utf8_lossy(cell).trim().is_empty()
        });
        let records: Vec<csv::ByteRecord> = other.byte_records().map(Result::unwrap).collect();
        let said = records.iter().skip(1).filter(|record| !empty(record)).count();
        prop_assert_eq!(lines.len(), said, "{:?}", text);
    }

    #[test]
    fn any_bytes_are_read_without_falling(
        bytes in vec(any::<u8>(), 0..400),
        mark in prop_oneof![Just(&b""[..]), Just(&b"\xff\xfe"[..]), Just(&b"\xfe\xff"[..]),
            Just(&b"email,name\n"[..]), Just(&b"{\"email\":\"a@example.org\"}\n"[..])],
        piece in 1usize..64,
    ) {
        let bytes = [mark, &bytes].concat();
        let whole = read(options(""), &bytes, usize::MAX);
        prop_assert_eq!(whole, read(options(""), &bytes, piece));
    }
}
