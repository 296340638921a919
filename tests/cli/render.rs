use crate::cli::{Sandbox, issue};

#[test]
fn html_text_and_markdown_come_from_one_issue() {
    let body = "Hello *you*, see [this](./2.md) and [that](https://example.org/).";
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-01", body))]);
    let html = sandbox.run(&["render", "1", "--as", "html"]).expect(0);
    assert!(html.out.contains("<em>you</em>"), "{}", html.out);
    assert!(html.out.contains("https://weekly.test/"), "{}", html.out);
    let text = sandbox.run(&["render", "1", "--as", "text"]).expect(0);
    assert!(text.out.contains("Hello"), "{}", text.out);
    assert!(!text.out.contains('<'), "{}", text.out);
    let markdown = sandbox.run(&["render", "1", "--as", "markdown"]).expect(0);
    assert_eq!(markdown.out, sandbox.read("issues/1.md"));
    sandbox
        .run(&["render", "1", "--as", "pdf"])
        .expect(2)
        .says("html");
}

#[test]
fn markdown_is_the_repaired_source() {
    let sandbox = Sandbox::with(&[]);
    // “Plain” and “text”, read as MacRoman.
    sandbox.write(
        "issues/1.md",
        "# Test Weekly #1 (2026-01-01)\n\n‚ÄúPlain‚Äù words and ‚Äútext‚Äù, ‚Äúagain‚Äù.\n",
    );
    let answer = sandbox.run(&["render", "1", "--as", "markdown"]).expect(0);
    assert!(
        answer.out.contains("“Plain” words and “text”"),
        "{}",
        answer.out
    );
}

#[test]
fn a_file_outside_the_newsletter_can_be_rendered_by_its_path() {
    let sandbox = Sandbox::empty();
    let elsewhere = Sandbox::with(&[("a.md", "‚ÄúReally simple‚Äù, and ‚Äúquite‚Äù sound.\n")]);
    let file = elsewhere.path("a.md");
    let text = sandbox
        .run(&["render", file.to_str().unwrap(), "--as", "markdown"])
        .expect(0)
        .out;
    assert_eq!(text, "“Really simple”, and “quite” sound.\n");
}
