use crate::cli::Sandbox;

#[test]
fn a_new_folder_works_at_once() {
    let sandbox = Sandbox::empty();
    let answer = sandbox.run(&["init", "weekly"]).expect(0);
    assert!(answer.err.contains("cd weekly"), "{}", answer.err);
    assert_eq!(
        sandbox.files(),
        [
            "weekly/.gitignore",
            "weekly/config/letterpress.toml",
            "weekly/data/server.key",
            "weekly/issues/2026-03-01-hello.md",
            "weekly/pages/about.md",
            "weekly/templates/issue.md",
        ]
    );
    let checked = sandbox
        .run(&["-C", "weekly", "check", "--strict"])
        .expect(0);
    assert!(
        checked
            .err
            .contains("checked 1 issue: no errors, no warnings, no notes")
    );
    sandbox.run(&["-C", "weekly", "config", "check"]).expect(0);
    sandbox
        .run(&["-C", "weekly", "render", "latest", "--as", "text"])
        .expect(0)
        .says("CommonMark");
}

#[test]
fn the_key_is_random_and_for_its_owner_alone() {
    let sandbox = Sandbox::empty();
    sandbox.run(&["init", "a"]).expect(0);
    sandbox.run(&["init", "b"]).expect(0);
    let key = sandbox.read("a/data/server.key");
    assert_eq!(key.trim().len(), 64);
    assert!(key.trim().chars().all(|c| c.is_ascii_hexdigit()));
    assert_ne!(key, sandbox.read("b/data/server.key"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let about = std::fs::metadata(sandbox.path("a/data/server.key")).unwrap();
        assert_eq!(about.permissions().mode() & 0o777, 0o600);
    }
    assert!(sandbox.read("a/.gitignore").contains("/data/"));
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let sandbox = Sandbox::empty();
    sandbox.write("config/letterpress.toml", "# mine\n");
    sandbox.write("content/2020-01-01-old.md", "# Old\n");
    let answer = sandbox.run(&["init", "."]).expect(0);
    assert!(
        answer.out.contains("kept  config/letterpress.toml"),
        "{}",
        answer.out
    );
    assert_eq!(sandbox.read("config/letterpress.toml"), "# mine\n");
    // It has issues already: none is added.
    assert!(!sandbox.path("issues").exists());
    let key = sandbox.read("data/server.key");
    sandbox.run(&["init", "."]).expect(0);
    assert_eq!(sandbox.read("data/server.key"), key);
}
