//! Objects of custom kinds, held against their schemas.

use super::{canonical, formats, number, rules, same};
use crate::finding::{Finding, Findings, Severity};
use crate::path::Path;
use crate::value::{Data, Entry, Lookup, Value, repeats};

/// Judges an object of a custom kind: fields, values, and the rules that its schema states.
pub(crate) fn object(version: &Value<'_>, object: &Value<'_>, findings: &mut Findings) {
    let Some(schema) = version.at(&["schema", "openAPIV3Schema"]) else {
        return;
    };
    unknown_fields(schema, object, &Path::ROOT, true, findings);
    if !findings.0.is_empty() {
        return;
    }
    let mut defaulted = with_defaults(schema, object);
    if version.at(&["subresources", "status"]).is_some()
        && let Data::Map(entries) = &mut defaulted.data
    {
        // The status of a new object is dropped.
        entries.retain(|entry| entry.key != "status");
    }
    Judge { findings }.value(&Path::ROOT, schema, &defaulted);
    replicas(version, &defaulted, findings);
    rules::run_all(&Path::ROOT, schema, &defaulted, findings);
}

/// Fields that the schema does not have, which the server refuses or drops.
fn unknown_fields(
    schema: &Value<'_>,
    value: &Value<'_>,
    path: &Path<'_>,
    is_object: bool,
    findings: &mut Findings,
) {
    match &value.data {
        Data::Map(entries) => {
            let additional = schema
                .get("additionalProperties")
                .filter(|found| matches!(found.data, Data::Map(_)));
            let keeps = schema.is_true("x-kubernetes-preserve-unknown-fields")
                || schema
                    .get("additionalProperties")
                    .is_some_and(|found| found.data == Data::Bool(true));
            let properties = schema.get("properties");
            let known = Lookup::of(properties.map_or(&[][..], Value::entries));
            let embedded = is_object || schema.is_true("x-kubernetes-embedded-resource");
            for entry in entries {
                if embedded && matches!(&*entry.key, "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                let here = path.field(&entry.key);
                if let Some(inner) = known.get(&entry.key).or(additional) {
                    unknown_fields(inner, &entry.value, &here, false, findings);
                } else if !keeps {
                    let names = properties
                        .map_or(&[][..], Value::entries)
                        .iter()
                        .map(|known| &*known.key);
                    let near = crate::did_you_mean(&entry.key, names).map(str::to_owned);
                    findings
                        .add(
                            "unknown-field",
                            &here,
                            entry.origin,
                            format!("the schema has no field `{}`", entry.key),
                        )
                        .help = near.map(|near| format!("did you mean `{near}`?"));
                }
            }
        }
        Data::List(items) => {
            // What is no list by its schema has no fields at all.
            let empty = Value {
                data: Data::Map(Vec::new()),
                origin: value.origin,
            };
            let inner = schema.get("items").unwrap_or(
                if schema.is_true("x-kubernetes-preserve-unknown-fields") {
                    schema
                } else {
                    &empty
                },
            );
            for (index, item) in items.iter().enumerate() {
                unknown_fields(inner, item, &path.index(index), false, findings);
            }
        }
        _ => {}
    }
}

/// The value with what its schema fills in.
fn with_defaults<'v>(schema: &Value<'v>, value: &Value<'v>) -> Value<'v> {
    let data = match &value.data {
        Data::Map(entries) => {
            let properties = schema.get("properties").map_or(&[][..], Value::entries);
            let known = Lookup::of(properties);
            let additional = schema.get("additionalProperties");
            let mut filled: Vec<Entry<'v>> = Vec::with_capacity(entries.len());
            for entry in entries {
                let inner = known.get(&entry.key).or(additional);
                // Null that a field does not take is dropped, or gives way to a default.
                if entry.value.is_null() && inner.is_some_and(|inner| !inner.is_true("nullable")) {
                    continue;
                }
                filled.push(Entry {
                    key: entry.key.clone(),
                    origin: entry.origin,
                    value: inner.map_or_else(
                        || entry.value.clone(),
                        |inner| with_defaults(inner, &entry.value),
                    ),
                });
            }
            let there = Lookup::of(&filled);
            let mut added = Vec::new();
            for known in properties {
                let is_absent = !there.has(&known.key);
                if let Some(default) = known.value.get("default").filter(|_| is_absent) {
                    let mut inner = with_defaults(&known.value, default);
                    inner.origin = value.origin;
                    added.push(Entry {
                        key: known.key.clone(),
                        origin: value.origin,
                        value: inner,
                    });
                }
            }
            filled.extend(added);
            Data::Map(filled)
        }
        Data::List(items) => match schema.get("items") {
            Some(inner) => Data::List(
                items
                    .iter()
                    .map(|item| with_defaults(inner, item))
                    .collect(),
            ),
            None => value.data.clone(),
        },
        other => other.clone(),
    };
    Value {
        data,
        origin: value.origin,
    }
}

/// The number of replicas, where the resource can be scaled.
fn replicas(version: &Value<'_>, object: &Value<'_>, findings: &mut Findings) {
    let Some(path) = version
        .at(&["subresources", "scale"])
        .map(|scale| scale.text("specReplicasPath"))
    else {
        return;
    };
    let keys: Vec<&str> = path.split('.').filter(|key| !key.is_empty()).collect();
    let Some(found) = object.at(&keys) else {
        return;
    };
    let here = keys.join(".");
    let here = Path::ROOT.field(&here);
    match found.as_int() {
        Some(number) if number < 0 => {
            findings.invalid(&here, found, "the number of replicas is less than 0")
        }
        Some(number) if number > i64::from(i32::MAX) => {
            findings.invalid(
                &here,
                found,
                "the number of replicas does not fit into 32 bits",
            );
        }
        _ => {}
    }
}

/// Holds values against schemas.
pub(super) struct Judge<'f> {
    pub(super) findings: &'f mut Findings,
}

impl Judge<'_> {
    /// Judges a value.
    pub(super) fn value(&mut self, path: &Path<'_>, schema: &Value<'_>, value: &Value<'_>) {
        if value.is_null() && (schema.is_true("nullable") || schema.text("type").is_empty()) {
            return;
        }
        if !self.kind(path, schema, value) {
            return;
        }
        if let Some(words) = schema.get("enum").filter(|words| !words.is_zero())
            && !words.items().iter().any(|word| same(word, value))
        {
            let known: Vec<&str> = words.items().iter().filter_map(Value::as_text).collect();
            self.findings.not_supported(path, value, &known);
        }
        match &value.data {
            Data::Text(text) => self.text(path, schema, value, text),
            Data::Int(_) | Data::Number(_) => self.number(path, schema, value),
            Data::List(items) => self.list(path, schema, value, items),
            Data::Map(entries) => self.map(path, schema, value, entries),
            Data::Null | Data::Bool(_) => {}
        }
        self.junctors(path, schema, value);
    }

    fn kind(&mut self, path: &Path<'_>, schema: &Value<'_>, value: &Value<'_>) -> bool {
        let wanted = schema.text("type");
        let fits = if schema.is_true("x-kubernetes-int-or-string") {
            matches!(value.data, Data::Int(_) | Data::Text(_))
        } else {
            matches!(
                (wanted, &value.data),
                ("", _)
                    | ("object", Data::Map(_))
                    | ("array", Data::List(_))
                    | ("string", Data::Text(_))
                    | ("boolean", Data::Bool(_))
                    | ("integer", Data::Int(_))
                    | ("number", Data::Int(_) | Data::Number(_))
            )
        };
        // The server itself looks at no list where it expects a text of some format.
        let overlooked =
            wanted == "string" && schema.has("format") && matches!(value.data, Data::List(_));
        if !fits {
            let wanted = if wanted.is_empty() {
                "a whole number or text".to_owned()
            } else {
                format!("`{wanted}`")
            };
            let message = format!(
                "the schema takes {wanted}, and this is {}",
                value.type_name()
            );
            let finding = self.findings.add("wrong-type", path, value.origin, message);
            if overlooked {
                finding.severity = Severity::Warning;
                finding.message.push_str("; the server does not mind");
            }
        }
        fits
    }

    fn text(&mut self, path: &Path<'_>, schema: &Value<'_>, value: &Value<'_>, text: &str) {
        let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        if schema.int("maxLength").is_some_and(|most| count > most) {
            self.findings.add(
                "too-long-value",
                path,
                value.origin,
                format!("the text has {count} characters, more than the schema allows"),
            );
        }
        if schema.int("minLength").is_some_and(|least| count < least) {
            self.findings.invalid(
                path,
                value,
                format!("the text has {count} characters, fewer than the schema wants"),
            );
        }
        let pattern = schema.text("pattern");
        if !pattern.is_empty()
            && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            self.findings
                .invalid(path, value, format!("`{text}` does not match `{pattern}`"));
        }
        let format = schema.text("format");
        if !format.is_empty() && schema.text("type") == "string" && !formats::is_of(format, text) {
            self.findings.add(
                "wrong-type",
                path,
                value.origin,
                format!("`{text}` is not of the format `{format}`"),
            );
        }
    }

    fn number(&mut self, path: &Path<'_>, schema: &Value<'_>, value: &Value<'_>) {
        let Some(found) = number(&value.data) else {
            return;
        };
        let bound = |key: &str| schema.get(key).and_then(|bound| number(&bound.data));
        if let Some(least) = bound("minimum") {
            let strict = schema.is_true("exclusiveMinimum");
            if found < least || strict && found <= least {
                self.findings.invalid(
                    path,
                    value,
                    format!("{found} is less than the schema allows: {least}"),
                );
            }
        }
        if let Some(most) = bound("maximum") {
            let strict = schema.is_true("exclusiveMaximum");
            if found > most || strict && found >= most {
                self.findings.invalid(
                    path,
                    value,
                    format!("{found} is more than the schema allows: {most}"),
                );
            }
        }
        if let Some(factor) = bound("multipleOf") {
            // The server cuts the factor of a whole number, and then minds a factor of 0.
            let (quotient, factor) = if matches!(value.data, Data::Int(_)) {
                (found / factor.trunc(), factor.trunc())
            } else {
                (found / factor, factor)
            };
            if factor <= 0.0 || (quotient - quotient.round()).abs() > 1e-9 {
                self.findings
                    .invalid(path, value, format!("{found} is no multiple of {factor}"));
            }
        }
        if let (Data::Int(number), "int32") = (&value.data, schema.text("format"))
            && i32::try_from(*number).is_err()
        {
            self.findings
                .invalid(path, value, format!("{number} does not fit into 32 bits"));
        }
    }

    fn list(
        &mut self,
        path: &Path<'_>,
        schema: &Value<'_>,
        value: &Value<'_>,
        items: &[Value<'_>],
    ) {
        let count = i64::try_from(items.len()).unwrap_or(i64::MAX);
        if schema.int("maxItems").is_some_and(|most| count > most) {
            self.findings.add(
                "too-many-items",
                path,
                value.origin,
                format!("the list has {count} elements, more than the schema allows"),
            );
        }
        if schema.int("minItems").is_some_and(|least| count < least) {
            self.findings.invalid(
                path,
                value,
                format!("the list has {count} elements, fewer than the schema wants"),
            );
        }
        if let Some(inner) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(&path.index(index), inner, item);
            }
        }
        match schema.text("x-kubernetes-list-type") {
            "set" => {
                let repeats = repeats(items.iter().map(canonical));
                for (index, item) in items.iter().enumerate() {
                    if repeats[index] {
                        let what = item.as_text().unwrap_or("the value").to_owned();
                        self.findings.duplicate(&path.index(index), item, &what);
                    }
                }
            }
            "map" => {
                let keys: Vec<&str> = schema
                    .list("x-kubernetes-list-map-keys")
                    .iter()
                    .filter_map(Value::as_text)
                    .collect();
                let parts = |item: &Value<'_>| -> Vec<Option<String>> {
                    let parts = keys.iter().map(|key| item.get(key));
                    parts.map(|part| part.map(canonical)).collect()
                };
                let repeats = repeats(items.iter().map(parts));
                for (index, item) in items.iter().enumerate() {
                    if repeats[index] {
                        let what: Vec<&str> = keys.iter().map(|key| item.text(key)).collect();
                        self.findings
                            .duplicate(&path.index(index), item, &what.join(", "));
                    }
                }
            }
            _ => {}
        }
    }

    fn map(
        &mut self,
        path: &Path<'_>,
        schema: &Value<'_>,
        value: &Value<'_>,
        entries: &[Entry<'_>],
    ) {
        let there = Lookup::of(entries);
        for name in schema.list("required").iter().filter_map(Value::as_text) {
            if !there.has(name) {
                self.findings
                    .required(&path.field(name), value, "the schema requires the field");
            }
        }
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if schema.int("maxProperties").is_some_and(|most| count > most) {
            self.findings.add(
                "too-many-items",
                path,
                value.origin,
                format!("there are {count} entries, more than the schema allows"),
            );
        }
        if schema
            .int("minProperties")
            .is_some_and(|least| count < least)
        {
            self.findings.invalid(
                path,
                value,
                format!("there are {count} entries, fewer than the schema wants"),
            );
        }
        let properties = schema.get("properties");
        let known = Lookup::of(properties.map_or(&[][..], Value::entries));
        let additional = schema
            .get("additionalProperties")
            .filter(|found| matches!(found.data, Data::Map(_)));
        for entry in entries {
            if let Some(inner) = known.get(&entry.key).or(additional) {
                self.value(&path.field(&entry.key), inner, &entry.value);
            }
        }
    }

    fn junctors(&mut self, path: &Path<'_>, schema: &Value<'_>, value: &Value<'_>) {
        let judged = |inner: &Value<'_>| -> Vec<Finding> {
            let mut findings = Findings::default();
            Judge {
                findings: &mut findings,
            }
            .value(path, inner, value);
            findings.0
        };
        let holds = |inner: &Value<'_>| judged(inner).is_empty();
        // Where none holds, the one that is nearest says what is missing.
        let nearest = |list: &[Value<'_>]| {
            list.iter()
                .map(judged)
                .min_by_key(Vec::len)
                .unwrap_or_default()
        };
        for inner in schema.list("allOf") {
            self.value(path, inner, value);
        }
        let any = schema.list("anyOf");
        if !any.is_empty() && !any.iter().any(holds) {
            self.findings
                .invalid(path, value, "the value fits none of the schemas of `anyOf`");
            self.findings.0.extend(nearest(any));
        }
        let one = schema.list("oneOf");
        let count = one.iter().filter(|inner| holds(inner)).count();
        if !one.is_empty() && count != 1 {
            self.findings.invalid(
                path,
                value,
                format!("the value fits {count} of the schemas of `oneOf`, and not exactly one"),
            );
            if count == 0 {
                self.findings.0.extend(nearest(one));
            }
        }
        if schema.get("not").is_some_and(holds) {
            self.findings
                .invalid(path, value, "the value fits the schema of `not`");
        }
    }
}
