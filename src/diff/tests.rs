//! Properties that hold for any two lists of resources.

use super::*;
use crate::place::SourceId;
use crate::schema::Schema;
use crate::yaml::{Entry, Node, Tag, Value, manifests, write};

/// Nothing is a secret.
struct NoSecrets;

impl Secrets for NoSecrets {
    fn find(&self, _: &str) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn is_placeholder(&self, _: &str) -> bool {
        true
    }
}

fn resources(text: &str) -> Vec<Resource> {
    let nodes = manifests(text.as_bytes(), SourceId::NONE).unwrap();
    let schema = Schema::builtin();
    nodes
        .into_iter()
        .map(|node| Resource::new(node, &schema).unwrap())
        .collect()
}

fn compared(from: &[Resource], to: &[Resource]) -> Diff {
    compared_as(Sides::Environments, from, to, &[])
}

fn compared_as(sides: Sides, from: &[Resource], to: &[Resource], ignored: &[Ignore]) -> Diff {
    let input = |name, resources| Input {
        name,
        resources,
        place: &|_| None,
    };
    let options = Options {
        sides,
        fields: &Fields::builtin(),
        secrets: &NoSecrets,
        masking: Masking::default(),
        expected: &[],
        ignored,
        detail: Detail::default(),
    };
    diff(input("from", from), input("to", to), &options)
}

fn differences(from: &str, to: &str) -> Vec<String> {
    let found = compared(&resources(from), &resources(to));
    let text = |shown: &Option<Shown>| shown.as_ref().map_or("", |it| &it.text).to_owned();
    found
        .changes
        .iter()
        .filter(|change| change.class.counts())
        .map(|it| {
            let (from, to) = (text(&it.from), text(&it.to));
            format!("{} {} {}: {from} → {to}", it.op.word(), it.subject, it.path)
        })
        .collect()
}

/// Numbers that look drawn and are the same at every run.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % sides
    }

    fn value(&mut self, depth: u32) -> Node {
        match self.roll(if depth == 0 { 3 } else { 6 }) {
            0 => Node::scalar(self.roll(50).to_string(), Tag::Int),
            1 => Node::string(format!("word-{}", self.roll(20))),
            2 => Node::scalar("true", Tag::Bool),
            3 => Node::seq((0..self.roll(5)).map(|_| self.value(depth - 1)).collect()),
            4 => {
                let item = |dice: &mut Self, number| {
                    let name = Node::string(format!("item-{number}"));
                    Node::map(vec![
                        Entry::new("name", name),
                        Entry::new("x", dice.value(depth - 1)),
                    ])
                };
                Node::seq((0..self.roll(4)).map(|number| item(self, number)).collect())
            }
            _ => Node::map(
                (0..1 + self.roll(4))
                    .map(|number| Entry::new(format!("field{number}"), self.value(depth - 1)))
                    .collect(),
            ),
        }
    }

    /// Changes one scalar somewhere below, if there is one.
    fn change(&mut self, node: &mut Node) -> bool {
        match &mut node.value {
            Value::Map(entries) if !entries.is_empty() => {
                let at = self.roll(entries.len() as u32) as usize;
                self.change(&mut entries[at].value)
            }
            Value::Seq(items) if !items.is_empty() => {
                let at = self.roll(items.len() as u32) as usize;
                self.change(&mut items[at])
            }
            Value::Scalar(_) => {
                *node = Node::string("changed");
                true
            }
            _ => false,
        }
    }
}

fn custom(spec: Node) -> Resource {
    let metadata = Node::map(vec![Entry::new("name", Node::string("x"))]);
    let node = Node::map(vec![
        Entry::new("apiVersion", Node::string("example.com/v1")),
        Entry::new("kind", Node::string("Thing")),
        Entry::new("metadata", metadata),
        Entry::new("spec", spec),
    ]);
    Resource::new(node, &Schema::builtin()).unwrap()
}

#[test]
fn nothing_differs_from_itself() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let resource = [custom(dice.value(4))];
        let found = compared(&resource, &resource);
        assert!(found.changes.is_empty(), "{:?}", found.changes);
    }
}

#[test]
fn whatever_is_changed_is_found() {
    let mut dice = Dice(2);
    let mut count = 0;
    for _ in 0..300 {
        let spec = dice.value(4);
        let mut other = spec.clone();
        if dice.change(&mut other) {
            let found = compared(&[custom(spec)], &[custom(other)]);
            assert!(!found.is_empty());
            count += 1;
        }
    }
    assert!(count > 200, "{count}");
}

#[test]
fn what_two_values_differ_in_makes_one_of_the_other() {
    let mut dice = Dice(3);
    for _ in 0..300 {
        let mut one = maps(&mut dice, 3);
        let other = maps(&mut dice, 3);
        let found = compared(&[custom(one.clone())], &[custom(other.clone())]);
        for change in &found.changes {
            let fields: Vec<&str> = change.path.fields().skip(1).collect();
            let (last, above) = fields.split_last().unwrap();
            let holder = one.at_mut(above).unwrap();
            match &change.to {
                None => drop(holder.remove(last)),
                Some(shown) => {
                    let value = manifests(
                        format!("v: {}\n", indented(&shown.text)).as_bytes(),
                        SourceId::NONE,
                    );
                    let value = value.unwrap().remove(0).remove("v").unwrap();
                    holder.set(last, value);
                }
            }
        }
        let text = |node: &Node| {
            let mut text = String::new();
            write(node, &mut text).unwrap();
            text
        };
        assert_eq!(text(&one), text(&other));
    }
}

/// Maps of maps of numbers, whose paths mean the same in any of them.
fn maps(dice: &mut Dice, depth: u32) -> Node {
    let entry = |dice: &mut Dice, number| {
        let value = match dice.roll(3) {
            0 if depth > 0 => maps(dice, depth - 1),
            _ => Node::scalar(dice.roll(3).to_string(), Tag::Int),
        };
        Entry::new(format!("f{number}"), value)
    };
    let fields = (0..4).filter(|_| dice.roll(4) > 0).collect::<Vec<_>>();
    let mut entries: Vec<Entry> = fields
        .into_iter()
        .map(|number| entry(dice, number))
        .collect();
    entries.push(Entry::new("last", Node::scalar("0", Tag::Int)));
    Node::map(entries)
}

fn indented(text: &str) -> String {
    match text.contains(':') {
        true => format!("\n  {}", text.replace('\n', "\n  ")),
        false => text.to_owned(),
    }
}

#[test]
fn a_prefix_and_a_namespace_are_learned_from_plain_yaml() {
    let side = |prefix: &str, namespace: &str| -> String {
        ["deck", "hook", "tide"]
            .map(|name| {
                format!(
                    "apiVersion: v1\nkind: Service\nmetadata: {{name: {prefix}{name}, namespace: {namespace}}}\n\
                     spec: {{externalName: {prefix}{name}.{namespace}.svc}}\n---\n"
                )
            })
            .concat()
    };
    let (from, to) = (side("", "prow"), side("staging-", "staging-prow"));
    assert_eq!(differences(&from, &to), [""; 0]);
    let found = compared(
        &resources(&side("prod-", "a")),
        &resources(&side("test-", "b")),
    );
    assert_eq!((found.matched, found.counts().differences), (3, 0));
    assert_eq!(found.mapping.prefix.from, "prod-");
    assert_eq!(found.mapping.prefix.to, "test-");
    assert_eq!(found.mapping.namespaces["a"], "b");
}

#[test]
fn a_hash_alone_is_no_difference() {
    let side = |hash: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app-{hash}}}\n---\n\
             apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\n\
             spec: {{volumes: [{{name: a, configMap: {{name: app-{hash}}}}}]}}\n"
        )
    };
    assert_eq!(
        differences(&side("5h9m86f79f"), &side("kk2b7t4g5m")),
        [""; 0]
    );
}

#[test]
fn another_version_of_the_same_kind_is_one_difference() {
    let side =
        |version: &str| format!("apiVersion: {version}\nkind: CronJob\nmetadata: {{name: a}}\n");
    assert_eq!(
        differences(&side("batch/v1beta1"), &side("batch/v1")),
        ["changed CronJob a apiVersion: batch/v1beta1 → batch/v1"]
    );
}

#[test]
fn what_was_renamed_is_found_by_what_it_says() {
    let side = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, labels: {{a: b}}}}\n\
             spec: {{type: ClusterIP, selector: {{app: x}}, ports: [{{port: 80, name: http}}]}}\n\
             ---\napiVersion: v1\nkind: Service\nmetadata: {{name: same}}\n"
        )
    };
    assert_eq!(
        differences(&side("frontend"), &side("web")),
        ["changed Service frontend metadata.name: frontend → web"]
    );
}

#[test]
fn lists_are_compared_by_what_their_items_are() {
    let pod = |containers: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: {containers}}}\n"
        )
    };
    assert_eq!(
        differences(
            &pod("[{name: a, image: a:1}, {name: b, image: b:1}]"),
            &pod("[{name: b, image: b:2}, {name: a, image: a:1}]")
        ),
        ["changed Pod a spec.containers[b].image: b:1 → b:2"]
    );
    assert_eq!(
        differences(
            &pod("[{name: a, args: [run, --port=1, --log, info, -v]}]"),
            &pod("[{name: a, args: [run, --port=1, --log, debug, --x]}]")
        ),
        [
            "changed Pod a spec.containers[a].args[--log]: info → debug",
            "removed Pod a spec.containers[a].args[-v]: -v → ",
            "added Pod a spec.containers[a].args[--x]:  → --x",
        ]
    );
}

#[test]
fn documents_in_texts_are_compared_by_structure() {
    let side = |text: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  app.yaml: |\n    {text}\n"
        )
    };
    assert_eq!(
        differences(
            &side("a: 1\n    b: {c: [x, p]}"),
            &side("b:\n      c: [x, q]\n    a: 1")
        ),
        ["changed ConfigMap a data[app.yaml].b.c[1]: p → q"]
    );
    let (from, to) = (side("a: 1"), side("# why\n    a: 1"));
    assert_eq!(differences(&from, &to), [""; 0]);
    let found = compared(&resources(&from), &resources(&to));
    assert_eq!(found.counts().layout, 1);
    assert_eq!(found.changes[0].op, Op::Reformatted);
    for (one, other) in [
        ("a: 1.10", "a: 1.1"),
        ("a: 010", "a: 8"),
        ("a: no", "a: 'no'"),
    ] {
        assert_eq!(
            differences(&side(one), &side(other)).len(),
            1,
            "{one} {other}"
        );
    }
}

#[test]
fn a_name_that_only_the_other_side_has_is_suspicious() {
    let side = |prefix: &str, subject: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {prefix}deck}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {prefix}hook}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {prefix}deck}}\n\
             subjects: [{{kind: ServiceAccount, name: {subject}}}]\n"
        )
    };
    let found = compared(
        &resources(&side("", "staging-deck")),
        &resources(&side("staging-", "staging-deck")),
    );
    let expected: Vec<_> = found
        .changes
        .iter()
        .filter_map(|it| it.expected.clone())
        .collect();
    assert_eq!(expected, [(Side::From, "deck".to_owned())]);
    let found = compared(
        &resources(&side("", "deck")),
        &resources(&side("staging-", "deck")),
    );
    let expected: Vec<_> = found
        .changes
        .iter()
        .filter_map(|it| it.expected.clone())
        .collect();
    assert_eq!(expected, [(Side::To, "staging-deck".to_owned())]);
    let found = compared(
        &resources(&side("", "deck")),
        &resources(&side("staging-", "staging-deck")),
    );
    assert!(found.is_empty());
}
