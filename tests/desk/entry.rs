//! Who is let in.

use crate::cli::{Sandbox, issue};
use crate::desk::Desk;

fn desk() -> Desk {
    let text = issue(1, "2026-01-02", "Hello.");
    Desk::open(Sandbox::with(&[("issues/1.md", &text)]))
}

#[test]
fn nobody_comes_in_without_the_key_or_by_another_name() {
    let desk = desk();
    let host = desk.host.clone();
    let ask = |host: &str, headers: &[&str]| desk.ask("GET", "/", host, headers, "");
    ask(&host, &[]).expect(403).says("locked");
    ask(&host, &["Cookie: letterpress-desk=1.9999999999.ab"]).expect(403);
    let cookie = format!("Cookie: {}", desk.cookie);
    let port = host.split(':').nth(1).unwrap();
    ask(&format!("localhost:{port}"), &[&cookie]).expect(200);
    ask(&format!("evil.example:{port}"), &[&cookie]).expect(421);
    desk.ask("GET", "/?key=wrong", &host, &[], "").expect(403);
}

#[test]
fn a_form_needs_our_page_our_token_and_a_session() {
    let desk = desk();
    let host = desk.host.clone();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let cookie = format!("Cookie: {}", desk.cookie);
    let origin = format!("Origin: http://{host}");
    let post =
        |headers: &[&str], body: &str| desk.ask("POST", "/test/issues/1.md", &host, headers, body);
    post(&[kind, &cookie], "token=x").expect(403);
    post(&[kind, &cookie, "Origin: http://evil.example"], "token=x").expect(403);
    post(&[kind, &origin], "token=x").expect(403);
    post(&[kind, &cookie, &origin], "token=x")
        .expect(403)
        .says("none of this session's");
    desk.ask("PUT", "/", &host, &[&cookie, &origin], "")
        .expect(405);
}

#[test]
fn pages_run_our_script_alone_and_mail_runs_none() {
    let desk = desk();
    let page = desk.get("/issue/issues/1.md").expect(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    page.says("sandbox=\"allow-same-origin\"")
        .lacks("allow-scripts");
    let frame = desk.get("/frame/issues/1.md").expect(200);
    let policy = frame.header("content-security-policy").unwrap();
    assert!(!policy.contains("script-src") && policy.contains("sandbox allow-same-origin"));
    assert!(!policy.contains("http"), "{policy}");
}

#[test]
fn a_session_outlasts_a_restart_where_the_newsletter_has_a_key() {
    let sandbox = Sandbox::with(&[("issues/1.md", &issue(1, "2026-01-02", "Hello."))]);
    sandbox.write("data/server.key", "ab".repeat(32));
    let first = Desk::open(sandbox);
    let path = first.sandbox.path("").to_str().unwrap().to_owned();
    let port = first.host.split(':').nth(1).unwrap();
    let second = Desk::open_with(Sandbox::empty(), &["-C", &path]);
    let cookie = first
        .cookie
        .replace(port, second.host.split(':').nth(1).unwrap());
    let cookie = format!("Cookie: {cookie}");
    second
        .ask("GET", "/", &second.host, &[&cookie], "")
        .expect(200);
}
