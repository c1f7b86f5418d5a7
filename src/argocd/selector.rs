//! Selectors of generators: which parameters stay.

use kustom_gotemplate::{Items, Meter, Value, to_text};

use super::json::Json;
use crate::error::{Error, Kind, Result};

/// A selector over parameters, whose values may be any texts.
pub(super) struct Selector(Vec<Requirement>);

struct Requirement {
    key: String,
    /// Whether one of the values must be there, or none of them; without values, whether the key is.
    wants: bool,
    values: Option<Vec<String>>,
}

impl Selector {
    /// The selector of a generator, if it has one.
    pub(super) fn of(generator: &Json) -> Result<Option<Self>> {
        let Some(selector) = generator.get("selector") else {
            return Ok(None);
        };
        let mut requirements = Vec::new();
        let labels = selector.get("matchLabels").and_then(Json::map);
        for (key, value) in labels.into_iter().flatten() {
            requirements.push(Requirement {
                key: checked(key, value)?.to_owned(),
                wants: true,
                values: Some(vec![value.as_str().unwrap_or_default().to_owned()]),
            });
        }
        for expression in selector
            .get("matchExpressions")
            .map_or(&[][..], Json::items)
        {
            let values = expression.get("values").map_or(&[][..], Json::items);
            let texts: Vec<String> = values
                .iter()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect();
            let wrong =
                |message: &str| Err(Error::new(Kind::Resource, message).at(expression.span));
            let (wants, values) = match expression.str_at("operator") {
                "In" | "NotIn" if texts.is_empty() => {
                    return wrong("`In` and `NotIn` of a selector need values");
                }
                "In" => (true, Some(texts)),
                "NotIn" => (false, Some(texts)),
                "Exists" | "DoesNotExist" if !texts.is_empty() => {
                    return wrong("`Exists` and `DoesNotExist` of a selector take no values");
                }
                "Exists" => (true, None),
                "DoesNotExist" => (false, None),
                other => {
                    let message = format!("`{other}` is no operator of a selector");
                    return wrong(&message);
                }
            };
            requirements.push(Requirement {
                key: checked(expression.str_at("key"), expression)?.to_owned(),
                wants,
                values,
            });
        }
        Ok(Some(Self(requirements)))
    }

    /// Whether some parameters stay.
    pub(super) fn matches(&self, parameters: &Value, meter: &Meter) -> Result<bool> {
        let mut flat = std::collections::BTreeMap::new();
        flatten(parameters, "", &mut flat, meter)?;
        Ok(self.0.iter().all(|one| {
            let found = flat.get(&one.key);
            match &one.values {
                None => found.is_some() == one.wants,
                Some(values) => found.is_some_and(|found| values.contains(found)) == one.wants,
            }
        }))
    }
}

/// The flat parameters of nested ones: maps and lists by dots, whatever is in them as text.
pub(super) fn flatten(
    value: &Value,
    prefix: &str,
    flat: &mut std::collections::BTreeMap<String, String>,
    meter: &Meter,
) -> Result<()> {
    let key = |inner: &str| match prefix {
        "" => inner.to_owned(),
        _ => format!("{prefix}.{inner}"),
    };
    let text = |value: &Value| {
        let text = to_text(value, meter);
        text.map_err(|refusal| Error::new(Kind::Limit, refusal.message()))
    };
    match value {
        Value::Map(map) => {
            for (name, value) in map.entries.borrow().iter() {
                let key = if prefix.is_empty() {
                    name.clone()
                } else {
                    key(name)
                };
                below(value, &key, flat, meter)?;
            }
        }
        Value::List(list) => {
            for (index, item) in list.items.iter().enumerate() {
                below(item, &key(&index.to_string()), flat, meter)?;
            }
        }
        _ => {
            flat.insert(prefix.to_owned(), text(value)?);
        }
    }
    Ok(())
}

fn below(
    value: &Value,
    key: &str,
    flat: &mut std::collections::BTreeMap<String, String>,
    meter: &Meter,
) -> Result<()> {
    match value {
        Value::Map(_) => flatten(value, key, flat, meter),
        Value::List(list) if list.of == Items::Any => flatten(value, key, flat, meter),
        _ => {
            let text = to_text(value, meter);
            let text = text.map_err(|refusal| Error::new(Kind::Limit, refusal.message()))?;
            flat.insert(key.to_owned(), text);
            Ok(())
        }
    }
}

/// A key as labels have them: a name of at most 63 characters, with a domain before a slash if need be.
fn checked<'k>(key: &'k str, near: &Json) -> Result<&'k str> {
    let (domain, name) = match key.split_once('/') {
        Some((domain, name)) => (Some(domain), name),
        None => (None, key),
    };
    let is_word = |text: &str, more: &str| {
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        ends(text.chars().next())
            && ends(text.chars().next_back())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let is_domain = domain.is_none_or(|domain| {
        domain.len() <= 253
            && domain.split('.').all(|part| is_word(part, "-"))
            && !domain.contains(|c: char| c.is_ascii_uppercase())
    });
    if is_domain && name.len() <= 63 && is_word(name, "-_.") {
        return Ok(key);
    }
    let message = format!("`{key}` is no key of a label, so no selector can name it");
    Err(Error::new(Kind::Resource, message).at(near.span))
}
