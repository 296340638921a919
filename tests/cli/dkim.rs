use crate::cli::{Answer, Sandbox, issue};

fn sandbox() -> Sandbox {
    Sandbox::with(&[("issues/1.md", &issue(1, "2026-02-20", "Words."))])
}

/// Runs with these variables of the environment.
fn run_in(sandbox: &Sandbox, variables: &[(&str, &str)], arguments: &[&str]) -> Answer {
    let mut command = sandbox.command(arguments);
    command.envs(variables.iter().copied());
    crate::cli::answer(command, b"")
}

fn set(sandbox: &Sandbox, lines: &str) {
    let text = format!("{}\n{lines}", crate::cli::SETTINGS);
    sandbox.write("config/letterpress.toml", text);
}

#[test]
fn generated_keys_sign_once_their_settings_are_pasted() {
    let sandbox = sandbox();
    let made = sandbox.run(&["dkim", "generate", "--ed25519", "--json"]);
    let made = made.expect(0).json();
    assert_eq!(made["domain"], "weekly.test");
    assert_eq!(made["keys"][0]["bits"], 2048);
    assert_eq!(made["keys"][1]["algorithm"], "ed25519-sha256");
    assert_eq!(
        made["keys"][0]["name"],
        "letterpress._domainkey.weekly.test"
    );
    let plain = sandbox.run(&["render", "1", "--as", "eml"]).expect(0);
    assert!(!plain.out.contains("DKIM-Signature"), "{}", plain.out);
    set(&sandbox, made["settings"].as_str().unwrap());
    let eml = sandbox.run(&["render", "1", "--as", "eml"]).expect(0);
    assert!(eml.out.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"));
    assert_eq!(eml.out.matches("DKIM-Signature:").count(), 2);
    // The moment of the message, which these runs fix.
    assert_eq!(eml.out.matches("t=1772366400;").count(), 2);
    assert!(eml.out.ends_with(&plain.out), "only the signatures differ");
    let shown = sandbox.run(&["dkim", "show", "--json"]).expect(0).json();
    assert_eq!(shown["keys"][1]["value"], made["keys"][1]["value"]);
    sandbox
        .run(&["dkim", "show"])
        .expect(0)
        .says("letterpress-ed25519._domainkey.weekly.test. IN TXT (");
    sandbox.run(&["config", "check"]).expect(0);
}

#[test]
fn a_key_that_is_there_is_never_overwritten() {
    let sandbox = sandbox();
    sandbox.run(&["dkim", "generate"]).expect(0);
    let key = sandbox.read("data/dkim-letterpress.pem");
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let again = sandbox.run(&["dkim", "generate", "--rsa", "4096"]);
    again.expect(2).says("is there already");
    sandbox
        .run(&["dkim", "generate", "--ed25519"])
        .expect(0)
        .says("kept data/dkim-letterpress.pem")
        .says("made data/dkim-letterpress-ed25519.pem");
    assert_eq!(sandbox.read("data/dkim-letterpress.pem"), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = std::fs::metadata(sandbox.path("data/dkim-letterpress.pem")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
    sandbox
        .run(&["dkim", "generate", "--selector", "../x"])
        .expect(2)
        .says("no name of a key");
    sandbox
        .run(&["dkim", "generate", "--domain", "localhost"])
        .expect(2)
        .says("is no domain");
}

#[test]
fn a_key_from_the_environment_signs_and_is_shown_nowhere() {
    let sandbox = sandbox();
    sandbox.run(&["dkim", "generate"]).expect(0);
    let key = sandbox
        .read("data/dkim-letterpress.pem")
        .replace('\n', "\\n");
    let variables = [
        ("LETTERPRESS__DKIM__KEY", key.as_str()),
        ("LETTERPRESS__DKIM__SELECTOR", "s"),
    ];
    let eml = run_in(&sandbox, &variables, &["render", "1", "--as", "eml"]).expect(0);
    assert!(eml.out.contains("s=s;"), "{}", eml.out);
    for arguments in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = run_in(&sandbox, &variables, arguments).expect(0);
        assert!(shown.out.contains("dkim.key"), "{}", shown.out);
        assert!(!shown.out.contains(&key[40..80]), "{}", shown.out);
    }
}

#[test]
fn what_is_wrong_with_a_key_is_said_with_what_to_do() {
    let sandbox = sandbox();
    set(
        &sandbox,
        "[dkim]\nselector = \"s\"\nkey_file = \"data/key.pem\"\n",
    );
    sandbox
        .run(&["render", "1", "--as", "eml"])
        .expect(2)
        .says("data/key.pem: there is no such file (dkim.key_file)")
        .says("hint: `letterpress dkim generate`");
    sandbox.write("data/key.pem", "hunter2");
    for arguments in [&["config", "check"][..], &["send", "1", "--dry-run"]] {
        let answer = sandbox.run(arguments).expect(2);
        assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
        answer.says("this is no private key in PEM form");
    }
    sandbox
        .run(&["check"])
        .expect(3)
        .says("data/key.pem: error[bad-dkim-key]");
    sandbox.run(&["dkim", "generate", "--ed25519"]).expect(0);
    let second = sandbox.read("data/dkim-letterpress-ed25519.pem");
    sandbox.write("data/key.pem", second);
    sandbox
        .run(&["dkim", "show"])
        .expect(2)
        .says("this is an Ed25519 key")
        .says("it belongs to dkim.ed25519_selector");
    // Feeds need no key.
    sandbox.run(&["build"]).expect(0);
}

#[test]
fn without_a_key_show_says_how_to_make_one() {
    let sandbox = sandbox();
    sandbox
        .run(&["dkim", "show"])
        .expect(2)
        .says("no key is set")
        .says("dkim generate");
}
