//! The legacy `vars` field: `$(NAME)` in some fields stands for a value in some object.
//!
//! Which object a variable means is decided where it is declared; what its value is, and where it
//! goes, only at the very end, when names are final.
//! Source: <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/vars/>.

mod expand;

use std::collections::{BTreeMap, HashMap};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::finding::Finding;
use kustom_yaml::{FieldPath, Node, Str, Tag, Text, Value};

use crate::fields::{self, FieldSpec, Fields, OnMissing};
use crate::id::Gvk;
use crate::resource::{Resource, Resources};
use crate::transform::links;

use expand::Expansion;

/// An entry of `vars`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Var {
    /// The name between `$(` and `)`.
    pub name: Text,
    /// The object that has the value.
    pub object: ObjectReference,
    /// The path of the value; empty for `metadata.name`.
    pub field_path: Text,
}

/// The object that a variable means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectReference {
    /// Group, version and kind, all of which must be the same.
    pub gvk: Gvk,
    /// A name that the object has or had.
    pub name: Str,
    /// A namespace that it is or was in; empty for any.
    pub namespace: Str,
}

impl ObjectReference {
    /// Sets group and version as an `apiVersion` says them.
    pub fn set_api_version(&mut self, api_version: &str) {
        let mut parts = api_version.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(""), None, _) => {}
            (Some(version), None, _) => self.gvk.version = version.into(),
            (Some(group), Some(version), None) => {
                self.gvk.group = group.into();
                self.gvk.version = version.into();
            }
            _ => {}
        }
    }
}

/// The variables of a directory and of all that are below it.
#[derive(Clone, Debug, Default)]
pub struct Vars(BTreeMap<Str, Var>);

impl Vars {
    /// Adds the variables of a kustomization, and notes on the objects which of them they are
    /// meant by.
    ///
    /// # Errors
    ///
    /// If a variable could mean several objects, or its name is taken.
    pub fn collect(&mut self, vars: &[Var], resources: &mut Resources) -> Result<()> {
        if vars.is_empty() {
            return Ok(());
        }
        let found = positions(vars, resources);
        for (var, positions) in vars.iter().zip(found) {
            match positions.as_slice() {
                [] => {}
                &[position] => {
                    let resource = &mut resources.contents_mut()[position];
                    resource.history.vars.push(var.name.text.clone());
                }
                &[one, another, ..] => {
                    let resources = resources.as_slice();
                    return Err(ambiguous(var, &resources[one], &resources[another]));
                }
            }
        }
        vars.iter().try_for_each(|var| self.add(var.clone()))
    }

    /// Adds the variables of another directory.
    ///
    /// # Errors
    ///
    /// If a name is taken.
    pub fn merge(&mut self, others: Self) -> Result<()> {
        others.0.into_values().try_for_each(|var| self.add(var))
    }

    fn add(&mut self, var: Var) -> Result<()> {
        if let Some(first) = self.0.get(&var.name.text) {
            let message = format!("the variable `{}` is declared twice", var.name);
            return Err(Error::new(Kind::Reference, message)
                .at(var.name.span)
                .note(
                    "the first declaration is here",
                    Some(first.name.span.into()),
                )
                .help("give one of them another name, or declare it only once for both"));
        }
        self.0.insert(var.name.text.clone(), var);
        Ok(())
    }

    /// Puts the values of the variables into the fields where they may stand, and tells of those
    /// that stand nowhere.
    ///
    /// # Errors
    ///
    /// If a variable has no value, or such a field holds something else than text.
    pub fn resolve(&self, resources: &mut Resources, fields: &Fields) -> Result<Vec<Finding>> {
        if self.0.is_empty() {
            return Ok(Vec::new());
        }
        let mut expansion = self.values(resources)?;
        let mut specs_of: HashMap<Gvk, Vec<&FieldSpec>> = HashMap::new();
        for resource in resources.contents_mut() {
            let gvk = resource.id().gvk.clone();
            let specs = specs_of.entry(gvk).or_insert_with_key(|gvk| {
                let table = fields.var_reference.iter();
                table
                    .filter(|spec| spec.selects(&gvk.group, &gvk.version, &gvk.kind))
                    .collect()
            });
            for spec in specs {
                fields::each_field(&mut resource.node, spec, OnMissing::Keep, &mut |node| {
                    expansion.field(node)
                })?;
                // What is one value is expanded once more in its next field.
                links::settle_all_meant(resource);
            }
        }
        Ok(self.findings(&expansion))
    }

    /// The value of every variable.
    fn values(&self, resources: &Resources) -> Result<Expansion> {
        let mut homes: HashMap<&str, &Resource> = HashMap::new();
        for resource in resources {
            for name in &resource.history.vars {
                homes.entry(name).or_insert(resource);
            }
        }
        let mut expansion = Expansion::within(resources.budget());
        for (name, var) in &self.0 {
            let Some(resource) = homes.get(name.as_str()) else {
                return Err(var.homeless());
            };
            expansion.add(name, var.value(resource)?);
        }
        Ok(expansion)
    }

    fn findings(&self, expansion: &Expansion) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (name, var) in &self.0 {
            let finding = if expansion.is_unfit(name) {
                let message = format!("the variable `{name}` means a list or a map");
                Finding::warning("unfit-var", message)
                    .help("a variable stands for a plain value; name a field deeper")
            } else if !expansion.was_used(name) {
                let message = format!("the variable `{name}` is never used");
                Finding::warning("unused-var", message)
                    .help("it counts only in the fields that `varReference` lists")
            } else {
                continue;
            };
            findings.push(finding.at(var.name.span));
        }
        findings
    }
}

/// The positions of the objects that each variable could mean.
fn positions(vars: &[Var], resources: &Resources) -> Vec<Vec<usize>> {
    let mut wanted: HashMap<(&Gvk, &str), Vec<usize>> = HashMap::new();
    for (index, var) in vars.iter().enumerate() {
        let key = (&var.object.gvk, var.object.name.as_str());
        wanted.entry(key).or_default().push(index);
    }
    let mut found = vec![Vec::new(); vars.len()];
    for (position, resource) in resources.iter().enumerate() {
        for id in resource.ids() {
            let Some(indexes) = wanted.get(&(&id.gvk, id.name.as_str())) else {
                continue;
            };
            for &index in indexes {
                let namespace = &vars[index].object.namespace;
                let fits = namespace.is_empty() || *namespace == id.effective_namespace();
                if fits && found[index].last() != Some(&position) {
                    found[index].push(position);
                }
            }
        }
    }
    found
}

#[cold]
fn ambiguous(var: &Var, one: &Resource, another: &Resource) -> Error {
    let message = format!(
        "the variable `{}` could mean `{}` or `{}`",
        var.name,
        one.id(),
        another.id()
    );
    Error::new(Kind::Reference, message)
        .at(var.name.span)
        .help("give `objref` a namespace")
}

impl Var {
    fn path(&self) -> &str {
        match self.field_path.text.as_str() {
            "" => "metadata.name",
            path => path,
        }
    }

    fn value(&self, resource: &Resource) -> Result<Node> {
        let path = FieldPath::indexed(self.path()).map_err(|error| error.at(self.name.span))?;
        let missing = || {
            let message = format!(
                "the variable `{}` takes its value from `{}`, which `{}` does not have",
                self.name,
                self.path(),
                resource.id()
            );
            Error::new(Kind::Reference, message)
                .at(self.name.span)
                .note("the object is here", Some(resource.node.span.into()))
        };
        let node = path
            .find(&resource.node)
            .ok()
            .flatten()
            .ok_or_else(missing)?;
        let Value::Scalar(text) = &node.value else {
            return Ok(node.clone());
        };
        let is_sound = match node.tag {
            _ if node.inferred => true,
            Tag::Int => text.parse::<i64>().is_ok(),
            Tag::Float => expand::float(text).is_some(),
            Tag::Bool => expand::boolean(text).is_some(),
            _ => true,
        };
        if is_sound {
            return Ok(node.clone());
        }
        let message = format!(
            "the variable `{}` means a number or a boolean that is spelled in an unusual way",
            self.name
        );
        Err(Error::new(Kind::Reference, message)
            .at(self.name.span)
            .note_at("the value is here", node.span)
            .help("put it in quotes, or spell it the usual way"))
    }

    #[cold]
    fn homeless(&self) -> Error {
        let message = format!(
            "the variable `{}` means the {} `{}` of `{}`, which does not exist",
            self.name,
            self.object.gvk.kind,
            self.object.name,
            self.object.gvk.api_version()
        );
        Error::new(Kind::Reference, message)
            .at(self.name.span)
            .help("`objref` must give the exact `apiVersion` and `kind`, and a name the object had")
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::{print_go_v3, read_manifests};

    use super::*;
    use crate::resource::from_documents;
    use crate::schema::Schema;

    const OBJECTS: &str = r#"
apiVersion: v1
kind: Home
metadata: {name: home}
text: hello
number: 5
octal: 0x1F
map: {a: b}
list: [{n: 7}]
---
apiVersion: v1
kind: Home
metadata: {name: home, namespace: other}
---
kind: User
metadata: {name: user}
args: FIELD
"#;

    fn var(name: &str, path: &str) -> Var {
        Var {
            name: name.into(),
            object: ObjectReference {
                gvk: Gvk::new("v1", "Home"),
                name: "home".into(),
                namespace: "default".into(),
            },
            field_path: path.into(),
        }
    }

    fn objects(field: &str) -> Resources {
        let text = OBJECTS.replace("FIELD", field);
        let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
        let mut resources = Resources::new();
        resources
            .add_all(from_documents(stream, &Schema::builtin()).unwrap())
            .unwrap();
        resources
    }

    fn resolved(vars: &[Var], field: &str) -> Result<(String, Vec<Finding>)> {
        let mut resources = objects(field);
        let mut all = Vars::default();
        all.collect(vars, &mut resources)?;
        let spec = FieldSpec {
            kind: "User".into(),
            path: "args".into(),
            ..FieldSpec::default()
        };
        let fields = Fields {
            var_reference: vec![spec].into(),
            ..Fields::default()
        };
        let findings = all.resolve(&mut resources, &fields)?;
        let user = &resources.as_slice()[2].node;
        let args = print_go_v3(user.get("args").unwrap());
        Ok((args.trim().to_owned(), findings))
    }

    fn text(path: &str, field: &str) -> String {
        resolved(&[var("X", path)], field).unwrap().0
    }

    #[test]
    fn a_lone_variable_takes_the_type_of_its_value() {
        assert_eq!(text("number", "['$(X)']"), "[5]");
        assert_eq!(text("text", "['$(X)']"), "[hello]");
        assert_eq!(text("list[0].n", "'$(X)'"), "7");
        assert_eq!(text("", "'$(X)'"), "home");
    }

    #[test]
    fn a_variable_within_a_text_is_text() {
        assert_eq!(text("number", "{a: 'n$(X)', b: 1}"), "{a: n5, b: 1}");
    }

    #[test]
    fn unused_and_unfit_variables_are_told() {
        let (_, findings) = resolved(&[var("X", "text"), var("Y", "map")], "$(Y)").unwrap();
        let rules: Vec<_> = findings.iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, ["unused-var", "unfit-var"]);
    }

    #[test]
    fn a_variable_without_a_value_is_an_error() {
        for path in ["missing", "text.x", "list[4]", "octal", "list.*"] {
            assert!(resolved(&[var("X", path)], "x").is_err(), "{path}");
        }
        let mut other = var("X", "text");
        other.object.gvk.version = "v2".into();
        let error = resolved(&[other], "x").unwrap_err();
        assert_eq!(
            error.message(),
            "the variable `X` means the Home `home` of `v2`, which does not exist"
        );
    }

    #[test]
    fn a_variable_that_could_mean_two_objects_is_an_error() {
        let mut any = var("X", "");
        any.object.namespace = "".into();
        let error = resolved(&[any], "x").unwrap_err();
        assert!(error.message().contains("could mean"));
    }

    #[test]
    fn a_name_is_declared_once() {
        assert!(resolved(&[var("X", ""), var("X", "")], "x").is_err());
        let mut resources = objects("x");
        let mut one = Vars::default();
        one.collect(&[var("X", "")], &mut resources).unwrap();
        assert!(one.clone().merge(one.clone()).is_err());
        assert!(one.merge(Vars::default()).is_ok());
    }

    #[test]
    fn only_texts_may_stand_in_a_list() {
        assert!(resolved(&[var("X", "text")], "[1]").is_err());
        assert!(resolved(&[var("X", "text")], "{1: a}").is_err());
        assert!(resolved(&[], "[1]").is_ok());
    }

    #[test]
    fn an_api_version_says_group_and_version() {
        let gvk = |text: &str| {
            let mut object = ObjectReference {
                gvk: Gvk::new("g/v", ""),
                ..ObjectReference::default()
            };
            object.set_api_version(text);
            object.gvk.to_string()
        };
        assert_eq!(gvk(""), "[noKind].v.g");
        assert_eq!(gvk("v1"), "[noKind].v1.g");
        assert_eq!(gvk("apps/v1"), "[noKind].v1.apps");
        assert_eq!(gvk("a/b/c"), "[noKind].v.g");
    }
}
