//! Edits of `replicas`.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Tag};

use super::image::count_of;
use super::tree::{Tree, text_node};

/// Reads `NAME=COUNT`.
///
/// # Errors
///
/// If there is no `=` or more than one, or the count is no whole number.
pub fn replica(text: &str) -> Result<(String, i64)> {
    let parts = text.split_once('=');
    let count = parts.and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
    count.ok_or_else(|| {
        Error::new(
            Kind::Kustomization,
            format!("`{text}` says no number of replicas"),
        )
        .help("write `NAME=COUNT`, such as `web=3`")
    })
}

/// Sets entries of `replicas`, at their places or at the end.
pub(super) fn set(tree: &mut Tree, replicas: &[(String, i64)]) {
    for (at, (name, count)) in replicas.iter().enumerate() {
        if replicas[at + 1..].iter().any(|(later, _)| later == name) {
            continue;
        }
        let mut is_set = false;
        for index in 0..tree.items("replicas").len() {
            let item = &tree.items("replicas")[index];
            if tree.text(tree.member(item, "name")) != name {
                continue;
            }
            is_set = true;
            if let Some((item, anchors)) = tree.item_mut("replicas", index)
                && let Some(node) = count_of(item, anchors)
            {
                set_count(node, *count);
            }
        }
        if is_set {
            continue;
        }
        let items = tree.items("replicas").iter();
        let names: Vec<&str> = items
            .map(|item| tree.text(tree.member(item, "name")))
            .collect();
        // Sorted entries stay sorted.
        let at = match names.is_sorted() {
            true => names.partition_point(|known| *known <= name.as_str()),
            false => names.len(),
        };
        if let Some(items) = tree.list_mut("replicas") {
            let entry = Node::map(vec![
                Entry::new("name", text_node(name)),
                Entry::new("count", Node::scalar(count.to_string(), Tag::Int)),
            ]);
            items.insert(at, entry);
        }
    }
}

fn set_count(node: &mut Node, count: i64) {
    let text = count.to_string();
    if node.text() != Some(&text) {
        *node = Node {
            span: node.span,
            ..Node::scalar(text, Tag::Int)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_a_whole_number() {
        assert_eq!(replica("web=3").unwrap(), ("web".to_owned(), 3));
        assert_eq!(replica("web=-1").unwrap(), ("web".to_owned(), -1));
        assert_eq!(replica("=1").unwrap(), (String::new(), 1));
        for wrong in [
            "", "web", "web=", "web=x", "web=1.5", "web= 3", "a=1=2", "a=0x10",
        ] {
            assert!(replica(wrong).is_err(), "{wrong}");
        }
    }
}
