//! What a selector that matches nothing was probably meant to say.

use kustom_yaml::error::nearest;
use kustom_yaml::finding::Finding;
use kustom_yaml::place::Span;

use crate::resource::{Pattern, Resource, Resources, Selector};

/// What would have matched: the place of the part that is another, and what to write there.
pub(super) struct Near {
    span: Option<Span>,
    help: String,
}

/// A finding about a selector that matches nothing: where it goes wrong, and what was meant.
pub(super) fn nearly(finding: Finding, near: Option<Near>, span: Span, otherwise: &str) -> Finding {
    match near {
        Some(near) => finding.at(near.span.unwrap_or(span)).help(near.help),
        None => finding.at(span).help(otherwise),
    }
}

/// A part of a target: its name, how to leave it out, and what a resource has there.
struct Part {
    name: &'static str,
    relax: fn(&mut Selector),
    value: fn(&Resource) -> &str,
}

const PARTS: [Part; 5] = [
    Part {
        name: "group",
        relax: |selector| selector.group = Pattern::Any,
        value: |resource| &resource.id().gvk.group,
    },
    Part {
        name: "version",
        relax: |selector| selector.version = Pattern::Any,
        value: |resource| &resource.id().gvk.version,
    },
    Part {
        name: "kind",
        relax: |selector| selector.kind = Pattern::Any,
        value: |resource| &resource.id().gvk.kind,
    },
    Part {
        name: "name",
        relax: |selector| selector.name = Pattern::Any,
        value: Resource::original_name,
    },
    Part {
        name: "namespace",
        relax: |selector| selector.namespace = Pattern::Any,
        value: |resource| resource.id().effective_namespace(),
    },
];

/// What would have matched if one part of the target were another.
pub(super) fn closest(resources: &mut Resources, selector: &Selector) -> Option<Near> {
    PARTS.iter().find_map(|part| {
        let wanted = selector.part(part.name)?;
        let mut relaxed = selector.clone();
        (part.relax)(&mut relaxed);
        let found = resources.words_of_selected(&relaxed, part.name, part.value);
        let name = match found.as_slice() {
            [only] => only.as_str(),
            _ => found.nearest(&wanted)?,
        };
        let help = match nearest(&wanted, [name]) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write `{}: {name}`, with which it would match", part.name),
        };
        Some(Near {
            span: selector.span_of(part.name),
            help,
        })
    })
}

#[cfg(test)]
mod tests {
    use kustom_yaml::place::SourceId;
    use kustom_yaml::read_manifests;

    use super::*;
    use crate::resource::from_documents;
    use crate::schema::Schema;

    /// The same, each time by a look at all resources.
    fn plainly(resources: &Resources, selector: &Selector) -> Option<String> {
        PARTS.iter().find_map(|part| {
            let mut relaxed = selector.clone();
            (part.relax)(&mut relaxed);
            let matching = resources.iter().filter(|one| relaxed.matches(one));
            let mut found: Vec<&str> = matching.map(part.value).collect();
            found.sort_unstable();
            found.dedup();
            let wanted = selector.part(part.name)?;
            let name = match found.as_slice() {
                [only] => only,
                several => nearest(&wanted, several.iter().copied())?,
            };
            Some(match nearest(&wanted, [name]) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write `{}: {name}`, with which it would match", part.name),
            })
        })
    }

    #[test]
    fn drawn_selectors_are_answered_as_by_a_look_at_all() {
        let mut state = 7_u64;
        let mut draw = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        let kinds = [
            ("v1", "ConfigMap"),
            ("v1", "Secret"),
            ("apps/v1", "Deployment"),
            ("example.com/v1beta1", "ConfigMap"),
            ("v1", "Namespace"),
        ];
        let mut answers = 0;
        for _ in 0..60 {
            let count = 1 + draw(120);
            let mut text = String::new();
            for at in 0..count {
                let (version, kind) = kinds[draw(kinds.len())];
                let namespace = ["", ", namespace: shop", ", namespace: web"][draw(3)];
                let labels = ["", ", labels: {app: a}"][draw(2)];
                let name = ["web", "api", "cache"][draw(3)];
                text.push_str(&format!(
                    "---\n{{apiVersion: {version}, kind: {kind}, metadata: \
                     {{name: {name}-{at}{namespace}{labels}}}}}\n"
                ));
            }
            let stream = read_manifests(text.as_bytes(), SourceId::NONE).unwrap();
            let schema = Schema::builtin();
            let mut resources = Resources::new();
            let list = from_documents(stream, &schema).unwrap();
            resources.add_all(list).unwrap();
            for _ in 0..40 {
                let mut pick =
                    |words: &[&str]| Pattern::from_text(words[draw(words.len())]).unwrap();
                let mut selector = Selector {
                    group: pick(&["", "", "", "app", "apps", "example.co.*"]),
                    version: pick(&["", "", "", "v1", "v2", "v.*"]),
                    kind: pick(&["", "ConfigMap", "Deploymint", "Secret", "Config.*", "Pod"]),
                    name: pick(&[
                        "",
                        "web-1",
                        "weeb-.*",
                        "api-1[0-9]",
                        "cash-3",
                        "w-e-b",
                        "zebra",
                    ]),
                    namespace: pick(&["", "", "shop", "shopp", "w.*", "default"]),
                    ..Selector::default()
                };
                if draw(4) == 0 {
                    selector.labels = crate::resource::LabelSelector::parse("app=a").unwrap();
                }
                let wanted = plainly(&resources, &selector);
                let found = closest(&mut resources, &selector).map(|near| near.help);
                assert_eq!(found, wanted, "{selector:?} in\n{text}");
                answers += usize::from(wanted.is_some());
                if draw(10) == 0 {
                    // What is renamed is found under its names of now.
                    let position = draw(resources.len());
                    let name = ["wev-1", "cash-4"][draw(2)];
                    let renamed = resources.update(position, &schema, |resource| {
                        resource.remember_id();
                        resource.set_name(name);
                        Ok(())
                    });
                    renamed.unwrap();
                }
            }
        }
        assert!(answers > 500, "{answers}");
    }
}
