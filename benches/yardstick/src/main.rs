//! yardstick ISSUES RSS: what the bare crates need to turn a folder of issues
//! into one RSS file, on one thread. No structure, checks, cleaning or archive.

use std::fs;
use std::path::PathBuf;

use pulldown_cmark::{Options, Parser, html};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(issues), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("usage: yardstick ISSUES RSS".into());
    };
    let mut paths: Vec<PathBuf> = fs::read_dir(issues)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    let mut items = Vec::new();
    for path in paths.iter().rev() {
        let text = fs::read_to_string(path)?;
        let (front_matter, body) = text[4..].split_once("\n---\n").ok_or("no front matter")?;
        let title = front_matter.lines().next().unwrap_or_default();
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut content = String::with_capacity(body.len() * 3 / 2);
        html::push_html(&mut content, Parser::new_ext(body, options));
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let link = format!("https://bench.example.org/issues/{name}/");
        let item = rss::ItemBuilder::default()
            .title(title.to_owned())
            .guid(rss::Guid { value: link.clone(), permalink: true })
            .link(link)
            .content(content)
            .build();
        items.push(item);
    }
    let channel = rss::ChannelBuilder::default()
        .title("Bench Weekly")
        .link("https://bench.example.org/")
        .items(items)
        .build();
    Ok(fs::write(target, channel.to_string())?)
}
