//! `read`: what a path names, as text.

use kustom_yaml::error::Result;
use kustom_yaml::{Node, Options, PrintOptions, Tag, Value, print_node};

use super::command::{Input, Output};
use super::documents::selected;
use super::path::Path;
use crate::json;

/// What `read` prints of what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// The values.
    #[default]
    Values,
    /// The paths.
    Paths,
    /// Both.
    Both,
}

/// How `read` reads and prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading<'a> {
    /// What is printed of each result.
    pub shown: Shown,
    /// What is printed where there is no result.
    pub default: Option<&'a str>,
    /// Whether the results are printed as one sequence.
    pub collect: bool,
    /// Whether the length of each result is printed, and not the result.
    pub lengths: bool,
    /// Whether aliases are replaced by what they stand for.
    pub explode: bool,
    /// Whether comments are left out.
    pub bare: bool,
}

/// `read`: the values that a path names.
///
/// # Example
///
/// ```
/// use kustom_yq::v3::{Documents, Input, Output, Reading, read};
///
/// let input = Input {
///     text: "l: [{n: x}, {n: y}]\n",
///     documents: Documents::default(),
/// };
/// let found = read(input, "l.*.n", &Reading::default(), Output::default())?;
/// assert_eq!(found, "x\ny\n");
/// # Ok::<(), kustom_yaml::error::Error>(())
/// ```
pub fn read(input: Input<'_>, path: &str, how: &Reading<'_>, output: Output) -> Result<String> {
    let path = Path::parse(path);
    let options = Options {
        keep_aliases: !how.explode,
        comments: !how.bare,
        ..Options::default()
    };
    let mut documents = kustom_yaml::read(input.text, &options)?;
    let mut found: Vec<(String, Node)> = Vec::new();
    for root in selected(&mut documents, input.documents)? {
        let results = super::search::find(root, &path)?;
        found.extend(
            results
                .into_iter()
                .map(|(trail, node)| (trail, node.clone())),
        );
    }
    if how.collect {
        let items = found.into_iter().map(|(_, node)| node).collect();
        found = vec![(String::new(), Node::seq(items))];
    }
    if let (true, Some(default)) = (found.is_empty(), how.default) {
        return Ok(format!("{default}\n"));
    }
    let mut out = String::new();
    for (trail, node) in found {
        let node = match how.lengths {
            true => Node::scalar(length(&node).to_string(), Tag::Int),
            false => node,
        };
        out.push_str(&shown_value(&trail, &node, how.shown, output)?);
    }
    Ok(out)
}

/// How many entries, items or characters a value has.
fn length(node: &Node) -> usize {
    match &node.value {
        Value::Map(entries) => entries.len(),
        Value::Seq(items) => items.len(),
        Value::Scalar(_) if node.is_null() => 0,
        Value::Scalar(text) | Value::Alias(text) => text.chars().count(),
    }
}

fn shown_value(trail: &str, node: &Node, shown: Shown, output: Output) -> Result<String> {
    if shown == Shown::Paths {
        return Ok(format!("{trail}\n"));
    }
    let text = if output.json {
        let indent = if output.pretty { output.step() } else { 0 };
        json::json(node, indent)? + "\n"
    } else {
        let options = PrintOptions {
            indent: output.step(),
            pretty: output.pretty,
            unwrapped: true,
            ..PrintOptions::default()
        };
        print_node(node, &options)
    };
    if shown == Shown::Values {
        return Ok(text);
    }
    let is_line = matches!(node.value, Value::Scalar(_) | Value::Alias(_));
    Ok(if is_line {
        format!("{trail}: {text}")
    } else {
        let lines: String = text.lines().map(|line| format!("  {line}\n")).collect();
        format!("{trail}:\n{lines}")
    })
}
