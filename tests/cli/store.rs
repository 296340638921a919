//! `store copy`, there and back.

use crate::cli::{Sandbox, issue};
use crate::store::server::Database;

const LIST: &str = "email,name,status,language,tags,attributes\n\
    ada@example.org,Ada,confirmed,en,\"a,b\",\"{\"\"city\"\": \"\"Zürich\"\"}\"\n\
    bob@example.org,Bob,unsubscribed,,,\n\
    cyd@example.net,,pending,de,,\n";

fn export(sandbox: &Sandbox) -> String {
    let answer = sandbox.run(&["subscribers", "export"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    answer.out
}

#[test]
fn a_store_is_copied_there_and_back_and_stays_the_same() {
    let Some(database) = Database::new() else {
        return;
    };
    let sandbox = Sandbox::with(&[("list.csv", LIST)]);
    sandbox.write("issues/1.md", issue(1, "2026-01-02", "Words."));
    let imported = sandbox.run(&["subscribers", "import", "list.csv"]);
    assert_eq!(imported.code, 0, "{}", imported.err);
    sandbox.run(&["subscribers", "erase", "cyd@example.net"]);
    let before = export(&sandbox);
    assert!(before.contains("Zürich"), "{before}");

    let url = database.url();
    let copied = sandbox.run(&["store", "copy", "sqlite:data/letterpress.db", &url]);
    assert_eq!(copied.code, 0, "{}", copied.err);
    assert!(copied.err.contains("read them back"), "{}", copied.err);
    let full = sandbox.run(&["store", "copy", "sqlite:data/letterpress.db", &url]);
    assert_eq!(full.code, 2, "{}", full.err);

    let back = sandbox.run(&["store", "copy", &url, "sqlite:data/back.db"]);
    assert_eq!(back.code, 0, "{}", back.err);
    for store in [url.as_str(), "sqlite:data/back.db"] {
        let settings = sandbox.read("config/letterpress.toml");
        let plain = settings.split("[store]").next().unwrap().to_owned();
        sandbox.write(
            "config/letterpress.toml",
            format!("{plain}[store]\nurl = \"{store}\"\n"),
        );
        assert_eq!(export(&sandbox), before, "{store}");
    }
}

#[test]
fn a_worker_wants_a_store_that_can_be_shared() {
    let sandbox = Sandbox::with(&[("list.csv", LIST)]);
    sandbox.run(&["subscribers", "import", "list.csv"]);
    let settings = sandbox.read("config/letterpress.toml");
    sandbox.write(
        "config/letterpress.toml",
        format!("{settings}[smtp]\nhost = \"127.0.0.1\"\n"),
    );
    sandbox.write("data/server.key", "5a".repeat(32));
    let refused = sandbox.run(&["worker"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(
        refused.err.contains("one process sends from"),
        "{}",
        refused.err
    );
}
