use serde_json::Value;
use tokio::task::spawn_blocking;

use letterpress::subscriber::Status;

use crate::cli::mailing::weekly;
use crate::cli::name_server::{NameServer, Record, Zone};
use crate::cli::{Answer, Sandbox};
use crate::smtp::server::{Act, Server, usual};

const KEY: &str = "letterpress._domainkey.weekly.test";

/// A newsletter with a list and a key that signs, and the record of that key.
async fn signed() -> (Sandbox, String) {
    spawn_blocking(sign).await.unwrap()
}

fn sign() -> (Sandbox, String) {
    let sandbox = weekly(&[("ada@example.net", Status::Confirmed)]);
    set_mode(&sandbox, "data/server.key", 0o600);
    let made = sandbox
        .run(&["dkim", "generate", "--json"])
        .expect(0)
        .json();
    let settings = format!(
        "{}\n{}",
        crate::cli::SETTINGS,
        made["settings"].as_str().unwrap()
    );
    sandbox.write("config/letterpress.toml", settings);
    let record = made["keys"][0]["value"].as_str().unwrap().to_owned();
    (sandbox, record)
}

fn set_mode(sandbox: &Sandbox, path: &str, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(sandbox.path(path), mode).unwrap();
    }
}

fn txt(name: &str, text: &str) -> (String, Record) {
    (name.to_owned(), Record::Txt(text.to_owned()))
}

fn of(name: &str, record: Record) -> (String, Record) {
    (name.to_owned(), record)
}

/// All that a domain should publish.
fn sound(key: &str) -> Zone {
    vec![
        txt(KEY, key),
        txt("weekly.test", "v=spf1 ip4:192.0.2.0/24 ~all"),
        txt("weekly.test", "another=1"),
        txt("_dmarc.weekly.test", "v=DMARC1; p=none"),
        of("weekly.test", Record::Mx(20, "spare.weekly.test")),
        of("weekly.test", Record::Mx(10, "mail.weekly.test")),
        of("mail.weekly.test", Record::Address("192.0.2.7")),
        of("7.2.0.192.in-addr.arpa", Record::Ptr("mail.weekly.test")),
    ]
}

/// Runs `doctor` with this relay and this name server.
async fn run(sandbox: Sandbox, relay: u16, names: &NameServer, more: &[&str]) -> (Sandbox, Answer) {
    let more: Vec<String> = more.iter().map(|one| (*one).to_owned()).collect();
    let at = format!("--resolver={}", names.at);
    spawn_blocking(move || {
        let port = format!("smtp.port={relay}");
        let mut arguments = vec!["--set", "smtp.host=127.0.0.1", "--set", "smtp.tls=none"];
        arguments.extend(["--set", &port, "--set", "smtp.hello=mail.weekly.test"]);
        arguments.extend(more.iter().map(String::as_str));
        if !more.iter().any(|one| one == "doctor") {
            arguments.push("doctor");
        }
        arguments.push(&at);
        let answer = sandbox.run(&arguments);
        (sandbox, answer)
    })
    .await
    .unwrap()
}

/// The same beside servers that have nothing against anybody.
async fn examined(sandbox: Sandbox, zone: Zone, more: &[&str]) -> (Sandbox, Value) {
    let relay = Server::start(|question, _| usual(question)).await;
    let names = NameServer::start(zone).await;
    let more: Vec<&str> = more.iter().copied().chain(["doctor", "--json"]).collect();
    let (sandbox, answer) = run(sandbox, relay.port(), &names, &more).await;
    (sandbox, answer.json())
}

/// State, message and what to copy of a check.
#[track_caller]
fn check<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str, &'a str) {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|one| one["check"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {report:#}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default();
    (text("state"), text("message"), text("paste"))
}

#[tokio::test]
async fn a_domain_in_order_is_said_to_be() {
    let (sandbox, key) = signed().await;
    let (_, report) = examined(sandbox, sound(&key), &[]).await;
    for name in [
        "link-key",
        "dkim-key",
        "store",
        "relay",
        "dkim",
        "spf",
        "dmarc",
        "return-path",
        "ptr",
    ] {
        assert_eq!(check(&report, name).0, "ok", "{name}: {report:#}");
    }
    assert_eq!(report["ok"], true, "{report:#}");
    let relay = check(&report, "relay").1;
    assert!(
        relay.contains("AUTH") && relay.contains("8BITMIME"),
        "{relay}"
    );
    assert_eq!(
        check(&report, "ptr").1,
        "is mail.weekly.test, and that is it"
    );
}

#[tokio::test]
async fn what_is_not_published_is_given_to_be_copied() {
    let (sandbox, key) = signed().await;
    let zone = vec![of("weekly.test", Record::Address("192.0.2.7"))];
    let (_, report) = examined(sandbox, zone, &["--set", "smtp.hello=weekly.test"]).await;
    let (state, _, paste) = check(&report, "dkim");
    let copied: String = paste.split('"').skip(1).step_by(2).collect();
    assert_eq!((state, copied.as_str()), ("error", key.as_str()));
    let spf = "weekly.test. IN TXT \"v=spf1 ip4:192.0.2.7 ~all\"";
    assert_eq!(check(&report, "spf").2, spf);
    let dmarc = "_dmarc.weekly.test. IN TXT \"v=DMARC1; p=none\"";
    assert_eq!(check(&report, "dmarc").2, dmarc);
    assert_eq!(check(&report, "return-path").0, "warning");
    assert_eq!(check(&report, "ptr").0, "error");
    assert_eq!(report["ok"], false);
}

#[tokio::test]
async fn records_that_receivers_do_not_take_are_told() {
    let (sandbox, key) = signed().await;
    let wrong_key = key.replace("p=MIIB", "p=MIIC");
    let many = "v=spf1 include:a.test include:b.test include:c.test include:d.test a mx \
                include:e.test include:f.test include:g.test include:h.test exists:%{i}.x.test ~all";
    type Case = (&'static str, &'static str, &'static str, &'static str);
    let cases: [(Case, Vec<(String, Record)>); 11] = [
        (
            ("dkim", KEY, "error", "another key is published"),
            vec![txt(KEY, &wrong_key)],
        ),
        (
            ("dkim", KEY, "error", "several records"),
            vec![txt(KEY, &key), txt(KEY, &key)],
        ),
        (
            ("dkim", KEY, "error", "taken back"),
            vec![txt(KEY, "v=DKIM1; p=")],
        ),
        (
            ("dkim", KEY, "warning", "as a test"),
            vec![txt(KEY, &format!("{key}; t=y"))],
        ),
        (
            ("spf", "weekly.test", "error", "it has 2 records"),
            vec![
                txt("weekly.test", "v=spf1 -all"),
                txt("weekly.test", "v=spf1 mx -all"),
            ],
        ),
        (("spf", "weekly.test", "error", "takes 11 questions"), {
            let mut zone = vec![txt("weekly.test", many)];
            zone.extend(
                "abcdefgh"
                    .chars()
                    .map(|name| txt(&format!("{name}.test"), "v=spf1 -all")),
            );
            zone
        }),
        (
            ("spf", "weekly.test", "error", "no SPF record"),
            vec![txt("weekly.test", "v=spf1 include:gone.test ~all")],
        ),
        (
            ("spf", "weekly.test", "error", "anybody"),
            vec![txt("weekly.test", "v=spf1 +all")],
        ),
        (
            (
                "spf",
                "weekly.test",
                "warning",
                "does not list the relay's 192.0.2.7",
            ),
            vec![txt("weekly.test", "v=spf1 ip4:203.0.113.0/24 ~all")],
        ),
        (
            (
                "dmarc",
                "_dmarc.weekly.test",
                "error",
                "none of none, quarantine",
            ),
            vec![txt("_dmarc.weekly.test", "v=DMARC1; p=maybe")],
        ),
        (
            ("return-path", "weekly.test", "error", "takes no mail"),
            vec![
                of("weekly.test", Record::Mx(0, ".")),
                txt("weekly.test", "v=spf1 -all"),
            ],
        ),
    ];
    let mut sandbox = sandbox;
    for ((name, at, state, words), records) in cases {
        let mut zone = sound(&key);
        zone.retain(|(known, _)| known != at);
        zone.extend(records);
        let (back, report) = examined(sandbox, zone, &[]).await;
        sandbox = back;
        let found = check(&report, name);
        assert_eq!(found.0, state, "{words}: {found:?}");
        assert!(found.1.contains(words), "{words}: {found:?}");
    }
}

#[tokio::test]
async fn a_service_is_to_be_included_and_takes_bounces_itself() {
    let (sandbox, key) = signed().await;
    let set = ["--set", "smtp.preset=mailgun"];
    let (sandbox, report) = examined(sandbox, sound(&key), &set).await;
    let (state, words, paste) = check(&report, "spf");
    assert_eq!(
        (state, words),
        ("warning", "it does not include mailgun.org")
    );
    assert!(
        paste.contains("ip4:192.0.2.0/24 include:mailgun.org ~all"),
        "{paste}"
    );
    assert_eq!(check(&report, "return-path").0, "ok");
    let mut zone = sound(&key);
    zone.retain(|(name, _)| name != "weekly.test");
    zone.push(txt("weekly.test", "v=spf1 include:spf.weekly.test ~all"));
    zone.push(txt("spf.weekly.test", "v=spf1 include:mailgun.org ~all"));
    zone.push(txt("mailgun.org", "v=spf1 ip4:192.0.2.0/24 ~all"));
    let (_, report) = examined(sandbox, zone, &set).await;
    let spf = check(&report, "spf");
    assert_eq!((spf.0, spf.1), ("ok", "lists the relay, 2 of 10 questions"));
}

#[tokio::test]
async fn a_policy_above_the_domain_counts_and_a_strict_one_is_held_to() {
    let (sandbox, key) = signed().await;
    let settings = sandbox.read("config/letterpress.toml");
    let settings = settings.replace("editor@weekly.test", "editor@news.weekly.test");
    sandbox.write("config/letterpress.toml", settings);
    let mut zone = sound(&key);
    let (sandbox, report) = examined(sandbox, zone.clone(), &[]).await;
    let dmarc = check(&report, "dmarc");
    assert_eq!(dmarc.0, "ok", "{dmarc:?}");
    assert!(
        dmarc.1.contains("p=none at _dmarc.weekly.test"),
        "{dmarc:?}"
    );
    zone.retain(|(name, _)| name != "_dmarc.weekly.test");
    zone.push(txt("_dmarc.weekly.test", "v=DMARC1; p=reject; adkim=s"));
    let (_, report) = examined(sandbox, zone, &[]).await;
    let dmarc = check(&report, "dmarc");
    assert_eq!(dmarc.0, "error", "{dmarc:?}");
}

#[tokio::test]
async fn a_long_record_comes_over_tcp_and_a_dumb_name_server_is_named() {
    let (sandbox, key) = signed().await;
    let mut zone = sound(&key);
    zone[0] = txt(KEY, &format!("{key}; n={}", "x".repeat(900)));
    let relay = Server::start(|question, _| usual(question)).await;
    let names = NameServer::start(zone).await;
    let (sandbox, answer) = run(sandbox, relay.port(), &names, &[]).await;
    answer.says("the key in the DNS is the one in use");
    assert!(names.streams() > 0);
    let names = NameServer::start(vec![of(KEY, Record::Fails)]).await;
    let (_, answer) = run(sandbox, relay.port(), &names, &[]).await;
    answer
        .expect(4)
        .says("the name server does not say what letterpress._domainkey.weekly.test is")
        .says("--resolver 9.9.9.9");
}

#[tokio::test]
async fn a_relay_that_refuses_is_told_with_what_to_do() {
    let (sandbox, key) = signed().await;
    sandbox.write("data/password", "wrong\n");
    let relay = Server::start(|question, _| match question {
        line if line.starts_with("AUTH") => Act::Say("535 5.7.8 no\r\n"),
        _ => usual(question),
    })
    .await;
    let names = NameServer::start(sound(&key)).await;
    let login = [
        "--set",
        "smtp.username=ada",
        "--set",
        "smtp.password_file=data/password",
    ];
    let (_, answer) = run(sandbox, relay.port(), &names, &login).await;
    let answer = answer
        .expect(4)
        .says("535 5.7.8")
        .says("check smtp.username");
    assert!(!answer.out.contains("wrong"), "{}", answer.out);
    assert!(!relay.asked().contains("MAIL"), "{}", relay.asked());
}

#[test]
fn a_fresh_folder_is_told_what_it_needs() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["init", "."]).expect(0);
    let answer = sandbox.run(&["doctor"]).expect(2);
    let answer = answer
        .says("smtp.host is not set")
        .says("[smtp]\nhost = \"smtp.example.org\"")
        .says("belongs to nobody")
        .says("data/server.key: signs the links")
        .says("letterpress dkim generate")
        .says("letterpress subscribers import")
        .says("free");
    assert!(!answer.out.contains("  way-out  error"), "{}", answer.out);
    let report = sandbox.run(&["doctor", "--json"]).expect(2).json();
    assert_eq!(report["ok"], false);
    assert_eq!(check(&report, "dns").0, "skipped");
    sandbox
        .run(&["doctor", "--resolver", "nobody"])
        .expect(2)
        .says("write an address such as 9.9.9.9");
}

#[test]
fn a_damaged_store_and_an_open_key_are_told() {
    let sandbox = weekly(&[("ada@example.net", Status::Confirmed)]);
    set_mode(&sandbox, "data/server.key", 0o644);
    let path = sandbox.path("data/letterpress.db");
    let mut bytes = std::fs::read(&path).unwrap();
    // Beyond the first page, which tells that it is a store at all.
    for page in bytes[4096..].chunks_mut(4096) {
        page[..64].fill(0xff);
    }
    std::fs::write(&path, bytes).unwrap();
    let report = sandbox.run(&["doctor", "--json"]).json();
    assert_eq!(check(&report, "store").0, "error", "{report:#}");
    #[cfg(unix)]
    assert_eq!(check(&report, "link-key").2, "chmod 600 data/server.key");
}
