//! The `ValueAddTransformer`: one value for fields of many objects, or for a part of the file
//! paths that they hold.
//!
//! Source: <https://github.com/kubernetes-sigs/kustomize/blob/master/examples/valueAdd.md>.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::Span;
use kustom_yaml::{FieldPath, Text, Value};

use super::links;
use super::namespace::{self, Namespace};
use crate::resource::{Resource, Resources, Selector};
use crate::schema::Schema;

/// The arguments of a `ValueAddTransformer`.
#[derive(Clone, Debug, Default)]
pub struct ValueAdd {
    /// The value; what stands for an empty one is for the caller to say.
    pub value: Text,
    /// Where it goes.
    pub targets: Vec<Target>,
    /// A file with further targets, for the caller to read.
    pub target_file_path: Text,
    /// Where it is written.
    pub span: Span,
}

/// A field of any number of objects.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Which objects; all of them if absent.
    pub selector: Option<Selector>,
    /// The path of the field, its parts joined by `/`.
    pub field_path: Text,
    /// Where in a file path the value goes, counted from 1; 0 replaces the whole field.
    pub position: i64,
    /// Where it is written.
    pub span: Span,
}

/// Sets the fields, and says how many objects were selected.
///
/// # Errors
///
/// If there is no target, or a path is empty or leads to something else than a plain value.
pub fn apply(resources: &mut Resources, args: &ValueAdd, schema: &Schema) -> Result<usize> {
    if args.targets.is_empty() {
        return Err(Error::new(Kind::Transform, "there is no target").at(args.span));
    }
    args.targets.iter().try_for_each(Target::check)?;
    let value = args.value.trim();
    let mut count = 0;
    for target in &args.targets {
        let path = FieldPath::slashed(&target.field_path)
            .map_err(|error| error.at(target.field_path.span))?;
        for position in 0..resources.len() {
            let resource = &resources.as_slice()[position];
            if target
                .selector
                .as_ref()
                .is_some_and(|selector| !selector.matches(resource))
            {
                continue;
            }
            count += 1;
            let charged = resources.budget().charge_text("this value", value, 1);
            charged.map_err(|error| error.at(args.value.span))?;
            resources.update(position, schema, |resource| {
                target.set(resource, &path, value)?;
                links::settle(resource);
                Ok(())
            })?;
        }
    }
    Ok(count)
}

impl Target {
    fn check(&self) -> Result<()> {
        if self.field_path.is_empty() {
            return Err(Error::new(Kind::Transform, "a target has no `fieldPath`")
                .at(self.span)
                .help("such as `spec/template/spec/containers/[name=web]/image`"));
        }
        if self.position < 0 {
            let message = format!("`filePathPosition` is {}, below 0", self.position);
            return Err(Error::new(Kind::Transform, message)
                .at(self.span)
                .help("1 is before the first part of a file path, 0 replaces the whole"));
        }
        Ok(())
    }

    fn set(&self, resource: &mut Resource, path: &FieldPath, value: &str) -> Result<()> {
        if self.field_path.text == "metadata/namespace" {
            let namespace = Text {
                text: value.into(),
                span: self.field_path.span,
            };
            return Namespace {
                namespace,
                ..Namespace::default()
            }
            .move_one(resource, &namespace::own_field(), None);
        }
        let id = resource.id().clone();
        let misfit = |message: &str| {
            let message = format!(
                "the path `{}` does not fit {}: {message}",
                self.field_path,
                id.shown()
            );
            Error::new(Kind::Transform, message).at(self.field_path.span)
        };
        let found = path.find_or_create(&mut resource.node);
        let Some(field) = found.map_err(|error| misfit(error.message()))? else {
            // An index that no item has; with a position this crashes kustomize.
            return if self.position == 0 {
                Ok(())
            } else {
                Err(misfit("there is no such item"))
            };
        };
        let Value::Scalar(text) = &field.value else {
            return Err(misfit("the value there is a list or a map"));
        };
        let text = match usize::try_from(self.position)
            .ok()
            .and_then(|at| at.checked_sub(1))
        {
            Some(index) => inserted(text, index, value),
            None => value.to_owned(),
        };
        field.set_scalar(&text, None);
        Ok(())
    }
}

/// A file path with one part more; an absolute one stays absolute.
fn inserted(path: &str, index: usize, part: &str) -> String {
    let mut parts = split(path);
    let is_absolute = parts.first() == Some(&"");
    let index = index.min(parts.len());
    let index = if is_absolute && index < parts.len() {
        index + 1
    } else {
        index
    };
    parts.insert(index, part);
    match parts.split_first() {
        Some((&"", rest)) => format!("/{}", join(rest)),
        _ => join(&parts),
    }
}

/// The parts of a file path, the first one empty if it is absolute.
fn split(path: &str) -> Vec<&str> {
    if path.is_empty() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    let mut rest = path;
    loop {
        match rest.rsplit_once('/') {
            Some(("", "")) => {
                parts.push("");
                break;
            }
            Some(("", last)) => {
                parts.extend([last, ""]);
                break;
            }
            Some((before, last)) => {
                parts.push(last);
                rest = before;
            }
            None => {
                parts.push(rest);
                break;
            }
        }
    }
    parts.reverse();
    parts
}

/// Parts joined and tidied as Go does it: no empty ones, no `.`, and `..` takes one away.
fn join(parts: &[&str]) -> String {
    if parts.iter().all(|part| part.is_empty()) {
        return String::new();
    }
    let whole = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("/");
    let is_absolute = whole.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => drop(kept.pop()),
            ".." if is_absolute => {}
            part => kept.push(part),
        }
    }
    let tidy = kept.join("/");
    match (is_absolute, tidy.is_empty()) {
        (true, _) => format!("/{tidy}"),
        (false, true) => ".".to_owned(),
        (false, false) => tidy,
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::resource::from_documents;

    fn added(path: &str, position: i64) -> Result<String> {
        let text = "kind: A\nmetadata: {name: x}\ndir: /a/b\nfile: c\nlist: [{name: y}]\nmap: {}\n";
        let schema = Schema::builtin();
        let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        resources
            .add_all(from_documents(stream, &schema).unwrap())
            .unwrap();
        let target = Target {
            field_path: path.into(),
            position,
            ..Target::default()
        };
        let args = ValueAdd {
            value: " new ".into(),
            targets: vec![target],
            ..ValueAdd::default()
        };
        apply(&mut resources, &args, &schema)?;
        let path = FieldPath::slashed(path).unwrap();
        let found = path.find(&resources.as_slice()[0].node).unwrap();
        Ok(found
            .and_then(|node| node.text())
            .unwrap_or_default()
            .to_owned())
    }

    #[test]
    fn the_whole_field_is_set_and_made_if_need_be() {
        for path in [
            "file",
            "map/deep/x",
            "list/[name=y]/v",
            "list/[name=z]/v",
            "metadata/namespace",
        ] {
            assert_eq!(added(path, 0).unwrap(), "new", "{path}");
        }
        assert_eq!(added("list/7", 0).unwrap(), "");
    }

    #[test]
    fn a_part_of_a_file_path_is_set() {
        for (path, position, wanted) in [
            ("dir", 1, "/new/a/b"),
            ("dir", 2, "/a/new/b"),
            ("dir", 99, "/a/b/new"),
            ("file", 1, "new/c"),
            ("file", 2, "c/new"),
            ("map/x", 5, "new"),
        ] {
            assert_eq!(added(path, position).unwrap(), wanted, "{path} {position}");
        }
    }

    #[test]
    fn a_file_path_is_tidied() {
        assert_eq!(inserted("a//b/../c", 0, "x"), "x/a/c");
        assert_eq!(inserted("/", 0, "x"), "/x");
        assert_eq!(inserted("../a", 1, "x"), "../x/a");
        assert_eq!(inserted("", 3, "x"), "x");
    }

    #[test]
    fn what_is_no_plain_value_is_refused() {
        for (path, position) in [
            ("map", 0),
            ("list", 0),
            ("file/x", 0),
            ("", 0),
            ("file", -1),
        ] {
            assert!(added(path, position).is_err(), "{path}");
        }
        assert!(added("list/7", 1).is_err());
        let none = ValueAdd::default();
        assert!(apply(&mut Resources::new(), &none, &Schema::builtin()).is_err());
    }
}
