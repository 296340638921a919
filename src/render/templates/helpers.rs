//! The helpers of templates; docs/templates.md explains each.

use chrono::NaiveDate;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason,
    ScopedJson,
};
use serde_json::Value;

use crate::issue::Precision;
use crate::render::labels::Labels;
use crate::render::text::wrap;

/// Gives a registry its helpers.
pub(crate) fn register(registry: &mut Handlebars<'_>) {
    registry.register_helper("say_date", Box::new(Function(date)));
    registry.register_helper("thousands", Box::new(Function(thousands)));
    registry.register_helper("kilobytes", Box::new(Function(kilobytes)));
    registry.register_helper("wrap", Box::new(Function(wrapped)));
    registry.register_helper("url_encode", Box::new(Function(url_encode)));
}

/// A helper that makes a text from its parameters.
struct Function(fn(&[&Value]) -> Result<String, &'static str>);

impl HelperDef for Function {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let parameters: Vec<&Value> = helper.params().iter().map(|param| param.value()).collect();
        let text = (self.0)(&parameters)
            .map_err(|wrong| RenderErrorReason::Other(format!("{}: {wrong}", helper.name())))?;
        Ok(ScopedJson::Derived(Value::String(text)))
    }
}

/// `{{say_date "2023-07-15" "en"}}`: 15 July 2023.
fn date(parameters: &[&Value]) -> Result<String, &'static str> {
    let [Value::String(date), rest @ ..] = parameters else {
        return Err("expects a date and a language");
    };
    let language = rest
        .first()
        .and_then(|language| language.as_str())
        .unwrap_or("en");
    if let Ok(day) = date.parse::<NaiveDate>() {
        return Ok(Labels::date(language, day, Precision::Day));
    }
    match format!("{date}-01").parse::<NaiveDate>() {
        Ok(month) => Ok(Labels::date(language, month, Precision::Month)),
        Err(_) => Err("expects a date like 2023-07-15 or a month like 2023-07"),
    }
}

/// `{{thousands 1204 "en"}}`: 1,204.
fn thousands(parameters: &[&Value]) -> Result<String, &'static str> {
    let number = parameters.first().and_then(|number| number.as_u64());
    let language = parameters
        .get(1)
        .and_then(|language| language.as_str())
        .unwrap_or("en");
    number
        .map(|number| Labels::thousands(language, number))
        .ok_or("expects a whole number")
}

/// `{{kilobytes 20801}}`: 20.9 kB, rounded up.
fn kilobytes(parameters: &[&Value]) -> Result<String, &'static str> {
    let bytes = parameters.first().and_then(|bytes| bytes.as_u64());
    let tenths = bytes.ok_or("expects a whole number")?.div_ceil(100);
    Ok(format!("{}.{}\u{a0}kB", tenths / 10, tenths % 10))
}

/// Columns that are left for a value of the recipient while a text is wrapped: most
/// addresses are shorter.
const VALUE: usize = 24;

/// `{{wrap text 72}}`: the text in lines of at most 72 columns.
fn wrapped(parameters: &[&Value]) -> Result<String, &'static str> {
    let text = parameters
        .first()
        .and_then(|text| text.as_str())
        .ok_or("expects a text")?;
    let width = parameters
        .get(1)
        .and_then(|width| width.as_u64())
        .unwrap_or(72);
    let width = usize::try_from(width).unwrap_or(72).max(16);
    // The mark of a value ends with this control; another stands for the columns.
    const MARK_END: char = '\u{2}';
    const FILLER: char = '\u{3}';
    if !text.contains(MARK_END) {
        return Ok(wrap(text, width).join("\n"));
    }
    let filled = FILLER.to_string().repeat(VALUE) + &MARK_END.to_string();
    let lines = wrap(&text.replace(MARK_END, &filled), width);
    Ok(lines.join("\n").replace(FILLER, ""))
}

/// `{{url_encode value}}`: the value as part of an address.
fn url_encode(parameters: &[&Value]) -> Result<String, &'static str> {
    let text = parameters
        .first()
        .and_then(|text| text.as_str())
        .ok_or("expects a text")?;
    Ok(url::form_urlencoded::byte_serialize(text.as_bytes()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn helpers_say_what_they_are_for() {
        let mut registry = Handlebars::new();
        register(&mut registry);
        let cases = [
            ("{{say_date d \"zh\"}}", "2023年7月15日"),
            ("{{say_date \"2023-07\" \"en\"}}", "July 2023"),
            ("{{thousands n \"de\"}}", "1.204"),
            ("{{kilobytes n}}", "1.3\u{a0}kB"),
            ("{{wrap t 16}}", "a long line that\nbreaks"),
            ("{{url_encode \"a b&c\"}}", "a+b%26c"),
        ];
        let model = json!({"d": "2023-07-15", "n": 1204, "t": "a long line that breaks"});
        for (template, expected) in cases {
            assert_eq!(
                registry.render_template(template, &model).unwrap(),
                expected,
                "{template}"
            );
        }
        assert!(registry.render_template("{{say_date n}}", &model).is_err());
    }
}
