//! What Kubernetes serves, minor by minor, as two small tables.
//!
//! Structure comes from the OpenAPI definitions that a registry package carries for every minor.
//! Enumerations and defaults are not in there: the newest minor's come from the definitions that
//! are compiled into its API server, and older minors take them over where a field is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use crate::Result;

/// The minors of Kubernetes 1 that the tables cover.
const OLDEST: u32 = 11;
const NEWEST: u32 = 37;

/// Each package carries many minors; together they carry all.
const REQUIREMENTS: [&str; 2] = [
    "kubernetes-validate==1.24.0 \
     --hash=sha256:c4121729c9e60ed216d8335b0da787141f6f5827e26483c777de3b27f4eb3d98",
    "kubernetes-validate==1.37.0 \
     --hash=sha256:85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9",
];

/// Kinds without a namespace, by group and kind; everything else has one.
const CLUSTER_SCOPED: &[&str] = &[
    "/ComponentStatus",
    "/Namespace",
    "/Node",
    "/PersistentVolume",
    "admissionregistration.k8s.io/",
    "apiextensions.k8s.io/",
    "apiregistration.k8s.io/",
    "auditregistration.k8s.io/",
    "authentication.k8s.io/SelfSubjectReview",
    "authentication.k8s.io/TokenReview",
    "authorization.k8s.io/SelfSubjectAccessReview",
    "authorization.k8s.io/SelfSubjectRulesReview",
    "authorization.k8s.io/SubjectAccessReview",
    "certificates.k8s.io/CertificateSigningRequest",
    "certificates.k8s.io/ClusterTrustBundle",
    "extensions/PodSecurityPolicy",
    "flowcontrol.apiserver.k8s.io/",
    "internal.apiserver.k8s.io/",
    "networking.k8s.io/ClusterCIDR",
    "networking.k8s.io/IPAddress",
    "networking.k8s.io/IngressClass",
    "networking.k8s.io/ServiceCIDR",
    "node.k8s.io/RuntimeClass",
    "policy/PodSecurityPolicy",
    "rbac.authorization.k8s.io/ClusterRole",
    "rbac.authorization.k8s.io/ClusterRoleBinding",
    "resource.k8s.io/DeviceClass",
    "resource.k8s.io/DeviceTaintRule",
    "resource.k8s.io/ResourceClass",
    "resource.k8s.io/ResourceSlice",
    "scheduling.k8s.io/PriorityClass",
    "storage.k8s.io/CSIDriver",
    "storage.k8s.io/CSINode",
    "storage.k8s.io/StorageClass",
    "storage.k8s.io/VolumeAttachment",
    "storage.k8s.io/VolumeAttributesClass",
    "storagemigration.k8s.io/",
];

/// What one field is, as a line of the table says it.
type Field = String;

/// The minors in which something is the same.
#[derive(Default)]
struct Served {
    /// By definition, by field: each form with its minors.
    definitions: BTreeMap<String, BTreeMap<String, Vec<(Field, BTreeSet<u32>)>>>,
    /// By apiVersion and kind: the definition and the minors.
    kinds: BTreeMap<(String, String), (String, BTreeSet<u32>)>,
}

/// Writes `kinds.tsv` and `definitions.txt` into the crate's data directory.
///
/// `newest` holds the definitions of the newest minor's API server, `lifecycle` a JSON line for
/// each kind and version with when it was deprecated, removed and what replaces it.
pub fn write(newest: &Path, lifecycle: &Path, directory: &Path) -> Result<()> {
    let newest: Value = serde_json::from_str(&fs::read_to_string(newest)?)?;
    let newest = object(&newest, "definitions")?;
    let mut served = Served::default();
    let packages = std::env::temp_dir().join(format!("kustom-xtask-api-{}", std::process::id()));
    fs::create_dir(&packages)?;
    let read = read_packages(&packages, newest, &mut served);
    fs::remove_dir_all(&packages)?;
    read?;
    fs::create_dir_all(directory)?;
    fs::write(
        directory.join("definitions.txt"),
        definitions_table(&served),
    )?;
    fs::write(
        directory.join("kinds.tsv"),
        kinds_table(&served, &fs::read_to_string(lifecycle)?)?,
    )?;
    Ok(())
}

fn read_packages(packages: &Path, newest: &Map<String, Value>, served: &mut Served) -> Result<()> {
    for (number, requirement) in REQUIREMENTS.iter().enumerate() {
        let directory = packages.join(number.to_string());
        fs::create_dir(&directory)?;
        fs::write(directory.join("requirements.txt"), requirement)?;
        run(
            &directory,
            "python3 -m pip download --quiet --disable-pip-version-check --no-deps \
             --require-hashes --requirement requirements.txt",
        )?;
        unpack(&directory)?;
    }
    for minor in OLDEST..=NEWEST {
        let file = packages
            .join(if minor > 24 {
                "1/kubernetes_validate"
            } else {
                "0/kubernetes-validate-1.24.0/src/kubernetes_validate"
            })
            .join(format!(
                "kubernetes-json-schema/v1.{minor}.0-local/_definitions.json"
            ));
        let document: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let definitions =
            object(&document, "definitions").or_else(|_| object(&document, "$defs"))?;
        served.add(minor, definitions, newest);
    }
    Ok(())
}

/// Unpacks every archive of a directory beside it.
fn unpack(directory: &Path) -> Result<()> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let module = match Path::new(&name)
            .extension()
            .and_then(|found| found.to_str())
        {
            Some("whl") => "zipfile",
            Some("gz") => "tarfile",
            _ => continue,
        };
        run(
            directory,
            &format!("python3 -m {module} --extract {name} ."),
        )?;
    }
    Ok(())
}

fn run(directory: &Path, command: &str) -> Result<()> {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default();
    let status = Command::new(program)
        .args(words)
        .current_dir(directory)
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{command}` failed").into())
    }
}

fn object<'v>(value: &'v Value, key: &str) -> Result<&'v Map<String, Value>> {
    value[key]
        .as_object()
        .ok_or_else(|| format!("no object `{key}`").into())
}

impl Served {
    fn add(&mut self, minor: u32, definitions: &Map<String, Value>, newest: &Map<String, Value>) {
        let mut wanted: Vec<&str> = Vec::new();
        for (name, definition) in definitions {
            if name.starts_with("io.k8s.kubernetes.") || name.ends_with("List") {
                continue;
            }
            let kinds = definition["x-kubernetes-group-version-kind"].as_array();
            for kind in kinds.into_iter().flatten() {
                let text = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                let (group, version) = (text("group"), text("version"));
                if definition["properties"]["metadata"].is_null()
                    || kinds.is_some_and(|k| k.len() > 1)
                {
                    continue;
                }
                let api_version = if group.is_empty() {
                    version
                } else {
                    format!("{group}/{version}")
                };
                let entry = self
                    .kinds
                    .entry((api_version, text("kind")))
                    .or_insert_with(|| (short(name).to_owned(), BTreeSet::new()));
                entry.1.insert(minor);
                wanted.push(name);
            }
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            if !seen.insert(name) {
                continue;
            }
            let Some(definition) = definitions.get(name) else {
                continue;
            };
            let required: Vec<&str> = definition["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let fields = self.definitions.entry(short(name).to_owned()).or_default();
            for (field, schema) in definition["properties"].as_object().into_iter().flatten() {
                let known = newest
                    .get(name)
                    .map_or(&Value::Null, |found| &found["properties"][field]);
                let line = describe(schema, known, required.contains(&field.as_str()));
                let forms = fields.entry(field.clone()).or_default();
                match forms.iter_mut().find(|(form, _)| *form == line) {
                    Some((_, minors)) => {
                        minors.insert(minor);
                    }
                    None => forms.push((line, BTreeSet::from([minor]))),
                }
                references(schema, &mut wanted, definitions);
            }
        }
    }
}

fn references<'d>(
    schema: &'d Value,
    wanted: &mut Vec<&'d str>,
    definitions: &'d Map<String, Value>,
) {
    if let Some(name) = reference(schema)
        && let Some((name, _)) = definitions.get_key_value(name)
    {
        wanted.push(name);
    }
    for inner in [&schema["items"], &schema["additionalProperties"]] {
        if inner.is_object() {
            references(inner, wanted, definitions);
        }
    }
}

fn reference(schema: &Value) -> Option<&str> {
    let found = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())
        .or_else(|| schema["oneOf"][0]["$ref"].as_str())
        .or_else(|| schema["anyOf"][0]["$ref"].as_str())?;
    found.rsplit('/').next()
}

/// A field's line: type, then what else is known of it.
fn describe(schema: &Value, known: &Value, required: bool) -> String {
    let kind = kind_of(schema);
    // The newest server's own document is asked only where it speaks of the same thing.
    let known = if kind_of(known) == kind {
        known
    } else {
        &Value::Null
    };
    let mut line = kind;
    if required {
        line.push_str("\trequired");
    }
    let items = |schema: &Value| schema["items"]["enum"].as_array().cloned();
    if let Some(values) = known["enum"].as_array().cloned().or_else(|| items(known)) {
        let words: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        if !words.is_empty() {
            let _ = write!(line, "\tenum={}", words.join(","));
        }
    }
    match &known["default"] {
        Value::String(text) if !text.is_empty() => {
            let _ = write!(line, "\tdefault={text}");
        }
        // A struct that is no pointer has an empty one as its default.
        Value::Object(fields) if fields.is_empty() && line.starts_with('@') => {
            line.push_str("\tstruct")
        }
        Value::Number(number) if number.as_i64() != Some(0) => {
            let _ = write!(line, "\tdefault={number}");
        }
        _ => {}
    }
    match schema["x-kubernetes-list-type"].as_str() {
        Some("map") => {
            let keys: Vec<&str> = schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let _ = write!(line, "\tmap={}", keys.join(","));
        }
        Some("set") => line.push_str("\tset"),
        _ => {}
    }
    line
}

/// The type of a value: a word, `[]` or `{}` before that of the elements, or a definition's name.
fn kind_of(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return match short(name) {
            "api.resource.Quantity" => "quantity".to_owned(),
            "util.intstr.IntOrString" => "int-or-string".to_owned(),
            "meta.v1.Time" => "time".to_owned(),
            "meta.v1.MicroTime" => "micro-time".to_owned(),
            "meta.v1.FieldsV1" | "runtime.RawExtension" => "object".to_owned(),
            other if other.ends_with(".JSON") => "any".to_owned(),
            other if other.ends_with(".JSONSchemaPropsOrArray") => "schema-or-array".to_owned(),
            other if other.ends_with(".JSONSchemaPropsOrBool") => "schema-or-boolean".to_owned(),
            other if other.ends_with(".JSONSchemaPropsOrStringArray") => {
                "schema-or-strings".to_owned()
            }
            other => format!("@{other}"),
        };
    }
    let words: Vec<&str> = match &schema["type"] {
        Value::String(word) => vec![word],
        Value::Array(words) => words
            .iter()
            .filter_map(Value::as_str)
            .filter(|word| *word != "null")
            .collect(),
        _ => Vec::new(),
    };
    match words.as_slice() {
        ["string"] => match schema["format"].as_str() {
            Some("byte") => "bytes",
            Some("date-time") => "time",
            Some("int-or-string") => "int-or-string",
            _ => "string",
        }
        .to_owned(),
        ["integer"] => match schema["format"].as_str() {
            Some("int32") => "int32",
            _ => "int64",
        }
        .to_owned(),
        ["number"] => "number".to_owned(),
        ["boolean"] => "boolean".to_owned(),
        ["array"] => format!("[]{}", kind_of(&schema["items"])),
        ["object"] if schema["additionalProperties"].is_object() => {
            format!("{{}}{}", kind_of(&schema["additionalProperties"]))
        }
        ["object"] => "object".to_owned(),
        _ => "any".to_owned(),
    }
}

/// `core.v1.Pod` for `io.k8s.api.core.v1.Pod`.
fn short(name: &str) -> &str {
    const PREFIXES: [&str; 6] = [
        "io.k8s.api.",
        "io.k8s.apimachinery.pkg.apis.",
        "io.k8s.apimachinery.pkg.",
        "io.k8s.apiextensions-apiserver.pkg.apis.",
        "io.k8s.kube-aggregator.pkg.apis.",
        "io.k8s.",
    ];
    PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// `11-37`, or several of them.
fn ranges(minors: &BTreeSet<u32>) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &minor in minors {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == minor => *last = minor,
            _ => parts.push((minor, minor)),
        }
    }
    let parts: Vec<String> = parts
        .iter()
        .map(|(first, last)| format!("{first}-{last}"))
        .collect();
    parts.join(",")
}

fn definitions_table(served: &Served) -> String {
    let mut table = String::from(
        "# The definitions of Kubernetes 1.11 to 1.37: a name, then its fields, each with the minors\n\
         # in which it looks like this, its type and what else is known.\n\
         # Written by `cargo run -p xtask -- kubernetes`; do not edit.\n",
    );
    for (name, fields) in &served.definitions {
        let _ = writeln!(table, "{name}");
        for (field, forms) in fields {
            for (form, minors) in forms {
                let _ = writeln!(table, "\t{field}\t{}\t{form}", ranges(minors));
            }
        }
    }
    table
}

fn kinds_table(served: &Served, lifecycle: &str) -> Result<String> {
    let mut ends: BTreeMap<(String, String), Value> = BTreeMap::new();
    for line in lifecycle.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        ends.insert((text("apiVersion"), text("kind")), row.clone());
    }
    let mut table = String::from(
        "# apiVersion, kind, definition, scope, minors, deprecated, removed, replacement\n\
         # Written by `cargo run -p xtask -- kubernetes`; do not edit.\n",
    );
    for ((api_version, kind), (definition, minors)) in &served.kinds {
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let scope = if CLUSTER_SCOPED.iter().any(|scoped| {
            *scoped == format!("{group}/{kind}")
                || (scoped.ends_with('/') && *scoped == format!("{group}/"))
        }) {
            "cluster"
        } else {
            "namespace"
        };
        let end = ends.get(&(api_version.clone(), kind.clone()));
        let text = |key: &str| {
            end.and_then(|row| row[key].as_str())
                .unwrap_or("-")
                .to_owned()
        };
        let replacement = end.map_or_else(
            || "-".to_owned(),
            |row| match &row["replacement"] {
                Value::String(text) => text.clone(),
                Value::Object(to) => format!(
                    "{} {}",
                    to.get("apiVersion")
                        .and_then(Value::as_str)
                        .unwrap_or_default(),
                    to.get("kind").and_then(Value::as_str).unwrap_or_default()
                ),
                _ => "-".to_owned(),
            },
        );
        let _ = writeln!(
            table,
            "{api_version}\t{kind}\t{definition}\t{scope}\t{}\t{}\t{}\t{replacement}",
            ranges(minors),
            text("deprecated"),
            text("removed"),
        );
    }
    Ok(table)
}
