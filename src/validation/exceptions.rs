//! Findings of validation that a project allows.

use std::collections::BTreeSet;

use crate::diff::Ignore;
use crate::finding::Finding;
use crate::report;

/// Findings that may stay.
#[derive(Clone, Debug, Default)]
pub struct Exceptions(Vec<Exception>);

/// One kind of finding that may stay: everything that it names is true of the finding.
#[derive(Clone, Debug)]
pub struct Exception {
    rule: Option<String>,
    /// The object, the field, or both.
    subject: Option<Ignore>,
}

impl Exception {
    /// What is said by a rule, an object (`KIND/NAME`, `KIND/NAMESPACE/NAME`) and a field, each of
    /// which may be left out; `*` is any text, `**` any steps of a field.
    ///
    /// # Errors
    ///
    /// None of them is given, the rule is none, or one of the others is not written like that; the
    /// message is a sentence.
    pub fn new(
        rule: Option<&str>,
        object: Option<&str>,
        field: Option<&str>,
    ) -> Result<Self, String> {
        if let Some(rule) = rule
            && !report::rules().any(|known| known == rule)
        {
            return Err(format!("`{rule}` is no rule"));
        }
        let subject = match (object, field) {
            (None, None) if rule.is_none() => {
                return Err("neither a rule nor an object nor a field is given".to_owned());
            }
            (None, None) => None,
            (object, field) => Some(Ignore::new(object, field)?),
        };
        Ok(Self {
            rule: rule.map(str::to_owned),
            subject,
        })
    }

    /// What a word of the command line says: a rule, `KIND/NAME`, a field, or both of the last with
    /// a colon between.
    ///
    /// # Errors
    ///
    /// It is none of these; the message is a sentence.
    pub fn parse(word: &str) -> Result<Self, String> {
        if report::rules().any(|known| known == word) {
            return Self::new(Some(word), None, None);
        }
        Ok(Self {
            rule: None,
            subject: Some(word.parse()?),
        })
    }

    /// Whether a finding may stay.
    pub fn covers(&self, finding: &Finding) -> bool {
        let is_rule = self.rule.as_deref().is_none_or(|rule| rule == finding.rule);
        is_rule
            && self.subject.as_ref().is_none_or(|subject| {
                let field = finding.place.as_ref().and_then(|it| it.field.as_deref());
                match &finding.object {
                    Some(object) => subject.covers(object, field.unwrap_or_default()),
                    None => false,
                }
            })
    }
}

impl Exceptions {
    /// Findings that one of some exceptions covers.
    pub fn new(list: Vec<Exception>) -> Self {
        Self(list)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes away what may stay; says which exceptions did so, by their numbers, in `used`.
    pub fn apply(&self, findings: &mut Vec<Finding>, used: &mut BTreeSet<usize>) {
        findings.retain(|finding| {
            let mut is_covered = false;
            for (number, exception) in self.0.iter().enumerate() {
                if exception.covers(finding) {
                    used.insert(number);
                    is_covered = true;
                }
            }
            !is_covered
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::finding::Object;
    use crate::place::Place;

    fn finding(field: &str) -> Finding {
        Finding::warning("missing-key", "a")
            .at(Place {
                field: Some(field.to_owned()),
                ..Place::default()
            })
            .about(Object {
                kind: "Deployment".to_owned(),
                namespace: "shop".to_owned(),
                name: "web".to_owned(),
            })
    }

    #[test]
    fn a_word_is_a_rule_an_object_or_a_field() {
        let finding = finding("spec.template.spec.containers[0].env[1].valueFrom");
        for word in [
            "missing-key",
            "Deployment/web",
            "Deployment/shop/web",
            "*/web",
            "spec.template",
            "spec.**.env",
            "spec.template.spec.containers[*].env",
            "Deployment/web:spec",
        ] {
            assert!(Exception::parse(word).unwrap().covers(&finding), "{word}");
        }
        for word in [
            "missing-port",
            "Deployment/api",
            "Deployment/other/web",
            "metadata",
            "Deployment/web:metadata",
        ] {
            assert!(!Exception::parse(word).unwrap().covers(&finding), "{word}");
        }
        for word in ["", "/spec", "Deployment/"] {
            assert!(Exception::parse(word).is_err(), "{word}");
        }
    }

    #[test]
    fn everything_that_an_exception_names_must_be_true() {
        let finding = finding("data[a.b]");
        let covers = |rule, object, field| {
            Exception::new(rule, object, field)
                .unwrap()
                .covers(&finding)
        };
        assert!(covers(
            Some("missing-key"),
            Some("Deployment/web"),
            Some("data[a.b]")
        ));
        assert!(!covers(Some("missing-key"), Some("Deployment/api"), None));
        assert!(!covers(Some("missing-port"), Some("Deployment/web"), None));
        assert!(Exception::new(Some("no-rule"), None, None).is_err());
        assert!(Exception::new(None, None, None).is_err());
    }
}
