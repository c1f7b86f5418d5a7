//! Validation, and the expressions of custom resource definitions.

use kustom::place::SourceId;
use kustom::validation::{Form, Version, validate};
use kustom::yaml::{Node, manifests};

use super::parts::{check_span, pair};

/// No object makes the validation panic; what it finds has its place in the text.
///
/// The first line may name a version of Kubernetes.
pub(crate) fn objects(text: &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (version, text) = match line.parse() {
        Ok(version) => (version, rest),
        Err(_) => (Version::NEWEST, text),
    };
    let Ok(nodes) = manifests(text.as_bytes(), SourceId::new(0)) else {
        return;
    };
    judged(&nodes, version, text);
}

fn judged(nodes: &[Node], version: Version, text: &str) {
    let nodes: Vec<&Node> = nodes.iter().collect();
    for form in [Form::Written, Form::Printed] {
        for finding in validate(&nodes, version, form) {
            let place = finding.place.unwrap_or_default();
            if place.span.source == SourceId::new(0) {
                check_span(place.span, text);
            }
        }
    }
}

/// A definition with one rule, which is replaced.
const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: as.example.com}
spec:
  group: example.com
  names: {kind: A, plural: as}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              text: {type: string, maxLength: 40}
              count: {type: integer}
              share: {type: number}
              on: {type: boolean}
              when: {type: string, format: date-time}
              port: {x-kubernetes-int-or-string: true}
              list: {type: array, maxItems: 9, items: {type: string, maxLength: 9}}
              map: {type: object, maxProperties: 9, additionalProperties: {type: integer}}
              any: {type: object, x-kubernetes-preserve-unknown-fields: true}
            x-kubernetes-validations:
            - {rule: RULE, message: no}
";

/// No expression makes its reader, its checker or its evaluator panic.
///
/// The first text is the expression, the second one the `spec` of an object.
pub(crate) fn expression(text: &str) {
    let (expression, spec) = pair(text);
    let read = |text: &str| manifests(text.as_bytes(), SourceId::NONE).ok();
    let first = |text| read(text).and_then(|nodes| nodes.into_iter().next());
    let mut definition = first(DEFINITION).expect("the definition is YAML");
    let rule = rule_of(&mut definition).expect("the definition has a rule");
    *rule = Node::string(expression);
    let mut nodes = vec![definition];
    if let Some(spec) = first(spec) {
        let mut object = Node::map(Vec::new());
        object.set("apiVersion", Node::string("example.com/v1"));
        object.set("kind", Node::string("A"));
        let mut metadata = Node::map(Vec::new());
        metadata.set("name", Node::string("a"));
        object.set("metadata", metadata);
        object.set("spec", spec);
        nodes.push(object);
    }
    judged(&nodes, Version::NEWEST, "");
}

fn rule_of(definition: &mut Node) -> Option<&mut Node> {
    let versions = definition.at_mut(&["spec", "versions"])?;
    let version = versions.items_mut()?.first_mut()?;
    let path = [
        "schema",
        "openAPIV3Schema",
        "properties",
        "spec",
        "x-kubernetes-validations",
    ];
    let rules = version.at_mut(&path)?.items_mut()?;
    rules.first_mut()?.get_mut("rule")
}
