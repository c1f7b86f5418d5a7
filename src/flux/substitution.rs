//! Variables in all objects of a build, and what their substitution loses.

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, Object, Severity};
use crate::guard::Mask;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::substitute::{Change, Loss, Options, Variables, changes, secrets, substitute};
use crate::yaml::Tag;

/// What is substituted after a build.
#[derive(Clone, Debug, Default)]
pub struct Substitution {
    /// The variables.
    pub variables: Variables,
    /// Whether a variable must have a value, and whether defaults count if there is no variable.
    pub options: Options,
}

impl Substitution {
    /// Whether there is anything to do: Flux leaves every text alone, escapes too, if there is no
    /// variable.
    pub fn is_idle(&self) -> bool {
        self.variables.is_empty() && !self.options.always
    }
}

/// Substitutes the variables in all objects, one after the other, as kustomize-controller does;
/// findings tell what Flux loses without a word.
///
/// Places have no files yet: they are those of the build.
///
/// # Errors
///
/// The first object that cannot be substituted, or that then has the id of another one.
pub fn substitute_all(
    resources: &mut [Resource],
    substitution: &Substitution,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if substitution.is_idle() {
        return Ok(findings);
    }
    let (variables, schema) = (&substitution.variables, Schema::builtin());
    let mut taken: HashMap<_, usize> = HashMap::new();
    for resource in resources.iter() {
        *taken.entry(resource.id().key()).or_default() += 1;
    }
    for resource in resources {
        let id = resource.id().clone();
        let new = substitute(&resource.node, variables, &substitution.options)
            .map_err(|error| error.note(format!("in {}", id.shown()), None))?;
        let put_in = secrets(&resource.node, variables);
        resource.history.secrets.extend(put_in);
        let object = object_of(resource);
        let found = changes(&resource.node, &new, variables);
        findings.extend(found.iter().map(|change| finding(change, &object)));
        resource.node = new;
        resource.refresh(&schema);
        if let Some(count) = taken.get_mut(&id.key()) {
            *count -= 1;
        }
        let count = taken.entry(resource.id().key()).or_default();
        *count += 1;
        if *count > 1 {
            let message = format!(
                "after the substitution `{id}` is another `{}`",
                resource.id()
            );
            return Err(Error::new(Kind::Resource, message)
                .at(resource.node.span)
                .help("give the two objects different names"));
        }
    }
    Ok(findings)
}

/// Hides in findings what a substitution put into objects that comes from Secrets.
pub fn hide_secrets(findings: &mut [Finding], resources: &[Resource]) {
    let put_in = resources.iter().flat_map(|one| &one.history.secrets);
    let values: BTreeSet<&String> = put_in.collect();
    if values.is_empty() {
        return;
    }
    let mut mask = Mask::default();
    for value in values {
        mask.learn_value("password", value);
    }
    findings
        .iter_mut()
        .for_each(|finding| mask.finding(finding));
}

fn object_of(resource: &Resource) -> Object {
    Object {
        kind: resource.id().gvk.kind.to_string(),
        namespace: resource.id().namespace.to_string(),
        name: resource.id().name.to_string(),
    }
}

/// A change as people are told of it; a value may be secret and is not shown.
fn finding(change: &Change, object: &Object) -> Finding {
    const QUOTE: &str = "put quotes into the value, as in `port: '\"8080\"'`: those around the \
                         variable do not count";
    let field = &change.path;
    let named = format!("{} `{}`", object.kind, object.name);
    let (rule, message, help) = match change.loss {
        Loss::Object(tag) => (
            "lost-object",
            format!(
                "the name of {named} is {} after the substitution, and Flux drops the object \
                 without a word",
                kind_of(tag)
            ),
            QUOTE,
        ),
        Loss::Labels(tag) => (
            "lost-labels",
            format!(
                "`{field}` of {named} is {} after the substitution, and Flux drops all labels of \
                 the object without a word",
                kind_of(tag)
            ),
            QUOTE,
        ),
        Loss::Text(tag) => (
            "retyped-value",
            format!(
                "`{field}` of {named} is {} after the substitution, where the API server takes \
                 only text",
                kind_of(tag)
            ),
            QUOTE,
        ),
        Loss::Dollar => (
            "halved-dollar",
            format!("`$$` in `{field}` of {named} becomes `$`, though it escapes no variable"),
            "write `$$$$` where two are meant, or keep Flux out of the object with the annotation \
             `kustomize.toolkit.fluxcd.io/substitute: disabled`",
        ),
        Loss::Message => (
            "shell-operator",
            format!(
                "`{field}` of {named} holds the message of a `:?` in place of a value: in Flux it \
                 is a default"
            ),
            "leave out `:?`: a variable without a value stops Flux by itself",
        ),
        Loss::Alternative => (
            "shell-operator",
            format!(
                "`{field}` of {named} holds the value of a variable, not what stands behind its \
                 `:+`: in Flux that is a default"
            ),
            "give the text that is wanted to a variable of its own",
        ),
        Loss::Pattern => (
            "broken-pattern",
            format!(
                "a line of `{field}` of {named} is broken within a pattern before the \
                 substitution, so that it matches nothing"
            ),
            "shorten the line, put the text into a block (`|`), or take the blank out of the \
             pattern",
        ),
    };
    Finding::new(rule, Severity::Warning, message)
        .at(change.place)
        .about(object.clone())
        .help(help)
}

fn kind_of(tag: Tag) -> &'static str {
    match tag {
        Tag::Null => "null",
        Tag::Bool => "a boolean",
        Tag::Int | Tag::Float => "a number",
        Tag::Seq => "a list",
        Tag::Map => "a map",
        _ => "no text",
    }
}
