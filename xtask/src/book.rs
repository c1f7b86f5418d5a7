//! What mdBook does not do for the pages in `docs/`: pages from elsewhere in the repository, and
//! links that lead out of the book. And a look at the finished book: every link in it leads somewhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use serde_json::{Value, json};

use super::Result;

/// Pages from outside of `docs/`: the file, its path in the book, its title.
const PAGES: [(&str, &str, &str); 5] = [
    ("COMPATIBILITY.md", "compatibility.md", "Compatibility"),
    ("environments/README.md", "example.md", "The example"),
    ("CHANGELOG.md", "changelog.md", "Changes"),
    ("ARCHITECTURE.md", "architecture.md", "Architecture"),
    ("CONTRIBUTING.md", "contributing.md", "Contributing"),
];

/// Reads a book as mdBook gives it to a preprocessor, and prints it with the further pages.
pub fn preprocess() -> Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let Value::Array(parts) = serde_json::from_str(&text)? else {
        return Err("mdBook gives a list of the context and the book".into());
    };
    let [_, mut book] = <[Value; 2]>::try_from(parts).map_err(|_| "mdBook gives two values")?;
    // The name before mdBook 0.5, and since then.
    let name = if book["items"].is_array() {
        "items"
    } else {
        "sections"
    };
    let Some(items) = book[name].as_array_mut() else {
        return Err("the book has no chapters".into());
    };
    items.push(json!({"PartTitle": "In the repository"}));
    for (file, path, title) in PAGES {
        let content = fs::read_to_string(repository().join(file))?;
        items.push(json!({"Chapter": {
            "name": title, "content": content, "number": null, "sub_items": [],
            "path": path, "source_path": path, "parent_names": [],
        }}));
    }
    items.iter_mut().for_each(lead);
    println!("{book}");
    Ok(())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Leads the links of a chapter, and of those below it.
fn lead(item: &mut Value) {
    let Some(chapter) = item.get_mut("Chapter") else {
        return;
    };
    if let Some(path) = chapter["source_path"].as_str() {
        let added = PAGES.iter().find(|(_, here, _)| *here == path);
        let file = added.map_or_else(|| format!("docs/{path}"), |(file, _, _)| (*file).to_owned());
        let content = chapter["content"].as_str().unwrap_or_default();
        chapter["content"] = led(content, &file).into();
    }
    let below = chapter["sub_items"].as_array_mut();
    below.into_iter().flatten().for_each(lead);
}

/// A page with its links led to where the book has their targets, or taken away.
fn led(content: &str, file: &str) -> String {
    let mut page = String::new();
    let mut is_code = false;
    for line in content.split_inclusive('\n') {
        if line.starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            page.push_str(line);
        } else {
            page.push_str(&led_line(line, file));
        }
    }
    page
}

fn led_line(line: &str, file: &str) -> String {
    let mut done = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("](") {
        let Some((target, after)) = behind.split_once(')') else {
            break;
        };
        done.push_str(before);
        match place(target, file) {
            Some(place) => {
                done.push_str("](");
                done.push_str(&place);
                done.push(')');
            }
            // The words of the link stay.
            None => match done.rfind('[') {
                Some(start) => {
                    done.remove(start);
                }
                None => done.push(']'),
            },
        }
        rest = after;
    }
    done.push_str(rest);
    done
}

/// Where the book has the target of a link of a file, if it has it.
fn place(target: &str, file: &str) -> Option<String> {
    if target.contains("://") || target.starts_with('#') {
        return Some(target.to_owned());
    }
    let (path, anchor) = match target.split_once('#') {
        Some((path, anchor)) => (path, format!("#{anchor}")),
        None => (target, String::new()),
    };
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            part => parts.push(part),
        }
    }
    let wanted = parts.join("/");
    let place = match PAGES.iter().find(|(file, _, _)| *file == wanted) {
        Some((_, path, _)) => (*path).to_owned(),
        None if wanted == "docs/README.md" => "index.md".to_owned(),
        None => {
            let inside = wanted.strip_prefix("docs/")?;
            let is_file = repository().join(&wanted).is_file();
            is_file.then(|| inside.to_owned())?
        }
    };
    // All pages with links stand at the top of the book.
    Some(format!("{place}{anchor}"))
}

/// Fails if a link of a finished book leads nowhere.
pub fn check(book: &Path) -> Result<()> {
    let mut pages: BTreeMap<PathBuf, String> = BTreeMap::new();
    for entry in fs::read_dir(book)? {
        let path = entry?.path();
        // The first two repeat the others; in the third, links are given relative to the root of a site.
        let is_copy = ["print.html", "toc.html", "404.html"]
            .iter()
            .any(|name| path.ends_with(name));
        if path
            .extension()
            .is_some_and(|extension| extension == "html")
            && !is_copy
        {
            pages.insert(path.clone(), fs::read_to_string(&path)?);
        }
    }
    let mut count = 0;
    let mut wrong = Vec::new();
    for (page, text) in &pages {
        let targets = text.split(['"', '\'']).collect::<Vec<_>>();
        let targets = targets
            .windows(2)
            .filter(|pair| pair[0].ends_with("href=") || pair[0].ends_with("src="));
        for target in targets.map(|pair| pair[1]) {
            if target.contains(':') || target.is_empty() {
                continue;
            }
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() {
                page.clone()
            } else {
                plain(&book.join(path))
            };
            let has_anchor = |text: &String| text.contains(&format!("id=\"{anchor}\""));
            let leads =
                file.is_file() && (anchor.is_empty() || pages.get(&file).is_none_or(has_anchor));
            if !leads {
                wrong.push(format!("{}: {target}", page.display()));
            }
        }
    }
    if count == 0 {
        return Err(format!("{} has no links", book.display()).into());
    }
    if !wrong.is_empty() {
        return Err(format!("links that lead nowhere:\n{}", wrong.join("\n")).into());
    }
    println!("{} pages, {count} links", pages.len());
    Ok(())
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
