use super::*;

/// A value of a key, written back in one form.
fn read(text: &str) -> String {
    match whole(text) {
        None => "none".to_owned(),
        Some(date) if date.precision == Precision::Month => date.date.format("%Y-%m").to_string(),
        Some(date) => {
            let time = date.time.map(|time| time.format(" %H:%M:%S").to_string());
            let offset = date.offset.map(|offset| format!(" {offset}"));
            format!(
                "{}{}{}",
                date.date,
                time.unwrap_or_default(),
                offset.unwrap_or_default()
            )
        }
    }
}

#[test]
fn dates_of_front_matter_are_read_in_every_usual_form() {
    let cases = [
        ("2023-06-10", "2023-06-10"),
        ("2023-6-1", "2023-06-01"),
        ("2023/06/10", "2023-06-10"),
        ("2023.06.10", "2023-06-10"),
        ("20230610", "2023-06-10"),
        ("2023-06", "2023-06"),
        ("2023-6", "2023-06"),
        ("2023-06-10 18:46", "2023-06-10 18:46:00"),
        ("2023-06-10 12:00:00 +0800", "2023-06-10 12:00:00 +08:00"),
        ("2023-06-10 12:00:00 -0000", "2023-06-10 12:00:00 +00:00"),
        ("2023-06-10 12:00:00 -0730", "2023-06-10 12:00:00 -07:30"),
        ("2023-06-10T12:00:00Z", "2023-06-10 12:00:00 +00:00"),
        (
            "2023-06-10T12:00:00.123+08:00",
            "2023-06-10 12:00:00 +08:00",
        ),
        ("2023-06-10t12:00", "2023-06-10 12:00:00"),
        (
            "Sat, 10 Jun 2023 08:00:00 GMT",
            "2023-06-10 08:00:00 +00:00",
        ),
        (
            "Sat, 10 Jun 2023 08:00:00 +0200",
            "2023-06-10 08:00:00 +02:00",
        ),
        (
            "Sat Jun 10 2023 12:00:00 GMT+0800 (China)",
            "2023-06-10 12:00:00 +08:00",
        ),
        ("Saturday, June 10th, 2023", "2023-06-10"),
        ("10 June 2023", "2023-06-10"),
        ("June 10, 2023 3:30 pm", "2023-06-10 15:30:00"),
        ("2023年6月10日", "2023-06-10"),
        ("2023년 6월 10일", "2023-06-10"),
        ("June 2023", "2023-06"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "2023-(TODO: MM-DD)",
        "2023-13-01",
        "2023-02-30",
        "0023-06-10",
        "tomorrow",
        "2023",
        "2023-06-10 25:00",
        "2023-06-10 and more",
        "10/06/2023",
        "",
        "2023-06-10 12:00 +9999",
    ] {
        assert_eq!(read(text), "none", "{text}");
    }
}

#[test]
fn dates_are_found_within_titles() {
    let cases = [
        ("Weekly #6 (2023-06-10)", vec!["2023-06-10"]),
        ("Week Ending June 19, 2022", vec!["2022-06-19"]),
        ("周刊 2023年6月10日", vec!["2023-06-10"]),
        ("2023-01", vec!["2023-01-01"]),
        ("This Month (April 2020)", vec!["2020-04-01"]),
        ("CVE-2023-0100 and 2023-24", vec![]),
        ("Release 2024.1.3 of 12023-06-10, 2024.1", vec![]),
        ("Dismay 2023", vec![]),
        ("nothing", vec![]),
    ];
    for (title, expected) in cases {
        let found: Vec<String> = find(title)
            .iter()
            .map(|found| found.date.to_string())
            .collect();
        assert_eq!(found, expected, "{title}");
    }
}
