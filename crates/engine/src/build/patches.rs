//! Applies the patches of a directory: finds the target objects of each, and parses it as strategic
//! merge or JSON 6902.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::finding::Finding;
use kustom_yaml::limits::{Budget, VALUE};
use kustom_yaml::place::{SourceId, Span};
use kustom_yaml::{
    Node, Size, Str, Style, Tag, Text, has_passed_json, read_config, read_json, read_manifests,
};
use rustc_hash::FxHashMap;

use super::Context;
use super::near::{closest, nearly};
use super::target::KustTarget;
use crate::kustomization::Patch;
use crate::patch::{Audit, JsonPatch, apply_next_json, merge_strategic};
use crate::resource::{self, Resource, Resources, Selector, text_map};
use crate::schema::Schema;
use crate::transform::links;

/// The content of a patch, of either kind.
enum Content {
    Strategic(Vec<Resource>),
    Json(Arc<JsonPatch>),
}

/// What the entries of one list of patches have in common.
pub(super) struct Series {
    /// The JSON patches that were read from files, each with the size of its file: one file is often
    /// a patch of several targets.
    known: FxHashMap<Str, (Arc<JsonPatch>, u64)>,
    /// Its number, which no other has.
    number: u64,
}

/// The number of the series that was begun last.
static SERIES: AtomicU64 = AtomicU64::new(0);

impl Series {
    /// Begins one: nothing but its patches changes the objects until it ends.
    pub(super) fn begin() -> Self {
        Self {
            known: FxHashMap::default(),
            number: SERIES.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

/// Applies an entry of `patches`, and says how many objects it met.
pub(super) fn patch(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    resources: &mut Resources,
    series: &mut Series,
    patch: &Patch,
) -> Result<usize> {
    let content =
        known_or_read(context, target, series, patch).map_err(|error| error.at(patch.span))?;
    let here = |error: Error| error.note("while this patch was applied", Some(patch.span.into()));
    match content {
        Content::Strategic(mut patches) => {
            context.check_schema(&patches)?;
            context.note_repeated_keys(&patches, patch.span);
            for patch_content in &mut patches {
                patch_content.history.may_rename = patch.may_rename;
                patch_content.history.may_change_kind = patch.may_change_kind;
            }
            match &patch.target {
                None => patches.iter().try_fold(0, |count, one| {
                    let position = find(resources, one)?;
                    merge_one(context, resources, position, (one, &one.node))?;
                    Ok(count + 1)
                }),
                Some(selector) => match patches.as_slice() {
                    [] => Ok(0),
                    [one] => merge_selected(context, resources, selector, one, patch.span),
                    _ => Err(several_with_target(patch)),
                },
            }
            .map_err(here)
        }
        Content::Json(operations) if operations.is_empty() && patch.target.is_none() => Ok(0),
        Content::Json(operations) => {
            let Some(selector) = &patch.target else {
                return Err(Error::new(Kind::Patch, "a JSON patch needs a `target`")
                    .at(patch.span)
                    .help("such as `target: {kind: Deployment, name: web}`"));
            };
            let count = apply_selected(
                context,
                resources,
                selector,
                &operations,
                Some(series.number),
            )
            .map_err(here)?;
            note_unmatched(context, resources, selector, count, patch.span);
            Ok(count)
        }
    }
}

/// Applies the entries of `patchesStrategicMerge`, each a file or YAML.
pub(super) fn strategic_merge(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    resources: &mut Resources,
    sources: &[Text],
) -> Result<()> {
    let mut patches = Vec::new();
    for source in sources {
        patches.extend(match target.inline_objects(context, source) {
            Some(inline) => inline,
            None => target.file(context, source, None)?,
        });
    }
    strategic_merge_all(context, resources, &patches)
}

/// Applies strategic merge patches to the objects that they name.
pub(super) fn strategic_merge_all(
    context: &mut Context<'_>,
    resources: &mut Resources,
    patches: &[Resource],
) -> Result<()> {
    if patches.is_empty() {
        return Err(Error::new(Kind::Patch, "the patches are empty"));
    }
    context.check_schema(patches)?;
    for patch in patches {
        let position = find(resources, patch)?;
        let text_patch = with_text_metadata(patch, &["labels", "annotations"]);
        merge_one(context, resources, position, (&text_patch, &patch.node))?;
        resources.drop_deleted();
    }
    resources.check_unique()
}

/// Applies an entry of `patchesJson6902`.
pub(super) fn json6902(
    context: &mut Context<'_>,
    target: &KustTarget<'_>,
    resources: &mut Resources,
    patch: &Patch,
) -> Result<()> {
    let wrong = |message: &str| Err(Error::new(Kind::Patch, message).at(patch.span));
    let Some(selector) = &patch.target else {
        return wrong("a JSON patch needs a `target`");
    };
    if patch.target_name.is_empty() {
        return wrong("the target of a JSON patch needs a `name`");
    }
    let (bytes, source) = match (patch.patch.is_empty(), patch.path.is_empty()) {
        // Here blanks before a bracket make it YAML.
        (false, true) => {
            let source = target.inline(&patch.patch, 0);
            (Bytes::copy_from_slice(patch.patch.as_bytes()), source)
        }
        (false, false) if patch.patch.trim().is_empty() => {
            return wrong("a patch has both `path` and `patch`");
        }
        _ => text_of(target, patch)?,
    };
    let operations = json(&bytes, source)?;
    if operations.is_empty() {
        return wrong("the patch is empty");
    }
    let count = apply_selected(context, resources, selector, &operations, None)
        .map_err(|error| error.note("while this patch was applied", Some(patch.span.into())))?;
    note_unmatched(context, resources, selector, count, patch.span);
    Ok(())
}

/// The bytes of a patch, from its file or from the kustomization.
fn text_of(target: &KustTarget<'_>, patch: &Patch) -> Result<(Bytes, SourceId)> {
    match (patch.patch.trim().is_empty(), patch.path.is_empty()) {
        (false, true) => {
            let text = patch.patch.trim_start();
            let source = target.inline(&patch.patch, patch.patch.len() - text.len());
            Ok((Bytes::copy_from_slice(text.trim_end().as_bytes()), source))
        }
        (true, false) if patch.path.contains(['\n', '{']) => Err(Error::new(
            Kind::Patch,
            "expected the name of a file in `path`, found a patch",
        )
        .at(patch.path.span)
        .help("write `patch:` in place of `path:`")),
        (true, false) => {
            let content = target.loader.read(&patch.path)?;
            Ok((content.bytes, content.source))
        }
        (true, true) => Err(
            Error::new(Kind::Patch, "a patch has neither `path` nor `patch`")
                .at(patch.span)
                .help("name a file in `path`, or write the patch in `patch`"),
        ),
        (false, false) => Err(
            Error::new(Kind::Patch, "a patch has both `path` and `patch`")
                .at(patch.span)
                .help("remove one of the two"),
        ),
    }
}

/// A patch that is the name of a file, which is read from `path` only.
fn is_file_name(patch: &Patch) -> bool {
    let text = patch.patch.trim();
    let is_file = [".yaml", ".yml", ".json"]
        .iter()
        .any(|end| text.ends_with(end));
    is_file && !text.contains(char::is_whitespace) && !text.contains(['{', '['])
}

/// What an entry says; the file of one that was read before is charged again, and not read.
fn known_or_read(
    context: &Context<'_>,
    target: &KustTarget<'_>,
    series: &mut Series,
    patch: &Patch,
) -> Result<Content> {
    let path = &patch.path;
    if !patch.patch.trim().is_empty() || path.is_empty() {
        let text = text_of(target, patch)?;
        return read(context, target, patch, text);
    }
    if let Some((json, size)) = series.known.get(&path.text) {
        let charged = context.budget.charge("this file", *size);
        charged.map_err(|error| error.at(path.span))?;
        return Ok(Content::Json(Arc::clone(json)));
    }
    let (bytes, source) = text_of(target, patch)?;
    let size = VALUE + bytes.len() as u64;
    let content = read(context, target, patch, (bytes, source))?;
    if let Content::Json(json) = &content {
        let known = (Arc::clone(json), size);
        series.known.insert(path.text.clone(), known);
    }
    Ok(content)
}

fn read(
    context: &Context<'_>,
    target: &KustTarget<'_>,
    patch: &Patch,
    (bytes, source): (Bytes, SourceId),
) -> Result<Content> {
    let looks_like_a_list = matches!(bytes.trim_ascii_start().first(), Some(b'-' | b'['));
    let stream = read_manifests(&bytes, source);
    let is_list = matches!(&stream, Ok(stream) if stream.documents.iter().any(Node::is_seq));
    if is_list && looks_like_a_list {
        // It is no object, and a message would say what is wrong with the list.
        return json(&bytes, source).map(|operations| Content::Json(Arc::new(operations)));
    }
    let strategic = stream.and_then(|stream| {
        let resources = resource::from_documents(stream, &context.schema);
        if is_list && resources.is_ok() {
            Ok(Vec::new())
        } else {
            resources
        }
    });
    let error = match strategic {
        Ok(patches) => return Ok(Content::Strategic(patches)),
        Err(error) => error,
    };
    match json(&bytes, source) {
        Ok(operations) => Ok(Content::Json(Arc::new(operations))),
        Err(json_error) if looks_like_a_list => Err(json_error),
        Err(_) if is_file_name(patch) => {
            let message = "expected a patch in `patch`, found the name of a file";
            let error = Error::new(Kind::Patch, message).at(patch.patch.span);
            let named = Text {
                text: patch.patch.trim().into(),
                span: patch.patch.span,
            };
            // A file that is not there is not advised.
            Err(match target.loader.read(&named) {
                Ok(_) => error.help(format!("write `path: {named}`")),
                Err(missing) => match missing.help_line() {
                    Some(help) => error.help(format!(
                        "name the file in `path`; there is no `{named}`: {help}"
                    )),
                    None => error.help(format!("name the file in `path`; there is no `{named}`")),
                },
            })
        }
        Err(_) => Err(error),
    }
}

/// The operations of a JSON patch, written as YAML or, if it starts with a bracket, as JSON.
fn json(bytes: &[u8], source: SourceId) -> Result<JsonPatch> {
    if bytes.first() == Some(&b'[') {
        let text = std::str::from_utf8(bytes).map_err(|cause| {
            let message = "a patch that starts with `[` is no UTF-8";
            Error::new(Kind::Patch, message)
                .at(Span {
                    source,
                    ..Span::default()
                })
                .caused_by(cause)
        })?;
        let list = read_json(text, source).map_err(|error| {
            error.help("a patch that starts with `[` is JSON; write it as a YAML list, one `- op: …` for each operation")
        })?;
        return JsonPatch::of_spelt(&list);
    }
    JsonPatch::parse(&read_config(bytes, source)?)
}

/// The position of the one object that a strategic merge patch names.
fn find(resources: &mut Resources, patch: &Resource) -> Result<usize> {
    let id = patch.original_id();
    match &*resources.with_any_id(&id) {
        &[position] => Ok(position),
        [] => {
            let message = format!("there is no {} for this patch", id.shown());
            let error = Error::new(Kind::Patch, message);
            Err(match near(resources, patch) {
                Some((span, help)) => error.at(span).help(help),
                None => error
                    .at(patch.name_span())
                    .help("correct its apiVersion, kind, name or namespace, or remove the patch"),
            })
        }
        several => {
            let message = format!(
                "a patch names {}, which {} objects were called",
                id.shown(),
                several.len()
            );
            Err(Error::new(Kind::Patch, message)
                .at(patch.name_span())
                .help("use a `target`, or the name that only one of them has now"))
        }
    }
}

/// A guess which object was meant: where the patch is wrong, and what to write there.
fn near(resources: &Resources, patch: &Resource) -> Option<(Span, String)> {
    let wanted = patch.id();
    let span_of = |way: &[&str]| {
        let node = patch.node.at(way).filter(|node| node.span.line > 0);
        node.map_or_else(|| patch.name_span(), |node| node.span)
    };
    let of_kind = || {
        resources
            .iter()
            .filter(|one| one.id().gvk.kind == wanted.gvk.kind)
    };
    if let Some(found) = of_kind().find(|one| one.ids().any(|id| id.name == wanted.name)) {
        let found = found.id();
        return Some(if found.gvk == wanted.gvk {
            let namespace = found.effective_namespace();
            let way: &[&str] = match patch.node.at(&["metadata", "namespace"]) {
                Some(_) => &["metadata", "namespace"],
                None => &["metadata", "name"],
            };
            let help = format!("write `namespace: {namespace}`, where there is one");
            (span_of(way), help)
        } else {
            let version = found.gvk.api_version();
            let help = format!("write `apiVersion: {version}`, of which there is one");
            (span_of(&["apiVersion"]), help)
        });
    }
    let names: Vec<_> = of_kind().map(|one| one.original_id().name).collect();
    let name = nearest(&wanted.name, names.iter().map(|name| name.as_str()));
    if let Some(name) = name {
        return Some((patch.name_span(), format!("did you mean `{name}`?")));
    }
    let mut all = resources.iter();
    let other = all.find(|one| one.ids().any(|id| id.name == wanted.name))?;
    let kind = &other.id().gvk.kind;
    Some((
        span_of(&["kind"]),
        format!("there is a {kind} `{}`: write `kind: {kind}`", wanted.name),
    ))
}

/// Merges a patch into the object at a position; beside it stands the patch as it was read.
fn merge_one(
    context: &mut Context<'_>,
    resources: &mut Resources,
    position: usize,
    (patch, read): (&Resource, &Node),
) -> Result<()> {
    let (schema, budget, audit) = (&context.schema, &context.budget, context.audit());
    let noted = (patch.history.may_rename || patch.history.may_change_kind)
        .then(|| with_text_metadata(patch, &["annotations"]));
    let patch = noted.as_ref().unwrap_or(patch);
    resources.update(position, schema, |resource| {
        audited(audit.as_ref(), resource, read, schema, |resource| {
            merge_into(resource, patch, schema, budget)
        })
    })?;
    context.note_audit(audit);
    Ok(())
}

/// Merges a patch into an object, and holds what came of it against the patch as it was read.
fn audited(
    audit: Option<&Audit>,
    resource: &mut Resource,
    read: &Node,
    schema: &Schema,
    merge: impl FnOnce(&mut Resource) -> Result<()>,
) -> Result<()> {
    let Some(audit) = audit else {
        return merge(resource);
    };
    let (before, id) = (resource.node.clone(), resource.id().clone());
    merge(resource)?;
    let after = Some(&resource.node).filter(|node| !node.is_null());
    audit.strategic(&before, read, after, schema, &id);
    Ok(())
}

/// Merges a patch into one object; name, namespace and kind stay unless the patch may change them.
fn merge_into(
    resource: &mut Resource,
    patch: &Resource,
    schema: &Schema,
    budget: &Budget,
) -> Result<()> {
    resource.set_last_of(None);
    let id = resource.id().clone();
    let (may_rename, may_change_kind) = (patch.history.may_rename, patch.history.may_change_kind);
    if may_rename || may_change_kind {
        resource.remember_id();
    }
    links::cut_replaced(resource, &patch.node);
    let merge =
        |resource: &mut Resource| merge_strategic(&mut resource.node, &patch.node, schema, budget);
    let is_left = match may_replace_annotations(&patch.node) {
        true => resource.change_annotated(merge)?,
        false => merge(resource)?,
    };
    // The leave to change them is noted among the annotations of the patch, and goes where they go.
    let directive = patch.node.at(&["metadata", "annotations", "$patch"]);
    if directive.and_then(Node::text) != Some("delete") {
        resource.history.may_rename |= may_rename;
        resource.history.may_change_kind |= may_change_kind;
    }
    if !is_left {
        resource.node = Node::null();
        return Ok(());
    }
    links::settle(resource);
    resource.refresh(schema);
    if !may_change_kind && resource.id().gvk.kind != id.gvk.kind {
        resource.node.set_scalar_field("kind", &id.gvk.kind, None);
    }
    if !may_rename && resource.id().name != id.name {
        resource.set_name(&id.name);
    }
    if resource.id().namespace != id.namespace {
        resource.set_namespace(&id.namespace);
    }
    Ok(())
}

/// Whether a patch may do more to the annotations than to set some.
fn may_replace_annotations(patch: &Node) -> bool {
    let is_plain = |node: &Node| node.is_map() && node.get("$patch").is_none();
    let Some(metadata) = patch.get("metadata").filter(|_| is_plain(patch)) else {
        return !is_plain(patch);
    };
    let Some(annotations) = metadata.get("annotations").filter(|_| is_plain(metadata)) else {
        return !is_plain(metadata);
    };
    let mut entries = annotations.entries().iter();
    !is_plain(annotations) || entries.len() == 0 || entries.any(|entry| entry.value.is_null())
}

/// Merges a patch into every object that a selector means.
fn merge_selected(
    context: &mut Context<'_>,
    resources: &mut Resources,
    selector: &Selector,
    patch: &Resource,
    span: Span,
) -> Result<usize> {
    let (read, schema) = (&patch.node, &context.schema);
    let patch = with_text_metadata(patch, &["labels", "annotations"]);
    let audit = context.audit();
    let (budget, size) = (&context.budget, Size::of(read).bytes);
    let count = resources.update_selected(schema, selector, |resource| {
        budget.charge("this patch", size)?;
        let api_version = resource.id().gvk.api_version();
        let patch = of_version(&patch, &api_version);
        audited(audit.as_ref(), resource, read, schema, |resource| {
            merge_into(resource, &patch, schema, budget)?;
            if api_version.is_empty() && !resource.is_deleted() {
                // The patch takes over that there is none, and says so.
                resource.node.set("apiVersion", Node::scalar("", Tag::Null));
            }
            Ok(())
        })
    })?;
    context.note_audit(audit);
    resources.drop_deleted();
    note_unmatched(context, resources, selector, count, span);
    if count > 0 {
        resources.check_unique()?;
    }
    Ok(count)
}

/// A patch with the version of its target, or without one.
fn of_version<'p>(patch: &'p Resource, api_version: &str) -> Cow<'p, Resource> {
    let is_same = |it: &Node| it.as_str() == Some(api_version) && it.decor.is_none();
    if !api_version.is_empty() && patch.node.get("apiVersion").is_some_and(is_same) {
        return Cow::Borrowed(patch);
    }
    let mut patch = patch.clone();
    match api_version.is_empty() {
        true => drop(patch.node.remove("apiVersion")),
        false => patch.node.set_scalar_field("apiVersion", api_version, None),
    }
    Cow::Owned(patch)
}

/// On its way to a target kustomize rewrites a patch's labels and annotations as texts, and the
/// annotations wherever it has written down that the patch may change a name or a kind: a null among
/// them no longer takes anything away.
fn with_text_metadata(patch: &Resource, fields: &[&str]) -> Resource {
    let mut patch = patch.clone();
    if let Some(metadata) = patch.node.get_mut("metadata") {
        for &field in fields {
            let Some(entries) = metadata.get(field).map(text_map) else {
                continue;
            };
            metadata.remove(field);
            if !entries.is_empty() {
                metadata.set(field, Node::map(entries));
            }
        }
    }
    patch
}

/// Applies a JSON patch to every object that a selector means, and says how many there were; one of
/// `patches` has the number of its series, and lets the objects remember their ids.
fn apply_selected(
    context: &mut Context<'_>,
    resources: &mut Resources,
    selector: &Selector,
    operations: &JsonPatch,
    series: Option<u64>,
) -> Result<usize> {
    let (schema, audit) = (&context.schema, context.audit());
    let budget = &context.budget;
    let replaces_annotations = operations.replaces_annotations();
    let count = resources.update_selected(schema, selector, |resource| {
        if series.is_some() {
            resource.remember_id();
        }
        let mut has_passed = series.is_some_and(|series| resource.is_last_of(series));
        if resource.history.leaves_traces() || resource.history.is_tracked() {
            has_passed &= !ensure_annotations(&mut resource.node);
        }
        if let Some(audit) = &audit {
            audit.json(&resource.node, operations, resource.id());
        }
        // JSON has made the map so that is empty here.
        if has_passed
            && let Some(annotations) = resource.node.at_mut(&["metadata", "annotations"])
            && annotations.entries().is_empty()
        {
            annotations.style = Style::Flow;
        }
        has_passed = apply_next_json(&mut resource.node, operations, budget, has_passed)?;
        resource.links.cut();
        if replaces_annotations {
            resource.history.forget_origin();
        }
        if let Some(metadata) = resource.node.get_mut("metadata")
            && let Some(annotations) = metadata.get_mut("annotations")
        {
            *annotations = Node::map(text_map(annotations));
            has_passed &= annotations.entries().is_empty() || has_passed_json(annotations, 2);
        }
        resource.set_last_of(series.filter(|_| has_passed));
        Ok(())
    })?;
    context.note_audit(audit);
    Ok(count)
}

/// Kustomize keeps its notes among the annotations, so that a patch always finds the map there;
/// whether it had to be made.
fn ensure_annotations(node: &mut Node) -> bool {
    let Some(metadata) = node.get_mut("metadata") else {
        return false;
    };
    let are_missing = metadata.get("annotations").is_none_or(Node::is_null);
    if are_missing {
        metadata.set("annotations", Node::map(Vec::new()));
    }
    are_missing
}

fn several_with_target(patch: &Patch) -> Error {
    Error::new(Kind::Patch, "a patch of several documents has a `target`")
        .at(patch.span)
        .help("remove the target, or write one entry for each document")
}

fn note_unmatched(
    context: &mut Context<'_>,
    resources: &mut Resources,
    selector: &Selector,
    count: usize,
    span: Span,
) {
    if count > 0 || context.options.only_warnings_of_kustomize {
        return;
    }
    let finding = Finding::warning("unmatched-patch", "the patch matches no resource");
    let near = closest(resources, selector);
    let otherwise = "correct its `target`, or remove the patch";
    context
        .findings
        .push(nearly(finding, near, span, otherwise));
}
