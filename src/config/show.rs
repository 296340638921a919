//! What `config show` prints.

use serde_json::json;
use toml::Value;

use crate::config::key::quoted_part;
use crate::config::layer::Values;

/// All settings as TOML that can be pasted, each with the layer that set it.
pub fn show_toml(values: &Values) -> String {
    let mut text = String::new();
    let mut table: Option<&[String]> = None;
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut sorted: Vec<_> = values.iter().collect();
    sorted.sort_by_key(|(key, _)| values.rank(key));
    for (key, entry) in sorted {
        let (in_table, name) = key.split();
        if table != Some(in_table) {
            flush(&mut text, &mut lines);
            if table.is_some() {
                text.push('\n');
            }
            let parts: Vec<String> = in_table.iter().map(|part| quoted_part(part)).collect();
            text.push_str(&format!("[{}]\n", parts.join(".")));
            table = Some(in_table);
        }
        let line = format!("{} = {}", quoted_part(name), one_line(&entry.value));
        lines.push((line, values.place(entry)));
    }
    flush(&mut text, &mut lines);
    for name in values.secret_names() {
        text.push_str(&format!(
            "\n# {name} is set by the environment and not shown\n"
        ));
    }
    text
}

/// The same as JSON: `{key: {value, layer, place}}`.
pub fn show_json(values: &Values) -> serde_json::Value {
    let mut settings = serde_json::Map::new();
    for (key, entry) in values.iter() {
        let value = json!({
            "value": serde_json::to_value(&entry.value).unwrap_or_default(),
            "layer": entry.layer.name(),
            "place": values.place(entry),
        });
        settings.insert(key.to_string(), value);
    }
    for name in values.secret_names() {
        let hidden = json!({"value": null, "layer": "environment", "place": "hidden"});
        settings.insert(name.to_owned(), hidden);
    }
    serde_json::Value::Object(settings)
}

/// Writes the lines of one table with their remarks in one column.
fn flush(text: &mut String, lines: &mut Vec<(String, String)>) {
    let widths = lines.iter().map(|(line, _)| line.chars().count());
    let column = widths.filter(|width| *width <= 48).max().unwrap_or(0);
    for (line, place) in lines.drain(..) {
        text.push_str(&format!("{line:column$}  # {place}\n"));
    }
}

/// A value as TOML on one line.
fn one_line(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(['\n', '\r']) => {
            // JSON's escapes of line ends are TOML's too.
            serde_json::to_string(text).unwrap_or_default()
        }
        other => other.to_string(),
    }
}
