//! What Kubernetes says of a kind.
//!
//! It answers two questions as kustomize does: how a list merges in a strategic merge, and
//! whether a kind lives outside of namespaces. Built in are the definitions of Kubernetes v1.21.2
//! and of kustomize's own kinds; an OpenAPI document may take the place of the former.
//! Whether an object is valid is not known here.

mod builtin;
mod custom;
mod rows;
mod tables;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str};
use rustc_hash::FxHashMap;

use crate::release::{Change, Release};

use self::custom::Document;

/// The Kubernetes release whose definitions are built in.
pub const RELEASE: &str = "v1.21.2";

/// How many references may follow each other; a longer chain is taken for a circle.
const REFERENCES: usize = 100;

/// The definitions of kinds, cheap to clone.
///
/// # Example
///
/// ```
/// use kustom_engine::schema::{ListMerge, Schema};
///
/// let schema = Schema::builtin();
/// let pod = schema.definition("v1", "Pod").unwrap();
/// let containers = pod.field("spec").unwrap().field("containers").unwrap();
/// assert_eq!(containers.list_merge(), ListMerge::Keys((&["name"]).into()));
/// let ports = containers.item().unwrap().field("ports").unwrap();
/// assert_eq!(ports.list_merge(), ListMerge::Keys((&["containerPort", "protocol"]).into()));
/// ```
#[derive(Clone, Default)]
pub struct Schema {
    document: Option<Arc<Document>>,
    /// Whether Kubernetes is known although there is a document.
    beside: bool,
    /// The release of kustomize whose table of scopes counts.
    release: Release,
    /// Kinds that count where neither Kubernetes nor the document knows one.
    custom: Option<Arc<CustomKinds>>,
}

/// The facts known about custom kinds of any version, by group and kind.
#[derive(Clone, Debug, Default)]
pub struct CustomKinds {
    kinds: FxHashMap<Str, FxHashMap<Str, CustomKind>>,
}

/// The facts known about a custom kind.
#[derive(Clone, Debug, Default)]
pub struct CustomKind {
    /// Whether its objects live outside of namespaces.
    pub cluster_scoped: bool,
    /// Its OpenAPI definition, if lists in it merge; what it refers to is a definition of
    /// Kubernetes.
    pub definition: Option<Arc<Node>>,
}

impl CustomKinds {
    /// Adds a kind; one that is there already gives way.
    pub fn insert(&mut self, group: &str, kind: &str, known: CustomKind) {
        let kinds = self.kinds.entry(group.into()).or_default();
        kinds.insert(kind.into(), known);
    }

    fn get(&self, api_version: &str, kind: &str) -> Option<&CustomKind> {
        let (group, _) = api_version.split_once('/')?;
        self.kinds.get(group)?.get(kind)
    }
}

/// The definition of a value, found on the way down from its kind.
///
/// That a value has a definition matters even if no list is below it: kustomize looks up the kind
/// of a nested object only where there is none.
#[derive(Clone, Copy)]
pub struct Definition<'s>(At<'s>);

#[derive(Clone, Copy)]
enum At<'s> {
    Builtin(builtin::Definition),
    Document(&'s Schema, &'s Node),
}

/// How two lists become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListMerge<'s> {
    /// The new list takes the place of the old one.
    Replace,
    /// The lists of scalars are united.
    Primitive,
    /// Items that agree in these fields are merged; never empty.
    Keys(Cow<'s, [&'s str]>),
}

impl Schema {
    /// The built-in definitions.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// The definitions of a Kubernetes release.
    pub fn of_release(release: &str) -> Result<Self> {
        if release == RELEASE {
            return Ok(Self::builtin());
        }
        let message = format!("the definitions of Kubernetes `{release}` are not built in");
        Err(Error::new(Kind::Kustomization, message).help(format!("built in is `{RELEASE}`")))
    }

    /// The definitions of an OpenAPI document, in place of those of Kubernetes.
    pub fn from_openapi(document: Node) -> Result<Self> {
        Ok(Self {
            document: Some(Arc::new(Document::new(document)?)),
            ..Self::default()
        })
    }

    /// The same, but the definitions of Kubernetes stay and win over those of a document.
    #[must_use]
    pub fn beside_builtin(self) -> Self {
        Self {
            beside: true,
            ..self
        }
    }

    /// The same, with the scopes that a release of kustomize knows.
    #[must_use]
    pub fn as_of(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// The same, with kinds that count where nothing else knows one.
    #[must_use]
    pub fn with_custom_kinds(self, custom: Option<Arc<CustomKinds>>) -> Self {
        Self { custom, ..self }
    }

    /// The release of kustomize whose reading of objects is followed.
    pub fn release(&self) -> Release {
        self.release
    }

    /// The definition of a kind.
    pub fn definition(&self, api_version: &str, kind: &str) -> Option<Definition<'_>> {
        builtin::kind(api_version, kind)
            .and_then(rows::KindRow::definition)
            .and_then(|definition| self.known(definition))
            .or_else(|| Some(self.at(self.document.as_ref()?.kind(api_version, kind)?)))
            .or_else(|| {
                let custom = self.custom.as_ref()?.get(api_version, kind)?;
                Some(self.at(custom.definition.as_ref()?))
            })
    }

    /// Whether objects of a kind are known to live outside of namespaces.
    ///
    /// What is built in holds even where a document says otherwise.
    pub fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        if let Some(known) = self.builtin_scope(api_version, kind) {
            return known;
        }
        let in_document = self.document.as_ref();
        if in_document.is_some_and(|document| document.is_cluster_scoped(api_version, kind)) {
            return true;
        }
        let custom = self
            .custom
            .as_ref()
            .and_then(|it| it.get(api_version, kind));
        custom.is_some_and(|custom| custom.cluster_scoped)
    }

    /// Whether objects of a kind live outside of namespaces, if that is so whatever else is known
    /// and whichever release is followed.
    pub fn fixed_scope(api_version: &str, kind: &str) -> Option<bool> {
        match builtin::is_admission_policy(api_version, kind) {
            true => None,
            false => builtin::kind(api_version, kind)?.is_cluster_scoped,
        }
    }

    /// Whether the built-in table says of a kind if it lives in a namespace.
    pub fn knows_scope(&self, api_version: &str, kind: &str) -> bool {
        self.builtin_scope(api_version, kind).is_some()
    }

    /// Whether objects of a kind live outside of namespaces, if the built-in table has any version
    /// of it.
    pub fn scope_of_any_version(&self, group: &str, kind: &str) -> Option<bool> {
        builtin::scope_of_any_version(group, kind)
    }

    /// Whether objects of a kind live outside of namespaces, if the built-in table has it.
    fn builtin_scope(&self, api_version: &str, kind: &str) -> Option<bool> {
        if builtin::is_admission_policy(api_version, kind) {
            return self
                .release
                .has(Change::AdmissionPolicyScope)
                .then_some(true);
        }
        builtin::kind(api_version, kind)?.is_cluster_scoped
    }

    /// The definition that a comment gives to the value beside it, as in `# {"type":"array"}`.
    ///
    /// A comment that says nothing, or nothing that could be read as a definition, gives none.
    pub fn inline<'s>(&'s self, comment: &'s Node) -> Option<Definition<'s>> {
        if comment.entries().is_empty() || custom::check(comment).is_err() {
            return None;
        }
        let referred = custom::reference(comment).and_then(|reference| self.referred(reference));
        Some(referred.unwrap_or(self.at(comment)))
    }

    fn known(&self, definition: builtin::Definition) -> Option<Definition<'_>> {
        let is_known = self.document.is_none() || self.beside || definition.is_of_kustomize();
        is_known.then_some(Definition(At::Builtin(definition)))
    }

    fn at<'s>(&'s self, node: &'s Node) -> Definition<'s> {
        Definition(At::Document(self, node))
    }

    /// Resolves a definition: itself, or the one that it refers to.
    fn resolved<'s>(&'s self, node: &'s Node) -> Option<Definition<'s>> {
        let mut found = self.at(node);
        for _ in 0..REFERENCES {
            let At::Document(_, node) = found.0 else {
                return Some(found);
            };
            let Some(reference) = custom::reference(node) else {
                return Some(found);
            };
            found = self.referred(reference)?;
        }
        None
    }

    /// The definition at the end of `#/definitions/name/properties/field`.
    fn referred(&self, reference: &str) -> Option<Definition<'_>> {
        let (_, pointer) = reference.split_once("#/")?;
        let mut steps = pointer.split('/').map(custom::unescape);
        let ("definitions", name) = (&*steps.next()?, steps.next()?) else {
            return None;
        };
        let mut found = builtin::definition(&name)
            .and_then(|definition| self.known(definition))
            .or_else(|| Some(self.at(self.document.as_ref()?.definition(&name)?)))?;
        while let Some(step) = steps.next() {
            let name = steps.next().filter(|_| step == "properties")?;
            found = match found.0 {
                At::Builtin(definition) => Definition(At::Builtin(definition.property(&name)?)),
                At::Document(_, node) => self.at(custom::property(node, &name)?),
            };
        }
        Some(found)
    }
}

impl<'s> Definition<'s> {
    /// The definition of a field.
    pub fn field(self, name: &str) -> Option<Self> {
        match self.0 {
            At::Builtin(definition) => definition
                .property(name)
                .or_else(|| definition.additional())
                .map(|definition| Self(At::Builtin(definition))),
            At::Document(schema, node) => {
                let field = custom::property(node, name).or_else(|| custom::additional(node))?;
                schema.resolved(field)
            }
        }
    }

    /// The definition of the items of a list that merges.
    pub fn item(self) -> Option<Self> {
        match self.0 {
            At::Builtin(definition) => Some(Self(At::Builtin(definition.item()?))),
            At::Document(schema, node) => schema.resolved(custom::item(node)?),
        }
    }

    /// How a list of this definition merges.
    pub fn list_merge(self) -> ListMerge<'s> {
        match self.0 {
            At::Builtin(definition) => match definition.merge_keys() {
                None => ListMerge::Replace,
                Some([]) => ListMerge::Primitive,
                Some(keys) => ListMerge::Keys(keys.into()),
            },
            At::Document(_, node) => custom::list_merge(node),
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema")
            .field("document", &self.document.is_some())
            .field("beside", &self.beside)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn document(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    fn openapi(text: &str) -> Schema {
        Schema::from_openapi(document(text)).unwrap()
    }

    fn refusal(text: &str) -> String {
        let error = Schema::from_openapi(document(text)).unwrap_err();
        error.message().to_owned()
    }

    /// How the list at the end of a path merges: `/` where it is replaced, `.` where its items are
    /// scalars, `?` where nothing is known of it.
    fn merge(schema: &Schema, api_version: &str, kind: &str, path: &str) -> String {
        let mut found = schema.definition(api_version, kind);
        for step in path.split('.') {
            found = found.and_then(|found| match step {
                "[]" => found.item(),
                name => found.field(name),
            });
        }
        match found.map(Definition::list_merge) {
            None => "?".to_owned(),
            Some(ListMerge::Replace) => "/".to_owned(),
            Some(ListMerge::Primitive) => ".".to_owned(),
            Some(ListMerge::Keys(keys)) => keys.join(" "),
        }
    }

    /// A document in which a Foo has the list `l` in `spec`, and `spec` is as given.
    fn foo(spec: &str, more: &str) -> Schema {
        openapi(&format!(
            "definitions:
  foo:
    x-kubernetes-group-version-kind: [{{group: x.io, version: v1, kind: Foo}}]
    properties: {{spec: {spec}}}
  spec: {{properties: {{l: {LIST}}}}}
{more}"
        ))
    }

    const LIST: &str = "{type: array, items: {$ref: '#/definitions/spec'}, \
                        x-kubernetes-patch-strategy: merge, x-kubernetes-patch-merge-key: name}";

    #[test]
    fn lists_of_kubernetes_merge_by_their_keys() {
        let cases = [
            ("v1", "Pod", "spec.containers", "name"),
            ("v1", "Pod", "spec.containers.[].env", "name"),
            (
                "v1",
                "Pod",
                "spec.containers.[].ports",
                "containerPort protocol",
            ),
            ("v1", "Pod", "spec.containers.[].args", "/"),
            ("v1", "Pod", "spec.tolerations", "/"),
            (
                "v1",
                "Pod",
                "spec.topologySpreadConstraints",
                "topologyKey whenUnsatisfiable",
            ),
            ("v1", "Pod", "spec.volumes", "name"),
            ("v1", "Pod", "metadata.finalizers", "."),
            ("v1", "Pod", "metadata.ownerReferences", "uid"),
            ("v1", "Node", "spec.podCIDRs", "."),
            ("v1", "Service", "spec.ports", "port protocol"),
            (
                "apps/v1",
                "Deployment",
                "spec.template.spec.hostAliases",
                "ip",
            ),
            ("apps/v1", "StatefulSet", "spec.volumeClaimTemplates", "/"),
            (
                "batch/v1",
                "CronJob",
                "spec.jobTemplate.spec.template.spec.containers",
                "name",
            ),
        ];
        let schema = Schema::builtin();
        for (api_version, kind, path, wanted) in cases {
            assert_eq!(
                merge(&schema, api_version, kind, path),
                wanted,
                "{kind} {path}"
            );
        }
    }

    #[test]
    fn nothing_is_known_of_kinds_of_another_version_or_group() {
        let schema = Schema::builtin();
        for (api_version, kind) in [
            ("extensions/v1beta1", "Deployment"),
            ("apps/v1beta1", "Deployment"),
            ("autoscaling/v2", "HorizontalPodAutoscaler"),
            ("v1", "PodExecOptions"),
            ("", ""),
        ] {
            assert!(
                schema.definition(api_version, kind).is_none(),
                "{api_version} {kind}"
            );
        }
    }

    #[test]
    fn a_field_without_a_list_is_known_and_a_field_that_does_not_exist_is_not() {
        let schema = Schema::builtin();
        assert_eq!(merge(&schema, "v1", "ConfigMap", "data"), "/");
        assert_eq!(merge(&schema, "v1", "ConfigMap", "data.anything"), "/");
        assert_eq!(merge(&schema, "v1", "ConfigMap", "nothing"), "?");
        assert_eq!(merge(&schema, "v1", "ConfigMap", "data.anything.more"), "?");
    }

    #[test]
    fn a_definition_that_contains_itself_has_no_end() {
        let crd = "apiextensions.k8s.io/v1beta1";
        let path = format!(
            "spec.validation.openAPIV3Schema{}",
            ".properties.a".repeat(200)
        );
        let schema = Schema::builtin();
        assert_eq!(merge(&schema, crd, "CustomResourceDefinition", &path), "/");
        let schema = foo("{$ref: '#/definitions/spec'}", "");
        let path = format!("spec.l{}", ".[].l".repeat(200));
        assert_eq!(merge(&schema, "x.io/v1", "Foo", &path), "name");
    }

    #[test]
    fn scope_is_known_of_exact_versions_only() {
        let schema = Schema::builtin();
        let rbac = "rbac.authorization.k8s.io";
        assert!(schema.is_cluster_scoped(&format!("{rbac}/v1"), "ClusterRole"));
        assert!(!schema.is_cluster_scoped(&format!("{rbac}/v1alpha1"), "ClusterRole"));
        assert!(schema.is_cluster_scoped("v1", "Namespace"));
        assert!(!schema.is_cluster_scoped("v1", "Pod"));
        assert!(!schema.is_cluster_scoped("x.io/v1", "Namespace"));
    }

    #[test]
    fn a_document_takes_the_place_of_kubernetes_but_not_of_kustomize() {
        let schema = openapi("definitions: {}");
        let kustomize = "kustomize.config.k8s.io/v1beta1";
        assert!(schema.definition("v1", "Pod").is_none());
        let list = merge(&schema, kustomize, "Kustomization", "configMapGenerator");
        assert_eq!(list, "name");
        assert!(schema.is_cluster_scoped("v1", "Node"));

        let schema = schema.beside_builtin();
        assert_eq!(merge(&schema, "v1", "Pod", "spec.containers"), "name");
    }

    #[test]
    fn definitions_of_a_document_are_found_through_references() {
        for (spec, wanted) in [
            ("{$ref: '#/definitions/spec'}", "name"),
            ("{$ref: '#/definitions/hop'}", "name"),
            ("{$ref: '#/definitions/a~1b/properties/c'}", "name"),
            ("{$ref: '#/definitions/missing'}", "?"),
            ("{$ref: '#/definitions/circle'}", "?"),
            ("{$ref: '#/definitions/io.k8s.api.core.v1.PodSpec'}", "?"),
            ("{additionalProperties: {type: array}}", "/"),
            ("{additionalProperties: false}", "?"),
        ] {
            let schema = foo(
                spec,
                "  hop: {$ref: '#/definitions/spec'}
  circle: {$ref: '#/definitions/circle'}
  a/b: {properties: {c: {$ref: '#/definitions/hop'}}}",
            );
            assert_eq!(merge(&schema, "x.io/v1", "Foo", "spec.l"), wanted, "{spec}");
        }
    }

    #[test]
    fn a_document_beside_kubernetes_may_refer_to_it() {
        let schema = foo("{$ref: '#/definitions/io.k8s.api.core.v1.PodSpec'}", "");
        let schema = schema.beside_builtin();
        assert_eq!(merge(&schema, "x.io/v1", "Foo", "spec.containers"), "name");
    }

    #[test]
    fn a_list_of_a_document_merges_only_if_its_strategy_says_so() {
        for (list, wanted) in [
            (
                "{x-kubernetes-patch-strategy: merge, x-kubernetes-patch-merge-key: a}",
                "a",
            ),
            ("{x-kubernetes-patch-strategy: 'merge,retainKeys'}", "."),
            (
                "{x-kubernetes-patch-strategy: merge, x-kubernetes-list-map-keys: [a, b]}",
                "a b",
            ),
            (
                "{x-kubernetes-patch-strategy: replace, x-kubernetes-patch-merge-key: a}",
                "/",
            ),
            (
                "{x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [a]}",
                "/",
            ),
        ] {
            let schema = foo(&format!("{{properties: {{l: {list}}}}}"), "");
            assert_eq!(merge(&schema, "x.io/v1", "Foo", "spec.l"), wanted, "{list}");
        }
    }

    #[test]
    fn paths_of_a_document_say_the_scope_of_kinds_that_are_not_built_in() {
        let get = |group: &str, kind: &str| {
            format!(
                "{{get: {{x-kubernetes-group-version-kind: \
                 {{group: '{group}', version: v1, kind: {kind}}}}}}}"
            )
        };
        let schema = openapi(&format!(
            "paths:
  /apis/x.io/v1/foos: {}
  /apis/x.io/v1/bars: {}
  '/apis/x.io/v1/namespaces/{{namespace}}/bars': {}
  /api/v1/pods: {}
  /none: {{post: {{}}}}",
            get("x.io", "Foo"),
            get("x.io", "Bar"),
            get("x.io", "Bar"),
            get("", "Pod"),
        ));
        assert!(schema.is_cluster_scoped("x.io/v1", "Foo"));
        assert!(!schema.is_cluster_scoped("x.io/v1", "Bar"));
        assert!(!schema.is_cluster_scoped("v1", "Pod"));
    }

    #[test]
    fn a_comment_may_define_the_value_beside_it() {
        let schema = Schema::builtin();
        let inline = |text: &str| {
            let comment = document(text);
            schema.inline(&comment).map(|found| {
                let list = found.field("containers").unwrap_or(found).list_merge();
                list != ListMerge::Replace
            })
        };
        assert_eq!(inline(LIST), Some(true));
        let pod = "#/definitions/io.k8s.api.core.v1.PodSpec";
        assert_eq!(inline(&format!("{{\"$ref\":\"{pod}\"}}")), Some(true));
        assert_eq!(inline("{\"$ref\":\"#/definitions/unknown\"}"), Some(false));
        assert_eq!(inline("{}"), None);
        assert_eq!(inline("just words"), None);
        assert_eq!(inline("{\"type\":5}"), None);
    }

    #[test]
    fn a_document_that_is_no_openapi_is_refused() {
        for (text, wanted) in [
            ("[]", "an OpenAPI document must be a map"),
            ("definitions: []", "`definitions` must be a map"),
            ("definitions: {a: b}", "a definition must be a map"),
            (
                "definitions: {a: {properties: []}}",
                "`properties` must be a map",
            ),
            (
                "definitions: {a: {properties: {b: {type: 5}}}}",
                "`type` must be a string or a list of strings",
            ),
            (
                "definitions: {a: {items: {additionalProperties: b}}}",
                "`additionalProperties` must be a map or a boolean",
            ),
            (
                "definitions: {a: {x-kubernetes-patch-merge-key: 5}}",
                "`x-kubernetes-patch-merge-key` must be a string",
            ),
            (
                "definitions: {a: {x-kubernetes-group-version-kind: [{kind: A}]}}",
                "`x-kubernetes-group-version-kind` must have `version` and `kind`, both strings",
            ),
            ("paths: []", "`paths` must be a map"),
        ] {
            assert_eq!(refusal(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_document_may_say_nothing() {
        for text in [
            "null",
            "{}",
            "definitions: null",
            "definitions: {a: null}",
            "paths: null",
        ] {
            assert!(openapi(text).definition("v1", "Pod").is_none(), "{text}");
        }
    }

    #[test]
    fn only_one_release_is_built_in() {
        assert!(Schema::of_release(RELEASE).is_ok());
        let error = Schema::of_release("v1.30.0").unwrap_err();
        assert!(format!("{error:#}").contains("v1.21.2"), "{error:#}");
    }
}
