//! The field specs that each type of object needs, found once for all objects of the type.

use rustc_hash::FxHashMap;

use super::{FieldSpec, Plan};
use crate::id::Gvk;
use crate::resource::Resources;

/// The plans of a table of field specs, one for each type among some resources.
#[derive(Clone, Debug)]
pub struct Plans<'s>(FxHashMap<Gvk, Plan<'s>>);

impl<'s> Plans<'s> {
    /// For the types that resources have now.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::fields::{Fields, Plans};
    /// use kustom_engine::id::Gvk;
    /// use kustom_engine::resource::Resources;
    ///
    /// let fields = Fields::builtin();
    /// let plans = Plans::among(&fields.images, &Resources::new());
    /// assert!(plans.of(&Gvk::new("apps/v1", "Deployment")).is_none());
    /// ```
    pub fn among(specs: &'s [FieldSpec], resources: &Resources) -> Self {
        Self::each(resources, |gvk| Plan::of_type(specs, gvk))
    }

    /// The plan that a function makes for each type that resources have now.
    pub fn each(resources: &Resources, plan: impl Fn(&Gvk) -> Plan<'s>) -> Self {
        let mut plans = FxHashMap::default();
        for resource in resources {
            let gvk = &resource.id().gvk;
            if !plans.contains_key(gvk) {
                plans.insert(gvk.clone(), plan(gvk));
            }
        }
        Self(plans)
    }

    /// What a type needs; nothing if no resource was of it.
    pub fn of(&self, gvk: &Gvk) -> Option<&Plan<'s>> {
        self.0.get(gvk)
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::error::{Error, Kind, Result};
    use kustom_yaml::place::SourceId;
    use kustom_yaml::{Node, Tag, Value, read_manifests};

    use super::super::{Failure, OnMissing, segments};
    use super::*;
    use crate::resource::from_documents;
    use crate::schema::Schema;

    /// Follows one spec, part by part: what a walk for all of them must come to.
    struct Alone<'t> {
        parts: Vec<String>,
        spec: &'t FieldSpec,
        leaf: OnMissing,
        items: Vec<u32>,
    }

    impl Alone<'_> {
        fn walk(
            &mut self,
            node: &mut Node,
            depth: usize,
            f: &mut dyn FnMut(&[u32], &mut Node) -> Result<()>,
        ) -> Result<()> {
            let Some(part) = self.parts.get(depth).cloned() else {
                return f(&self.items, node);
            };
            if node.is_null() {
                return Ok(());
            }
            match &mut node.value {
                Value::Seq(items) => {
                    for (number, item) in (0..).zip(items.iter_mut()) {
                        self.items.push(number);
                        self.walk(item, depth, f)?;
                        self.items.pop();
                    }
                    Ok(())
                }
                Value::Map(_) => match self.field(node, &part, depth)? {
                    Some(field) => self.walk(field, depth + 1, f),
                    None => Ok(()),
                },
                _ => Err(Error::new(
                    Kind::Transform,
                    "a single value is where a map or a list should be",
                )),
            }
        }

        fn field<'n>(
            &self,
            map: &'n mut Node,
            part: &str,
            depth: usize,
        ) -> Result<Option<&'n mut Node>> {
            let error = |message: &str| Err(Error::new(Kind::Transform, message));
            let name = part.strip_suffix("[]").unwrap_or(part);
            match name.trim() {
                _ if name.is_empty() => return error("a part of the field path is empty"),
                "" => return Ok(Some(map)),
                "0" => {
                    return error("`0` in a field path means an item of a list, here is a map");
                }
                _ => {}
            }
            let is_list = name != part;
            let makes = self.spec.create && usize::from(self.spec.required) <= depth;
            let made = match self.leaf {
                _ if is_list || !makes => None,
                OnMissing::Keep => None,
                OnMissing::Scalar(tag) if depth + 1 == self.parts.len() => {
                    Some(Node::scalar("", tag))
                }
                _ => Some(Node::map(Vec::new())),
            };
            match (map.get(name.trim()), made) {
                (None, Some(made)) => map.set(name.trim(), made),
                (Some(null), made) if null.is_null() => {
                    let made = match is_list {
                        true => Node::seq(Vec::new()),
                        false => made.unwrap_or_default(),
                    };
                    // A scalar keeps the text that it has.
                    let text = null.text().unwrap_or_default().to_owned();
                    let new = match made.is_scalar() {
                        true => Node::scalar(text, made.tag),
                        false => made,
                    };
                    map.set(name.trim(), new);
                }
                _ => {}
            }
            Ok(map.get_mut(name.trim()))
        }
    }

    /// Numbers that look drawn, the same ones at every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, most: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % most
        }

        fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
            list[self.below(list.len() as u64) as usize]
        }

        fn node(&mut self, depth: u64) -> Node {
            match self.below(8) {
                _ if depth == 0 => Node::string(self.of(&["x", "y", "bad"])),
                0 => Node::null(),
                1 => Node::string(self.of(&["x", "y", "bad"])),
                2 | 3 => Node::seq((0..self.below(4)).map(|_| self.node(depth - 1)).collect()),
                _ => {
                    let mut map = Node::map(Vec::new());
                    for _ in 0..self.below(4) {
                        let value = self.node(depth - 1);
                        map.set(self.of(&["a", "b", "c"]), value);
                    }
                    map
                }
            }
        }

        fn spec(&mut self) -> FieldSpec {
            const PARTS: [&str; 12] = [
                "a", "a", "a", "b", "b", "c", "c", "a[]", "b[]", " a ", " ", "0",
            ];
            let parts: Vec<&str> = (0..1 + self.below(4))
                .map(|_| match self.below(30) {
                    0 => "",
                    _ => self.of(&PARTS),
                })
                .collect();
            FieldSpec {
                path: parts.join("/").into(),
                create: self.below(2) == 0,
                required: self.below(3) as u8,
                ..FieldSpec::default()
            }
        }
    }

    /// Changes a field, or refuses it.
    fn change(number: usize, field: &mut Node) -> Result<()> {
        match &mut field.value {
            Value::Scalar(text) if text == "bad" => {
                return Err(Error::new(Kind::Transform, format!("{number} is bad")));
            }
            Value::Scalar(text) => {
                let text = format!("{text}{number}");
                *field = Node::string(text);
            }
            Value::Map(_) => field.set(["a", "b", "z"][number % 3], Node::string("new")),
            _ if number.is_multiple_of(2) => *field = Node::null(),
            _ => {}
        }
        Ok(())
    }

    #[test]
    fn a_walk_comes_to_what_one_walk_for_each_spec_comes_to() {
        let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
        let (mut good, mut failed) = (0, 0);
        for _ in 0..60_000 {
            let object = numbers.node(5);
            let specs: Vec<FieldSpec> = (0..1 + numbers.below(6)).map(|_| numbers.spec()).collect();
            let leaves = [OnMissing::Keep, OnMissing::Map, OnMissing::Scalar(Tag::Str)];
            let leaf = leaves[numbers.below(3) as usize];

            let (mut wanted, mut calls) = (object.clone(), Vec::new());
            let alone = specs.iter().enumerate().try_for_each(|(number, spec)| {
                let mut alone = Alone {
                    parts: segments(&spec.path).map(String::from).collect(),
                    spec,
                    leaf,
                    items: Vec::new(),
                };
                let f = &mut |items: &[u32], field: &mut Node| {
                    calls.push((number, items.to_vec()));
                    change(number, field)
                };
                alone
                    .walk(&mut wanted, 0, f)
                    .map_err(|error| Failure { number, error })
            });

            let (mut found, mut met) = (object.clone(), Vec::new());
            let together =
                Plan::of(&specs).follow(&mut found, leaf, &mut |number, items, field| {
                    met.push((number, items.to_vec()));
                    change(number, field)
                });
            let shown = |failure: Failure| (failure.number, failure.error.message().to_owned());
            match (alone, together) {
                (Ok(()), Ok(())) => {
                    met.sort();
                    assert_eq!(met, calls, "{object:?} {specs:?}");
                    assert_eq!(found, wanted, "{object:?} {specs:?}");
                    good += 1;
                }
                (Err(one), Err(other)) => {
                    assert_eq!(shown(other), shown(one), "{object:?} {specs:?}");
                    failed += 1;
                }
                (one, other) => panic!("{one:?} {other:?} {object:?} {specs:?}"),
            }
        }
        assert!(good > 10_000 && failed > 10_000, "{good} {failed}");
    }

    #[test]
    fn a_type_has_the_specs_that_speak_of_it() {
        let text = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n\
                    {apiVersion: v1, kind: Pod, metadata: {name: a}}\n";
        let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        let list = from_documents(stream, &Schema::builtin()).unwrap();
        resources.add_all(list).unwrap();
        let spec = |group: &str, kind: &str| FieldSpec {
            group: group.into(),
            kind: kind.into(),
            path: "a/b".into(),
            ..FieldSpec::default()
        };
        let specs = [spec("apps", ""), spec("", "Pod"), spec("", "")];
        let plans = Plans::among(&specs, &resources);
        let numbers = |api_version: &str, kind: &str| {
            let plan = plans.of(&Gvk::new(api_version, kind))?;
            let mut node = read_manifests(b"{a: {b: c}}", SourceId::NONE).unwrap();
            let mut numbers = Vec::new();
            plan.walk(
                &mut node.documents[0],
                OnMissing::Keep,
                &mut |number, _, _| {
                    numbers.push(number);
                    Ok(())
                },
            )
            .unwrap();
            Some(numbers)
        };
        assert_eq!(numbers("apps/v1", "Deployment"), Some(vec![0, 2]));
        assert_eq!(numbers("v1", "Pod"), Some(vec![1, 2]));
        assert_eq!(numbers("v1", "Service"), None);
    }
}
