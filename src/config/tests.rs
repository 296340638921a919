use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::{Key, Layer, Loaded, Sources, load, show_json, show_toml};
use crate::issue;

fn file(text: &str) -> Sources {
    Sources {
        file: Some(("letterpress.toml".to_owned(), text.as_bytes().to_vec())),
        ..Sources::default()
    }
}

fn environment(variables: &[(&str, &str)]) -> Sources {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sources {
        environment: variables.iter().map(owned).collect(),
        ..Sources::default()
    }
}

/// `line:column code help` of each finding.
fn findings(loaded: &Loaded) -> Vec<String> {
    let finding = |one: &crate::diagnostic::Finding| {
        let at = one.place.as_ref().map(|place| place.start);
        format!(
            "{}:{} {} {}",
            at.map_or(0, |at| at.line),
            at.map_or(0, |at| at.column),
            one.code,
            one.help.as_deref().unwrap_or("-")
        )
    };
    loaded.findings.iter().map(finding).collect()
}

#[test]
fn the_defaults_alone_are_sound() {
    let loaded = load(&Sources::default());
    assert_eq!(findings(&loaded), [""; 0]);
    assert_eq!(loaded.settings.issues.reading, issue::Settings::default());
    assert!(loaded.settings.require_web().is_err());
}

#[test]
fn every_setting_of_reading_stands_in_the_defaults() {
    let unknown: toml::Table = toml::from_str("no_such_key = 1").unwrap();
    let complaint = issue::Settings::deserialize(unknown)
        .unwrap_err()
        .to_string();
    let (_, expected) = complaint.split_once("expected one of").unwrap();
    let defaults: toml::Table = toml::from_str(crate::config::DEFAULT).unwrap();
    for name in expected.split('`').skip(1).step_by(2) {
        assert!(
            defaults["issues"].get(name).is_some(),
            "{name} is not in config/default.toml"
        );
    }
}

#[test]
fn every_default_has_a_comment_above_it() {
    let lines: Vec<&str> = crate::config::DEFAULT.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(lines[index - 1].starts_with('#'), "{line}");
        }
    }
}

#[test]
fn later_layers_win_and_are_named() {
    let sources = Sources {
        flags: vec!["feeds.entries=7".to_owned()],
        ..Sources {
            environment: environment(&[
                ("LETTERPRESS__SMTP__PORT", "2525"),
                ("LETTERPRESS__FEEDS__ENTRIES", "9"),
            ])
            .environment,
            ..file("[smtp]\nport = 25\ntls = \"implicit\"\n[feeds]\nentries = \"all\"\n")
        }
    };
    let loaded = load(&sources);
    assert_eq!(findings(&loaded), [""; 0]);
    assert_eq!(loaded.settings.smtp.relay.port, 2525);
    assert_eq!(loaded.settings.feeds.entries, Some(7));
    let place = |key: &str| {
        let entry = loaded.values.get(&Key::new(key)).unwrap();
        (entry.layer, loaded.values.place(entry))
    };
    assert_eq!(
        place("smtp.port"),
        (Layer::Environment, "LETTERPRESS__SMTP__PORT".to_owned())
    );
    assert_eq!(
        place("smtp.tls"),
        (Layer::File, "letterpress.toml:3".to_owned())
    );
    assert_eq!(place("feeds.entries"), (Layer::Flag, "--set".to_owned()));
    assert_eq!(place("smtp.host"), (Layer::Default, "default".to_owned()));
}

#[test]
fn mistakes_are_found_with_their_place() {
    for (text, expected) in [
        (
            "[smtp]\nprot = 1",
            "2:1 unknown-setting did you mean `smtp.port`?",
        ),
        (
            "[smpt]\nport = 1",
            "1:2 unknown-setting did you mean `smtp`?",
        ),
        (
            "title = \"T\"",
            "1:1 unknown-setting did you mean `newsletter.title`?",
        ),
        (
            "[newsletter]\ntitle = \"周刊\"\nurl = \"proof\"",
            "3:7 bad-setting write it whole, such as \"https://weekly.example.org/\"",
        ),
        (
            "[newsletter]\nurl = \"https://a.test/b\"",
            "2:7 bad-setting write \"https://a.test/b/\"",
        ),
        (
            "[newsletter]\ntime_zone = \"Europe/Lisboa\"",
            "2:13 bad-setting did you mean \"Europe/Lisbon\"?",
        ),
        (
            "[newsletter]\nlanguage = \"english\"",
            "2:12 bad-setting write a tag such as \"en\", \"zh-Hans\" or \"pt-BR\"",
        ),
        (
            "[newsletter]\nfrom = \"The Editor\"",
            "2:8 bad-setting write \"Name <name@example.org>\"",
        ),
        (
            "[languages.zh]\nfrom = \"x\"",
            "2:8 bad-setting write \"Name <name@example.org>\"",
        ),
        (
            "[languages.zh]\ntitel = \"x\"",
            "2:1 unknown-setting did you mean `languages.zh.title`?",
        ),
        ("[smtp]\nport = \"25\"", "2:8 bad-setting -"),
        ("[smtp]\nport = 70000", "2:8 bad-setting -"),
        (
            "smtp = 1",
            "1:8 bad-setting write [smtp] on a line of its own, its keys below it",
        ),
        (
            "[mail]\nparts = \"txt\"",
            "2:9 bad-setting did you mean \"text\"?",
        ),
        (
            "[issues]\npermalink = \"/issues/\"",
            "2:13 bad-setting such as \"/issues/{slug}/\" or \"/{year}/{slug}.html\"",
        ),
        (
            "[issues.levels]\ninsecure-url = \"none\"",
            "2:16 bad-setting did you mean \"note\"?",
        ),
        ("[issues]\nsection_levels = [2, 9]", "2:18 bad-setting -"),
        ("[feeds]\nentries = 0", "2:11 bad-setting -"),
        (
            "[feeds]\nalso = [\"../x\"]",
            "2:8 bad-setting write \"/rss.xml\" or \"/feed/index.xml=rss.xml\"",
        ),
        (
            "[look]\naccent = \"red\"",
            "2:10 bad-setting write six hexadecimal digits, such as \"#B3361B\"",
        ),
        (
            "[look]\naccent = \"#ff8800\"",
            "2:10 bad-setting the nearest tone that can be is \"#A85900\"",
        ),
    ] {
        let loaded = load(&file(text));
        assert_eq!(findings(&loaded), [expected], "{text}");
    }
}

#[test]
fn a_pattern_that_does_not_compile_is_shown_where_it_stands() {
    let loaded = load(&file("[issues]\nnumber_regex = \"(\"\n"));
    assert_eq!(loaded.findings.len(), 1, "{:?}", loaded.findings);
    assert_eq!(loaded.findings[0].place.as_ref().unwrap().start.line, 2);
}

#[test]
fn broken_toml_is_found_and_the_rest_is_read() {
    let loaded = load(&file("[newsletter]\ntitle = \"T\nlanguage = \"de\"\n"));
    assert_eq!(loaded.findings[0].code, "bad-toml");
    assert_eq!(loaded.findings[0].place.as_ref().unwrap().start.line, 2);
    let mut bytes = "[newsletter]\ntitle = \"校样 ".as_bytes().to_vec();
    bytes.push(0xff);
    let loaded = load(&Sources {
        file: Some(("a.toml".to_owned(), bytes)),
        ..Sources::default()
    });
    assert_eq!(findings(&loaded), ["2:13 not-utf8 save the file as UTF-8"]);
}

#[test]
fn secrets_come_from_the_environment_alone_and_are_never_shown() {
    let loaded = load(&file("[smtp]\npassword = \"hunter2\"\n"));
    assert_eq!(loaded.findings[0].code, "bad-setting");
    let shown = format!("{:?}", loaded.findings);
    assert!(!shown.contains("hunter2"), "{shown}");
    let loaded = load(&environment(&[("LETTERPRESS__SMTP__PASSWORD", "hunter2")]));
    assert_eq!(findings(&loaded), [""; 0]);
    assert!(loaded.settings.smtp.relay.password.is_some());
    let shown = format!(
        "{}{}{:?}",
        show_toml(&loaded.values),
        show_json(&loaded.values),
        loaded.settings
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("smtp.password is set"));
}

#[test]
fn the_environment_speaks_without_quotes() {
    let loaded = load(&environment(&[
        ("LETTERPRESS__ISSUES__PATHS", "content/posts, more"),
        ("LETTERPRESS__ISSUES__LEVELS__INSECURE_URL", "off"),
        ("LETTERPRESS__LANGUAGES__ZH_HANS__TITLE", "校样"),
        ("LETTERPRESS__ARCHIVE__ENABLED", "false"),
        ("LETTERPRESS_CORPUS", "elsewhere"),
    ]));
    assert_eq!(findings(&loaded), [""; 0]);
    let settings = loaded.settings;
    assert_eq!(settings.issues.paths, ["content/posts", "more"]);
    assert_eq!(settings.issues.reading.levels["insecure-url"], "off");
    assert!(!settings.archive.enabled);
    let chinese = settings.newsletter.in_language("zh-Hans");
    assert_eq!(chinese.title, "校样");
    let loaded = load(&environment(&[("LETTERPRESS__SMTP__PROT", "1")]));
    assert_eq!(
        findings(&loaded),
        ["1:1 unknown-setting did you mean `LETTERPRESS__SMTP__PORT`?"]
    );
}

#[test]
fn what_is_shown_can_be_pasted_back() {
    let text = "[newsletter]\ntitle = \"A \\\"title\\\" # here\"\naddress = \"one\\ntwo\"\n\
                [languages.zh]\ntitle = \"校样\"\n[issues.language_tags]\n\"in English\" = \"en\"\n";
    let first = load(&file(text));
    let shown = show_toml(&first.values);
    let second = load(&file(&shown));
    assert_eq!(findings(&second), [""; 0], "{shown}");
    let values = |loaded: &Loaded| -> BTreeMap<String, String> {
        let entries = loaded.values.iter();
        entries
            .map(|(key, entry)| (key.to_string(), entry.value.to_string()))
            .collect()
    };
    assert_eq!(values(&first), values(&second));
}

#[test]
fn what_is_missing_is_named_by_those_who_need_it() {
    let loaded = load(&file(
        "[newsletter]\ntitle = \"T\"\nurl = \"https://a.test/\"\n",
    ));
    let settings = loaded.settings;
    assert!(settings.require_web().is_ok());
    let missing = settings.require_relay().unwrap_err();
    assert_eq!(missing.keys, ["newsletter.from", "smtp.host"]);
    assert_eq!(settings.newsletter.list_id, "a.test");
    assert_eq!(settings.server.url.as_str(), "https://a.test/");
}

#[test]
fn language_tags_take_their_usual_form() {
    for (written, expected) in [("EN", "en"), ("zh_hans", "zh-Hans"), ("pt-br", "pt-BR")] {
        let loaded = load(&file(&format!("[newsletter]\nlanguage = \"{written}\"")));
        assert_eq!(loaded.settings.newsletter.language, expected);
    }
}

#[test]
fn a_feed_address_tells_which_feed_it_means() {
    let text = "[feeds]\nalso = [\"/rss.xml\", \"/atom.xml\", \"/feed.json\", \"/feed/=atom.xml\"]";
    let also = load(&file(text)).settings.feeds.also;
    let pairs: Vec<(&str, &str)> = also
        .iter()
        .map(|one| (one.path.as_str(), one.feed.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [
            ("rss.xml", "rss.xml"),
            ("atom.xml", "atom.xml"),
            ("feed.json", "feed.json"),
            ("feed/", "atom.xml")
        ]
    );
}

#[test]
fn limits_of_a_preset_stand_where_nothing_is_set() {
    let loaded = load(&file("[smtp]\npreset = \"ses\"\nper_day = 0\n"));
    assert_eq!(findings(&loaded), [""; 0]);
    let pace = loaded.settings.delivery.pace;
    assert_eq!((pace.per_second, pace.per_day), (14, 0));
    assert_eq!(
        (pace.connections, loaded.settings.delivery.connections),
        (4, 4)
    );
    let shown = show_json(&loaded.values);
    assert_eq!(shown["smtp.per_second"]["layer"], "preset");
    assert_eq!(shown["smtp.per_day"]["layer"], "file");
    let text = show_toml(&loaded.values);
    assert!(text.contains("per_second = 14"), "{text}");
    assert!(text.contains("# smtp.preset\n"), "{text}");

    let loaded = load(&environment(&[("LETTERPRESS__SMTP__PRESET", "brevo")]));
    assert_eq!(loaded.settings.smtp.relay.host, "smtp-relay.brevo.com");
    assert_eq!(loaded.settings.smtp.preset.name, "brevo");
    let missing = loaded.settings.require_relay().unwrap_err();
    assert!(!missing.keys.contains(&"smtp.host"));
}

#[test]
fn providers_and_a_second_relay_have_settings_of_their_own() {
    let mut sources = file(
        "[smtp]\nconnections = 8\n[smtp.providers.\"GoogleMail.com\"]\nper_minute = 60\n\
         [smtp.providers.\"example.org\"]\nconnections = 1\n\
         [smtp.fallback]\nhost = \"two.example.org\"\ntls = \"implicit\"\n",
    );
    sources.environment =
        environment(&[("LETTERPRESS__SMTP__FALLBACK__PASSWORD", "hunter2")]).environment;
    let loaded = load(&sources);
    assert_eq!(findings(&loaded), [""; 0]);
    let delivery = &loaded.settings.delivery;
    assert_eq!(delivery.connections, 8);
    let names: Vec<&String> = delivery.providers.keys().collect();
    assert_eq!(names, ["example.org", "gmail.com"]);
    let gmail = delivery.providers["gmail.com"];
    assert_eq!((gmail.per_minute, gmail.connections), (60, 0));
    let fallback = loaded.settings.smtp.fallback.unwrap();
    assert_eq!(fallback.relay.port, 465);
    assert!(fallback.relay.password.is_some());
    assert!(!show_toml(&loaded.values).contains("hunter2"));
    assert!(load(&Sources::default()).settings.smtp.fallback.is_none());
}

#[test]
fn times_of_the_delivery_are_judged_where_they_are() {
    let cases = [
        (
            "[delivery]\ngive_up = \"5\"",
            "2:11 bad-setting say of what: s, m, h or d, such as \"30m\"",
        ),
        ("[delivery]\nlate = 60", "2:8 bad-setting -"),
        (
            "[delivery]\nretry_first = \"4h\"",
            "2:15 bad-setting make it shorter, or delivery.retry_max longer",
        ),
        (
            "[delivery]\nretry_frist = \"4h\"",
            "2:1 unknown-setting did you mean `delivery.retry_first`?",
        ),
        (
            "[store]\nurl = \"mysql://localhost/x\"",
            "2:7 bad-setting write \"sqlite:data/letterpress.db\", or postgres://USER@HOST/DATABASE",
        ),
        (
            "[store]\nurl = \"postgres://me:hunter2@localhost/x\"",
            "2:7 bad-setting put it into LETTERPRESS__STORE__PASSWORD, or into a file that store.password_file names",
        ),
        (
            "[store]\nurl = \"postgres:///x\"",
            "2:7 bad-setting write postgres://USER@HOST/DATABASE",
        ),
        (
            "[smtp]\npreset = \"sess\"",
            "2:10 bad-setting did you mean \"ses\"?",
        ),
        ("[smtp]\nconnections = 0", "2:15 bad-setting -"),
        (
            "[smtp.providers.\"gmail.com\"]\nper_dya = 1",
            "2:1 unknown-setting did you mean `smtp.providers.\"gmail.com\".per_day`?",
        ),
        (
            "[smtp.providers.\"gmail.com\"]\nper_day = 1\n[smtp.providers.\"googlemail.com\"]\nper_day = 1",
            "4:11 bad-setting all domains of a provider count together: keep one table",
        ),
        (
            "[smtp.fallback]\npassword = \"x\"",
            "2:1 bad-setting put it into the environment as LETTERPRESS__SMTP__FALLBACK__PASSWORD, or into a file that smtp.fallback.password_file names",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(findings(&load(&file(text))), [expected], "{text}");
    }
    let loaded = load(&file(
        "[delivery]\nretry_first = \"45m\"\n[store]\nurl = \"sqlite:///var/x.db\"",
    ));
    let first = loaded.settings.delivery.retry.first;
    assert_eq!(first, std::time::Duration::from_secs(45 * 60));
    assert_eq!(loaded.settings.store.path, "/var/x.db");
    let loaded = load(&file("[store]\nurl = \"postgres://me@localhost/x\""));
    let server = loaded.settings.store.server.unwrap();
    assert_eq!(server.place(), "postgres://me@localhost/x");
    let usual = load(&Sources::default()).settings;
    assert_eq!(usual.delivery.retry, crate::mailing::Retry::default());
    assert_eq!(usual.store.path, "data/letterpress.db");
}

#[test]
fn keys_for_signing_are_asked_for_in_full_and_of_the_senders_domain() {
    let sender = "[newsletter]\nfrom = \"a@news.example.org\"\n";
    for (dkim, expected) in [
        ("", ""),
        ("selector = \"s\"\nkey_file = \"k\"", ""),
        (
            "domain = \"example.org\"\nselector = \"s\"\nkey_file = \"k\"",
            "",
        ),
        (
            "domain = \"example.com\"\nselector = \"s\"\nkey_file = \"k\"",
            "4:10 dkim-alignment set dkim.domain to \"news.example.org\" or one above it, with a key for it",
        ),
        (
            "domain = \"no domain\"",
            "4:10 bad-setting write it like \"example.org\"",
        ),
        (
            "selector = \"s\"",
            "4:12 bad-setting `letterpress dkim generate` makes a key",
        ),
        (
            "key_file = \"k\"",
            "4:12 bad-setting write dkim.selector = \"letterpress\", or the name you published",
        ),
        (
            "key_file = \"k\"\nselector = \"a b\"",
            "5:12 bad-setting it is part of a host name, such as \"letterpress\"",
        ),
        (
            "ed25519_key_file = \"k\"\ned25519_selector = \"s\"",
            "4:20 bad-setting set dkim.selector and dkim.key_file too",
        ),
        (
            "key_file = \"k\"\nselector = \"s\"\ned25519_key_file = \"l\"\ned25519_selector = \"s\"",
            "7:20 bad-setting publish each under a name of its own",
        ),
    ] {
        let loaded = load(&file(&format!("{sender}[dkim]\n{dkim}\n")));
        assert_eq!(findings(&loaded).join("\n"), expected, "{dkim}");
    }
    let other =
        "[languages.de]\nfrom = \"b@example.net\"\n[dkim]\nselector = \"s\"\nkey_file = \"k\"\n";
    let loaded = load(&file(&format!("{sender}{other}")));
    assert_eq!(loaded.findings[0].code, "dkim-alignment");
    assert_eq!(loaded.findings[0].place.as_ref().unwrap().start.line, 4);
    assert_eq!(loaded.settings.dkim.domain, "news.example.org");
}
