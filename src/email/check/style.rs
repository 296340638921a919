//! The CSS of a mail, as far as its checks look into it.

/// Something that a style sheet says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'c> {
    /// A rule `@name …`; what is in `media` and `supports` is not told, for who
    /// writes it knows that only some programs obey.
    At(&'c str),
    /// The selectors of a rule and its declarations, both as written.
    Rule(&'c str, &'c str),
}

/// The text without comments.
pub(crate) fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// The pieces of a style sheet without comments.
pub(crate) fn pieces(css: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = css.trim_start();
    while !rest.is_empty() {
        let end = rest.find(['{', ';']).unwrap_or(rest.len());
        let (head, after) = rest.split_at(end);
        let body = match after.strip_prefix('{') {
            Some(after) => {
                let close = closing(after);
                rest = after.get(close + 1..).unwrap_or_default();
                &after[..close]
            }
            None => {
                rest = after.get(1..).unwrap_or_default();
                ""
            }
        };
        let head = head.trim();
        match head.strip_prefix('@') {
            Some(at) => {
                let end = at.find(|one: char| one.is_whitespace() || one == '(');
                let name = &at[..end.unwrap_or(at.len())];
                if !matches!(name, "media" | "supports" | "charset") {
                    pieces.push(Piece::At(name));
                }
            }
            None if !head.is_empty() => pieces.push(Piece::Rule(head, body)),
            None => {}
        }
        rest = rest.trim_start();
    }
    pieces
}

/// Where the brace stands that closes one already open.
fn closing(text: &str) -> usize {
    let mut depth = 1_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Property, in lower case, and value of each declaration; a `;` in brackets or
/// quotes parts nothing.
pub(crate) fn declarations(text: &str) -> impl Iterator<Item = (String, &str)> {
    let mut depth = 0_usize;
    let mut quote = None;
    let parts = text.split(move |one: char| {
        match (quote, one) {
            (None, '"' | '\'') => quote = Some(one),
            (Some(open), close) if open == close => quote = None,
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        one == ';' && depth == 0 && quote.is_none()
    });
    parts.filter_map(|part| {
        let (property, value) = part.split_once(':')?;
        let property = property.trim().to_ascii_lowercase();
        let value = value.trim();
        (!property.is_empty()).then_some((property, value))
    })
}

/// Whether declarations hide what they apply to.
pub(crate) fn hides(text: &str) -> bool {
    declarations(text).any(|(property, value)| {
        let value = value.trim_end_matches("!important").trim_end();
        let value = value.to_ascii_lowercase();
        let number = value.trim_end_matches(|one: char| one.is_ascii_alphabetic() || one == '%');
        let is_nothing = number.parse::<f64>() == Ok(0.0);
        match property.as_str() {
            "display" => value == "none",
            "visibility" => value == "hidden",
            "mso-hide" => value == "all",
            "opacity" | "font-size" | "max-height" | "max-width" => is_nothing,
            _ => false,
        }
    })
}

/// What a value is made of, as the data names it: `unit px`, `function rgb`.
pub(crate) fn parts_of(value: &str) -> Vec<(&'static str, String)> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        if matches!(first, '"' | '\'') {
            let after = &rest[1..];
            rest = after.find(first).map_or("", |end| &after[end + 1..]);
        } else if first == '#' {
            let end = rest[1..].find(|one: char| !one.is_ascii_alphanumeric());
            rest = end.map_or("", |end| &rest[end + 1..]);
        } else if first.is_ascii_digit() || first == '.' && rest[1..].starts_with(is_digit) {
            rest = rest.trim_start_matches(|one: char| is_digit(one) || one == '.');
            let end = rest.find(|one: char| !one.is_ascii_alphabetic() && one != '%');
            let (unit, after) = rest.split_at(end.unwrap_or(rest.len()));
            if !unit.is_empty() {
                parts.push(("unit", unit.to_ascii_lowercase()));
            }
            rest = after;
        } else if first.is_ascii_alphabetic()
            || first == '-' && !rest[1..].starts_with(['.']) && !rest[1..].starts_with(is_digit)
        {
            let end = rest.find(|one: char| !one.is_ascii_alphanumeric() && one != '-');
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            let word = word.to_ascii_lowercase();
            if let Some(arguments) = after.strip_prefix('(') {
                // An address is no value.
                let is_url = word == "url";
                parts.push(("function", word));
                let skipped = || arguments.find(')').map_or("", |end| &arguments[end..]);
                rest = if is_url { skipped() } else { arguments };
            } else {
                parts.push(("value", word));
                rest = after;
            }
        } else {
            rest = &rest[first.len_utf8()..];
        }
    }
    parts
}

fn is_digit(one: char) -> bool {
    one.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_sheet_falls_into_rules() {
        let css = without_comments(
            "@import url(x.css);/* no{} */p , a{color:red}@media (x){b{float:left}}\
             @font-face{src:url(a;b)}.c{",
        );
        let expected = [
            Piece::At("import"),
            Piece::Rule("p , a", "color:red"),
            Piece::At("font-face"),
            Piece::Rule(".c", ""),
        ];
        assert_eq!(pieces(&css), expected);
    }

    #[test]
    fn declarations_are_parted_where_they_end() {
        let found: Vec<(String, &str)> =
            declarations("COLOR: red; background:url(a;b) ;font:1px 'x;y';;oops").collect();
        let expected = [
            ("color", "red"),
            ("background", "url(a;b)"),
            ("font", "1px 'x;y'"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, value)| (name.to_owned(), value))
        );
    }

    #[test]
    fn what_hides_is_told_from_what_does_not() {
        for hiding in [
            "display:none",
            "color:red; display : NONE!important",
            "font-size:0",
            "font-size:0px",
            "opacity:0.0",
            "max-height:0",
            "visibility:hidden",
            "mso-hide:all",
        ] {
            assert!(hides(hiding), "{hiding}");
        }
        for showing in [
            "display:block",
            "font-size:10px",
            "opacity:.5",
            "max-width:0.5em",
            "",
        ] {
            assert!(!hides(showing), "{showing}");
        }
    }

    #[test]
    fn a_value_falls_into_units_functions_and_words() {
        let told = |value: &str| {
            let parts = parts_of(value).into_iter();
            let parts: Vec<String> = parts.map(|(kind, name)| format!("{kind} {name}")).collect();
            parts.join(", ")
        };
        assert_eq!(told("0 1.5EM -2px .5%"), "unit em, unit px, unit %");
        assert_eq!(told("#12ab3c 'a 1rem' é"), "");
        assert_eq!(told("calc(1vw + 2px)"), "function calc, unit vw, unit px");
        assert_eq!(told("url(1rem) Red"), "function url, value red");
    }
}
