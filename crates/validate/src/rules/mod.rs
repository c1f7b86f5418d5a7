//! The rules that no schema holds.
//!
//! A table says, for each type of the API reference, what its fields must be; a type's rules hold
//! wherever the type is used. What needs more than one field is a function beside its table. Rules
//! are sought in the order of the files here, and a new one is a line.

mod admission;
mod apiextensions;
mod apps;
mod authorization;
mod autoscaling;
mod batch;
mod certificates;
mod config;
mod container;
mod expressions;
mod core;
mod flowcontrol;
mod labels;
mod networking;
mod node;
mod pod;
mod probes;
mod quota;
mod rbac;
mod resource;
mod resources;
mod service;
mod storage;
mod volume;
mod windows;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use crate::finding::Findings;
use crate::meta;
use crate::names::Verdict;
use crate::path::Path;
use crate::schema::{Definition, FieldValues, Kind, Places, Schema, Type};
use crate::value::{Data, Origin, Value, repeated};

/// What a rule may ask of besides its own value.
pub(crate) struct Cx<'c> {
    pub(crate) findings: &'c mut Findings,
    pub(crate) kind: &'static Kind,
    pub(crate) object: &'c Value<'c>,
    schema: &'c Schema,
    plans: &'c Plans,
}

/// What is asked of each definition, by its number; put together when the first object needs it.
pub(crate) struct Plans(Vec<OnceLock<Plan>>);

/// What is asked of a definition.
struct Plan {
    tables: &'static [&'static TypeRules],
    /// The checks of the tables, in their order.
    checks: Vec<FieldChecks>,
    /// By the places of the fields in it.
    fields: Vec<FieldPlan>,
    /// The places of the fields of which something is asked where they are absent.
    mind_absence: Places,
}

/// What tables ask of a field.
struct FieldChecks {
    name: &'static str,
    /// Its place among the fields; none if this minor does not have it.
    place: Option<usize>,
    checks: &'static [Check],
    /// Whether one of them minds that the field is absent.
    mind_absence: bool,
}

/// What is asked of a field.
struct FieldPlan {
    /// Whether a table has rules of it, so that the schema's own are not asked.
    is_checked: bool,
    is_unjudged: bool,
    may_repeat: bool,
}

impl Plans {
    pub(crate) fn of(schema: &Schema) -> Self {
        Self((0..schema.len()).map(|_| OnceLock::new()).collect())
    }

    fn get(&self, number: usize, definition: &Definition) -> &Plan {
        self.0[number].get_or_init(|| {
            let tables = rules_of(definition.name);
            let fields = definition.fields().iter().map(|field| {
                let known = (definition.name, field.name);
                let mut checked = tables.iter().flat_map(|rules| rules.fields);
                FieldPlan {
                    is_checked: checked.any(|(name, _)| *name == field.name),
                    is_unjudged: UNJUDGED.contains(&known),
                    may_repeat: MAY_REPEAT.contains(&known),
                }
            });
            let mut mind_absence = Places::default();
            for (place, field) in definition.fields().iter().enumerate() {
                if field.required || field.is_struct {
                    mind_absence.insert(place);
                }
            }
            let checks = tables.iter().flat_map(|rules| rules.fields);
            let checks = checks.map(|&(name, checks)| FieldChecks {
                name,
                place: definition.place(name),
                checks,
                mind_absence: checks.iter().any(Check::minds_absence),
            });
            Plan {
                tables,
                checks: checks.collect(),
                fields: fields.collect(),
                mind_absence,
            }
        })
    }
}

/// The rules of a type.
pub(crate) struct TypeRules {
    /// The name of the definition, such as `core.v1.Container`.
    pub(crate) of: &'static str,
    pub(crate) fields: &'static [(&'static str, &'static [Check])],
    pub(crate) whole: &'static [Whole],
}

/// A rule about several fields of an object of a type.
type Whole = fn(&mut Cx<'_>, &Path<'_>, &Value<'_>);

/// A rule about one field.
pub(crate) enum Check {
    /// It must be there, and not empty.
    Required,
    /// It must be there, as a pointer that is not nil; what it points to may be zero.
    Present,
    /// One of these words; an empty one is as good as none.
    OneOf(&'static [&'static str]),
    /// One of these words, where an empty one is none of them: a field that is absent or has a word.
    Word(&'static [&'static str]),
    /// A text of this form; empty ones are no concern of the rule.
    Is(fn(&str) -> Verdict),
    /// A text of this form, even if it is empty.
    Given(fn(&str) -> Verdict),
    /// A text of this form, even if it is empty or absent.
    AlwaysIs(fn(&str) -> Verdict),
    /// Each text of a list is of this form.
    EachIs(fn(&str) -> Verdict),
    /// Each text of a list is one of these words.
    EachOneOf(&'static [&'static str]),
    /// Each key of a map is of this form.
    KeysAre(fn(&str) -> Verdict),
    /// A whole number between these two.
    Range(i64, i64),
    /// A whole number between these two, where an absent one is 0.
    AlwaysRange(i64, i64),
    /// A whole number, at least this.
    Min(i64),
    /// A text of at most so many bytes.
    MaxLength(usize),
    /// A list of at most so many elements.
    MaxItems(usize),
    /// A list without equal elements.
    Unique,
    /// Labels: keys and values.
    Labels,
    /// No rule: the server reports the field by the path that is so many steps shorter, with this field
    /// behind it, if there is one.
    ReportedAt(usize, &'static str),
}

impl Check {
    /// Whether it finds something where the field is absent.
    fn minds_absence(&self) -> bool {
        matches!(self, Required | Present | AlwaysIs(_) | AlwaysRange(..))
    }
}

pub(crate) use Check::{
    AlwaysIs, AlwaysRange, EachIs, EachOneOf, Given, Is, KeysAre, Labels, MaxItems, MaxLength, Min,
    OneOf, Present, Range, ReportedAt, Required, Unique, Word,
};

/// A port.
pub(crate) const PORT: Check = Range(1, 65_535);
/// The transports that the API knows.
pub(crate) const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

const TABLES: &[&[TypeRules]] = &[
    labels::RULES,
    config::RULES,
    core::RULES,
    quota::RULES,
    pod::RULES,
    container::RULES,
    probes::RULES,
    volume::RULES,
    windows::RULES,
    service::RULES,
    node::RULES,
    storage::RULES,
    apps::RULES,
    authorization::RULES,
    batch::RULES,
    autoscaling::RULES,
    networking::RULES,
    rbac::RULES,
    admission::RULES,
    apiextensions::RULES,
    certificates::RULES,
    flowcontrol::RULES,
    resource::RULES,
];

/// Fields that the OpenAPI document calls required and the server takes without.
const NOT_REQUIRED: &[(&str, &str)] = &[
    ("batch.v1.PodFailurePolicy", "rules"),
    ("core.v1.HTTPHeader", "value"),
    ("core.v1.LimitRangeSpec", "limits"),
    ("core.v1.Sysctl", "value"),
    ("storage.v1.CSINodeSpec", "drivers"),
    ("storage.v1.TokenRequest", "audience"),
];

/// Lists whose keys may be there twice, though they are maps or sets for merging.
const MAY_REPEAT: &[(&str, &str)] = &[
    (
        "admissionregistration.v1.MutatingAdmissionPolicySpec",
        "variables",
    ),
    (
        "admissionregistration.v1.ValidatingAdmissionPolicySpec",
        "variables",
    ),
    (
        "apiextensions.v1.CustomResourceDefinitionVersion",
        "additionalPrinterColumns",
    ),
    (
        "apiextensions.v1.JSONSchemaProps",
        "x-kubernetes-validations",
    ),
    ("core.v1.Container", "env"),
    ("core.v1.Container", "ports"),
    ("core.v1.EphemeralContainer", "env"),
    ("core.v1.EphemeralContainer", "ports"),
    ("core.v1.NodeSpec", "podCIDRs"),
    ("core.v1.ResourceRequirements", "claims"),
    ("core.v1.PodSpec", "hostAliases"),
    ("core.v1.PodSpec", "imagePullSecrets"),
    // Judged beside its table, since the server reports the first of two.
    ("core.v1.PodSpec", "topologySpreadConstraints"),
    ("core.v1.ServiceAccount", "secrets"),
    ("discovery.v1.Endpoint", "addresses"),
    ("flowcontrol.v1.NonResourcePolicyRule", "nonResourceURLs"),
    ("flowcontrol.v1.NonResourcePolicyRule", "verbs"),
    ("flowcontrol.v1.ResourcePolicyRule", "apiGroups"),
    ("flowcontrol.v1.ResourcePolicyRule", "namespaces"),
    ("flowcontrol.v1.ResourcePolicyRule", "resources"),
    ("flowcontrol.v1.ResourcePolicyRule", "verbs"),
    ("meta.v1.ObjectMeta", "finalizers"),
    ("meta.v1.ObjectMeta", "ownerReferences"),
    // Judged beside its table, since the server reports the element and not its name.
    ("resource.v1.ResourceSliceSpec", "devices"),
    ("storage.v1.CSIDriverSpec", "volumeLifecycleModes"),
];

/// Parts that the server stores without looking at them.
///
/// Owners and managers are judged with the metadata of the object itself, and of nothing within it.
const UNJUDGED: &[(&str, &str)] = &[
    ("autoscaling.v2.MetricIdentifier", "selector"),
    ("meta.v1.ObjectMeta", "managedFields"),
    ("meta.v1.ObjectMeta", "ownerReferences"),
];

/// The rules of a definition.
fn rules_of(definition: &str) -> &'static [&'static TypeRules] {
    static INDEX: OnceLock<HashMap<&'static str, Vec<&'static TypeRules>>> = OnceLock::new();
    INDEX
        .get_or_init(|| {
            let mut index: HashMap<&'static str, Vec<&'static TypeRules>> = HashMap::new();
            for rules in TABLES.iter().copied().flatten() {
                index.entry(rules.of).or_default().push(rules);
            }
            index
        })
        .get(definition)
        .map_or(&[], Vec::as_slice)
}

/// Asks all rules of an object whose structure is right.
pub(crate) fn apply(
    schema: &Schema,
    plans: &Plans,
    kind: &'static Kind,
    number: usize,
    object: &Value<'_>,
    findings: &mut Findings,
) {
    meta::object(kind, object, findings);
    let mut cx = Cx {
        findings,
        kind,
        object,
        schema,
        plans,
    };
    cx.visit(number, &Path::ROOT, object);
}

impl<'c> Cx<'c> {
    /// The name that the object gets.
    pub(crate) fn name(&self) -> std::borrow::Cow<'c, str> {
        meta::name_of(self.object)
    }

    /// Asks a rule of its own of the name that a kind's object gets, and of its `generateName`.
    pub(crate) fn name_is(&mut self, form: impl Fn(&str) -> Verdict) {
        let given = self
            .object
            .at(&["metadata", "generateName"])
            .filter(|found| !found.is_zero());
        if let Some(found) = given
            && let Err(message) = form(found.as_text().unwrap_or_default())
        {
            self.findings
                .invalid(&Path::ROOT.field("metadata.generateName"), found, message);
        }
        let name = self.name();
        if !name.is_empty()
            && let Err(message) = form(&name)
        {
            self.bad_name(message);
        }
    }

    /// What is wrong with the name that the object gets.
    pub(crate) fn bad_name(&mut self, message: impl Into<String>) {
        let at = meta::name_at(self.object);
        self.findings
            .invalid(&Path::ROOT.field("metadata.name"), at, message);
    }

    /// Whether the object is of a kind, whatever its version.
    pub(crate) fn is_a(&self, kind: &str) -> bool {
        self.kind.kind == kind
    }

    fn visit(&mut self, number: usize, path: &Path<'_>, value: &Value<'_>) {
        let schema = self.schema;
        let definition = schema.definition(number);
        let plan = self.plans.get(number, definition);
        let given = FieldValues::of(definition, value);
        for asked in &plan.checks {
            // Most fields are absent, and few rules mind.
            let found = asked.place.and_then(|place| given.get(place, asked.name));
            if found.is_some() || asked.mind_absence {
                self.check(asked.checks, &path.field(asked.name), found, value);
            }
        }
        let at_root = path.is_root();
        let asked = given.places().union(plan.mind_absence);
        for place in asked.iter(plan.fields.len()) {
            let (field, planned) = (&definition.fields()[place], &plan.fields[place]);
            let found = given.get(place, field.name);
            if found.is_none() && !(field.required || field.is_struct) {
                continue;
            }
            let here = path.field(field.name);
            let checked = planned.is_checked;
            if at_root && field.name == "status" {
                continue;
            }
            let Some(found) = found else {
                if let (true, Type::Definition(inner)) =
                    (field.required || field.is_struct, &field.kind)
                {
                    // A struct that is no pointer is there, and empty; its own fields are judged.
                    let empty = Value {
                        data: Data::Map(Vec::new()),
                        origin: value.origin,
                    };
                    self.visit(*inner, &here, &empty);
                } else if field.required && !checked && self.must_be_there(definition.name, field) {
                    self.findings
                        .required(&here, value, "the field is required");
                }
                continue;
            };
            // What stands in a status is dropped when an object is made.
            if at_root && field.name == "status" || planned.is_unjudged {
                continue;
            }
            if !checked {
                self.by_schema(definition.name, field, &here, found, value);
            }
            self.elements(&field.kind, &here, found);
            if !planned.may_repeat {
                self.keys(field, &here, found);
            }
        }
        for rules in plan.tables {
            for whole in rules.whole {
                whole(self, path, value);
            }
        }
    }

    /// Whether an absent field is an empty text, list or map that some rule of the server minds.
    fn must_be_there(&self, definition: &str, field: &crate::schema::Field) -> bool {
        matches!(field.kind, Type::String | Type::List(_) | Type::Bytes)
            && !field.has_default
            && !NOT_REQUIRED.contains(&(definition, field.name))
    }

    /// What the schema itself says of a value.
    fn by_schema(
        &mut self,
        definition: &str,
        field: &crate::schema::Field,
        path: &Path<'_>,
        found: &Value<'_>,
        around: &Value<'_>,
    ) {
        if field.required && found.is_zero() && self.must_be_there(definition, field) {
            self.findings
                .required(path, around, "the field is required, and this is empty");
            return;
        }
        if field.allowed.is_empty() {
            return;
        }
        let refused = |value: &Value<'_>| {
            value
                .as_text()
                .is_some_and(|text| !text.is_empty() && !field.allowed.contains(&text))
        };
        if refused(found) {
            self.findings.not_supported(path, found, &field.allowed);
        }
        for (index, item) in found.items().iter().enumerate() {
            if refused(item) || item.as_text() == Some("") {
                self.findings
                    .not_supported(&path.index(index), item, &field.allowed);
            }
        }
    }

    fn elements(&mut self, kind: &Type, path: &Path<'_>, value: &Value<'_>) {
        match kind {
            Type::Definition(number) => self.visit(*number, path, value),
            Type::List(element) if !matches!(**element, Type::String) => {
                for (index, item) in value.items().iter().enumerate() {
                    self.elements(element, &path.index(index), item);
                }
            }
            Type::Map(element) if matches!(**element, Type::Definition(_)) => {
                for entry in value.entries() {
                    self.elements(element, &path.key(&entry.key), &entry.value);
                }
            }
            _ => {}
        }
    }

    /// Elements of a list that is a map or a set, twice.
    fn keys(&mut self, field: &crate::schema::Field, path: &Path<'_>, value: &Value<'_>) {
        if field.list_keys.is_empty() || value.items().len() < 2 {
            return;
        }
        let mut seen: HashSet<Vec<String>> = HashSet::new();
        for (index, item) in value.items().iter().enumerate() {
            let key: Vec<String> = field
                .list_keys
                .iter()
                .map(|key| {
                    let part = if key.is_empty() {
                        Some(item)
                    } else {
                        item.get(key)
                    };
                    part.map(|part| match (&part.data, *key) {
                        (Data::Text(text), _) => text.to_string(),
                        (data, _) => format!("{data:?}"),
                    })
                    .unwrap_or_else(|| default_of_key(key).to_owned())
                })
                .collect();
            if key.iter().all(String::is_empty) || seen.insert(key.clone()) {
                continue;
            }
            let here = path.index(index);
            let what = key.join(", ");
            match field.list_keys.as_slice() {
                [single] if !single.is_empty() => {
                    let origin = item.get(single).unwrap_or(item);
                    self.findings.duplicate(&here.field(single), origin, &what);
                }
                _ => self.findings.duplicate(&here, item, &what),
            }
        }
    }

    /// Asks rules of one field.
    pub(crate) fn check(
        &mut self,
        checks: &[Check],
        path: &Path<'_>,
        found: Option<&Value<'_>>,
        around: &Value<'_>,
    ) {
        if let [ReportedAt(steps, name), checks @ ..] = checks {
            return self.check(checks, &path.up(*steps).field(name), found, around);
        }
        let origin = found.map_or(around.origin, |value| value.origin);
        for check in checks {
            match check {
                Required => {
                    if found.is_none_or(Value::is_zero) {
                        self.findings
                            .add("required-field", path, origin, "the field is required");
                        return;
                    }
                }
                Present => {
                    if found.is_none() {
                        self.findings
                            .required(path, around, "the field is required");
                        return;
                    }
                }
                OneOf(_) | Word(_) | Is(_) | Given(_) | AlwaysIs(_) | MaxLength(_) => {
                    self.check_text(check, path, found, origin);
                }
                Range(..) | AlwaysRange(..) | Min(_) => {
                    self.check_number(check, path, found, origin);
                }
                EachIs(_) | EachOneOf(_) | KeysAre(_) | MaxItems(_) | Unique | Labels => {
                    if let Some(found) = found {
                        self.check_elements(check, path, found);
                    }
                }
                // It stands before the others alone.
                ReportedAt(..) => {}
            }
        }
    }

    fn check_text(
        &mut self,
        check: &Check,
        path: &Path<'_>,
        found: Option<&Value<'_>>,
        origin: Origin,
    ) {
        let text = found.and_then(Value::as_text).unwrap_or_default();
        match check {
            OneOf(_) | Is(_) if text.is_empty() => {}
            Given(_) if found.is_none() => {}
            OneOf(words) | Word(words) => {
                if let Some(value) = found
                    && !words.contains(&text)
                {
                    self.findings.not_supported(path, value, words);
                }
            }
            Is(form) | Given(form) | AlwaysIs(form) => {
                if let Err(message) = form(text) {
                    let message = format!("`{text}` {message}");
                    self.findings.add("invalid-value", path, origin, message);
                }
            }
            MaxLength(most) if text.len() > *most => {
                let message = format!("the text is longer than {most} bytes");
                self.findings.add("too-long-value", path, origin, message);
            }
            _ => {}
        }
    }

    fn check_number(
        &mut self,
        check: &Check,
        path: &Path<'_>,
        found: Option<&Value<'_>>,
        origin: Origin,
    ) {
        let given = found.and_then(Value::as_int);
        let message = match (check, given) {
            (Range(least, greatest), Some(number)) if !(*least..=*greatest).contains(&number) => {
                format!("{number} is not between {least} and {greatest}")
            }
            (AlwaysRange(least, greatest), _)
                if !(*least..=*greatest).contains(&given.unwrap_or(0)) =>
            {
                let number = given.unwrap_or(0);
                format!("{number} is not between {least} and {greatest}")
            }
            (Min(least), Some(number)) if number < *least => {
                format!("{number} is less than {least}")
            }
            _ => return,
        };
        self.findings.add("invalid-value", path, origin, message);
    }

    fn check_elements(&mut self, check: &Check, path: &Path<'_>, found: &Value<'_>) {
        let items = || found.items().iter().enumerate();
        match check {
            EachIs(form) => {
                for (index, item) in items() {
                    let text = item.as_text().unwrap_or_default();
                    if let Err(message) = form(text) {
                        let message = format!("`{text}` {message}");
                        self.findings.invalid(&path.index(index), item, message);
                    }
                }
            }
            EachOneOf(words) => {
                for (index, item) in items() {
                    if item.as_text().is_some_and(|text| !words.contains(&text)) {
                        self.findings.not_supported(&path.index(index), item, words);
                    }
                }
            }
            KeysAre(form) => {
                for entry in found.entries() {
                    if let Err(message) = form(&entry.key) {
                        let message = format!("`{}` {message}", entry.key);
                        let here = path.key(&entry.key);
                        self.findings
                            .add("invalid-value", &here, entry.origin, message);
                    }
                }
            }
            MaxItems(most) if found.items().len() > *most => {
                let message = format!("the list has more than {most} elements");
                self.findings
                    .add("too-many-items", path, found.origin, message);
            }
            Unique => {
                let repeated = repeated(found.items());
                for (index, item) in items().filter(|(index, _)| repeated[*index]) {
                    let what = item.as_text().unwrap_or("the same").to_owned();
                    self.findings.duplicate(&path.index(index), item, &what);
                }
            }
            Labels => meta::labels(self.findings, path, found),
            _ => {}
        }
    }
}

/// Words in backticks, with commas between them.
pub(crate) fn words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// What a part of a list's key is where it is not said.
fn default_of_key(key: &str) -> &'static str {
    if key == "protocol" { "TCP" } else { "" }
}
