//! Objects that are too large to be applied, or to be kept.

use super::{SIZE, found};
use crate::dangling::shown;
use crate::finding::{Finding, Severity};
use crate::resource::Resource;
use crate::yaml::{Node, Value, to_json};

/// All annotations of an object together may be no larger.
/// Source: `TotalAnnotationSizeLimitB` of `k8s.io/apimachinery/pkg/api/validation`.
const ANNOTATIONS: usize = 256 << 10;

/// The largest request that etcd takes, unless it is told otherwise.
/// Source: `--max-request-bytes`, <https://etcd.io/docs/v3.6/dev-guide/limit/>.
const ETCD: usize = 3 << 19;

/// The annotation in which `kubectl apply` keeps the object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn look(by: &Resource, into: &mut Vec<Finding>) {
    // Nearly every object is told by the length of its texts.
    if at_most(&by.node) < ANNOTATIONS {
        return;
    }
    let Ok(json) = to_json(&by.node) else { return };
    let kind = by.id().gvk.kind.as_str();
    let node = by.node.get("kind").unwrap_or(&by.node);
    let is_custom = by.id().gvk.group.contains('.') && !by.id().gvk.group.ends_with(".k8s.io");
    if json.len() > ETCD {
        // The server keeps its own kinds in a form that is shorter than JSON.
        let severity = if is_custom {
            Severity::Error
        } else {
            Severity::Warning
        };
        let message = format!(
            "{} has {} bytes, and etcd takes {ETCD}",
            shown(by),
            json.len()
        );
        let finding = Finding::new(SIZE, severity, message).help("make several objects of it");
        into.push(found(finding, node, by));
        return;
    }
    let annotations = by.node.at(&["metadata", "annotations"]);
    let others = annotations.map_or(&[][..], Node::entries).iter();
    let others: usize = others
        .map(|entry| entry.key.text().map_or(0, str::len) + entry.value.text().map_or(0, str::len))
        .sum();
    let empty = if annotations.is_none() {
        r#""annotations":{},"#.len()
    } else {
        0
    };
    let applied = json.len() + 1 + empty + LAST_APPLIED.len();
    if applied + others > ANNOTATIONS {
        let message = format!(
            "{} is too large for `kubectl apply`: it keeps the object in an annotation, and \
             annotations may have {ANNOTATIONS} bytes",
            shown(by)
        );
        let help = match kind {
            "ConfigMap" | "Secret" => "split it, or use `kubectl apply --server-side`",
            _ => "use `kubectl apply --server-side`",
        };
        let finding = Finding::warning(SIZE, message).help(help);
        into.push(found(finding, node, by));
    }
}

/// No fewer bytes than JSON has for a node, and the annotation for it: every character can take six.
fn at_most(node: &Node) -> usize {
    match &node.value {
        Value::Map(entries) => {
            let inner = entries.iter();
            inner
                .map(|it| at_most(&it.key) + at_most(&it.value) + 8)
                .sum::<usize>()
                + 8
        }
        Value::Seq(items) => items.iter().map(|item| at_most(item) + 8).sum::<usize>() + 8,
        Value::Scalar(text) | Value::Alias(text) => text.len() * 6 + 8,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::resource::History;
    use crate::schema::Schema;
    use crate::yaml::Entry;

    fn found(kind: &str, api_version: &str, bytes: usize) -> Vec<Severity> {
        let field = |key: &str, value: Node| Entry::new(key, value);
        let node = Node::map(vec![
            field("apiVersion", Node::string(api_version)),
            field("kind", Node::string(kind)),
            field(
                "metadata",
                Node::map(vec![field("name", Node::string("a"))]),
            ),
            field(
                "data",
                Node::map(vec![field("a", Node::string("x".repeat(bytes)))]),
            ),
        ]);
        let resource = Resource::generated(node, History::default(), &Schema::builtin());
        let mut findings = Vec::new();
        look(&resource, &mut findings);
        findings
            .into_iter()
            .map(|finding| finding.severity)
            .collect()
    }

    #[test]
    fn what_does_not_fit_into_the_annotation_is_a_warning() {
        // Besides its text, the object has 78 bytes; the annotation has its name, an empty map and a
        // line end.
        let most = ANNOTATIONS - 78 - LAST_APPLIED.len() - 17 - 1;
        assert!(found("ConfigMap", "v1", most).is_empty());
        assert_eq!(found("ConfigMap", "v1", most + 1), [Severity::Warning]);
    }

    #[test]
    fn what_etcd_does_not_take_is_an_error_if_it_is_kept_as_json() {
        assert_eq!(found("ConfigMap", "v1", ETCD), [Severity::Warning]);
        assert_eq!(found("Cart", "example.org/v1", ETCD), [Severity::Error]);
    }
}
