//! Each platform's list in its real shape, and what becomes of it.

use chrono::{DateTime, Utc};

use crate::subscriber::list::{
    Bad, CSV_HEADER, Format, Item, Line, ListError, Options, Reader, Remark, Skipped, Survey, What,
    csv_line, json_line,
};
use crate::subscriber::{Entry, Reason, Status};

fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn options(file: &str) -> Options {
    Options {
        format: None,
        file: file.to_owned(),
        status: None,
        now: now(),
    }
}

fn read_as(
    options: Options,
    bytes: &[u8],
    piece: usize,
) -> Result<(Vec<Line>, Option<Format>), ListError> {
    let mut reader = Reader::new(options);
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.feed(piece, &mut lines)?;
    }
    reader.finish(&mut lines)?;
    Ok((lines, reader.format()))
}

/// Reads a list at once and byte by byte, which must give the same.
fn read(file: &str, text: impl AsRef<[u8]>) -> (Vec<Line>, Format) {
    let whole = read_as(options(file), text.as_ref(), usize::MAX).unwrap();
    let slowly = read_as(options(file), text.as_ref(), 1).unwrap();
    assert_eq!(whole, slowly);
    (whole.0, whole.1.unwrap())
}

fn entry(line: &Line) -> &Entry {
    match &line.what {
        What::Item(Item::Entry(entry)) => entry,
        other => panic!("line {}: {other:?}", line.number),
    }
}

/// `local status[/reason]` of each line: what decides whether they are mailed.
fn standings(lines: &[Line]) -> Vec<String> {
    let words = |line: &Line| match &line.what {
        What::Item(Item::Entry(entry)) => {
            let person = &entry.subscriber;
            let mut words = format!("{} {}", person.address.local(), person.status.name());
            if let Some(suppression) = &entry.suppression {
                words.push('/');
                words.push_str(suppression.reason.name());
            }
            words
        }
        What::Item(item) => format!("{item:?}"),
        What::Skipped(_) => "skipped".to_owned(),
        What::Bad(_) => "bad".to_owned(),
    };
    lines.iter().map(words).collect()
}

#[track_caller]
fn check(file: &str, text: &str, format: Format, expected: &[&str]) -> Vec<Line> {
    let (lines, read) = read(file, text);
    assert_eq!(read, format);
    assert_eq!(standings(&lines), expected);
    lines
}

#[test]
fn substack_readers_without_a_paid_plan_stay_and_who_disabled_mail_left() {
    let lines = check(
        "email_list.weekly.csv",
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n\
         free@example.org,false,,other,false,2023-05-01T10:00:00.000Z,\n\
         paid@example.org,true,2027-01-02T00:00:00.000Z,yearly,false,2023-05-02T10:00:00.000Z,2024-01-02T00:00:00.000Z\n\
         left@example.org,false,,other,true,2023-05-03T10:00:00.000Z,\n\
         payingbutleft@example.org,true,2027-01-02T00:00:00.000Z,monthly,TRUE,2023-05-03T10:00:00.000Z,\n\
         odd@example.org,false,,other,maybe,2023-05-03T10:00:00.000Z,\n\
         8d3f@deletion-request.substack.com,false,,other,false,2023-05-04T10:00:00.000Z,\n\
         short@example.org,true\n",
        Format::Substack,
        &[
            "free confirmed",
            "paid confirmed",
            "left unsubscribed/unsubscribed",
            "payingbutleft unsubscribed/unsubscribed",
            "odd pending",
            "skipped",
            "bad",
        ],
    );
    let free = &entry(&lines[0]).subscriber;
    assert_eq!(free.edition, None);
    assert_eq!(free.consent.origin, "substack: email_list.weekly.csv");
    let joined = free.consent.joined_at.unwrap();
    assert_eq!(joined.to_rfc3339(), "2023-05-01T10:00:00+00:00");
    let paid = &entry(&lines[1]).subscriber;
    assert_eq!(paid.edition.as_deref(), Some("paid"));
    assert!(paid.edition_until.unwrap() > now());
    assert_eq!(lines[4].remarks, [Remark::Status("maybe".to_owned())]);
    assert_eq!(lines[5].what, What::Skipped(Skipped::DeletionRequest));
    assert_eq!(lines[6].what, What::Bad(Bad::Short));
    assert_eq!(lines[6].number, 8);
}

#[test]
fn older_lists_of_substack_are_known() {
    check(
        "email_list.csv",
        "email,active_subscription,expiry,email_disabled,prefer_digests,created_at\n\
         free@example.org,false,,false,false,2021-05-01 10:00:00\n\
         left@example.org,false,,true,false,2021-05-01 10:00:00\n",
        Format::Substack,
        &["free confirmed", "left unsubscribed/unsubscribed"],
    );
    let lines = check(
        "paid.csv",
        "email,expiry,email_disabled,prefer_digests,stripe_connected_customer_id,type\n\
         paid@example.org,2027-01-02,false,false,cus_1,yearly\n\
         left@example.org,2027-01-02,true,false,cus_2,comp\n",
        Format::Substack,
        &["paid confirmed", "left unsubscribed/unsubscribed"],
    );
    let paid = &entry(&lines[0]).subscriber;
    assert_eq!(paid.edition.as_deref(), Some("paid"));
}

const MAILCHIMP: &str = "MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,\
    LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION";

#[test]
fn the_name_of_a_mailchimp_file_says_who_is_in_it() {
    let head = format!(
        "Email Address,First Name,Last Name,Phone Number,{MAILCHIMP},LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
    );
    let row = "ada@example.org,Ada,Lovelace,12 34,2,\"2023-01-05 12:33:11\",192.0.2.7,\
        \"2023-01-05 12:40:00\",192.0.2.8,,,,,,,,\"2023-02-01 00:00:00\",1,ab12,,\
        \"\"\"early, bird\"\",\"\"rust\"\"\"\n";
    let text = head + row;
    let cases = [
        ("subscribed_members_export_1a.csv", "ada confirmed"),
        (
            "unsubscribed_members_export_1a.csv",
            "ada unsubscribed/unsubscribed",
        ),
        (
            "cleaned_email_audience_export_1a.csv",
            "ada pending/hard-bounce",
        ),
        ("nonsubscribed_members_export_1a.csv", "ada pending"),
        ("members.csv", "ada pending"),
        ("", "ada pending"),
    ];
    for (file, expected) in cases {
        let lines = check(file, &text, Format::Mailchimp, &[expected]);
        let person = &entry(&lines[0]).subscriber;
        assert_eq!(person.name, "Ada Lovelace");
        assert_eq!(person.attributes["phone_number"], "12 34");
        assert_eq!(person.consent.confirmed_ip.as_deref(), Some("192.0.2.8"));
        let tags: Vec<&String> = person.tags.iter().collect();
        assert_eq!(tags, ["early, bird", "rust"]);
    }
}

#[test]
fn columns_of_mailchimp_tell_who_left_whatever_the_file_is_named() {
    let unsubscribed = format!(
        "Emailadresse,Vorname,Nachname,{MAILCHIMP},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,\
         UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n\
         ada@example.org,Ada,L,2,,,,,,,,,,,,2024-01-05 12:33:11,Issue 7,77,NORMAL,,,1,a,,\n"
    );
    let lines = check(
        "subscribed_members.csv",
        &unsubscribed,
        Format::Mailchimp,
        &["ada unsubscribed/unsubscribed"],
    );
    let left = entry(&lines[0]);
    let suppression = left.suppression.as_ref().unwrap();
    assert_eq!(suppression.at.to_rfc3339(), "2024-01-05T12:33:11+00:00");
    assert_eq!(left.subscriber.consent.left_at, Some(suppression.at));
    assert!(suppression.note.contains("Issue 7"));
    let cleaned = format!(
        "Adresse,{MAILCHIMP},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID\n\
         ada@example.org,2,,,,,,,,,,,,2024-01-05 12:33:11,Issue 7,77,1,a\n"
    );
    check(
        "export.csv",
        &cleaned,
        Format::Mailchimp,
        &["ada pending/hard-bounce"],
    );
}

#[test]
fn members_who_were_deleted_from_ghost_stay_out() {
    for tiers in ["tiers", "products"] {
        let lines = check(
            "members.csv",
            &format!(
                "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,{tiers}\n\
                 1,ada@example.org,Ada,met at a fair,true,false,,2023-01-01T00:00:00.000Z,,\"VIP,early\",\n\
                 2,paid@example.org,,,true,false,cus_1,2023-01-01T00:00:00.000Z,,,Gold\n\
                 3,gift@example.org,,,true,true,,2023-01-01T00:00:00.000Z,,,\n\
                 4,left@example.org,,,false,false,,2023-01-01T00:00:00.000Z,,,\n\
                 5,gone@example.org,,,true,false,,2023-01-01T00:00:00.000Z,2024-01-01T00:00:00.000Z,,\n\
                 6,odd@example.org,,,,false,,2023-01-01T00:00:00.000Z,,,\n"
            ),
            Format::Ghost,
            &[
                "ada confirmed",
                "paid confirmed",
                "gift confirmed",
                "left unsubscribed/unsubscribed",
                "gone unsubscribed/unsubscribed",
                "odd pending",
            ],
        );
        let editions = lines
            .iter()
            .map(|line| entry(line).subscriber.edition.as_deref());
        let expected = [None, Some("paid"), Some("paid"), None, None, None];
        assert!(editions.eq(expected));
        let ada = &entry(&lines[0]).subscriber;
        assert!(ada.tags.contains("VIP") && ada.tags.contains("early"));
        assert_eq!(ada.attributes["note"], "met at a fair");
    }
}

#[test]
fn listmonks_enabled_people_may_have_left_a_list() {
    let text = "uuid,email,name,attributes,status,created_at,updated_at\n\
        u1,ada@example.org,Ada,\"{\"\"city\"\": \"\"London\"\", \"\"n\"\": 3}\",enabled,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\n\
        u2,off@example.org,,{},disabled,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\n\
        u3,block@example.org,,{},blocklisted,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\n\
        u4,odd@example.org,,{},paused,2023-01-01T00:00:00Z,2023-01-01T00:00:00Z\n";
    let out = [
        "off unsubscribed/manual",
        "block unsubscribed/manual",
        "odd pending",
    ];
    let lines = check(
        "subscribers.csv",
        text,
        Format::Listmonk,
        &["ada pending", out[0], out[1], out[2]],
    );
    assert!(lines[0].remarks.is_empty());
    assert_eq!(entry(&lines[0]).subscriber.attributes["n"], 3);
    let confirmed = Options {
        status: Some(Status::Confirmed),
        ..options("subscribers.csv")
    };
    let (lines, _) = read_as(confirmed, text.as_bytes(), 7).unwrap();
    assert_eq!(standings(&lines), ["ada confirmed", out[0], out[1], out[2]]);
    check(
        "import.csv",
        "email,name,attributes\nada@example.org,Ada,\"{\"\"a\"\":1}\"\nb@example.org,B,oops\n",
        Format::Listmonk,
        &["ada pending", "b pending"],
    );
}

#[test]
fn listmonks_objects_say_who_left_a_list() {
    let list = |local: &str, status: &str, lists: &str| {
        format!(
            "{{\"id\":1,\"email\":\"{local}@example.org\",\"name\":\"N\",\"attribs\":{{\"a\":[1]}},\
             \"status\":\"{status}\",\"lists\":[{lists}]}}\n"
        )
    };
    let member = |status: &str| format!("{{\"name\":\"L\",\"subscription_status\":\"{status}\"}}");
    let text = list("yes", "enabled", &member("confirmed"))
        + &list("left", "enabled", &member("unsubscribed"))
        + &list("block", "blocklisted", &member("confirmed"))
        + &list("wait", "enabled", &member("unconfirmed"))
        + &list(
            "both",
            "enabled",
            &(member("confirmed") + "," + &member("unsubscribed")),
        )
        + "not json\n"
        + "[1]\n";
    check(
        "dump.ndjson",
        &text,
        Format::Listmonk,
        &[
            "yes confirmed",
            "left unsubscribed/unsubscribed",
            "block unsubscribed/manual",
            "wait pending",
            "both pending",
            "bad",
            "bad",
        ],
    );
}

#[test]
fn of_beehiiv_only_active_subscribers_are_mailed() {
    let row = |local: &str, status: &str, left: &str| {
        format!("{local}@example.org,A,B,{status},free,2023-01-01T00:00:00Z,,{left}\n")
    };
    let text =
        "email,First Name,Last Name,status,tier,created_at,stripe_customer_id,unsubscribed_at\n"
            .to_owned()
            + &row("yes", "active", "")
            + &row("inactive", "inactive", "2024-01-01T00:00:00Z")
            + &row("validating", "validating", "")
            + &row("pending", "pending", "")
            + &row("invalid", "invalid", "")
            + &row("attention", "needs_attention", "")
            + &row("returned", "active", "2024-01-01T00:00:00Z")
            + "paid@example.org,A,B,active,premium,2023-01-01T00:00:00Z,cus_1,\n";
    let lines = check(
        "subscribers.csv",
        &text,
        Format::Beehiiv,
        &[
            "yes confirmed",
            "inactive unsubscribed/unsubscribed",
            "validating pending",
            "pending pending",
            "invalid pending/hard-bounce",
            "attention pending",
            "returned unsubscribed/unsubscribed",
            "paid confirmed",
        ],
    );
    assert_eq!(entry(&lines[7]).subscriber.edition.as_deref(), Some("paid"));
    assert_eq!(entry(&lines[0]).subscriber.edition, None);
}

#[test]
fn of_buttondown_only_known_good_types_are_mailed() {
    for column in ["type", "subscriber_type"] {
        let mut text = format!("email,notes,{column},creation_date,tags,metadata\n");
        let cases = [
            ("regular", "confirmed"),
            ("premium", "confirmed"),
            ("gifted", "confirmed"),
            ("unactivated", "pending"),
            ("past_due", "pending"),
            ("something_new", "pending"),
            ("unsubscribed", "unsubscribed/unsubscribed"),
            ("removed", "unsubscribed/unsubscribed"),
            ("spammy", "unsubscribed/manual"),
            ("blocked", "unsubscribed/manual"),
            ("complained", "unsubscribed/complaint"),
            ("undeliverable", "pending/hard-bounce"),
        ];
        let mut expected = Vec::new();
        for (word, standing) in cases {
            text += &format!("{word}@example.org,,{word},2023-01-01T00:00:00Z,a,{{}}\n");
            expected.push(format!("{word} {standing}"));
        }
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check("subscribers.csv", &text, Format::Buttondown, &expected);
    }
}

#[test]
fn keila_parts_cells_by_semicolons_or_commas() {
    for delimiter in [";", ",", "\t"] {
        let text = "Email|First name|Last name|Data|Status|External ID\n\
            ada@example.org|Ada|L|\"{\"\"city\"\":\"\"London\"\"}\"|active|7\n\
            left@example.org|||{}|unsubscribed|\n\
            gone@example.org|||{}|unreachable|\n"
            .replace('|', delimiter);
        let lines = check(
            "contacts.csv",
            &text,
            Format::Keila,
            &[
                "ada confirmed",
                "left unsubscribed/unsubscribed",
                "gone pending/hard-bounce",
            ],
        );
        let ada = &entry(&lines[0]).subscriber;
        assert_eq!(ada.attributes["city"], "London");
        assert_eq!(ada.attributes["external_id"], "7");
    }
}

#[test]
fn a_list_that_says_nothing_of_consent_confirms_nobody() {
    let lines = check(
        "subscribers.csv",
        "Email Address,Subscribed at,UTM Source\nada@example.org,2023-01-01,web\n",
        Format::Curated,
        &["ada pending"],
    );
    assert!(entry(&lines[0]).subscriber.consent.joined_at.is_some());
    check(
        "plain.csv",
        "email\nada@example.org\n\nbob@example.org\n",
        Format::Plain,
        &["ada pending", "bob pending"],
    );
    let lines = check(
        "addresses.txt",
        "ada@example.org\nBob B <bob@example.org>\n",
        Format::Plain,
        &["ada pending", "bob pending"],
    );
    assert_eq!(entry(&lines[1]).subscriber.name, "Bob B");
}

#[test]
fn the_editors_word_counts_only_where_the_list_says_nothing() {
    let text = "email,status\n\
        none@example.org,\nyes@example.org,confirmed\nwait@example.org,pending\n\
        odd@example.org,frozen\nleft@example.org,unsubscribed\n";
    for (word, none) in [
        (Status::Confirmed, "none confirmed"),
        (Status::Pending, "none pending"),
        (Status::Unsubscribed, "none unsubscribed/unsubscribed"),
    ] {
        let options = Options {
            status: Some(word),
            ..options("")
        };
        let (lines, _) = read_as(options, text.as_bytes(), 5).unwrap();
        let expected = [
            none,
            "yes confirmed",
            "wait pending",
            "odd pending",
            "left unsubscribed/unsubscribed",
        ];
        assert_eq!(standings(&lines), expected);
    }
}

#[test]
fn columns_that_may_say_who_left_are_not_overlooked() {
    let cases = [
        ("Unsubscribed From Newsletter", "yes", "pending"),
        ("Unsubscribed From Newsletter", "no", "confirmed"),
        ("Bounce Date", "2024-01-01", "pending"),
        ("Abgemeldet am", "gestern", "pending"),
        ("Marketing Consent", "false", "pending"),
        ("Marketing Consent", "true", "confirmed"),
        ("unsubscribed", "true", "unsubscribed/unsubscribed"),
        ("bounced_at", "2024-01-01", "pending/hard-bounce"),
        ("City", "London", "confirmed"),
        ("State", "CA", "confirmed"),
        ("State", "unsubscribed", "unsubscribed/unsubscribed"),
    ];
    for (column, cell, expected) in cases {
        let options = Options {
            status: Some(Status::Confirmed),
            ..options("")
        };
        let text = format!("email,{column}\nada@example.org,{cell}\n");
        let (lines, _) = read_as(options, text.as_bytes(), 64).unwrap();
        assert_eq!(standings(&lines), [format!("ada {expected}")], "{column}");
    }
}

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
    let suppression = |reason| crate::subscriber::Suppression {
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
