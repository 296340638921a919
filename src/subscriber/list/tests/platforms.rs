//! Each platform's list in its real shape, and what becomes of it.

use crate::subscriber::Status;
use crate::subscriber::list::tests::{check, entry, now, options, read_as, standings};
use crate::subscriber::list::{Bad, Format, Options, Remark, Skipped, What};

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
