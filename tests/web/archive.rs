//! The files of a build.

use letterpress::subscriber::Purpose;

use crate::web::{Site, token_by};

#[tokio::test]
async fn where_there_is_nothing_the_archives_own_page_says_so() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    site.get("/nothing")
        .await
        .expect(404)
        .says("There is no such page");
    site.write("public/404.html", "<p>lost</p>");
    for path in ["/nothing", "/deep/nothing/", "/.letterpress", "/%00"] {
        let page = site.get(path).await.expect(404).says("<p>lost</p>");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(
            (page.header("etag"), page.header("last-modified")),
            (None, None)
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
    }
    let known = "If-None-Match: *\r\n";
    site.ask("GET", "/nothing", known, "").await.expect(404);
    let head = site.ask("HEAD", "/nothing", "", "").await.expect(404);
    assert_eq!(head.body, "");
    // A link that belongs to nobody is no page of the archive.
    let path = format!(
        "/unsubscribe/{}",
        token_by(2, Purpose::Unsubscribe, "ada@example.org")
    );
    let page = site.get(&path).await.expect(404);
    assert!(!page.body.contains("lost"), "{}", page.body);
}

#[tokio::test]
async fn files_are_served_with_their_kind_and_asked_for_again_cheaply() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    site.write("public/feeds/atom.xml", "<?xml version=\"1.0\"?><feed/>");
    site.write("public/issues/a b/index.html", "<p>one</p>");
    let page = site.get("/").await.expect(200).says("index");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("script-src"), "{policy}");
    site.get("/issues/a%20b/").await.expect(200).says("one");

    let feed = site.get("/feeds/atom.xml?utm_source=x").await.expect(200);
    let kind = "application/atom+xml; charset=utf-8";
    assert_eq!(feed.header("content-type"), Some(kind));
    let etag = feed.header("etag").unwrap().to_owned();
    let modified = feed.header("last-modified").unwrap().to_owned();
    assert!(etag.starts_with('"') && etag.len() > 20, "{etag}");
    let asked = async |headers: &str| site.ask("GET", "/feeds/atom.xml", headers, "").await;
    for known in [
        format!("If-None-Match: {etag}\r\n"),
        format!("If-None-Match: \"x\", W/{etag}\r\n"),
        "If-None-Match: *\r\n".to_owned(),
        format!("If-Modified-Since: {modified}\r\n"),
    ] {
        let reply = asked(&known).await.expect(304);
        assert_eq!(reply.body, "");
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
    }
    for unknown in [
        "If-None-Match: \"x\"\r\n".to_owned(),
        format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {modified}\r\n"),
        "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n".to_owned(),
        "If-Modified-Since: yesterday\r\n".to_owned(),
    ] {
        asked(&unknown).await.expect(200);
    }

    let head = site
        .ask("HEAD", "/feeds/atom.xml", "", "")
        .await
        .expect(200);
    assert_eq!(
        (head.body.as_str(), head.header("content-length")),
        ("", Some("28"))
    );
    assert_eq!(head.header("etag"), Some(etag.as_str()));

    site.write(
        "public/feeds/atom.xml",
        "<?xml version=\"1.0\"?><feed>new</feed>",
    );
    let changed = asked(&format!("If-None-Match: {etag}\r\n")).await;
    changed.expect(200).says("new");
    let log = site.log();
    assert!(log.contains("path=/feeds/atom.xml status=304"), "{log}");
}

#[tokio::test]
async fn a_folders_name_leads_to_the_folder_and_to_no_other_place() {
    let site = Site::start().await;
    site.write("public/issues/one/index.html", "<p>one</p>");
    site.write("public/images/a.png", "png");
    let reply = site.get("/issues/one").await.expect(308);
    assert_eq!(reply.header("location"), Some("./one/"));
    for path in [
        "/images",
        "/images/",
        "/images/a.png/",
        "//issues/one",
        "/nothing",
    ] {
        let reply = site.get(path).await.expect(404);
        assert_eq!(reply.header("location"), None, "{path}");
    }
}

#[tokio::test]
async fn nothing_outside_the_folder_is_served() {
    let site = Site::start().await;
    site.write("public/index.html", "<p>index</p>");
    site.write("public/.letterpress", "secret");
    site.write("public/sub/x.txt", "fine");
    site.write("server.key", "secret");
    #[cfg(unix)]
    {
        let link = site.folder.path().join("public/link.key");
        std::os::unix::fs::symlink(site.folder.path().join("server.key"), link).unwrap();
    }
    site.get("/sub/x.txt").await.expect(200).says("fine");
    for path in [
        "/../server.key",
        "/sub/../../server.key",
        "/%2e%2e/server.key",
        "/%2E%2E%2Fserver.key",
        "/..%2fserver.key",
        "/sub/..%5c..%5cserver.key",
        "/%252e%252e/server.key",
        "/.%00./server.key",
        "/%c0%ae%c0%ae/server.key",
        "/.letterpress",
        "/%2eletterpress",
        "/link.key",
        "/sub",
        "/letterpress.db",
    ] {
        let reply = site.get(path).await;
        assert!([400, 404].contains(&reply.status), "{path}: {reply:?}");
        assert!(!reply.body.contains("secret"), "{path}");
    }
}

#[tokio::test]
async fn before_a_build_there_are_pages_to_leave_and_nothing_else() {
    let site = Site::start().await;
    site.get("/").await.expect(404).says("no such page");
    let sheet = site.get("/style.css").await.expect(200).says("button");
    assert_eq!(
        sheet.header("content-type"),
        Some("text/css; charset=utf-8")
    );
    site.get("/healthz").await.expect(200).says("ok");
}
