//! What strangers, robots and vandals send to the public door: it is answered
//! with the right status, nothing of it is kept, and nothing is mailed.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use letterpress::store::{Search, Store};
use letterpress::subscriber::{Purpose, Status, Tag};
use letterpress::web::DoorSettings;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::web::{Site, URLENCODED, address, door, field, key, token_by};

const ADA: &str = "ada@example.org";

impl Site {
    /// Nobody asked for anything, and nobody is mailed.
    #[track_caller]
    fn is_untouched(&self) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            assert_eq!(self.unconfirmed().await, [], "{place}");
            assert_eq!(self.notices().await, [], "{place}");
        }
    }
}

#[tokio::test]
async fn what_is_no_address_or_holds_a_header_is_refused() {
    let site = Site::start().await;
    for email in [
        "",
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "\"a b\"@example.org",
        "ada@example.org, bob@example.org",
        "<ada@example.org>",
        "Ada <ada@example.org>",
        &format!("{}@example.org", "a".repeat(65)),
        &"a@".repeat(200),
    ] {
        let reply = site.sign_up(email, "").await.expect(422);
        assert!(
            reply.says("role=\"alert\"").body.contains("value=\"\""),
            "{email}"
        );
    }
    for email in [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nSubject: buy",
        "ada@example.org\0",
        "\tada@example.org",
        "ada\u{7f}@example.org",
        "ada@example.org\u{85}",
    ] {
        site.sign_up(email, "").await.expect(400);
    }
    for more in ["&name=A%0D%0ABcc:+x", "&language=en%0A", "&anything=%00"] {
        site.sign_up(ADA, more).await.expect(400);
    }
    site.is_untouched().await;
}

#[tokio::test]
async fn names_of_markup_and_of_advertisements_are_refused() {
    let site = Site::start().await;
    for name in [
        "<script>alert(1)</script>",
        "<b>Ada</b>",
        "Win now: https://casino.example",
        "www.casino.example",
        "You won 1000 €",
        "{{recipient.address}}",
        "eve@example.org",
        &"long ".repeat(20),
    ] {
        let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let reply = site
            .sign_up(ADA, &format!("&name={name}"))
            .await
            .expect(422);
        let page = reply.body.to_lowercase();
        assert!(
            !page.contains("<script") && !page.contains("casino"),
            "{page}"
        );
    }
    site.is_untouched().await;
}

#[tokio::test]
async fn robots_are_told_what_people_are_and_nothing_follows() {
    let site = Site::start().await;
    let body = format!(
        "email={ADA}&stamp={}&homepage=https://spam.example",
        site.stamp()
    );
    site.post("/subscribe", URLENCODED, &body)
        .await
        .expect(200)
        .says("Look into your mailbox");
    site.is_untouched().await;
}

#[tokio::test]
async fn a_form_that_comes_back_too_fast_or_too_late_is_shown_again() {
    let site = Site::start().await;
    let page = site.get("/subscribe").await.expect(200);
    let stamp = field(&page.body, "stamp").unwrap();
    let body = format!("email={ADA}&stamp={stamp}");
    let again = site.post("/subscribe", URLENCODED, &body).await.expect(422);
    let again = again
        .says("value=\"ada@example.org\"")
        .says("role=\"alert\"");
    site.is_untouched().await;
    // Half a day later the first stamp is too old, and so is the second.
    site.pass(13 * 60);
    let fresh = field(&again.body, "stamp").unwrap();
    for old in [&stamp, &fresh] {
        let body = format!("email={ADA}&stamp={old}");
        site.post("/subscribe", URLENCODED, &body).await.expect(422);
    }
    // A stamp of tomorrow, of another key, of another purpose, cut.
    let tomorrow = site.now().timestamp_millis() + 86_400_000;
    let past = site.now().timestamp_millis() - 10_000;
    for wrong in [
        key(1).ticket(Purpose::Form, Tag::PROBE, tomorrow),
        key(2).ticket(Purpose::Form, Tag::PROBE, past),
        key(1).ticket(Purpose::Confirm, Tag::PROBE, past),
        key(1).ticket(Purpose::Form, Tag::PROBE, i64::MIN),
        key(1).ticket(Purpose::Form, Tag::PROBE, i64::MAX),
        site.stamp()[1..].to_owned(),
        "x".repeat(500),
    ] {
        let body = format!("email={ADA}&stamp={wrong}");
        site.post("/subscribe", URLENCODED, &body).await.expect(422);
    }
    // A form of the archive has none: one more press.
    site.post("/subscribe", URLENCODED, &format!("email={ADA}"))
        .await
        .expect(200)
        .says("value=\"ada@example.org\"");
    site.is_untouched().await;
}

#[tokio::test]
async fn a_flood_from_one_network_is_turned_away_and_others_are_served() {
    let rates = DoorSettings {
        per_network_hour: 5,
        per_hour: 12,
        per_address_day: 2,
        ..door()
    };
    let site = Site::start_with("https://weekly.test/", Some(rates)).await;
    let mut statuses = Vec::new();
    for number in 0..300 {
        let client = format!("203.0.113.{}", number % 250);
        let email = format!("victim{number}@example.org");
        statuses.push(site.sign_up_from(&client, &email, "").await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 5);
    assert!(statuses[5..].iter().all(|status| *status == 429));
    let reply = site.sign_up_from("203.0.113.9", ADA, "").await.expect(429);
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=720).contains(&wait), "{wait}");
    assert_eq!(site.unconfirmed().await.len(), 5);
    assert_eq!(site.notices().await.len(), 5);
    // Somebody else, and all other pages.
    site.sign_up_from("198.51.100.1", ADA, "").await.expect(200);
    site.get("/healthz").await.expect(200);
    // What a stranger says of themselves is not believed.
    let lie = "198.51.100.77, 203.0.113.9";
    site.sign_up_from(lie, ADA, "").await.expect(429);
    // All networks together.
    for number in 0..20 {
        let client = format!("192.0.{number}.1");
        site.sign_up_from(&client, &format!("x{number}@example.org"), "")
            .await;
    }
    assert_eq!(site.unconfirmed().await.len(), 12);
}

#[tokio::test]
async fn an_address_that_is_asked_for_again_and_again_is_left_alone() {
    let rates = DoorSettings {
        per_address_day: 2,
        ..door()
    };
    let site = Site::start_with("https://weekly.test/", Some(rates)).await;
    for number in 0..6 {
        let client = format!("192.0.{number}.1");
        let email = format!("ada+{number}@example.org");
        let reply = site.sign_up_from(&client, &email, "").await.expect(200);
        reply.says("Look into your mailbox");
    }
    assert_eq!(site.notices().await.len(), 2);
}

#[tokio::test]
async fn a_full_outbox_takes_nobody_and_says_so() {
    let small = DoorSettings {
        outbox: 2,
        ..door()
    };
    let site = Site::start_with("https://weekly.test/", Some(small)).await;
    for (email, status) in [("a@example.org", 200), ("b@example.org", 200), (ADA, 429)] {
        site.sign_up(email, "").await.expect(status);
    }
    assert_eq!(site.unconfirmed().await.len(), 2);
}

#[tokio::test]
async fn tokens_that_are_not_ours_do_nothing() {
    let site = Site::start().await;
    site.join(ADA, Status::Confirmed).await;
    let now = site.now().timestamp_millis();
    let tag = key(1).tag(&address(ADA));
    let mut tokens = vec![
        key(2).ticket(Purpose::Confirm, tag, now),
        key(1).ticket(Purpose::Account, tag, now),
        token_by(1, Purpose::Unsubscribe, ADA),
        "%00".to_owned(),
        "%2e%2e%2fhealthz".to_owned(),
        "..%2f..%2fetc%2fpasswd".to_owned(),
        "A".repeat(5000),
        "'%20OR%201=1".to_owned(),
    ];
    let real = key(1).ticket(Purpose::Confirm, tag, now);
    tokens.push(real[..real.len() - 2].to_owned());
    tokens.push(format!("{real}A"));
    for token in tokens {
        for page in ["confirm", "account"] {
            if page == "account" && token == key(1).ticket(Purpose::Account, tag, now) {
                continue;
            }
            let path = format!("/{page}/{token}");
            site.get(&path).await.expect(404);
            let reply = site
                .post(&path, URLENCODED, "confirm=1&sure=1")
                .await
                .expect(404);
            assert!(!reply.body.contains(ADA), "{}", reply.body);
        }
    }
    assert_eq!(site.entry(ADA).await.subscriber.status, Status::Confirmed);
    site.is_untouched().await;
}

#[tokio::test]
async fn giant_and_endless_bodies_and_odd_methods_change_nothing() {
    let site = Site::start().await;
    let giant = format!("email={ADA}&stamp={}&x={}", site.stamp(), "y".repeat(5000));
    site.post("/subscribe", URLENCODED, &giant)
        .await
        .expect(413);
    let chunk = format!("800\r\n{}\r\n", "y".repeat(0x800)).repeat(3);
    let request = format!(
        "POST /subscribe HTTP/1.1\r\nHost: weekly.test\r\nConnection: close\r\n\
         Content-Type: {URLENCODED}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n"
    );
    site.raw(request.as_bytes()).await.expect(413);
    let half = format!(
        "POST /subscribe HTTP/1.1\r\nHost: weekly.test\r\nContent-Type: {URLENCODED}\r\n\
         Content-Length: 500\r\n\r\nemail={ADA}&stamp={}",
        site.stamp()
    );
    let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
    stream.write_all(half.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut reply = String::new();
    let _ = stream.read_to_string(&mut reply).await;
    assert!(!reply.starts_with("HTTP/1.1 200"), "{reply}");
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let reply = site.ask(method, "/subscribe", "", "").await.expect(405);
        assert!(reply.header("allow").unwrap().contains("POST"));
        site.ask(method, "/confirm/x", "", "").await.expect(405);
        site.ask(method, "/account/x", "", "").await.expect(405);
    }
    for kind in [
        "text/plain",
        "application/xml",
        "",
        "application/x-www-form-urlencoded2",
    ] {
        let body = format!("email={ADA}&stamp={}", site.stamp());
        site.post("/subscribe", kind, &body).await.expect(422);
    }
    site.is_untouched().await;
}

#[tokio::test]
async fn slow_senders_keep_nobody_waiting() {
    let site = Site::start().await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port)).await.unwrap();
        let head = "POST /subscribe HTTP/1.1\r\nHost: weekly.test\r\nContent-Length: 100\r\n\r\ne";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    site.get("/subscribe").await.expect(200);
    site.sign_up(ADA, "").await.expect(200);
    drop(slow);
    assert_eq!(site.notices().await.len(), 1);
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_out_of_the_archive() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    site.write("secret.txt", "a secret");
    let (up, names) = (
        ["..", "%2e%2e", ".%2e", "%2E.", "..;", "%252e%252e", "..%00"],
        ["/", "%2f", "%5c", "\\"],
    );
    for dots in up {
        for slash in names {
            for depth in 1..4 {
                let mut path = String::from("/");
                for _ in 0..depth {
                    write!(path, "{dots}{slash}").unwrap();
                }
                for prefix in ["", "/feeds", "/subscribe", "/confirm"] {
                    let reply = site.get(&format!("{prefix}{path}secret.txt")).await;
                    assert!(
                        (400..500).contains(&reply.status),
                        "{prefix}{path}: {}",
                        reply.status
                    );
                    assert!(!reply.body.contains("a secret"), "{prefix}{path}");
                }
            }
        }
    }
}

#[tokio::test]
async fn scripts_of_sites_that_are_named_may_ask_and_no_others() {
    let site = Site::start().await;
    let ask = |origin: &str| format!("Origin: {origin}\r\nAccept: application/json\r\n");
    let named = "https://www.example.org";
    let given = site
        .ask("GET", "/subscribe", &ask(named), "")
        .await
        .expect(200);
    assert_eq!(given.header("access-control-allow-origin"), Some(named));
    let given: serde_json::Value = serde_json::from_str(&given.body).unwrap();
    assert_eq!(given["trap"], "homepage");
    assert_eq!(given["languages"], serde_json::json!(["en", "zh"]));
    let preflight = "Access-Control-Request-Method: POST\r\n";
    let asked = site
        .ask("OPTIONS", "/subscribe", &(ask(named) + preflight), "")
        .await
        .expect(204);
    assert_eq!(
        asked.header("access-control-allow-headers"),
        Some("content-type")
    );
    let body = |email: &str| {
        serde_json::json!({ "email": email, "stamp": site.stamp(), "language": "zh" }).to_string()
    };
    let json = "Content-Type: application/json\r\n";
    for foreign in [
        "https://evil.example",
        "null",
        "https://www.example.org.evil.example",
    ] {
        site.ask("OPTIONS", "/subscribe", &ask(foreign), "")
            .await
            .expect(403);
        let headers = ask(foreign) + json;
        let reply = site
            .ask("POST", "/subscribe", &headers, &body(ADA))
            .await
            .expect(403);
        assert_eq!(reply.header("access-control-allow-origin"), None);
    }
    site.is_untouched().await;
    for (wrong, code) in [
        (body("nobody"), "bad-address"),
        (r#"{"email": "ada@example.org"}"#.to_owned(), "no-stamp"),
        (
            r#"{"email": ["ada@example.org"], "stamp": 1}"#.to_owned(),
            "no-stamp",
        ),
        ("[".repeat(2000), "no-stamp"),
    ] {
        let headers = ask(named) + json;
        let reply = site
            .ask("POST", "/subscribe", &headers, &wrong)
            .await
            .expect(422);
        let said: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(said["error"]["code"], code, "{wrong}");
    }
    site.is_untouched().await;
    let headers = ask(named) + json;
    let reply = site
        .ask("POST", "/subscribe", &headers, &body(ADA))
        .await
        .expect(202);
    assert_eq!(reply.header("access-control-allow-origin"), Some(named));
    let asked = site.unconfirmed().await;
    assert_eq!(asked[0].address, address(ADA));
    assert_eq!(asked[0].language.as_deref(), Some("zh"));
}

/// Asks again and again, on one connection as long as that lasts, and gives the
/// status of each answer.
async fn flood(port: u16, requests: Vec<String>, answered: Arc<AtomicUsize>) -> Vec<u16> {
    let connect = async || BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    let mut stream = connect().await;
    let mut statuses = Vec::with_capacity(requests.len());
    for request in requests {
        let status = loop {
            if let Some(status) = ask_once(&mut stream, &request).await {
                break status;
            }
            // It was closed behind the answer before.
            stream = connect().await;
        };
        statuses.push(status);
        answered.fetch_add(1, Ordering::SeqCst);
    }
    statuses
}

async fn ask_once(stream: &mut BufReader<TcpStream>, request: &str) -> Option<u16> {
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1)?;
    let mut body = vec![0; length.split("\r\n").next()?.parse().ok()?];
    stream.read_exact(&mut body).await.ok()?;
    head.split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn ten_thousand_sign_ups_of_one_network_leave_twenty_and_others_are_served() {
    const ALL: usize = 10_000;
    const CONNECTIONS: usize = 50;
    let rates = DoorSettings {
        per_network_hour: 20,
        per_hour: 500,
        ..door()
    };
    let site = Site::start_with("https://weekly.test/", Some(rates)).await;
    let stamp = site.stamp();
    let request = |number: usize| {
        let body = format!("email=victim{number}@example.org&stamp={stamp}&name=Ada");
        let client = format!("203.0.113.{}", number % 256);
        format!(
            "POST /subscribe HTTP/1.1\r\nHost: weekly.test\r\nX-Forwarded-For: {client}\r\n\
             Content-Type: {URLENCODED}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let answered = Arc::new(AtomicUsize::new(0));
    let floods: Vec<_> = (0..CONNECTIONS)
        .map(|first| {
            let requests = (first..ALL).step_by(CONNECTIONS).map(request).collect();
            tokio::spawn(flood(site.port, requests, Arc::clone(&answered)))
        })
        .collect();
    // Whoever else is there is answered meanwhile.
    let (mut meanwhile, mut guest) = (0, 0);
    while answered.load(Ordering::SeqCst) < ALL {
        let before = answered.load(Ordering::SeqCst);
        site.get("/healthz").await.expect(200);
        if guest < 5 {
            guest += 1;
            let of = format!("guest{guest}@example.org");
            let from = format!("198.51.{guest}.1");
            site.sign_up_from(&from, &of, "").await.expect(200);
        }
        let after = answered.load(Ordering::SeqCst);
        meanwhile += usize::from(before > 0 && after < ALL);
    }
    assert!(meanwhile > 0);
    let mut statuses = Vec::new();
    for one in floods {
        statuses.extend(one.await.unwrap());
    }
    assert_eq!(statuses.len(), ALL);
    assert_eq!(statuses.iter().filter(|one| **one == 200).count(), 20);
    assert_eq!(statuses.iter().filter(|one| **one == 429).count(), ALL - 20);
    // What the limits let in waits, to be confirmed and mailed once; nothing else.
    assert_eq!(site.unconfirmed().await.len(), 20 + guest);
    assert_eq!(site.notices().await.len(), 20 + guest);
    assert_eq!(site.store.count(Search::default()).await.unwrap(), 0);
}
