//! `templatePatch`: a strategic merge into the Application that a template made.

use std::collections::BTreeMap;

use super::json::{Json, Shape};
use super::types::{APPLICATION, decoded, encoded};
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};
use crate::yaml::{read_config, read_json};

/// The Application with a rendered patch. The project stays what it is.
pub(super) fn patched(application: &Json, patch: &str, span: Span) -> Result<Json> {
    let within = |error: Error| {
        let message = format!(
            "the patch is no YAML after it was rendered: {}",
            error.message()
        );
        Error::new(Kind::Patch, message).at(span)
    };
    // What begins like JSON is read as JSON.
    let patch = if patch.trim_start().starts_with('{') {
        Json::of_spelt(&read_json(patch, SourceId::NONE).map_err(within)?)
    } else {
        Json::of(&read_config(patch.as_bytes(), SourceId::NONE).map_err(within)?).map_err(within)?
    };
    match &patch.shape {
        Shape::Null => return Ok(application.clone()),
        Shape::Map(_) => {}
        _ => {
            let message = format!("the patch is {} and no map", patch.type_name());
            return Err(Error::new(Kind::Patch, message).at(span));
        }
    }
    let unfit = |error: Error| {
        let message = format!("the patch does not fit an Application: {}", error.message());
        Error::new(Kind::Patch, message).at(span)
    };
    decoded(&patch, APPLICATION, "", &mut Vec::new()).map_err(unfit)?;
    let mut whole = encoded(application, APPLICATION);
    merge(&mut whole, &patch, "");
    let mut new = decoded(&whole, APPLICATION, "", &mut Vec::new()).map_err(unfit)?;
    let project = application.get("spec").and_then(|spec| spec.get("project"));
    if let Shape::Map(map) = &mut new.shape {
        let spec = map
            .entry("spec".to_owned())
            .or_insert_with(|| Json::new(Shape::Map(BTreeMap::new()), span));
        if let Shape::Map(spec) = &mut spec.shape {
            match project {
                Some(project) => spec.insert("project".to_owned(), project.clone()),
                None => spec.remove("project"),
            };
        }
    }
    Ok(new)
}

/// A field that is merged item by item; all other lists are replaced.
const MERGED: &str = "metadata.finalizers";

fn merge(value: &mut Json, patch: &Json, path: &str) {
    let Shape::Map(changes) = &patch.shape else {
        *value = patch.clone();
        return;
    };
    let Shape::Map(map) = &mut value.shape else {
        *value = without_nulls(patch);
        return;
    };
    match changes.get("$patch").and_then(Json::as_str) {
        Some("replace") => {
            *value = without_nulls(patch);
            if let Shape::Map(map) = &mut value.shape {
                map.remove("$patch");
            }
            return;
        }
        Some("delete") => {
            map.clear();
            return;
        }
        _ => {}
    }
    for (key, change) in changes {
        if key == "$patch" || key == "$retainKeys" {
            continue;
        }
        let inner = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (map.get_mut(key), &change.shape) {
            (_, Shape::Null) => {
                map.remove(key);
            }
            (Some(old), Shape::Map(_)) => merge(old, change, &inner),
            (Some(old), Shape::List(items)) if inner == MERGED => {
                if let Shape::List(known) = &mut old.shape {
                    *known = united(known, items);
                }
            }
            (Some(old), _) => *old = change.clone(),
            (None, _) => {
                map.insert(key.clone(), without_nulls(change));
            }
        }
    }
}

/// The items of a patch and those that only the Application has; these keep their place before items
/// that both have.
fn united(known: &[Json], items: &[Json]) -> Vec<Json> {
    let at = |item: &Json| known.iter().position(|one| one.shape == item.shape);
    let is_patched = |one: &&Json| items.iter().any(|item| item.shape == one.shape);
    let mut rest = known.iter().filter(|one| !is_patched(one)).peekable();
    let mut all: Vec<Json> = Vec::new();
    for item in items {
        while let Some(one) =
            rest.next_if(|one| at(item).is_some_and(|place| at(one) < Some(place)))
        {
            all.push(one.clone());
        }
        if !all.iter().any(|one| one.shape == item.shape) {
            all.push(item.clone());
        }
    }
    all.extend(rest.cloned());
    all
}

fn without_nulls(value: &Json) -> Json {
    match &value.shape {
        Shape::Map(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            let kept = kept.map(|(key, value)| (key.clone(), without_nulls(value)));
            Json::new(Shape::Map(kept.collect()), value.span)
        }
        _ => value.clone(),
    }
}
