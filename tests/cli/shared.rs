//! Programs on a store in PostgreSQL.

use letterpress::store::{Postgres, Store};
use letterpress::subscriber::{Address, Reason, Status};

use crate::cli::Sandbox;
use crate::cli::mailing::weekly;
use crate::cli::together::{one_click, reader, serve_with};
use crate::store::role::PublicRole;
use crate::store::server::Database;

/// A newsletter whose store is moved to a database, which its settings name.
fn moved(readers: usize) -> Option<(Sandbox, Database)> {
    let database = Database::new()?;
    let readers: Vec<String> = (0..readers).map(reader).collect();
    let people: Vec<(&str, Status)> = readers
        .iter()
        .map(|reader| (reader.as_str(), Status::Confirmed))
        .collect();
    let sandbox = weekly(&people);
    let from = "sqlite:data/letterpress.db";
    let copied = sandbox.run(&["store", "copy", from, &database.url()]);
    copied.expect(0);
    use_store(&sandbox, &database.url());
    Some((sandbox, database))
}

fn use_store(sandbox: &Sandbox, url: &str) {
    let settings = sandbox.read("config/letterpress.toml");
    let plain = settings.split("[store]").next().unwrap().to_owned();
    sandbox.write(
        "config/letterpress.toml",
        format!("{plain}[store]\nurl = \"{url}\"\n"),
    );
}

#[test]
fn the_public_server_runs_under_its_role_and_a_click_is_kept() {
    let Some((sandbox, database)) = moved(3) else {
        return;
    };
    let role = PublicRole::made(&database);
    use_store(&sandbox, &role.url());
    let (mut child, address) = serve_with(&sandbox, &[]);
    one_click(&address, 1);
    // What it cannot do, no command of it can either.
    let refused = sandbox.run(&["subscribers", "erase", &reader(2)]);
    assert_ne!(refused.code, 0);
    assert!(
        refused.err.contains("cannot be written to"),
        "{}",
        refused.err
    );
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Postgres::open(database.settings()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let find = |number| {
        let address = Address::parse(&reader(number)).unwrap();
        runtime.block_on(store.find(&address)).unwrap().unwrap().1
    };
    let left = find(1);
    assert_eq!(left.subscriber.status, Status::Unsubscribed);
    assert_eq!(left.suppression.unwrap().reason, Reason::Unsubscribed);
    assert_eq!(find(2).subscriber.status, Status::Confirmed);
}

#[test]
fn a_backup_of_a_database_says_what_makes_one() {
    let Some((sandbox, _database)) = moved(1) else {
        return;
    };
    let refused = sandbox.run(&["backup", "copy.db"]);
    assert_ne!(refused.code, 0);
    assert!(refused.err.contains("pg_dump"), "{}", refused.err);
    assert!(refused.err.contains("store copy"), "{}", refused.err);
    let made = sandbox.files();
    assert!(
        !made.iter().any(|file| file.contains("copy.db")),
        "{made:?}"
    );
}

#[test]
fn an_older_program_says_that_the_database_is_newer() {
    let Some((sandbox, database)) = moved(1) else {
        return;
    };
    database.run("UPDATE meta SET value = '999' WHERE name = 'layout'");
    let relay = ["--set", "smtp.host=127.0.0.1"];
    for command in [&["status"][..], &["worker"], &["subscribers", "list"]] {
        let refused = sandbox.run(&[&relay[..], command].concat());
        assert_ne!(refused.code, 0, "{command:?}");
        assert!(
            refused.err.contains("newer"),
            "{command:?}: {}",
            refused.err
        );
    }
}
