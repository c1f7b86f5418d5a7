#![doc = include_str!("../README.md")]
// A text is cut by offsets that are checked.
#![cfg_attr(not(test), deny(clippy::string_slice))]

mod about;
mod bundled;
mod cel;
mod crd;
mod cron;
mod decoded;
mod expression;
mod finding;
mod json;
mod kinds;
mod meta;
mod migrations;
mod names;
mod net;
mod path;
mod quantity;
mod rules;
mod schema;
mod structure;
mod time;
mod url;
mod value;

pub use about::{FieldAbout, Kinds};
pub use expression::{Answer, Expression, Names};
pub use finding::{Finding, Severity};
pub use path::Path;
pub use quantity::Quantity;
pub use schema::MINORS;
pub use value::{Data, Entry, Origin, Value};

use crd::{CustomKind, CustomKinds};
use finding::Findings;
use schema::Schema;
use structure::Structure;

/// Judges objects as the API server of one version of Kubernetes does.
pub struct Validator {
    minor: u32,
    schema: Schema,
    plans: rules::Plans,
}

/// A validator, together with the kinds that are defined beside the objects.
pub struct Judge<'v> {
    validator: &'v Validator,
    custom: CustomKinds<'v>,
}

impl Judge<'_> {
    /// Judges one object.
    pub fn validate(&self, object: &Value<'_>) -> Verdict {
        self.validator.judge(object, &self.custom)
    }
}

/// An object with what is wrong with it.
#[derive(Debug)]
pub struct Verdict {
    /// What is wrong, in the order of the server's own checks.
    pub findings: Vec<Finding>,
    /// Whether the kind is known, so that everything could be judged.
    pub known: bool,
}

impl Validator {
    /// A validator for Kubernetes 1.`minor`; see [`MINORS`] for those that are known.
    pub fn new(minor: u32) -> Self {
        let schema = Schema::of(minor);
        Self {
            minor,
            plans: rules::Plans::of(&schema),
            schema,
        }
    }

    /// A judge of objects beside which some custom resource definitions are; values of other kinds
    /// define nothing.
    ///
    /// Where two define a kind, the first counts.
    pub fn beside<'v>(&'v self, definitions: impl IntoIterator<Item = &'v Value<'v>>) -> Judge<'v> {
        let custom = definitions.into_iter().filter_map(CustomKind::of);
        Judge {
            validator: self,
            custom: custom.collect(),
        }
    }

    /// Judges objects that are applied together, in their order.
    ///
    /// Custom resource definitions among them define kinds for all of them.
    pub fn validate_all(&self, objects: &[Value<'_>]) -> Vec<Verdict> {
        let judge = self.beside(objects);
        objects
            .iter()
            .map(|object| judge.validate(object))
            .collect()
    }

    /// Judges one object by itself.
    pub fn validate(&self, object: &Value<'_>) -> Verdict {
        self.beside([]).validate(object)
    }

    fn judge(&self, object: &Value<'_>, custom: &CustomKinds<'_>) -> Verdict {
        let mut findings = Findings::default();
        let kind = match kinds::of(object, self.minor, custom, &mut findings) {
            kinds::Lookup::Found(kind) => kind,
            kinds::Lookup::Defined(kind, version) => {
                self.metadata(object, kind.namespaced, &mut findings);
                crd::object(version, object, &mut findings);
                return Verdict {
                    findings: findings.0,
                    known: true,
                };
            }
            kinds::Lookup::Bundled(known) => {
                self.metadata(object, true, &mut findings);
                let mut own = Findings::default();
                crd::object(known.version(), object, &mut own);
                let own = own.0.into_iter().map(|finding| known.soften(finding));
                findings.0.extend(own);
                return Verdict {
                    findings: findings.0,
                    known: true,
                };
            }
            kinds::Lookup::Custom => {
                // What is found already is that another version of the kind is known.
                let known = !findings.0.is_empty();
                self.metadata(object, true, &mut findings);
                return Verdict {
                    findings: findings.0,
                    known,
                };
            }
            kinds::Lookup::Refused => {
                return Verdict {
                    findings: findings.0,
                    known: true,
                };
            }
        };
        if let Some(number) = Schema::number(kind.definition) {
            let mut structure = Structure {
                lenient: false,
                schema: &self.schema,
                findings: &mut findings,
                differs: false,
            };
            structure.object(number, &Path::ROOT, object);
            let differs = structure.differs;
            // The server asks its rules only of what it could decode.
            if findings
                .0
                .iter()
                .all(|finding| finding.severity != Severity::Error)
            {
                let decoded = differs.then(|| decoded::decoded(&self.schema, number, object));
                let object = decoded.as_ref().unwrap_or(object);
                rules::apply(
                    &self.schema,
                    &self.plans,
                    kind,
                    number,
                    object,
                    &mut findings,
                );
            }
        }
        Verdict {
            findings: findings.0,
            known: true,
        }
    }
}

impl Validator {
    /// Judges the metadata of an object of a custom kind.
    fn metadata(&self, object: &Value<'_>, namespaced: bool, findings: &mut Findings) {
        let before = findings.0.len();
        if let (Some(number), Some(metadata)) =
            (Schema::number("meta.v1.ObjectMeta"), object.get("metadata"))
        {
            let mut structure = Structure {
                lenient: false,
                schema: &self.schema,
                findings,
                differs: false,
            };
            structure.object(number, &Path::ROOT.field("metadata"), metadata);
        }
        if findings.0.len() == before {
            meta::custom(object, namespaced, findings);
        }
    }
}

/// The word that was meant, if one is near enough.
pub(crate) fn did_you_mean<'w>(
    word: &str,
    words: impl Iterator<Item = &'w str>,
) -> Option<&'w str> {
    let limit = (word.len() / 3).clamp(1, 3);
    words
        .map(|candidate| {
            let distance = if candidate.eq_ignore_ascii_case(word) {
                0
            } else {
                strsim::damerau_levenshtein(word, candidate)
            };
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
