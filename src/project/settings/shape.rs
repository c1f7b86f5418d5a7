//! The schemas of `kustom.yaml` and `environment.yaml`, and what does not fit them.
//!
//! The deserializer stops at the first value that does not fit, but often cannot name its field or
//! say how it is written; a schema can.

use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::error::{Error, Kind, nearest};
use crate::place::{Place, Span};
use crate::yaml::{Node, Scalar};

/// The schemas as they are shipped.
const PROJECT: &str = include_str!("../../../schemas/kustom.schema.json");
const ENVIRONMENT: &str = include_str!("../../../schemas/environment.schema.json");

/// The schema of a settings file, by its name.
pub(crate) fn schema_of(name: &str) -> Option<&'static Value> {
    static SCHEMAS: OnceLock<[Value; 2]> = OnceLock::new();
    let all = SCHEMAS.get_or_init(|| {
        [PROJECT, ENVIRONMENT].map(|text| serde_json::from_str(text).unwrap_or_default())
    });
    match name {
        "kustom.yaml" => all.first(),
        "environment.yaml" => all.get(1),
        _ => None,
    }
}

/// What a schema may be: itself, or what it refers to.
pub(crate) fn resolved(root: &'static Value, schema: &'static Value) -> Vec<&'static Value> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(one) = open.pop() {
        if found.len() > 20 {
            break;
        }
        found.push(one);
        if let Some(name) = one.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            open.extend(root.get("definitions").and_then(|all| all.get(name)));
        }
        for list in ["anyOf", "oneOf", "allOf"] {
            let list = one.get(list).and_then(Value::as_array);
            open.extend(list.into_iter().flatten().rev());
        }
    }
    found
}

/// How a field is written, by its name; those of lists are entries.
const FORMS: [(&str, &str); 25] = [
    ("allow", "- {rule: RULE, path: FILE, reason: WHY}"),
    ("apiVersions", "- GROUP/VERSION"),
    ("argocd", "- DIRECTORY"),
    ("base", "base: DIRECTORY"),
    ("baseline", "baseline: FILE"),
    ("configs", "- {from: DIRECTORY, to: DIRECTORY}"),
    ("crds", "- FILE"),
    ("environments", "environments: DIRECTORY"),
    ("expect", "- {patch: FILE, matches: 1}"),
    ("expression", "expression: .a.b = 1"),
    ("extends", "extends: ENVIRONMENT"),
    ("external", "- KIND/NAME"),
    ("file", "file: FILE"),
    ("flux", "- DIRECTORY"),
    ("fluxVariables", "- FILE"),
    ("helm", "helm: {enabled: true}"),
    ("images", "- {name: NAME, newTag: TAG}"),
    ("kubernetesVersions", "- \"1.33\""),
    ("namespaces", "OLD: NEW"),
    ("newTag", "newTag: TAG"),
    ("replicas", "- {name: NAME, count: 3}"),
    ("script", "script: FILE"),
    ("scripts", "- {file: FILE, script: FILE}"),
    ("values", "KEY: VALUE"),
    ("valuesFiles", "- FILE"),
];

/// The fields of an entry that a map of two words means, by the name of its list.
const PAIRS: [(&str, [&str; 2]); 5] = [
    ("configs", ["from", "to"]),
    ("expect", ["patch", "matches"]),
    ("images", ["name", "newTag"]),
    ("replicas", ["name", "count"]),
    ("scripts", ["file", "script"]),
];

/// The first value of a settings file that does not fit, as an error; a file without a schema of
/// its own holds a map.
pub(super) fn misfit(shown: &str, text: &str, node: &Node) -> Option<Error> {
    static MAP: OnceLock<Value> = OnceLock::new();
    let name = Path::new(shown).file_name().unwrap_or_default();
    let root = schema_of(&name.to_string_lossy())
        .unwrap_or_else(|| MAP.get_or_init(|| serde_json::json!({"type": "object"})));
    // The deserializer takes many a scalar for a string; where nothing else is wrong, it did not.
    [false, true].into_iter().find_map(|is_strict| {
        let file = File {
            shown,
            text,
            root,
            is_strict,
        };
        file.first_misfit(root, node, &mut String::new())
    })
}

/// A file, and the schema that its values should fit.
struct File<'f> {
    shown: &'f str,
    text: &'f str,
    root: &'static Value,
    /// Whether a number is no string.
    is_strict: bool,
}

/// What a value may be, by its schema.
struct Wanted {
    all: Vec<&'static Value>,
}

impl Wanted {
    fn has(&self, kind: &str) -> bool {
        self.all.iter().any(|schema| match schema.get("type") {
            Some(Value::String(one)) => one == kind,
            Some(Value::Array(several)) => several.iter().any(|one| one == kind),
            _ => false,
        })
    }

    /// The words of an enumeration.
    fn words(&self) -> Vec<&'static str> {
        let words = self.all.iter().filter_map(|schema| schema.get("const"));
        words.filter_map(Value::as_str).collect()
    }

    fn part(&self, name: &str) -> Option<&'static Value> {
        self.all.iter().find_map(|schema| schema.get(name))
    }

    /// What is expected, as a message says it.
    fn shown(&self, field: &str) -> String {
        if field == "matches" {
            return "a number, or a range such as `2..5`,".to_owned();
        }
        let words = self.words();
        if !words.is_empty() {
            return format!("one of `{}`", words.join("`, `"));
        }
        let known = [
            ("object", "a map"),
            ("array", "a list"),
            ("string", "a string"),
            ("boolean", "`true` or `false`"),
            ("integer", "a whole number"),
        ];
        let known = known.iter().filter(|(kind, _)| self.has(kind));
        let known: Vec<&str> = known.map(|(_, words)| *words).collect();
        known.join(" or ")
    }
}

impl File<'_> {
    fn wrong(&self, message: String, span: Span) -> Error {
        Error::new(Kind::Project, message).at(Place::in_file(self.shown, span))
    }

    fn first_misfit(
        &self,
        schema: &'static Value,
        node: &Node,
        path: &mut String,
    ) -> Option<Error> {
        let wanted = Wanted {
            all: resolved(self.root, schema),
        };
        if node.is_map() && wanted.has("object") {
            return self.misfit_of_map(&wanted, node, path);
        }
        if node.is_seq() && wanted.has("array") {
            let items = wanted.part("items")?;
            let length = path.len();
            return node.items().iter().enumerate().find_map(|(index, item)| {
                path.truncate(length);
                path.push_str(&format!("[{index}]"));
                self.first_misfit(items, item, path)
            });
        }
        let anything = wanted.part("type").is_none() && wanted.words().is_empty();
        if anything || (node.is_scalar() && self.fits(&wanted, node, path)) {
            return None;
        }
        Some(self.of_value(&wanted, node, path))
    }

    fn misfit_of_map(&self, wanted: &Wanted, node: &Node, path: &mut String) -> Option<Error> {
        let properties = wanted.part("properties").and_then(Value::as_object);
        let others = wanted.part("additionalProperties");
        let length = path.len();
        for entry in node.entries() {
            let key = entry.key.text().unwrap_or_default();
            let known = properties.and_then(|all| all.get(key));
            let Some(schema) = known.or(others.filter(|schema| schema.is_object())) else {
                if others == Some(&Value::Bool(false)) {
                    let fields = properties.into_iter().flat_map(|all| all.keys());
                    let fields: Vec<&str> = fields.map(String::as_str).collect();
                    let error = self.wrong(format!("unknown field `{key}`"), entry.key.span);
                    return Some(match nearest(key, fields.iter().copied()) {
                        Some(near) => error.help(format!("did you mean `{near}`?")),
                        None => error.help(format!("the fields are `{}`", fields.join("`, `"))),
                    });
                }
                continue;
            };
            path.truncate(length);
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(key);
            let found = self.first_misfit(schema, &entry.value, path);
            if found.is_some() {
                return found;
            }
        }
        path.truncate(length);
        let required = wanted.part("required").and_then(Value::as_array);
        let mut required = required.into_iter().flatten().filter_map(Value::as_str);
        let missing = required.find(|name| node.get(name).is_none())?;
        let subject = match path.as_str() {
            "" => "the file".to_owned(),
            path => format!("`{path}`"),
        };
        let error = self.wrong(format!("{subject} has no `{missing}`"), node.span);
        let words = |node: &Node| {
            node.text()
                .filter(|text| text.len() < 60)
                .map(str::to_owned)
        };
        let entries = node.entries().iter();
        let said: Option<Vec<String>> = entries
            .map(|entry| Some(format!("{}: {}", words(&entry.key)?, words(&entry.value)?)))
            .collect();
        let value = match missing {
            "count" => "3".to_owned(),
            name => name.to_uppercase(),
        };
        if let Some(said) = said.filter(|_| path.ends_with(']')) {
            let said = said.join(", ");
            return Some(error.help(match missing {
                "name" => format!("write `- {{{missing}: {value}, {said}}}`"),
                _ => format!("write `- {{{said}, {missing}: {value}}}`"),
            }));
        }
        let list = path.split('[').next().unwrap_or_default();
        let form = FORMS.iter().find(|(known, _)| *known == list);
        Some(match form {
            Some((_, form)) => error.help(format!("add `{missing}`: an entry is written `{form}`")),
            None => error.help(format!("add `{missing}: …` to it")),
        })
    }

    /// Whether a single value is one of those that a field takes, as the deserializer reads it.
    fn fits(&self, wanted: &Wanted, node: &Node, path: &str) -> bool {
        let raw = self.text.get(node.span.range()).unwrap_or_default();
        let text = node.text().unwrap_or_default();
        let words = wanted.words();
        if !words.is_empty() {
            return words.contains(&text) || (node.is_null() && wanted.has("null"));
        }
        if path.ends_with("matches") {
            return serde_yaml::from_str::<super::Bounds>(raw).is_ok();
        }
        (node.is_null() && wanted.has("null"))
            || (wanted.has("string") && !node.is_null() && self.may_be_string(node))
            || (wanted.has("boolean") && serde_yaml::from_str::<bool>(raw).is_ok())
            || (wanted.has("integer") && serde_yaml::from_str::<u32>(raw).is_ok())
    }

    fn may_be_string(&self, node: &Node) -> bool {
        !self.is_strict || matches!(node.scalar_value(), Ok(Scalar::Str(_)))
    }

    /// A value that is not what its field takes: which field, what was found, how it is written.
    fn of_value(&self, wanted: &Wanted, node: &Node, path: &str) -> Error {
        let last = path.rsplit('.').next().unwrap_or_default();
        let name = last.split('[').next().unwrap_or_default();
        let is_entry = last.ends_with(']');
        let there = match path {
            "" => String::new(),
            path => format!(" in `{path}`"),
        };
        let words = wanted.words();
        if let Some(text) = node.text().filter(|_| !node.is_null()) {
            if !words.is_empty() {
                let message = format!("`{text}` is not a value of `{path}`");
                let error = self.wrong(message, node.span);
                return match nearest(text, words.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("write one of `{}`", words.join("`, `"))),
                };
            }
            if name == "matches" {
                let message = format!("`{text}` in `{path}` is not a number of matches");
                return self.wrong(message, node.span).help(
                    "write `1` for exactly one, `1+` for one or more, or `2..5` for two to five",
                );
            }
        }
        let is_number = wanted.has("integer") && node.is_scalar();
        let text = node.text().unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let is_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let expected = match is_number && is_digits {
            true if digits != text => "0 or more".to_owned(),
            true => format!("at most {}", u32::MAX),
            false => wanted.shown(name),
        };
        let found = found(node);
        let error = self.wrong(
            format!("expected {expected}{there}, found {found}"),
            node.span,
        );
        match self.instead(wanted, node, name, is_entry) {
            Some(help) => error.help(help),
            None => error,
        }
    }

    /// What to write in place of a value that has the wrong shape, with its own words where they
    /// are enough.
    fn instead(&self, wanted: &Wanted, node: &Node, name: &str, is_entry: bool) -> Option<String> {
        let words = |node: &Node| {
            node.text()
                .filter(|text| text.len() < 60)
                .map(str::to_owned)
        };
        let only = match (node.items(), node.entries()) {
            ([one], []) => words(one),
            _ => None,
        };
        if wanted.has("object") && name.is_empty() {
            let first = node.items().first().and_then(|item| item.entries().first());
            let first =
                first.and_then(|entry| Some((entry.key.text()?.to_owned(), words(&entry.value)?)));
            return Some(match first {
                Some((key, value)) => format!("write `{key}: {value}`, without the `-`"),
                None => "write a line `KEY: VALUE` for each entry".to_owned(),
            });
        }
        if let Some(only) = only.filter(|_| !is_entry && !wanted.has("array")) {
            let single = node
                .items()
                .first()
                .filter(|one| self.fits(wanted, one, name));
            if single.is_some() {
                return Some(format!("write `{name}: {only}`"));
            }
        }
        if wanted.has("array") && !is_entry {
            if let Some(pair) = pair_of(name, node) {
                return Some(format!("write `- {pair}`"));
            }
            let items = wanted.part("items").map(|items| resolved(self.root, items));
            let takes_words = items.is_some_and(|all| Wanted { all }.has("string"));
            if let Some(text) = words(node).filter(|_| takes_words && !node.is_null()) {
                return Some(match node.scalar_value() {
                    Ok(Scalar::Str(_)) => format!("write `{name}: [{text}]`"),
                    _ => format!("write `{name}: [\"{text}\"]`"),
                });
            }
            if let Some(entry) = words(node).and_then(|text| split_entry(name, &text)) {
                return Some(format!("write `- {entry}`"));
            }
        }
        if let Some(entry) = words(node).and_then(|text| split_entry(name, &text))
            && is_entry
        {
            return Some(format!("write `- {entry}`"));
        }
        let form = FORMS.iter().find(|(known, _)| *known == name);
        let is_item = |form: &str| {
            form.starts_with("- ") || form.starts_with("KEY") || form.starts_with("OLD")
        };
        match form {
            Some((_, form)) if is_item(form) => Some(format!("an entry is written `{form}`")),
            Some((_, form)) => Some(format!("write `{form}`")),
            None if wanted.has("array") => Some("write a `-` before each entry".to_owned()),
            None if wanted.has("object") => Some(match name {
                "guard" => "write `guard: {allow: []}`".to_owned(),
                _ => "write a line `KEY: VALUE` for each entry".to_owned(),
            }),
            None if wanted.has("boolean") => Some(format!("write `{name}: true`")),
            None if wanted.has("integer") => Some(format!("write `{name}: 3`")),
            None if wanted.has("string") && wanted.words().is_empty() && !is_entry => {
                Some(format!("write `{name}: {}`", name.to_uppercase()))
            }
            None => wanted
                .words()
                .first()
                .map(|word| format!("write `{name}: {word}`")),
        }
    }
}

/// What a value is, in words; a number or a word is shown as it is written.
fn found(node: &Node) -> String {
    if node.is_map() {
        return "a map".to_owned();
    }
    if node.is_seq() {
        return "a list".to_owned();
    }
    if node.is_null() {
        return "nothing".to_owned();
    }
    match (node.scalar_value(), node.text()) {
        (Ok(Scalar::Str(_)), Some(text)) if text.len() > 40 || text.contains('\n') => {
            "a string".to_owned()
        }
        (_, Some(text)) => format!("`{text}`"),
        _ => "a string".to_owned(),
    }
}

/// One text in place of an entry of two fields: `web:v2` as `{name: web, newTag: v2}`.
fn split_entry(list: &str, text: &str) -> Option<String> {
    let separator = match list {
        "images" => ':',
        "replicas" => '=',
        _ => return None,
    };
    let (_, [key, value]) = PAIRS.iter().find(|(known, _)| *known == list)?;
    let (first, second) = text.rsplit_once(separator)?;
    let is_word = !first.is_empty() && !second.is_empty() && !second.contains(['/', ' ']);
    is_word.then(|| format!("{{{key}: {first}, {value}: {second}}}"))
}

/// A map in place of a list as an entry of it: `web: 3` as `{name: web, count: 3}`, or an entry that
/// has no `-`.
fn pair_of(list: &str, node: &Node) -> Option<String> {
    let (_, [key, value]) = PAIRS.iter().find(|(known, _)| *known == list)?;
    let first = node.entries().first()?;
    let words = |node: &Node| {
        node.text()
            .filter(|text| text.len() < 60)
            .map(str::to_owned)
    };
    if first.is(key) || first.is(value) {
        let entries = node.entries().iter();
        let entries =
            entries.map(|entry| Some(format!("{}: {}", words(&entry.key)?, words(&entry.value)?)));
        return Some(format!(
            "{{{}}}",
            entries.collect::<Option<Vec<_>>>()?.join(", ")
        ));
    }
    Some(format!(
        "{{{key}: {}, {value}: {}}}",
        words(&first.key)?,
        words(&first.value)?
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_of_a_field_of_a_schema() {
        let texts = [PROJECT, ENVIRONMENT].concat();
        for name in FORMS
            .iter()
            .map(|(name, _)| name)
            .chain(PAIRS.iter().map(|(name, _)| name))
        {
            assert!(texts.contains(&format!("\"{name}\": {{")), "{name}");
        }
    }
}
