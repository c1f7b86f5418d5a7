//! A map of namespaces: each namespace of a build to another.
//!
//! kustomize's `namespace` field moves everything into one namespace. The map moves what is in each
//! of several, after all names are final, with every field that names one of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use kustom_yaml::error::Result;
use kustom_yaml::finding::Finding;
use kustom_yaml::limits::Budget;
use kustom_yaml::{Entry, Node, Str, Tag, Text, Value};
use rustc_hash::FxHashMap;

use crate::fields;
use crate::id::{DEFAULT_NAMESPACE, Id};
use crate::kinds::Kinds;
use crate::resource::{Resource, Resources};
use crate::schema::Schema;

/// Which namespace becomes which, and the texts that name them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceMap {
    /// Each namespace once; all are moved at once, so that two may change places.
    pub moves: Vec<NamespaceMove>,
    /// Fields whose text names namespaces among other things, such as arguments.
    pub texts: Vec<NamespaceText>,
}

/// A namespace, and what it becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceMove {
    /// The namespace as the build has it; `default` also stands for none.
    pub from: Text,
    /// Its new name.
    pub to: Text,
}

/// A field whose text names namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceText {
    /// The kind of the objects; empty for any.
    pub kind: Str,
    /// The name that they have or had; empty for any.
    pub name: Str,
    /// The path, as in a `fieldSpec`.
    pub path: Str,
}

/// Moves objects and the fields that name their namespaces, and says how often each namespace was
/// met.
///
/// An object without a namespace is moved with `default` if its kind has namespaces; a kind of
/// which that is not known is a finding.
///
/// # Errors
///
/// If two objects have the same id afterwards, or a path leads through a single value.
pub fn apply(
    resources: &mut Resources,
    map: &NamespaceMap,
    schema: &Schema,
    findings: &mut Vec<Finding>,
) -> Result<Vec<usize>> {
    let budget = resources.budget().clone();
    let by_name = map.moves.iter().enumerate();
    let mapper = Mapper {
        by_name: by_name.map(|(at, one)| (&*one.from, at)).collect(),
        map,
        counts: map.moves.iter().map(|_| AtomicUsize::new(0)).collect(),
        budget: &budget,
    };
    let scopes = mapper.by_name.contains_key(DEFAULT_NAMESPACE).then(|| {
        let scopes = Scopes::of(resources, schema);
        findings.extend(resources.iter().filter_map(|one| scopes.doubt(one)));
        scopes
    });
    resources.change_ids(|resource| {
        let id = resource.id().clone();
        let names_none = id.namespace.is_empty();
        let sets_default =
            |scopes: &Scopes<'_>| names_none && scopes.is_namespaced(&id) == Some(true);
        mapper.texts(resource)?;
        if scopes.as_ref().is_some_and(sets_default) {
            let mut namespace = Node::string(DEFAULT_NAMESPACE);
            mapper.set(&mut namespace)?;
            resource.remember_id();
            if let Some(metadata) = resource.node.get_mut("metadata") {
                metadata.set("namespace", namespace);
            }
            mapper.object(resource)?;
        } else {
            let before = resource.clone();
            mapper.object(resource)?;
            let mut after = resource.clone();
            after.refresh(schema);
            if after.id() != before.id() {
                resource.remember_id();
            }
        }
        resource.refresh(schema);
        Ok(())
    })?;
    resources.check_unique().map_err(|error| {
        let first = map.moves.first().map(|one| one.to.span);
        error
            .note_at("`namespaces` moves both", first.unwrap_or_default())
            .help("name them apart, or give their namespaces different names")
    })?;
    let counts = mapper.counts.into_iter();
    Ok(counts.map(AtomicUsize::into_inner).collect())
}

/// Which kinds have namespaces, as far as that is known.
struct Scopes<'s> {
    schema: &'s Schema,
    custom: Kinds,
}

impl<'s> Scopes<'s> {
    fn of(resources: &Resources, schema: &'s Schema) -> Self {
        let nodes = resources.iter().map(|resource| &resource.node);
        Self {
            schema,
            custom: Kinds::well_known().defined_by(nodes),
        }
    }

    fn is_namespaced(&self, id: &Id) -> Option<bool> {
        let gvk = &id.gvk;
        if id.cluster_scoped || self.schema.knows_scope(&gvk.api_version(), &gvk.kind) {
            return Some(!id.cluster_scoped);
        }
        let custom = self.custom.get(&gvk.group, &gvk.kind);
        let is_cluster_scoped = match custom {
            Some(kind) => Some(kind.cluster_scoped),
            None => self.schema.scope_of_any_version(&gvk.group, &gvk.kind),
        };
        is_cluster_scoped.map(|is| !is)
    }

    /// The finding about an object without a namespace whose kind may have none.
    fn doubt(&self, resource: &Resource) -> Option<Finding> {
        let id = resource.id();
        if !id.namespace.is_empty() || self.is_namespaced(id).is_some() {
            return None;
        }
        let message = format!(
            "{} `{}` names no namespace, and nothing says whether its kind has one",
            id.gvk.kind, id.name
        );
        let help = "write its namespace, or name the definition of its kind in `crds` of \
                    `kustom.yaml`; until then it stays as it is";
        let finding = Finding::warning("unknown-scope", message).at(resource.node.span);
        Some(finding.help(help))
    }
}

struct Mapper<'m> {
    by_name: FxHashMap<&'m str, usize>,
    map: &'m NamespaceMap,
    counts: Vec<AtomicUsize>,
    budget: &'m Budget,
}

/// The label that every namespace has with its own name.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// The groups of accounts of a namespace, and the users that accounts are.
const ACCOUNTS: &str = "system:serviceaccounts:";
const ACCOUNT: &str = "system:serviceaccount:";

/// Annotations whose value is `NAMESPACE/NAME`.
const QUALIFIED: &[&str] = &[
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "nginx.ingress.kubernetes.io/auth-proxy-set-headers",
    "nginx.ingress.kubernetes.io/auth-secret",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
    "nginx.ingress.kubernetes.io/proxy-ssl-secret",
];

impl Mapper<'_> {
    fn target(&self, name: &str) -> Option<&NamespaceMove> {
        let at = *self.by_name.get(name)?;
        self.counts[at].fetch_add(1, Ordering::Relaxed);
        Some(&self.map.moves[at])
    }

    /// Sets a value that is the name of a namespace.
    fn set(&self, node: &mut Node) -> Result<()> {
        let Some(target) = node.text().and_then(|name| self.target(name)) else {
            return Ok(());
        };
        self.write(node, &target.to.text, target)
    }

    fn write(&self, node: &mut Node, text: &str, target: &NamespaceMove) -> Result<()> {
        self.budget.charge_text("this map of namespaces", text, 1)?;
        node.set_scalar(text, Some(Tag::Str));
        // The entry is where the value comes from now.
        node.span = target.to.span;
        Ok(())
    }

    /// Sets a text that holds the name of a namespace.
    fn set_within(&self, node: &mut Node, before: &str, name: &str, after: &str) -> Result<()> {
        let Some(target) = self.target(name) else {
            return Ok(());
        };
        let new = format!("{before}{}{after}", target.to.text);
        self.write(node, &new, target)
    }

    fn object(&self, resource: &mut Resource) -> Result<()> {
        let (node, id, _) = resource.parts_mut();
        let kind = id.gvk.kind.clone();
        let holds_data = matches!(kind.as_str(), "ConfigMap" | "Secret") && id.gvk.group.is_empty();
        let is_namespace = kind == "Namespace" && id.gvk.group.is_empty();
        let is_definition = kind == "CustomResourceDefinition";
        for entry in node.entries_mut().into_iter().flatten() {
            let value = &mut entry.value;
            match entry.key.text().unwrap_or_default() {
                "apiVersion" | "kind" | "status" => {}
                "data" | "stringData" | "binaryData" if holds_data => {}
                "metadata" => self.metadata(value, is_namespace)?,
                "spec" if is_definition => {
                    if let Some(conversion) = value.get_mut("conversion") {
                        self.value(conversion, "conversion")?;
                    }
                }
                key => self.value(value, key)?,
            }
        }
        Ok(())
    }

    fn metadata(&self, metadata: &mut Node, is_namespace: bool) -> Result<()> {
        let field = if is_namespace { "name" } else { "namespace" };
        if let Some(name) = metadata.get_mut(field) {
            self.set(name)?;
        }
        if is_namespace && let Some(name) = metadata.at_mut(&["labels", NAME_LABEL]) {
            self.set(name)?;
        }
        let annotations = metadata.get_mut("annotations").and_then(Node::entries_mut);
        for entry in annotations.into_iter().flatten() {
            if entry.key.text().is_some_and(|key| QUALIFIED.contains(&key)) {
                self.qualified(&mut entry.value)?;
            }
        }
        Ok(())
    }

    /// A text `NAMESPACE/NAME`.
    fn qualified(&self, node: &mut Node) -> Result<()> {
        let text = node.text().unwrap_or_default().to_owned();
        match text.split_once('/') {
            Some((name, rest)) => self.set_within(node, "", name, &format!("/{rest}")),
            None => Ok(()),
        }
    }

    /// The host of a Service: `NAME.NAMESPACE.svc`, and what follows.
    fn host(&self, node: &mut Node) -> Result<()> {
        let text = node.text().unwrap_or_default().to_owned();
        let new = self.in_host(&text);
        match new {
            Some((new, target)) => self.write(node, &new, target),
            None => Ok(()),
        }
    }

    /// A host of a Service with its namespace mapped.
    fn in_host(&self, host: &str) -> Option<(String, &NamespaceMove)> {
        let mut labels: Vec<&str> = host.split('.').collect();
        if labels.len() < 3 || labels[2] != "svc" {
            return None;
        }
        let target = self.target(labels[1])?;
        labels[1] = &target.to.text;
        Some((labels.join("."), target))
    }

    /// A value below a key, at any depth that was read.
    fn value(&self, node: &mut Node, key: &str) -> Result<()> {
        match &mut node.value {
            Value::Scalar(_) if key == "namespace" || key.ends_with("Namespace") => self.set(node),
            Value::Scalar(_) if matches!(key, "externalName" | "host" | "commonName") => {
                self.host(node)
            }
            Value::Scalar(_) | Value::Alias(_) => Ok(()),
            Value::Seq(items) => items.iter_mut().try_for_each(|item| {
                if !item.is_scalar() {
                    return self.value(item, key);
                }
                match key {
                    "namespaces" | "matchNames" => self.set(item),
                    "dnsNames" | "hosts" => self.host(item),
                    "gateways" => self.qualified(item),
                    _ if key.ends_with("Namespaces") => self.set(item),
                    _ => Ok(()),
                }
            }),
            Value::Map(_) => self.map(node, key),
        }
    }

    fn map(&self, node: &mut Node, key: &str) -> Result<()> {
        if key == "subjects" {
            self.complete_subject(node);
        }
        let text = |field| node.get(field).and_then(Node::text);
        let is_subject = matches!(text("kind"), Some("User" | "Group"));
        let is_of_names = text("key") == Some(NAME_LABEL);
        let resources = node.get("resources").map_or(&[][..], Node::items);
        let is_about_namespaces = resources.iter().any(|one| one.text() == Some("namespaces"));
        for Entry { key, value } in node.entries_mut().into_iter().flatten() {
            match key.text().unwrap_or_default() {
                "annotations" | "labels" => {}
                "matchLabels" => {
                    if let Some(name) = value.get_mut(NAME_LABEL) {
                        self.set(name)?;
                    }
                }
                "values" if is_of_names => self.each(value)?,
                "resourceNames" if is_about_namespaces => self.each(value)?,
                "name" if is_subject => self.account(value)?,
                key => self.value(value, key)?,
            }
        }
        Ok(())
    }

    /// Gives an account without a namespace, which no server takes, the one that stands for none.
    fn complete_subject(&self, subject: &mut Node) {
        let is_account = subject.get("kind").and_then(Node::text) == Some("ServiceAccount");
        let names_one = subject.get("namespace").is_some_and(|it| !it.is_null());
        if is_account && !names_one && self.by_name.contains_key(DEFAULT_NAMESPACE) {
            subject.set("namespace", Node::string(DEFAULT_NAMESPACE));
        }
    }

    fn each(&self, list: &mut Node) -> Result<()> {
        let mut items = list.items_mut().into_iter().flatten();
        items.try_for_each(|item| self.set(item))
    }

    /// A user or a group that stands for the accounts of a namespace.
    fn account(&self, node: &mut Node) -> Result<()> {
        let text = node.text().unwrap_or_default().to_owned();
        if let Some(name) = text.strip_prefix(ACCOUNTS) {
            return self.set_within(node, ACCOUNTS, name, "");
        }
        let Some((name, account)) = text.strip_prefix(ACCOUNT).and_then(|it| it.split_once(':'))
        else {
            return Ok(());
        };
        self.set_within(node, ACCOUNT, name, &format!(":{account}"))
    }

    /// The texts that the user names: each word that is a namespace, and hosts of Services.
    fn texts(&self, resource: &mut Resource) -> Result<()> {
        let names: Vec<Id> = resource.ids().collect();
        for rule in &self.map.texts {
            let fits = |id: &Id| {
                (rule.kind.is_empty() || id.gvk.kind == rule.kind)
                    && (rule.name.is_empty() || id.name == rule.name)
            };
            if names.iter().any(fits) {
                let set = &mut |node: &mut Node| self.words(node);
                fields::each_at_path(&mut resource.node, &rule.path, set)?;
            }
        }
        Ok(())
    }

    fn words(&self, node: &mut Node) -> Result<()> {
        if let Some(items) = node.items_mut() {
            return items.iter_mut().try_for_each(|item| self.words(item));
        }
        let Some(text) = node.text().map(str::to_owned) else {
            return Ok(());
        };
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let mut new = String::with_capacity(text.len());
        let mut last = None;
        for word in text.split_inclusive(|c: char| !is_inside(c)) {
            let name = word.trim_end_matches(|c: char| !is_inside(c));
            let rest = word.strip_prefix(name).unwrap_or_default();
            let found = match name.contains('.') {
                true => self.in_host(name),
                false => self
                    .target(name)
                    .map(|target| (target.to.text.to_string(), target)),
            };
            match found {
                Some((word, target)) => {
                    new.push_str(&word);
                    last = Some(target);
                }
                None => new.push_str(name),
            }
            new.push_str(rest);
        }
        match last {
            Some(target) => self.write(node, &new, target),
            None => Ok(()),
        }
    }
}
