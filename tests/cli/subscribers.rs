//! Lists of subscribers and suppressions, from outside.

use crate::cli::Sandbox;

const SUBSTACK: &str = "\
email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at
free@example.org,false,,other,false,2023-05-01T10:00:00.000Z,
paid@example.org,true,2027-01-02T00:00:00.000Z,yearly,false,2023-05-02T10:00:00.000Z,2024-01-02T00:00:00.000Z
left@example.org,false,,other,true,2023-05-03T10:00:00.000Z,
";

fn list(sandbox: &Sandbox, search: &[&str]) -> String {
    let mut arguments = vec!["subscribers", "list"];
    arguments.extend(search);
    sandbox.run(&arguments).expect(0).out
}

#[test]
fn a_list_is_taken_in_with_who_left() {
    let sandbox = Sandbox::with(&[("email_list.weekly.csv", SUBSTACK)]);
    let import = ["subscribers", "import", "email_list.weekly.csv"];
    let answer = sandbox.run(&import).expect(0).says("3 lines");
    assert!(answer.out.contains("3 were added"), "{}", answer.out);
    assert!(answer.out.contains("2 confirmed"), "{}", answer.out);
    assert_eq!(
        list(&sandbox, &["--status", "confirmed"]),
        "free@example.org  confirmed\npaid@example.org  confirmed\n"
    );
    assert_eq!(
        list(&sandbox, &["LEFT"]),
        "left@example.org  unsubscribed, suppressed: unsubscribed\n"
    );
    // Once more changes nothing.
    sandbox.run(&import).expect(0).says("3 are unchanged");
    // Another list does not bring them back.
    sandbox.write("plain.csv", "email\nleft@example.org\nnew@example.org\n");
    let answer = sandbox
        .run(&[
            "subscribers",
            "import",
            "plain.csv",
            "--confirmed",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(answer["outcomes"]["withheld"], 1);
    assert_eq!(answer["outcomes"]["added"], 1);
    assert!(!list(&sandbox, &["--status", "confirmed"]).contains("left"));
}

#[test]
fn a_dry_run_tells_each_line_and_makes_no_store() {
    let sandbox = Sandbox::with(&[("email_list.csv", SUBSTACK)]);
    let answer = sandbox
        .run(&["subscribers", "import", "email_list.csv", "--dry-run"])
        .expect(0);
    let first = "line 2: free@example.org, confirmed: added\n";
    assert!(answer.out.starts_with(first), "{}", answer.out);
    assert!(
        answer
            .out
            .contains("line 4: left@example.org, not mailed: unsubscribed: added")
    );
    assert!(answer.out.contains("3 would be added"));
    assert!(!sandbox.path("data/letterpress.db").exists());
    sandbox
        .run(&["subscribers", "list"])
        .expect(2)
        .says("there is no store")
        .says("hint:");
    let json = sandbox
        .run(&[
            "subscribers",
            "import",
            "email_list.csv",
            "--dry-run",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(json["format"], "substack");
    assert_eq!(json["lines"][2]["address"], "left@example.org");
    assert_eq!(json["people"]["not mailed: unsubscribed"], 1);
}

#[test]
fn an_opt_out_at_the_end_of_a_long_list_counts_from_its_beginning() {
    let sandbox = Sandbox::with(&[]);
    let mut text = "email,status\nada@example.org,confirmed\n".to_owned();
    for number in 0..4_500 {
        text += &format!("reader{number}@example.org,confirmed\n");
    }
    text += "ADA@example.org,unsubscribed\n";
    let dry = ["subscribers", "import", "-", "--dry-run", "--json"];
    let dry = sandbox.run_with(&dry, &text).expect(0).json();
    let run = ["subscribers", "import", "-", "--json"];
    let run = sandbox.run_with(&run, &text).expect(0).json();
    for key in ["outcomes", "people"] {
        assert_eq!(dry[key], run[key], "{key}");
    }
    assert_eq!(run["outcomes"]["added"], 4_501);
    assert_eq!(run["outcomes"]["repeated"], 1);
    assert_eq!(
        list(&sandbox, &["ada@"]),
        "ada@example.org  unsubscribed, suppressed: unsubscribed\n"
    );
}

#[test]
fn lines_that_are_not_understood_are_reported_and_stop_nothing() {
    let mut text = "email,name,status\nok@example.org,Ok,confirmed\n".to_owned();
    for _ in 0..60 {
        text += "nobody,X,confirmed\n";
    }
    text += "odd@example.org,X,frozen\n";
    let sandbox = Sandbox::with(&[("list.csv", &text)]);
    let answer = sandbox
        .run(&["subscribers", "import", "list.csv"])
        .expect(4)
        .says("line 3: not a mail address")
        .says("and 11 more; -v shows all of them")
        .says("60 are bad");
    assert!(!answer.err.contains("line 60"));
    sandbox
        .run(&["-v", "subscribers", "import", "list.csv"])
        .expect(4)
        .says("line 62: not a mail address")
        .says("line 63: the status \"frozen\" is not known");
    let json = sandbox
        .run(&["subscribers", "import", "list.csv", "--json"])
        .expect(4)
        .json();
    assert_eq!(json["bad"].as_array().unwrap().len(), 60);
    assert_eq!(json["remarks"][0]["line"], 63);
    assert_eq!(list(&sandbox, &["odd"]), "odd@example.org  pending  X\n");
}

#[test]
fn wrong_files_and_words_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::with(&[("names.csv", "name\nAda\n"), ("empty.csv", "")]);
    let cases: [(&[&str], &str); 6] = [
        (&["names.csv"], "name the column"),
        (&["empty.csv"], "the list is empty"),
        (&["absent.csv"], "cannot read absent.csv"),
        (&["names.csv", "--from", "sendy"], "say one of substack"),
        (&["names.csv", "--status", "on"], "say pending, confirmed"),
        (
            &["names.csv", "--status", "pending", "--confirmed"],
            "cannot be used with",
        ),
    ];
    for (options, words) in cases {
        let mut arguments = vec!["subscribers", "import"];
        arguments.extend(options);
        let answer = sandbox.run(&arguments).says(words);
        assert_ne!(answer.code, 0);
    }
    assert!(!sandbox.path("data").exists());
}

#[test]
fn lists_that_do_not_tell_who_confirmed_confirm_nobody() {
    let sandbox = Sandbox::with(&[
        ("plain.txt", "ada@example.org\n"),
        (
            "listmonk.csv",
            "uuid,email,name,attributes,status,created_at,updated_at\nu,bob@example.org,,{},enabled,,\n",
        ),
    ]);
    let import = |file: &str| sandbox.run(&["subscribers", "import", file]).expect(0);
    import("plain.txt").says("--confirmed says that all of them");
    import("listmonk.csv").says("listmonk keeps apart who left");
    assert_eq!(list(&sandbox, &["--status", "confirmed"]), "");
    sandbox
        .run(&["subscribers", "import", "plain.txt", "--confirmed"])
        .expect(0);
    assert_eq!(
        list(&sandbox, &["--status", "confirmed"]),
        "ada@example.org  confirmed\n"
    );
}

#[test]
fn what_is_exported_can_be_imported_elsewhere() {
    let first = Sandbox::with(&[("email_list.csv", SUBSTACK)]);
    for arguments in [
        &["subscribers", "import", "email_list.csv"][..],
        &[
            "subscribers",
            "add",
            "=1+1@example.org",
            "--name",
            "=HYPERLINK(1)",
        ],
        &["suppressions", "add", "@example.net"],
        &[
            "suppressions",
            "add",
            "nobody@example.com",
            "--reason",
            "complaint",
        ],
        &["subscribers", "erase", "paid@example.org"],
    ] {
        first.run(arguments).expect(0);
    }
    for format in ["csv", "ndjson"] {
        let export = ["subscribers", "export", "--format", format];
        let list = first.run(&export).expect(0).out;
        assert!(!list.contains("paid@example.org"));
        assert!(!list.contains("\n=") && !list.contains(",="), "{list}");
        let second = Sandbox::with(&[]);
        second
            .run_with(&["subscribers", "import", "-"], &list)
            .expect(0);
        let again = second.run(&export).expect(0).out;
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&again), sorted(&list));
        // The erased stay out there too.
        let back = second
            .run(&["subscribers", "add", "paid@example.org"])
            .expect(4);
        assert!(back.out.contains("asked to be forgotten"));
        second
            .run(&["suppressions", "list"])
            .expect(0)
            .says("@example.net  manual")
            .says("nobody@example.com  complaint");
    }
    first
        .run(&["subscribers", "export", "--out", "lists/all.csv"])
        .expect(0)
        .says("lists/all.csv");
    assert!(first.read("lists/all.csv").starts_with("email,name,status"));
}

#[test]
fn one_person_is_added_shown_moved_removed_and_forgotten() {
    let sandbox = Sandbox::with(&[]);
    sandbox
        .run(&[
            "subscribers",
            "add",
            "Ada \u{1b}[2J <Ada@example.org>",
            "--tag",
            "friends",
            "--language",
            "en",
            "--edition",
            "paid",
        ])
        .expect(0)
        .says("Ada@example.org  added");
    let show = sandbox
        .run(&["subscribers", "show", "ada@example.org"])
        .expect(0)
        .says("came from      editor")
        .says("joined         2026-03-01T12:00:00Z")
        .says("tags           friends");
    assert!(!show.out.contains('\u{1b}'));
    let json = sandbox
        .run(&["subscribers", "show", "ada@example.org", "--json"])
        .expect(0)
        .json();
    assert_eq!(json["email"], "Ada@example.org");
    assert_eq!(json["tags"][0], "friends");
    assert_eq!(json["history"].as_array().unwrap().len(), 0);
    let all = sandbox
        .run(&["subscribers", "list", "--tag", "friends", "--json"])
        .expect(0)
        .json();
    assert_eq!(all[0]["edition"], "paid");
    sandbox
        .run(&[
            "subscribers",
            "change",
            "ada@example.org",
            "ada@example.net",
        ])
        .expect(0);
    sandbox
        .run(&["subscribers", "show", "ada@example.org"])
        .expect(2)
        .says("is no subscriber");
    sandbox
        .run(&["subscribers", "remove", "ada@example.net"])
        .expect(0);
    assert!(list(&sandbox, &[]).contains("unsubscribed"));
    // What is theirs to lift is not the editor's.
    sandbox
        .run(&["suppressions", "remove", "ada@example.net"])
        .expect(2)
        .says("only their own confirmed subscription");
    sandbox
        .run(&["subscribers", "add", "ada@example.net"])
        .expect(4)
        .says("not mailed: unsubscribed");
    sandbox
        .run(&["subscribers", "erase", "ada@example.net"])
        .expect(0);
    assert_eq!(list(&sandbox, &[]), "");
    for wrong in ["show", "remove", "erase"] {
        sandbox
            .run(&["subscribers", wrong, "no address"])
            .expect(2)
            .says("no address:");
    }
}

#[test]
fn suppressions_are_the_editors_to_add_and_lift() {
    let sandbox = Sandbox::with(&[]);
    let run = |arguments: &[&str]| sandbox.run(&[&["suppressions"], arguments].concat());
    run(&["list"]).expect(2).says("there is no store");
    run(&["add", "bob@example.org", "--note", "by\u{1b} telephone"]).expect(0);
    run(&["add", "bob@example.org"])
        .expect(0)
        .says("was suppressed already");
    run(&["add", "@Example.NET"]).expect(0);
    run(&["add", "x@example.org", "--reason", "erased"]).expect(2);
    run(&["add", "@not a domain"]).expect(2);
    let list = run(&["list"]).expect(0);
    assert_eq!(list.out.lines().count(), 2);
    assert!(list.out.contains("@example.net  manual") && !list.out.contains('\u{1b}'));
    let json = run(&["list", "--json"]).expect(0).json();
    assert!(
        json.as_array()
            .unwrap()
            .iter()
            .any(|one| one["address"] == "bob@example.org")
    );
    sandbox
        .run(&["subscribers", "add", "bob@example.org", "eve@example.net"])
        .expect(4)
        .says("not mailed: manual");
    run(&["remove", "bob@example.org"]).expect(0);
    run(&["remove", "@example.net"]).expect(0);
    run(&["remove", "@example.net"]).expect(2);
    assert_eq!(
        run(&["list", "--json"])
            .expect(0)
            .json()
            .as_array()
            .unwrap()
            .len(),
        0
    );
}
