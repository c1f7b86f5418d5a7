//! Patches: strategic merge and JSON 6902.

use kustom::id::Id;
use kustom::limits::Budget;
use kustom::patch::{Audit, JsonPatch, apply_json, merge_strategic};
use kustom::place::SourceId;
use kustom::schema::Schema;
use kustom::yaml::{
    Node, manifests, read_strict_config, repeated_key, spelt_config, to_json, unspelt_json,
};
use serde_json::Value as Json;

use super::parts::{check_span, pair};

/// A patch that is applied again changes nothing more, unless it has directives, which speak of
/// what was there, a key that stands twice, or something of it is lost, which [`Audit`] tells; and every value keeps its place
/// in one of the two texts.
pub(crate) fn strategic_merge(text: &str) {
    let (of_object, of_patch) = pair(text);
    let (Some(object), Some(patch)) = (first(of_object, 0), first(of_patch, 1)) else {
        return;
    };
    let (schema, budget) = (Schema::builtin(), Budget::default());
    let mut once = object.clone();
    let Ok(true) = merge_strategic(&mut once, &patch, &schema, &budget) else {
        return;
    };
    check_places(&once, &[of_object, of_patch]);
    let audit = Audit::default();
    let id = Id::default();
    audit.strategic(&object, &patch, Some(&once), &schema, &id);
    let is_of_the_kind = ["apiVersion", "kind"]
        .iter()
        .all(|key| once.get(key).and_then(Node::text) == object.get(key).and_then(Node::text));
    let is_plain = !of_patch.contains('$') && repeated_key(&patch).is_none();
    if !is_plain || !is_of_the_kind || !audit.findings().is_empty() {
        return;
    }
    // Items that lack a key of their list are multiplied by any patch, as in kustomize.
    let mut idle = once.clone();
    let mut nothing = patch.clone();
    if let Some(fields) = nothing.entries_mut() {
        fields.retain(|field| field.is("apiVersion") || field.is("kind"));
    }
    let kept = merge_strategic(&mut idle, &nothing, &schema, &budget);
    if kept.ok() != Some(true) || json(&idle) != json(&once) {
        return;
    }
    let mut twice = once.clone();
    let kept = merge_strategic(&mut twice, &patch, &schema, &budget);
    assert_eq!(kept.ok(), Some(true), "a patch that fitted does not fit");
    assert_eq!(json(&twice), json(&once));
}

/// Where a patch can be applied by the letter of RFC 6902, it makes what that makes.
pub(crate) fn json_patch(text: &str) {
    let (of_object, of_patch) = pair(text);
    let (Some(object), Ok(list)) = (
        first(of_object, 0),
        read_strict_config(of_patch.as_bytes(), SourceId::new(1)),
    ) else {
        return;
    };
    let Ok(patch) = JsonPatch::parse(&list) else {
        return;
    };
    let budget = Budget::of(1 << 20);
    let mut ours = object.clone();
    if apply_json(&mut ours, &patch, &budget).is_err() {
        return;
    }
    check_places(&ours, &[of_object, of_patch]);
    let plain = spelt_config(&list).and_then(|list| unspelt_json(&list));
    let (Some(mut theirs), Ok(operations)) = (json(&object), plain) else {
        return;
    };
    let Some(operations) = json(&operations) else {
        return;
    };
    let Ok(operations) = serde_json::from_value::<json_patch::Patch>(operations) else {
        return;
    };
    if json_patch::patch(&mut theirs, &operations).is_ok() {
        assert_eq!(json(&ours), Some(theirs));
    }
}

fn first(text: &str, source: usize) -> Option<Node> {
    let nodes = manifests(text.as_bytes(), SourceId::new(source)).ok()?;
    nodes.into_iter().next()
}

/// A node as JSON, if it can be that.
pub(crate) fn json(node: &Node) -> Option<Json> {
    serde_json::from_str(&to_json(node).ok()?).ok()
}

fn check_places(node: &Node, texts: &[&str]) {
    if let Some(text) = node.span.source.index().and_then(|index| texts.get(index)) {
        check_span(node.span, text);
    }
    node.items().iter().for_each(|it| check_places(it, texts));
    for entry in node.entries() {
        check_places(&entry.key, texts);
        check_places(&entry.value, texts);
    }
}
