use crate::cli::Sandbox;

#[test]
fn show_prints_every_setting_with_its_layer() {
    let sandbox = Sandbox::with(&[]);
    let answer = {
        let mut command = sandbox.command(&["--set", "feeds.entries=50", "config", "show"]);
        command.env("LETTERPRESS__SMTP__PORT", "2525");
        command.env("LETTERPRESS__SMTP__PASSWORD", "hunter2");
        crate::cli::answer(command, b"").expect(0)
    };
    for line in [
        "title = \"Test Weekly\"",
        "# config/letterpress.toml:2",
        "# LETTERPRESS__SMTP__PORT",
        "# --set",
        "# default",
    ] {
        assert!(answer.out.contains(line), "{line}: {}", answer.out);
    }
    assert!(!answer.out.contains("hunter2"), "{}", answer.out);
    assert!(
        answer.out.starts_with("[newsletter]\ntitle"),
        "{}",
        answer.out
    );
    let json = sandbox.run(&["config", "show", "--json"]).expect(0).json();
    assert_eq!(json["newsletter.title"]["layer"], "file");
    assert_eq!(json["smtp.port"]["value"], 0);
}

#[test]
fn check_says_what_is_wrong_and_what_is_missing() {
    let sandbox = Sandbox::with(&[]);
    sandbox
        .run(&["config", "check"])
        .expect(0)
        .says("feeds and archive: all set")
        .says("sending mail: needs smtp.host");
    sandbox.write("config/letterpress.toml", "[newsletter]\nurl = \"x\"\n");
    sandbox
        .run(&["config", "check"])
        .expect(2)
        .says("config/letterpress.toml:2:7: error[bad-setting]");
    let json = sandbox.run(&["config", "check", "--json"]).expect(2).json();
    assert_eq!(json["findings"][0]["line"], 2);
    assert_eq!(json["missing"]["mail"][0], "newsletter.title");
}

#[test]
fn what_a_command_needs_is_asked_for_with_lines_to_paste() {
    let sandbox = Sandbox::empty();
    sandbox.write("issues/1.md", "# One\n");
    sandbox.write("feed.xml", "");
    sandbox
        .run(&["ids", "import", "feed.xml"])
        .expect(2)
        .says("newsletter.title and newsletter.url are not set")
        .says("url = \"https://weekly.example.org/\"");
}
